// Requests to resource handlers with all that does not matter filled in.
import type { CreateRequest, DiffRequest, ReadRequest, UpdateRequest } from "../../../../toolchain/plugins/provider";
import { mapProperties, withoutSecrets } from "../../../../toolchain/plugins/values";
import type { Properties } from "../../../../toolchain/plugins/values";

const call = {
    urn: "urn:pulumi:dev::tests::type::it",
    name: "it",
    engine: { acceptSecrets: true, sendsOldInputs: true },
    log: () => Promise.resolve(),
};
const { signal } = new AbortController();

export const createCall = (inputs: Properties, preview = false): CreateRequest => ({
    ...call,
    signal,
    inputs,
    preview,
});

export const diffCall = (olds: Properties, news: Properties): DiffRequest => ({
    ...call,
    id: "x",
    olds,
    oldInputs: {},
    news,
    ignoreChanges: [],
});

export const readCall = (id: string, properties: Properties): ReadRequest => ({ ...call, id, properties, inputs: {} });

export const updateCall = (olds: Properties, news: Properties): UpdateRequest => ({
    ...diffCall(olds, news),
    signal,
    preview: false,
});

/** Those properties that are texts, without their secret marks. */
export const texts = (properties: Properties): Record<string, string> =>
    Object.fromEntries(
        Object.entries(plain(properties)).flatMap(([name, value]) =>
            typeof value === "string" ? [[name, value]] : [],
        ),
    );

/** The properties without their secret marks. */
export const plain = (properties: Properties): Properties => mapProperties(properties, withoutSecrets);
