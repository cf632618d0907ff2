import type { ManagedFile, Manifest } from "../../../remote/manifest";
import { takes } from "./probe";
import type { Difference, Probe } from "./probe";

/** What the cluster writes into its configuration by itself. Nodes are its own altogether: who is in standby is no part of what is stated. */
const OWN_SECTIONS = ["nodes", "status"];
const OWN_PROPERTIES = ["have-watchdog", "dc-version", "cluster-infrastructure", "cluster-name", "last-lrm-refresh"];
/** By which DRBD keeps an outdated replica from being promoted. */
const OWN_CONSTRAINTS = /^drbd-fence-by-handler-/;

interface Element {
    tag: string;
    attributes: Record<string, string>;
    children: Element[];
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
const unescaped = (text: string): string =>
    text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code?: string, name = "") =>
        code === undefined ? (ENTITIES[name as string] ?? whole) : String.fromCodePoint(Number(code)),
    );

/** Elements and attributes, which is all that a configuration of Pacemaker has. */
function parsed(xml: string): Element {
    const root: Element = { tag: "", attributes: {}, children: [] };
    const open = [root];
    for (const [, end, tag = "", attributes = "", closed] of xml.matchAll(
        /<(\/?)([\w-]+)((?:\s+[\w:.-]+="[^"]*")*)\s*(\/?)>/g,
    )) {
        if (end !== "") {
            if (open.length > 1) open.pop();
            continue;
        }
        const pairs = [...attributes.matchAll(/([\w:.-]+)="([^"]*)"/g)];
        const element: Element = {
            tag,
            attributes: Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, unescaped(value)])),
            children: [],
        };
        open.at(-1)?.children.push(element);
        if (closed === "") open.push(element);
    }
    return root;
}

/** A part of a configuration that has an id; a value goes by its name, as tools give it other ids. */
interface Part {
    /** For people: `address nic`, `rsc_location cli-prefer-address`. */
    title: string;
    /** Its value, or its attributes; of a group its members too, in their order. */
    says: string;
    /** The id of the part that it is inside of: where all of that one is missing, this one is not worth a word. */
    within: string;
}

/** Where in a configuration one is. */
interface Place {
    section: string;
    /** Whose values are meant: a resource, a section. */
    owner: string;
    within: string;
}

/** Parts by id or name, in the configuration's order. */
function parts(element: Element, place: Place = { section: "", owner: "", within: "" }): [string, Part][] {
    const { section, owner, within } = place;
    return element.children
        .filter((child) => !isOwn(child))
        .flatMap((child): [string, Part][] => {
            const { tag, attributes } = child;
            const { id, ...others } = attributes;
            if (id === undefined) return parts(child, { ...place, section: within === "" ? tag : section });
            // A set of values says nothing beyond them.
            if (tag.endsWith("_attributes") || tag === "cluster_property_set") return parts(child, place);
            if (tag === "nvpair") {
                const title = `${owner || section} ${others.name ?? id}`;
                return [[`${element.tag} ${title}`, { title, says: others.value ?? "", within }]];
            }
            const members = child.children.flatMap((member) =>
                member.tag === "primitive" ? member.attributes.id : [],
            );
            const says = [...spelt(others), ...(tag === "group" ? members : [])].join(" ");
            return [[id, { title: `${tag} ${id}`, says, within }], ...parts(child, { section, owner: id, within: id })];
        });
}

const spelt = (attributes: Record<string, string>): string[] =>
    Object.entries(attributes)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `${name}=${value}`);

const isOwn = ({ tag, attributes: { id = "", name = "" } }: Element): boolean =>
    OWN_SECTIONS.includes(tag) ||
    (tag === "nvpair" && OWN_PROPERTIES.includes(name)) ||
    (tag === "rsc_location" && OWN_CONSTRAINTS.test(id));

const cib = ({ files }: Manifest): ManagedFile | undefined => files.find(({ path }) => path.endsWith("/cib.xml"));

/** Pacemaker keeps its configuration by itself: the file is where it came from. */
export const pacemaker: Probe = {
    name: "pacemaker",
    command: (manifest) => (cib(manifest) === undefined ? undefined : "cibadmin --query --scope configuration"),
    differences: (manifest, told): Difference[] => {
        const file = cib(manifest);
        if (file === undefined || !told.includes("<configuration")) return [];
        const [runs, states] = [told, file.content].map((text) => new Map(parts(parsed(text))));
        return [...new Set([...(states?.keys() ?? []), ...(runs?.keys() ?? [])])].flatMap((id): Difference[] => {
            const [is, wanted] = [runs?.get(id), states?.get(id)];
            const { title = id, within = "" } = wanted ?? is ?? {};
            const wholeIsSaid = within !== "" && runs?.has(within) !== states?.has(within);
            return wholeIsSaid || is?.says === wanted?.says
                ? []
                : [{ subject: title, runs: is?.says, states: wanted?.says, file: file.path, commands: takes(file) }];
        });
    },
};
