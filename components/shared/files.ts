import type { ManagedFile } from "../../remote/manifest";

/** A file of root's that no running service has to be told of, unless `parts` says otherwise. */
export const rootFile = (
    path: string,
    mode: string,
    content: string,
    parts: Partial<ManagedFile> = {},
): ManagedFile => ({ path, mode, owner: "root:root", content, onChange: [], ...parts });
