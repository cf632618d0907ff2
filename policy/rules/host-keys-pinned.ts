import type { ReportViolation, ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { entries, isInputs, valueOf } from "../inputs";
import type { Inputs } from "../inputs";

/**
 * Every connection to a host names the key by which that host proves itself, its bastion's too. Without one, whoever answers at the address gets
 * root's commands and all credentials.
 *
 * Looked at are the connections themselves, whoever makes them; the library's units, whose host keys are known where a connection is not yet; and
 * `acceptUnknownHostKey` wherever a component was given it.
 *
 * A connection that is known only later is advice in a preview; `up` looks at it again, before the host is dialled. A host key that is known only
 * later counts as pinned until then.
 */
export const hostKeysPinned: ResourceValidationPolicy = {
    name: "host-keys-pinned",
    description: "Connections to hosts pin the key of the host.",
    enforcementLevel: "mandatory",
    severity: "critical",
    remediationSteps: "Give each node its hostKey, taken from /etc/ssh/ssh_host_ed25519_key.pub on the host itself.",
    validateResource: [connectionsArePinned, unitsArePinned, noUnknownKeyIsAccepted],
};

const FIX = 'as in "ssh-ed25519 AAAA…", from /etc/ssh/ssh_host_ed25519_key.pub on the host itself';

/** Units that are refused in this run: their commands, registered after them, would say the same of the node again. */
const refusedUnits = new Set<string>();

function connectionsArePinned({ type, props, urn, opts }: ResourceValidationArgs, report: ReportViolation): void {
    if (!type.startsWith("command:remote:")) return;
    // Touching what is not known yet makes the SDK report it as advice.
    const connection: unknown = props.connection;
    const saidByUnit = refusedUnits.has(opts.parent ?? "") ? 1 : 0;
    for (const { end, path } of hops(connection, ["connection"]).slice(saidByUnit)) {
        if (isMissing(end, "hostKey"))
            report(`${place(urn)}: ${field([...path, "hostKey"])} is missing: pin the key of that host, ${FIX}`);
    }
}

/** A connection, then those that it goes through. */
const hops = (end: unknown, path: string[]): { end: Inputs; path: string[] }[] =>
    isInputs(end) ? [{ end, path }, ...hops(valueOf(end, "proxy"), [...path, "proxy"])] : [];

function unitsArePinned({ type, props, urn }: ResourceValidationArgs, report: ReportViolation): void {
    if (type !== "pulumi-ha:index:Unit" || !isMissing(props, "hostKey")) return;
    refusedUnits.add(urn);
    report(`${place(urn)}${node(props, "node")}: hostKey is missing: pin the key of that node, ${FIX}`);
}

function noUnknownKeyIsAccepted({ type, props, urn }: ResourceValidationArgs, report: ReportViolation): void {
    if (!type.startsWith("pulumi-ha:")) return;
    for (const { holder, path } of entries(props).filter(({ key }) => key === "acceptUnknownHostKey"))
        report(`${place(urn)}${node(holder, "name")}: ${field(path)} is set: give hostKey in its place, ${FIX}`);
}

const isMissing = (inputs: Inputs, key: string): boolean => {
    const value = valueOf(inputs, key);
    return value === undefined || value === null || value === "";
};

/** `HaproxyFrontend > Unit "web-lb1"`, from `urn:pulumi:dev::shop::pulumi-ha:index:HaproxyFrontend$pulumi-ha:index:Unit::web-lb1`. */
function place(urn: string): string {
    const [types = "", ...name] = urn.split("::").slice(2);
    const lineage = types.split("$").map((type) => type.split(":").at(-1) ?? type);
    return `${lineage.join(" > ")} "${name.join("::")}"`;
}

/** Which node, where it is named. */
function node(inputs: Inputs, key: string): string {
    const name = valueOf(inputs, key);
    return typeof name === "string" ? `, node "${name}"` : "";
}

/** `nodes[0].hostKey`. */
const field = (path: string[]): string => path.join(".").replace(/\.(\d+)(?=\.|$)/g, "[$1]");
