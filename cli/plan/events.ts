import { z } from "zod";

/** Seconds that a component promises for each kind of fault. */
export type Promised = Record<string, number>;

/** What an engine says while it previews and does not put into the preview's JSON. */
export interface Said {
    /** The promises that components make from now on, by URN. */
    promises: Map<string, Promised>;
    /** What policies object to. */
    violations: Violation[];
    /** How many resources were looked at so far. */
    resources: number;
}

/** A policy's objection. */
export interface Violation {
    policy: string;
    /** `advisory`: for information; anything else fails the preview. */
    level: string;
    /** It could not decide, as a value is not known before the update runs; the engine calls that an advice. */
    undecided: boolean;
    resource: string;
    message: string;
}

const Promises = z.union([
    z
        .array(z.object({ fault: z.string(), totalSeconds: z.number() }))
        .transform((lines) => lines.map(({ fault, totalSeconds }): [string, number] => [fault, totalSeconds])),
    // What `stackFailover` gives: a kind of fault may have no promise.
    z
        .record(z.string(), z.object({ totalSeconds: z.number().optional() }))
        .transform((faults) =>
            Object.entries(faults).flatMap(([fault, { totalSeconds: seconds }]): [string, number][] =>
                seconds === undefined ? [] : [[fault, seconds]],
            ),
        ),
]);

/** The promises in the outputs of a component, or of a stack; undefined where there are none. */
export function promisesIn(outputs: Record<string, unknown> | undefined): Promised | undefined {
    const read = Promises.safeParse(outputs?.failover);
    return read.success ? Object.fromEntries(read.data) : undefined;
}

const Event = z.object({
    resOutputsEvent: z
        .object({
            metadata: z.object({
                urn: z.string(),
                new: z.object({ outputs: z.record(z.string(), z.unknown()).nullish() }).nullish(),
            }),
        })
        .optional(),
    policyEvent: z
        .object({
            policyName: z.string(),
            enforcementLevel: z.string(),
            resourceUrn: z.string().default(""),
            message: z.string(),
        })
        .optional(),
});

/** What a preview begins with. */
export const silent = (): Said => ({ promises: new Map(), violations: [], resources: 0 });

/** Adds what a line of the engine's event log says. Most lines are of no interest here, and some hold secrets: they are not even parsed. */
export function hear(said: Said, line: string): void {
    if (line.includes('"resourcePreEvent":')) said.resources++;
    if (!/"(resOutputsEvent|policyEvent)":/.test(line.slice(0, 100))) return;
    const event = Event.safeParse(JSON.parse(line));
    const { resOutputsEvent: outputs, policyEvent: policy } = event.data ?? {};
    const promised = promisesIn(outputs?.metadata.new?.outputs ?? undefined);
    if (outputs && promised) said.promises.set(outputs.metadata.urn, promised);
    if (policy)
        said.violations.push({
            policy: policy.policyName,
            level: policy.enforcementLevel,
            undecided: policy.message.includes("can't run policy"),
            resource: policy.resourceUrn.split("::").at(-1) ?? "",
            message: ownWords(withoutColour(policy.message).trim()),
        });
}

/** Without the policy's description, which the SDK puts before what the policy has to say. */
const ownWords = (message: string): string => {
    const [description = "", ...words] = message.split("\n");
    return words.length > 0 ? words.join("\n") : description;
};

/** Pulumi's marks of colour: sdk/go/common/diag/colors. */
const withoutColour = (text: string): string => text.replace(/<\{%.*?%\}>/g, "");
