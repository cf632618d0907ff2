import { inOwnWords, wiringInOwnWords } from "../../../../components/ha-pair/failover";
import { Fault, faultSeconds } from "../../../../components/shared/failover";
import { spec, volume } from "./specs";

const term = (knob: string) => ({ name: "a term", seconds: 1, detects: true, source: "test", knob });
const pair = spec({ volume, witness: true, fenced: true, services: { nfs: { preset: "nfs-server" } } });

test.each([
    ["files.tokenSeconds", "files.tokenSeconds"],
    ["files.advertIntervalSeconds", "files.advertIntervalSeconds"],
    ["files.witness", "files.witness"],
    ["files.fencing.ipmi.app1.powerWaitSeconds", "files.fencing.ipmi.app1.powerWaitSeconds"],
    ["files.resources.files-nfs.operations", "files.services.nfs.checkIntervalSeconds"],
    ["files.resources.files-nfs.expectedStopSeconds", "files.services.nfs.expectedStopSeconds"],
    ["files.track.nfs.intervalSeconds", "files.services.nfs.checkIntervalSeconds"],
    ["files.timing.pingSeconds", "files.timing.pingSeconds"],
    ["other.timing.pingSeconds", "other.timing.pingSeconds"],
    ["files.resources.files-address.expectedStartSeconds", undefined],
    ["files.track.nfs.fall", undefined],
    ["files.priorities", undefined],
])("%s is the pair's %s", (knob, own) => {
    const [promise] = inOwnWords(pair, [faultSeconds(Fault.Power, [term(knob)])]);
    expect(promise?.sums[0]?.[0]?.knob).toBe(own);
    expect(promise?.totalSeconds).toBe(1);
});

test("an address that goes back by itself does so by the pair's failback", () => {
    const takesBack = term("files.preemptDelaySeconds");
    expect(wiringInOwnWords(pair, { moves: ["192.0.2.1"], takesBack })).toMatchObject({
        moves: ["192.0.2.1"],
        takesBack: { knob: "files.failback" },
    });
    expect(wiringInOwnWords(pair, { moves: [] })).toEqual({ moves: [] });
});
