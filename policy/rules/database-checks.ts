import { UNKNOWN, at, entries, isInputs, isMissing, items } from "../inputs";
import { later } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";
import type { Resource } from "../stack";

interface Settings {
    ports: number[];
}

/** A port that accepts says nothing of a database: the kernel accepts for one that hangs, and a member that may not write accepts as well. */
export const databaseChecks: Rule<Settings> = {
    name: "database-checks",
    description: "Databases behind a load balancer or an address are checked by what they answer, not by their port.",
    severity: "high",
    remediationSteps:
        "Hand a GaleraCluster's backend to galera; for other databases give check: { http: …, port: … } of a health endpoint.",
    settings: {
        ports: {
            type: "array",
            items: { type: "integer", minimum: 1, maximum: 65535 },
            default: [3306, 5432],
            description: "Ports that are a database's.",
        },
    },
    check: (resource, { ports }) =>
        resource.kind === undefined ? [] : [...servers(resource, ports), ...probes(resource, ports)],
};

function servers({ inputs }: Resource, ports: number[]): Finding[] {
    const given = (...path: string[]): boolean => !isMissing(at(inputs, ...path));
    // In mode http, the default, the check is a page unless it says otherwise.
    const page = at(inputs, "mode") !== "tcp" && !given("check", "tcp") && !given("check", "tls");
    if (!given("servers") || given("galera") || given("check", "http")) return [];
    if (at(inputs, "mode") === UNKNOWN) return [later(["mode"])];
    if (page) return [];
    if (at(inputs, "servers") === UNKNOWN) return [later(["servers"])];
    return items(at(inputs, "servers")).flatMap(([name, server]) =>
        ofPort(
            at(server, "port"),
            ["servers", name, "port"],
            ports,
            "give galera, or check: { http: { path }, port } of a health endpoint",
        ),
    );
}

const probes = ({ inputs }: Resource, ports: number[]): Finding[] =>
    entries(inputs)
        .filter(
            ({ key, value, holder }) =>
                key === "tcp" && isInputs(value) && isMissing(at(holder, "http")) && isMissing(at(holder, "command")),
        )
        .flatMap(({ value, path }) =>
            ofPort(at(value, "port"), [...path, "port"], ports, "give http or command as well"),
        );

function ofPort(port: unknown, path: string[], ports: number[], fix: string): Finding[] {
    if (port === UNKNOWN) return [later(path)];
    return typeof port === "number" && ports.includes(port)
        ? [{ path, says: `is a database's, and only that it accepts is checked: ${fix}` }]
        : [];
}
