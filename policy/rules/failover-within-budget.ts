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

const FAULTS = ["process", "hang", "power", "link", "partition", "planned"];

const budget = (description: string, defaults: Budget): PolicyConfigSchema["properties"][string] => ({
    type: "object",
    properties: Object.fromEntries(FAULTS.map((fault) => [fault, { type: "number", minimum: 0 }])),
    additionalProperties: false,
    default: defaults,
    description,
});

/** What a component promises is in its output `failover`; what the stack promises as a whole, in the stack's output of that name. */
export const failoverWithinBudget: StackRule<Settings> = {
    name: "failover-within-budget",
    description: "Clients are without a service for no longer than the budget says, by kind of fault.",
    severity: "medium",
    remediationSteps: "Shorten the slowest term of the formula: advertIntervalSeconds, check.intervalSeconds, timing.",
    settings: {
        componentSeconds: budget("Seconds for each component, by kind of fault; one that is left out has no limit.", {
            process: 10,
            hang: 10,
            power: 10,
            link: 10,
            partition: 15,
            planned: 5,
        }),
        stackSeconds: budget(
            "Seconds for the stack's output failover, by kind of fault; one that is left out has no limit.",
            {},
        ),
    },
    checkStack: (resources, { componentSeconds, stackSeconds }) =>
        resources.flatMap((resource) => {
            if (isComponent(resource)) return exceeded(resource, componentSeconds, "componentSeconds");
            return resource.type === "pulumi:pulumi:Stack" ? exceeded(resource, stackSeconds, "stackSeconds") : [];
        }),
};

function exceeded({ urn, inputs: outputs }: Resource, allowed: Budget, setting: string): Finding[] {
    const promised = at(outputs, "failover");
    if (Object.keys(allowed).length === 0) return [];
    if (promised === UNKNOWN) return [later(["failover"], { urn })];
    return items(promised).flatMap(([index, promise]) => {
        const fault = String(at(promise, "fault"));
        const seconds = at(promise, "totalSeconds");
        const most = allowed[fault];
        if (seconds === UNKNOWN) return [later(["failover", index, "totalSeconds"], { urn })];
        if (typeof seconds !== "number" || most === undefined || seconds <= most) return [];
        const says = `takes ${seconds} s after a fault of kind ${fault}, ${most} s are allowed by ${setting}: ${String(at(promise, "formula"))}`;
        return [{ urn, path: ["failover", index], says }];
    });
}
