import { readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "host", "volume");

/** The script `volume` as one text, from its parts in a fixed order, so that the same version of the library always installs the same bytes. */
export const SCRIPT = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".sh"))
    .sort()
    .map((file) => readFileSync(path.join(FOLDER, file), "utf8"))
    .join("\n");
