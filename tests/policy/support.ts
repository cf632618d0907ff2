import { unknownCheckingProxy } from "@pulumi/policy";
import type { ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import { policies } from "../../policy/rules";
import { Unknowns } from "../../policy/rule";

// The SDK exports it for tests like these, without a type.
const asInPreview = unknownCheckingProxy as (props: Record<string, unknown>) => Record<string, unknown>;

/** What stands for a text that is not known yet, as the engine sends it to policies. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** A host key that pins a node. */
export const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPinned";

/** A resource as a test states it. */
export interface Given {
    /** `GaleraCluster` for this library's; others whole, as in `command:remote:Command`. */
    type: string;
    name: string;
    props?: Record<string, unknown>;
    protect?: boolean;
    /** The resource that it belongs to. */
    of?: Given;
}

const typeOf = ({ type }: Given): string => (type.includes(":") ? type : `pulumi-ha:index:${type}`);

function urnOf(given: Given, stack: string): string {
    const lineage = (each: Given): string[] => [...(each.of ? lineage(each.of) : []), typeOf(each)];
    return `urn:pulumi:${stack}::shop::${lineage(given).join("$")}::${given.name}`;
}

/** Says how a policy is run. */
export interface How {
    stack?: string;
    config?: Record<string, unknown>;
    unknowns?: Unknowns;
}

/**
 * What a rule says of resources, in the order in which they are registered, each line as the CLI shows it.
 *
 * @throws the SDK's error for a value that is not known yet, as in a preview.
 */
export function says(rule: string, resources: Given[], how: How = {}): string[] {
    const { stack = "prod", config = {}, unknowns = Unknowns.Advise } = how;
    const policy = policies(unknowns).find(({ name }) => name === rule);
    if (policy === undefined) throw new Error(`there is no rule ${rule}`);
    const found: string[] = [];
    const report = (message: string): void => void found.push(message);
    const args = resources.map((given) => ({
        type: typeOf(given),
        name: given.name,
        urn: urnOf(given, stack),
        props: asInPreview(given.props ?? {}),
        opts: { protect: given.protect ?? false, parent: given.of ? urnOf(given.of, stack) : undefined },
        getConfig: () => ({ ...defaults(policy.configSchema?.properties), ...config }),
    }));
    if ("validateStack" in policy) {
        const stackArgs = { resources: args, getConfig: args[0]?.getConfig ?? (() => config) };
        void policy.validateStack(stackArgs as unknown as StackValidationArgs, report);
        return found;
    }
    const { validateResource } = policy;
    for (const each of args)
        if (typeof validateResource === "function")
            void validateResource(each as unknown as ResourceValidationArgs, report);
    return found;
}

const defaults = (settings: Record<string, { default?: unknown }> = {}): Record<string, unknown> =>
    Object.fromEntries(
        Object.entries(settings).flatMap(([key, schema]) =>
            schema.default === undefined ? [] : [[key, schema.default]],
        ),
    );
