import { launched } from "../../remote/launcher";
import type { Manifest } from "../../remote/manifest";
import { parse } from "../../remote/parse";
import { SECRET, UNKNOWN, nameOf } from "./preview";
import type { Op, Preview, PreviewStep, ResourceState } from "./preview";

/** A manifest, or why it cannot be seen in a preview. */
export type Seen = { manifest: Manifest } | { hidden: string };

/** A unit in a preview. */
export interface UnitStep {
    /** Of the command that applies it. */
    urn: string;
    /** `front-lb1`. */
    name: string;
    /** The component that it is part of; the unit itself where a program made it directly. */
    component: { name: string; type: string };
    /** Name of its host. */
    node: string;
    /** What the engine means to do with it. */
    op: Op;
    /** What the host was given last; undefined for a unit that is new. */
    before?: Seen;
    /** What it is to be given; undefined for one that leaves. */
    after?: Seen;
    /** Inputs of the command that differ. */
    causes: string[];
    /** Credentials differ, or are not known yet. */
    rotates: boolean;
    /** URNs that the command waits for; of a unit that leaves, those that waited for it leave first. */
    needs: string[];
    /** What else is to be said of it. */
    notes: string[];
    /** The stack forgets it, and the host keeps it. */
    retained: boolean;
}

/** The library's name for its components begins with this. */
export const OURS = "pulumi-ha:index:";
/** The type of the resource that stands for the whole program. */
export const STACK = "pulumi:pulumi:Stack";
const UNIT = `${OURS}Unit`;
const COMMAND = "command:remote:Command";

/** All units of a preview; one that is renamed or moved is an update. */
export function unitSteps({ steps }: Preview): UnitStep[] {
    const byUrn = new Map(steps.map((step) => [step.urn, step]));
    return renamed(steps.flatMap((step) => unitStep(step, byUrn)));
}

/** Whether a resource is one of the commands of a unit. */
export const isUnitCommand = ({ type, urn }: PreviewStep): boolean =>
    type === COMMAND && urn.includes(`${UNIT}$${COMMAND}`);

function unitStep(step: PreviewStep, byUrn: Map<string, PreviewStep>): UnitStep[] {
    const state = step.newState ?? step.oldState;
    if (!isUnitCommand(step) || !step.name.endsWith("-apply") || state === undefined) return [];
    const unit = byUrn.get(state.parent);
    const node = (unit?.newState ?? unit?.oldState)?.inputs.node;
    const parent = byUrn.get((unit?.newState ?? unit?.oldState)?.parent ?? "");
    const component =
        parent !== undefined && parent.type !== STACK
            ? { name: parent.name, type: parent.type.split(":").at(-1) ?? "" }
            : { name: nameOf(state.parent), type: "Unit" };
    const [old, next] = [step.oldState, step.op === "delete" ? undefined : step.newState];
    return [
        {
            urn: step.urn,
            name: nameOf(state.parent),
            component,
            node: typeof node === "string" ? node : "?",
            op: step.op,
            before: old && seen(old, byUrn),
            after: next && seen(next, byUrn),
            causes: [...step.diffReasons, ...step.replaceReasons],
            rotates: old !== undefined && next !== undefined && digestOf(old) !== digestOf(next),
            needs: state.dependencies,
            notes: moved(unit),
            retained: step.op === "delete" && state.retainOnDelete,
        },
    ];
}

function seen({ inputs, propertyDependencies }: ResourceState, byUrn: Map<string, PreviewStep>): Seen {
    const { stdin } = inputs;
    if (typeof stdin !== "string" || stdin.includes(UNKNOWN)) {
        const changing = (propertyDependencies.stdin ?? []).filter((urn) => byUrn.get(urn)?.op !== "same").map(nameOf);
        return { hidden: `not known before ${changing.length > 0 ? list(changing) : "the update runs"}` };
    }
    if (stdin === SECRET) return { hidden: "holds a secret, so that a preview does not show it" };
    try {
        return { manifest: parse(stdin) };
    } catch (error) {
        return { hidden: `not readable here: ${error instanceof Error ? error.message : String(error)}` };
    }
}

const list = (names: string[]): string =>
    names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");

/** The digest of the credentials: the one argument of the launcher that differs when they are rotated. */
function digestOf({ inputs: { create } }: ResourceState): string {
    if (typeof create !== "string" || create.includes(UNKNOWN)) return "not known yet";
    return launched(create).digest;
}

/** A unit whose address or host key is another one may meet another machine. */
function moved(unit: PreviewStep | undefined): string[] {
    const [was, is] = [unit?.oldState?.inputs, unit?.newState?.inputs];
    if (was === undefined || is === undefined) return [];
    const words = { address: "address", hostKey: "host key" };
    return Object.entries(words).flatMap(([field, word]) =>
        was[field] !== undefined && is[field] !== was[field]
            ? [
                  `the ${word} of the host changes: on another machine everything is new, and the old one keeps what it has`,
              ]
            : [],
    );
}

/**
 * A unit under another resource name is applied before the old name is removed, and the host then leaves the removal alone, as another resource keeps the
 * unit by then.
 */
function renamed(units: UnitStep[]): UnitStep[] {
    const key = (unit: UnitStep, text: Seen | undefined) =>
        text && "manifest" in text ? `${unit.node} ${text.manifest.unit}` : undefined;
    const leaving = new Map(units.filter(({ op }) => op === "delete").map((unit) => [key(unit, unit.before), unit]));
    leaving.delete(undefined);
    const pairs = units.flatMap((unit) => {
        const old = unit.op === "create" ? leaving.get(key(unit, unit.after)) : undefined;
        return old ? [{ unit, old }] : [];
    });
    const gone = new Set(pairs.map(({ old }) => old));
    const oldOf = new Map(pairs.map(({ unit, old }) => [unit, old]));
    return units
        .filter((unit) => !gone.has(unit))
        .map((unit): UnitStep => {
            const old = oldOf.get(unit);
            if (old === undefined) return unit;
            const note = `was ${old.name}: the unit on the host stays, under its new name in the stack`;
            return { ...unit, op: "update", before: old.before, rotates: true, notes: [...unit.notes, note] };
        });
}
