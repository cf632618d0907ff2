import * as pulumi from "@pulumi/pulumi";

/** A resource as a program registers it. */
export interface Registered {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
}

/** What a program registered and what it came to. */
export interface Mocked<T> {
    registered: Registered[];
    /** Those that run on hosts. */
    commands: Registered[];
    /** Names of the commands that apply units, in their order. */
    applies: string[];
    result: T;
}

/** What the plugins compute in an update; a preview does not know it. */
const COMPUTED = { result: "generated", privateKeyPem: "key", certPem: "certificate" };

/**
 * Runs a program against mocks, as a preview or as an update.
 *
 * @param computed what the plugin gives a resource besides its inputs; default: the same for all, and nothing in a preview.
 */
export async function mocked<T>(
    preview: boolean,
    program: () => Promise<T> | T,
    computed = (_type: string): Record<string, unknown> => (preview ? {} : COMPUTED),
): Promise<Mocked<T>> {
    const registered: Registered[] = [];
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name, inputs }) => {
                registered.push({ type, name, inputs });
                return { id: preview ? undefined : `${name}-id`, state: { ...computed(type), ...inputs } };
            },
            call: ({ inputs }) => inputs,
        },
        "project",
        "stack",
        preview,
    );
    try {
        const result = await program();
        await pulumi.runtime.disconnect();
        const commands = registered.filter(({ type }) => type === "command:remote:Command");
        const applies = commands.map(({ name }) => name).filter((name) => name.endsWith("-apply"));
        return { registered, commands, applies, result };
    } catch (error) {
        await pulumi.runtime.disconnect();
        throw error;
    }
}

/** The value of an output; in a preview undefined where it is unknown. */
export const promised = <T>(output: pulumi.Output<T>): Promise<T> =>
    (output as unknown as { promise(): Promise<T> }).promise();
