import type { Rules } from "../shared/rules";
import { isAddress, isPort, noPort, quoted } from "../shared/syntax";
import type { WitnessSpec } from "./render";

/** Everything that is refused about a witness. */
export const rules: Rules<WitnessSpec> = [
    {
        path: "name",
        refuses: ({ name }) => !/^[a-z0-9][a-z0-9-]{0,30}$/.test(name),
        because: ({ name }) =>
            `${quoted(name)} becomes the name of a unit: at most 31 lower case letters, digits and "-"`,
    },
    {
        path: "node.address",
        refuses: ({ address }) => !isAddress(address),
        because: ({ address }) =>
            `${quoted(address)} is no IP address: clusters are to find their witness without a name service`,
    },
    { path: "port", refuses: ({ port }) => !isPort(port), because: ({ port }) => noPort(port) },
];
