import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { attempt } from "../run";
import { imageFiles } from "./image";

/** How a machine's processor is made: by this one's (KVM), or in software, ten times slower. */
export const Accelerator = { kvm: "kvm", tcg: "tcg" } as const;
/** One of the ways to make a processor. */
export type Accelerator = (typeof Accelerator)[keyof typeof Accelerator];

/** QEMU's arguments for each. `rdrand` gives the guest its randomness at once. */
export const PROCESSOR: Record<Accelerator, string[]> = {
    kvm: ["-accel", "kvm", "-cpu", "host"],
    tcg: ["-accel", "tcg,thread=multi", "-cpu", "Nehalem,+rdrand"],
};

/** Programs that machines need on this one, and the Debian packages they come from. */
export const VM_PROGRAMS: Record<string, string> = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mkfs.ext4": "e2fsprogs",
    cpio: "cpio",
    lz4: "lz4",
};

const DEVICE = "/dev/kvm";
/** Seconds within which a kernel under KVM has started its first program; it takes one where nothing else is busy. */
const PROBE_SECONDS = 10;

const Verdict = z.object({ boot: z.string(), works: z.boolean() });

const bootId = (): string => fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

function known(file: string): boolean | undefined {
    try {
        const verdict = Verdict.parse(JSON.parse(fs.readFileSync(file, "utf8")));
        return verdict.boot === bootId() ? verdict.works : undefined;
    } catch {
        return undefined;
    }
}

/**
 * KVM where a kernel really starts under it: on some nested machines the device is there and answers, and every guest hangs. Found out once
 * per boot of this machine.
 */
export async function accelerator(
    image: string,
    progress: (line: string) => void = () => undefined,
): Promise<Accelerator> {
    if (!fs.existsSync(DEVICE)) return Accelerator.tcg;
    const file = path.join(path.dirname(image), "kvm.json");
    const found = known(file);
    const works = found ?? (await startsUnderKvm(image));
    if (found === undefined) {
        fs.writeFileSync(file, JSON.stringify({ boot: bootId(), works }));
        if (!works) progress("KVM does not work here: machines run in emulation, ten times slower");
    }
    return works ? Accelerator.kvm : Accelerator.tcg;
}

async function startsUnderKvm(image: string): Promise<boolean> {
    const { kernel, initrd } = imageFiles(image);
    const ran = await attempt(
        [
            ...["timeout", "--signal=KILL", String(PROBE_SECONDS)],
            ...["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc"],
            ...[...PROCESSOR.kvm, "-m", "256", "-no-reboot", "-kernel", kernel, "-initrd", initrd],
            ...["-append", "lab.probe quiet"],
        ],
        { timeoutSeconds: PROBE_SECONDS + 5 },
    );
    return ran.code === 0;
}
