import * as fs from "node:fs";
import * as path from "node:path";
import { type Inventory, readInventory } from "./inventory";
import { Lab } from "./lab";
import { DEFAULTS, HostKind, labDir, type LabOptions, plan } from "./plan";
import { recordedLab } from "./state";

/**
 * The folder of a lab that is there already: the one given; without one that of the lab of that name, wherever it is up.
 * @throws Error where no name is given and the default lab is that of another folder: its hosts are somebody else's.
 */
export function folderOf({ name, dir }: Pick<LabOptions, "name" | "dir">): string {
    const lab = name ?? DEFAULTS.name;
    const here = labDir(lab, dir);
    const recorded = recordedLab(lab)?.dir;
    if (name === undefined && recorded !== undefined && recorded !== here)
        throw new Error(`the lab "${lab}" is that of ${recorded}: give --name ${lab} if you mean it`);
    return dir === undefined ? (recorded ?? here) : here;
}

/**
 * Opens a lab that is up.
 * @throws Error when there is none by that name or in that folder, or as `folderOf` does.
 */
export function labOpen(options: Pick<LabOptions, "name" | "dir"> = {}): Lab {
    const name = options.name ?? DEFAULTS.name;
    const dir = options.dir === undefined ? folderOf(options) : labDir(name, options.dir);
    const inventory = readInventory(dir);
    if (inventory === undefined)
        throw new Error(`no lab "${name}" is up (looked in ${dir}): pulumi-ha lab up brings one up`);
    const { lab: known, subnet, release } = inventory;
    const lab = plan({ name: known, subnet, release, dir }, existing(inventory));
    const bases = {
        [HostKind.container]: readBase(dir, HostKind.container),
        [HostKind.vm]: readBase(dir, HostKind.vm),
    };
    return new Lab(lab, inventory, bases);
}

/**
 * The inventory of the lab where one is up in that folder.
 * @throws Error when a lab of that name is up elsewhere, or another one in that folder.
 */
export function knownLab(options: LabOptions & { name: string }): Inventory | undefined {
    const dir = labDir(options.name, options.dir);
    const record = recordedLab(options.name);
    if (record !== undefined && record.dir !== dir) {
        throw new Error(
            `name: a lab "${options.name}" is up already, in ${record.dir}: choose another name, or --dir ${record.dir}`,
        );
    }
    const known = readInventory(dir);
    if (known !== undefined && known.lab !== options.name) {
        throw new Error(`dir: ${dir} belongs to the lab "${known.lab}": choose another folder`);
    }
    return known;
}

/** The hosts of an inventory as a plan takes them. */
export const existing = (known: Inventory | undefined): { name: string; number: number; kind: HostKind }[] =>
    (known?.hosts ?? []).map(({ name, number, vm }) => ({
        name,
        number,
        kind: vm === undefined ? HostKind.container : HostKind.vm,
    }));

/** Where a lab records what its hosts of each kind lie over. */
export const BASE_RECORDS: Record<HostKind, string> = { [HostKind.container]: "base", [HostKind.vm]: "vm-image" };

/** What a lab records that its hosts of a kind lie over; empty where none does yet. */
export const readBase = (dir: string, kind: HostKind): string => {
    const file = path.join(dir, BASE_RECORDS[kind]);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
};
