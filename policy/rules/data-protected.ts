import type { Rule } from "../rule";
import { fits, isComponent, stackName } from "../stack";
import { PROTECTED_STACKS } from "../stateful";
import type { ForProtected } from "../stateful";

interface Settings extends ForProtected {
    kinds: string[];
}

/** `protect` makes a destroy, or a replacement by mistake, stop before anything is touched. */
export const dataProtected: Rule<Settings> = {
    name: "data-protected",
    description: "Components that hold data are protected in protected stacks.",
    severity: "high",
    remediationSteps: "Give the component's options { protect: true }; its parts inherit it.",
    settings: {
        ...PROTECTED_STACKS,
        kinds: {
            type: "array",
            items: { type: "string", minLength: 1 },
            default: ["GaleraCluster", "*Volume", "*Database"],
            description: "Kinds of components that hold data; * stands for any text.",
        },
    },
    check: (resource, { protectedStacks, kinds }) =>
        isComponent(resource) &&
        fits(resource.kind ?? "", kinds) &&
        fits(stackName(resource.urn), protectedStacks) &&
        !resource.protect
            ? [
                  {
                      path: ["protect"],
                      says: "is not set, and the stack is protected: give it as an option, { protect: true }",
                  },
              ]
            : [],
};
