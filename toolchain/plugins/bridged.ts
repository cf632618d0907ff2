// Resource types as tables. The originals of random and tls share one bridge, and with it how Check, Diff, Read and
// Update go; what differs between their types is which properties there are and how the outputs are made.
import { converted } from "./property";
import type { Property } from "./property";
import { Failure } from "./handler";
import type { Provider, ReadAnswer, ReadRequest, ResourceHandler } from "./handler";
import { Secret, Unknown, containsUnknown, mapProperties, sameValue, unknown, withoutSecrets } from "./values";
import type { Properties, Value } from "./values";

/** What a new resource is: its id and what was made beside its inputs. */
export interface Made {
    id: string;
    outputs: Properties;
}

/** One resource type. `Inputs` are those of `properties`, with their defaults. */
export interface ResourceType<Inputs> {
    /** The version of the state's layout, in `__meta`. Default: the state has no `__meta`. */
    schemaVersion?: number;
    properties: Record<string, Property>;
    /** Inputs that follow from others; runs before defaults are filled in. */
    complete?(inputs: Properties): Properties;
    /** What is wrong with the inputs together; those that are not in the table are there too. */
    faults?(inputs: Properties): string[];
    create(inputs: Inputs): Made | Promise<Made>;
    /** The state of something that exists already. Default: import is refused. */
    import?(id: string): Properties;
    /** What Read finds changed in the state. */
    refresh?(state: Properties): Properties | Promise<Properties>;
    /** What Update changes beside the inputs; `state` has the new inputs. */
    update?(state: Properties): Properties;
    /** Outputs that Diff names when `changed` inputs change. */
    follow?(changed: string[], state: Properties, inputs: Properties): { diffs: string[]; replaces?: string[] };
    /** The id that belongs to a state. Default: its property `id`. */
    idOf?(state: Properties): Value | undefined;
}

/** A plugin whose original is bridged. `config` are the provider's own configuration keys. */
export function bridgedProvider(
    name: string,
    version: string,
    resources: Record<string, ResourceHandler>,
    config: string[] = [],
): Provider {
    const known = Object.keys(resources).map((token) => token.split(":").pop());
    const hint = [
        `this is a stand-in for the ${name} plugin that knows ${known.join(", ")} alone`,
        `the real plugin is installed by "pulumi plugin install resource ${name} ${version}"`,
    ].join("; ");
    return {
        name,
        version,
        features: { acceptResources: true, supportsPreview: true, supportsAutonaming: true },
        resources,
        checkConfig: (news) => ({
            inputs: news,
            failures: Object.keys(news)
                .filter((key) => !["version", "pluginDownloadURL", "pluginChecksums", ...config].includes(key))
                .filter((key) => !key.startsWith("__"))
                .map((key) => ({
                    property: "",
                    reason: `"${name}:${key}" is not a configuration key of the ${name} provider`,
                })),
        }),
        diffConfig: (olds, news) => ({
            changes: "unknown",
            ...(!sameValue(olds.version, news.version) && {
                detailed: { version: { kind: "UPDATE", inputDiff: true } as const },
            }),
        }),
        unknownResource: (token) => new Failure(`unknown resource type ${token}: ${hint}`),
        unknownFunction: (token) => new Failure(`unknown function ${token}: ${hint}`),
        unimplemented: (method) => `${method} is not yet implemented`,
    };
}

/** The handler of one resource type. */
export function bridgedResource<Inputs>(type: ResourceType<Inputs>): ResourceHandler {
    const properties = Object.entries(type.properties);
    const types = Object.fromEntries(properties.map(([name, property]) => [name, property.type]));
    const inputNames = properties.filter(([, property]) => property.input !== undefined).map(([name]) => name);
    const outputNames = properties.filter(([, property]) => property.input === undefined).map(([name]) => name);
    const defaults = Object.fromEntries(
        properties.flatMap(([name, property]) => (property.default === undefined ? [] : [[name, property.default]])),
    );
    const meta: Properties =
        type.schemaVersion === undefined
            ? {}
            : { __meta: JSON.stringify({ schema_version: String(type.schemaVersion) }) };

    const inputsOf = (given: Properties): Properties => pick(converted(bare(given), types), inputNames);
    const planned = (given: Properties): Properties => {
        const inputs = inputsOf(given);
        return { ...pick(defaults, inputNames), ...inputs, ...type.complete?.(inputs) };
    };
    // Fields that are not in the table stay, and so does `__meta`: a newer original may have written them.
    const stateOf = (given: Properties): Properties => {
        const { id, ...state } = bare(given);
        const kept: Properties = "id" in types && id !== undefined ? { id } : {};
        return { ...state, ...kept, ...converted(state, types) };
    };
    /** The new inputs as they would be stored, those that are to be ignored as the state has them. */
    const wanted = (state: Properties, news: Properties, ignored: string[]): Properties => {
        const inputs = planned(news);
        const keeps = inputNames.filter(
            (name) =>
                ignored.includes(name) || (type.properties[name]?.keepsState === true && inputs[name] === undefined),
        );
        return { ...omit(inputs, keeps), ...pick(state, keeps) };
    };
    const marked = (values: Properties, evenUnknown = false): Properties =>
        mapProperties(values, (value, name) =>
            type.properties[name]?.secret === true && value !== null && (evenUnknown || !(value instanceof Unknown))
                ? new Secret(value)
                : value,
        );

    return {
        check({ news }) {
            const given = bare(news);
            const inputs = converted(given, types);
            const faults = properties.flatMap(([name, property]) => {
                const value = inputs[name];
                if (property.input === undefined)
                    return value === undefined ? [] : [`${name}: is an output, leave it out`];
                if (value === undefined) return property.input === "required" ? [`${name}: is missing`] : [];
                return containsUnknown(value) ? [] : (property.faults?.(value, name) ?? []);
            });
            const reasons = [...faults, ...(type.faults?.({ ...given, ...inputs }) ?? [])];
            return { inputs: marked(given, true), failures: reasons.map((reason) => ({ property: "", reason })) };
        },

        diff({ olds, news, ignoreChanges }) {
            const state = stateOf(olds);
            const inputs = wanted(state, news, ignoreChanges);
            const changed = inputNames.filter((name) => !sameValue(inputs[name], state[name] ?? defaults[name]));
            const follow = type.follow?.(changed, state, inputs) ?? { diffs: [] };
            const replacing = changed.filter((name) => type.properties[name]?.onChange !== "update");
            const diffs = [...new Set([...changed, ...follow.diffs])];
            const replaces = [...new Set([...replacing, ...(follow.replaces ?? [])])];
            return { changes: diffs.length > 0 ? "some" : "none", diffs, replaces };
        },

        async create({ inputs: given, preview }) {
            const inputs = planned(given);
            if (preview) {
                const outputs = Object.fromEntries(outputNames.map((name) => [name, defaults[name] ?? unknown]));
                return { id: "", properties: marked({ ...inputs, ...outputs }) };
            }
            const { id, outputs } = await type.create(inputs as Inputs);
            const own: Properties = "id" in types ? { id } : {};
            return {
                id,
                properties: marked({ ...inputs, ...pick(defaults, outputNames), ...outputs, ...own, ...meta }),
            };
        },

        async read({ id, properties: given, inputs }: ReadRequest): Promise<ReadAnswer> {
            const known = Object.keys(given).length > 0;
            if (!known && type.import === undefined) {
                throw new Failure(`import: a resource of this type cannot be imported (id ${JSON.stringify(id)})`);
            }
            const found = known ? stateOf(given) : { ...defaults, ...type.import?.(id) };
            const state: Properties = { ...meta, ...found, ...(await type.refresh?.(found)) };
            const sent = Object.keys(inputs).filter((name) => !name.startsWith("__"));
            const named = sent.length > 0 ? sent : inputNames.filter((name) => Boolean(state[name]));
            const readInputs = { ...bare(inputs), ...pick(state, inputNames) };
            return {
                id: textOf(type.idOf === undefined ? state.id : type.idOf(state)) ?? id,
                properties: marked(state),
                inputs: marked(pick(readInputs, named), true),
            };
        },

        update({ olds, news, ignoreChanges }) {
            const old = stateOf(olds);
            const state = { ...meta, ...omit(old, inputNames), ...wanted(old, news, ignoreChanges) };
            return marked({ ...state, ...type.update?.(state) });
        },

        delete() {
            // There is nothing outside the state.
        },
    };
}

function bare(properties: Properties): Properties {
    return mapProperties(properties, withoutSecrets);
}

function pick(properties: Properties, names: string[]): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name)));
}

function omit(properties: Properties, names: string[]): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

function textOf(value: Value | undefined): string | undefined {
    return typeof value === "string" ? value : undefined;
}
