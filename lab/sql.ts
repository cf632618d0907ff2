import { checkServerIdentity } from "node:tls";
import type { TLSSocket } from "node:tls";
import { createConnection } from "mysql2/promise";
import type { Connection, ResultSetHeader } from "mysql2/promise";
import type { Probe } from "./probe";

/** How a client reaches MariaDB: always over TLS. */
export interface SqlAccess {
    host: string;
    port: number;
    user: string;
    password: string;
    database: string;
    /** Who signs the server's certificate, PEM. */
    ca: string;
}

/** A connection to the server that was asked for, by its certificate; rejects when there is none within `milliseconds`. */
export async function connect(access: SqlAccess, milliseconds = 2000): Promise<Connection> {
    const { ca, ...to } = access;
    const connection = await createConnection({ ...to, connectTimeout: milliseconds, ssl: { ca } });
    // The client's own check takes every address for "localhost".
    const { stream } = (connection as unknown as { connection: { stream: TLSSocket } }).connection;
    const fault = checkServerIdentity(access.host, stream.getPeerCertificate());
    if (fault === undefined) return connection;
    connection.destroy();
    throw fault;
}

/** One question over a connection of its own, which ends with it however that comes out. */
async function asking<T>(access: SqlAccess, ask: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await connect(access);
    // One that breaks while nobody waits for it must not end the process.
    connection.on("error", () => undefined);
    try {
        return await ask(connection);
    } finally {
        connection.destroy();
    }
}

/** A table that a probe writes to, and what was acknowledged: compared with what members hold, it tells what was lost. */
export class SqlLedger {
    /** The numbers whose commit was acknowledged. */
    readonly acknowledged: number[] = [];

    private constructor(
        private readonly access: SqlAccess,
        readonly table: string,
    ) {}

    /** Makes the table if it is missing. */
    static async open(access: SqlAccess, table: string): Promise<SqlLedger> {
        await asking(access, (connection) =>
            connection.query(`CREATE TABLE IF NOT EXISTS ${table} (n BIGINT AUTO_INCREMENT PRIMARY KEY)`),
        );
        return new SqlLedger(access, table);
    }

    /** Succeeds once a row is committed, over a connection of its own. */
    readonly probe: Probe = (signal) =>
        asking(this.access, async (connection) => {
            const cut = new Promise<never>((_, reject) => {
                const late = () => reject(new Error("no answer in time"));
                if (signal.aborted) late();
                signal.addEventListener("abort", late, { once: true });
            });
            const insert = () => connection.query<ResultSetHeader>(`INSERT INTO ${this.table} () VALUES ()`);
            const [{ insertId }] = await Promise.race(signal.aborted ? [cut] : [cut, insert()]);
            this.acknowledged.push(insertId);
        });

    /** The member that serves clients now; undefined while there is none. */
    async member(): Promise<string | undefined> {
        try {
            const question = { sql: "SELECT @@wsrep_node_name AS name", timeout: 1000 };
            const [found] = await asking(this.access, (connection) => connection.query(question));
            return (found as { name: string }[])[0]?.name;
        } catch {
            return undefined;
        }
    }

    /** How many of the acknowledged rows a server does not have. */
    async missing(on: Partial<SqlAccess> = {}): Promise<number> {
        const [found] = await asking({ ...this.access, ...on }, async (connection) => {
            await connection.query("SET SESSION wsrep_sync_wait = 1");
            return connection.query(`SELECT n FROM ${this.table}`);
        });
        const held = new Set((found as { n: number }[]).map((row) => row.n));
        return this.acknowledged.filter((n) => !held.has(n)).length;
    }
}
