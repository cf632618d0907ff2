import { visible } from "../plan/diff";
import type { Style } from "../drift/text";
import { table } from "../table";
import { Health } from "./page";
import type { ComponentRow, MemberRow, ServiceRow, StatusPage, Trouble } from "./page";

const COLOUR = { [Health.Healthy]: "green", [Health.Unhealthy]: "red", [Health.Unknown]: "yellow" } as const;

/** The page as text: a paragraph for each component, what fails below its hosts. */
export const pageText = ({ components }: StatusPage, style: Style): string =>
    components.map((component) => componentText(component, style)).join("\n\n");

function componentText({ name, type, health, addresses, members, troubles }: ComponentRow, style: Style): string {
    const rows = members.map((member) => [
        member.node,
        member.health,
        member.gates.of > 0 ? `${member.gates.passed} of ${member.gates.of}` : "-",
        member.services.map(serviceText).join(", ") || "-",
    ]);
    return [
        `${style("bold", name)} (${type}): ${style(COLOUR[health], health)}`,
        ...addresses.map(
            ({ address, holders }) => `  ${address} is held by ${holders.join(" and ") || "nobody that answers"}`,
        ),
        ...(rows.length > 0
            ? table(["host", "health", "gates", "services"], rows)
                  .split("\n")
                  .map((line) => `  ${line}`)
            : []),
        ...members.flatMap((member) => memberTroubles(member, style)),
        ...troubles.flatMap((trouble) => troubleText("", trouble, style)),
    ].join("\n");
}

const serviceText = ({ name, state, seconds }: ServiceRow): string =>
    `${name.replace(/\.service$/, "")} ${state}${seconds === undefined ? "" : ` for ${duration(seconds)}`}`;

const memberTroubles = ({ node, troubles }: MemberRow, style: Style): string[] =>
    troubles.flatMap((trouble) => troubleText(`${node}: `, trouble, style));

const troubleText = (whose: string, { what, words, fix }: Trouble, style: Style): string[] => [
    `  ${style("red", `${whose}${visible(what)}`)}`,
    ...words.map((line) => `      ${visible(line)}`),
    ...(fix === undefined ? [] : [`    likely fix: ${fix}`]),
];

/** `3 min`, `2 h 5 min`, `12 d 3 h`. */
export function duration(seconds: number): string {
    const s = Math.max(0, Math.floor(seconds));
    const [d, h, min] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
    if (d > 0) return `${d} d ${h} h`;
    if (h > 0) return `${h} h ${min} min`;
    return min > 0 ? `${min} min` : `${s} s`;
}
