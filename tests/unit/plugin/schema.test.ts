import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as components from "../../../components";
import { COMPONENTS } from "../../../plugin/provider";
import { PROJECT } from "../../stack";

// The compiler reads the SDK's types.
jest.setTimeout(60_000);

type Inputs = Record<string, { description?: string }>;

const text = readFileSync(path.join(PROJECT, "plugin", "schema.json"), "utf8");
const schema = JSON.parse(text);

test("the schema is what the components' sources say", () => {
    // Its own words say how to make it anew.
    execFileSync(process.execPath, [path.join(PROJECT, "scripts", "schema.js"), "--check"], { stdio: "pipe" });
});

test("it has every component but Unit, which waits for units that other languages cannot hand over", () => {
    const exported = Object.entries(components).flatMap(([name, value]) =>
        typeof value === "function" && "__pulumiType" in value ? [name] : [],
    );
    expect(Object.keys(COMPONENTS).sort()).toEqual(exported.filter((name) => name !== "Unit").sort());
    expect(Object.keys(schema.resources)).toEqual(
        Object.keys(COMPONENTS)
            .sort()
            .map((name) => `pulumi-ha:index:${name}`),
    );
});

test("what one component gives and another takes is an input; what decides how many resources there are is plain", () => {
    const { inputProperties: pair } = schema.resources["pulumi-ha:index:HaPair"];
    expect([pair.witness.plain, pair.volume.plain, pair.nodes.plain]).toEqual([undefined, undefined, true]);
});

test("texts are texts: every input says what it is", () => {
    expect(text).not.toContain("[object");
    for (const { inputProperties } of Object.values<{ inputProperties: Inputs }>(schema.resources))
        for (const { description } of Object.values(inputProperties)) expect(description).toMatch(/\S/);
});
