import * as pulumi from "@pulumi/pulumi";
import { ENGINE_FILE, ENGINE_ID, ENGINE_SCRIPT, engineIn } from "../../../remote/engine";
import { manifest } from "../../../remote/manifest";
import { parse } from "../../../remote/parse";
import type { NodeArgs } from "../../../remote/node";
import { Unit, rolling, together } from "../../../remote/unit";

const SECRET = "4dabf18193072939515e22adb298388d";

/** A value as the engine gets it: a secret is wrapped. */
interface Wrapped {
    value?: string;
    [SECRET]?: string;
}
interface Inputs {
    create: string;
    delete: string;
    stdin: string & Wrapped;
    connection: Wrapped;
}

interface Registered {
    type: string;
    name: string;
    inputs: Inputs;
}
let registered: Registered[];
let dependencies: Record<string, string[]>;

beforeEach(() => {
    registered = [];
    dependencies = {};
});

/** What was registered, with unknown values left out, as a preview or as an update. */
async function deploy(preview: boolean, program: (opts: pulumi.ComponentResourceOptions) => void): Promise<void> {
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name, inputs }) => {
                registered.push({ type, name, inputs });
                return {
                    id: `${name}-id`,
                    state: type.includes("RandomPassword") ? { ...inputs, result: "k3y" } : inputs,
                };
            },
            call: ({ inputs }) => inputs,
        },
        "project",
        "stack",
        preview,
    );
    const record: pulumi.ResourceTransformation = ({ name, opts }) => {
        const on = (opts as pulumi.CustomResourceOptions).dependsOn;
        const names = (resources: unknown) =>
            (dependencies[name] = [resources ?? []].flat().map((r) => (r as { __name: string }).__name));
        if (pulumi.Output.isInstance(on)) (on as pulumi.Output<unknown>).apply(names);
        else if (on && "then" in on) void on.then(names);
        else names(on);
        return undefined;
    };
    program({ transformations: [record] });
    await pulumi.runtime.disconnect();
}

const node = (name: string, more: Partial<NodeArgs> = {}): NodeArgs => ({
    name,
    address: "192.0.2.11",
    hostKey: "ssh-ed25519 AAAA",
    privateKey: "login key",
    ...more,
});
const web = manifest({
    unit: "web",
    packages: ["nginx"],
    files: [{ path: "/etc/x", mode: "0644", owner: "root:root", content: "line\n", onChange: [] }],
});
const ON_HOST = `/var/lib/pulumi-ha/engine/${ENGINE_ID}`;
const KEEPER = "project/stack/[0-9a-f]{16}";
const command = (name: string) => registered.find((r) => r.name === name)!.inputs;

describe.each([
    ["preview", true],
    ["update", false],
])("as a %s", (_, preview) => {
    test("apply carries the whole manifest, prepare only what prepares", async () => {
        await deploy(preview, (opts) => new Unit("web-lb1", { node: node("lb1"), manifest: web }, opts));
        expect(parse(command("web-lb1-apply").stdin)).toEqual(web);
        expect(parse(command("web-lb1-prepare").stdin)).toEqual(manifest({ unit: "web", packages: ["nginx"] }));
    });

    test("the engine comes first, once for the units that a component has on a node", async () => {
        await deploy(preview, (opts) => {
            const component = (name: string) => {
                const parent = new pulumi.ComponentResource("a:b:C", name, {}, opts);
                for (const part of ["a", "b"])
                    for (const host of ["lb1", "lb2"])
                        new Unit(`${name}-${host}-${part}`, { node: node(host), manifest: web }, { parent, ...opts });
            };
            component("x");
            component("y");
        });
        const sent = registered.filter(({ inputs }) => inputs.stdin === ENGINE_SCRIPT).map(({ name }) => name);
        expect(sent).toEqual(["x-lb1-a-engine", "x-lb2-a-engine", "y-lb1-a-engine", "y-lb2-a-engine"]);
        expect(dependencies["x-lb2-a-prepare"]).toEqual(["x-lb2-a-engine"]);
        expect(dependencies["y-lb1-b-prepare"]).toEqual(["y-lb1-a-engine"]);
        expect(command("x-lb1-a-engine").create).toMatch(
            RegExp(`^bash -s -- install ${ENGINE_ID} project/stack/[0-9a-f]{16}$`),
        );
        expect(engineIn(ENGINE_SCRIPT)).toBe(ENGINE_FILE);
    });

    test("root gets a shell, another user one by sudo that never asks", async () => {
        await deploy(preview, (opts) => {
            new Unit("a", { node: node("lb1"), manifest: web }, opts);
            new Unit("b", { node: node("lb2", { user: "ops" }), manifest: web }, opts);
        });
        expect(command("a-apply").create).toMatch(RegExp(`^bash ${ON_HOST} apply - ${KEEPER}$`));
        expect(command("b-apply").create).toMatch(RegExp(`^sudo -n bash ${ON_HOST} apply - ${KEEPER}$`));
        expect(command("b-prepare").create).toMatch(
            RegExp(`^sudo -n true \\|\\| \\{.*exit 77; \\}; sudo -n bash ${ON_HOST} prepare - ${KEEPER}$`),
        );
        expect(command("b-apply").delete).toMatch(
            RegExp(
                `^\\[ ! -e /var/lib/pulumi-ha \\] \\|\\| exec sudo -n bash /var/lib/pulumi-ha/engine/newest remove - ${KEEPER}$`,
            ),
        );
        expect(command("b-engine").delete).toMatch(RegExp(`^sudo -n bash -s -- uninstall - ${KEEPER}$`));
    });

    test("another resource is another keeper of the unit on its host", async () => {
        await deploy(preview, (opts) => {
            new Unit("a", { node: node("lb1"), manifest: web }, opts);
            new Unit("b", { node: node("lb1"), manifest: web }, opts);
        });
        const keeper = (name: string) => command(name).create.split(" ").at(-1);
        expect(keeper("a-apply")).not.toBe(keeper("b-apply"));
        expect(keeper("a-prepare")).toBe(keeper("a-apply"));
        expect(command("a-apply").delete.split(" ").at(-1)).toBe(keeper("a-apply"));
    });

    test("fails: a host whose key is neither pinned nor said to be unknown", async () => {
        let message = "";
        await deploy(preview, (opts) => {
            try {
                new Unit("a", { node: node("lb1", { hostKey: undefined }), manifest: web }, opts);
            } catch (error) {
                message = String(error);
            }
            new Unit(
                "b",
                { node: node("lb2", { hostKey: undefined, acceptUnknownHostKey: "a lab" }), manifest: web },
                opts,
            );
        });
        expect(message).toMatch(
            /node lb1: hostKey is missing: pin the host's own with npx pulumi-ha trust.*acceptUnknownHostKey/,
        );
        expect(registered.filter((r) => r.name.startsWith("a-"))).toEqual([]);
        expect(registered.map((r) => r.name)).toContain("b-apply");
    });

    test("rolls: all are prepared at once, each is applied after the one before", async () => {
        await deploy(preview, (opts) => {
            rolling(
                [node("n3"), node("n2"), node("n1")],
                (n, after) => new Unit(`u-${n.name}`, { node: n, manifest: web, after }, opts),
            );
        });
        expect(dependencies["u-n1-prepare"]).toEqual(["u-n1-engine"]);
        expect(dependencies["u-n3-apply"]).toEqual(["u-n3-prepare"]);
        expect(dependencies["u-n2-apply"]).toEqual(["u-n2-prepare", "u-n3-apply"]);
        expect(dependencies["u-n1-apply"]).toEqual(["u-n1-prepare", "u-n2-apply"]);
    });

    test("begins together: each is applied when all are prepared", async () => {
        await deploy(preview, (opts) => {
            together(
                [node("n1"), node("n2")],
                (n, beside) => new Unit(`u-${n.name}`, { node: n, manifest: web, beside }, opts),
            );
        });
        for (const name of ["n1", "n2"]) {
            expect(dependencies[`u-${name}-prepare`]).toEqual([`u-${name}-engine`]);
            expect(dependencies[`u-${name}-apply`]!.sort()).toEqual(["u-n1-prepare", "u-n2-prepare"]);
        }
    });

    test("credentials travel in prepare's stdin alone, as a secret", async () => {
        const value = "p$ss'w\"ord\n";
        await deploy(
            preview,
            (opts) => new Unit("db", { node: node("n1"), manifest: web, credentials: { "db.key": value } }, opts),
        );
        const { stdin } = command("db-prepare");
        expect(stdin[SECRET]).toBeDefined();
        expect(stdin.value).toContain(`credential db.key\n| ${Buffer.from(value).toString("base64")}\n`);
        const elsewhere = registered.map((r) => (r.name === "db-prepare" ? { ...r.inputs, stdin: "" } : r.inputs));
        expect(JSON.stringify(elsewhere)).not.toContain(Buffer.from(value).toString("base64"));
        expect(JSON.stringify(elsewhere)).not.toContain(JSON.stringify(value).slice(1, -1));
        expect(typeof command("db-apply").stdin).toBe("string");
    });

    test("the login key is secret and the host key pinned", async () => {
        await deploy(preview, (opts) => new Unit("web-lb1", { node: node("lb1"), manifest: web }, opts));
        const connection = command("web-lb1-apply").connection;
        expect(connection.value ?? connection).toMatchObject({ host: "192.0.2.11", hostKey: "ssh-ed25519 AAAA" });
        expect(JSON.stringify(connection)).toContain(SECRET);
        expect(JSON.stringify(registered.filter((r) => !r.type.startsWith("command:")))).not.toContain("login key");
    });

    test("nothing but the credentials changes the digest, and nothing else of apply", async () => {
        const launch = async (value: string) => {
            registered = [];
            await deploy(
                preview,
                (opts) => new Unit("db", { node: node("n1"), manifest: web, credentials: { key: value } }, opts),
            );
            return command("db-apply");
        };
        const [a, b, again] = [await launch("a"), await launch("b"), await launch("a")];
        expect(again).toEqual(a);
        expect(b.stdin).toBe(a.stdin);
        if (!preview) expect(b.create).not.toBe(a.create);
        if (!preview) expect(a.create).toMatch(RegExp(`^bash ${ON_HOST} apply [0-9a-f]{16} project`));
    });
});
