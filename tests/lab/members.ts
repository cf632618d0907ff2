import type { LabHost } from "../../lab";
import { onHost } from "./support";

/** What a query answers root on a member, over its socket: the rows as lines, with tabs. */
export const asRoot = (member: LabHost, sql: string): Promise<string> =>
    onHost(member, `mariadb --no-defaults --batch --skip-column-names <<'SQL'\n${sql}\nSQL`);

/** Which of the acknowledged numbers of a `SequenceWriter` each member does not have, by its name. */
export async function missing(
    acknowledged: number[],
    table: string,
    members: LabHost[],
): Promise<Record<string, number[]>> {
    const missed = members.map(async (member) => {
        const sql = `SET SESSION wsrep_sync_wait = 1; SELECT n FROM ${table};`;
        const there = new Set((await asRoot(member, sql)).split("\n").filter(Boolean).map(Number));
        return [member.name, acknowledged.filter((n) => !there.has(n))] as const;
    });
    return Object.fromEntries(await Promise.all(missed));
}

/** SHA-256 of the certificates that a member serves to clients and to other members, as another member sees them. */
export async function fingerprints(from: LabHost, address: string): Promise<{ sql: string; replication: string }> {
    const served = async (how: string) => {
        const text = await onHost(
            from,
            `timeout 10 openssl s_client ${how} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`,
        );
        return text.trim().split("=")[1] ?? "";
    };
    return {
        sql: await served(`-starttls mysql -connect ${address}:3306`),
        replication: await served(`-connect ${address}:4567`),
    };
}
