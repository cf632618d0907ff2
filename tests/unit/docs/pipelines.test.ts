import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { PROJECT } from "./markdown";

/** What the job for GitLab CI acknowledges, as arguments of `pulumi-ha plan`. */
function acknowledged(labels?: string): string[] {
    const job = readFileSync(path.join(PROJECT, "examples", "ci", "gitlab-ci.yml"), "utf8");
    const script = /^ *(acknowledged=\(\)\n[^]*?)^ *- /m.exec(job)?.[1] ?? "exit 1";
    const command = `set -eo pipefail; ${script} printf '%s\\n' "\${acknowledged[@]}"`;
    const env = { PATH: process.env.PATH, CI_MERGE_REQUEST_LABELS: labels };
    return execFileSync("bash", ["-c", command], { env, encoding: "utf8" }).split("\n").filter(Boolean);
}

test("labels of a merge request let impacts pass, others do nothing", () => {
    expect(acknowledged("bug,acknowledge outage:front,acknowledge data:orders")).toEqual([
        "--acknowledge",
        "outage:front",
        "--acknowledge",
        "data:orders",
    ]);
    expect(acknowledged("acknowledged,do acknowledge outage:front")).toEqual([]);
    expect(acknowledged()).toEqual([]);
});
