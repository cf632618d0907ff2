import { processesOf } from "./host";
import { type Lab, Power } from "./lab";
import { labOpen } from "./open";
import { until } from "./run";

type Switch = (lab: Lab, host: string) => Promise<void>;

/** As the controller answers it: a host that begins or ends is on. */
const isOn = (lab: Lab, host: string): boolean => processesOf(lab.plan, host).length > 0;

/** Returns when nothing of the host is left, which it may have seen to itself meanwhile. One that begins is waited for; one that is off stays off. */
const off: Switch = async (lab, name) => {
    const host = lab.host(name);
    let failure = new Error(`${name}: has processes, but none that its power can be taken from`);
    const ended = await until(
        async () => {
            if (!isOn(lab, name)) return true;
            if (host.power !== Power.off) await host.powerOff().catch((error: Error) => (failure = error));
            return isOn(lab, name) ? undefined : true;
        },
        { seconds: 10 },
    );
    if (ended === undefined) throw failure;
};

/** Returns when the host has power; it boots in its own time. One that is on stays as it is: a request that is sent again must not restart it. */
const on: Switch = async (lab, name) => {
    if (isOn(lab, name)) return;
    await lab.host(name).switchOn();
    await until(() => isOn(lab, name) || undefined, { seconds: 5 });
};

const SWITCHES: Record<string, Switch> = {
    "power 0": off,
    "power 1": on,
    "reset 1": async (lab, host) => {
        await off(lab, host);
        await on(lab, host);
    },
};

/** What a management controller asks for: chassis.js DIR LAB HOST set power|reset VALUE. Its errors go to the controller's log. */
async function main([dir, name, host, ...request]: string[]): Promise<void> {
    const found = SWITCHES[request.slice(1).join(" ")];
    if (found === undefined) throw new Error(`${host}: a lab's controller can't do "${request.join(" ")}"`);
    await found(labOpen({ dir, name }), host!);
}

main(process.argv.slice(2)).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
});
