import { violations } from "../shared/rules";
import type { Finder, Rules } from "../shared/rules";

/** How long a certificate is valid, and from when on it is renewed. */
export interface Validity {
    lifetimeHours: number;
    earlyRenewalHours: number;
}

/** Hours as given; what is left out has a default. */
export interface GivenValidity {
    lifetimeHours?: number;
    earlyRenewalHours?: number;
}

/** A third of the lifetime: Let's Encrypt's advice for the time at which to renew. */
const thirdOf = (lifetimeHours: number): number => Math.floor(lifetimeHours / 3);

/** A validity with its defaults. */
export function validity(given: GivenValidity | undefined, defaultLifetimeHours: number): Validity {
    const lifetimeHours = given?.lifetimeHours ?? defaultLifetimeHours;
    return { lifetimeHours, earlyRenewalHours: given?.earlyRenewalHours ?? thirdOf(lifetimeHours) };
}

const isHours = (hours: number): boolean => Number.isInteger(hours) && hours >= 0;

const RULES: Rules<Validity> = [
    {
        path: "lifetimeHours",
        refuses: (v) => !isHours(v.lifetimeHours) || v.lifetimeHours === 0,
        because: (v) => `${v.lifetimeHours} is no lifetime: whole hours from 1 up are needed`,
    },
    {
        path: "earlyRenewalHours",
        refuses: (v) => !isHours(v.earlyRenewalHours),
        because: (v) => `${v.earlyRenewalHours} is no span of time: whole hours from 0 up are needed`,
    },
    {
        path: "earlyRenewalHours",
        refuses: (v) => v.lifetimeHours > 0 && v.earlyRenewalHours >= v.lifetimeHours,
        because: (v) =>
            `${v.earlyRenewalHours} h before the end of a lifetime of ${v.lifetimeHours} h, every up would renew: ` +
            `stay below the lifetime, or leave it out for ${thirdOf(v.lifetimeHours)} h`,
    },
];

/** What is wrong with a validity that stands at `path` of a spec (empty: the spec itself). */
export const validityRules =
    <S>(path: string, of: (spec: S) => Validity | undefined): Finder<S> =>
    (spec) => {
        const found = of(spec);
        return found === undefined
            ? []
            : violations(found, RULES).map((v) => ({ ...v, path: [path, v.path].filter(Boolean).join(".") }));
    };
