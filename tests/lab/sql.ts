import type { Connection, RowDataPacket } from "mysql2/promise";
import { connect } from "../../lab/sql";
import type { SqlAccess } from "../../lab/sql";

export { connect } from "../../lab/sql";
export type { SqlAccess } from "../../lab/sql";

/** What a query answers, by row and column. */
export async function rows(connection: Connection, sql: string): Promise<RowDataPacket[]> {
    const [answer] = await connection.query<RowDataPacket[]>(sql);
    return answer;
}

/** What went wrong, in one word where the server or the system has one. */
export const errorKind = (error: unknown): string => {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
};

/** A counter that several clients increase at once, each by reading it and writing back what it read and one more. */
export interface Counted {
    /** Increments that were acknowledged. */
    committed: number;
    /** What the counter says at the end: less, if increments were lost. */
    value: number;
    /** Increments that were refused because of another client, and done again. */
    retried: number;
    /** Errors that made one start again, by kind. */
    errors: Record<string, number>;
}

/** What says that another client came first: deadlock or failed certification, a row changed since it was read, a lock that was waited for in vain. */
const CONFLICTS = ["ER_LOCK_DEADLOCK", "ER_CHECKREAD", "ER_LOCK_WAIT_TIMEOUT"];

/** Increments a counter through several members at once, in the sessions' default isolation. */
export async function countTogether(through: SqlAccess[], increments: number): Promise<Counted> {
    const connections = await Promise.all(through.map((access) => connect(access)));
    const [first] = connections;
    if (first === undefined) throw new Error("nobody to count through");
    await first.query("CREATE OR REPLACE TABLE counter (id INT PRIMARY KEY, value INT NOT NULL)");
    await first.query("INSERT INTO counter VALUES (1, 0)");
    const errors: Record<string, number> = {};
    const once = async (connection: Connection): Promise<void> => {
        await connection.query("START TRANSACTION");
        const [row] = await rows(connection, "SELECT value FROM counter WHERE id = 1");
        await connection.query("UPDATE counter SET value = ? WHERE id = 1", [Number(row?.value) + 1]);
        await connection.query("COMMIT");
    };
    const counting = connections.map(async (connection) => {
        // A table made through one member may reach the others a moment later.
        await connection.query("SET SESSION wsrep_sync_wait = 1");
        await rows(connection, "SELECT value FROM counter");
        await connection.query("SET SESSION wsrep_sync_wait = DEFAULT");
        for (let done = 0; done < increments;) {
            try {
                await once(connection);
                done++;
            } catch (error) {
                const kind = errorKind(error);
                if (!CONFLICTS.includes(kind)) throw error;
                errors[kind] = (errors[kind] ?? 0) + 1;
                await connection.query("ROLLBACK");
            }
        }
    });
    await Promise.all(counting);
    await first.query("SET SESSION wsrep_sync_wait = 1");
    const [row] = await rows(first, "SELECT value FROM counter");
    await Promise.all(connections.map((connection) => connection.end()));
    return {
        committed: increments * through.length,
        value: Number(row?.value),
        retried: Object.values(errors).reduce((sum, count) => sum + count, 0),
        errors,
    };
}
