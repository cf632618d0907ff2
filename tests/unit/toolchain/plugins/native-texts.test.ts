import fc from "fast-check";
import type * as jspb from "google-protobuf";
import type * as structs from "google-protobuf/google/protobuf/struct_pb";
import { useNativeTexts } from "../../../../toolchain/plugins/native-texts";

/** The library as it is, and an instance of it with native texts. */
function libraries(): (typeof structs)[] {
    return [false, true].map((native) => {
        let found: typeof structs | undefined;
        jest.isolateModules(() => {
            found = jest.requireActual<typeof structs>("google-protobuf/google/protobuf/struct_pb");
            if (native) useNativeTexts(jest.requireActual<typeof jspb>("google-protobuf"));
        });
        return found!;
    });
}

test("texts are the same on the wire and after it", () => {
    const [own, native] = libraries() as [typeof structs, typeof structs];
    const texts = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme", maxLength: 300 }));
    fc.assert(
        fc.property(texts, (fields) => {
            const wire = native.Struct.fromJavaScript(fields).serializeBinary();
            expect(wire).toEqual(own.Struct.fromJavaScript(fields).serializeBinary());
            expect(native.Struct.deserializeBinary(wire).toJavaScript()).toEqual(
                own.Struct.deserializeBinary(wire).toJavaScript(),
            );
        }),
        { examples: [[{ "": "", bom: "\ufeffx", long: "é日𝄞".repeat(20_000) }]] },
    );
});
