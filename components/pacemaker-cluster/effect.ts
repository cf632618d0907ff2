import { Impact } from "../../remote/manifest";

/** A resource, or anything else beside it that has lines inside. */
const BLOCK = /^ {4}<(\w+) .*[^/]>\n[^]*?^ {4}<\/\1>\n/gm;
const OPERATIONS = /^ *<\/?(op|operations)\b.*\n/gm;
const PARAMETERS = /^ *<instance_attributes [^]*?<\/instance_attributes>\n/gm;
const LOCATIONS = /^ {4}<rsc_location id=".*?" rsc="(.*?)" .*\/>\n/gm;
const RESOURCE = /^ {4}<(?:primitive|group|clone) id="(.*?)"/;
const STICKINESS = /name="resource-stickiness" value="(.*?)"/g;

/** A configuration without a part of it, beside the one before. */
type Without = (text: string, before: string) => string;

/** Intervals and time limits: Pacemaker begins a monitor anew for them, and no resource. */
const operations: Without = (text) => text.replace(OPERATIONS, "");

/**
 * Resources that were not there before, and where they shall run. Those that run stay where they are, as they stick there: without that Pacemaker would spread
 * all of them anew. Not what is bound to one that was there, which may follow it.
 */
function comers(text: string, before: string): string {
    if (!sticks(text)) return text;
    const comes = (id: string): boolean => !before.includes(` id="${id}"`);
    return text
        .replace(BLOCK, (block) => {
            const [, id] = RESOURCE.exec(block) ?? [];
            return id !== undefined && comes(id) ? "" : block;
        })
        .replace(LOCATIONS, (line, id: string) => (comes(id) ? "" : line));
}

const sticks = (text: string): boolean =>
    /<rsc_defaults>[^]*name="resource-stickiness"/.test(text) &&
    [...text.matchAll(STICKINESS)].every(([, value = ""]) => /^(INFINITY|[1-9]\d*)$/.test(value));

/** What agents are told: a resource begins anew where it is. Not a clone's, which may be promoted elsewhere then, and not how nodes are fenced. */
const parameters: Without = (text) =>
    text.replace(BLOCK, (block) =>
        /^ {4}<clone |class="stonith"/.test(block) ? block : block.replace(PARAMETERS, ""),
    );

/** What a change does if nothing else is changed than these parts; the least first. */
const EFFECTS: [Impact, Without[]][] = [
    [Impact.None, [operations, comers]],
    [Impact.Restart, [operations, comers, parameters]],
];

/**
 * What an update of the cluster's configuration does at most, as far as its text tells: a failover where it may move something. Where there was none before,
 * nothing runs yet.
 */
export function effect(before: string | undefined, after: string): Impact {
    if (before === undefined) return Impact.None;
    const rest = (text: string, parts: Without[]): string =>
        parts.reduce((left, without) => without(left, before), text);
    const found = EFFECTS.find(([, parts]) => rest(before, parts) === rest(after, parts));
    return found?.[0] ?? Impact.Failover;
}
