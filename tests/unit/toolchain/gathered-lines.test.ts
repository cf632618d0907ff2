import type { Log } from "../../../toolchain/language-host/gathered-lines";
import { gatherLines } from "../../../toolchain/language-host/gathered-lines";

function gathered(): { log: Log; sent: string[] } {
    const sent: string[] = [];
    const say = (level: string) => (message: string, resource?: unknown) => {
        sent.push(`${level}: ${message}${resource === undefined ? "" : ` about ${JSON.stringify(resource)}`}`);
        return Promise.resolve();
    };
    const log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
    gatherLines(gatherLines(log));
    return { log, sent };
}

test("lines of one turn go as one message, and each is waited for until it is sent", async () => {
    const { log, sent } = gathered();
    await Promise.all([log.debug("one"), log.debug("two"), log.debug("three", undefined)]);
    expect(sent).toEqual(["debug: one\ntwo\nthree"]);
    await log.debug("four");
    expect(sent).toEqual(["debug: one\ntwo\nthree", "debug: four"]);
});

test("all lines stay in their order, and those about a resource are of their own", async () => {
    const { log, sent } = gathered();
    const lines = [log.debug("one"), log.warn("two"), log.debug("three", "web"), log.debug("four"), log.error("five")];
    await Promise.all(lines);
    expect(sent).toEqual(["debug: one", "warn: two", 'debug: three about "web"', "debug: four", "error: five"]);
});
