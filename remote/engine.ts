import { readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "engine");

/** The host side as one text: functions only, in a fixed order, so that the same version of the library always sends the same bytes. */
export const ENGINE = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".sh"))
    .sort()
    .map((file) => readFileSync(path.join(FOLDER, file), "utf8"))
    .join("\n");
