/** Names of the credentials that manifests refer to. */
export const CREDENTIALS = {
    authkey: "authkey",
    ca: "ca",
    certificate: "certificate",
    key: "key",
    /** The password of a node's controller. */
    password: (node: string): string => `ipmi-${node}`,
    /** The key that opens a node's hypervisor. */
    login: (node: string): string => `libvirt-${node}`,
} as const;
