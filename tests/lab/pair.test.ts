import { DrillEnd } from "../../cli/demo/pair/drill";
import { PairBench } from "./pair-bench";

jest.setTimeout(900_000);

let bench: PairBench;

beforeAll(async () => {
    bench = await PairBench.up("t-pair", "10.107.0");
});
afterAll(() => bench.down());

test("the active machine loses its power: the other one serves, alone, with every acknowledged record", async () => {
    await bench.struck("power", DrillEnd.Served);
    expect(await bench.nothingLost()).toMatch(/ro:Primary\/(Unknown|Secondary) ds:UpToDate\//);
});
