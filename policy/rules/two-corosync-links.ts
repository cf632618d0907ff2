import { isCorosyncConf, ofManifests } from "../manifest";
import type { Rule } from "../rule";

/** With one link a switch, a cable or a driver parts the cluster, and one half is fenced. Read from corosync's own configuration. */
export const twoCorosyncLinks: Rule<unknown> = {
    name: "two-corosync-links",
    description: "Members of a corosync cluster see each other over two networks.",
    severity: "medium",
    remediationSteps: "Give links: each node's address in a second network.",
    check: ofManifests(({ files }) => {
        const conf = files.find(({ path }) => isCorosyncConf(path))?.content;
        return conf === undefined || /^\s*ring1_addr:/m.test(conf)
            ? []
            : [
                  {
                      path: ["links"],
                      says: "is missing: corosync has one network alone; give each node's address in a second one",
                  },
              ];
    }),
};
