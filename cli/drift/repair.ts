import type { Connection } from "../../toolchain/plugins/command/inputs";
import { Repair } from "./findings/finding";
import type { Finding } from "./findings/finding";
import { commandsOf } from "./mark";
import type { Mark } from "./mark";
import type { DriftReport } from "./report";

/** What somebody has to type on one host. */
export interface HostSteps {
    node: string;
    /** `ssh admin@10.0.0.11`. */
    login: string;
    commands: string[];
}

/** How everything that was found goes away. */
export interface RepairPlan {
    /** First, on hosts. */
    hosts: HostSteps[];
    /** Then by `pulumi up`. */
    marks: Mark[];
}

const BY_UP: Repair[] = [Repair.Apply, Repair.Prepare, Repair.HostThenApply];

/** The steps of a repair; where nothing is left to do it is empty. @param logins by node. */
export function repairPlan({ hosts }: DriftReport, logins: Map<string, string>): RepairPlan {
    const steps = hosts.map(({ node, findings, units }) => {
        const all: Finding[] = [...findings, ...units.flatMap((unit) => unit.findings)];
        const commands = [...new Set(all.flatMap((finding) => finding.commands ?? []))];
        return { node, login: logins.get(node) ?? `ssh ${node}`, commands };
    });
    const marks = hosts.flatMap(({ units }) =>
        units.flatMap(({ resource, engine, findings }) =>
            findings.some(({ repair }) => BY_UP.includes(repair))
                ? [{ resource, engine, prepare: findings.some(({ repair }) => repair === Repair.Prepare) }]
                : [],
        ),
    );
    return { hosts: steps.filter(({ commands }) => commands.length > 0), marks };
}

/** How a person logs in to where `up` does. */
export function loginOf({ user, host, port, proxy }: Connection): string {
    const jump = proxy ? ` -J ${proxy.user}@${proxy.host}${proxy.port === 22 ? "" : `:${proxy.port}`}` : "";
    return `ssh${jump}${port === 22 ? "" : ` -p ${port}`} ${user}@${host}`;
}

/** The exact commands that follow `pulumi-ha drift --mark`. */
export const upCommand = (marks: Mark[], stack: string | undefined): string =>
    [
        `pulumi up${stack === undefined ? "" : ` --stack ${stack}`}`,
        ...new Set(marks.flatMap(commandsOf).map((command) => `--target '**::${command}'`)),
    ].join(" ");
