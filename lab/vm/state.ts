import * as fs from "node:fs";
import * as path from "node:path";
import type { HostPlan, LabPlan } from "../plan";
import { run, until } from "../run";
import { guestPaths, runOn, startMachine } from "./guest";
import { type Conversation, qmp } from "./qmp";

/** The file with a machine's memory and devices in the folder of a saved host. */
const MEMORY = "memory";
/** Seconds that writing or reading a machine's memory may take. */
const SECONDS = 120;

const talk = <T>(lab: LabPlan, host: HostPlan, what: (line: Conversation) => Promise<T>): Promise<T> =>
    qmp(guestPaths(lab, host.name).qmp, what, SECONDS);

/** Stops a machine's processor and clock, unlike a pause, in which its clock runs on. */
export const stop = (lab: LabPlan, host: HostPlan): Promise<unknown> => talk(lab, host, (line) => line.call("stop"));

/** Lets a stopped machine go on. */
export const go = (lab: LabPlan, host: HostPlan): Promise<unknown> => talk(lab, host, (line) => line.call("cont"));

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Copies a file or folder with all its attributes, and without its holes. */
export const copy = (from: string, to: string): Promise<string> =>
    run(["cp", "-a", "--reflink=auto", "--sparse=always", from, to], { timeoutSeconds: 600 });

/** Writes a stopped machine's memory and disks into a folder. */
export async function saveMachine(lab: LabPlan, host: HostPlan, dir: string): Promise<void> {
    const paths = guestPaths(lab, host.name);
    fs.mkdirSync(dir, { recursive: true });
    await talk(lab, host, async (line) => {
        // More than any disk takes: the default of 1 Gbit/s is meant for a network.
        await line.call("migrate-set-parameters", { "max-bandwidth": 20e9 });
        await line.call("migrate", { uri: `exec:cat >${quoted(path.join(dir, MEMORY))}` });
        const outcome = await until(
            async () => {
                const { status } = (await line.call("query-migrate")) as { status?: string };
                return ["completed", "failed", "cancelled"].find((end) => end === status);
            },
            { seconds: SECONDS },
        );
        if (outcome !== "completed")
            throw new Error(`${host.name}: its memory can't be saved: ${outcome ?? "too slow"}`);
    });
    for (const part of [paths.identity, paths.root, paths.data]) await copy(part, path.join(dir, path.basename(part)));
}

/** Puts a saved machine's disks in place. */
export async function unpackMachine(lab: Pick<LabPlan, "dir" | "name">, host: string, dir: string): Promise<void> {
    const paths = guestPaths(lab, host);
    fs.mkdirSync(paths.dir, { recursive: true });
    for (const part of [paths.identity, paths.root, paths.data]) await copy(path.join(dir, path.basename(part)), part);
}

/** Starts a machine as it was saved. Returns once its memory is read; `go` lets it go on. */
export async function loadMachine(lab: LabPlan, host: HostPlan, image: string, dir: string): Promise<void> {
    await startMachine(lab, host, image, ["-S", "-incoming", `exec:cat ${quoted(path.join(dir, MEMORY))}`]);
    await talk(lab, host, async (line) => {
        const loaded = await until(
            async () => {
                const { status } = (await line.call("query-status")) as { status: string };
                return status === "inmigrate" ? undefined : true;
            },
            { seconds: SECONDS },
        );
        if (loaded === undefined) throw new Error(`${host.name}: its memory is not read within ${SECONDS} s`);
    });
}

/** Sets the clock of a machine that was stopped: it goes on where it stood. */
export async function setClock(lab: LabPlan, host: HostPlan): Promise<void> {
    const ran = await runOn(lab, host, ["date", "-s", `@${(Date.now() / 1000).toFixed(3)}`], {});
    if (ran.code !== 0) throw new Error(`${host.name}: its clock can't be set: ${ran.stderr.trimEnd()}`);
}
