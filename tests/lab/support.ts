import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import type { NodeArgs } from "../../components";
import { labDown, labUp, Release } from "../../lab";
import type { Lab, LabHost, LabOptions } from "../../lab";
import { backendUrl } from "../../cli/local-stack";
import { toolchainEnv } from "../../toolchain";

export const PROJECT = path.join(__dirname, "..", "..");

/** The release that the hosts of all benches run. */
export const RELEASE = (process.env["PULUMI_HA_LAB_RELEASE"] ?? Release.bookworm) as Release;

/** A lab of its own for a test file: hosts to reach as nodes, and stacks on them. Everything goes away with `down`. */
export class Bench {
    private readonly stacks: Stack[] = [];

    private constructor(
        readonly lab: Lab,
        /** Scratch, with the stacks' backend in `state`. */
        readonly dir: string,
    ) {}

    /** @param subnet one that no other test file uses. */
    static async up(
        name: string,
        subnet: string,
        hosts: string[],
        more: Pick<LabOptions, "vms" | "dataDisk" | "bmc"> = {},
    ): Promise<Bench> {
        const dir = mkdtempSync(path.join(tmpdir(), `${name}-`));
        mkdirSync(path.join(dir, "state"));
        const options: LabOptions = { name, subnet, hosts, release: RELEASE, ...more, dir: path.join(dir, "lab") };
        return new Bench(await labUp(options), dir);
    }

    host(name: string): LabHost {
        return this.lab.host(name);
    }

    /** A host as components take it. */
    node(name: string, more: Partial<NodeArgs> = {}): NodeArgs {
        const { address, address6, interface: card, user, port, hostKey } = this.host(name).inventory;
        const privateKey = readFileSync(path.resolve(this.lab.plan.dir, this.lab.inventory.loginKey), "utf8");
        return { name, address, address6, interface: card, user, port, hostKey, privateKey, ...more };
    }

    /** A stack of an inline program on the file backend. */
    async stack(name: string, program: PulumiFn): Promise<Stack> {
        const backend = path.join(this.dir, "state");
        const stack = await LocalWorkspace.createOrSelectStack(
            { stackName: name, projectName: "lab-test", program },
            {
                pulumiCommand: await PulumiCommand.get({
                    root: path.join(PROJECT, ".pulumi-ha"),
                    skipVersionCheck: true,
                }),
                projectSettings: { name: "lab-test", runtime: "nodejs", backend: { url: backendUrl(backend) } },
                envVars: {
                    ...toolchainEnv(PROJECT),
                    PULUMI_CONFIG_PASSPHRASE: "lab-test",
                    PULUMI_BACKEND_URL: backendUrl(backend),
                },
            },
        );
        this.stacks.push(stack);
        return stack;
    }

    async down(): Promise<void> {
        await labDown({ name: this.lab.name, dir: this.lab.plan.dir });
        rmSync(this.dir, { recursive: true, force: true });
    }
}

/** What a host printed; throws when the command fails. */
export async function onHost(host: LabHost, script: string): Promise<string> {
    const ran = await host.exec(["bash", "-c", script]);
    if (ran.code !== 0) throw new Error(`${host.name}: ${script}\n${ran.stderr}`);
    return ran.stdout;
}

/** Polls until the answer is wanted. @throws with the last answer when it is not by then. */
export async function until<T>(
    what: string,
    seconds: number,
    ask: () => Promise<T>,
    wanted: (answer: T) => boolean,
): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        const answer = await ask();
        if (wanted(answer)) return answer;
        if (Date.now() > deadline) throw new Error(`${what}: not after ${seconds} s; last: ${JSON.stringify(answer)}`);
        await pause(50);
    }
}
