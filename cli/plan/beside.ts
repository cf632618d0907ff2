import type { Preview, PreviewStep } from "./preview";
import { OURS, STACK, isUnitCommand } from "./units";

/** What units are made from, and what is done with it. */
export interface Beside {
    /** `certificate renewed`. */
    what: string;
    names: string[];
}

type Kind = { noun: string; suffix: RegExp; verbs: Record<string, string> };

const MADE = { create: "made", update: "changed", delete: "dropped", replace: "replaced" };
const CERTIFICATE: Kind = {
    noun: "certificate",
    suffix: /-certificate$/,
    verbs: { ...MADE, create: "issued", replace: "renewed", update: "renewed" },
};

/** What acts on hosts: with a unit that is new it comes, and only another version of it is news. */
const ENGINE: Kind = { noun: "engine", suffix: /-engine$/, verbs: { update: "of another version" } };

/** By the resources' types. A request is made for each certificate, and says nothing besides. */
const KINDS: Record<string, Kind | undefined> = {
    "tls:index/locallySignedCert:LocallySignedCert": CERTIFICATE,
    "tls:index/selfSignedCert:SelfSignedCert": CERTIFICATE,
    "tls:index/privateKey:PrivateKey": { noun: "key", suffix: /-key$/, verbs: MADE },
    "random:index/randomPassword:RandomPassword": { noun: "password", suffix: /-password$/, verbs: MADE },
};

const SILENT = /^(pulumi:providers:|tls:index\/certRequest:CertRequest$)/;
const isOurs = (step: PreviewStep): boolean => step.urn.includes(OURS);
/** The key under which a unit's credentials are digested is nobody's password. */
const isDigestKey = (step: PreviewStep): boolean => isOurs(step) && step.name.endsWith("-digest-key");

const isNewEngine = (step: PreviewStep): boolean => step.name.endsWith("-engine") && step.op === "update";
const kindOf = (step: PreviewStep): Kind | undefined =>
    isUnitCommand(step) && isNewEngine(step) ? ENGINE : KINDS[step.type];

/** What acts on hosts, and certificates, keys and passwords of the components, one entry for each kind of thing and of change. */
export function beside({ steps }: Preview): Beside[] {
    const found = new Map<string, string[]>();
    for (const step of steps) {
        const kind = kindOf(step);
        if (kind === undefined || !isOurs(step) || isDigestKey(step) || step.op === "same") continue;
        const what = `${kind.noun} ${kind.verbs[step.op] ?? step.op}`;
        found.set(what, [...(found.get(what) ?? []), step.name.replace(kind.suffix, "")]);
    }
    return [...found].map(([what, names]) => ({ what, names: names.sort() }));
}

/** How many resources of other kinds there are to each operation; those that stay are left out. */
export function others({ steps }: Preview): Record<string, number> {
    const count: Record<string, number> = {};
    for (const step of steps) {
        if (step.op === "same" || step.type === STACK || SILENT.test(step.type) || isUnitCommand(step)) continue;
        if (step.type.startsWith(OURS) || (isOurs(step) && KINDS[step.type])) continue;
        count[step.op] = (count[step.op] ?? 0) + 1;
    }
    return count;
}
