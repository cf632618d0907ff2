import type { ManagedFile } from "../../remote/manifest";
import type { DeployedUnit } from "../state";
import { RecordState } from "../fleet/answer";
import type { Compared, Evidence, Place, ServiceState } from "../fleet/answer";
import { servicesOf } from "../fleet/question";
import { isDynamic } from "../../components/galera-cluster/variables";
import { sized } from "../../components/galera-cluster/conf";
import { settingsOf, spoken } from "../fleet/variables";
import { unifiedDiff } from "./diff";
import { visible } from "../plan/diff";
import { expectedShown, foundShown } from "./mask";

/** What can be different. */
export const Kind = {
    FileDiffers: "file differs",
    FileMissing: "file missing",
    NotAFile: "not a file",
    ModeOrOwner: "mode or owner",
    Directory: "directory",
    Credential: "credential missing",
    Stranger: "not of any unit",
    Package: "package",
    Service: "service",
    Stale: "not in effect",
    Record: "record",
    Leftover: "leftover unit",
    Refused: "cannot be applied",
    Other: "differs",
    Gate: "gate fails",
    Clock: "clock",
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** How a finding goes away. */
export const Repair = {
    /** `pulumi up` applies the unit again, once it is marked in the stack's state. */
    Apply: "apply",
    /** The same, with the preparation of the host: packages and credentials. */
    Prepare: "prepare",
    /** Somebody has to act on the host; `commands` say how. */
    Host: "host",
    /** First on the host, then as `Apply`. */
    HostThenApply: "host, then apply",
} as const;
export type Repair = (typeof Repair)[keyof typeof Repair];

/** One way in which a host is not as its stack says. */
export interface Finding {
    kind: Kind;
    /** The path, package, service, gate or unit that it is about. */
    subject: string;
    /** What is there, and what should be, in a sentence. */
    detail: string;
    /** `-` as applied, `+` as it is on the host; without credentials. */
    diff?: string[];
    repair: Repair;
    /** For a root shell on the host, where somebody has to act there. */
    commands?: string[];
}

/** Everything that one unit's host says against it. */
export function findingsOf(unit: DeployedUnit, evidence: Evidence): Finding[] {
    const found = [
        ...recordFindings(unit, evidence),
        ...unit.manifest.files.flatMap((file) => fileFindings(unit, file, evidence)),
        ...directoryFindings(unit, evidence),
        ...packageFindings(unit, evidence),
        ...servicesOf(unit.manifest).flatMap((name) => serviceFindings(unit, name, evidence)),
        ...variableFindings(unit, evidence),
    ];
    return [...found, ...gateFindings(unit, evidence, found), ...checkFindings(unit, evidence, found)];
}

function recordFindings({ manifest, keeper }: DeployedUnit, { records }: Evidence): Finding[] {
    const record = records.get(manifest.unit);
    if (record === undefined) return [];
    const about = { kind: Kind.Record, subject: manifest.unit } as const;
    const stackOf = (of: string) => of.split("/").slice(0, 2).join("/");
    const found: Finding[] = [];
    if (record.state === RecordState.Missing)
        found.push({
            ...about,
            detail: "the host has no record of this unit: it was never applied there, was removed, or the host is a new one",
            repair: Repair.Prepare,
        });
    else if (keeper !== "-" && record.keeper !== "-" && stackOf(record.keeper) !== stackOf(keeper))
        found.push({
            ...about,
            detail: `another stack, ${stackOf(record.keeper)}, has applied a unit of this name`,
            repair: Repair.Host,
            commands: [],
        });
    else if (record.state === RecordState.Different)
        found.push({
            ...about,
            detail: "what was applied last is not what this stack's state has: from elsewhere, or from a state that was put back",
            repair: Repair.Apply,
        });
    if (record.cut)
        found.push({
            ...about,
            detail: "a run was cut off half-way and nothing has completed it",
            repair: Repair.Apply,
        });
    const needed = manifest.files.some(({ credential, fill }) => credential !== undefined || fill?.length);
    if (needed && !record.credentials && record.state !== RecordState.Missing)
        found.push({
            kind: Kind.Credential,
            subject: manifest.unit,
            detail: "its credentials do not lie on the host any more",
            repair: Repair.Prepare,
        });
    return found;
}

function fileFindings({ manifest }: DeployedUnit, file: ManagedFile, evidence: Evidence): Finding[] {
    const { path } = file;
    const compared = evidence.files.get(manifest.unit)?.get(path);
    const place = evidence.places?.get(path);
    if (compared === undefined) return [];
    const { verdict } = compared;
    const apply = { subject: path, repair: Repair.Apply };
    if (verdict === "absent") return [{ ...apply, kind: Kind.FileMissing, detail: "the file is not there" }];
    if (verdict === "link" || verdict === "special") {
        const target = evidence.links.get(path);
        const what =
            verdict === "link" ? `a symbolic link to ${visible(target ?? "?")}` : `a ${place?.kind ?? "special file"}`;
        const command = place?.kind === "directory" ? `mv ${path} ${path}.away` : `rm ${path}`;
        return [
            {
                subject: path,
                kind: Kind.NotAFile,
                detail: `${what} is there instead of the file`,
                repair: Repair.HostThenApply,
                commands: [command],
            },
        ];
    }
    if (verdict.startsWith("unreadable:"))
        return [{ ...apply, kind: Kind.FileDiffers, detail: `it cannot be read: ${verdict.slice(11)}` }];
    return [
        ...(verdict === "differs" ? [taken(file, evidence, contentFinding(file, compared))] : []),
        ...(place && (place.mode !== file.mode || place.owner !== file.owner) ? [modeFinding(file, place)] : []),
    ];
}

function contentFinding(file: ManagedFile, { content }: Compared): Finding {
    const about = { kind: Kind.FileDiffers, subject: file.path, repair: Repair.Apply };
    if (file.credential !== undefined)
        return { ...about, detail: `it does not hold the credential ${file.credential} (content not shown)` };
    if (content === undefined || content.kind === "binary")
        return { ...about, detail: `binary data is there instead, ${content?.bytes ?? 0} bytes (not shown)` };
    const expected = expectedShown(file.content);
    const whole = foundShown(content.text, file.content);
    const found = content.kind === "head" ? whole.slice(0, whole.lastIndexOf("\n") + 1) : whole;
    const diff = unifiedDiff(expected, found)?.map(visible);
    const big =
        content.kind === "head" ? `; only the first ${content.text.length} of ${content.bytes} bytes were read` : "";
    if (diff === undefined)
        return { ...about, detail: `it is quite another file of ${content.bytes} bytes (not shown)` };
    return diff.length === 0
        ? { ...about, detail: `it differs in a credential (not shown)${big}` }
        : { ...about, detail: `its content differs${big}`, diff: diff.slice(0, DIFF_LINES) };
}

/** The finding, with what running services have made of the file. */
function taken(file: ManagedFile, { places, services }: Evidence, finding: Finding): Finding {
    const changed = places?.get(file.path)?.changed;
    const said = file.onChange.flatMap((activation) => {
        const state = services.get(activation.target);
        if (activation.do === "run" || changed === undefined || !state || !isRunning(state)) return [];
        const since = activation.do === "restart" ? state.started : state.turned;
        if (since === undefined) return [];
        return [`${activation.target} ${since > changed ? "runs with it" : "has not taken it"}`];
    });
    return { ...finding, detail: [finding.detail, ...new Set(said)].join("; ") };
}

/** Lines of a diff that are shown. */
const DIFF_LINES = 200;

const modeFinding = (file: { path: string; mode: string; owner: string }, place: Place): Finding => ({
    kind: Kind.ModeOrOwner,
    subject: file.path,
    detail: `${place.mode} ${place.owner}, and should be ${file.mode} ${file.owner}`,
    repair: Repair.Apply,
});

const directoryFindings = ({ manifest }: DeployedUnit, { places }: Evidence): Finding[] =>
    places === undefined
        ? []
        : manifest.directories.flatMap((directory): Finding[] => {
              const place = places.get(directory.path);
              const about = { kind: Kind.Directory, subject: directory.path };
              if (place === undefined)
                  return [{ ...about, detail: "the directory is not there", repair: Repair.Apply }];
              // A link to a directory serves as one, and its mode says nothing.
              if (place.kind === "symbolic link") return [];
              if (place.kind !== "directory")
                  return [
                      {
                          ...about,
                          detail: `a ${place.kind} is there instead`,
                          repair: Repair.HostThenApply,
                          commands: [`mv ${directory.path} ${directory.path}.away`],
                      },
                  ];
              return place.mode === directory.mode && place.owner === directory.owner
                  ? []
                  : [{ ...modeFinding(directory, place), kind: Kind.Directory }];
          });

const packageFindings = ({ manifest }: DeployedUnit, { packages }: Evidence): Finding[] =>
    (packages === undefined ? [] : manifest.packages).flatMap((stated): Finding[] => {
        const [name = "", wanted] = stated.split("=");
        const there = packages?.get(name);
        const about = { kind: Kind.Package, subject: name };
        if (there === undefined) return [{ ...about, detail: "not installed", repair: Repair.Prepare }];
        return wanted === undefined || wanted === there
            ? []
            : [
                  {
                      ...about,
                      detail: `${there} is installed, and ${wanted} was asked for`,
                      repair: Repair.Host,
                      commands: [`apt-get install --allow-downgrades ${stated}`],
                  },
              ];
    });

function serviceFindings(unit: DeployedUnit, name: string, evidence: Evidence): Finding[] {
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

const variableFindings = ({ manifest }: DeployedUnit, { variables }: Evidence): Finding[] =>
    settingsOf(manifest).flatMap(({ file, name, value }): Finding[] => {
        const runs = variables.get(name);
        return runs === undefined || spoken(runs) === spoken(value)
            ? []
            : [
                  {
                      kind: Kind.Stale,
                      subject: `mariadb.service ${name}`,
                      detail: `the server runs with ${visible(runs)}, and ${file} says ${value}`,
                      repair: Repair.Host,
                      commands: [
                          isDynamic(name)
                              ? `mariadb -e "SET GLOBAL ${name} = ${/^[A-Z_]+$/i.test(value) ? `'${value}'` : sized(value)}"`
                              : "systemctl restart mariadb.service",
                      ],
                  },
              ];
    });

/** A gate that fails where nothing else differs has its cause elsewhere: to apply the same again would not help. */
const gateFindings = ({ manifest }: DeployedUnit, { runs }: Evidence, found: Finding[]): Finding[] =>
    (runs.health.get(manifest.unit)?.summary?.gates ?? [])
        .filter(({ passes }) => !passes)
        .map(({ name, output }) => ({
            kind: Kind.Gate,
            subject: name,
            detail: visible(output.split("\n").slice(1).join("\n").trim() || output.trim() || "it fails"),
            ...(found.length > 0
                ? { repair: Repair.Apply }
                : {
                      repair: Repair.Host,
                      commands: servicesOf(manifest).map((service) => `journalctl -u ${service} -n 50`),
                  }),
        }));

/** What the host side itself finds, and nobody has named yet: it knows more than is asked for here, such as users and files that shall leave. */
function checkFindings({ manifest }: DeployedUnit, { runs }: Evidence, found: Finding[]): Finding[] {
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
