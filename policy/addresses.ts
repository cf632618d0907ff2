import ipaddr from "ipaddr.js";

/** An address in its shortest usual spelling, without prefix length, so that two spellings of one compare equal; undefined for what is none. */
export function canonical(address: string): string | undefined {
    const [host = ""] = address.split("/");
    return ipaddr.IPv4.isValidFourPartDecimal(host) || ipaddr.IPv6.isValid(host)
        ? ipaddr.parse(host).toString()
        : undefined;
}

/** `10.77.0.0/24` of `10.77.0.100/24`; undefined without a prefix length. */
export function networkOf(addressWithPrefix: string): string | undefined {
    const kind = [ipaddr.IPv4, ipaddr.IPv6].find((family) => family.isValidCIDR(addressWithPrefix));
    return kind && `${kind.networkAddressFromCIDR(addressWithPrefix).toString()}/${addressWithPrefix.split("/")[1]}`;
}

/** Whether an address lies in one of some networks, `10.9.0.0/24`. What is no network holds none. */
export const isWithin = (address: string, networks: string[]): boolean =>
    networks.some((text) => {
        const network = networkOf(text);
        return network !== undefined && networkOf(`${canonical(address) ?? ""}/${text.split("/")[1]}`) === network;
    });
