import type { Answer } from "../fleet/ask";
import type { Fleet, Host } from "../fleet/hosts";
import type { MissingUnit, DeployedUnit } from "../state";
import { findingsOf } from "./findings";
import { Kind, Repair } from "./findings/finding";
import type { Finding } from "./findings/finding";

/** Whether something is as the stack says. */
export const Verdict = { Fine: "fine", Drift: "drift", Unknown: "unknown" } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** One unit of a host, compared. */
export interface UnitReport {
    unit: string;
    /** Name in the program: `front-lb1`. */
    resource: string;
    /** Name of the command that brought what acts on its host. */
    engine: string;
    component: string;
    /** `KeepalivedVip`. */
    type: string;
    verdict: Verdict;
    findings: Finding[];
    /** Why nothing, or not all, is known of it. */
    why?: string;
}

/** One host, compared. */
export interface HostReport {
    node: string;
    address: string;
    verdict: Verdict;
    /** Why it is unknown. */
    why?: string;
    /** What concerns no unit of its own. */
    findings: Finding[];
    units: UnitReport[];
    /** How long it took to answer. */
    seconds: number;
}

/** A stack, compared with its hosts. */
export interface DriftReport {
    verdict: Verdict;
    hosts: HostReport[];
    /** What the stack has and has not applied. */
    missing: MissingUnit[];
    /** Operations of Pulumi that were cut off. */
    pending: number;
}

/** Clocks that are further apart than this make certificates and logs disagree. */
const CLOCK_SECONDS = 5;

/**
 * What a host's answer comes to.
 *
 * @param now this machine's clock in seconds since 1970, when the answer came.
 */
export function hostReport({ host, evidence, why, seconds }: Answer, now: number): HostReport {
    const { node, address } = host;
    const busy = evidence?.busy;
    const once = new Set<string>();
    const unknown = why ?? (busy === undefined ? undefined : `something else is at work on it: ${holderIn(busy)}`);
    const units = host.units.map((unit): UnitReport => {
        const { manifest, resource, engine, component } = unit;
        const is = {
            ...{ unit: manifest.unit, resource, engine: engine.command },
            ...{ component: component.name, type: component.type },
        };
        // While an `up` is under way, what is found is its half-done work.
        if (evidence === undefined || busy !== undefined)
            return { ...is, verdict: Verdict.Unknown, findings: [], why: unknown };
        // Units of one component share their engine, and applying one of them brings it for all.
        const findings = findingsOf(unit, evidence).filter(
            ({ kind, subject }) => kind !== Kind.Engine || (!once.has(subject) && once.add(subject)),
        );
        const silent = unknown ?? silence(unit, evidence.runs);
        const verdict = findings.length > 0 ? Verdict.Drift : silent === undefined ? Verdict.Fine : Verdict.Unknown;
        return { ...is, verdict, findings, ...(silent === undefined ? {} : { why: silent }) };
    });
    const findings =
        evidence === undefined || busy !== undefined
            ? []
            : [
                  ...strangers(evidence.strangers),
                  ...leftovers(host, evidence.keepers),
                  ...clock(evidence.clock === undefined ? 0 : evidence.clock - now, seconds),
              ];
    const verdict = worst([
        ...units.map((unit) => unit.verdict),
        ...(findings.length > 0 ? [Verdict.Drift] : []),
        ...(unknown === undefined ? [] : [Verdict.Unknown]),
    ]);
    return { node, address, verdict, ...(unknown === undefined ? {} : { why: unknown }), findings, units, seconds };
}

/** `pid verb unit since` in words. */
function holderIn(busy: string): string {
    const [pid = "?", verb = "a run", unit = "?"] = busy.split(" ");
    return `${verb} of ${unit} (pid ${pid})`;
}

type Runs = NonNullable<Answer["evidence"]>["runs"];

/** A text that has not said what it found; both are asked. */
function silence({ manifest }: DeployedUnit, { check, health }: Runs): string | undefined {
    const silent = [check.get(manifest.unit), health.get(manifest.unit)].find((run) => run?.summary === undefined);
    if (check.has(manifest.unit) && health.has(manifest.unit) && silent === undefined) return undefined;
    return `the unit's own text gave no answer: ${silent?.words ?? "it was not reached"}`;
}

const strangers = (paths: string[]): Finding[] =>
    paths.map((path) => ({
        kind: Kind.Stranger,
        subject: path,
        detail: "neither a unit nor a package has put it there",
        repair: Repair.Host,
        commands: [`rm ${path}`],
    }));

/** Units on record that this very stack keeps, and does not have any more. */
function leftovers({ units, known }: Host, keepers: Map<string, string>): Finding[] {
    const stacks = new Set(units.flatMap(({ keeper }) => (keeper === "-" ? [] : [stackOf(keeper)])));
    return [...keepers]
        .filter(([unit, keeper]) => keeper !== "-" && stacks.has(stackOf(keeper)) && !known.includes(unit))
        .map(([unit]) => ({
            kind: Kind.Leftover,
            subject: unit,
            detail: "this stack has applied it, and its state does not have it any more: it was forgotten. Put it back into the program and `pulumi up`, then take it out",
            repair: Repair.Host,
            commands: [],
        }));
}

const stackOf = (keeper: string): string => keeper.split("/").slice(0, 2).join("/");

/** @param difference in seconds; the answer may be as old as it took to come. */
const clock = (difference: number, took: number): Finding[] =>
    Math.abs(difference) <= CLOCK_SECONDS + took
        ? []
        : [
              {
                  kind: Kind.Clock,
                  subject: "clock",
                  detail: `it is ${Math.abs(difference).toFixed()} s ${difference > 0 ? "ahead of" : "behind"} this machine's: is time kept by NTP on both?`,
                  repair: Repair.Host,
                  commands: ["timedatectl"],
              },
          ];

/** Drift is certain, and so goes before what is unknown. */
export const worst = (verdicts: Verdict[]): Verdict =>
    [Verdict.Drift, Verdict.Unknown].find((verdict) => verdicts.includes(verdict)) ?? Verdict.Fine;

/** All hosts, in the order of their names. */
export function driftReport({ missing, pending }: Fleet, hosts: HostReport[]): DriftReport {
    const sorted = [...hosts].sort((a, b) => a.node.localeCompare(b.node, "en", { numeric: true }));
    const verdict = worst([...hosts.map((host) => host.verdict), ...(missing.length > 0 ? [Verdict.Drift] : [])]);
    return { verdict, hosts: sorted, missing, pending };
}

/** For cron and CI; an error of the command itself ends with 1. */
export const EXIT: Record<Verdict, number> = { [Verdict.Fine]: 0, [Verdict.Drift]: 2, [Verdict.Unknown]: 3 };
