import { family } from "../shared/addresses";
import { isHost, isPort, shown } from "../shared/syntax";

// What may stand in a configuration line without quotes: HAProxy's own syntax knows blanks, quotes, `#`, `\`, `$` and `%`.

/** A server's name. */
export const SERVER = /^[A-Za-z0-9_.-]{1,64}$/;
/** The path and query of a URL. */
export const PATH = /^\/[A-Za-z0-9/_.~?&=:@!+,;*-]*$/;
/** A cookie's name. */
export const COOKIE = /^[A-Za-z0-9_-]{1,64}$/;

/** HAProxy's timers are 31 bits of milliseconds. */
export const LONGEST_SECONDS = 2_147_483;

/** Whether a value is a number of seconds that HAProxy can count. */
export const isDuration = (value: number): boolean =>
    Number.isFinite(value) && value >= 0.001 && value <= LONGEST_SECONDS;
/** A Host header: a name or an address, and a port perhaps. */
export const isAuthority = (text: string): boolean => {
    const [, host = "", port = "80"] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
    return isPort(Number(port)) && (isHost(host) || family(host.replace(/^\[|\]$/g, "")) === 6);
};

/** What is said of a bad duration. */
export const noDuration = (value: number): string =>
    `${shown(value)} s is no duration: from 0.001 to ${LONGEST_SECONDS} s`;
