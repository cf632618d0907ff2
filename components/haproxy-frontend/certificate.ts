import { X509Certificate, createPrivateKey } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/**
 * What HAProxy reads as one file: certificate, intermediates, key.
 *
 * @throws pulumi.RunError when one of them is not PEM or the key is not the certificate's; the text of neither is part of the message.
 */
export function bundle(certificatePem: string, privateKeyPem: string): string {
    const certificate = parsed("certificatePem", "a certificate", () => new X509Certificate(certificatePem));
    const key = parsed("privateKeyPem", "an unencrypted private key", () => createPrivateKey(privateKeyPem));
    if (!certificate.checkPrivateKey(key))
        throw new pulumi.RunError(`tls.privateKeyPem: is not the key of tls.certificatePem (${certificate.subject})`);
    return [certificatePem, privateKeyPem].map((pem) => `${pem.trimEnd()}\n`).join("");
}

function parsed<T>(field: string, what: string, parse: () => T): T {
    try {
        return parse();
    } catch {
        throw new pulumi.RunError(`tls.${field}: is not ${what} in PEM form`);
    }
}
