import { UNKNOWN, at, entries, isMissing, items } from "../inputs";
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
    const given = at(inputs, "servers");
    const answers = !isMissing(at(inputs, "check", "http")) || !isMissing(at(inputs, "galera"));
    // In mode http, the default, the check is a page unless it says otherwise.
    const page =
        at(inputs, "mode") !== "tcp" && isMissing(at(inputs, "check", "tcp")) && isMissing(at(inputs, "check", "tls"));
    if (answers || page) return [];
    if (given === UNKNOWN) return [later(["servers"])];
    const databases = items(given).filter(([, server]) => ports.includes(Number(at(server, "port"))));
    return databases.map(([name]) => ({
        path: ["servers", name, "port"],
        says: "is a database's, and only its port is checked: give galera, or check: { http: { path }, port } of a health endpoint",
    }));
}

const probes = ({ inputs }: Resource, ports: number[]): Finding[] =>
    entries(inputs)
        .filter(({ key, value }) => key === "tcp" && ports.includes(Number(at(value, "port"))))
        .filter(({ holder }) => isMissing(at(holder, "http")) && isMissing(at(holder, "command")))
        .map(({ path }) => ({
            path: [...path, "port"],
            says: "is a database's, and only that it accepts is checked: give http or command as well",
        }));
