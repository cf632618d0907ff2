import * as path from "node:path";
import { joined } from "../../remote/joined";

/** The script `volume` as one text, from its parts in a fixed order, so that the same version of the library always installs the same bytes. */
export const SCRIPT = joined(path.join(__dirname, "host", "volume"));
