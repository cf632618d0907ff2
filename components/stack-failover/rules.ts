import { Fault, rounded } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import type { Finder, Rules, Violation } from "../shared/rules";
import type { FailoverBudget } from "./args";
import { overspent } from "./budget";
import { meet, unmoved } from "./compose";
import type { Part } from "./compose";

/** A stack as its promise sees it. */
export interface StackSpec {
    parts: Part[];
    budget: FailoverBudget;
}

/** Two components whose timers contradict each other. */
interface PairRule {
    /** Whether the two have to do with each other. */
    concerns: (above: Part, below: Part) => boolean;
    /** The timer that is too short, and what it is too short for. */
    compares: (
        above: Part,
        below: Part,
    ) => [short: Term | undefined, least: Pick<Term, "name" | "seconds" | "knob"> | undefined];
    because: string;
}

const hang = ({ failover }: Part): FaultSeconds | undefined => failover.find(({ fault }) => fault === Fault.Hang);

const CONTRADICTIONS: PairRule[] = [
    {
        concerns: (frontend, vip) => meet(frontend.wiring.boundTo, vip.wiring.moves),
        compares: (frontend, vip) => [vip.wiring.takesBack, frontend.wiring.knowsServers],
        because:
            "a load balancer that has just started takes lost servers for healthy ones, and would get the address before it knows better",
    },
    {
        concerns: (frontend, cluster) => meet(frontend.wiring.servers, cluster.wiring.serves),
        compares: (frontend, cluster) => {
            const stall = hang(cluster);
            const knob = stall?.sums.flat().find((term) => term.knob)?.knob;
            return [
                frontend.wiring.readmits,
                stall && { name: "stall after a hang", seconds: stall.totalSeconds, knob },
            ];
        },
        because:
            "a member that hung would get clients again before the others have agreed that it is out, and refuse what they write",
    },
];

const contradictions: Finder<StackSpec> = ({ parts }) =>
    parts.flatMap((above) =>
        parts.flatMap((below) =>
            CONTRADICTIONS.filter(({ concerns }) => concerns(above, below)).flatMap(({ compares, because }) => {
                const [short, least] = compares(above, below);
                if (!short || !least || short.seconds >= least.seconds) return [];
                const [wrong, other] = [field(short, below.name), field(least, above.name)];
                const message = `${rounded(short.seconds)} s (${short.name}) are less than the ${rounded(least.seconds)} s of ${other} (${least.name}): ${because}`;
                return [{ path: wrong, message, level: "refuse" as const }];
            }),
        ),
    );

const field = ({ knob }: Pick<Term, "knob">, otherwise: string): string => knob ?? otherwise;

/** Who moves the address that clients use was forgotten, or is another stack's. */
const forgotten: Finder<StackSpec> = ({ parts }) =>
    parts.flatMap((part) =>
        unmoved(part, parts).map((address): Violation => ({
            path: `${part.name}.bind.address`,
            message: `clients use ${address}, and no component of the list moves that: nothing is promised for the loss of the node that has it; list the component that moves it too`,
            level: "warn",
        })),
    );

/** What is refused about a stack as a whole, and what is warned of. */
export const rules: Rules<StackSpec> = [forgotten, contradictions, ({ parts, budget }) => overspent(parts, budget)];
