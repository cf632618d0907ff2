import type { Manifest } from "../../../remote/manifest";
import type { Difference, Probe } from "./probe";

const CONF = "/etc/corosync/corosync.conf";

/** Sections whose keys Corosync keeps as they were read: https://manpages.debian.org/cmap_keys.8 */
const SECTIONS = ["totem", "nodelist", "quorum"];
/** Corosync's own, among them: it makes the network of each link out of its node's address. */
const OWN = /^(nodelist\.local_node_pos|totem\.interface\.\d+\.bindnetaddr)$/;
/** Never asked for: `key` is the encryption key itself (corosync.conf(5)). */
const SECRET = /^totem\.(key|private_key)$/;
/** What a reload does not change (corosync-cfgtool(8)). */
const FIXED = /^(totem\.(version|transport|cluster_name|ip_version|netmtu)|quorum\.provider)$/;

type Keys = Map<string, string>;

const conf = ({ files }: Manifest): string | undefined => files.find(({ path }) => path === CONF)?.content;

/** `totem.token` and so on of corosync.conf; its nodes are counted as Corosync counts them. */
function stated(text: string): Keys {
    const keys: Keys = new Map();
    const sections: string[] = [];
    let nodes = 0;
    for (const line of text.split("\n")) {
        const [, section] = /^\s*([a-z_]+)\s*\{/.exec(line) ?? [];
        const [, name, value] = /^\s*([a-z0-9_]+):\s*(.*?)\s*$/.exec(line) ?? [];
        if (section !== undefined) sections.push(section === "node" ? `node.${nodes++}` : section);
        else if (line.trim() === "}") sections.pop();
        else if (name !== undefined && value !== undefined) keys.set([...sections, name].join("."), value);
    }
    return keys;
}

/** `totem.token (u32) = 1000`, a line each. */
const running = (told: string): Keys =>
    new Map(
        told.split("\n").flatMap((line) => {
            const [, key, value] = /^(\S+) \(\w+\) = (.*)$/.exec(line) ?? [];
            return key === undefined || value === undefined ? [] : [[key, value.trim()] as const];
        }),
    );

/** Nodes by their names: one that was taken away moves the others up. */
function named(keys: Keys): Keys {
    const name = (key: string): string =>
        key.replace(/^nodelist\.node\.\d+/, (node) => `nodelist.${keys.get(`${node}.name`) ?? node}`);
    return new Map(
        [...keys]
            .filter(([key]) => SECTIONS.includes(key.split(".")[0] ?? "") && !OWN.test(key) && !SECRET.test(key))
            .map(([key, value]) => [name(key), value]),
    );
}

/** Corosync keeps the keys of corosync.conf, and can be given others while it runs (corosync-cmapctl(8)). */
export const corosync: Probe = {
    name: "corosync",
    command: (manifest) =>
        conf(manifest) === undefined
            ? undefined
            : `corosync-cmapctl ${SECTIONS.map((name) => `${name}.`).join(" ")} | grep -vE '^totem\\.(private_)?key '`,
    differences: (manifest, told): Difference[] => {
        const runs = named(running(told));
        if (runs.size === 0) return [];
        const states = named(stated(conf(manifest) ?? ""));
        return [...new Set([...states.keys(), ...runs.keys()])]
            .filter((key) => runs.get(key) !== states.get(key))
            .map((key) => ({
                subject: `corosync.service ${key}`,
                runs: runs.get(key),
                states: states.get(key),
                file: CONF,
                commands: [FIXED.test(key) ? "systemctl restart corosync.service" : "corosync-cfgtool -R"],
            }));
    },
};
