import { pairDemo } from "../../../cli/demo/pair/demo";
import { entries, measured, termRows } from "../../../cli/demo/pair/terms";
import { Fault, faultSeconds } from "../../../components";

/** Of a machine that took over: an older fault, then one at 910. */
const JOURNAL = `-- Boot 7d3c --
815.8 app2 corosync[174]:   [TOTEM ] A processor failed, forming new configuration: token timed out (5000ms), waiting 6000ms for consensus.
914.5 app2 corosync[174]:   [TOTEM ] Token has not been received in 3751 ms
915.0 app2 corosync[174]:   [TOTEM ] A processor failed, forming new configuration: token timed out (5000ms), waiting 6000ms for consensus.
921.0 app2 corosync[174]:   [TOTEM ] A new membership (2.16) was formed. Members left: 1
926.0 app2 pacemaker-controld[208]:  notice: Requesting fencing (reboot) of node app1
935.5 app2 pacemaker-controld[208]:  notice: Peer app1 was terminated (reboot) by app2 on behalf of pacemaker-controld.208@app2: OK
941.0 app2 pacemaker-controld[208]:  notice: Requesting local execution of promote operation for files-drbd on app2
948.0 app2 pacemaker-controld[208]:  notice: Result of promote operation for files-drbd on app2: ok
955.0 app2 pacemaker-controld[208]:  notice: Result of monitor operation for files-drbd on app2: promoted
957.0 app2 pacemaker-controld[208]:  notice: Requesting local execution of start operation for files-filesystem on app2
960.0 app2 corosync[174]:   [TOTEM ] A new membership (1.1b) was formed. Members joined: 1
969.0 app2 pacemaker-controld[208]:  notice: Result of start operation for files-filesystem on app2: ok
`;

test("terms are read from the log of the machine that took over", () => {
    expect(measured(entries(JOURNAL), 910)).toEqual({
        token: 5,
        consensus: 6,
        decision: 5,
        "power off and on": 9.5,
        "start of files-drbd": 7,
        "start of files-filesystem": 12,
    });
});

test("a log without a lost node has what was started", () => {
    expect(measured(entries(JOURNAL), 936)).toEqual({ "start of files-drbd": 7, "start of files-filesystem": 12 });
});

test("a node that is fenced for what failed on it is lost after the fence was asked for: no decision follows from that", () => {
    const asked = "912.0 app2 pacemaker-controld[208]:  notice: Requesting fencing (reboot) of node app1\n";
    expect(measured(entries(`${asked}${JOURNAL}`), 910)).toEqual({
        token: 5,
        consensus: 6,
        "power off and on": 23.5,
        "start of files-drbd": 7,
        "start of files-filesystem": 12,
    });
});

test("a row for each term that was promised and seen", () => {
    const term = { name: "token", seconds: 5, detects: true, source: "test" };
    const promise = faultSeconds(Fault.Power, [term, { ...term, name: "consensus", seconds: 6 }]);
    const terms = { measured: { token: 4.5, other: 1 }, withinSeconds: 0.2 };
    expect(termRows(promise, terms)).toEqual([["token", 5, 4.5]]);
});

test.each([
    [
        "a fault",
        { faults: "power,fire" },
        /--faults fire: no such fault with --fencing ipmi; there are all, planned, power, /,
    ],
    ["a fault of another way to fence", { faults: "shared" }, /--faults shared: no such fault with --fencing ipmi/],
    ["a way to fence", { fencing: "luck" }, /--fencing luck: no such way to fence; there are ipmi, disk, watchdog$/],
])("fails: %s that there is not, before anything is made", async (_, wish, words) => {
    const usual = { project: "/nowhere", faults: "power", fencing: "ipmi", keep: false, say: () => undefined };
    await expect(pairDemo({ ...usual, ...wish })).rejects.toThrow(words);
});
