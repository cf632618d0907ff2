import { ServerState, known } from "./evidence";
import type { MemberEvidence, MemberFound, MemberLost, Position } from "./evidence";
import { contradictions } from "./contradictions";
import { standing } from "./standing";

/** What is to be done. At most one member ever starts a cluster. */
export type Decision =
    /** There is a cluster and every member that answers is in it. */
    | { do: "nothing"; because: string }
    /** Nothing may be done; every reason with what to do about it. */
    | { do: "refuse"; reasons: string[] }
    /** Servers that are no cluster have to stop before their positions can be asked. */
    | { do: "stop"; nodes: string[]; because: string }
    /** All servers start and find their last primary component again by themselves; no history can be lost by that. */
    | { do: "re-form"; nodes: string[]; because: string }
    /** One member starts the cluster, then the others join in this order. */
    | { do: "bootstrap"; node: string; position: Position; joins: string[]; leftOut: string[]; because: string };

/** What the operator has said. */
export interface Permissions {
    /** Nodes that may be missing: whatever only they have is given up. */
    without: string[];
    /** Choose by position even where all members could find each other by themselves. Default: false. */
    noReform?: boolean;
    /** Who has connections with servers, and is no member itself: the arbitrator. */
    witnesses?: Pick<MemberFound, "node" | "peers">[];
}

/**
 * Decides what brings a cluster back of which no member may be Primary.
 *
 * @param evidence of all members, in the order of the cluster's `nodes`.
 */
export function decide(
    evidence: MemberEvidence[],
    { without, noReform = false, witnesses = [] }: Permissions,
): Decision {
    const found = evidence.filter((member) => member.reachable);
    const lost = evidence.filter((member) => !member.reachable);
    const live = found.filter((member) => member.server === ServerState.Primary);
    if (live.length > 0) return besideLive(live, found);

    const obstacles = [
        ...misnamed(evidence, without),
        ...missing(lost, without),
        ...silent(found),
        ...connected([...found, ...witnesses], without),
    ];
    if (obstacles.length > 0) return { do: "refuse", reasons: obstacles };

    const view = noReform || lost.length > 0 ? undefined : commonView(found);
    if (view !== undefined) {
        const because = `all servers of the last primary component are there, and find each other again once all of them run`;
        return { do: "re-form", nodes: names(found), because };
    }
    const running = found.filter((member) => member.server !== ServerState.Stopped);
    if (running.length > 0) {
        const because = "no server can be asked for its position while it runs, and none of these is Primary";
        return { do: "stop", nodes: names(running), because };
    }
    return byPosition(found, names(lost));
}

/** There is a primary component: whoever is not in it has to join it. */
function besideLive(live: MemberFound[], found: MemberFound[]): Decision {
    // One that is taking its copy is in a component, and can't be asked yet in which.
    const components = new Set(live.flatMap(({ component }) => component?.uuid ?? []));
    const alone = live.filter(({ component }) => component !== undefined && component.size < live.length);
    if (components.size > 1 || alone.length > 0) {
        const seen = live.map(
            ({ node, component }) => `${node}: ${component?.uuid ?? "unknown"}, ${component?.size ?? "?"} members`,
        );
        return {
            do: "refuse",
            reasons: [
                `there is more than one primary component (${seen.join("; ")}): stop the servers of the one whose changes are given up, before anything else`,
            ],
        };
    }
    const rest = found.filter((member) => !live.includes(member));
    if (rest.length === 0)
        return { do: "nothing", because: `${list(names(live))} ${live.length > 1 ? "are" : "is"} Primary` };
    return {
        do: "refuse",
        reasons: [
            `there is a cluster (${list(names(live))} Primary), and a second one must never begin beside it: let ${list(names(rest))} join it, with "systemctl restart mariadb" there, or with "pulumi up"`,
        ],
    };
}

const misnamed = (evidence: MemberEvidence[], without: string[]): string[] =>
    without.flatMap((node) => {
        const member = evidence.find((candidate) => candidate.node === node);
        if (member === undefined) return [`--without ${node}: no such member; there are ${list(names(evidence))}`];
        return member.reachable
            ? [`--without ${node}: it answers, so what it has counts; leave it out of --without`]
            : [];
    });

const missing = (lost: MemberLost[], without: string[]): string[] =>
    lost
        .filter(({ node }) => !without.includes(node))
        .map(
            ({ node, why }) =>
                `${node} can't be asked (${why}): it may be Primary, or have the most recent data. Bring it up; or, if it is known to be off and what only it has may be given up, say --without ${node} --reason "…"`,
        );

const silent = (found: MemberFound[]): string[] =>
    found
        .filter(({ server }) => server === ServerState.Silent)
        .map(
            ({ node, silence = "no answer" }) =>
                `${node}: its server runs and can't be asked (${silence}), so it may be Primary: look there, and stop it if it hangs`,
        );

const connected = (found: Pick<MemberFound, "node" | "peers">[], without: string[]): string[] =>
    found.flatMap(({ node, peers }) =>
        peers
            .filter((peer) => without.includes(peer))
            .map(
                (peer) =>
                    `--without ${peer}: ${node} has a connection with its server, so that runs and may be Primary`,
            ),
    );

/** The view in which all members were last, when nobody else was in it. */
function commonView(found: MemberFound[]): string | undefined {
    const views = found.map(({ savedView, interruptedCopy, savedState }) =>
        interruptedCopy || known(savedState) === undefined ? undefined : savedView,
    );
    const [first] = views;
    if (first === undefined || views.some((view) => view?.id !== first.id)) return undefined;
    const selves = new Set(views.map((view) => view?.self));
    const uuids = new Set(found.map(({ savedState }) => savedState?.uuid));
    const complete = first.members.length === selves.size && first.members.every((member) => selves.has(member));
    return complete && selves.size === found.length && uuids.size === 1 ? first.id : undefined;
}

function byPosition(found: MemberFound[], leftOut: string[]): Decision {
    const members = found.map((member) => ({ member, standing: standing(member) }));
    const reasons = contradictions(members);
    if (reasons.length > 0) return { do: "refuse", reasons };

    const candidates = members.flatMap(({ member, standing: s }) =>
        s.as === "candidate" ? [{ member, position: s.position }] : [],
    );
    const highest = Math.max(...candidates.map(({ position }) => position.seqno));
    const best = candidates.filter(({ position }) => position.seqno === highest);
    const chosen = best.find(({ member }) => member.savedState?.safeToBootstrap) ?? best[0];
    if (chosen === undefined) throw new RangeError("contradictions() lets no case without a candidate pass");

    const { member, position } = chosen;
    const seqnos = new Map(candidates.map((candidate) => [candidate.member, candidate.position.seqno]));
    const joins = found
        .filter((other) => other !== member)
        .sort((a, b) => (seqnos.get(b) ?? -1) - (seqnos.get(a) ?? -1));
    const because = [
        `${member.node} is at ${position.seqno}, ${best.length > 1 ? "with no member further" : "further than any other"}`,
        ...(best.length > 1 && member.savedState?.safeToBootstrap ? ["and it left last"] : []),
        ...(leftOut.length > 0 ? [`what only ${list(leftOut)} may have is given up`] : []),
    ].join("; ");
    return { do: "bootstrap", node: member.node, position, joins: names(joins), leftOut, because };
}

const names = (members: MemberEvidence[]): string[] => members.map(({ node }) => node);
const list = (words: string[]): string => words.join(", ");
