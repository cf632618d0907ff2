import { z } from "zod";

/** What `pulumi preview --json` puts where a value is not known before the update runs: sdk/go/common/resource/plugin/rpc.go. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** What it puts where a value is a secret. */
export const SECRET = "[secret]";

const orEmpty = <T>(value: T | null | undefined, empty: T): T => value ?? empty;
const Properties = z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((value) => orEmpty(value, {}));
const Names = z
    .array(z.string())
    .nullish()
    .transform((value) => orEmpty(value, []));

const ResourceState = z.object({
    type: z.string(),
    inputs: Properties,
    outputs: Properties,
    parent: z.string().default(""),
    dependencies: Names,
    propertyDependencies: z
        .record(z.string(), Names)
        .nullish()
        .transform((value) => orEmpty(value, {})),
    retainOnDelete: z.boolean().default(false),
});

/** What the engine does with a resource, by its own words; the others are looks, and parts of a replacement, which has a step of its own. */
const OPS: Record<string, Op | undefined> = {
    same: "same",
    create: "create",
    import: "create",
    update: "update",
    delete: "delete",
    replace: "replace",
};

const PreviewStep = z
    .object({
        op: z.string(),
        urn: z.string(),
        oldState: ResourceState.optional(),
        newState: ResourceState.optional(),
        diffReasons: Names,
        replaceReasons: Names,
    })
    .transform((step) => ({
        ...step,
        op: OPS[step.op],
        name: nameOf(step.urn),
        type: (step.newState ?? step.oldState)?.type ?? "",
    }));

const Digest = z.object({
    steps: z
        .array(PreviewStep)
        .nullish()
        .transform((steps) => orEmpty(steps, [])),
    diagnostics: z
        .array(z.object({ urn: z.string().default(""), message: z.string().default(""), severity: z.string() }))
        .nullish()
        .transform((diagnostics) => orEmpty(diagnostics, [])),
    changeSummary: z
        .record(z.string(), z.number())
        .nullish()
        .transform((summary) => orEmpty(summary, {})),
});

/** A resource as a preview shows it, before or after. */
export type ResourceState = z.output<typeof ResourceState>;
/** What is done with a resource. */
export type Op = "same" | "create" | "update" | "delete" | "replace";
/** What the engine means to do with one resource. */
export type PreviewStep = z.output<typeof PreviewStep> & { op: Op };

/** A preview that can be relied on: without errors, and with every resource in it. */
export interface Preview {
    /** Each resource once, in the order in which the engine looked at them. */
    steps: PreviewStep[];
    /** What the program and the engine warned of. */
    warnings: string[];
}

/** The resource's own name in its URN. */
export const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;

/**
 * The preview in what `pulumi preview --json --show-sames` printed.
 *
 * @throws Error when it is something else, was cut off, has errors in it, or leaves out the resources that stay as they are: they say what else is on a
 * host, and how much of a component remains.
 */
export function readPreview(text: string): Preview {
    const { steps, diagnostics, changeSummary } = digestIn(json(text));
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(words);
    if (errors.length > 0) throw new Error(["the preview failed:", ...errors.map(indented)].join("\n"));

    const listed = steps.filter(({ op }) => op === "same").length;
    if ((changeSummary.same ?? 0) > listed)
        throw new Error(
            `the preview leaves out ${(changeSummary.same ?? 0) - listed} resources that stay as they are, and what else is on a host cannot be told without them: make it with \`pulumi preview --json --show-sames\``,
        );
    const last = new Map(steps.flatMap((step) => (step.op ? [[step.urn, { ...step, op: step.op }]] : [])));
    const warnings = diagnostics.filter(({ severity }) => severity === "warning").map(words);
    return { steps: [...last.values()], warnings: [...new Set(warnings)] };
}

const words = ({ urn, message }: { urn: string; message: string }): string => {
    const said = message.trim().replace(/^(error|warning): /, "");
    return urn === "" || said.includes(nameOf(urn)) ? said : `${nameOf(urn)}: ${said}`;
};
const indented = (message: string): string => message.replace(/^/gm, "  ");

function json(text: string): unknown {
    const trimmed = text.replace(/^\uFEFF/, "").trim();
    if (trimmed === "")
        throw new Error("the preview is empty: `pulumi preview --json` ended before it printed anything");
    try {
        return JSON.parse(trimmed) as unknown;
    } catch (error) {
        throw new Error(notJson(trimmed, error instanceof Error ? error.message : String(error)), { cause: error });
    }
}

function notJson(text: string, reason: string): string {
    if (!text.startsWith("{"))
        return `the preview is not JSON: it begins with ${JSON.stringify(text.slice(0, 40))}; \`pulumi preview --json\` prints JSON alone to its standard output`;
    if (/^\{"sequence":/.test(text))
        return "this is a stream of engine events: unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW, so that `pulumi preview --json` prints one JSON document";
    if (!text.endsWith("}")) return `the preview was cut off after ${text.length} characters: ${reason}`;
    return `the preview is not JSON: ${reason}`;
}

/** Other JSON that Pulumi writes, by a field of it. */
const OTHERS: Record<string, string> = {
    resourcePlans: "an update plan of `--save-plan`",
    deployment: "a state of `pulumi stack export`",
    sequence: "one event of an engine's event log",
};

function digestIn(value: unknown): z.output<typeof Digest> {
    const fields = typeof value === "object" && value !== null ? Object.keys(value) : [];
    const other = fields.map((field) => OTHERS[field]).find((words) => words !== undefined);
    if (other) throw new Error(`this is ${other}, not a preview: \`pulumi preview --json --show-sames\` makes one`);
    const digest = Digest.safeParse(value);
    if (!digest.success) {
        const [issue] = digest.error.issues;
        throw new Error(`this JSON is no preview: ${issue?.path.join(".")}: ${issue?.message}`);
    }
    if (!fields.some((field) => ["steps", "diagnostics", "changeSummary"].includes(field)))
        throw new Error("this JSON is no preview: it has no steps; `pulumi preview --json --show-sames` makes one");
    return digest.data;
}
