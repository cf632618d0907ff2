import { family, prefixLength } from "../shared/addresses";

/** Names that become file names, names in keepalived's configuration and, of the address itself, of a unit. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
/** What `NAME` allows, for messages. */
export const NAME_ALLOWED = "use at most 40 lower case letters, digits and -, not - first";

/** Whether a number is whole and within both bounds, these included. */
export const whole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;

/** Whether a number is within both bounds, these included. */
export const between = (value: number, least: number, most: number): boolean => value >= least && value <= most;

/** Whether a text is an address with prefix length and nothing else. */
export const complete = (address: string): boolean =>
    family(address) !== undefined && prefixLength(address) !== undefined && address.split("/").length === 2;
