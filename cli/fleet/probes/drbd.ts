import type { ManagedFile, Manifest } from "../../../remote/manifest";
import { takes } from "./probe";
import type { Difference, Probe } from "./probe";

const FILE = /^\/etc\/drbd\.d\/([^/]+)\.res$/;
/** Stated settings are compared in these sections; devices and addresses are those by which the file is found. */
const SECTIONS = ["options", "disk", "net"];
/** Stays on the host. */
const SECRET = "shared-secret";

const resource = ({ files }: Manifest): ManagedFile | undefined => files.find(({ path }) => FILE.test(path));
const nameIn = ({ path }: ManagedFile): string => FILE.exec(path)?.[1] ?? "";

/** `net timeout` and so on: settings of a resource, in the words of its file and of `drbdsetup show` alike. */
function settings(text: string): Map<string, string> {
    const found = new Map<string, string>();
    const sections: string[] = [];
    for (const line of text.replace(/#.*/g, "").split("\n")) {
        const [, section] = /^\s*(.*?)\s*\{/.exec(line) ?? [];
        const [, name, value] = /^\s*([a-z0-9-]+)\s+(.*?)\s*;/.exec(line) ?? [];
        const inside = sections.at(-1) ?? "";
        if (section !== undefined) sections.push(section);
        else if (line.trim() === "}") sections.pop();
        else if (name !== undefined && value !== undefined && SECTIONS.includes(inside))
            found.set(`${inside} ${name}`, value.replace(/^"(.*)"$/, "$1"));
    }
    return found;
}

const UNITS: Record<string, number> = { "": 1, s: 512, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `40M` and `40960k` are the same. */
export function spoken(value: string): string {
    const [, number, unit] = /^(\d+)([skmgt]?)$/i.exec(value) ?? [];
    return number === undefined ? value : String(Number(number) * (UNITS[unit?.toLowerCase() ?? ""] ?? 1));
}

/** DRBD's kernel keeps the settings that `drbdadm` has given it. */
export const drbd: Probe = {
    name: "drbd",
    command: (manifest) => {
        const file = resource(manifest);
        return file && `drbdsetup show --show-defaults ${nameIn(file)} | grep -vF ${SECRET}`;
    },
    differences: (manifest, told): Difference[] => {
        const file = resource(manifest);
        if (file === undefined) return [];
        const running = settings(told);
        return [...settings(file.content)].flatMap(([name, states]): Difference[] => {
            const runs = running.get(name);
            return runs === undefined || spoken(runs) === spoken(states)
                ? []
                : [{ subject: `drbd ${nameIn(file)} ${name}`, runs, states, file: file.path, commands: takes(file) }];
        });
    },
};
