import * as fc from "fast-check";
import { nativeHash, passwordCredential, renderAccounts } from "../../../../components/galera-cluster/accounts";
import { toSpec } from "../../../../components/galera-cluster/spec";
import type { GaleraSpec, GaleraUser } from "../../../../components/galera-cluster/spec";
import { placeholder, toText } from "../../../../remote/manifest";
import { parse } from "../../../../remote/parse";

const user = (parts: Partial<GaleraUser> & { name: string }): GaleraUser => ({
    host: "%",
    database: undefined,
    grants: [],
    maxConnections: 0,
    passwordVersion: 1,
    passwordFault: undefined,
    previousPasswordFault: undefined,
    acceptClearText: undefined,
    ...parts,
});

const nodes = ["db1", "db2", "db3"].map((name, n) => ({ name, address: `10.0.0.${n + 1}` }));
const spec = (parts: Partial<GaleraSpec>): GaleraSpec => ({
    ...toSpec("orders", { nodes, arbitrator: undefined, users: [] }),
    ...parts,
});

/** The part of the file that the spec decides. */
const stated = (parts: Partial<GaleraSpec>, previous: string[] = []): string => {
    const [, rest = ""] = renderAccounts(spec(parts), previous).files[0]!.content.split("CREATE TEMPORARY TABLE plan");
    return rest.split("\n\n")[1] ?? "";
};

describe("a password as MariaDB keeps it", () => {
    test.each([
        ["password", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"],
        ["root", "*81F5E21E35407D884A6CD4A731AEBFB6AF209E1B"],
        ["secret", "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"],
    ])("%s", (password, hash) => expect(nativeHash(password)).toBe(hash));

    test("is of the same few characters whatever the password is made of", () =>
        fc.assert(
            fc.property(fc.string({ unit: "binary" }), (password) => {
                expect(nativeHash(password)).toMatch(/^\*[0-9A-F]{40}$/);
            }),
        ));
});

test("the whole manifest", () => {
    const text = toText(
        renderAccounts(
            spec({
                databases: [
                    { name: "shop_orders", characterSet: "utf8mb4", collation: undefined },
                    { name: "legacy", characterSet: "latin1", collation: "latin1_german2_ci" },
                ],
                users: [
                    user({ name: "shop", database: "shop_orders", grants: ["SELECT", "INSERT"], maxConnections: 50 }),
                    user({ name: "Watcher", host: "Mon.Example", database: "*", grants: ["REPLICATION CLIENT"] }),
                    user({ name: "old", acceptClearText: "a printer" }),
                ],
            }),
            ["shop"],
        ),
    );
    expect(text).toMatchSnapshot();
    expect(toText(parse(text))).toBe(text);
});

test("nothing wanted is stated as nothing", () => expect(stated({})).toBe(""));

test("names and hosts cannot end the text in which they stand", () => {
    const name = "o'b\"r`i\\en'; DROP TABLE x; --\n$& $1";
    expect(stated({ users: [user({ name, host: "a'b", database: "s`h%o_p\\", grants: ["SELECT"] })] })).toBe(
        [
            "INSERT INTO wanted_users (user, host, password, previous, tls, connections) VALUES",
            `    ('o''b"r\`i\\en''; DROP TABLE x; --\n$& $1', 'a''b', '${placeholder(passwordCredential(name))}', NULL, 'SSL', 0);`,
            "INSERT INTO wanted_rights VALUES",
            "    ('o''b\"r`i\\en''; DROP TABLE x; --\n$& $1', 'a''b', '`s``h\\%o\\_p\\`.*', 'SELECT');",
        ].join("\n"),
    );
});

test("each name has a credential of its own, whatever it is made of", () =>
    fc.assert(
        fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (one, other) => {
            expect(passwordCredential(one)).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
            expect(passwordCredential(one) === passwordCredential(other)).toBe(one === other);
        }),
    ));

test("privileges are stated once, by the names that the server lists", () => {
    const grants = ["ALL", "ALL PRIVILEGES", "REPLICATION CLIENT", "BINLOG MONITOR", "USAGE"];
    const rights = stated({ users: [user({ name: "a", database: "*", grants })] }).split("wanted_rights VALUES\n")[1];
    expect(rights).toBe("    ('a', '%', '*.*', 'ALL PRIVILEGES'),\n    ('a', '%', '*.*', 'BINLOG MONITOR');");
});

test.each([
    ["privilege", { users: [user({ name: "a", database: "d", grants: ["SELECT ON *.* TO b; --"] })] }],
    ["character set", { databases: [{ name: "d", characterSet: "utf8; x", collation: undefined }] }],
    ["collation", { databases: [{ name: "d", characterSet: "utf8mb4", collation: "a b'" }] }],
])("fails: a %s that would be more than its name", (what, parts) =>
    expect(() => renderAccounts(spec(parts))).toThrow(`is no ${what}`),
);
