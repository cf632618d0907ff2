import { findingsOf } from "../../../cli/drift/findings";
import { evidenceIn } from "../../../cli/fleet/answer";
import { reload } from "../../../remote/manifest";
import type { ManagedFile, ManifestParts } from "../../../remote/manifest";
import { END, inOrder, onlyUnit, told } from "./fleet-state";

export const CONF = "/etc/front/front.conf";
export const SERVICE = "front.service";
export const UNIT = "vip-front";
export const TOUCHED = Date.parse("2026-11-21T10:00:00Z") / 1000;

/** A file of the unit. */
export const conf = (parts: Partial<ManagedFile> = {}): ManagedFile => ({
    path: CONF,
    mode: "0640",
    owner: "root:root",
    content: "a\nb\nc\n",
    onChange: [reload(SERVICE)],
    ...parts,
});
/** The unit. */
export const parts: ManifestParts = {
    unit: UNIT,
    packages: ["front>=1.9|back", "pinned=1.2-3"],
    directories: [{ path: "/etc/front", mode: "0755", owner: "root:root" }],
    files: [conf()],
    services: [{ name: SERVICE, enabled: true, running: true }],
};

const hex = (text: string | Buffer): string => Buffer.from(text).toString("hex");
/** What lies in the place of the file. */
export const content = (text: string, kind = "whole", bytes = text.length) =>
    `content\t${CONF}\t${kind}\t${bytes}\t${hex(text)}\n`;

/** A host in order, but for what is given instead. */
export const host = (instead: Record<string, string> = {}): string => {
    const all: Record<string, string> = {
        places: `${CONF}\tregular file\t0640\troot:root\t6\t${TOUCHED}.5\n/etc/front\tdirectory\t0755\troot:root\t4096\t${TOUCHED}.5\n`,
        files: `verdict\t${CONF}\tsame\n`,
        packages: "front\tinstalled\t2.0\npinned\tinstalled\t1.2-3\n",
        services: service(),
        ...instead,
    };
    const order = instead.ours ?? inOrder(UNIT);
    const names: Record<string, string> = {
        files: UNIT,
        record: UNIT,
        check: UNIT,
        health: UNIT,
        link: CONF,
        program: "77",
    };
    const lines = Object.entries(all).filter(([kind]) => kind !== "ours");
    return lines.map(([kind, text]) => told(kind, names[kind] ?? "-", text)).join("") + order + END;
};
/** Its service, in order but for a change. */
export function service(change: Record<string, string> = {}): string {
    const state = {
        Id: SERVICE,
        LoadState: "loaded",
        ActiveState: "active",
        UnitFileState: "enabled",
        NeedDaemonReload: "no",
        MainPID: "77",
        Result: "success",
        NRestarts: "0",
        ActiveEnterTimestamp: "Sat 2026-11-21 09:00:00.000000 UTC",
        StateChangeTimestamp: "Sat 2026-11-21 10:00:00.700000 UTC",
        ...change,
    };
    return `${SERVICE}\n\n${Object.entries(state)
        .map(([key, value]) => `${key}=${value}`)
        .join("\n")}\n`;
}

/** What is found, as `KIND: SUBJECT: DETAIL [REPAIR]`. */
export const found = (stdout: string, of: ManifestParts = parts) =>
    findingsOf(onlyUnit(of), evidenceIn(stdout)).map(
        ({ kind, subject, detail, repair }) => `${kind}: ${subject}: ${detail} [${repair}]`,
    );
