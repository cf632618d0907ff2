import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { nodesIn, projectName } from "../../../cli/trust/config";

const nodes = (name: string) => ({ objectValue: [{ name, address: "192.0.2.1" }] });

test("nodes are those of the project, whatever other keys there are", () => {
    const config = { "network:nodes": nodes("other"), "shop:nodes": nodes("lb1"), "z:nodes": nodes("z") };
    expect(nodesIn(config, "shop")).toMatchObject({ key: "shop:nodes", nodes: [{ name: "lb1", port: 22 }] });
});

test.each<[string, Record<string, object>, string]>([
    ["no nodes", {}, "list them under shop:nodes first"],
    [
        "nodes of another project",
        { "web:nodes": nodes("lb1") },
        "web:nodes is of another project; the key for this one is",
    ],
    ["an inventory", { "shop:inventory": { value: "hosts.json" } }, "in the file hosts.json (shop:inventory)"],
    ["something else", { "shop:nodes": { value: "lb1" } }, "shop:nodes is no list of nodes"],
])("fails: a config with %s", (_, config, words) => expect(() => nodesIn(config, "shop")).toThrow(words));

describe("the project's name", () => {
    let dir: string;
    beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-project-"))));
    afterEach(() => rmSync(dir, { recursive: true }));
    const yaml = (text: string): void => writeFileSync(path.join(dir, "Pulumi.yaml"), text);

    test.each(["name: shop", "runtime: nodejs\nname: shop # ours\n", 'name: "shop"\n', "name: 'shop'"])(
        "%j",
        (text) => {
            yaml(text);
            expect(projectName(dir)).toBe("shop");
        },
    );

    test("is that of a folder above", () => {
        yaml("name: shop\n");
        mkdirSync(path.join(dir, "a", "b"), { recursive: true });
        expect(projectName(path.join(dir, "a", "b"))).toBe("shop");
    });

    test("fails: there is none", () => {
        yaml("runtime: { name: nodejs }\n");
        expect(() => projectName(dir)).toThrow("there is no project with a name here");
    });
});
