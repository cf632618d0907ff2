import { existsSync, statSync } from "node:fs";
import * as path from "node:path";
import { PROJECT, TEXTS, anchorsOf, linksOf, textOf } from "./markdown";

/** What is wrong with a link of a file; nothing about other sites, which no test asks. */
function fault(file: string, link: string): string | undefined {
    if (/^[a-z]+:/.test(link)) return undefined;
    const [target = "", anchor] = link.split("#");
    const to = target === "" ? file : path.join(path.dirname(file), target);
    if (!existsSync(path.join(PROJECT, to))) return "there is no such file";
    if (statSync(path.join(PROJECT, to)).isDirectory()) return "is a folder, for which a site has no page";
    if (anchor !== undefined && !anchorsOf(textOf(to)).includes(anchor)) return "there is no such heading";
    return undefined;
}

test.each(TEXTS)("the links of %s lead somewhere", (file) => {
    const found = linksOf(textOf(file)).flatMap((link) => {
        const why = fault(file, link);
        return why === undefined ? [] : [`${link}: ${why}`];
    });
    expect(found).toEqual([]);
});

test("every guide can be reached from the README", () => {
    const reached = new Set(["README.md"]);
    for (const file of reached) {
        for (const link of linksOf(textOf(file))) {
            const target = link.split("#")[0] ?? "";
            const to = path.join(path.dirname(file), target);
            if (target.endsWith(".md") && TEXTS.includes(to)) reached.add(to);
        }
    }
    expect(TEXTS.filter((file) => file.startsWith("docs/") && !reached.has(file))).toEqual([]);
});

test("fails for a link to nothing, to a folder, and to a heading that is not there", () => {
    expect(fault("README.md", "docs/nothing.md")).toBe("there is no such file");
    expect(fault("README.md", "docs")).toBe("is a folder, for which a site has no page");
    expect(fault("README.md", "docs/plan.md#nothing")).toBe("there is no such heading");
    expect(fault("README.md", "docs/plan.md#a-threshold")).toBeUndefined();
});
