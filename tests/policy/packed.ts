import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../stack";

/** What the pack depends on, besides itself. */
const DEPENDENCIES = ["@pulumi", "ipaddr.js"];

/** The pack as a user has it: packed, and unpacked in `node_modules` of a folder, with its dependencies and no compiler. */
export function installed(dir: string): string {
    const modules = path.join(dir, "node_modules");
    const place = path.join(modules, "pulumi-ha-policy");
    mkdirSync(place, { recursive: true });
    const npm = ["pack", "--ignore-scripts", "--silent", "--pack-destination", dir];
    const tarball = execFileSync("npm", npm, {
        cwd: path.join(PROJECT, "policy"),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
    });
    execFileSync("tar", ["-xzf", path.join(dir, tarball.trim()), "-C", place, "--strip-components=1"]);
    for (const name of DEPENDENCIES) symlinkSync(path.join(PROJECT, "node_modules", name), path.join(modules, name));
    return place;
}
