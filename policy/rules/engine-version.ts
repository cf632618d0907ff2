import { ofEngines } from "../manifest";
import type { Rule } from "../rule";

interface Settings {
    minVersion: number;
}

/**
 * What runs on a host is text in the stack's commands: the text of an older version lacks what later ones put right, until an update sends another one.
 * A program makes its commands from the package that is installed; a stack's state has those of its last update.
 */
export const engineVersion: Rule<Settings> = {
    name: "engine-version",
    description: "What units run on their hosts is not older than a version.",
    severity: "medium",
    remediationSteps: "Update the package pulumi-ha, then run pulumi up; take out what rewrites the commands of units.",
    settings: {
        minVersion: {
            type: "integer",
            minimum: 0,
            default: 1,
            description: "The oldest engine that is let through; a text without a version counts as 0.",
        },
    },
    check: ofEngines((engine, _, { minVersion }) =>
        engine >= minVersion
            ? []
            : [
                  {
                      says: `is applied by engine ${engine}, and ${minVersion} is the oldest allowed: update the package pulumi-ha and run pulumi up`,
                  },
              ],
    ),
};
