import { canonical, family, urlHost } from "./addresses";

/** A name of the DNS, or of /etc/hosts. */
export const HOST_NAME =
    /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;

/** Names that become file names, names in a tool's configuration, and part of a unit's. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
/** What `NAME` allows, for messages. */
export const NAME_ALLOWED = "use at most 40 lower case letters, digits and -, not - first";

/** Whether a value is a number in a range, its ends included; a text of digits is none. */
export const between = (value: number, least: number, most: number): boolean =>
    Number.isFinite(value) && value >= least && value <= most;
/** Whether a value is a whole number in a range, its ends included. */
export const whole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && between(value, least, most);
/** Whether a value is a TCP port. */
export const isPort = (value: number): boolean => whole(value, 1, 65535);
/** Whether a text is a host name or an IPv4 address. */
export const isHost = (text: string): boolean => (/^[\d.]+$/.test(text) ? family(text) === 4 : HOST_NAME.test(text));
/** Whether a text is an IP address without prefix length. */
export const isAddress = (text: string): boolean => family(text) !== undefined && !text.includes("/");

/** A text in quotes, with its control characters visible, for messages. */
export const quoted = (text: string): string => JSON.stringify(text);
/** A value for messages, such that a text of digits looks other than a number. */
export const shown = (value: unknown): string => (typeof value === "number" ? String(value) : JSON.stringify(value));
/** What is said of a bad port. */
export const noPort = (value: unknown): string => `${shown(value)} is no port: a whole number from 1 to 65535`;

/** An address without its spelling. */
export const same = (address: string): string => (isAddress(address) ? canonical(address) : address.toLowerCase());
/** `address:port` without its spelling, to compare. */
export const at = (address: string, port: number): string => `${urlHost(same(address))}:${port}`;
