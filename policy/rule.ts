import type {
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationPolicy,
    Severity,
    StackValidationPolicy,
} from "@pulumi/policy";
import { isInputs } from "./inputs";
import type { Inputs } from "./inputs";
import { line } from "./report";
import type { Finding } from "./report";
import { resourceOf } from "./stack";
import type { Registered, Resource, Seen } from "./stack";

/** What every rule says of itself. */
interface About {
    /** In kebab-case: its name in configurations, and its anchor in docs/policies.md. */
    name: string;
    /** One sentence: what holds where the rule is kept. */
    description: string;
    severity: Severity;
    /** What to do about a violation. */
    remediationSteps: string;
    /** Its settings, each with a default. */
    settings?: PolicyConfigSchema["properties"];
}

/** A rule about resources as they are registered: before anything is touched, also by an update without a preview. */
export interface Rule<C> extends About {
    check: (resource: Resource, config: C, seen: Seen) => Finding[];
}

/** A rule about what components promise: outputs, which are there once all resources are registered. */
export interface StackRule<C> extends About {
    checkStack: (resources: Resource[], config: C) => Finding[];
}

/** What is done about a value that is not known yet. */
export const Unknowns = {
    /** The CLI shows advice; the update looks again, before the resource is touched. */
    Advise: "advise",
    /** It is a violation: for pipelines, in which a rule that could not be checked must not pass. */
    Refuse: "refuse",
} as const;
export type Unknowns = (typeof Unknowns)[keyof typeof Unknowns];

/** What rules of one run of the pack have in common. */
export interface Run {
    unknowns: Unknowns;
    /** Filled by whichever rule is the first to be shown a resource: any of them may be disabled. */
    seen: Map<string, Resource>;
}

const metadata = ({ name, description, severity, remediationSteps, settings }: About) => ({
    name,
    description,
    severity,
    remediationSteps,
    enforcementLevel: "mandatory" as EnforcementLevel,
    url: `docs/policies.md#${name}`,
    ...(settings ? { configSchema: { properties: settings } } : {}),
});

/** A rule as the CLI runs it. */
export function resourcePolicy<C>(rule: Rule<C>, { unknowns, seen }: Run): ResourceValidationPolicy {
    return {
        ...metadata(rule),
        validateResource: (args, report) => {
            const resource = resourceOf(args);
            if (resource.kind !== undefined) seen.set(resource.urn, resource);
            const config = args.getConfig<Inputs>();
            if (resource.type === "pulumi:pulumi:Stack") refuseOtherSettings(rule, config, report);
            tell(
                found(() => rule.check(resource, config as C, seen)),
                new Map([[args.urn, args]]),
                unknowns,
                (message) => report(message),
                args.urn,
            );
        },
    };
}

/** A rule about a whole stack as the CLI runs it. */
export function stackPolicy<C>(rule: StackRule<C>, { unknowns }: Run): StackValidationPolicy {
    return {
        ...metadata(rule),
        validateStack: (args, report) => {
            const config = args.getConfig<Inputs>();
            refuseOtherSettings(rule, config, report);
            const registered: Registered[] = args.resources;
            const root = registered.find(({ type }) => type === "pulumi:pulumi:Stack")?.urn ?? "";
            tell(
                found(() => rule.checkStack(registered.map(resourceOf), config as C)),
                new Map(registered.map((resource) => [resource.urn, resource])),
                unknowns,
                report,
                root,
            );
        },
    };
}

/** A rule that fails has found that it cannot vouch for the resource. Its own words could repeat a value. */
function found(check: () => Finding[]): Finding[] {
    try {
        return check();
    } catch (error) {
        const kind = error instanceof Error ? error.name : typeof error;
        return [{ says: `could not be checked (${kind}): its inputs have a form that this rule does not know` }];
    }
}

function tell(
    findings: Finding[],
    resources: Map<string, Registered>,
    unknowns: Unknowns,
    report: ReportViolation,
    urn: string,
): void {
    const open = findings.filter((finding) => finding.unknown && unknowns === Unknowns.Advise);
    for (const finding of findings.filter((other) => !open.includes(other)))
        report(line(finding, urn), finding.urn ?? urn);
    // Last, as it ends the check: reading a value that is not known makes the SDK say so, as advice.
    for (const { path = [], urn: of } of open) read((resources.get(of ?? urn) ?? resources.get(urn))?.props, path);
}

const read = (inputs: unknown, path: string[]): unknown =>
    path.reduce<unknown>((value, key) => (isInputs(value) ? value[key] : undefined), inputs);

/** The CLI refuses settings of a wrong type by the schema, and takes those that it does not know. */
function refuseOtherSettings({ name, settings = {} }: About, config: Inputs, report: ReportViolation): void {
    const known = Object.keys(settings);
    for (const key of Object.keys(config).filter((other) => !known.includes(other)))
        report(
            `config of ${name}: ${key} is none of its settings: ${known.length > 0 ? known.join(", ") : "it has none"}`,
        );
}
