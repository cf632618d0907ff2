import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { stackless } from "../../remote/stackless";
import { Fault, formula, rounded, sum } from "../shared/failover";
import type { Term } from "../shared/failover";
import type { Violation } from "../shared/rules";
import type { FailoverBudget } from "./args";
import { gapsOf, servicesOf, sharesOf } from "./compose";
import type { Part, Service, Share } from "./compose";

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
}

/** What several services may have in common: said once, with the names of all of them. */
function shared<T>(
    services: Service[],
    findings: (service: Service) => T[],
    text: (item: T) => string,
): { item: T; of: string[] }[] {
    const found = new Map<string, { item: T; of: string[] }>();
    for (const service of services)
        for (const item of findings(service))
            found.set(text(item), { item, of: [...(found.get(text(item))?.of ?? []), service.part.name] });
    return [...found.values()];
}

/** Every sum that is over budget, with the argument that would bring it under; and every budget for which nothing is promised. */
export function overspent(parts: Part[], budget: FailoverBudget): Violation[] {
    const services = servicesOf(parts);
    return FAULTS.flatMap((fault) => {
        const limit = budget[fault];
        if (limit === undefined) return [];
        const without = shared(services, (service) => gapsOf(service, fault), String);
        const beyond = shared(
            services,
            (service) => excesses(sharesOf(service, fault), limit),
            ({ part, terms }) => `${part}: ${formula(terms)}`,
        );
        const messages = [
            ...without.map(
                ({ item, of }) => `${limit} s are asked for, and ${of.join(" and ")} cannot be promised any: ${item}`,
            ),
            ...beyond.map(({ item, of }) => exceeded(item, of, limit)),
        ];
        return messages.map((message) => ({ path: `budget.${fault}`, message, level: "refuse" as const }));
    });
}

const excesses = (all: Share[], limit: number): Excess[] =>
    all.flatMap(({ part, promise }) =>
        (promise?.sums ?? []).filter((terms) => sum(terms) > limit).map((terms) => ({ part, terms })),
    );

function exceeded({ part, terms }: Excess, of: string[], limit: number): string {
    const [slowest] = [...terms].sort((a, b) => b.seconds - a.seconds);
    const others = of.filter((service) => service !== part);
    const who =
        others.length > 0 ? `${part}, for which ${others.join(" and ")} wait${others.length > 1 ? "" : "s"},` : part;
    const over = `${who} takes ${sum(terms)} s and may take ${limit} s: ${formula(terms)}`;
    return `${over}; the slowest is ${slowest?.name ?? ""}: ${repair(terms, limit)}`;
}

/** The fewest arguments, those with the longest terms first, that can bring a sum under a limit. */
export function repair(terms: Term[], limit: number): string {
    const byKnob = new Map<string, number>();
    for (const { knob, seconds } of terms)
        if (knob !== undefined && seconds > 0) byKnob.set(knob, rounded((byKnob.get(knob) ?? 0) + seconds));
    let rest = sum(terms);
    const chosen: string[] = [];
    for (const [knob, seconds] of [...byKnob].sort(([, a], [, b]) => b - a)) {
        if (rest < limit) break;
        rest = rounded(rest - seconds);
        chosen.push(knob);
    }
    if (rest >= limit) return `no argument makes up for it, as ${rest} s depend on none: allow more`;
    const [now, most] = [rounded(sum(terms) - rest), rounded(limit - rest)];
    return `change ${chosen.join(" and ")} (${now} s now, ${most} s at most)`;
}
