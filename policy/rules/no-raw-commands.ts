import type { Rule } from "../rule";
import { fits } from "../stack";

interface Settings {
    allow: string[];
}

/** A command of one's own has no gate, no way back and no order with the roll of a cluster, and changes what units own without their knowing. */
export const noRawCommands: Rule<Settings> = {
    name: "no-raw-commands",
    description: "Hosts are changed by units, not by commands and copies beside them.",
    severity: "medium",
    remediationSteps:
        "Make it a Unit: files, packages and services of a manifest, with gates; or list the resource under allow.",
    settings: {
        allow: {
            type: "array",
            items: { type: "string", minLength: 1 },
            default: [],
            description: "Names of resources that may be there; * stands for any text.",
        },
    },
    check: ({ type, name, parent }, { allow }) => {
        const raw = /^command:(remote|local):/.test(type) && !/pulumi-ha:index:Unit::/.test(parent);
        return raw && !fits(name, allow)
            ? [
                  {
                      says: `is a ${type.split(":").slice(1).join(".")} beside the library: make it a Unit, which has gates and a way back`,
                  },
              ]
            : [];
    },
};
