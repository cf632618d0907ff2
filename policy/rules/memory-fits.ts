import { at } from "../inputs";
import { ofManifests } from "../manifest";
import type { Manifest, Owner } from "../manifest";
import type { Rule } from "../rule";
import { nodesOf } from "../stack";

interface Settings {
    memoryMebibytes: number;
    share: number;
    required: boolean;
}

/**
 * A database whose buffer pool and write-set cache (a file that is mapped into memory) leave the host too little is killed when it is busiest. Sizes are
 * read from the configuration that is written, the host's memory from its label `memory`.
 */
export const memoryFits: Rule<Settings> = {
    name: "memory-fits",
    description: "Buffer pool and write-set cache fit into the host's memory.",
    severity: "medium",
    remediationSteps:
        "Lower bufferPoolMebibytes or cacheMebibytes, or give the host more memory and its label memory the new size.",
    settings: {
        memoryMebibytes: {
            type: "integer",
            minimum: 0,
            default: 0,
            description: "Memory of hosts without the label memory; 0: not known, and not checked.",
        },
        share: {
            type: "number",
            minimum: 0.1,
            maximum: 1,
            default: 0.8,
            description: "Share of the memory that the two may take.",
        },
        required: {
            type: "boolean",
            default: false,
            description: "A database's host without the label memory is refused.",
        },
    },
    check: ofManifests((manifest, owner, { memoryMebibytes, share, required }) => {
        const pool = size(manifest, /^\s*innodb_buffer_pool_size\s*=\s*"?(\d+[KMGTPE]?)/im);
        if (pool === undefined) return [];
        const cache = size(manifest, /\bgcache\.size\s*=\s*(\d+[KMGTPE]?)/i) ?? 0;
        const label = memoryLabel(owner);
        const labelled = typeof label === "string" ? mebibytes(label, "M") : undefined;
        const memory = labelled ?? memoryMebibytes;
        if (label !== undefined && labelled === undefined)
            return [{ path: ["labels", "memory"], says: "is no size: as in 16G or 16384M" }];
        if (memory === 0)
            return required
                ? [{ path: ["labels", "memory"], says: "is missing: say how much the host has, as in 16G" }]
                : [];
        const most = Math.floor(memory * share);
        return pool + cache <= most
            ? []
            : [
                  {
                      path: ["bufferPoolMebibytes"],
                      says: `is ${Math.round(pool)} and the write-set cache ${Math.round(cache)}, of ${memory} MiB of memory: ${most} for both are allowed`,
                  },
              ];
    }),
};

const memoryLabel = ({ component, node }: Owner): unknown =>
    nodesOf(component)
        .map(({ inputs }) => inputs)
        .filter((inputs) => at(inputs, "name") === node)
        .map((inputs) => at(inputs, "labels", "memory"))
        .at(0);

const size = ({ files }: Manifest, pattern: RegExp): number | undefined =>
    files
        .map(({ content }) => mebibytes(pattern.exec(content)?.[1] ?? "", ""))
        .filter((found) => found !== undefined)
        .at(-1);

const UNITS = "KMGTPE";

/** `16G`, `16GiB`, `16384M`; a bare number counts in `usual`, or in bytes. */
function mebibytes(text: string, usual: string): number | undefined {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([KMGTPE]?)(?:iB|B)?$/i.exec(text.trim()) ?? [];
    if (digits === undefined) return undefined;
    const power = UNITS.indexOf((unit || usual || "?").toUpperCase()) + 1;
    return (Number(digits) * 1024 ** power) / 1024 ** 2;
}
