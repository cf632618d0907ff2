import * as path from "node:path";
import { joined } from "./joined";

/** The host side as it is written: functions only, in a fixed order, so that the same version of the library always sends the same bytes. */
export const ENGINE_SOURCE = joined(path.join(__dirname, "engine"));

/**
 * The host side as it is sent: without indentation, empty lines and lines of comment, which are a quarter of it. Every command carries it, through the
 * provider and into the state. That both say the same is tested, as a text of several lines or a here-document in the sources would not survive this.
 */
export const ENGINE = ENGINE_SOURCE.split("\n")
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("\n");
