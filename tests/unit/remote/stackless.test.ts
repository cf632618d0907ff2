import { stackless } from "../../../remote/stackless";

test("an error says what it said, whatever is put before it on its way", () => {
    const error = stackless(new Error("one thing must change"));
    // As the SDK does (runtime/rpc.js), in strict mode.
    error.message = `error serializing property "a": ${error.message}`;
    expect([error.message, String(error), error.stack]).toEqual([
        "one thing must change",
        "Error: one thing must change",
        undefined,
    ]);
});
