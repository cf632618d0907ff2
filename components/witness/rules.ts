import { hostRules } from "../shared/node-rules";
import { one, portRules } from "../shared/rules";
import type { Rules } from "../shared/rules";
import { quoted } from "../shared/syntax";
import type { WitnessSpec } from "./render";

const host = ({ node, address }: WitnessSpec) => ({ name: node, address });

/** Everything that is refused about a witness. */
export const rules: Rules<WitnessSpec> = [
    {
        path: "name",
        refuses: ({ name }) => !/^[a-z0-9][a-z0-9-]{0,30}$/.test(name),
        because: ({ name }) =>
            `${quoted(name)} becomes the name of a unit: at most 31 lower case letters, digits and "-"`,
    },
    one("node", host, hostRules({ among: (spec) => [host(spec)] })),
    ...portRules<WitnessSpec>({ port: ({ port }) => port }),
];
