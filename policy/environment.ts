import { RunError } from "@pulumi/pulumi";
import { PROFILES } from "./profiles";
import type { Profile } from "./profiles";
import { Unknowns } from "./rule";

type Environment = Record<string, string | undefined>;

function oneOf<T extends string>(name: string, env: Environment, allowed: readonly T[], usual: T): T {
    const given = env[name] ?? usual;
    const found = allowed.find((value) => value === given);
    if (found === undefined)
        throw new RunError(`${name} is ${JSON.stringify(given)}: allowed are ${allowed.join(", ")}`);
    return found;
}

/** The profile that `PULUMI_HA_PROFILE` names; `standard` without it. */
export const profileFrom = (env: Environment): Profile => oneOf("PULUMI_HA_PROFILE", env, PROFILES, "standard");

/** What `PULUMI_HA_UNKNOWN` says of values that are not known yet; `advise` without it. */
export const unknownsFrom = (env: Environment): Unknowns =>
    oneOf("PULUMI_HA_UNKNOWN", env, Object.values(Unknowns), Unknowns.Advise);
