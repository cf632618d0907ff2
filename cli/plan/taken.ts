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
 * Why a host will refuse a unit: it comes to something that another unit of the host gives up with the same update, and may do so later. What leaves does
 * so last. Other stacks, and what others wrote, are not seen.
 *
 * @param done the units that come before this one for certain.
 */
export function inTheWay(unit: UnitStep, all: UnitStep[], done: Set<UnitStep>): string[] {
    const had = heldIn(unit.before);
    const comesTo = heldIn(unit.after).filter((one) => !had.includes(one));
    return all
        .filter((other) => other !== unit && other.node === unit.node && !done.has(other))
        .flatMap((other) => {
            const gives = givenUp(other);
            return comesTo
                .filter((one) => gives.includes(one))
                .map((one) => `${one} is ${other.name}'s, ${wayOut(unit, other)}`);
        });
}

function givenUp({ op, retained, before, after }: UnitStep): string[] {
    if (retained || (after && "hidden" in after)) return [];
    const keeps = op === "delete" ? [] : heldIn(after);
    return heldIn(before).filter((one) => !keeps.includes(one));
}

const wayOut = (unit: UnitStep, other: UnitStep): string =>
    other.op === "delete"
        ? `which leaves last, so that ${unit.node} will refuse this unit: first ${takeAway(other.component.name)}`
        : `which does not come first for certain, so that ${unit.node} may refuse this unit: name ${other.component.name} in dependsOn of ${unit.component.name}`;

const heldIn = (seen: UnitStep["before"]): string[] => (seen && "manifest" in seen ? held(seen.manifest) : []);
