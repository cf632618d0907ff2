import type { Evidence, ServiceState } from "../../fleet/answer";
import type { DeployedUnit } from "../../state";
import { Kind, Repair } from "./finding";
import type { Finding } from "./finding";

/** A service of the unit: whether it runs and starts at boot as stated, and has taken its files. */
export function serviceFindings(unit: DeployedUnit, name: string, evidence: Evidence): Finding[] {
    const state = evidence.services.get(name);
    if (state === undefined) return [];
    const wanted = unit.manifest.services.find((service) => service.name === name);
    const about = { kind: Kind.Service, subject: name };
    if (state.load === "masked")
        return [
            {
                ...about,
                detail: "masked: it cannot be started",
                repair: Repair.HostThenApply,
                commands: [`systemctl unmask ${name}`],
            },
        ];
    const runs = isRunning(state);
    const boots = BOOTS.includes(state.enabled);
    return [
        ...(wanted?.running === true && !runs
            ? [{ ...about, detail: stoppedBecause(state), repair: Repair.Apply }]
            : []),
        ...(wanted?.running === false && runs
            ? [{ ...about, detail: "runs, and should be stopped", repair: Repair.Apply }]
            : []),
        ...(wanted?.enabled === true && !boots
            ? [{ ...about, detail: `${state.enabled || "unknown"}: it would not start at boot`, repair: Repair.Apply }]
            : []),
        ...(wanted?.enabled === false && state.enabled.startsWith("enabled")
            ? [{ ...about, detail: "starts at boot, and should not", repair: Repair.Apply }]
            : []),
        ...(runs ? staleFindings(unit, name, state, evidence) : []),
    ];
}

/** As the host side counts. */
export const isRunning = ({ active }: ServiceState): boolean => active === "active" || active === "reloading";
const BOOTS = ["enabled", "enabled-runtime", "static", "generated", "alias", "indirect", "transient"];

/** Why a service does not run, in systemd's words. */
export const stoppedBecause = ({ load, active, result, restarts }: ServiceState): string => {
    if (load === "not-found") return "systemd does not know it";
    if (active === "failed") return `failed (${result})`;
    return active === "activating" ? `keeps starting${restarts > 0 ? `, ${restarts} times so far` : ""}` : "stopped";
};

/** Files change in the past: a step of the clock, or a write in the same instant, is no finding. */
const SLACK_SECONDS = 1;

/** What a running service has not taken. systemd notes when it started and when it was last told to reload. */
function staleFindings({ manifest }: DeployedUnit, name: string, state: ServiceState, evidence: Evidence): Finding[] {
    const about = { kind: Kind.Stale, subject: name, repair: Repair.Host };
    const late = manifest.files.flatMap((file) => {
        const how = file.onChange.find((a) => a.do !== "run" && a.target === name)?.do;
        const place = evidence.places?.get(file.path);
        const since = how === "restart" ? state.started : state.turned;
        const { verdict } = evidence.files.get(manifest.unit)?.get(file.path) ?? {};
        // A file that differs has a finding of its own, and an `up` that puts it right makes the service take it.
        const asApplied = verdict === "same" && place?.mode === file.mode && place.owner === file.owner;
        return how !== undefined && since !== undefined && asApplied && place.changed > since + SLACK_SECONDS
            ? [{ path: file.path, how, since, changed: place.changed }]
            : [];
    });
    // A restart does for files that ask for a reload too.
    const first = late.find(({ how }) => how === "restart") ?? late[0];
    const found: Finding[] = first
        ? [
              {
                  ...about,
                  detail: `${late.map(({ path }) => path).join(", ")} was touched ${time(first.changed)}, and the service was last ${first.how === "restart" ? "started" : "told to read it"} ${time(first.since)}`,
                  commands: [`systemctl ${first.how} ${name}`],
              },
          ]
        : [];
    if (state.needDaemonReload)
        found.push({
            ...about,
            detail: "its unit file or a drop-in has changed since systemd read them",
            commands: ["systemctl daemon-reload", `systemctl restart ${name}`],
        });
    if (state.program?.endsWith(" (deleted)"))
        found.push({
            ...about,
            detail: `runs ${state.program.replace(" (deleted)", "")} as it was before an upgrade`,
            commands: [`systemctl restart ${name}`],
        });
    return found;
}

const time = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
