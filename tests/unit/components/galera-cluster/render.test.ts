import { renderMember, renderServer } from "../../../../components/galera-cluster/render";
import { toText } from "../../../../remote/manifest";
import type { Manifest } from "../../../../remote/manifest";
import { parse } from "../../../../remote/parse";
import { fullArgs, spec } from "./specs";

/** Without the scripts, which have tests of their own. */
const text = (manifest: Manifest): string =>
    toText({
        ...manifest,
        files: manifest.files.map((file) => (file.content.startsWith("#!") ? { ...file, content: "" } : file)),
    });

const SCRIPT = /^run \/usr\/local\/lib\/pulumi-ha\/galera\/member (\w+)$/;
const activations = (manifest: Manifest) =>
    Object.fromEntries(
        manifest.files.map((file) => [
            file.path.split("/").at(-1),
            file.onChange.map((a) => `${a.do} ${a.target}`.replace(SCRIPT, "$1") + `, ${a.impact}`).join("; "),
        ]),
    );

test("what a member needs before it takes part", () => expect(text(renderMember(spec(), "db2"))).toMatchSnapshot());
test("a member", () => expect(text(renderServer(spec(), "db2"))).toMatchSnapshot());
test("a member with every argument", () => {
    expect(text(renderServer(spec({ ...fullArgs }), "db1"))).toMatchSnapshot();
});

test("a donor writes, unless the program has it refuse statements", () => {
    const donorWrites = (settings: Record<string, string>) => {
        const [file] = renderMember(spec({ settings }), "db1").files;
        return /^DONOR_WRITES=(.*)$/m.exec(file?.content ?? "")?.[1];
    };
    expect(donorWrites({})).toBe("1");
    expect(donorWrites({ "wsrep-sst-donor-rejects-queries": "off" })).toBe("1");
    expect(donorWrites({ "wsrep-sst-donor-rejects-queries": "on" })).toBe("0");
});

test("what goes to hosts can be read back", () => {
    for (const manifest of [renderMember(spec(), "db1"), renderServer(spec(), "db1")])
        expect(parse(toText(manifest))).toEqual(manifest);
});

test("only what a running server cannot take restarts it", () => {
    expect(activations(renderServer(spec(), "db1"))).toEqual({
        "pulumi-ha.conf": "converge, restart",
        "71-pulumi-ha-server.cnf": "converge, restart",
        "72-pulumi-ha-dynamic.cnf": "set, reload",
        "cert.pem": "tls, reload",
        "key.pem": "tls, reload",
    });
    const { "70-pulumi-ha-members.cnf": members, "ca.pem": ca } = activations(renderMember(spec(), "db1"));
    expect([members, ca]).toEqual(["members, none", "tls, reload"]);
});

test("a member that joins or leaves changes what restarts nobody", () => {
    const [three, five] = [
        spec(),
        spec({ nodes: [1, 2, 3, 4, 5].map((n) => ({ name: `db${n}`, address: `192.0.2.${30 + n}` })) }),
    ];
    const changed = (render: typeof renderServer) => {
        const files = render(five, "db1").files;
        return render(three, "db1")
            .files.filter((file, place) => file.content !== files[place]?.content)
            .map((file) => file.path.split("/").at(-1));
    };
    expect(changed(renderServer)).toEqual([]);
    expect(changed(renderMember)).toEqual(["settings", "70-pulumi-ha-members.cnf"]);
});
