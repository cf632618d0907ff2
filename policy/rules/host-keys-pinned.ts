import { UNKNOWN, at, entries, isInputs, isMissing } from "../inputs";
import type { Inputs } from "../inputs";
import { later } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";
import { isRemote } from "../stack";
import type { Resource, Seen } from "../stack";

/**
 * Every connection to a host names the key by which that host proves itself, its bastion's too. Without one, whoever answers at the address gets
 * root's commands and all credentials.
 *
 * Looked at are the connections themselves, whoever makes them; the library's units, whose host keys are known where a connection is not yet; and
 * `acceptUnknownHostKey` wherever a component was given it.
 *
 * A connection that is known only later is looked at by `up`, before the host is dialled. A host key that is known only later counts as pinned until
 * then.
 */
export const hostKeysPinned: Rule<unknown> = {
    name: "host-keys-pinned",
    description: "Connections to hosts pin the key of the host.",
    severity: "critical",
    remediationSteps: "Give each node its hostKey, taken from /etc/ssh/ssh_host_ed25519_key.pub on the host itself.",
    check: (resource, _, seen) => [
        ...unpinnedConnections(resource, seen),
        ...unpinnedUnit(resource),
        ...acceptedKeys(resource),
    ],
};

const FIX = 'as in "ssh-ed25519 AAAA…", from /etc/ssh/ssh_host_ed25519_key.pub on the host itself';

function unpinnedConnections(resource: Resource, seen: Seen): Finding[] {
    if (!isRemote(resource)) return [];
    const connection = at(resource.inputs, "connection");
    if (connection === UNKNOWN) return [later(["connection"])];
    // Of a unit that was refused, its command would say the same of the node again.
    const unit = seen.get(resource.parent);
    const saidByUnit = unit && unpinnedUnit(unit).length > 0 ? 1 : 0;
    return hops(connection, ["connection"])
        .slice(saidByUnit)
        .filter(({ end }) => isMissing(at(end, "hostKey")))
        .map(({ path }) => ({ path: [...path, "hostKey"], says: `is missing: pin the key of that host, ${FIX}` }));
}

/** A connection, then those that it goes through. */
const hops = (end: unknown, path: string[]): { end: Inputs; path: string[] }[] =>
    isInputs(end) ? [{ end, path }, ...hops(at(end, "proxy"), [...path, "proxy"])] : [];

const unpinnedUnit = ({ kind, inputs }: Resource): Finding[] =>
    kind === "Unit" && isMissing(at(inputs, "hostKey"))
        ? [{ node: at(inputs, "node"), path: ["hostKey"], says: `is missing: pin the key of that node, ${FIX}` }]
        : [];

const acceptedKeys = ({ kind, inputs }: Resource): Finding[] =>
    kind === undefined
        ? []
        : entries(inputs)
              .filter(({ key }) => key === "acceptUnknownHostKey")
              .map(({ holder, path }) => ({
                  node: at(holder, "name"),
                  path,
                  says: `is set: give hostKey in its place, ${FIX}`,
              }));
