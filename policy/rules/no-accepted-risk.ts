import { entries, isMissing } from "../inputs";
import type { Entry } from "../inputs";
import type { Rule } from "../rule";
import { fits, saidByWhole, stackName } from "../stack";
import type { Resource } from "../stack";
import { PROTECTED_STACKS } from "../stateful";
import type { ForProtected } from "../stateful";

/** `acceptSplitBrainRisk`, `acceptDataLossRisk` and what comes later: doors that are for laboratories. */
export const noAcceptedRisk: Rule<ForProtected> = {
    name: "no-accepted-risk",
    description: "Protected stacks accept no risk of a split brain or of lost data.",
    severity: "critical",
    remediationSteps:
        "Leave the argument out, and give what it stands in for: fencing and a witness, or durable settings.",
    settings: PROTECTED_STACKS,
    check: (resource, { protectedStacks }, seen) =>
        resource.kind !== undefined && fits(stackName(resource.urn), protectedStacks)
            ? risks(resource)
                  .filter(({ key }) => !saidByWhole(resource, seen, (whole) => risks(whole).some((r) => r.key === key)))
                  .map(({ key, path }) => ({
                      path,
                      says: `is set, and the stack is protected: leave it out and give what it stands in for (${insteadOf(key)})`,
                  }))
            : [],
};

const risks = ({ inputs }: Resource): Entry[] =>
    entries(inputs).filter(
        ({ key, value }) => /^accept[A-Z]\w*Risk$/.test(key) && !isMissing(value) && value !== false,
    );

const insteadOf = (key: string): string =>
    key === "acceptSplitBrainRisk" ? "fencing and a witness" : "settings that lose nothing";
