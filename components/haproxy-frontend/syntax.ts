import { canonical, family, urlHost } from "../shared/addresses";

// What may stand in a configuration line without quotes: HAProxy's own syntax knows blanks, quotes, `#`, `\`, `$` and `%`.

/** A frontend's name, which becomes a file name and part of a unit's. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
/** A server's name. */
export const SERVER = /^[A-Za-z0-9_.-]{1,64}$/;
/** A name of the DNS, or of /etc/hosts. */
export const HOST_NAME =
    /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;
/** The path and query of a URL. */
export const PATH = /^\/[A-Za-z0-9/_.~?&=:@!+,;*-]*$/;
/** A cookie's name. */
export const COOKIE = /^[A-Za-z0-9_-]{1,64}$/;

/** HAProxy's timers are 31 bits of milliseconds. */
export const LONGEST_SECONDS = 2_147_483;

/** Whether a value is a whole number in a range. */
export const whole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
/** Whether a value is a TCP port. */
export const isPort = (value: number): boolean => whole(value, 1, 65535);
/** Whether a value is a number of seconds that HAProxy can count. */
export const isDuration = (value: number): boolean =>
    Number.isFinite(value) && value >= 0.001 && value <= LONGEST_SECONDS;
/** Whether a text is a host name or an IPv4 address. */
export const isHost = (text: string): boolean => (/^[\d.]+$/.test(text) ? family(text) === 4 : HOST_NAME.test(text));
/** Whether a text is an IP address without prefix length. */
export const isAddress = (text: string): boolean => family(text) !== undefined && !text.includes("/");
/** A Host header: a name or an address, and a port perhaps. */
export const isAuthority = (text: string): boolean => {
    const [, host = "", port = "80"] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
    return isPort(Number(port)) && (isHost(host) || family(host.replace(/^\[|\]$/g, "")) === 6);
};

/** A text in quotes, with its control characters visible, for messages. */
export const quoted = (text: string): string => JSON.stringify(text);
/** What is said of a bad port. */
export const noPort = (value: number): string => `${value} is no port: a whole number from 1 to 65535`;
/** What is said of a bad duration. */
export const noDuration = (value: number): string => `${value} s is no duration: from 0.001 to ${LONGEST_SECONDS} s`;

/** An address without its spelling. */
export const same = (address: string): string => (isAddress(address) ? canonical(address) : address.toLowerCase());
/** `address:port` without its spelling, to compare. */
export const at = (address: string, port: number): string => `${urlHost(same(address))}:${port}`;
