import * as fs from "node:fs";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..", "..");
const BUILT = path.join(ROOT, "dist", "cli", "index.js");

const newest = (dir: string, suffix: string): number =>
    fs.existsSync(dir)
        ? Math.max(
              ...fs
                  .readdirSync(dir)
                  .filter((file) => file.endsWith(suffix))
                  .map((file) => fs.statSync(path.join(dir, file)).mtimeMs),
          )
        : 0;

const isBuilt = ["cli", "lab"].every(
    (room) => newest(path.join(ROOT, "dist", room), ".js") > newest(path.join(ROOT, room), ".ts"),
);

/** Node's arguments for this repository's program: the built one, or, where that is out of date, its source, which takes seconds to start. */
export const CLI: string[] = isBuilt
    ? [BUILT]
    : ["-r", require.resolve("ts-node/register/transpile-only"), path.join(ROOT, "cli", "index.ts")];
