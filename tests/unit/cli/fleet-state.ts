import { ENGINE_ID, ENGINE_SCRIPT, enginePath } from "../../../remote/engine";
import { manifest, toText } from "../../../remote/manifest";
import type { ManifestParts } from "../../../remote/manifest";
import { fleetOf } from "../../../cli/fleet/hosts";
import type { Deployment, DeployedUnit } from "../../../cli/state";

/** A unit of a made-up stack. */
export interface Stated {
    node: string;
    component?: string;
    parts: ManifestParts;
    /** Digest and keeper. */
    sent?: string;
    /** Of its connection. */
    login?: Record<string, unknown>;
    /** Without its commands: never applied. */
    bare?: boolean;
}

export const KEEPER = "shop/prod/0123456789abcdef";

const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

/** A stack's state as it is exported with its secrets; its components are VIPs on all of the nodes. */
export function stateOf(units: Stated[], inputs: Record<string, unknown> = {}): Deployment {
    const nodes = [...new Set(units.map(({ node }) => node))];
    const components = [...new Set(units.map(({ component = "front" }) => component))];
    return {
        deployment: {
            resources: [
                ...components.map((name) => ({
                    urn: `urn:pulumi:prod::shop::pulumi-ha:index:KeepalivedVip::${name}`,
                    type: "pulumi-ha:index:KeepalivedVip",
                    inputs: { address: "10.0.0.100/24", nodes: nodes.map((node) => ({ name: node })), ...inputs },
                })),
                ...units.flatMap(({ node, component = "front", parts, sent = `- ${KEEPER}`, login, bare }) => {
                    const text = toText(manifest(parts));
                    const parent = `urn:pulumi:prod::shop::pulumi-ha:index:Unit::${component}-${node}`;
                    const urn = (verb: string) =>
                        `urn:pulumi:prod::shop::command:remote:Command::${component}-${node}-${verb}`;
                    const command = (verb: string, stdin: string, needs: string[] = []) => ({
                        urn: urn(verb),
                        type: "command:remote:Command",
                        parent,
                        dependencies: needs.map(urn),
                        inputs: {
                            create:
                                verb === "engine"
                                    ? `bash -s -- install ${ENGINE_ID} ${KEEPER}`
                                    : `bash ${enginePath(ENGINE_ID)} ${verb} ${sent}`,
                            stdin,
                            connection: {
                                ...SECRET,
                                plaintext: JSON.stringify({ host: node, user: "root", ...login }),
                            },
                        },
                    });
                    return [
                        {
                            urn: parent,
                            type: "pulumi-ha:index:Unit",
                            parent: `urn:pulumi:prod::shop::pulumi-ha:index:KeepalivedVip::${component}`,
                            inputs: { node, address: `10.0.0.${10 + nodes.indexOf(node)}` },
                        },
                        ...(bare
                            ? []
                            : [
                                  command("engine", ENGINE_SCRIPT),
                                  command("prepare", text, ["engine"]),
                                  command("apply", text, ["prepare"]),
                              ]),
                    ];
                }),
            ],
        },
    };
}

/** The only unit of a stack. */
export function onlyUnit(parts: ManifestParts, more: Partial<Stated> = {}): DeployedUnit {
    const [host] = fleetOf(stateOf([{ node: "lb1", parts, ...more }])).hosts;
    return host!.units[0]!;
}

/** A line that a host prints. */
export const told = (kind: string, name: string, text: string): string =>
    `${kind} ${name} ${Buffer.from(text).toString("hex")}\n`;

/** What a host prints whose unit is in order. */
export const inOrder = (unit: string, clock = Date.now() / 1000): string =>
    [
        told("clock", "-", `${clock} 99`),
        told("record", unit, `same\n${KEEPER}\n-\nwhole\nthere\n`),
        told("units", "-", `${unit} ${KEEPER}\n`),
        told("check", unit, '0\n{"result":"unchanged","changed":[],"actions":[]}'),
        told("health", unit, '0\n{"result":"healthy","gates":[{"name":"it answers","passes":true}]}'),
    ].join("");

export const END = told("end", "-", "\n");
