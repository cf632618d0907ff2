/** Names of the credentials that manifests refer to. */
export const CREDENTIALS = {
    authkey: "authkey",
    ca: "ca",
    certificate: "certificate",
    key: "key",
    /** The password of a node's controller. */
    password: (node: string): string => `ipmi-${node}`,
} as const;
