import { RecordState } from "../../fleet/answer";
import type { Evidence } from "../../fleet/answer";
import type { DeployedUnit } from "../../state";
import { Kind, Repair } from "./finding";
import type { Finding } from "./finding";

/** What the host remembers of the unit. */
export function recordFindings({ manifest, keeper, engine }: DeployedUnit, { records }: Evidence): Finding[] {
    const record = records.get(manifest.unit);
    if (record === undefined) return [];
    const about = { kind: Kind.Record, subject: manifest.unit } as const;
    const stackOf = (of: string) => of.split("/").slice(0, 2).join("/");
    const found: Finding[] = [];
    if (record.state === RecordState.Missing)
        found.push({
            ...about,
            detail: "the host has no record of this unit: it was never applied there, was removed, or the host is a new one",
            repair: Repair.Prepare,
        });
    else if (keeper !== "-" && record.keeper !== "-" && stackOf(record.keeper) !== stackOf(keeper))
        found.push({
            ...about,
            detail: `another stack, ${stackOf(record.keeper)}, has applied a unit of this name`,
            repair: Repair.Host,
            commands: [],
        });
    else if (record.state === RecordState.Different)
        found.push({
            ...about,
            detail: "what was applied last is not what this stack's state has: from elsewhere, or from a state that was put back",
            repair: Repair.Apply,
        });
    if (record.cut)
        found.push({
            ...about,
            detail: "a run was cut off half-way and nothing has completed it",
            repair: Repair.Apply,
        });
    if (record.engine !== "whole")
        found.push({
            kind: Kind.Engine,
            subject: engine.path,
            detail: `what the unit's commands run ${record.engine === "missing" ? "is not on the host any more" : "was changed there"}`,
            repair: Repair.Apply,
        });
    const needed = manifest.files.some(({ credential, fill }) => credential !== undefined || fill?.length);
    if (needed && !record.credentials && record.state !== RecordState.Missing)
        found.push({
            kind: Kind.Credential,
            subject: manifest.unit,
            detail: "its credentials do not lie on the host any more",
            repair: Repair.Prepare,
        });
    return found;
}
