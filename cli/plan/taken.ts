import { takeAway } from "../../components/shared/leaving";
import type { Manifest } from "../../remote/manifest";
import type { UnitStep } from "./units";

/**
 * What the files of a unit have on their host that no other one may, in words: the addresses and ports that HAProxy binds, and the numbers of virtual
 * routers of an interface.
 */
function held({ files }: Manifest): string[] {
    return files.flatMap(({ content }) => {
        const values = (word: string) =>
            [...content.matchAll(new RegExp(`^ *${word} +(\\S+)`, "gm"))].map(([, value = ""]) => value);
        const family = values("unicast_src_ip").some((address) => address.includes(":")) ? "IPv6" : "IPv4";
        const [at = ""] = values("interface");
        return [
            ...values("bind"),
            ...values("virtual_router_id").map((id) => `virtual router ${id} of ${at} (${family})`),
        ];
    });
}

/**
 * Why a host will refuse a unit: it comes to something that a unit still has which leaves with the same update, and what leaves does so last. Other stacks,
 * and what others wrote, are not seen.
 */
export function inTheWay(unit: UnitStep, all: UnitStep[]): string[] {
    const [had, wants] = [heldIn(unit.before), heldIn(unit.after)];
    return all
        .filter((other) => other.op === "delete" && !other.retained && other.node === unit.node)
        .flatMap((other) => {
            const has = heldIn(other.before);
            return wants
                .filter((one) => has.includes(one) && !had.includes(one))
                .map(
                    (one) =>
                        `${one} is ${other.name}'s, which leaves last, so that ${unit.node} will refuse this unit: first ${takeAway(other.component.name)}`,
                );
        });
}

const heldIn = (seen: UnitStep["before"]): string[] => (seen && "manifest" in seen ? held(seen.manifest) : []);
