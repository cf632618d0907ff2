import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import {
    CertificateAuthority,
    DrbdVolume,
    FileSystem,
    HaPair,
    Impact,
    Unit,
    Witness,
    manifest,
    run,
} from "../../../components";
import type {
    DrbdVersion,
    FencingArgs,
    IpmiFencingArgs,
    ManagedFile,
    NodeArgs,
    SbdFencingArgs,
} from "../../../components";
import type { Lab, LabOptions } from "../../../lab";
import { RECORDER } from "../../../lab/records";

/** The two machines of the pair, the preferred one first. */
export const MEMBERS = ["app1", "app2"];
/** The third host, a container. */
export const WITNESS = "third";
/** The name of the pair, and of all that the cluster makes of it. */
export const PAIR = "files";
export const PORT = 7000;
export const MOUNT_POINT = "/srv/files";
/** What the service writes. */
export const RECORDS = `${MOUNT_POINT}/records`;

/** The hosts of the pair's lab. */
export const LAB: Pick<LabOptions, "hosts" | "vms" | "dataDisk" | "bmc"> = {
    hosts: [WITNESS],
    vms: MEMBERS,
    dataDisk: 100,
    bmc: true,
};

/** A machine that is emulated stands still for seconds when its host is busy. */
const TOKEN_SECONDS = 5;
const SETTLE_SECONDS = 270;

/** More than the 15 s for which members wait for the witness (3 x token). */
export const WATCHDOG_SECONDS = 16;

/** How a machine that is lost is made sure of, by name. */
export const FENCINGS = {
    ipmi: (lab) => ({ ipmi: Object.fromEntries(MEMBERS.map((name) => [name, controller(lab, name)])) }),
    disk: (lab) => ({ sbd: { ...watchdog(lab), disk: machine(lab, MEMBERS[0]!).sharedDisk } }),
    watchdog: (lab) => ({ sbd: watchdog(lab) }),
} satisfies Record<string, (lab: Lab) => FencingArgs>;
export type PairFencing = keyof typeof FENCINGS;

const watchdog = (lab: Lab): SbdFencingArgs => ({
    watchdog: machine(lab, MEMBERS[0]!).watchdog,
    watchdogTimeoutSeconds: WATCHDOG_SECONDS,
});

/** A pair whose service keeps records on a replicated volume, on the lab's two machines: authority, witness, volume, service, pair. */
export const pairProgram =
    (lab: Lab, address: string, fencing: PairFencing = "ipmi", version?: DrbdVersion): PulumiFn =>
    () => {
        const node = (name: string) => nodeOf(lab, name);
        const nodes = MEMBERS.map(node);
        const links = Object.fromEntries(MEMBERS.map((name) => [name, machine(lab, name).replication.address]));
        const ca = new CertificateAuthority("ca", { organization: "Example" });
        const witness = new Witness("witness", { node: node(WITNESS), issuer: ca.issuer });
        const data = new DrbdVolume(PAIR, {
            nodes,
            device: machine(lab, MEMBERS[0]!).dataDisk,
            version,
            mountPoint: MOUNT_POINT,
            fileSystem: FileSystem.Ext4,
            replicationAddresses: links,
            resync: { mebibytesPerSecond: 40 },
            verify: "",
        });
        const service = nodes.map((n) => new Unit(`recorder-${n.name}`, { node: n, manifest: recorder() }));
        const pair = new HaPair(
            PAIR,
            {
                nodes,
                address,
                volume: data.volume,
                services: { recorder: { systemdUnit: "recorder.service", port: PORT } },
                witness: witness.vote,
                links,
                tokenSeconds: TOKEN_SECONDS,
                settleSeconds: SETTLE_SECONDS,
                fencing: FENCINGS[fencing](lab),
            },
            { dependsOn: service },
        );
        return Promise.resolve({ failover: pair.failover, endpoints: pair.endpoints });
    };

/** A lab's host as components take it. */
function nodeOf(lab: Lab, name: string): NodeArgs {
    const { address, interface: card, user, port, hostKey } = lab.host(name).inventory;
    const privateKey = fs.readFileSync(path.resolve(lab.plan.dir, lab.inventory.loginKey), "utf8");
    return { name, address, interface: card, user, port, hostKey, privateKey };
}

function machine(lab: Lab, name: string) {
    const { vm } = lab.host(name).inventory;
    if (vm === undefined) throw new Error(`${name} has no kernel of its own: the pair needs machines, made with --vms`);
    return vm;
}

/** A lab host's management controller as components take it. */
export function controller(lab: Lab, name: string): IpmiFencingArgs {
    const { bmc } = lab.host(name).inventory;
    if (bmc === undefined)
        throw new Error(`${name} has no management controller: the pair needs them, made with --bmc`);
    const { address, port, user, passwordFile } = bmc;
    // The lab's controllers know at once that a host is off.
    return {
        address,
        port,
        user,
        password: pulumi.secret(fs.readFileSync(passwordFile, "utf8")),
        powerWaitSeconds: 0,
        independentPower: true,
    };
}

const SERVICE = `[Unit]
Description=Keeper of records

[Service]
ExecStart=/usr/local/bin/recorder ${RECORDS} ${PORT}
`;

/**
 * An emulated machine is back in ten seconds, and an agent's call takes as long: it would join while the other one still takes over, which begins anew
 * then. One of hardware is not back before a minute.
 */
const BOOT_SECONDS = 60;
const LATE = "/etc/systemd/system/corosync.service.d";
const STARTS_LATE = `[Service]
ExecStartPre=/bin/sh -c 'while [ $(cut -d. -f1 /proc/uptime) -lt ${BOOT_SECONDS} ]; do sleep 1; done'
`;

const file = (where: string, mode: string, content: string, onChange: ManagedFile["onChange"] = []): ManagedFile => ({
    path: where,
    mode,
    owner: "root:root",
    content,
    onChange,
});

const again = [run("systemctl try-restart recorder.service", Impact.Restart, 1)];

const recorder = () =>
    manifest({
        unit: "recorder",
        directories: [{ path: LATE, mode: "0755", owner: "root:root" }],
        files: [
            file("/usr/local/bin/recorder", "0755", RECORDER, again),
            file("/etc/systemd/system/recorder.service", "0644", SERVICE, again),
            file(`${LATE}/late.conf`, "0644", STARTS_LATE),
        ],
    });
