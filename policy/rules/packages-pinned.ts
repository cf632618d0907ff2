import { ofManifests } from "../manifest";
import type { Rule } from "../rule";
import { fits, isComponent, stackName } from "../stack";
import { PROTECTED_STACKS } from "../stateful";
import type { ForProtected } from "../stateful";

/** A host that is made anew gets what the others run, and not what the archive has by then. */
export const packagesPinned: Rule<ForProtected> = {
    name: "packages-pinned",
    description: "Units of one's own in protected stacks name the version of each package.",
    severity: "low",
    remediationSteps: "State packages as name=version in the manifest.",
    settings: PROTECTED_STACKS,
    check: ofManifests(({ packages }, { component }, { protectedStacks }) => {
        const open = packages.filter((name) => !/[^>]=/.test(name));
        // The library's components have no argument for versions: who uses them could not mend it.
        return open.length === 0 || isComponent(component) || !fits(stackName(component.urn), protectedStacks)
            ? []
            : [{ path: ["packages"], says: `have no version for ${open.join(", ")}: state name=version` }];
    }),
};
