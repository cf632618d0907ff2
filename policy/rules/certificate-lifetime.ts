import { UNKNOWN, at } from "../inputs";
import { later } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";

interface Settings {
    maxLifetimeHours: number;
    maxAuthorityLifetimeHours: number;
    minRenewalShare: number;
}

/**
 * A certificate whose key was lost ends soon, and one that nobody looks after is renewed long before its end. 200 days are the CA/Browser Forum's
 * longest (ballot SC-081, from March 2026); to renew with a third left is Let's Encrypt's advice.
 */
export const certificateLifetime: Rule<Settings> = {
    name: "certificate-lifetime",
    description: "Certificates end soon enough, and are renewed early enough.",
    severity: "medium",
    remediationSteps:
        "Shorten leaf.lifetimeHours of the CertificateAuthority, or leave it and earlyRenewalHours out for 90 and 30 days.",
    settings: {
        maxLifetimeHours: {
            type: "integer",
            minimum: 1,
            default: 4800,
            description: "Hours that a server's or a client's certificate is valid for, at most.",
        },
        maxAuthorityLifetimeHours: {
            type: "integer",
            minimum: 1,
            default: 87600,
            description: "Hours that an authority's certificate is valid for, at most.",
        },
        minRenewalShare: {
            type: "number",
            minimum: 0,
            maximum: 1,
            default: 0.3,
            description: "Share of the lifetime, before its end, in which an update renews it, at least.",
        },
    },
    check: ({ type, inputs }, config) => {
        if (!/^tls:index\/(selfSignedCert|locallySignedCert):/.test(type)) return [];
        const lifetime = at(inputs, "validityPeriodHours");
        const renewal = at(inputs, "earlyRenewalHours") ?? 0;
        const unknown = [
            ...(lifetime === UNKNOWN ? [later(["validityPeriodHours"])] : []),
            ...(renewal === UNKNOWN ? [later(["earlyRenewalHours"])] : []),
        ];
        return unknown.length > 0 || typeof lifetime !== "number" || typeof renewal !== "number"
            ? unknown
            : ofHours(lifetime, renewal, at(inputs, "isCaCertificate") === true, config);
    },
};

function ofHours(lifetime: number, renewal: number, authority: boolean, config: Settings): Finding[] {
    const longest = authority ? config.maxAuthorityLifetimeHours : config.maxLifetimeHours;
    const least = Math.floor(lifetime * config.minRenewalShare);
    return [
        ...(lifetime > longest
            ? [{ path: ["validityPeriodHours"], says: `is ${lifetime}: ${longest} are allowed; shorten lifetimeHours` }]
            : []),
        ...(renewal < least
            ? [
                  {
                      path: ["earlyRenewalHours"],
                      says: `is ${renewal} of ${lifetime}: renew from ${least} h before the end on, or leave it out`,
                  },
              ]
            : []),
    ];
}
