import type { FaultSeconds, Term } from "../shared/failover";
import type { FailoverWiring } from "../shared/wiring";
import type { PairSpec } from "./spec";

/** Arguments of a service, by what the cluster and keepalived call them. */
const SERVICE_FIELDS: Record<string, string | undefined> = {
    operations: "checkIntervalSeconds",
    intervalSeconds: "checkIntervalSeconds",
    expectedStartSeconds: "expectedStartSeconds",
    expectedStopSeconds: "expectedStopSeconds",
};
/** Arguments that a pair has under the same name. */
const SAME = /^(tokenSeconds|advertIntervalSeconds|witness|fencing)(\.|$)/;

/** The pair's own argument for one of what it is made from; none where the pair does not have it. One of a volume is its own. */
function ownKnob(pair: PairSpec, knob: string): string | undefined {
    const inside = knob.startsWith(`${pair.name}.`) ? knob.slice(pair.name.length + 1) : undefined;
    if (inside === undefined || knob.startsWith(`${pair.volume?.resource ?? ""}.timing.`) || SAME.test(inside))
        return knob;
    if (inside === "preemptDelaySeconds") return `${pair.name}.failback`;
    const service = pair.services.find(({ name }) =>
        [`resources.${pair.name}-${name}.`, `track.${name}.`].some((path) => inside.startsWith(path)),
    );
    const field = SERVICE_FIELDS[inside.split(".").at(-1) ?? ""];
    return service && field && `${pair.name}.services.${service.name}.${field}`;
}

function owned(pair: PairSpec, { knob, ...term }: Term): Term {
    const own = knob && ownKnob(pair, knob);
    return own === undefined ? term : { ...term, knob: own };
}

/** What the cluster or the address promises, with the arguments that the pair has. */
export const inOwnWords = (pair: PairSpec, promises: FaultSeconds[]): FaultSeconds[] =>
    promises.map((promise) => ({
        ...promise,
        sums: promise.sums.map((terms) => terms.map((term) => owned(pair, term))),
    }));

/** How the address stands among others, with the arguments that the pair has. */
export const wiringInOwnWords = (pair: PairSpec, { takesBack, ...wiring }: FailoverWiring): FailoverWiring =>
    takesBack === undefined ? wiring : { ...wiring, takesBack: owned(pair, takesBack) };
