import { readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "host", "member");

/** The script `member` as one text, from its parts in a fixed order, so that the same version of the library always installs the same bytes. */
export const MEMBER = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".sh"))
    .sort()
    .map((file) => readFileSync(path.join(FOLDER, file), "utf8"))
    .join("\n");
