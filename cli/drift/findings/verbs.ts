import type { Evidence } from "../../fleet/answer";
import { servicesOf } from "../../fleet/question";
import { visible } from "../../plan/diff";
import type { DeployedUnit } from "../../state";
import { Kind, Repair } from "./finding";
import type { Finding } from "./finding";

/** A gate that fails where nothing else differs has its cause elsewhere: to apply the same again would not help. */
export const gateFindings = ({ manifest }: DeployedUnit, { runs }: Evidence, found: Finding[]): Finding[] =>
    (runs.health.get(manifest.unit)?.summary?.gates ?? [])
        .filter(({ passes }) => !passes)
        .map(({ name, output }) => ({
            kind: Kind.Gate,
            subject: name,
            detail: visible(output.split("\n").slice(1).join("\n").trim() || output.trim() || "it fails"),
            ...(found.length > 0
                ? { repair: repairOf(found) }
                : {
                      repair: Repair.Host,
                      commands: servicesOf(manifest).map((service) => `journalctl -u ${service} -n 50`),
                  }),
        }));

/** The gate passes again once the others are put right: by an `up` where that puts one of them right. */
const repairOf = (found: Finding[]): Repair =>
    found.every(({ repair }) => repair === Repair.Host) ? Repair.Host : Repair.Apply;

/** What the host side itself finds, and nobody has named yet: it knows more than is asked for here, such as users and files that shall leave. */
export function checkFindings({ manifest }: DeployedUnit, { runs }: Evidence, found: Finding[]): Finding[] {
    const summary = runs.check.get(manifest.unit)?.summary;
    if (summary === undefined) return [];
    const named = new Set(found.map(({ subject }) => subject));
    // Where a service is not as it should be, or a file, what follows from it is no finding of its own.
    const consequences = /^(reload|restart|run|start|stop|enable|disable|install) /;
    const other = (subject: string, detail: string): Finding => ({
        kind: Kind.Other,
        subject,
        detail,
        repair: Repair.Apply,
    });
    return [
        ...summary.changed.filter((path) => !named.has(path)).map((path) => other(path, "an `up` would change it")),
        ...summary.actions
            .filter((action) => !consequences.test(action))
            .map((action) => other(action, `an \`up\` would ${action}`)),
        ...(summary.error !== undefined && found.length === 0
            ? [
                  {
                      kind: Kind.Refused,
                      subject: manifest.unit,
                      detail: visible(summary.error),
                      repair: Repair.Host,
                      commands: [],
                  },
              ]
            : []),
    ];
}
