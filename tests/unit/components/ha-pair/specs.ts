import type * as pulumi from "@pulumi/pulumi";
import { Promotion } from "../../../../components/shared/volume";
import { toSpec } from "../../../../components/ha-pair/spec";
import type { PairSpec, PairWishes } from "../../../../components/ha-pair/spec";

const node = (name: string, last: number) => ({ name, address: `10.77.0.${last}`, interface: "eth0" });

export const app1 = node("app1", 31);
export const app2 = node("app2", 32);

/** As a `DrbdVolume` hands it on. */
export const volume = {
    resource: "files",
    device: "/dev/drbd0",
    fileSystem: "xfs",
    mountPoint: "/srv/files",
    nodes: ["app1", "app2"],
    promotion: Promotion.Pacemaker,
};

/** Two nodes, a web server, and what a test says. */
export const wishes = (parts: Partial<pulumi.Unwrap<PairWishes>> = {}): pulumi.Unwrap<PairWishes> => ({
    nodes: [app1, app2],
    address: "10.77.0.101/24",
    services: { web: { preset: "nginx" } },
    witness: false,
    fenced: false,
    ...parts,
});

/** What a pair with a volume needs beside. */
export const safe = { volume, witness: true, fenced: true };

export const spec = (parts: Partial<pulumi.Unwrap<PairWishes>> = {}): PairSpec => toSpec("files", wishes(parts));
