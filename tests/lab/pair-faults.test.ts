import { DrillEnd } from "../../cli/demo/pair/drill";
import { PairBench } from "./pair-bench";

jest.setTimeout(1_200_000);

let bench: PairBench;

beforeAll(async () => {
    bench = await PairBench.up("t-faults", "10.119.0");
});
afterAll(() => bench.down());

test("a machine that stands still loses its place, and a writer that wakes up in it writes nothing any more", async () => {
    expect(await bench.struck("pause", DrillEnd.Well)).toMatchObject({ untouched: true });
});

test("a machine that is cut off loses its place, and a writer that goes on in it leaves nothing", async () => {
    expect(await bench.struck("links", DrillEnd.Well)).toMatchObject({ untouched: true });
});

test("a cut replication link is borne: the same machine serves, and the other one is brought up to date afterwards", async () => {
    await bench.borne("replication", DrillEnd.Well);
});

test("a machine that clients cannot reach any more gives its place away in order", async () => {
    expect(await bench.struck("cluster", DrillEnd.Well, [])).toMatchObject({ untouched: true });
});

test("a machine that loses its power comes back as the second one", async () => {
    await bench.struck("power", DrillEnd.Well);
});

test("its fencing is exchanged in one update, and makes sure of a lost machine from then on", async () => {
    for (const devices of await bench.exchanged("disk"))
        expect(devices.trim()).toMatch(/^fence-sbd\s+1 fence device found$/);
    await bench.struck("power", DrillEnd.Well);
});

test("no acknowledged record is lost, nobody wrote who no longer should have, and the replicas are alike", async () => {
    expect(await bench.nothingLost()).toContain("ds:UpToDate/UpToDate");
});
