import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { credentialText, digest } from "../../../remote/credentials";
import { ENGINE, ENGINE_SOURCE } from "../../../remote/engine";
import { manifest, placeholder, toText } from "../../../remote/manifest";
import { batsTests } from "../../bats";
import { hostile } from "../../hostile";

const root = process.getuid?.() === 0;
batsTests(__dirname, "engine");

test("what is sent to hosts says what its sources say", () => {
    // Bash prints what it has understood: functions without comments and in one layout, variables with their values.
    const understood = (text: string) => {
        const input = `${text}\ndeclare -f\ndeclare -p LIMIT FETCH_TIMEOUT FETCH_RETRIES DPKG_LOCK_WAIT PACKAGE_FORMAT POLICY_MARK\ntrap\ntrap - EXIT\n`;
        const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-s"], { input, encoding: "utf8" });
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        return stdout;
    };
    expect(understood(ENGINE)).toContain("main ()");
    expect(understood(ENGINE)).toBe(understood(ENGINE_SOURCE));
});

const host = mkdtempSync(path.join(tmpdir(), "engine-"));
afterAll(() => rmSync(host, { recursive: true }));

/** What the engine says when it runs a text in the throw-away root. */
function engine(verb: string, revision: string, text: string): { status: number | null; output: string } {
    const file = path.join(host, "engine");
    writeFileSync(file, `${ENGINE}\nunder_test() { ROOT=${host}; }\nmain "$@"\n`);
    const { status, stdout, stderr } = spawnSync("bash", [file, verb, revision], { input: text, encoding: "utf8" });
    return { status, output: stdout + stderr };
}

(root ? describe : describe.skip)("bytes arrive as given", () => {
    beforeAll(() => {
        for (const folder of ["etc/app", "run/systemd/system", "var/lib", "usr/sbin"])
            mkdirSync(path.join(host, folder), { recursive: true });
        writeFileSync(path.join(host, "etc/os-release"), 'ID=debian\nVERSION_ID="12"\n');
    });

    const read = (n: number) => readFileSync(path.join(host, `etc/app/${n}`), "utf8");
    const file = (n: number) => ({ path: `/etc/app/${n}`, mode: "0600", owner: "root:root", onChange: [] });

    test("of files", () => {
        fc.assert(
            fc.property(fc.array(hostile, { minLength: 1, maxLength: 12 }), (contents) => {
                const files = contents.map((text, n) => ({ ...file(n), content: text }));
                expect(engine("apply", "-", toText(manifest({ unit: "bytes", files })))).toMatchObject({ status: 0 });
                expect(contents.map((_, n) => read(n))).toEqual(contents);
            }),
            { numRuns: 40 },
        );
    }, 120_000);

    test("of credentials, as whole files and in the middle of others", () => {
        fc.assert(
            fc.property(hostile, hostile, hostile, (value, before, after) => {
                const values = { "a.key": value, b: before };
                const revision = digest("00", values);
                const lines = ["pulumi-ha manifest 1", "unit secrets", ...credentialText(values)];
                const prepared = engine("prepare", revision, [...lines, `end ${lines.length}`, ""].join("\n"));
                expect(prepared).toMatchObject({ status: 0 });

                const text = `${before}${placeholder("a.key")}${after}${placeholder("b")}${placeholder("c")}`;
                const files = [
                    { ...file(20), content: "", credential: "a.key" },
                    { ...file(21), content: text, fill: ["a.key", "b"] },
                ];
                const applied = engine("apply", revision, toText(manifest({ unit: "secrets", files })));
                expect(applied).toMatchObject({ status: 0 });
                expect(read(20)).toBe(value);
                expect(read(21)).toBe(`${before}${value}${after}${before}${placeholder("c")}`);
            }),
            { numRuns: 25 },
        );
    }, 120_000);
});
