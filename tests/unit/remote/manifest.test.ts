import fc from "fast-check";
import { Impact, manifest, placeholder, reload, restart, run, toText } from "../../../remote/manifest";
import type { Activation, Manifest } from "../../../remote/manifest";
import { parse } from "../../../remote/parse";
import { hostile } from "../../hostile";

const name = fc.stringMatching(/^[a-z0-9][a-z0-9 ()'$`-]{0,20}[a-z0-9]$/);
const seconds = fc.integer({ min: 0, max: 100_000 }).map((n) => n / 100);
const service = fc.constantFrom("keepalived.service", "haproxy.service", "a@b.socket");
const owner = fc.constantFrom("root:root", "mysql:mysql");
const mode = fc.constantFrom("0600", "0644", "0755");
const path = fc.stringMatching(/^(\/[a-z0-9_-]{1,8}){1,4}$/);

const activation: fc.Arbitrary<Activation> = fc.oneof(
    service.map((s) => reload(s)),
    fc.tuple(service, seconds).map(([s, t]) => restart(s, t, Impact.Failover)),
    fc.tuple(hostile, seconds).map(([command, t]) => run(command, Impact.Outage, t)),
    fc.tuple(hostile, fc.nat(9999)).map(([command, t]) => run(command, Impact.None, 0, { withinSeconds: t })),
);
const step = fc.record({ name, command: hostile });
const manifests: fc.Arbitrary<Manifest> = fc
    .record({
        packages: fc.array(
            fc.constantFrom<string[]>(
                "keepalived",
                "mariadb-server=1:10.11.6-0+deb12u1",
                "g++",
                "new=2|old>=1:1.5~|older",
            ),
        ),
        users: fc.array(fc.constantFrom("keepalived_script", "nobody2")),
        directories: fc.array(fc.record({ path, mode, owner })),
        files: fc.array(
            fc
                .record(
                    {
                        path,
                        mode,
                        owner,
                        content: hostile,
                        fill: fc.constantFrom<string[][]>(["a"], ["a", "b.key"]),
                        shared: fc.constant(true),
                        held: fc.constant(true),
                        onChange: fc.array(activation, { maxLength: 2 }),
                    },
                    { requiredKeys: ["path", "mode", "owner", "content", "onChange"] },
                )
                .map((file) => (file.held ? { ...file, content: "" } : file)),
        ),
        validators: fc.array(step),
        services: fc.array(fc.record({ name: service, enabled: fc.boolean(), running: fc.boolean() })),
        gates: fc.array(fc.record({ name, command: hostile, withinSeconds: seconds })),
        ports: fc.array(
            fc.record({
                port: fc.constantFrom("tcp/443", "vrrp"),
                from: fc.constantFrom<string[][]>(["any"], ["10.0.0.1", "fd00::2"]),
            }),
        ),
        removal: fc.array(step),
    })
    .map((parts) => manifest({ unit: "u-1", ...parts }));

test("a manifest read back from its text is the manifest", () => {
    fc.assert(fc.property(manifests, (m) => expect(parse(toText(m))).toEqual(m)));
});

test("the text is made of directives and of body lines that begin with a bar", () => {
    fc.assert(
        fc.property(manifests, (m) => {
            for (const row of toText(m).split("\n").slice(1, -1)) {
                expect(row).toMatch(
                    /^(\||\| .*|(unit|package|user|directory|file|on-change|validate|service|gate|port|on-remove|end) .*)$/s,
                );
            }
        }),
    );
});

test("a text that lacks any of its lines is not read", () => {
    fc.assert(
        fc.property(manifests, fc.nat(), (m, n) => {
            const rows = toText(m).split("\n");
            const cut = rows.slice(0, n % (rows.length - 1)).join("\n");
            expect(() => parse(`${cut}\n`)).toThrow();
        }),
    );
});

test("reads as a person would write it", () => {
    const m = manifest({
        unit: "vip-front",
        packages: ["keepalived"],
        files: [
            {
                path: "/etc/keepalived/keepalived.conf",
                mode: "0600",
                owner: "root:root",
                content: `vrrp_instance front {\n\n    auth ${placeholder("vrrp")}\n}\n`,
                fill: ["vrrp"],
                onChange: [reload("keepalived.service")],
            },
            {
                path: "/etc/haproxy/web.pem",
                mode: "0640",
                owner: "root:haproxy",
                content: "",
                credential: "web.pem",
                onChange: [run("true")],
            },
        ],
        validators: [{ name: "keepalived accepts its configuration", command: "keepalived --config-test" }],
        services: [{ name: "keepalived.service", enabled: true, running: true }],
        gates: [{ name: "keepalived runs", command: "systemctl is-active --quiet keepalived", withinSeconds: 5 }],
        ports: [{ port: "vrrp", from: ["10.77.0.12"] }],
    });
    expect(toText(m)).toMatchSnapshot();
});

test.each([
    ["a NUL byte", { files: [file({ content: "a\0b" })] }],
    ["a lone surrogate", { files: [file({ content: "\ud800" })] }],
    ["a path with a blank", { files: [file({ path: "/etc/a b" })] }],
    ["a path that climbs", { files: [file({ path: "/etc/../root/x" })] }],
    ["a relative path", { files: [file({ path: "etc/x" })] }],
    ["a mode of three digits", { files: [file({ mode: "644" })] }],
    ["a package with an option", { packages: ["-o=Dir::x"] }],
    ["a name of two lines", { validators: [{ name: "a\nend 3", command: "true" }] }],
    ["a deadline that is no number", { gates: [{ name: "a", command: "true", withinSeconds: Number.NaN }] }],
    ["a service with a blank", { services: [{ name: "a b.service", enabled: true, running: true }] }],
])("fails: %s", (_, parts) => {
    expect(() => toText(manifest({ unit: "u", ...parts }))).toThrow(/.+/);
});

function file(parts: Partial<Manifest["files"][number]>): Manifest["files"][number] {
    return { path: "/etc/x", mode: "0644", owner: "root:root", content: "", onChange: [], ...parts };
}

test("what is refused has no stack: the CLI would show it, and takes a minute to format frames of the SDK", () => {
    let refused: Error | undefined;
    try {
        toText(manifest({ unit: "No" }));
    } catch (error) {
        refused = error as Error;
    }
    expect(refused?.message).toContain('"No" is no unit');
    expect(refused?.stack).toBeUndefined();
});
