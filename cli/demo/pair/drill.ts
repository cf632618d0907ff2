import type { Fault } from "../../../components";
import type { LabHost } from "../../../lab";
import { monotonicMs } from "../../../lab";
import type { PairFault, Sides } from "./faults";
import { until } from "../../wait";
import { ASK_MS, OneOwner, ask, whole } from "./ground";
import type { Doubled, Ground } from "./ground";
import { MEMBERS, MOUNT_POINT } from "./program";
import { termsOn } from "./terms";
import type { Terms } from "./terms";

/** What came of a fault. */
export interface Struck {
    title: string;
    fault: Fault | undefined;
    /** Who served before, and after. */
    from: string;
    to: string;
    /** The longest time without an acknowledged record, until it was served again. */
    gapSeconds: number;
    /** How often two had at once what only one may have. */
    doubled: Doubled;
    /** Whether what a second writer in the lost machine had written stayed as it was when the other one took over; undefined without one. */
    untouched: boolean | undefined;
    /** What its terms took; undefined where the same machine serves. */
    terms: Terms | undefined;
    /** From the fault until both machines were well again; undefined where that was not waited for. */
    wholeSeconds: number | undefined;
}

/** How far a drill goes: until clients are served again, or until both machines are well. */
export const DrillEnd = { Served: "served", Well: "well" } as const;
/** One of the ends of a drill. */
export type DrillEnd = (typeof DrillEnd)[keyof typeof DrillEnd];

/** The longest that clients may be left waiting before a drill has failed. */
const PATIENCE_SECONDS = 300;

const INTRUDER = `${MOUNT_POINT}/intruder`;
/** Writes to the mounted file system itself, past the service and its address, for as long as the machine lives. */
const INTRUDE = `systemctl stop intruder 2>/dev/null
systemd-run --quiet --collect --unit=intruder perl -MIO::Handle -e 'open(F, ">>", "${INTRUDER}") or die; for (my $n = 1; ; $n++) { print F "$n\\n"; F->flush; F->sync; select(undef, undef, undef, 0.1) }'`;
const intruded = (host: LabHost): Promise<string> => ask(host, `sha256sum <${INTRUDER}; wc -l <${INTRUDER}`);

/** One fault under a client that writes. */
export async function drill(
    ground: Ground,
    fault: PairFault,
    say: (text: string) => void,
    end: DrillEnd = DrillEnd.Well,
): Promise<Struck> {
    const { writer, lab } = ground;
    await until("a record is acknowledged", PATIENCE_SECONDS, () => writer.server !== undefined);
    const from = writer.server!;
    const sides: Sides = { active: lab.host(from), other: lab.host(MEMBERS.find((name) => name !== from)!) };
    const felt = fault.felt ?? (() => Promise.resolve(writer.server === sides.other.name));
    say(`${fault.title}: ${from}`);
    if (fault.intrude) {
        await ask(sides.active, INTRUDE);
        await until(
            "the second writer has written",
            60,
            async () => (await intruded(sides.active)).length > 64,
            ASK_MS,
        );
    }
    const owner = new OneOwner(ground);
    try {
        const sinceMs = monotonicMs();
        await fault.strike(sides, ground);
        await until("the fault has its effect", PATIENCE_SECONDS, () => felt(sides, ground), ASK_MS);
        const feltMs = monotonicMs();
        await until(
            "records are acknowledged again",
            PATIENCE_SECONDS,
            () => writer.acknowledged.at(-1)!.atMs > feltMs,
        );
        let gapSeconds = writer.gapSeconds(sinceMs);
        let to = writer.server!;
        const terms = to === from ? undefined : await termsOn(lab.host(to), sinceMs);
        const left = fault.intrude ? await intruded(lab.host(to)) : "";
        say(`${fault.title}: ${to} serves, after ${gapSeconds.toFixed(1)} s`);
        let wholeSeconds: number | undefined;
        if (end === DrillEnd.Well) {
            await fault.mend?.(sides, ground);
            await whole(ground);
            wholeSeconds = (monotonicMs() - sinceMs) / 1000;
            // What died may be missed only after a record more; what a person does afterwards is not the fault's.
            if (fault.mend === undefined) {
                gapSeconds = writer.gapSeconds(sinceMs);
                to = writer.server!;
            }
            say(`${fault.title}: both are well after ${wholeSeconds.toFixed(0)} s`);
        }
        const untouched = fault.intrude
            ? left.length > 64 && left === (await intruded(lab.host(writer.server!)))
            : undefined;
        return {
            title: fault.title,
            fault: fault.fault,
            from,
            to,
            gapSeconds,
            doubled: await owner.stop(),
            untouched,
            terms,
            wholeSeconds,
        };
    } finally {
        await owner.stop();
    }
}
