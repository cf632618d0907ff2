import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { manifest, placeholder, run } from "../../remote/manifest";
import type { Manifest } from "../../remote/manifest";
import { stackless } from "../../remote/stackless";
import { header } from "../shared/header";
import { PATHS } from "./paths";
import type { GaleraDatabase, GaleraSpec, GaleraUser } from "./spec";

const FILE = `${PATHS.tls}/accounts.sql`;
const SQL = readFileSync(path.join(__dirname, "host", "accounts.sql"), "utf8");
/** The line of that file in whose place the databases and users are stated. */
const WANTED = "-- @wanted";
const APPLY_SECONDS = 120;

const sha1 = (data: string | Buffer) => createHash("sha1").update(data).digest();

/**
 * A password as MariaDB keeps it (`mysql_native_password`), so that no host ever sees the password itself, and no character of it can be part of SQL.
 * @see https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/
 */
export const nativeHash = (password: string): string => `*${sha1(sha1(password)).toString("hex").toUpperCase()}`;

const inCredential = (user: string) =>
    user.replace(/[^a-z0-9.-]/gu, (char) => `_${char.codePointAt(0)!.toString(16)}_`);

/** The credential that holds the native hash of a user's password. */
export const passwordCredential = (user: string): string => `password-${inCredential(user)}`;
/** The credential that holds the native hash of a user's previous password. */
export const previousCredential = (user: string): string => `previous-${inCredential(user)}`;

/** Other names of privileges, by the ones that the server lists: compared by their text, the others would be granted and revoked again and again. */
const LISTED_AS: Record<string, string> = {
    ALL: "ALL PRIVILEGES",
    "DELETE VERSIONING ROWS": "DELETE HISTORY",
    "READ ONLY ADMIN": "READ_ONLY ADMIN",
    "REPLICA MONITOR": "SLAVE MONITOR",
    "REPLICATION CLIENT": "BINLOG MONITOR",
    "REPLICATION REPLICA": "REPLICATION SLAVE",
    "REPLICATION REPLICA ADMIN": "REPLICATION SLAVE ADMIN",
};
/** Is there without being granted. */
const NOTHING = "USAGE";

/** A text for SQL in which a backslash is a character like any other (`NO_BACKSLASH_ESCAPES`). */
const quoted = (text: string | undefined): string => (text === undefined ? "NULL" : `'${text.replaceAll("'", "''")}'`);

/** What stands in SQL as it is. @throws Error on anything but words. */
function words(what: string, text: string): string {
    if (!/^\w+( \w+)*$/.test(text)) throw stackless(new Error(`${JSON.stringify(text)} is no ${what}`));
    return text;
}

/** What a user's rights are for, as in GRANT: there, `_` and `%` in a database's name stand for others, unless after a backslash. */
const grantObject = (database: string): string =>
    database === "*" ? "*.*" : `\`${database.replace(/[_%]/g, "\\$&").replaceAll("`", "``")}\`.*`;

const insert = (into: string, rows: string[][]): string[] =>
    rows.length === 0
        ? []
        : [`INSERT INTO ${into} VALUES\n${rows.map((row) => `    (${row.join(", ")})`).join(",\n")};`];

const databaseRow = ({ name, characterSet, collation }: GaleraDatabase): string[] => [
    quoted(name),
    quoted(words("character set", characterSet)),
    quoted(collation && words("collation", collation)),
];

/** Whom MariaDB knows the user as: it keeps hosts in lower case. */
const account = (user: GaleraUser): string[] => [quoted(user.name), quoted(user.host.toLowerCase())];

const userRow = (user: GaleraUser, hasPrevious: boolean): string[] => [
    ...account(user),
    quoted(placeholder(passwordCredential(user.name))),
    hasPrevious ? quoted(placeholder(previousCredential(user.name))) : quoted(undefined),
    quoted(user.acceptClearText === undefined ? "SSL" : "NONE"),
    String(user.maxConnections),
];

function rightRows(user: GaleraUser): string[][] {
    const { database } = user;
    if (database === undefined) return [];
    const names = user.grants.map((grant) => words("privilege", LISTED_AS[grant] ?? grant));
    return [...new Set(names)]
        .filter((name) => name !== NOTHING)
        .map((name) => [...account(user), quoted(grantObject(database)), quoted(name)]);
}

/** What the program wants, as rows of the tables that `host/accounts.sql` reads. */
const wanted = ({ databases, users }: GaleraSpec, previous: string[]): string[] => [
    ...insert("wanted_databases", databases.map(databaseRow)),
    ...insert(
        "wanted_users (user, host, password, previous, tls, connections)",
        users.map((user) => userRow(user, previous.includes(user.name))),
    ),
    ...insert("wanted_rights", users.flatMap(rightRows)),
];

/** The file is gone when the unit leaves: databases and users stay, as the data does. */
const apply = `set -o pipefail
[ -e ${FILE} ] || exit 0
timeout --kill-after=5 ${APPLY_SECONDS} mariadb --no-defaults --skip-ssl --user=root --socket=${PATHS.socket} --connect-timeout=10 \\
    --default-character-set=utf8mb4 --batch --raw --skip-column-names --skip-print-query-on-error <${FILE} 2>&1 |
    sed -E 's/[*][0-9A-F]{40}/***/g; s/^ERROR 1644 [^:]*: //'`;

/**
 * The databases and users of a cluster, on the host of one member: what it changes there, it changes everywhere. Users that left the program are dropped;
 * the cluster itself knows in `pulumi_ha.accounts` which ones were made here. Databases are never dropped.
 *
 * Sessions of users that are no more are ended on the member on which it runs, and only there.
 *
 * @param previous names of the users that have a previous password.
 */
export function renderAccounts(spec: GaleraSpec, previous: string[] = []): Manifest {
    const content = `${header(`GaleraCluster ${spec.name}`)}\n${SQL.replace(WANTED, () => wanted(spec, previous).join("\n"))}`;
    return manifest({
        unit: `galera-accounts-${spec.name}`,
        files: [
            {
                path: FILE,
                mode: "0600",
                owner: "root:root",
                content,
                fill: [...spec.users.map((user) => passwordCredential(user.name)), ...previous.map(previousCredential)],
                onChange: [run(apply)],
            },
        ],
    });
}
