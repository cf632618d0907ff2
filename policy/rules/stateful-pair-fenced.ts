import { at, isMissing } from "../inputs";
import { ofManifests } from "../manifest";
import type { Rule } from "../rule";
import { isStatefulPair } from "../stateful";

/** A node that does not answer may still write. Only a node that was switched off, or cut off from its data, is known not to. */
export const statefulPairFenced: Rule<unknown> = {
    name: "stateful-pair-fenced",
    description: "Pairs and clusters that move data fence a lost node before they take its data over.",
    severity: "critical",
    remediationSteps:
        "Give fencing: IPMI of each node, SBD with a watchdog and a shared disk, or the hypervisor's own.",
    check: (resource, config, seen) => [
        ...(isStatefulPair(resource) && isMissing(at(resource.inputs, "fencing"))
            ? [
                  {
                      path: ["fencing"],
                      says: "is missing: say how a lost node is switched off, as in { ipmi: … } or { sbd: … }",
                  },
              ]
            : []),
        ...withoutStonith(resource, config, seen),
    ],
};

const withoutStonith = ofManifests(({ text }) =>
    /(stonith|fencing)-enabled\W+(value\W+)?(false|no|off|0)\b/i.test(text)
        ? [
              {
                  says: "configures Pacemaker with stonith-enabled=false: give fencing and let it be enabled",
              },
          ]
        : [],
);
