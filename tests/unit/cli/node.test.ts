import { membersBeside, membersOf } from "../../../cli/node";
import type { DeployedUnit } from "../../../cli/state";
import { manifest } from "../../../components";

const unit = (node: string, cluster: string, parts: Partial<DeployedUnit> = {}): DeployedUnit => ({
    node,
    address: "192.0.2.1",
    manifest: manifest({ unit: `pacemaker-${cluster}` }),
    text: "",
    nodes: ["n1", "n2"],
    component: { name: cluster, type: "PacemakerCluster", addresses: [] },
    resource: `${cluster}-${node}`,
    engine: { path: "", command: "", text: "" },
    digest: "-",
    keeper: "-",
    ...parts,
});

const files = [unit("n1", "files"), unit("n2", "files")];
const asked = (...args: Parameters<typeof membersBeside>) => membersBeside(...args).map((u) => u.node);

test("the others are asked first", () => expect(asked("n1", files)).toEqual(["n2", "n1"]));

test("units of a member beside its own are none of its cluster's members", () => {
    const vote = unit("n1", "files", { manifest: manifest({ unit: "pacemaker-vote-files" }) });
    expect(asked("n2", [...files, vote])).toEqual(["n1", "n2"]);
});

test("of several clusters the named one", () => {
    const more = [...files, unit("n1", "web"), unit("n3", "web")];
    expect(asked("n1", more, "web")).toEqual(["n3", "n1"]);
    expect(() => membersBeside("n1", more)).toThrow("n1 is in files and web: say which with --cluster");
});

test("fails: a node of no cluster, with those there are", () =>
    expect(() => membersBeside("db1", files)).toThrow(
        "db1 is no node of a PacemakerCluster in this stack: there are n1, n2",
    ));

test("the members of a cluster, and no other's", () => {
    const more = [
        ...files,
        unit("n1", "web"),
        unit("n3", "web", { manifest: manifest({ unit: "pacemaker-vote-web" }) }),
    ];
    expect(membersOf("web", more).map((u) => u.node)).toEqual(["n1"]);
    expect(() => membersOf("mail", more)).toThrow("mail is no PacemakerCluster of this stack: there are files, web");
});
