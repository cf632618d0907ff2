import { readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";

/** Without the toolchain that `tests/stack` loads. */
export const PROJECT = path.join(__dirname, "..", "..", "..");

/** The texts that users read, relative to the repository. */
export const TEXTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "examples/README.md",
    "policy/README.md",
    "toolchain/plugins/README.md",
    ...readdirSync(path.join(PROJECT, "docs"))
        .filter((name) => name.endsWith(".md"))
        .map((name) => `docs/${name}`),
];

export const textOf = (file: string): string => readFileSync(path.join(PROJECT, file), "utf8");

/** Without code, in which brackets are no links and `#` is no heading. */
const prose = (text: string): string => text.replace(/^```[^]*?^```$/gm, "").replace(/^( {4}|\t).*$/gm, "");

/** Targets of links and pictures, Markdown's and HTML's. */
export const linksOf = (text: string): string[] => {
    const words = prose(text).replace(/`[^`\n]*`/g, "");
    return [...words.matchAll(/\]\(([^)\s]+)\)|(?:src|href|srcset)="([^"]+)"/g)].map((m) => m[1] ?? m[2] ?? "");
};

/** Anchors of a text's headings, as GitHub and TypeDoc make them. */
export const anchorsOf = (text: string): string[] =>
    [...prose(text).matchAll(/^#+ (.+)$/gm)].map((m) =>
        (m[1] ?? "")
            .toLowerCase()
            .replace(/[^\p{L}\p{N} _-]/gu, "")
            .replaceAll(" ", "-"),
    );
