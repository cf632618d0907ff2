import { at, isMissing } from "../inputs";
import { ofManifests } from "../manifest";
import type { Rule } from "../rule";
import { saidByWhole } from "../stack";
import type { Resource } from "../stack";
import { isStatefulPair } from "../stateful";

/** A node that does not answer may still write. Only a node that was switched off, or cut off from its data, is known not to. */
export const statefulPairFenced: Rule<unknown> = {
    name: "stateful-pair-fenced",
    description: "Pairs and clusters that move data fence a lost node before they take its data over.",
    severity: "critical",
    remediationSteps:
        "Give fencing: IPMI of each node, the hypervisor of each virtual machine, or SBD with a watchdog.",
    check: (resource, config, seen) => [
        ...(isUnfenced(resource) && !saidByWhole(resource, seen, isUnfenced)
            ? [
                  {
                      path: ["fencing"],
                      says: "is missing: say how a lost node is switched off, as in { ipmi: … }, { libvirt: … } or { sbd: … }",
                  },
              ]
            : []),
        ...withoutStonith(resource, config, seen),
    ],
};

const isUnfenced = (resource: Resource): boolean =>
    isStatefulPair(resource) && isMissing(at(resource.inputs, "fencing"));

/** As Pacemaker's configuration says it; a script may name it to compare. */
const DISABLED = /<nvpair [^>]*name="(?:stonith|fencing)-enabled"[^>]*value="(?:false|no|off|n|0)"/i;

const withoutStonith = ofManifests(({ files }, { component }) =>
    isUnfenced(component)
        ? []
        : files
              .filter(({ content }) => DISABLED.test(content))
              .map(({ path }) => ({
                  says: `writes ${path} with stonith-enabled=false: give fencing and let it be enabled`,
              })),
);
