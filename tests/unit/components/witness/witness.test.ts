import { render } from "../../../../components/witness/render";
import { rules } from "../../../../components/witness/rules";
import { violations } from "../../../../components/shared/rules";
import { toText } from "../../../../remote/manifest";
import { parse } from "../../../../remote/parse";

const spec = { name: "witness", node: "third", address: "192.0.2.20", port: 5403 };

test("the whole manifest", () => {
    const text = toText(render(spec));
    expect(text).toMatchSnapshot();
    expect(toText(parse(text))).toBe(text);
});

test("nothing to refuse", () => expect(violations(spec, rules)).toEqual([]));

test.each([
    ["a name in capitals", { name: "Witness" }, "name"],
    ["a host name", { address: "third.example" }, "node.address"],
    ["no port", { port: 70_000 }, "port"],
])("fails: %s", (_title, parts, path) =>
    expect(violations({ ...spec, ...parts }, rules).map((v) => v.path)).toEqual([path]),
);
