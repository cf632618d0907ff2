import { readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "engine");

/** The host side as it is written: functions only, in a fixed order, so that the same version of the library always sends the same bytes. */
export const ENGINE_SOURCE = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".sh"))
    .sort()
    .map((file) => readFileSync(path.join(FOLDER, file), "utf8"))
    .join("\n");

/**
 * The host side as it is sent: without indentation, empty lines and lines of comment, which are a quarter of it. Every command carries it, through the
 * provider and into the state. That both say the same is tested, as a text of several lines or a here-document in the sources would not survive this.
 */
export const ENGINE = ENGINE_SOURCE.split("\n")
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("\n");
