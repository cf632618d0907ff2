import { readFileSync } from "node:fs";
import * as path from "node:path";

/** Packages that `NSS_DATABASE` needs. */
export const NSS_PACKAGES = ["libnss3-tools", "openssl"];

/**
 * A script that makes an NSS database, the only form in which Corosync's daemons take certificates, from PEM files:
 * `nss-database DIRECTORY NICKNAME GROUP CA CERTIFICATE KEY`.
 */
export const NSS_DATABASE = readFileSync(path.join(__dirname, "host", "nss-database.sh"), "utf8");

/** That a certificate holds now, that the authorities prove it, and that the key is its own; commands for a validator. */
export const proven = (
    ca: string,
    certificate: string,
    key: string,
): string => `openssl x509 -in ${certificate} -noout -checkend 0 >/dev/null || {
    echo "the certificate has expired: $(openssl x509 -in ${certificate} -noout -enddate)" >&2
    exit 1
}
openssl verify -CAfile ${ca} -untrusted ${certificate} ${certificate} >/dev/null || {
    echo "the certificate is not of an authority in ${ca}" >&2
    exit 1
}
[ "$(openssl x509 -in ${certificate} -noout -pubkey)" = "$(openssl pkey -in ${key} -pubout)" ] || {
    echo "the key does not belong to the certificate" >&2
    exit 1
}`;
