import { askAll } from "../fleet/ask";
import { fleetOf } from "../fleet/hosts";
import type { Filter } from "../fleet/hosts";
import { Verb } from "../fleet/question";
import type { Deployment } from "../state";
import { loginOf, repairPlan } from "./repair";
import type { RepairPlan } from "./repair";
import { driftReport, hostReport } from "./report";
import type { DriftReport, HostReport } from "./report";

/** A comparison of a stack's state with its hosts. */
export interface Drifting {
    state: Deployment;
    filter: Filter;
    /** For each host. */
    deadlineSeconds: number;
    /** Takes each host's report as it comes. */
    onHost?: (report: HostReport, left: string[]) => void;
}

/** Asks all hosts how they differ from what the state says. Changes none of them. */
export async function drift({
    state,
    filter,
    deadlineSeconds,
    onHost,
}: Drifting): Promise<{ report: DriftReport; plan: RepairPlan }> {
    const fleet = fleetOf(state, filter);
    const left = new Set(fleet.hosts.map(({ node }) => node));
    const reports: HostReport[] = [];
    await askAll(fleet.hosts, {
        verbs: [Verb.Check, Verb.Health],
        deadlineSeconds,
        onAnswer: (answer) => {
            const report = hostReport(answer, Date.now() / 1000);
            reports.push(report);
            left.delete(report.node);
            onHost?.(report, [...left]);
        },
    });
    const report = driftReport(fleet, reports);
    const logins = new Map(fleet.hosts.map(({ node, connection }) => [node, loginOf(connection)]));
    return { report, plan: repairPlan(report, logins) };
}
