import type { PolicyConfigSchema } from "@pulumi/policy";
import { UNKNOWN, at, items } from "../inputs";
import { later } from "../report";
import type { Finding } from "../report";
import type { StackRule } from "../rule";
import { isComponent } from "../stack";
import type { Resource } from "../stack";

/** Seconds by kind of fault: process, hang, power, link, partition, planned. */
type Budget = Record<string, number>;

interface Settings {
    componentSeconds: Budget;
    stackSeconds: Budget;
}

const SECONDS: Budget = { process: 30, hang: 30, power: 15, link: 15, partition: 20, planned: 10 };

const budget = (description: string): PolicyConfigSchema["properties"][string] => ({
    type: "object",
    properties: Object.fromEntries(Object.keys(SECONDS).map((fault) => [fault, { type: "number", minimum: 0 }])),
    additionalProperties: false,
    default: SECONDS,
    description,
});

/**
 * What a component promises is in its output `failover`, by kind of fault; what the stack promises as a whole, over all that a service rests on, is in the
 * stack's own output of that name, from `stackFailover`.
 */
export const failoverWithinBudget: StackRule<Settings> = {
    name: "failover-within-budget",
    description: "Clients are without a service for no longer than the budget says, by kind of fault.",
    severity: "medium",
    remediationSteps: "Shorten the slowest term of the formula: advertIntervalSeconds, check.intervalSeconds, timing.",
    settings: {
        componentSeconds: budget("Seconds for each component, by kind of fault; one that is left out has no limit."),
        stackSeconds: budget(
            "Seconds for the stack's output failover, by kind of fault; one that is left out has no limit.",
        ),
    },
    checkStack: (resources, { componentSeconds, stackSeconds }) =>
        resources.flatMap((resource) => {
            const whole = resources.find(({ urn }) => urn === resource.parent);
            // What a component is made of waits no longer than the component says itself.
            if (whole && isComponent(whole) && at(whole.inputs, "failover") !== undefined) return [];
            if (isComponent(resource)) return exceeded(resource, componentSeconds, "componentSeconds");
            return resource.type === "pulumi:pulumi:Stack" ? exceeded(resource, stackSeconds, "stackSeconds") : [];
        }),
};

function exceeded({ urn, inputs: outputs }: Resource, allowed: Budget, setting: string): Finding[] {
    const promised = at(outputs, "failover");
    if (promised === UNKNOWN) return [later(["failover"], { urn })];
    return items(promised).flatMap(([key, promise]) => {
        // A component's are a list, a stack's an object.
        const given = at(promise, "fault");
        const fault = typeof given === "string" ? given : key;
        const limit = allowed[fault];
        const seconds = at(promise, "totalSeconds");
        if (limit === undefined) return [];
        const path = ["failover", key];
        if (promise === UNKNOWN) return [later(path, { urn })];
        if (seconds === UNKNOWN) return [later([...path, "totalSeconds"], { urn })];
        // What is not promised is not limited here: the budget of stackFailover refuses that.
        if (typeof seconds !== "number" || seconds <= limit) return [];
        const says = `takes ${seconds} s after a fault of kind ${fault}, and ${limit} s are allowed by ${setting}: ${details(promise)}`;
        return [{ urn, path, says }];
    });
}

/** The terms, and the argument that shortens the longest of them where that is said. */
function details(promise: unknown): string {
    const [formula, knob] = ["formula", "knob"]
        .map((key) => at(promise, key))
        .map((text) => (typeof text === "string" ? text : ""));
    return [formula, knob ? `change ${knob}` : ""].filter(Boolean).join("; ");
}
