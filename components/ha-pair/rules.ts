import { family, inNetworkOf, prefixLength, withoutPrefix } from "../shared/addresses";
import { hostRules } from "../shared/node-rules";
import { each, portRules } from "../shared/rules";
import type { ItemRule, Rule, Rules } from "../shared/rules";
import { quoted, same } from "../shared/syntax";
import { Promotion } from "../shared/volume";
import { HaPairEngine, ServicePlacement } from "./args";
import type { PairService, PairSpec } from "./spec";

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const UNIT = /^[A-Za-z0-9@:._-]+\.service$/;
/** Whose loss under a mount would take the host's own system away. */
const SYSTEM = /^\/(bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|usr|tmp)?(\/|$)/;
const SYSTEM_ITSELF = ["/home", "/media", "/mnt", "/opt", "/srv", "/var", "/var/lib", "/var/log"];

/** What the names of the pair's own resources end in. */
const PARTS = ["address", "drbd", "filesystem"];

const isKeepalived = (pair: PairSpec): boolean => pair.engine === HaPairEngine.Keepalived;
const isPacemaker = (pair: PairSpec): boolean => pair.engine === HaPairEngine.Pacemaker;

const serviceRules: ItemRule<PairSpec, PairService>[] = [
    {
        path: "",
        refuses: (service) => !NAME.test(service.name),
        because: (service) => `${quoted(service.name)} is no name for a service: lower case letters, digits and "-"`,
    },
    {
        path: "",
        refuses: (service) => PARTS.includes(service.name),
        because: (service) =>
            `${quoted(service.name)} is what a part of the pair itself is called: choose another name`,
    },
    {
        path: "systemdUnit",
        refuses: (service) => service.unit === "",
        because: () => "is missing: name the systemd unit to run, or a preset",
    },
    {
        path: "systemdUnit",
        refuses: (service) => service.unit !== "" && !UNIT.test(service.unit),
        because: (service) => `${quoted(service.unit)} is no service of systemd's, as in "nginx.service"`,
    },
    {
        path: "systemdUnit",
        refuses: (service, pair) =>
            service.unit !== "" && pair.services.filter((other) => other.unit === service.unit).length > 1,
        because: (service) => `${service.unit} is listed twice: two masters would start and stop it`,
    },
    {
        path: "files",
        refuses: (service, pair) =>
            pair.services.some(
                (other) => other !== service && Object.keys(other.files).some((path) => path in service.files),
            ),
        because: (service, pair) =>
            `${Object.keys(service.files)
                .filter((path) => pair.services.some((other) => other !== service && path in other.files))
                .join(", ")} is given for another service too`,
    },
    {
        path: "placement",
        refuses: (service, pair) => isKeepalived(pair) && service.placement === ServicePlacement.ActiveNode,
        because: () =>
            "with keepalived services run on both nodes: nothing makes sure that one has stopped before the other starts. Use engine: HaPairEngine.Pacemaker",
    },
    ...portRules<PairService>({ port: (service) => service.port }),
    ...(["expectedStartSeconds", "expectedStopSeconds"] as const).map((field): ItemRule<PairSpec, PairService> => ({
        path: field,
        refuses: (service) => !(service[field] >= 0 && Number.isFinite(service[field])),
        because: (service) => `${service[field]} is no duration: seconds from 0 up`,
    })),
    ...(["startTimeoutSeconds", "stopTimeoutSeconds", "checkIntervalSeconds"] as const).map(
        (field): ItemRule<PairSpec, PairService> => ({
            path: field,
            refuses: (service) => !Number.isInteger(service[field]) || service[field] < 1,
            because: (service) => `${service[field]} is no limit: whole seconds from 1 up`,
        }),
    ),
];

const addressRules: Rule<PairSpec>[] = [
    {
        path: "address",
        refuses: (pair) => family(pair.address) === undefined || prefixLength(pair.address) === undefined,
        because: (pair) => `${quoted(pair.address)} is no address with its prefix length, as in "10.77.0.101/24"`,
    },
    {
        path: "address",
        refuses: (pair) => pair.nodes.some((node) => same(node.address) === same(withoutPrefix(pair.address))),
        because: (pair) => `${pair.address} is a node's own address: what moves needs one of its own`,
    },
    {
        path: "address",
        refuses: (pair) =>
            prefixLength(pair.address) !== undefined &&
            pair.nodes.some(
                (node) =>
                    family(node.address) !== undefined &&
                    family(node.address) === family(pair.address) &&
                    !inNetworkOf(node.address, pair.address),
            ),
        because: (pair) =>
            `${pair.address} is not in the network of ${pair.nodes.map((node) => node.address).join(" and ")}: neighbours would not reach it`,
    },
];

const pairRules: Rule<PairSpec>[] = [
    {
        path: "nodes",
        refuses: (pair) => pair.nodes.length !== 2,
        because: (pair) => `${pair.nodes.length} nodes: a pair has two`,
    },
    {
        path: "services",
        refuses: (pair) => pair.services.length === 0 && pair.volume === undefined,
        because: () =>
            "nothing runs behind the address: name a service, or a volume (KeepalivedVip is an address alone)",
    },
    {
        path: "preferred",
        refuses: (pair) => !pair.nodes.some((node) => node.name === pair.preferred),
        because: (pair) =>
            `${quoted(pair.preferred)} is none of the nodes: ${pair.nodes.map((node) => node.name).join(", ")}`,
    },
    {
        path: "acceptSplitBrainRisk",
        refuses: (pair) => pair.acceptSplitBrainRisk?.trim() === "",
        because: () => "is empty: say in words what is accepted and why, or leave it out",
    },
];

/** What needs Pacemaker, and is not there with keepalived. */
const onlyWithPacemaker: Rule<PairSpec>[] = [
    {
        path: "volume",
        refuses: (pair) => isKeepalived(pair) && pair.volume !== undefined,
        because: () =>
            "keepalived has no say in who writes, so two nodes would: leave the engine out, which makes it Pacemaker",
    },
    ...(["witness", "fenced"] as const).map((field): Rule<PairSpec> => ({
        path: field === "fenced" ? "fencing" : field,
        refuses: (pair) => isKeepalived(pair) && pair[field],
        because: () => "nobody would use it: keepalived neither votes nor fences. Leave it out, or choose Pacemaker",
    })),
    {
        path: "links",
        refuses: (pair) => isKeepalived(pair) && Object.keys(pair.links).length > 0,
        because: () => "nobody would use it: it is Corosync's. Leave it out, or choose Pacemaker",
    },
    {
        path: "nodeIds",
        refuses: (pair) => isKeepalived(pair) && Object.keys(pair.nodeIds).length > 0,
        because: () => "nobody would use them: they are Corosync's. Leave them out, or choose Pacemaker",
    },
];

/** Each engine has signs of life of its own. */
const signsOfLife: Rule<PairSpec>[] = [
    {
        path: "tokenSeconds",
        refuses: (pair) => isKeepalived(pair) && pair.tokenSeconds !== undefined,
        because: () => "nobody would use it: it is Corosync's. With keepalived it is advertIntervalSeconds",
    },
    {
        path: "advertIntervalSeconds",
        refuses: (pair) => isPacemaker(pair) && pair.advertIntervalSeconds !== undefined,
        because: () => "nobody would use it: it is keepalived's. With Pacemaker it is tokenSeconds",
    },
];

/** A pair that writes: what keeps it from doing so twice. */
const safeWriting: Rule<PairSpec>[] = [
    {
        path: "fencing",
        refuses: (pair) => isPacemaker(pair) && !pair.fenced && pair.acceptSplitBrainRisk === undefined,
        because: () =>
            "is missing: a node that no longer answers may still write, and nothing would stop it. Give ipmi, libvirt or sbd; or say in acceptSplitBrainRisk why both may write",
    },
    {
        path: "witness",
        refuses: (pair) => isPacemaker(pair) && !pair.witness && pair.acceptSplitBrainRisk === undefined,
        because: () =>
            "is missing: two nodes that lose sight of each other cannot tell which of them is cut off, and may fence the healthy one. Give the vote of a Witness on a third host; or say in acceptSplitBrainRisk why not",
    },
    {
        path: "volume.nodes",
        refuses: (pair) =>
            pair.volume !== undefined &&
            [...pair.volume.nodes].sort().join() !==
                pair.nodes
                    .map((node) => node.name)
                    .sort()
                    .join(),
        because: (pair) =>
            `the volume is on ${pair.volume?.nodes.join(" and ") ?? ""}, the pair on ${pair.nodes.map((node) => node.name).join(" and ")}: they must be the same nodes`,
    },
    {
        path: "volume.promotion",
        refuses: (pair) => pair.volume !== undefined && pair.volume.promotion !== Promotion.Pacemaker,
        because: () =>
            "the volume is promoted by hand: make it with promotion: Promotion.Pacemaker (the default), so that it is frozen until the other node is known not to write",
    },
    {
        path: "volume.mountPoint",
        refuses: ({ volume }) =>
            volume !== undefined && (SYSTEM.test(volume.mountPoint) || SYSTEM_ITSELF.includes(volume.mountPoint)),
        because: ({ volume }) => `${volume?.mountPoint ?? ""} is the system's own: use a folder below /srv or /var/lib`,
    },
];

/** All that is refused about a pair. */
export const rules: Rules<PairSpec> = [
    ...pairRules,
    ...addressRules,
    each("nodes", (pair) => pair.nodes, hostRules({ among: (pair) => pair.nodes })),
    each("services", (pair) => Object.fromEntries(pair.services.map((s) => [s.name, s])), serviceRules),
    ...onlyWithPacemaker,
    ...signsOfLife,
    ...safeWriting,
];
