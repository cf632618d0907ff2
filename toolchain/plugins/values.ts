// Resource properties as the provider protocol carries them, and as the plugins work with them.
// Signature keys: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
import { ListValue, NullValue, Struct, Value as StructValue } from "google-protobuf/google/protobuf/struct_pb";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value that is not known before the update has run. Compare with `instanceof Unknown`; there is one instance, `unknown`. */
export class Unknown {
    readonly unknown = true;
}

/** A value the engine encrypts in state and masks on screen. `new Secret(unknown)` is a secret that is not known yet. */
export class Secret {
    constructor(readonly value: Value) {}
}

/** The one instance of {@link Unknown}. */
export const unknown = new Unknown();

/**
 * One property value. Assets, archives and resource references stay plain objects with their signature key: no plugin here
 * looks into them. Output values become `Secret` and `Unknown`; their dependencies are dropped, the engine keeps its own.
 */
export type Value = null | boolean | number | string | Unknown | Secret | Value[] | Properties;

/** Named property values: the inputs or the state of one resource. */
export interface Properties {
    [name: string]: Value;
}

/** How a secret that is not known is written: as an output value, or as an ordinary secret around the unknown marker. */
export type SecretUnknownForm = "outputValue" | "secret";

/** True for an object with named fields; false for `Secret` and `Unknown`. */
export function isProperties(value: Value | undefined): value is Properties {
    return (
        typeof value === "object" &&
        value !== null &&
        !Array.isArray(value) &&
        !(value instanceof Secret) &&
        !(value instanceof Unknown)
    );
}

/** The value with every secret mark in it taken off; unknowns stay. */
export function withoutSecrets(value: Value): Value {
    if (value instanceof Secret) return withoutSecrets(value.value);
    if (Array.isArray(value)) return value.map(withoutSecrets);
    return isProperties(value) ? mapProperties(value, withoutSecrets) : value;
}

/** True if the value is unknown, or has an unknown anywhere inside. */
export function containsUnknown(value: Value): boolean {
    if (value instanceof Unknown) return true;
    if (value instanceof Secret) return containsUnknown(value.value);
    if (Array.isArray(value)) return value.some(containsUnknown);
    return isProperties(value) && Object.values(value).some(containsUnknown);
}

/** Every field of `properties` run through `change`; the order of the fields stays. */
export function mapProperties(properties: Properties, change: (value: Value, name: string) => Value): Properties {
    return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, change(value, name)]));
}

/** Deep equality of two values, secret and unknown marks included. The order of fields does not count. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
    if (a instanceof Secret && b instanceof Secret) return sameValue(a.value, b.value);
    if (Array.isArray(a) && Array.isArray(b)) {
        return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
    }
    if (isProperties(a) && isProperties(b)) {
        const names = Object.keys(a);
        return (
            names.length === Object.keys(b).length &&
            names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]))
        );
    }
    return a === b;
}

/** Properties out of a protocol message; an absent message is no properties. */
export function fromStruct(struct: Struct | undefined): Properties {
    return struct === undefined ? {} : fields(struct);
}

/** Properties for a protocol message. */
export function toStruct(properties: Properties, form: SecretUnknownForm): Struct {
    const struct = new Struct();
    const fields = struct.getFieldsMap();
    for (const [name, value] of Object.entries(properties)) fields.set(name, encode(value, form));
    return struct;
}

function fields(struct: Struct): Properties {
    const entries: [string, Value][] = [];
    struct.getFieldsMap().forEach((value: StructValue, name: string) => entries.push([name, decode(value)]));
    return Object.fromEntries(entries);
}

function special(properties: Properties): Value {
    switch (properties[SIGNATURE]) {
        case SECRET:
            return new Secret(properties.value ?? null);
        case OUTPUT_VALUE: {
            const value = properties.value === undefined ? unknown : properties.value;
            return properties.secret === true ? new Secret(value) : value;
        }
        default:
            return properties;
    }
}

function decode(value: StructValue): Value {
    switch (value.getKindCase()) {
        case StructValue.KindCase.BOOL_VALUE:
            return value.getBoolValue();
        case StructValue.KindCase.NUMBER_VALUE:
            return value.getNumberValue();
        case StructValue.KindCase.STRING_VALUE:
            return value.getStringValue() === UNKNOWN ? unknown : value.getStringValue();
        case StructValue.KindCase.LIST_VALUE:
            return (value.getListValue()?.getValuesList() ?? []).map(decode);
        case StructValue.KindCase.STRUCT_VALUE: {
            const struct = value.getStructValue();
            return struct === undefined ? {} : special(fields(struct));
        }
        default:
            return null;
    }
}

function encode(value: Value, form: SecretUnknownForm): StructValue {
    const message = new StructValue();
    if (value === null) return message.setNullValue(NullValue.NULL_VALUE);
    if (typeof value === "boolean") return message.setBoolValue(value);
    if (typeof value === "number") return message.setNumberValue(value);
    if (typeof value === "string") return message.setStringValue(value);
    if (value instanceof Unknown) return message.setStringValue(UNKNOWN);
    if (value instanceof Secret) return message.setStructValue(toStruct(secretFields(value, form), form));
    if (Array.isArray(value)) {
        return message.setListValue(new ListValue().setValuesList(value.map((item) => encode(item, form))));
    }
    return message.setStructValue(toStruct(value, form));
}

function secretFields({ value }: Secret, form: SecretUnknownForm): Properties {
    return value instanceof Unknown && form === "outputValue"
        ? { [SIGNATURE]: OUTPUT_VALUE, secret: true }
        : { [SIGNATURE]: SECRET, value };
}
