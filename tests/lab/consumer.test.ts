import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { vipOwners } from "../../lab";
import { stackIn } from "../stack";
import { up } from "./stack";
import { Bench, PROJECT, onHost, until } from "./support";

// npm installs the package with all it depends on.
jest.setTimeout(300_000);

// The network that the examples are written for.
let bench: Bench;
let installed: string;
beforeAll(async () => {
    bench = await Bench.up("t-consumer", "198.51.100.0/24", ["lb1", "lb2", "app1", "app2"]);
    installed = path.join(bench.dir, "npm");
    mkdirSync(installed);
    const npm = (args: string[], cwd: string) => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: "pipe" });
    const tarball = npm(["pack", "--silent", "--ignore-scripts", "--pack-destination", installed], PROJECT).trim();
    writeFileSync(path.join(installed, "package.json"), '{ "private": true }');
    const quietly = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
    npm(["install", ...quietly, path.join(installed, tarball), "@pulumi/pulumi@3.248.0", "@types/node@20"], installed);
});
afterAll(() => bench.down());

/** An example in a folder below the installed package, with the lab's hosts as its nodes. */
async function example(name: string, config: Record<string, string> = {}) {
    const folder = path.join(installed, name);
    cpSync(path.join(PROJECT, "examples", name), folder, { recursive: true });
    const inventory = path.join(bench.lab.plan.dir, "inventory.json");
    const settings = { [`${name}:inventory`]: inventory, ...config };
    writeFileSync(path.join(folder, "Pulumi.dev.yaml"), JSON.stringify({ config: settings }));
    return stackIn(path.join(bench.dir, "state"), "dev", folder);
}

test("the packed package, installed in an empty folder, provisions real hosts", async () => {
    const stack = await example("vip", { "vip:address": "198.51.100.100/24" });
    expect(await up(stack)).toMatchObject({ ok: true });
    expect((await stack.outputs()).address?.value).toBe("198.51.100.100");
    // A first holder waits for three adverts that do not come.
    await until(
        "lb1 has the address",
        10,
        () => vipOwners(bench.lab, "198.51.100.100"),
        (owners) => owners.join() === "lb1",
    );
    await stack.destroy();
    expect(await vipOwners(bench.lab, "198.51.100.100")).toEqual([]);
});

test("a second project reads the first one's outputs, the password as a secret", async () => {
    const database = await stackIn(path.join(bench.dir, "state"), "dev", await databaseProject());
    expect(await up(database)).toMatchObject({ ok: true });
    const application = await example("application", { "application:database": "organization/database/dev" });
    const { ok, output } = await up(application);
    expect({ ok, output }).toMatchObject({ ok: true });
    const settings = await onHost(
        bench.host("app2"),
        "stat -c '%a %U' /etc/shop/database.cnf; cat /etc/shop/database.cnf",
    );
    expect(settings).toMatch(/^600 root\n\[client\]\nuser = shop\nhost = 198\.51\.100\.101\npassword = s3cret-word\n/);
    expect(output).not.toContain("s3cret-word");
});

/** Stands for the example `database`, whose outputs it has: what they come from is tested elsewhere. */
async function databaseProject(): Promise<string> {
    const folder = path.join(bench.dir, "database");
    mkdirSync(folder);
    const outputs = { endpoint: "198.51.100.101:3306", caCertificate: "a certificate\n" };
    const program = `exports.endpoint = ${JSON.stringify(outputs.endpoint)}; exports.caCertificate = ${JSON.stringify(outputs.caCertificate)};
exports.password = require("@pulumi/pulumi").secret("s3cret-word");`;
    writeFileSync(path.join(folder, "Pulumi.yaml"), "name: database\nruntime: nodejs\n");
    writeFileSync(path.join(folder, "package.json"), '{ "main": "index.js" }');
    writeFileSync(path.join(folder, "index.js"), program);
    execFileSync("ln", ["-s", path.join(installed, "node_modules"), path.join(folder, "node_modules")]);
    return folder;
}
