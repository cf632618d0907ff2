import { readFileSync } from "node:fs";
import * as path from "node:path";
import { joined } from "../../remote/joined";

const FOLDER = path.join(__dirname, "host", "member");

/** The script `member` as one text, from its parts in a fixed order, so that the same version of the library always installs the same bytes. */
export const MEMBER = joined(FOLDER);

/** Its function `databases`, for what else asks a host: what users keep in `$DATA`, one a line. */
export const DATABASES = readFileSync(path.join(FOLDER, "4-databases.sh"), "utf8");
