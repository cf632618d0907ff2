import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as library from "../components";

/** The components that programs in other languages have. Not `Unit`: it waits for other units, which such a program cannot hand over. */
export const COMPONENTS = {
    CertificateAuthority: library.CertificateAuthority,
    Certificate: library.Certificate,
    KeepalivedVip: library.KeepalivedVip,
    HaproxyFrontend: library.HaproxyFrontend,
    GaleraCluster: library.GaleraCluster,
    DrbdVolume: library.DrbdVolume,
    PacemakerCluster: library.PacemakerCluster,
    Witness: library.Witness,
    HaPair: library.HaPair,
};

interface Schema {
    version: string;
    resources: Record<string, { properties: Record<string, unknown> }>;
}

/** What arguments come from elsewhere: they are checked by the component itself. */
type Constructor = new (
    name: string,
    args: never,
    options: pulumi.ComponentResourceOptions,
) => pulumi.ComponentResource;

const constructors = new Map<string, Constructor>(
    Object.values(COMPONENTS).map((component) => [component.__pulumiType, component]),
);

/** The components as a provider plugin. Its schema was made with the library, so that it needs no compiler and starts at once. */
export class ComponentPlugin implements pulumi.provider.Provider {
    /** The package's schema, as JSON. */
    readonly schema = readFileSync(path.join(__dirname, "schema.json"), "utf8");
    private readonly parsed = JSON.parse(this.schema) as Schema;
    /** The library's version. */
    readonly version = this.parsed.version;

    /**
     * Makes a component with its parts.
     *
     * @throws Error for a type that is none of them; what the component throws.
     */
    construct(
        name: string,
        type: string,
        inputs: pulumi.Inputs,
        options: pulumi.ComponentResourceOptions,
    ): Promise<pulumi.provider.ConstructResult> {
        const made = constructors.get(type);
        const definition = this.parsed.resources[type];
        if (!made || !definition)
            throw new Error(`${type} is no component of pulumi-ha: it has ${[...constructors.keys()].join(", ")}`);
        const component = new made(name, inputs as never, options);
        const outputs = new Map<string, unknown>(Object.entries(component));
        // Each as one output: a secret inside an object, such as an issuer's key, does not survive the way through a program in YAML.
        const state = Object.fromEntries(
            Object.keys(definition.properties).map((key) => [key, pulumi.output(outputs.get(key))]),
        );
        return Promise.resolve({ urn: component.urn, state });
    }
}
