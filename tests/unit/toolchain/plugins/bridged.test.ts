// The stand-ins for random and tls answer as the originals were recorded to answer; error texts and codes are their
// own.
import { compare, compiledPlugins } from "./harness";

/** The recordings are of older versions than the stand-ins say they are: the one difference there may be. */
const version = (recorded: string, ours: string) =>
    ["✗ plugin-info", "    /response/version", `      vector: "${recorded}"`, `      plugin: "${ours}"`].join("\n");

const suites = [
    { plugin: "random", file: "random-plugin", differences: [version("4.18.0", "4.21.2")] },
    { plugin: "random", file: "random-resources", differences: [] },
    { plugin: "tls", file: "tls-plugin", differences: [version("5.2.0", "5.6.1")] },
    { plugin: "tls", file: "tls-resources", differences: [] },
];

const plugins = compiledPlugins();
afterAll(() => plugins.remove());

test.each(suites)(
    "$file: every case agrees",
    async ({ plugin, file, differences }) => {
        const { output } = await compare(plugins.entry(plugin), file, "loose");
        expect(output).toMatch(/^\d+ agree, \d+ differ/m);
        expect(output.match(/^✗ .*(\n {4}.*)*/gm) ?? []).toEqual(differences);
        expect(output).toContain(`, ${differences.length} differ,`);
    },
    120_000,
);
