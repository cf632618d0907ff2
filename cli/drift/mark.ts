import type { Deployment } from "../state";

/** A unit that the next `pulumi up` shall apply again. */
export interface Mark {
    /** Name of the unit in the program. */
    resource: string;
    /** Whether packages and credentials are missing too. */
    prepare: boolean;
    /** Name of the command that brings the engine to its host. */
    engine: string;
}

/** The commands of a unit that run again: what an apply needs on its host comes along. */
export const commandsOf = ({ resource, prepare, engine }: Mark): string[] => [
    engine,
    ...(prepare ? [`${resource}-prepare`] : []),
    `${resource}-apply`,
];

const MARK = "# drift was found";

/**
 * A state in which units count as not applied, so that the next `pulumi up` applies them: what is recorded as their command gets a line of comment before
 * it, and so is another one than the program's. An update sends the program's text and keeps order and gates; `--replace` would remove the unit afterwards,
 * as its old self.
 *
 * @param when for whoever reads the preview.
 */
export function marked<D extends Deployment>(state: D, marks: Mark[], when: string): D {
    const names = new Set(marks.flatMap(commandsOf));
    const noted = (properties: Record<string, unknown> | undefined) =>
        typeof properties?.create === "string"
            ? { ...properties, create: `${MARK} ${when}\n${properties.create.split("\n").at(-1) ?? ""}` }
            : properties;
    const resources = state.deployment.resources?.map((resource) =>
        resource.type === "command:remote:Command" && names.has(resource.urn.split("::").at(-1) ?? "")
            ? { ...resource, inputs: noted(resource.inputs), outputs: noted(resource.outputs) }
            : resource,
    );
    return { ...state, deployment: { ...state.deployment, resources } };
}
