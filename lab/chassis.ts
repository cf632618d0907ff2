import { processesOf } from "./host";
import { type Lab, Power } from "./lab";
import { until } from "./run";
import { labOpen } from "./up";

type Switch = (lab: Lab, host: string) => Promise<void>;

/** Returns when nothing of the host is left. A host that is just starting or ending is waited for; one that is off stays off. */
const off: Switch = async (lab, host) => {
    const runs = await until(
        () => {
            if (lab.host(host).power !== Power.off) return true;
            return processesOf(lab.plan, host).length === 0 ? false : undefined;
        },
        { seconds: 10 },
    );
    if (runs !== false) await lab.host(host).powerOff();
};

/** Returns when the host has power; it boots in its own time. One that is on stays as it is: a request that is sent again must not restart it. */
const on: Switch = async (lab, host) => {
    if (processesOf(lab.plan, host).length > 0) return;
    await lab.host(host).switchOn();
    await until(() => processesOf(lab.plan, host).length > 0 || undefined, { seconds: 5 });
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
