import { mkdirSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import * as path from "node:path";
import type { Decision } from "./decision";
import type { MemberEvidence } from "./evidence";

/** Why what was done was done: kept on this machine and on every host. Holds no secret. */
export interface DecisionRecord {
    cluster: string;
    /** When it was decided, in UTC. */
    at: string;
    /** Who ran the command, and where. */
    by: string;
    without: string[];
    /** What the operator gave as the reason for `without`. */
    reason?: string;
    /** On what the decision was made. */
    evidence: MemberEvidence[];
    decision: Decision;
    /** Name of the history from then on: another than the position's when a member was left out. */
    history?: string;
    /** What was done, with its time. */
    steps: string[];
    outcome: "begun" | "done" | "failed";
    /** What went wrong, when it failed. */
    error?: string;
    /** What was found afterwards. */
    after?: MemberEvidence[];
}

/** A record that begins now. */
export const begun = (
    parts: Pick<DecisionRecord, "cluster" | "without" | "reason" | "evidence" | "decision" | "history">,
): DecisionRecord => ({
    ...parts,
    at: new Date().toISOString(),
    by: `${userInfo().username}@${hostname()}`,
    steps: [],
    outcome: "begun",
});

/** File name of a record: of letters, digits, `.`, `_` and `-`. */
export const recordName = ({ cluster, at }: DecisionRecord): string =>
    `${cluster}-${at.replaceAll(/[^0-9TZ]/g, "")}.json`;

/** A record as text. */
export const recordText = (record: DecisionRecord): string => JSON.stringify(record, null, 2);

/** Writes a record into a folder of this machine; gives the file. */
export function keep(folder: string, record: DecisionRecord): string {
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, recordName(record));
    writeFileSync(file, `${recordText(record)}\n`);
    return file;
}
