import type { Evidence } from "../../fleet/answer";
import { PROBES } from "../../fleet/probes";
import type { Difference } from "../../fleet/probes/probe";
import { visible } from "../../plan/diff";
import type { DeployedUnit } from "../../state";
import { valueShown } from "../mask";
import { Kind, Repair } from "./finding";
import type { Finding } from "./finding";

/** What daemons say they run with, where that is not what the unit's files say. */
export const runningFindings = ({ manifest }: DeployedUnit, { running }: Evidence): Finding[] =>
    PROBES.flatMap((probe) =>
        probe.differences(manifest, running.get(`${probe.name}/${manifest.unit}`) ?? "").map((difference) => ({
            kind: Kind.Stale,
            subject: difference.subject,
            detail: words(difference),
            repair: Repair.Host,
            commands: difference.commands,
        })),
    );

function words({ subject, runs, states, file }: Difference): string {
    const is = visible(valueShown(subject, runs ?? ""));
    if (runs === undefined) return `it does not run with it, and ${file} says ${states}`;
    return states === undefined
        ? `it runs with ${is}, and ${file} does not have it`
        : `it runs with ${is}, and ${file} says ${states}`;
}
