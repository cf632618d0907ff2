import { stackless } from "./stackless";

/**
 * What a unit wants on one host, as plain data and as a text that a person reads in `pulumi preview --diff`.
 *
 * The text is line-oriented: a directive a line, and bodies (file contents, commands) as lines that begin with `|`. So no content can be
 * mistaken for a directive, bash reads it with `read`, and a diff shows the configuration line that changed.
 */

/** What an activation does to a running service, from harmless to irreversible. */
export const Impact = {
    /** Nothing that a client could notice. */
    None: "none",
    /** The service takes the change while running. */
    Reload: "reload",
    /** The service stops and starts on this host. */
    Restart: "restart",
    /** What this host serves moves to another host. */
    Failover: "failover",
    /** Clients are without the service for the stated seconds. */
    Outage: "outage",
    /** Stored data is changed or discarded. */
    Data: "data",
} as const;
export type Impact = (typeof Impact)[keyof typeof Impact];

/** What makes a running service take a changed file, and what that is expected to cost. */
export interface Activation {
    /** `reload` or `restart` a service, or `run` a command. */
    do: "reload" | "restart" | "run";
    /** The systemd unit to reload or restart; the command (bash) to run: its words are shown as progress, it ends when nothing holds its output any more, and status 75 says that what it began goes on by itself: nothing is put back then. */
    target: string;
    /** What it does to the running service. */
    impact: Impact;
    /** Seconds for which a client is expected to wait or be refused; 0 when it notices nothing. */
    seconds: number;
    /** Of a command: seconds after which it is stopped, and has failed. Default: 300. */
    withinSeconds?: number;
}

/** A file with its whole content. */
export interface ManagedFile {
    /** Absolute, of letters, digits and `@%+=:,._-`. */
    path: string;
    /** Octal, e.g. `0644`. */
    mode: string;
    /** `user:group`. */
    owner: string;
    /** The content as text; ignored when `credential` is given. */
    content: string;
    /** Name of the credential that is the whole content. */
    credential?: string;
    /** Names of credentials whose placeholders (see `placeholder`) are filled in while the file is staged. */
    fill?: string[];
    /** Several units own this file together; it leaves with the last of them. */
    shared?: boolean;
    /**
     * Written by other units, which call it shared: this one, with the content left empty, keeps it where those drop it first, and takes it away in its own
     * turn. `onChange` is what it then asks for.
     */
    held?: boolean;
    /** What makes running services take a change of it, also when it leaves; none: they need not know. */
    onChange: Activation[];
}

/** A directory; removed with the unit if the unit made it and nothing is left in it. */
export interface Directory {
    /** Absolute, as of a file. */
    path: string;
    /** Octal, e.g. `0755`. */
    mode: string;
    /** `user:group`. */
    owner: string;
}

/** A named bash command: a validator, run where the staged files lie over the live ones, or a step of removal. */
export interface Step {
    /** What it establishes, in words: shown as progress and in errors. */
    name: string;
    /** Bash, run as root with `-eu`; it holds when its exit status is 0. */
    command: string;
}

/** A probe that must succeed within a deadline after activation. With status 75 it says that what it waits for goes on by itself: nothing is put back then. */
export interface Gate extends Step {
    /** Seconds from the first attempt on; it is tried again until then. */
    withinSeconds: number;
}

/** A systemd unit that is to be enabled or not, and running or not. */
export interface Service {
    /** With its suffix: `keepalived.service`. */
    name: string;
    /** Whether it starts at boot. */
    enabled: boolean;
    /** Whether it runs once the unit is applied. */
    running: boolean;
}

/** Something the unit listens on, and who needs to reach it. */
export interface Port {
    /** `tcp/443`, `udp/5405`, or a bare IP protocol such as `vrrp`. */
    port: string;
    /** `any`, or addresses. */
    from: string[];
}

/** All that one unit wants on one host. Order is kept where it matters: files, validators, services, gates. */
export interface Manifest {
    /** Name of the unit, unique on the host: lower case letters, digits, `-`. */
    unit: string;
    /**
     * Debian packages, `name`, `name=version` or, for the least version that will do, `name>=version`; never upgraded. Of `name|other` one: that is
     * installed, else the first that the host's package sources have.
     */
    packages: string[];
    /** System users without login, made when missing. */
    users: string[];
    /** Directories, parents first; those that are there are given mode and owner. */
    directories: Directory[];
    /** Files with their whole content; an original that is replaced comes back when the unit leaves. */
    files: ManagedFile[];
    /** Commands that must succeed before a staged file is swapped in. */
    validators: Step[];
    /** The systemd units and the state they shall be in. */
    services: Service[];
    /** Probes that must succeed after activation, or everything is put back. */
    gates: Gate[];
    /** What the unit listens on: a statement for people and firewalls, nothing is opened. */
    ports: Port[];
    /** Extra steps of removal, run after the services stopped and before files leave. */
    removal: Step[];
}

/** What `manifest()` fills in. */
export type ManifestParts = Partial<Manifest> & Pick<Manifest, "unit">;

/** A manifest from its parts; everything left out is empty. */
export function manifest(parts: ManifestParts): Manifest {
    return {
        packages: [],
        users: [],
        directories: [],
        files: [],
        validators: [],
        services: [],
        gates: [],
        ports: [],
        removal: [],
        ...parts,
    };
}

/** Reload of a service, unnoticed by clients unless said otherwise. */
export const reload = (service: string, cost: Partial<Pick<Activation, "impact" | "seconds">> = {}): Activation => ({
    do: "reload",
    target: service,
    impact: Impact.Reload,
    seconds: 0,
    ...cost,
});

/** Restart of a service, with the seconds it is expected to be away. */
export const restart = (service: string, seconds: number, impact: Impact = Impact.Restart): Activation => ({
    do: "restart",
    target: service,
    impact,
    seconds,
});

/** A command that makes the running system take a file. */
export const run = (
    command: string,
    impact: Impact = Impact.None,
    seconds = 0,
    more: Pick<Activation, "withinSeconds"> = {},
): Activation => ({
    do: "run",
    target: command,
    impact,
    seconds,
    ...more,
});

/** Where a credential's value goes in the content of a file that lists it in `fill`. */
export const placeholder = (credential: string): string => `@@credential:${credential}@@`;

/** The packages of which one is needed, and the version of each that is pinned: the host itself looks after a least one. */
export const alternatives = (stated: string): { name: string; version: string | undefined }[] =>
    stated.split("|").map((one) => {
        const [, name = "", how, version] = /^([^=>]*)(>?=)?(.*)$/.exec(one) ?? [];
        return { name, version: how === "=" ? version : undefined };
    });

/** First line of every manifest: what follows is read by this version of the grammar. */
export const HEADER = "pulumi-ha manifest 1";

/** What each word of a directive may look like; the same patterns are checked again on the host. */
const WORDS = {
    unit: /^[a-z0-9][a-z0-9-]{0,62}$/,
    package: /^[a-z0-9][a-z0-9+.-]*(>?=[A-Za-z0-9.+:~-]+)?(\|[a-z0-9][a-z0-9+.-]*(>?=[A-Za-z0-9.+:~-]+)?)*$/,
    user: /^[a-z_][a-z0-9_-]{0,31}$/,
    path: /^(\/[A-Za-z0-9@%+=:,._-]+)+$/,
    mode: /^0[0-7]{3}$/,
    owner: /^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$/,
    service: /^[A-Za-z0-9@:._-]+\.(service|socket|timer|path|mount|target)$/,
    credential: /^[a-z0-9][a-z0-9._-]*$/,
    port: /^[a-z0-9]+(\/[0-9]{1,5})?$/,
    from: /^[A-Za-z0-9.:/]+$/,
} as const;

type Word = keyof typeof WORDS;

function refuse(message: string): never {
    throw stackless(new Error(message));
}

function word(kind: Word, value: string): string {
    if (!WORDS[kind].test(value) || (kind === "path" && /(^|\/)\.\.?(\/|$)/.test(value)))
        refuse(`${JSON.stringify(value)} is no ${kind} that a manifest can hold: allowed is ${WORDS[kind].source}`);
    return value;
}

/** One line of free text: a step's name. */
function line(value: string): string {
    if (!/^[^\x00-\x1f\x7f]+$/.test(value) || value !== value.trim())
        refuse(`${JSON.stringify(value)} must be one line of text without control characters or blanks at its ends`);
    return wellFormed(value);
}

function wellFormed(value: string): string {
    if (value.includes("\0")) refuse(`a NUL byte cannot be part of ${JSON.stringify(value.slice(0, 40))}`);
    // A lone surrogate would arrive as U+FFFD: not the bytes that were given.
    if (!value.isWellFormed()) refuse(`${JSON.stringify(value.slice(0, 40))} is not well-formed Unicode`);
    return value;
}

const body = (text: string): string[] =>
    wellFormed(text)
        .split("\n")
        .map((row) => (row === "" ? "|" : `| ${row}`));

function number(value: number): string {
    if (!Number.isFinite(value) || value < 0)
        refuse(`${value} is no duration: a number of seconds from 0 up is needed`);
    return String(value);
}

function activationText(a: Activation): string[] {
    const cost = `impact=${a.impact} seconds=${number(a.seconds)}`;
    return a.do === "run"
        ? [
              `on-change run ${cost}${a.withinSeconds === undefined ? "" : ` within=${number(a.withinSeconds)}`}`,
              ...body(a.target),
          ]
        : [`on-change ${a.do} ${cost} ${word("service", a.target)}`];
}

function fileText(f: ManagedFile): string[] {
    const finalNewline = f.content.endsWith("\n") || f.credential !== undefined || f.held;
    const flags = [
        ...(f.credential === undefined ? [] : [`credential=${word("credential", f.credential)}`]),
        ...(f.fill?.length ? [`fill=${f.fill.map((c) => word("credential", c)).join(",")}`] : []),
        ...(f.shared ? ["shared"] : []),
        ...(f.held ? ["held"] : []),
        ...(finalNewline ? [] : ["no-final-newline"]),
    ];
    const head = ["file", word("path", f.path), word("mode", f.mode), word("owner", f.owner), ...flags].join(" ");
    const content =
        f.credential !== undefined || f.held ? [] : body(f.content.endsWith("\n") ? f.content.slice(0, -1) : f.content);
    // An empty file has no body at all; a body of one empty line is a file of one newline.
    return [head, ...(f.content === "" ? [] : content), ...f.onChange.flatMap(activationText)];
}

/**
 * The manifest as text.
 *
 * @throws Error when a value cannot be carried byte for byte (NUL, lone surrogates, a path with blanks, …).
 */
export function toText(m: Manifest): string {
    const lines = [
        HEADER,
        `unit ${word("unit", m.unit)}`,
        ...m.packages.map((p) => `package ${word("package", p)}`),
        ...m.users.map((u) => `user ${word("user", u)}`),
        ...m.directories.map(
            (d) => `directory ${word("path", d.path)} ${word("mode", d.mode)} ${word("owner", d.owner)}`,
        ),
        ...m.files.flatMap(fileText),
        ...m.validators.flatMap((v) => [`validate ${line(v.name)}`, ...body(v.command)]),
        ...m.services.map(
            (s) =>
                `service ${word("service", s.name)} ${s.enabled ? "enabled" : "disabled"} ${s.running ? "running" : "stopped"}`,
        ),
        ...m.gates.flatMap((g) => [`gate ${number(g.withinSeconds)} ${line(g.name)}`, ...body(g.command)]),
        ...m.ports.map((p) => `port ${word("port", p.port)} from ${p.from.map((f) => word("from", f)).join(" ")}`),
        ...m.removal.flatMap((r) => [`on-remove ${line(r.name)}`, ...body(r.command)]),
    ];
    return [...lines, `end ${lines.length}`].join("\n") + "\n";
}
