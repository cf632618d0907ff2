import { ENGINE_ID, enginePath } from "../../remote/engine";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { placeholder, reload } from "../../components";
import type { Manifest } from "../../components";
import { beacon, held } from "./beacon";
import { Program } from "./program";
import type { Ended, WantedUnit } from "./program";
import { Bench, onHost } from "./support";

jest.setTimeout(180_000);

const SECRET_FILE = "/etc/beacon/secret.conf";
const WHOLE_FILE = "/etc/beacon/key";

/** Notes the command line and the environment of every process, the hosts' included, until its input ends; then prints them. */
const SAMPLER = `
const fs = require("node:fs");
const seen = new Set();
let rounds = 0;
function look() {
    for (const pid of fs.readdirSync("/proc"))
        if (/^[0-9]+$/.test(pid))
            for (const file of ["cmdline", "environ"])
                try { seen.add(fs.readFileSync("/proc/" + pid + "/" + file, "latin1")); } catch {}
    rounds++;
}
const timer = setInterval(look, 10);
process.stdin.on("end", () => { clearInterval(timer); process.stdout.write(JSON.stringify({ rounds, seen: [...seen] })); });
process.stdin.resume();
`;

/** What the list of processes showed while some work was done. */
async function sampled(work: () => Promise<unknown>): Promise<{ rounds: number; seen: string[] }> {
    const child = spawn(process.execPath, ["-e", SAMPLER], { stdio: ["pipe", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    const closed = new Promise((resolve) => child.once("close", resolve));
    try {
        await work();
    } finally {
        child.stdin.end();
        await closed;
    }
    return JSON.parse(text) as { rounds: number; seen: string[] };
}

const filesBelow = (dir: string): string[] =>
    fs
        .readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name));

let bench: Bench;
beforeAll(async () => {
    bench = await Bench.up("t-upcred", "10.96.1.0/24", ["one"]);
});
afterAll(async () => bench.down());

describe("a generated password", () => {
    const host = () => bench.host("one");
    const secret = { mode: "0600", owner: "root:root", onChange: [reload("beacon.service")] };
    const withSecret = (validators: Manifest["validators"] = []): Manifest => {
        const plain = beacon({
            more: {
                files: [
                    {
                        ...secret,
                        path: SECRET_FILE,
                        content: `user=x\npassword=${placeholder("word")}\n`,
                        fill: ["word"],
                    },
                    { ...secret, path: WHOLE_FILE, content: "", credential: "word" },
                ],
            },
        });
        return { ...plain, validators: [...plain.validators, ...validators] };
    };
    const units = (generation: number, validators?: Manifest["validators"]): WantedUnit[] => {
        const node = bench.node("one");
        return [
            { name: "beacon", node, manifest: withSecret(validators), passwords: { word: generation } },
            { name: "lamp", node, manifest: beacon({ name: "lamp" }) },
        ];
    };
    const value = async () => (await onHost(host(), `cat ${WHOLE_FILE}`)).trim();

    const values: string[] = [];
    const printed: string[] = [];
    const processes: string[] = [];
    let program: Program;

    /** A command of the CLI, with what it prints and what shows of it in the list of processes kept for the end. */
    const run = async (args: string[]): Promise<Ended> => {
        let ended: Ended | undefined;
        const { rounds, seen } = await sampled(async () => (ended = await program.run(args)));
        printed.push(ended!.output);
        processes.push(...seen);
        process.stdout.write(`${args[0]}: processes sampled ${rounds} times, ${seen.length} different texts\n`);
        return ended!;
    };
    const up = async () => {
        const ended = await run(["up", "--yes", "--skip-preview"]);
        if (ended.code !== 0) throw new Error(ended.output);
        return ended;
    };

    beforeAll(async () => {
        program = await Program.make(bench, "credentials");
    });

    test("arrives, as a whole file and inside one", async () => {
        program.want(units(1));
        await run(["preview", "--diff"]);
        await up();
        values.push(await value());
        expect(values[0]).toMatch(/^[A-Za-z0-9]{24}$/);
        expect(await onHost(host(), `cat ${SECRET_FILE}; stat -c '%a %U' ${SECRET_FILE} ${WHOLE_FILE}`)).toBe(
            `user=x\npassword=${values[0]}\n600 root\n600 root\n`,
        );
    });

    test("that is rotated is applied again to the one unit that uses it", async () => {
        const before = await Promise.all([held(host(), "beacon"), held(host(), "lamp")]);
        program.want(units(2));
        const shown = await run(["preview", "--diff"]);
        expect(shown.output).not.toContain("lamp");
        const { output } = await up();
        values.push(await value());
        expect(values[1]).not.toBe(values[0]);
        expect(await onHost(host(), `cat ${SECRET_FILE}`)).toBe(`user=x\npassword=${values[1]}\n`);
        expect(output).toMatch(/beacon-prepare updated/);
        expect(output).toMatch(/beacon-apply updated/);
        expect(output).not.toMatch(/lamp-\w+ (updated|created)/);
        expect(await Promise.all([held(host(), "beacon"), held(host(), "lamp")])).toEqual(before);
        expect(await onHost(host(), "ls /etc/pulumi-ha/credentials/beacon | wc -l")).toBe("1\n");
    });

    test("fails: a validator that quotes it, without showing it", async () => {
        program.want(units(2, [{ name: "a tool that quotes its file", command: `cat ${SECRET_FILE} >&2; false` }]));
        await onHost(host(), `echo edited >>${SECRET_FILE}`);
        const ended = await run(["up", "--yes", "--skip-preview"]);
        expect(ended.code).not.toBe(0);
        expect(ended.output).toContain("not accepted: a tool that quotes its file");
        expect(ended.output).toContain("password=***");
        program.want(units(2));
        await up();
    });

    test("is nowhere but in the files that are for it", async () => {
        const key = bench.node("one").privateKey as string;
        const forms = [...values, ...values.map((word) => Buffer.from(word).toString("base64").replace(/=+$/, ""))];
        const secrets = [...forms, key.split("\n")[1]!];
        const holding = (texts: string[]) => texts.filter((text) => secrets.some((word) => text.includes(word)));

        expect(holding(printed)).toEqual([]);
        // What was sampled is there: both sides' view of the same launcher, and of the program.
        for (const part of [
            `sudo\0-n\0bash\0${enginePath(ENGINE_ID)}\0apply\0`,
            "plugins/command/index.js",
            "PULUMI_CONFIG_PASSPHRASE=",
        ])
            expect(processes.some((text) => text.includes(part))).toBe(true);
        expect(holding(processes)).toEqual([]);

        const state = filesBelow(program.backend);
        expect(state.length).toBeGreaterThan(2);
        expect(state.filter((file) => holding([fs.readFileSync(file, "latin1")]).length > 0)).toEqual([]);

        const journal = await onHost(host(), "journalctl --sync; journalctl -b -o export");
        expect(journal).toContain(`${enginePath(ENGINE_ID)} apply`);
        expect(holding([journal])).toEqual([]);

        const found = await host().exec(["grep", "-rlF", "-f", "-", "/etc", "/var", "/run", "/tmp", "/root", "/home"], {
            input: forms.map((word) => `${word}\n`).join(""),
        });
        expect(found.stdout.trimEnd().split("\n").sort()).toEqual([
            WHOLE_FILE,
            SECRET_FILE,
            expect.stringMatching(/^\/etc\/pulumi-ha\/credentials\/beacon\/[0-9a-f]{16}\/word$/),
        ]);
    });

    test("leaves the host with the unit", async () => {
        expect(await run(["destroy", "--yes"])).toMatchObject({ code: 0 });
        const found = await host().exec(["grep", "-rlF", "-f", "-", "/etc", "/var", "/run", "/tmp", "/root", "/home"], {
            input: `${values[1]}\n`,
        });
        expect(found.stdout).toBe("");
        expect(await onHost(host(), "ls -d /etc/pulumi-ha 2>/dev/null || true")).toBe("");
    });
});
