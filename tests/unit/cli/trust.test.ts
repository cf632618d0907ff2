import { createHmac, generateKeyPairSync } from "node:crypto";
import type { AddressInfo } from "node:net";
import { Server, utils } from "ssh2";
import { Outcome, judge, statusOf } from "../../../cli/trust/decide";
import { fingerprint, keyOf, keysIn, knownKeys, preferred } from "../../../cli/trust/keys";
import { presentedKey } from "../../../cli/trust/present";

const made = (kind: "ed25519" | "ecdsa") => {
    const { public: key, private: secret } =
        kind === "ed25519" ? utils.generateKeyPairSync("ed25519") : utils.generateKeyPairSync("ecdsa", { bits: 256 });
    return { key: key.split(" ").slice(0, 2).join(" "), secret };
};
const [one, other, curve] = [made("ed25519"), made("ed25519"), made("ecdsa")];

describe("keys in a text", () => {
    test("of cloud-init's output, the Ed25519 one is preferred", () => {
        const text = [
            "ci-info: | ssh-rsa | AAAAB3 |",
            "-----BEGIN SSH HOST KEY KEYS-----",
            `${curve.key} root@lb1`,
            `${one.key} root@lb1`,
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 root@lb1",
            "-----END SSH HOST KEY KEYS-----",
        ].join("\r\n");
        expect(keysIn(text)).toEqual([curve.key, one.key]);
        expect(preferred(keysIn(text))).toBe(one.key);
    });

    test("that is cut off is none", () => expect(keysIn(one.key.slice(0, 30))).toEqual([]));

    test("fails: of two hosts", () =>
        expect(() => keysIn(`${one.key}\n${other.key}`)).toThrow(
            "two keys of the kind ssh-ed25519: it is of two hosts",
        ));

    test("have the fingerprint that ssh-keygen shows", () =>
        expect(fingerprint("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbI5wMZb0Cn0nOXWnfEwYf3HZJfWAuBPWm2d0rUvHhD")).toBe(
            "SHA256:" + FINGERPRINT,
        ));
});

// ssh-keygen -l -f - <<<"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbI5wMZb0Cn0nOXWnfEwYf3HZJfWAuBPWm2d0rUvHhD"
const FINGERPRINT = "mcufJ6vH6HTSd2hDkHMLmN+fZCrt3I7TaFxxFeplQ6o";

describe("a known_hosts file", () => {
    const hashed = (name: string): string => {
        const salt = Buffer.alloc(20, 7);
        return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
    };
    const file = [
        "# comment",
        `lb1,10.77.0.11 ${one.key} of lb1`,
        `[10.77.0.11]:2222 ${other.key}`,
        `${hashed("10.77.0.12")} ${curve.key}`,
        `@cert-authority * ${other.key}`,
        `@revoked 10.77.0.13 ${other.key}`,
    ].join("\n");

    test.each([
        ["by address", "10.77.0.11", 22, [one.key], []],
        ["by name", "lb1", 22, [one.key], []],
        ["by port", "10.77.0.11", 2222, [other.key], []],
        ["by hash", "10.77.0.12", 22, [curve.key], []],
        ["revoked", "10.77.0.13", 22, [], [other.key]],
        ["unknown", "10.77.0.14", 22, [], []],
    ])("%s", (_title, name, port, keys, revoked) => expect(knownKeys(file, [name], port)).toEqual({ keys, revoked }));
});

describe("what is found", () => {
    const node = { name: "lb1", address: "10.77.0.11", port: 22 };
    const pinned = { ...node, hostKey: `${one.key} root@lb1` };

    test.each([
        ["a first key is to be pinned", node, { keys: [curve.key, one.key] }, Outcome.New, one.key],
        ["the pinned key is as it was", pinned, { keys: [one.key] }, Outcome.Same, undefined],
        ["another kind says nothing", pinned, { keys: [curve.key] }, Outcome.Unknown, undefined],
        ["no key is unknown, never fine", pinned, { keys: [], missing: "no answer" }, Outcome.Unknown, undefined],
        ["fails: a changed key, which is never taken", pinned, { keys: [other.key] }, Outcome.Alarm, undefined],
        ["fails: a revoked key", node, { keys: [one.key], revoked: [one.key] }, Outcome.Alarm, undefined],
        ["fails: a pinned key that is revoked", pinned, { keys: [], revoked: [one.key] }, Outcome.Alarm, undefined],
    ])("%s", (_title, of, source, outcome, pin) =>
        expect(judge(of, source)).toMatchObject({ outcome, ...(pin && { pin }) }),
    );

    test("says both fingerprints of a changed key", () => {
        const { words } = judge(pinned, { keys: [other.key] });
        expect(words).toContain(fingerprint(one.key));
        expect(words).toContain(fingerprint(other.key));
    });

    test("an alarm goes before what is unknown", () => {
        const alarm = judge(pinned, { keys: [other.key] });
        const unknown = judge(node, { keys: [] });
        expect(statusOf([unknown, alarm])).toBe(2);
        expect(statusOf([unknown])).toBe(3);
        expect(statusOf([judge(pinned, { keys: [one.key] })])).toBe(0);
    });
});

describe("a host that answers", () => {
    let server: Server;
    const logins: string[] = [];
    beforeAll(async () => {
        server = new Server({ hostKeys: [one.secret, curve.secret] }, (client) => {
            client.on("authentication", (login) => logins.push(login.username)).on("error", () => undefined);
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterAll(() => void server.close());
    const port = () => (server.address() as AddressInfo).port;

    test("shows its Ed25519 key, and nobody logs in", async () => {
        expect(await presentedKey("127.0.0.1", port())).toBe(one.key);
        expect(logins).toEqual([]);
    });

    test("shows the kind that is asked for", async () =>
        expect(await presentedKey("127.0.0.1", port(), "ecdsa-sha2-nistp256")).toBe(curve.key));

    test("fails: nobody there", async () =>
        expect(presentedKey("127.0.0.1", 1)).rejects.toThrow("127.0.0.1:1 cannot be reached"));
});

test("a key of a kind that cannot be pinned is none", () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    expect(keyOf(publicKey.export({ type: "spki", format: "der" }))).toBeUndefined();
});
