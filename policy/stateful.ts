import { at, isMissing } from "./inputs";
import type { Resource } from "./stack";

/** Whether a resource is a pair that moves data, or what moves services for it: only one node may write at any time. */
export const isStatefulPair = ({ kind = "", inputs }: Resource): boolean =>
    kind === "PacemakerCluster" ||
    (kind.endsWith("Pair") && (!isMissing(at(inputs, "volume")) || at(inputs, "engine") === "pacemaker"));

/** Which stacks are protected: a setting of several rules. */
export const PROTECTED_STACKS = {
    protectedStacks: {
        type: "array",
        items: { type: "string", minLength: 1 },
        default: ["prod*"],
        description: "Names of the stacks that the rule is for; * stands for any text.",
    },
} as const;

/** The settings of a rule that is for protected stacks. */
export interface ForProtected {
    protectedStacks: string[];
}
