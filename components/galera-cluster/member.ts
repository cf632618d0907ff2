import * as path from "node:path";
import { joined } from "../../remote/joined";

/** The script `member` as one text, from its parts in a fixed order, so that the same version of the library always installs the same bytes. */
export const MEMBER = joined(path.join(__dirname, "host", "member"));
