// google-protobuf 3 reads and writes texts character by character, in arrays of numbers: for a script of 50 KB that is nearly all the time of a call.
// Node's own conversion of UTF-8 takes a hundredth of it.
import type * as jspb from "google-protobuf";

type Protobuf = Pick<typeof jspb, "BinaryReader" | "BinaryWriter">;

/** From now on this instance of the library converts texts by Node's means; what is on the wire stays the same. */
export function useNativeTexts({ BinaryReader, BinaryWriter }: Protobuf): void {
    const encoder = new TextEncoder();
    BinaryReader.prototype.readString = function () {
        const { buffer, byteOffset, byteLength } = this.readBytes();
        return Buffer.from(buffer, byteOffset, byteLength).toString("utf8");
    };
    BinaryWriter.prototype.writeString = function (field, value) {
        this.writeBytes(field, encoder.encode(value));
    };
}
