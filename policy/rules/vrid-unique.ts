import { networkOf } from "../addresses";
import { ofManifests } from "../manifest";
import type { Manifest } from "../manifest";
import { place } from "../report";
import type { Rule } from "../rule";

/** A virtual router as a unit's keepalived is told of it. */
interface Router {
    id: number;
    network: string;
}

/**
 * Virtual routers of one number in one network take each other's adverts (RFC 9568, 5.2.3). Read from keepalived's own configuration, whoever wrote it;
 * addresses of other stacks are not seen.
 */
export function vridUnique(): Rule<unknown> {
    /** The component that was first with a number in a network, by both. */
    const taken = new Map<string, string>();
    return {
        name: "vrid-unique",
        description: "No two virtual addresses of a network have the same VRRP router id.",
        severity: "critical",
        remediationSteps:
            "Give one of the two another virtualRouterId, or an address whose last two bytes give another.",
        check: ofManifests((manifest, { component }) =>
            routers(manifest).flatMap(({ id, network }) => {
                const key = `${network} ${id}`;
                const first = taken.get(key) ?? component.urn;
                taken.set(key, first);
                const says = `is ${id}, as of ${place(first)} in the same network ${network}: give one of the two another`;
                return first === component.urn ? [] : [{ path: ["virtualRouterId"], says }];
            }),
        ),
    };
}

function routers({ files }: Manifest): Router[] {
    const texts = files.filter(({ path }) => path.startsWith("/etc/keepalived/")).map(({ content }) => content);
    return texts
        .flatMap((text) => text.split(/^(?=vrrp_instance )/m).filter((part) => part.startsWith("vrrp_instance ")))
        .flatMap((instance) => {
            const id = /^\s*virtual_router_id (\d+)/m.exec(instance)?.[1];
            const address = /^\s*virtual_ipaddress \{\s*(\S+)/m.exec(instance)?.[1];
            const network = address === undefined ? undefined : networkOf(address);
            return id === undefined || network === undefined ? [] : [{ id: Number(id), network }];
        });
}
