import ipaddr from "ipaddr.js";

/** 4 or 6; undefined when the text is no address (a prefix length after `/` is allowed). */
export function family(address: string): 4 | 6 | undefined {
    const host = withoutPrefix(address);
    if (ipaddr.IPv4.isValidFourPartDecimal(host)) return 4;
    return ipaddr.IPv6.isValid(host) && !host.includes("%") ? 6 : undefined;
}

/** `10.77.0.100` of `10.77.0.100/24`. */
export const withoutPrefix = (address: string): string => address.split("/")[0] ?? "";

/** 24 of `10.77.0.100/24`; undefined without a prefix, or with one that the family has no room for. */
export function prefixLength(address: string): number | undefined {
    const text = address.split("/")[1];
    if (text === undefined || !/^\d{1,3}$/.test(text)) return undefined;
    const bits = Number(text);
    return bits <= (family(address) === 4 ? 32 : 128) ? bits : undefined;
}

/** Whether a text is an address with prefix length and nothing else. */
export const complete = (address: string): boolean =>
    family(address) !== undefined && prefixLength(address) !== undefined && address.split("/").length === 2;

/** The same address in its shortest usual spelling, so that two spellings of one address compare equal. */
export const canonical = (address: string): string => ipaddr.parse(withoutPrefix(address)).toString();

/** Whether an address lies in the network that another one with prefix stands in. */
export function inNetworkOf(address: string, addressWithPrefix: string): boolean {
    const bits = prefixLength(addressWithPrefix);
    const network = ipaddr.parse(withoutPrefix(addressWithPrefix));
    const host = ipaddr.parse(withoutPrefix(address));
    return bits !== undefined && host.kind() === network.kind() && host.match(network, bits);
}

/** An address as part of a URL or of `host:port`: IPv6 in brackets. */
export const urlHost = (address: string): string =>
    family(address) === 6 ? `[${withoutPrefix(address)}]` : withoutPrefix(address);

/** Its bytes, first to last. */
export const octets = (address: string): number[] => ipaddr.parse(withoutPrefix(address)).toByteArray();
