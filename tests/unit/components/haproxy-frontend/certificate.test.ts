import { bundle } from "../../../../components/haproxy-frontend/certificate";
import { selfSigned } from "./specs";

const tls = selfSigned();

test("certificate first, then its chain, then the key, each on lines of its own", () => {
    const { certificatePem, privateKeyPem } = tls;
    expect(bundle(`${certificatePem.trimEnd()}\n${certificatePem.trimEnd()}`, privateKeyPem.trimEnd())).toBe(
        certificatePem + certificatePem + privateKeyPem,
    );
});

test.each<[string, Partial<typeof tls>, RegExp]>([
    ["no certificate", { certificatePem: "nonsense" }, /^tls\.certificatePem: is not a certificate in PEM form$/],
    ["no key", { privateKeyPem: "nonsense" }, /^tls\.privateKeyPem: is not an unencrypted private key in PEM form$/],
    [
        "another's key",
        { privateKeyPem: selfSigned().privateKeyPem },
        /^tls\.privateKeyPem: is not the key of tls\.certificatePem \(CN=www\.example\.org\)$/,
    ],
])("fails: %s, without showing any", (_, changes, message) => {
    const { certificatePem, privateKeyPem } = { ...tls, ...changes };
    expect(() => bundle(certificatePem, privateKeyPem)).toThrow(message);
});
