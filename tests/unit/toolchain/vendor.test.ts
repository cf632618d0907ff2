import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { VENDOR, cliAsset, pluginAsset, sumOf, unreachable } from "../../../toolchain/vendor";
import { cliFits, compareVersions } from "../../../toolchain/versions";

test("the addresses of a release", () => {
    expect(cliAsset(VENDOR, "3.245.0", "linux", "x64")).toEqual({
        url: "https://get.pulumi.com/releases/sdk/pulumi-v3.245.0-linux-x64.tar.gz",
        sums: "https://github.com/pulumi/pulumi/releases/download/v3.245.0/pulumi-3.245.0-checksums.txt",
    });
    expect(pluginAsset(VENDOR, { name: "random", version: "4.21.2" }, "darwin", "x64")).toEqual({
        url: "https://get.pulumi.com/releases/plugins/pulumi-resource-random-v4.21.2-darwin-amd64.tar.gz",
        sums: "https://github.com/pulumi/pulumi-random/releases/download/v4.21.2/pulumi-random_4.21.2_checksums.txt",
    });
});

test("fails: a platform that the vendor has nothing for", () => {
    expect(cliAsset(VENDOR, "3.245.0", "linux", "riscv64")).toBeUndefined();
    expect(pluginAsset(VENDOR, { name: "tls", version: "5.6.1" }, "freebsd", "x64")).toBeUndefined();
});

test("sums as sha256sum writes them", () => {
    const [a, b] = ["a".repeat(64), "B".repeat(64)];
    const list = `${a}  ./one.tar.gz\n${b} *two.tar.gz\r\nnonsense\n${a}  three.tar.gz.sig\n`;
    expect(["one.tar.gz", "two.tar.gz", "three.tar.gz"].map((name) => sumOf(name, list))).toEqual([
        a,
        b.toLowerCase(),
        undefined,
    ]);
});

describe("reaching the vendor", () => {
    test("fails in the given time: a server that accepts and stays silent", async () => {
        const server = http.createServer(() => undefined);
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const started = Date.now();
        expect(await unreachable({ archives: url, checksums: url }, 0.2)).toContain("no answer in 0.2 s");
        expect(Date.now() - started).toBeLessThan(3000);
        server.closeAllConnections();
        server.close();
    });

    test("fails: nobody listens; the reason names the server", async () => {
        const url = "http://127.0.0.1:9";
        expect(await unreachable({ archives: url, checksums: url })).toMatch(/127\.0\.0\.1:9 \(.+\)/);
    });

    test("any answer counts", async () => {
        const server = http.createServer((_, response) => response.writeHead(403).end());
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        expect(await unreachable({ archives: url, checksums: url })).toBeUndefined();
        server.close();
    });
});

test.each([
    ["3.200.0", true],
    ["3.245.0", true],
    ["3.1000.0", true],
    ["3.199.9", false],
    ["2.999.0", false],
    ["4.0.0", false],
])("CLI %s fits: %s", (version, fits) => expect(cliFits(version)).toBe(fits));

test.each([
    ["1.25.8", "1.25.8", 0],
    ["1.25.8", "1.26", -1],
    ["1.25.10", "1.25.8", 1],
    ["3.245.0-dev.1", "3.245.0", 0],
])("versions %s and %s", (a, b, order) => expect(Math.sign(compareVersions(a, b))).toBe(order));
