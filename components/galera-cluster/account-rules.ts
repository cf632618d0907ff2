import { each } from "../shared/rules";
import type { ItemRule, Rules } from "../shared/rules";
import { family } from "../shared/addresses";
import { quoted, whole } from "../shared/syntax";
import { HEALTH_USER } from "./paths";
import type { GaleraDatabase, GaleraSpec, GaleraUser } from "./spec";

const DATABASE = /^[A-Za-z0-9_-]{1,64}$/;
const SYSTEM_DATABASES = ["mysql", "sys", "information_schema", "performance_schema", "pulumi_ha"];
const CHARSET = /^[a-z0-9_]{1,64}$/;
const SYSTEM_USERS = ["root", "mysql", "mariadb.sys", "public", HEALTH_USER];
const MOST_NAME = 80;

/** Privileges on the objects of a database, as MariaDB 10.11 spells them. */
const ON_DATABASE = new Set([
    ...["ALL", "ALL PRIVILEGES", "SELECT", "INSERT", "UPDATE", "DELETE", "DELETE HISTORY", "CREATE", "ALTER", "INDEX"],
    ...["DROP", "REFERENCES", "CREATE VIEW", "SHOW VIEW", "TRIGGER", "EVENT", "EXECUTE"],
    ...["CREATE ROUTINE", "ALTER ROUTINE", "CREATE TEMPORARY TABLES", "LOCK TABLES", "GRANT OPTION"],
]);
/** Privileges on the server as a whole. */
const ON_SERVER = new Set([
    ...["PROCESS", "RELOAD", "SHOW DATABASES", "REPLICATION CLIENT", "BINLOG MONITOR", "BINLOG ADMIN", "BINLOG REPLAY"],
    ...["REPLICATION SLAVE", "REPLICATION REPLICA", "SLAVE MONITOR", "REPLICA MONITOR", "REPLICATION SLAVE ADMIN"],
    ...["REPLICATION REPLICA ADMIN", "REPLICATION MASTER ADMIN", "CONNECTION ADMIN", "CREATE TABLESPACE"],
    ...["READ_ONLY ADMIN", "READ ONLY ADMIN", "USAGE"],
]);
/** Those with which a user can take the server, or the cluster, apart. */
const POWERFUL = new Set([
    ...["SUPER", "FILE", "SHUTDOWN", "CREATE USER", "SET USER", "FEDERATED ADMIN"],
    "GRANT OPTION",
]);

const control = (text: string): boolean => /[\x00-\x1f\x7f]/.test(text);

/** `localhost`, an address, a pattern of one, or an address and its mask. */
function isOrigin(host: string): boolean {
    if (host === "localhost" || /^[0-9A-Fa-f.:%_]*%[0-9A-Fa-f.:%_]*$/.test(host)) return true;
    const [address = "", mask, ...rest] = host.split("/");
    if (rest.length > 0 || family(address) === undefined) return /^[0-9.]*_[0-9._]*$/.test(host);
    return mask === undefined || (family(address) === 4 && family(mask) === 4);
}

const databases: ItemRule<GaleraSpec, GaleraDatabase>[] = [
    {
        path: "name",
        refuses: ({ name }) => !DATABASE.test(name),
        because: ({ name }) => `${quoted(name)} is no name for a database: at most 64 letters, digits, "_" and "-"`,
    },
    {
        path: "name",
        refuses: ({ name }) => SYSTEM_DATABASES.includes(name.toLowerCase()),
        because: ({ name }) => `${name} is the server's own`,
    },
    {
        path: "name",
        refuses: ({ name }, spec) => spec.databases.filter((other) => other.name === name).length > 1,
        because: ({ name }) => `${name} is listed twice`,
    },
    {
        path: "characterSet",
        refuses: ({ characterSet }) => !CHARSET.test(characterSet),
        because: ({ characterSet }) => `${quoted(characterSet)} is no character set: as in utf8mb4, latin1`,
    },
    {
        path: "collation",
        refuses: ({ collation }) => collation !== undefined && !CHARSET.test(collation),
        because: ({ collation }) => `${quoted(collation ?? "")} is no collation: as in utf8mb4_unicode_ci`,
    },
    {
        path: "collation",
        refuses: ({ characterSet, collation }) =>
            collation !== undefined &&
            CHARSET.test(collation) &&
            !collation.startsWith(`${characterSet}_`) &&
            collation !== characterSet &&
            !collation.startsWith("uca1400_"),
        because: ({ characterSet, collation }) =>
            `${collation} is no collation of ${characterSet}: they begin with ${characterSet}_`,
    },
];

const users: ItemRule<GaleraSpec, GaleraUser>[] = [
    {
        path: "name",
        refuses: ({ name }) =>
            name.length === 0 || [...name].length > MOST_NAME || control(name) || name !== name.trim(),
        because: ({ name }) =>
            `${quoted(name)} is no name for a user: 1 to ${MOST_NAME} characters, no control characters, no blanks at its ends`,
    },
    {
        path: "name",
        refuses: ({ name }) => SYSTEM_USERS.includes(name.toLowerCase()),
        because: ({ name }) => `${name} is the server's own: it logs in on the host alone, through the socket`,
    },
    {
        path: "name",
        refuses: ({ name }, spec) => spec.users.filter((other) => other.name === name).length > 1,
        because: ({ name }) => `${name} is listed twice: give one host that covers both, or two names`,
    },
    {
        path: "host",
        refuses: ({ host }) => !isOrigin(host),
        because: ({ host }) =>
            `${quoted(host)} is no origin: an address, 10.0.0.0/255.255.255.0, 10.0.%, localhost or %; names are not looked up`,
    },
    {
        path: "database",
        refuses: ({ database }) => database !== undefined && database !== "*" && !DATABASE.test(database),
        because: ({ database }) => `${quoted(database ?? "")} is no name of a database, nor * for all`,
    },
    {
        path: "database",
        refuses: ({ database }) => SYSTEM_DATABASES.includes(database?.toLowerCase() ?? ""),
        because: ({ database }) => `${database} is the server's own: whoever writes there can become anybody`,
    },
    {
        path: "database",
        level: "warn",
        refuses: ({ database }, spec) =>
            database !== undefined &&
            database !== "*" &&
            DATABASE.test(database) &&
            !spec.databases.some((other) => other.name === database),
        because: ({ database }) => `${database} is not among databases: the grant waits for whoever makes it`,
    },
    {
        path: "grants",
        refuses: ({ database, grants }) => database === undefined && grants.length > 0,
        because: () => "there is no database that they are for: name it in database, or * for all",
    },
    {
        path: "grants",
        refuses: ({ database, grants }) => database !== undefined && grants.length === 0,
        because: ({ database }) => `none, so that ${database} in database means nothing: name some, or leave both out`,
    },
    {
        path: "grants",
        refuses: ({ grants }) => unknown(grants).length > 0,
        because: ({ grants }) =>
            `${unknown(grants).map(quoted).join(", ")}: no privilege of MariaDB; known are ${[...ON_DATABASE].join(", ")}, and on * ${[...ON_SERVER].join(", ")}`,
    },
    {
        path: "grants",
        refuses: ({ database, grants }) => database !== "*" && onServer(grants).length > 0,
        because: ({ grants }) =>
            `${onServer(grants).join(", ")}: on the whole server only; use database *, or leave it out`,
    },
    {
        path: "grants",
        refuses: ({ database, grants }) =>
            database === "*" && grants.some((grant) => /^ALL( PRIVILEGES)?$/.test(grant)),
        because: () => "ALL on all databases is root under another name: name the privileges",
    },
    {
        path: "grants",
        level: "warn",
        refuses: ({ grants }) => powerful(grants).length > 0,
        because: ({ grants }) =>
            `${powerful(grants).join(", ")}: with it the user can give itself more, or stop a member`,
    },
    {
        path: "password",
        refuses: ({ passwordFault }) => passwordFault !== undefined,
        because: ({ passwordFault }) => passwordFault ?? "",
    },
    {
        path: "previousPassword",
        refuses: ({ previousPasswordFault }) => previousPasswordFault !== undefined,
        because: ({ previousPasswordFault }) => previousPasswordFault ?? "",
    },
    {
        path: "passwordVersion",
        refuses: ({ passwordVersion }) => !whole(passwordVersion, 1, 1_000_000),
        because: ({ passwordVersion }) => `${passwordVersion} is no version: a whole number from 1 up`,
    },
    {
        path: "maxConnections",
        refuses: ({ maxConnections }) => !whole(maxConnections, 0, 100_000),
        because: ({ maxConnections }) =>
            `${maxConnections} is no number of connections: a whole one from 0, no limit, up`,
    },
    {
        path: "maxConnections",
        level: "warn",
        refuses: ({ maxConnections }, spec) => maxConnections > spec.maxConnections,
        because: ({ maxConnections }, spec) =>
            `${maxConnections} are more than a member takes in all, ${spec.maxConnections}: raise maxConnections of the cluster`,
    },
    {
        path: "acceptClearText",
        refuses: ({ acceptClearText }, spec) => acceptClearText !== undefined && spec.acceptClearText === undefined,
        because: () =>
            "the members refuse everybody without TLS: say in acceptClearText of the cluster too why it may be",
    },
    {
        path: "acceptClearText",
        refuses: ({ acceptClearText }) => acceptClearText?.trim() === "",
        because: () => "is empty: say in words why, or leave it out",
    },
];

const unknown = (grants: string[]): string[] =>
    grants.filter((grant) => ![ON_DATABASE, ON_SERVER, POWERFUL].some((set) => set.has(grant)));
const onServer = (grants: string[]): string[] =>
    grants.filter((grant) => (ON_SERVER.has(grant) || POWERFUL.has(grant)) && !ON_DATABASE.has(grant));
const powerful = (grants: string[]): string[] => grants.filter((grant) => POWERFUL.has(grant));

/** What is refused about databases. */
export const databaseRules: Rules<GaleraSpec> = [each("databases", (spec) => spec.databases, databases)];
/** What is refused about users, and what is warned of. Their passwords are not seen here. */
export const userRules: Rules<GaleraSpec> = [each("users", (spec) => spec.users, users)];
