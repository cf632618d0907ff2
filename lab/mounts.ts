import * as fs from "node:fs";

/** A mount as this process sees it. */
export interface Mount {
    point: string;
    type: string;
    options: string;
}

/** The mounts that this process sees. */
export const mounts = (): Mount[] =>
    fs
        .readFileSync("/proc/self/mountinfo", "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => {
            const [before, after] = line.split(" - ");
            const [type = "", , options = ""] = (after ?? "").split(" ");
            return { point: unescape((before ?? "").split(" ")[4] ?? ""), type, options };
        });

/** mountinfo writes blanks and the like as octal numbers. */
const unescape = (text: string): string =>
    text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

/** The type of the file system a folder is on: that of the last mounted among the longest mount points above it. */
export function fileSystemOf(dir: string): string {
    const above = mounts().filter(({ point }) => point === "/" || `${dir}/`.startsWith(`${point}/`));
    return above.reduce((deepest, mount) => (mount.point.length >= deepest.point.length ? mount : deepest)).type;
}
