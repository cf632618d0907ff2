import * as pulumi from "@pulumi/pulumi";
import { ComponentPlugin } from "../../../plugin/provider";

const promised = <T>(output: pulumi.Input<T>) => (output as unknown as { promise(): Promise<T> }).promise();
const isSecret = (output: pulumi.Input<unknown>) => (output as { isSecret: Promise<boolean> }).isSecret;

const plugin = new ComponentPlugin();
const construct = async (kind: string, inputs: pulumi.Inputs) =>
    plugin.construct("it", `pulumi-ha:index:${kind}`, inputs, {});

beforeAll(async () => {
    await pulumi.runtime.setMocks({
        newResource: ({ type, name, inputs }) => ({
            id: `${name}-id`,
            state: {
                ...inputs,
                ...(type.endsWith("PrivateKey") && { privateKeyPem: "a key" }),
                ...(type.endsWith("Cert") && { certPem: "a certificate\n" }),
            },
        }),
        call: ({ inputs }) => inputs,
    });
});
afterAll(() => pulumi.runtime.disconnect());

test("a component's state is what the schema says; a key inside an output makes the whole of it a secret", async () => {
    const { urn, state } = await construct("CertificateAuthority", { organization: "Example" });
    expect(await promised(urn)).toContain("pulumi-ha:index:CertificateAuthority::it");
    expect(Object.keys(state).sort()).toEqual(["certificatePem", "issuer", "trustedPem"]);
    expect(await promised(state.issuer)).toMatchObject({ privateKeyPem: "a key", chainPem: "" });
    expect([await isSecret(state.issuer), await isSecret(state.certificatePem)]).toEqual([true, false]);
});

test("what one component gives is taken by another one as an output", async () => {
    const { state } = await construct("CertificateAuthority", { organization: "Example" });
    const www = await construct("Certificate", { issuer: state.issuer, dnsNames: ["www.example.org"] });
    expect(await promised(www.state.privateKeyPem)).toBe("a key");
});

test("fails: arguments that a component refuses, in its own words", async () => {
    const nodes = [{ name: "lb1", address: "198.51.100.11", interface: "eth0", hostKey: "ssh-ed25519 AAAA" }];
    await expect(construct("KeepalivedVip", { nodes, address: "198.51.100.101/33" })).rejects.toThrow(
        /KeepalivedVip "it": [^]*address: .* is no address with prefix length/,
    );
});

test("fails: a type that is no component", async () => {
    await expect(construct("Unit", {})).rejects.toThrow(
        /^pulumi-ha:index:Unit is no component of pulumi-ha: it has .*KeepalivedVip/,
    );
});
