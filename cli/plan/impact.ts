import { Impact } from "../../remote/manifest";

/** From harmless to irreversible. */
export const IMPACTS = Object.values(Impact);

/** Whether one impact is worse than another. */
export const worseThan = (one: Impact, other: Impact): boolean => IMPACTS.indexOf(one) > IMPACTS.indexOf(other);

/** The worst of them; none when there are none. */
export const worstOf = (impacts: Impact[]): Impact =>
    impacts.reduce((worst, impact) => (worseThan(impact, worst) ? impact : worst), Impact.None);

/** Something whose impact is accepted whatever the threshold. */
export interface Acknowledged {
    /** This impact, or any that is less. */
    impact: Impact;
    /** Name of a component or of a unit. */
    name: string;
}

/** What is held against a threshold. */
export interface Judged {
    /** The component that it belongs to. */
    component: string;
    /** The units that it concerns. */
    units: string[];
    /** What it does; undefined where that is not known before the update runs. */
    impact?: Impact;
    /** Why, in words. */
    because: string;
}

/** What is worse than `allow` and not acknowledged, in words; and acknowledgements that nothing needs. */
export function judge(
    all: Judged[],
    allow: Impact,
    acknowledged: Acknowledged[],
): { exceeded: string[]; unneeded: Acknowledged[] } {
    // What is not known might be anything.
    const impactOf = ({ impact }: Judged) => impact ?? Impact.Data;
    const over = all.filter((one) => worseThan(impactOf(one), allow));
    const covers = (one: Judged, by: Acknowledged) =>
        [one.component, ...one.units].includes(by.name) && !worseThan(impactOf(one), by.impact);
    return {
        exceeded: over
            .filter((one) => !acknowledged.some((by) => covers(one, by)))
            .map(({ units, impact, because }) => `${units.join(", ")}: ${impact ?? "not known"}: ${because}`),
        unneeded: acknowledged.filter((by) => !over.some((one) => covers(one, by))),
    };
}
