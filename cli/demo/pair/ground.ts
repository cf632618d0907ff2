import { setTimeout as pause } from "node:timers/promises";
import { paths } from "../../../components/pacemaker-cluster/paths";
import type { Lab, LabHost } from "../../../lab";
import type { RecordWriter } from "../../../lab/records";
import { until } from "../../wait";
import { MEMBERS, MOUNT_POINT, PAIR } from "./program";

/** What is done to a member's cluster. */
export const CLUSTER = paths.script;

/** Where faults strike. */
export interface Ground {
    lab: Lab;
    /** Without its prefix length. */
    address: string;
    writer: RecordWriter;
}

/** What a script printed on a host; empty where the host is off, or stands still, or the script failed. */
export async function ask(host: LabHost, script: string): Promise<string> {
    try {
        return (await host.exec(["bash", "-c", script])).stdout.trim();
    } catch {
        return "";
    }
}

/**
 * A shell function that says in the words of DRBD 8.4 what the kernel does: version 9 says nothing of a volume in /proc, and its own tool is more work for
 * the machine.
 */
const volumeState = (name: string, minor = 0) => `volume_state() {
    sed -nE 's/^ *${minor}: (cs:[^ ]+ ro:[^ ]+ ds:[^ ]+) .*/\\1/p' /proc/drbd
    grep -q 'version: 8' /proc/drbd || drbdsetup status --verbose ${name} | tr '\\n' ' ' |
        sed -nE 's/^${name} .*role:([A-Za-z]+) .* disk:([A-Za-z]+) .* connection:([A-Za-z]+) role:([A-Za-z]+) .* peer-disk:([A-Za-z]+) .*/cs:\\3 ro:\\1\\/\\4 ds:\\2\\/\\5/; s/^cs:Connecting/cs:WFConnection/; /^cs:/p'
}`;

/** `cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate`; empty where the volume is down. */
export const kernelState = (host: LabHost, name = PAIR, minor = 0): Promise<string> =>
    ask(host, `${volumeState(name, minor)}\nvolume_state`);

/** Milliseconds between two questions to a machine that are little work for it. */
export const ASK_MS = 200;
/** The same for those that take an emulated one seconds of its only processor. */
const REST_MS = 4000;

/** Seconds for a lost machine to start, take part and be brought up to date. */
const WHOLE_SECONDS = 420;

/** Waits until both machines are members, their replicas are alike, and the cluster has nothing left to do; says what it waited for where that is long. */
export async function whole({ lab, writer }: Ground): Promise<void> {
    const check = `${volumeState(PAIR)}\nvolume_state | grep -q 'cs:Connected .* ds:UpToDate/UpToDate' && ${CLUSTER} members && ${CLUSTER} idle && ${CLUSTER} running`;
    let words = "";
    const well = async () => {
        const host = lab.host(writer.server ?? MEMBERS[0]!);
        const ran = await host
            .exec(["bash", "-c", check])
            .catch((error: unknown) => ({ code: 1, stderr: String(error) }));
        words = ran.stderr.trim();
        return ran.code === 0;
    };
    await until("both machines are well", WHOLE_SECONDS, well, REST_MS).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${words}`);
    });
}

/** What more than one machine had at the same time. */
export interface Doubled {
    mounted: number;
    address: number;
}

/** Watches what only one machine may have: the address and the mounted file system, as the machines' kernels see it. */
export class OneOwner {
    private over = false;
    private readonly found: Doubled = { mounted: 0, address: 0 };
    private readonly watching: Promise<void>;

    constructor(private readonly ground: Ground) {
        this.watching = this.watch();
    }

    async stop(): Promise<Doubled> {
        this.over = true;
        await this.watching;
        return this.found;
    }

    private async watch(): Promise<void> {
        while (!this.over) {
            const [first] = [await this.look()];
            // Seen at two instants, what moved between them looks as if it were on both.
            if (first.mounted > 1 || first.address > 1) {
                const second = await this.look();
                if (first.mounted > 1 && second.mounted > 1) this.found.mounted++;
                if (first.address > 1 && second.address > 1) this.found.address++;
            }
            await pause(REST_MS / 2);
        }
    }

    private async look(): Promise<Doubled> {
        const { lab, address } = this.ground;
        const script = `grep -c ' ${MOUNT_POINT} ' /proc/mounts; ip -o address show to ${address} | wc -l`;
        const all = await Promise.all(MEMBERS.map((name) => ask(lab.host(name), script)));
        const rows = all.map((text) => text.split("\n").map(Number));
        return {
            mounted: rows.filter(([mounted]) => mounted === 1).length,
            address: rows.filter(([, held]) => held === 1).length,
        };
    }
}
