import * as pulumi from "@pulumi/pulumi";
import { stackless } from "../../remote/stackless";
import { withoutPrefix } from "../shared/addresses";
import { refusal, violations } from "../shared/rules";
import type { FailoverPart, StackFailover, StackFailoverArgs } from "./args";
import { budgetOf } from "./budget";
import { compose } from "./compose";
import type { Part } from "./compose";
import { rules } from "./rules";
import type { StackSpec } from "./rules";

export type { FailoverBudget, FailoverPart, StackFailover, StackFailoverArgs, StackFaultSeconds } from "./args";

/**
 * How long clients of a stack wait, at most, by kind of fault: what its components promise by themselves, composed over what is bound to what.
 *
 * ```ts
 * export const failover = stackFailover([vip, web, sql]);
 * ```
 *
 * List the services and the addresses that they are bound to; what a component is made from, such as the volume of a pair, is in its own promise. What is
 * bound to an address waits for the slower of the two; what sends its clients to a server at an address that moves waits for both, one after the other.
 *
 * The stack's config may set limits, in seconds, e.g. `budget: { power: 8, planned: 1 }`. What exceeds them fails the preview, with the terms of the sum and
 * the arguments that would repair it; so does a limit on a kind of fault for which nothing is promised, and so do timers of two components that contradict
 * each other. It is checked when all that is listed is known: in a preview, unless an address comes from a resource that is yet to be made.
 *
 * @throws pulumi.RunError with everything that is wrong.
 */
export function stackFailover(parts: FailoverPart[], { budget }: StackFailoverArgs = {}): pulumi.Output<StackFailover> {
    if (parts.length === 0)
        throw stackless(new pulumi.RunError("stackFailover: the list is empty: give the components of the stack"));
    const limits = budgetOf(budget);
    const known = pulumi.all(parts.map(toPart));
    if (Object.keys(limits).length > 0) void tellUnlessKnown(known);
    return known.apply((found) => promised({ parts: distinct(found), budget: limits }));
}

/** In a preview, what waits for a resource that is yet to be made is not known: then nothing would say that nothing was checked. */
async function tellUnlessKnown(parts: pulumi.Output<unknown>): Promise<void> {
    const { isKnown } = parts as unknown as { isKnown: Promise<boolean> };
    if (!(await isKnown))
        await pulumi.log.warn(
            "stackFailover: the budget is not checked yet: what a component promises depends on a resource that is yet to be made",
        );
}

/** The promise of a stack that breaks no rule. */
export function promised(spec: StackSpec): StackFailover {
    const found = violations(spec, rules);
    for (const { path, message } of found.filter(({ level }) => level === "warn"))
        void pulumi.log.warn(`${path}: ${message}`);
    const refused = found.filter(({ level }) => level === "refuse");
    if (refused.length > 0) throw stackless(new pulumi.RunError(refusal("stackFailover", pulumi.getStack(), refused)));
    return compose(spec.parts);
}

/** A part with the type of its component, to tell apart two of one name. */
interface Typed extends Part {
    type: string;
}

const toPart = ({ failover, address, wiring, urn, name }: FailoverPart, place: number): pulumi.Output<Typed> =>
    pulumi.all([failover, address, wiring, urn, name]).apply(([promises, moved, stated, full = "", given]) => {
        const [, , types = "", ...ofComponent] = full.split("::");
        return {
            name: given ?? (ofComponent.join("::") || `part ${place + 1}`),
            type: types.split(":").at(-1) ?? "",
            failover: promises,
            wiring: stated ?? { moves: moved === undefined ? [] : [withoutPrefix(moved)] },
        };
    });

/** Components of different types may have one name: then the type tells them apart. */
const distinct = (parts: Typed[]): Part[] =>
    parts.map(({ type, name, ...part }) => {
        const alone = parts.filter((other) => other.name === name).length === 1;
        return { ...part, name: alone ? name : `${name} (${type})` };
    });
