import { entries, isMissing } from "../inputs";
import type { Rule } from "../rule";
import { fits, stackName } from "../stack";
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
    check: ({ kind, inputs, urn }, { protectedStacks }) =>
        kind === undefined || !fits(stackName(urn), protectedStacks)
            ? []
            : entries(inputs)
                  .filter(({ key, value }) => /^accept[A-Z]\w*Risk$/.test(key) && !isMissing(value) && value !== false)
                  .map(({ path }) => ({
                      path,
                      says: `is set, and the stack is protected: leave it out and give what it stands in for (${insteadOf(path.at(-1))})`,
                  })),
};

const insteadOf = (key: string | undefined): string =>
    key === "acceptSplitBrainRisk" ? "fencing and a witness" : "settings that lose nothing";
