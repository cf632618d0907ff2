import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { stackless } from "../../remote/stackless";
import { Fault, formula, rounded, sum } from "../shared/failover";
import type { Term } from "../shared/failover";
import type { Violation } from "../shared/rules";
import type { FailoverBudget } from "./args";
import { gaps, services, sharesOf } from "./compose";
import type { Part } from "./compose";

const FAULTS = Object.values(Fault);

const Seconds = z
    .number({ error: ({ input }) => `${JSON.stringify(input)} is no number of seconds: as in 2.5, without a unit` })
    .min(0, { error: ({ input }) => `${String(input)} is no number of seconds: 0 or more` });
const Budget = z.strictObject(
    Object.fromEntries(FAULTS.map((fault) => [fault, Seconds.optional()])) as Record<
        Fault,
        z.ZodOptional<typeof Seconds>
    >,
    {
        error: (issue) =>
            issue.code === "unrecognized_keys"
                ? `${issue.keys.map((key) => JSON.stringify(key)).join(", ")} is no kind of fault: ${FAULTS.join(", ")}`
                : `${JSON.stringify(issue.input)} is no budget: give seconds by kind of fault, as in { power: 8, planned: 1 }`,
    },
);

/**
 * The budget of this stack: that of its config, fault by fault, before that of the program.
 *
 * @throws pulumi.RunError with everything that is wrong in either.
 */
export function budgetOf(given: FailoverBudget = {}): FailoverBudget {
    const config = new pulumi.Config();
    const configured = config.getObject<unknown>("budget") ?? {};
    return { ...valid(given, "budget"), ...valid(configured, `${config.name}:budget`) };
}

function valid(value: unknown, where: string): FailoverBudget {
    const parsed = Budget.safeParse(value);
    if (parsed.success) return parsed.data;
    const found = parsed.error.issues.map(({ path, message }) => `  - ${[where, ...path].join(".")}: ${message}`);
    throw stackless(new pulumi.RunError(["the failover budget cannot be read:", ...found].join("\n")));
}

/** A sum that takes longer than it may. */
interface Excess {
    part: string;
    terms: Term[];
    /** Whose clients wait for it. */
    services: string[];
}

/** Every sum that is over budget, with the argument that would bring it under; and every budget for which nothing is promised. */
export const overspent = (parts: Part[], budget: FailoverBudget): Violation[] =>
    FAULTS.flatMap((fault) => {
        const limit = budget[fault];
        if (limit === undefined) return [];
        const messages = [
            ...services(parts)
                .flatMap((service) => gaps(service, parts, fault))
                .map((gap) => `${limit} s are asked for, and none are promised for ${gap}`),
            ...excesses(parts, fault, limit).map((excess) => exceeded(excess, limit)),
        ];
        return messages.map((message) => ({ path: `budget.${fault}`, message, level: "refuse" as const }));
    });

function excesses(parts: Part[], fault: Fault, limit: number): Excess[] {
    const found = new Map<string, Excess>();
    for (const service of services(parts)) {
        for (const { part, promise } of sharesOf(service, parts, fault)) {
            for (const terms of promise?.sums ?? []) {
                if (sum(terms) <= limit) continue;
                const key = `${part}: ${formula(terms)}`;
                const excess = found.get(key) ?? { part, terms, services: [] };
                found.set(key, { ...excess, services: [...excess.services, service.name] });
            }
        }
    }
    return [...found.values()];
}

function exceeded({ part, terms, services: waiting }: Excess, limit: number): string {
    const [slowest] = [...terms].sort((a, b) => b.seconds - a.seconds);
    const whose =
        waiting.length === 1 && waiting[0] === part ? part : `${part}, for which ${waiting.join(" and ")} wait,`;
    return `${whose} takes ${sum(terms)} s, ${rounded(sum(terms) - limit)} s more than the ${limit} s allowed: ${formula(terms)}; the slowest is ${slowest?.name ?? ""}: ${repair(terms, limit)}`;
}

/** The fewest arguments, the ones with the longest terms first, that leave less than the limit. */
export function repair(terms: Term[], limit: number): string {
    const byKnob = new Map<string, number>();
    for (const { knob, seconds } of terms)
        if (knob !== undefined && seconds > 0) byKnob.set(knob, rounded((byKnob.get(knob) ?? 0) + seconds));
    const knobs = [...byKnob].sort(([, a], [, b]) => b - a);
    const fixed = rounded(sum(terms) - knobs.reduce((all, [, seconds]) => all + seconds, 0));
    if (knobs.length === 0 || fixed >= limit)
        return `no argument makes up for it, ${fixed} s depend on none: allow ${sum(terms)} s`;
    let rest = sum(terms);
    const chosen = knobs.filter(([, seconds]) => {
        if (rest < limit) return false;
        rest = rounded(rest - seconds);
        return true;
    });
    const now = chosen.reduce((all, [, seconds]) => all + seconds, 0);
    return `change ${chosen.map(([knob]) => knob).join(" and ")}, which may take ${rounded(limit - rest)} s and ${chosen.length === 1 ? "takes" : "take"} ${rounded(now)} s`;
}
