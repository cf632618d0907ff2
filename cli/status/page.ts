import type { Evidence } from "../fleet/answer";
import type { Answer } from "../fleet/ask";
import type { Fleet } from "../fleet/hosts";
import { servicesOf } from "../fleet/question";
import { loginOf } from "../drift/repair";
import { isRunning, stoppedBecause } from "../drift/findings/services";
import type { DeployedUnit } from "../state";

/** How something is. */
export const Health = { Healthy: "healthy", Unhealthy: "unhealthy", Unknown: "unknown" } as const;
export type Health = (typeof Health)[keyof typeof Health];

/** A service on a host. */
export interface ServiceRow {
    name: string;
    /** `running`, `failed (exit-code)`, `stopped`, … */
    state: string;
    /** Seconds for which it has run. */
    seconds?: number;
}

/** Something that is wrong, and what most likely helps. */
export interface Trouble {
    what: string;
    /** What the gate, or the service, says. */
    words: string[];
    /** None where it follows from something else that is named. */
    fix?: string;
}

/** One host of a component. */
export interface MemberRow {
    node: string;
    health: Health;
    services: ServiceRow[];
    /** How many gates pass, and of how many. */
    gates: { passed: number; of: number };
    troubles: Trouble[];
}

/** An address that moves, and who has it. */
export interface AddressRow {
    address: string;
    /** More than one: they are parted. */
    holders: string[];
}

/** A component over all of its hosts. */
export interface ComponentRow {
    name: string;
    /** `KeepalivedVip`. */
    type: string;
    health: Health;
    addresses: AddressRow[];
    members: MemberRow[];
    /** What concerns no single host. */
    troubles: Trouble[];
}

/** The state of a stack on one page. */
export interface StatusPage {
    health: Health;
    components: ComponentRow[];
}

/** What was found comes before what is unknown. */
export const worst = (all: Health[]): Health =>
    [Health.Unhealthy, Health.Unknown].find((health) => all.includes(health)) ?? Health.Healthy;

/** For cron and CI; an error of the command itself ends with 1. */
export const EXIT: Record<Health, number> = { [Health.Healthy]: 0, [Health.Unhealthy]: 2, [Health.Unknown]: 3 };

/** Whether an address is with nobody, or with two, though all could be asked: it may just have moved, as hosts answer one after the other. */
export const addressMoves = ({ components }: StatusPage): boolean =>
    components.some(({ addresses, members }) =>
        addresses.some(
            ({ holders }) => holders.length !== 1 && members.every(({ health }) => health !== Health.Unknown),
        ),
    );

/** The page that answers make: components in the order of the stack, their hosts in the order of their names. */
export function statusPage(fleet: Fleet, answers: Answer[]): StatusPage {
    const named = new Map([
        ...fleet.hosts.flatMap(({ units }) => units.map(({ component }) => [component.name, component] as const)),
        ...fleet.missing.map(({ component }) => [component.name, component] as const),
    ]);
    const components = [...named.values()].map(({ name, type, addresses }): ComponentRow => {
        const members = answers.flatMap((answer) => {
            const units = answer.host.units.filter(({ component }) => component.name === name);
            return units.length > 0 ? [memberRow(units, answer)] : [];
        });
        const own = new Set(answers.map(({ host }) => host.address));
        const moving = addresses
            .filter((address) => !own.has(address))
            .map((address) => ({ address, holders: holdersOf(address, name, answers) }));
        const missing = fleet.missing
            .filter(({ component }) => component.name === name)
            .map(({ node, why }) => ({ what: `${node}: not applied: ${why}`, words: [], fix: "pulumi up" }));
        const troubles = [...missing, ...moving.flatMap((row) => addressTroubles(name, row, members))];
        return {
            name,
            type,
            health: worst([...members.map(({ health }) => health), ...(troubles.length > 0 ? [Health.Unhealthy] : [])]),
            addresses: moving,
            members,
            troubles,
        };
    });
    return { health: worst(components.map(({ health }) => health)), components };
}

const holdersOf = (address: string, component: string, answers: Answer[]): string[] =>
    answers
        .filter(({ host }) => host.units.some((unit) => unit.component.name === component))
        .filter(({ evidence }) => evidence?.addresses.includes(address))
        .map(({ host }) => host.node);

function addressTroubles(component: string, { address, holders }: AddressRow, members: MemberRow[]): Trouble[] {
    // Who cannot be asked may hold it.
    if (holders.length === 0 && members.some(({ health }) => health === Health.Unknown)) return [];
    if (holders.length === 0)
        return [
            {
                what: `no host holds ${address}`,
                words: [],
                fix: `what fails on the hosts, if anything; then pulumi-ha drift --component ${component}`,
            },
        ];
    return holders.length === 1
        ? []
        : [
              {
                  what: `${holders.join(" and ")} hold ${address} at once`,
                  words: [],
                  fix: "they do not hear each other: look at the network between them, and at firewalls (VRRP, IP protocol 112)",
              },
          ];
}

function memberRow(units: DeployedUnit[], { host, evidence, why }: Answer): MemberRow {
    const node = host.node;
    if (evidence === undefined)
        return {
            node,
            health: Health.Unknown,
            services: [],
            gates: { passed: 0, of: units.reduce((sum, { manifest }) => sum + manifest.gates.length, 0) },
            troubles: [
                {
                    what: why ?? "no answer",
                    words: [],
                    fix: `look at its power and network: ${loginOf(host.connection)}`,
                },
            ],
        };
    const names = [...new Set(units.flatMap(({ manifest }) => servicesOf(manifest)))];
    const gates = units.flatMap((unit) => gatesOf(unit, evidence, why));
    const troubles = [
        ...names.flatMap((name) => serviceTroubles(name, units, evidence)),
        ...gates.flatMap((gate) => (gate.passes === false ? [gateTrouble(gate, node, evidence)] : [])),
    ];
    const silent = gates.find(({ passes }) => passes === undefined);
    const silence = silent ? [{ what: silent.output, words: [], fix: "ask again, with a longer --deadline" }] : [];
    return {
        node,
        health: troubles.length > 0 ? Health.Unhealthy : silent ? Health.Unknown : Health.Healthy,
        services: names.flatMap((name) => serviceRow(name, evidence)),
        gates: { passed: gates.filter(({ passes }) => passes).length, of: gates.length },
        troubles: [...troubles, ...silence],
    };
}

interface GateResult {
    unit: DeployedUnit;
    name: string;
    /** Undefined where the unit gave no answer. */
    passes?: boolean;
    output: string;
}

function gatesOf(unit: DeployedUnit, { runs }: Evidence, why: string | undefined): GateResult[] {
    const run = runs.health.get(unit.manifest.unit);
    if (run?.summary) return run.summary.gates.map((gate) => ({ unit, ...gate }));
    return [{ unit, name: unit.manifest.unit, output: run?.words ?? why ?? "its gates were not reached" }];
}

/** What a gate printed: its first line repeats its name. */
const words = (output: string): string[] =>
    output
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .slice(-5);

function serviceRow(name: string, { services, clock }: Evidence): ServiceRow[] {
    const state = services.get(name);
    if (state === undefined) return [];
    if (!isRunning(state)) return [{ name, state: stoppedBecause(state) }];
    const seconds = state.started === undefined || clock === undefined ? {} : { seconds: clock - state.started };
    return [{ name, state: "running", ...seconds }];
}

function serviceTroubles(name: string, units: DeployedUnit[], { services, journals }: Evidence): Trouble[] {
    const state = services.get(name);
    const wanted = units.flatMap(({ manifest }) => manifest.services).find((service) => service.name === name);
    if (state === undefined || wanted === undefined) return [];
    const start = `systemctl start ${name}`;
    if (wanted.running && !isRunning(state)) {
        const log = `journalctl -u ${name} -n 50`;
        const fix =
            state.load === "masked"
                ? `systemctl unmask ${name} && ${start}`
                : state.active === "failed"
                  ? `${log}, then ${start}`
                  : start;
        const masked = state.load === "masked" ? ", masked" : "";
        return [{ what: `${name}: ${stoppedBecause(state)}${masked}`, words: words(journals.get(name) ?? ""), fix }];
    }
    if (wanted.enabled && ["disabled", "masked", "masked-runtime"].includes(state.enabled))
        return [
            { what: `${name}: ${state.enabled}, would not start at boot`, words: [], fix: `systemctl enable ${name}` },
        ];
    return [];
}

/** A gate fails by a service that is down, or by something that the differences from what was applied may tell. */
function gateTrouble({ unit, name, output }: GateResult, node: string, { services }: Evidence): Trouble {
    const { manifest, component } = unit;
    const own = servicesOf(manifest);
    const down = own.filter((service) => {
        const state = services.get(service);
        return state !== undefined && !isRunning(state);
    });
    if (down.length > 0) return { what: `${name}: follows from ${down.join(", ")}`, words: [] };
    const logs = own.map((service) => `journalctl -u ${service} -n 50`);
    const fix = [`pulumi-ha drift --host ${node} --component ${component.name}`, ...logs].join("; ");
    return { what: name, words: words(output), fix };
}
