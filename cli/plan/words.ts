import { Impact } from "../../remote/manifest";
import type { Action } from "./changes";
import type { Violation } from "./events";
import type { Acknowledged } from "./impact";
import { Does } from "./plan";
import type { Plan, PlannedUnit, PromiseChange } from "./plan";

/** Whether a plan stays within what is allowed. */
export interface Verdict {
    /** The worst impact that is tolerated. */
    allow: Impact;
    /** What is worse and not acknowledged, in words. */
    exceeded: string[];
    /** Acknowledgements that nothing needs. */
    unneeded: Acknowledged[];
}

const FAULTS: Record<string, string | undefined> = {
    process: "death of a process",
    power: "power loss",
    link: "link loss",
    planned: "planned switch",
};

/** `3.0 s`, `0.016 s`, `12 s`. */
export const seconds = (value: number): string =>
    `${value === 0 || value >= 10 ? Math.round(value) : Number(value.toPrecision(2)) < 0.1 ? Number(value.toPrecision(2)) : value.toFixed(1)} s`;

/** `1 unit`, `2 units`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** `front, power loss: 3.0 s → 1.5 s`; without a name for the stack as a whole. */
export const promise = ({ component, fault, from, to }: PromiseChange): string => {
    const said = (value: number | undefined) => (value === undefined ? "no promise" : seconds(value));
    return `${component === undefined ? "" : `${component}, `}${FAULTS[fault] ?? fault}: ${said(from)} → ${said(to)}`;
};

/** The plan in one line. */
export function summary(plan: Plan): string {
    const { units, hosts, worst, leaving, promises } = plan;
    if (units.length === 0) return `nothing changes on ${count(plan.unchanged.length + plan.again.length, "unit")}`;
    const unknown = units.filter(({ impact }) => impact === undefined).length;
    const held = headlines(promises);
    return [
        `${count(units.length, "unit")} on ${count(hosts.length, "host")}`,
        `worst: ${worst}${unknown > 0 ? ", or more" : ""}`,
        `expected interruption ${seconds(plan.seconds)}`,
        ...(leaving.length > 0 ? [`${leaving.join(", ")} ${leaving.length > 1 ? "leave" : "leaves"} for good`] : []),
        ...(unknown > 0 ? [`${count(unknown, "unit")} not known yet`] : []),
        ...held.map((change) => `failover promise ${promise(change)}`),
    ].join(" · ");
}

/** The stack's promises go before those of components, and that for a host's loss before the others. */
function headlines(promises: PromiseChange[]): PromiseChange[] {
    const whole = promises.filter(({ component }) => component === undefined);
    const best = whole.length > 0 ? whole : promises;
    const power = best.filter(({ fault }) => fault === "power");
    return power.length > 0 ? power : best.slice(0, 1);
}

/** The impact of a unit as a word. */
export const impactWord = ({ impact }: PlannedUnit): string => impact ?? "not known";

/** What happens on the host, in one line each: actions, then what is to be known. */
export function happenings(unit: PlannedUnit): string[] {
    const { actions, notes, does, files } = unit;
    return [
        ...(does === Does.Rotate || files.some(({ how }) => how === "rotates")
            ? ["its credentials are other ones, or may be"]
            : []),
        ...actions.map(cost),
        ...notes,
    ];
}

/** With its cost, where the words do not say it already. */
function cost({ what, impact, seconds: length }: Action): string {
    const plain = length === 0 && (impact === Impact.None || what.startsWith(`${impact} `));
    return plain ? what : `${what} (${impact}, ${seconds(length)})`;
}

/** What is said of the plan as a whole, below the units: a title and its lines. */
export function besides(plan: Plan, verdict: Verdict): [title: string, lines: string[]][] {
    const { together, unchanged, promises, beside, others, violations, warnings } = plan;
    const counted = Object.entries(others).map(([op, number]) => `${number} to ${op}`);
    const all: [string, string[]][] = [
        ["not rolled", together.map(({ units, impact }) => `${units.join(", ")} at once: ${impact}`)],
        ["failover promises", promises.map(promise)],
        ["beside units", beside.map(({ what, names }) => `${what}: ${names.join(", ")}`)],
        ["other providers' resources", counted.length > 0 ? [counted.join(", ")] : []],
        ["applied again, with nothing to change", plan.again.length > 0 ? [plan.again.join(", ")] : []],
        ["unchanged", unchanged.length > 0 ? [count(unchanged.length, "unit")] : []],
        ["policies", violations.map(objection)],
        ["warnings", warnings],
        [`worse than --allow ${verdict.allow}`, verdict.exceeded],
        ["acknowledged, and not needed", verdict.unneeded.map(({ impact, name }) => `${impact}:${name}`)],
    ];
    return all.filter(([, lines]) => lines.length > 0);
}

/** What a policy objects to, with the resource's name where the words lack it. */
export const objection = ({ level, policy, resource, message }: Violation): string =>
    [level, policy, ...(message.includes(resource) ? [] : [resource]), message].join(": ");

/** Files of which the same lines change as on another host of the component, and which one that is. */
export function repeats(units: PlannedUnit[]): Map<PlannedUnit["files"][number], string> {
    const first = new Map<string, string>();
    const found = new Map<PlannedUnit["files"][number], string>();
    for (const { component, host, files } of units) {
        for (const file of files.filter(({ diff }) => diff.length > 0)) {
            const key = [
                component,
                file.path,
                ...file.attributes,
                ...file.diff.filter((line) => /^[-+]/.test(line)),
            ].join("\n");
            const shown = first.get(key);
            if (shown === undefined) first.set(key, host);
            else found.set(file, shown);
        }
    }
    return found;
}
