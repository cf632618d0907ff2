import { certificateRules, certificateSpec } from "../../../../components/certificate-authority/certificate-rules";
import type { GivenCertificate } from "../../../../components/certificate-authority/certificate-rules";
import { authorityRules, authoritySpec, issuerTerms } from "../../../../components/certificate-authority/rules";
import type { GivenAuthority } from "../../../../components/certificate-authority/rules";
import { KeyAlgorithm } from "../../../../components/shared/issuer";
import { violations } from "../../../../components/shared/rules";

const terms = {
    algorithm: KeyAlgorithm.EcdsaP256,
    lifetimeHours: 2160,
    earlyRenewalHours: 720,
    longestLifetimeHours: 8760,
};
const certificate = (given: Partial<GivenCertificate>) =>
    violations(certificateSpec({ terms, dnsNames: ["www.example.org"], ...given }), certificateRules).map(
        (v) => `${v.path}: ${v.message}`,
    );
const now = new Date("2026-01-01T00:00:00Z");
const authority = (given: Partial<GivenAuthority>) =>
    violations(authoritySpec({ organization: "Example Shop", ...given }, now), authorityRules).map(
        (v) => `${v.path}: ${v.message}`,
    );

describe("a certificate", () => {
    test.each<[string, Partial<GivenCertificate>]>([
        ["a name", {}],
        ["a wildcard", { dnsNames: ["*.example.org"] }],
        ["a bare host name", { dnsNames: ["db1"] }],
        ["a name of another script", { dnsNames: ["xn--bcher-kva.example"] }],
        ["63 characters in a label", { dnsNames: [`${"a".repeat(63)}.example.org`] }],
        ["addresses alone", { dnsNames: [], ipAddresses: ["192.0.2.1", "2001:db8::1"] }],
        ["its own lifetime", { lifetimeHours: 24 }],
        ["no early renewal", { earlyRenewalHours: 0 }],
    ])("for %s", (_, given) => expect(certificate(given)).toEqual([]));

    test.each<[string, Partial<GivenCertificate>, RegExp]>([
        ["nothing to be valid for", { dnsNames: [] }, /^dnsNames: neither dnsNames nor ipAddresses/],
        ["an empty name", { dnsNames: [""] }, /^dnsNames\[0\]: "" is no DNS name/],
        ["a blank in a name", { dnsNames: ["a", "b c"] }, /^dnsNames\[1\]: "b c" is no DNS name/],
        ["a dot at the end", { dnsNames: ["example.org."] }, /^dnsNames\[0\].*is no DNS name/],
        ["64 characters in a label", { dnsNames: [`${"a".repeat(64)}.org`] }, /^dnsNames\[0\].*is no DNS name/],
        ["254 characters", { dnsNames: [`${"a.".repeat(126)}aa`] }, /^dnsNames\[0\].*253/],
        ["an address among the names", { dnsNames: ["192.0.2.1"] }, /^dnsNames\[0\].*list it in ipAddresses/],
        ["a wildcard in the middle", { dnsNames: ["www.*.org"] }, /^dnsNames\[0\].*whole first label/],
        ["a part of a label as wildcard", { dnsNames: ["w*.example.org"] }, /^dnsNames\[0\].*whole first label/],
        ["a wildcard below the top", { dnsNames: ["*.org"] }, /^dnsNames\[0\].*two labels must follow/],
        ["a name twice", { dnsNames: ["a.example", "A.example"] }, /^dnsNames: listed twice: a\.example$/],
        [
            "no address",
            { ipAddresses: ["192.0.2.256"] },
            /^ipAddresses\[0\]: "192.0.2.256" is no IPv4 or IPv6 address$/,
        ],
        ["an address with prefix", { ipAddresses: ["192.0.2.1/24"] }, /^ipAddresses\[0\].*leave out the prefix/],
        [
            "an address twice",
            { ipAddresses: ["2001:db8::1", "2001:DB8:0::1"] },
            /^ipAddresses: listed twice: 2001:db8::1$/,
        ],
        ["a long common name", { commonName: "a".repeat(65) }, /^commonName: .*more than 64/],
        [
            "an unknown algorithm",
            { algorithm: "RSA-512" as KeyAlgorithm },
            /^algorithm: "RSA-512".*ECDSA-P256, .*ED25519/,
        ],
        ["no lifetime", { lifetimeHours: 0 }, /^lifetimeHours: 0 is no lifetime/],
        ["half an hour", { lifetimeHours: 0.5 }, /^lifetimeHours: 0.5/],
        [
            "renewal at every up",
            { earlyRenewalHours: 2160 },
            /^earlyRenewalHours: 2160 .*every up.*leave it out for 720/,
        ],
        ["a renewal in the future", { earlyRenewalHours: -1 }, /^earlyRenewalHours: -1 is no span/],
        ["a life after its issuer's", { lifetimeHours: 8761 }, /^lifetimeHours: 8761 h could outlive.*at most 8760/],
    ])("fails: %s", (_, given, expected) => expect(certificate(given)).toEqual([expect.stringMatching(expected)]));

    test("all at once", () => {
        expect(
            certificate({ dnsNames: ["*", "a b"], ipAddresses: ["x"], lifetimeHours: 1, earlyRenewalHours: 2 }),
        ).toHaveLength(4);
    });

    test("is called by the first name that fits, and renewed in the last third of a lifetime of its own", () => {
        const long = `${"a".repeat(60)}.example.org`;
        expect(certificateSpec({ terms, dnsNames: [long, "b.example"], lifetimeHours: 24 })).toMatchObject({
            commonName: "b.example",
            earlyRenewalHours: 8,
        });
        expect(certificateSpec({ terms, dnsNames: [long] }).commonName).toBe("");
    });
});

describe("an authority", () => {
    test.each<[string, Partial<GivenAuthority>]>([
        ["defaults", {}],
        ["an intermediate", { intermediate: {} }],
        ["a short life", { root: { lifetimeHours: 9 }, leaf: { lifetimeHours: 3 } }],
        [
            "a short life of three",
            { root: { lifetimeHours: 9 }, intermediate: { lifetimeHours: 3 }, leaf: { lifetimeHours: 1 } },
        ],
    ])("with %s", (_, given) => expect(authority(given)).toEqual([]));

    test.each<[string, Partial<GivenAuthority>, RegExp]>([
        ["no organization", { organization: " " }, /^organization: " " must have 1 to 48/],
        ["a long organization", { organization: "a".repeat(49) }, /^organization/],
        ["an unknown algorithm", { algorithm: "P256" as KeyAlgorithm }, /^algorithm: "P256" is unknown/],
        ["a root that ends at once", { root: { lifetimeHours: 0, earlyRenewalHours: 3000 } }, /^root.lifetimeHours: 0/],
        [
            "leaves that outlive the root",
            { root: { lifetimeHours: 3000 } },
            /^leaf.lifetimeHours: 2160 h can outlive the root.*1000 h/,
        ],
        [
            "leaves that outlive the intermediate",
            { intermediate: { earlyRenewalHours: 2000 } },
            /^leaf.lifetimeHours: 2160 h can outlive the intermediate.*intermediate.earlyRenewalHours/,
        ],
        [
            "an intermediate that outlives the root",
            { root: { lifetimeHours: 70000 }, intermediate: {} },
            /^intermediate.lifetimeHours: 26280 h can outlive the root/,
        ],
        ["something else than a certificate to trust", { alsoTrusted: ["x"] }, /^alsoTrusted\[0\]: is no certificate/],
    ])("fails: %s", (_, given, expected) => expect(authority(given)).toEqual([expect.stringMatching(expected)]));

    test("issues at most for as long as it stays after its own renewal begins", () => {
        const longest = (given: Partial<GivenAuthority>) =>
            issuerTerms(authoritySpec({ organization: "x", ...given }, now)).longestLifetimeHours;
        expect(longest({})).toBe(29200);
        expect(longest({ intermediate: {} })).toBe(8760);
    });

    test("fails: the validity of a root together with an existing one, which is looked at too", () => {
        expect(authority({ root: {}, existing: { certificatePem: "", privateKeyPem: "" } })).toEqual([
            expect.stringMatching(/^root: has no effect/),
            expect.stringMatching(/^existing.certificatePem: holds no certificate/),
            expect.stringMatching(/^existing.privateKeyPem: is no private key/),
        ]);
    });
});
