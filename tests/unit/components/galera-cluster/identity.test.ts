import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "../../../../components/galera-cluster/host/member");
const STATE = "# GALERA saved state\nuuid:    7718e808-e5b9-11f1-97c6-0fe041473012\nseqno:   -1\n";

/** What a member says of a data directory with these files; a path that ends with a slash is a folder. */
function identity(files: Record<string, string>): string {
    const data = fs.mkdtempSync(path.join(os.tmpdir(), "identity-"));
    try {
        for (const [name, content] of Object.entries(files))
            if (name.endsWith("/")) fs.mkdirSync(path.join(data, name));
            else fs.writeFileSync(path.join(data, name), content);
        const script = `for part in 1-base 2-evidence 4-databases 4-server; do . ${FOLDER}/$part.sh; done; DATA=$1; identity`;
        const { stdout, stderr } = spawnSync("bash", ["-c", script, "member", data], { encoding: "utf8" });
        expect(stderr).toBe("");
        return stdout.trim();
    } finally {
        fs.rmSync(data, { recursive: true });
    }
}

test.each([
    ["nothing has run there", {}, "no"],
    ["a server without a cluster has run there", { "mysql/": "" }, "no"],
    ["power was lost before the first view", { "mysql/": "", "grastate.dat": "" }, "no"],
    ["it was in a cluster", { "mysql/": "", "grastate.dat": STATE }, "yes"],
    ["a view was saved", { "gvwstate.dat": "my_uuid: 1\n" }, "yes"],
    ["the file was lost, and databases are there", { "mysql/": "", "shop/": "", "grastate.dat": "" }, "yes"],
])("where %s", (_, files, answer) => {
    expect(identity(files as Record<string, string>)).toBe(answer);
});
