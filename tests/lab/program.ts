import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { backendUrl } from "../../cli/local-stack";
import type { Manifest, NodeArgs } from "../../components";
import { monotonicMs } from "../../lab";
import { toolchainEnv } from "../../toolchain";
import type { Bench } from "./support";
import { PROJECT } from "./support";

/** One unit of a program on disk. */
export interface WantedUnit {
    name: string;
    node: NodeArgs;
    manifest: Manifest;
    /** Credentials to generate, by name; another number makes another value. */
    passwords?: Record<string, number>;
}

/** A command of the CLI that came to its end. */
export interface Ended {
    code: number | null;
    seconds: number;
    output: string;
}

/** A command of the CLI that runs. */
export interface Running {
    child: ChildProcess;
    /** What it printed so far. */
    output(): string;
    ended: Promise<Ended>;
}

const SOURCE = `const { readFileSync } = require("node:fs");
const { RandomPassword } = require("@pulumi/random");
const { Unit } = require(${JSON.stringify(path.join(PROJECT, "dist", "components"))});
for (const { name, node, manifest, passwords = {} } of JSON.parse(readFileSync(__dirname + "/units.json", "utf8"))) {
    const credentials = Object.entries(passwords).map(([key, generation]) => [
        key,
        new RandomPassword(name + "-" + key, { length: 24, special: false, keepers: { generation: String(generation) } }).result,
    ]);
    new Unit(name, { node, manifest, ...(credentials.length > 0 ? { credentials: Object.fromEntries(credentials) } : {}) });
}
`;

/** A program on disk with a stack of its own, run by the CLI as a person runs it: what can be killed, and what shows in the list of processes. */
export class Program {
    private constructor(
        /** Folder with Pulumi.yaml. */
        readonly dir: string,
        /** Folder of its backend. */
        readonly backend: string,
        private readonly env: NodeJS.ProcessEnv,
    ) {}

    static async make(bench: Bench, name: string): Promise<Program> {
        const dir = path.join(bench.dir, name);
        const backend = path.join(dir, "backend");
        fs.mkdirSync(backend, { recursive: true });
        fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(dir, "node_modules"));
        fs.writeFileSync(path.join(dir, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\nmain: index.js\n`);
        fs.writeFileSync(path.join(dir, "package.json"), JSON.stringify({ name, main: "index.js" }));
        fs.writeFileSync(path.join(dir, "index.js"), SOURCE);
        const env = {
            ...process.env,
            ...toolchainEnv(PROJECT),
            PULUMI_BACKEND_URL: backendUrl(backend),
            PULUMI_CONFIG_PASSPHRASE: "lab-test",
        };
        const program = new Program(dir, backend, env);
        const { code, output } = await program.run(["stack", "init", "test"]);
        if (code !== 0) throw new Error(output);
        return program;
    }

    want(units: WantedUnit[]): void {
        fs.writeFileSync(path.join(this.dir, "units.json"), JSON.stringify(units), { mode: 0o600 });
    }

    /** Starts a command of the CLI in a process group of its own. */
    start(args: string[]): Running {
        const begin = monotonicMs();
        const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
            cwd: this.dir,
            env: this.env,
            detached: true,
            stdio: ["ignore", "pipe", "pipe"],
        });
        let text = "";
        const take = (piece: string) => void (text += piece);
        child.stdout.setEncoding("utf8").on("data", take);
        child.stderr.setEncoding("utf8").on("data", take);
        const ended = new Promise<Ended>((resolve, reject) => {
            child.once("error", reject);
            child.once("exit", (code) => resolve({ code, seconds: (monotonicMs() - begin) / 1000, output: text }));
        });
        return { child, output: () => text, ended };
    }

    run(args: string[]): Promise<Ended> {
        return this.start(args).ended;
    }

    startUp(): Running {
        return this.start(["up", "--yes", "--skip-preview"]);
    }

    /** An `up` that must succeed. */
    async up(): Promise<Ended> {
        const ended = await this.startUp().ended;
        if (ended.code !== 0) throw new Error(ended.output);
        return ended;
    }
}

/** A process and all that it started and that is still its child or a child's child. */
export function processTree(pid: number): number[] {
    const children = new Map<number, number[]>();
    for (const entry of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        const parent = parentOf(Number(entry));
        if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    }
    const below = (of: number): number[] => [of, ...(children.get(of) ?? []).flatMap(below)];
    return below(pid);
}

function parentOf(pid: number): number | undefined {
    try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return state === "Z" ? undefined : Number(parent);
    } catch {
        return undefined;
    }
}

/** Whether a process is there and not merely waiting to be reaped. */
export const lives = (pid: number): boolean => parentOf(pid) !== undefined;
