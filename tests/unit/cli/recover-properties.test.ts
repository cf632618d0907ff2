import fc from "fast-check";
import { decide } from "../../../cli/recover/decision";
import { ServerState } from "../../../cli/recover/evidence";
import type { MemberEvidence, MemberFound } from "../../../cli/recover/evidence";
import { NO_UUID, OTHER_UUID, UUID, inView } from "./recover-members";

const NODES = ["db1", "db2", "db3", "db4", "db5"];
const usual = <T>(value: T, others: fc.Arbitrary<T>) => fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, others);
const uuid = usual(UUID, fc.constantFrom(OTHER_UUID, NO_UUID));
const seqno = fc.integer({ min: -1, max: 4 });

const memberFound = (node: string): fc.Arbitrary<MemberFound> =>
    fc.record({
        node: fc.constant(node),
        reachable: fc.constant(true as const),
        server: usual<ServerState>(ServerState.Stopped, fc.constantFrom(...Object.values(ServerState))),
        savedState: fc.option(
            fc.record({ uuid, seqno: usual(-1, seqno), safeToBootstrap: usual(false, fc.boolean()) }),
            {
                nil: undefined,
                freq: 8,
            },
        ),
        position: fc.option(fc.record({ uuid, seqno }), { nil: undefined, freq: 8 }),
        interruptedCopy: usual(false, fc.boolean()),
        databases: usual<string[]>(["orders"], fc.constant([])),
        component: fc.option(fc.record({ uuid, size: fc.integer({ min: 1, max: 3 }) }), { nil: undefined }),
        peers: usual<string[]>([], fc.subarray(NODES)),
    });

const member = (node: string): fc.Arbitrary<MemberEvidence> =>
    fc.oneof(
        { weight: 5, arbitrary: memberFound(node) },
        fc.constant<MemberEvidence>({ node, reachable: false, why: "no answer" }),
    );

const situation = fc
    .integer({ min: 1, max: 5 })
    .chain((size) =>
        fc.record({
            evidence: fc.tuple(...NODES.slice(0, size).map(member)),
            without: usual<string[]>([], fc.subarray(NODES.slice(0, size))),
            noReform: fc.boolean(),
            viewed: fc.boolean(),
        }),
    )
    .map(({ evidence, viewed, ...permissions }) => {
        const found = inView(evidence.filter((m) => m.reachable));
        const seen: MemberEvidence[] = evidence.map((m) => found.find(({ node }) => viewed && node === m.node) ?? m);
        return { evidence: seen, permissions };
    });

const runs = { numRuns: 5000 };

test("a choice is the only one, and not made again once it is Primary", () => {
    let bootstraps = 0;
    fc.assert(
        fc.property(situation, ({ evidence, permissions }) => {
            const decision = decide(evidence, permissions);
            if (decision.do !== "bootstrap") return;
            bootstraps++;
            expect(decision.joins).not.toContain(decision.node);
            const after = evidence.map((m) =>
                m.node === decision.node
                    ? { ...m, server: ServerState.Primary, component: { uuid: decision.position.uuid, size: 1 } }
                    : m,
            );
            expect(["refuse", "nothing"]).toContain(decide(after as MemberEvidence[], permissions).do);
        }),
        runs,
    );
    // The generator makes enough situations in which somebody is chosen for the properties to mean something.
    expect(bootstraps).toBeGreaterThan(100);
});

test("never behind a member that answers, and never of another history", () => {
    fc.assert(
        fc.property(situation, ({ evidence, permissions }) => {
            const decision = decide(evidence, permissions);
            if (decision.do !== "bootstrap") return;
            for (const m of evidence) {
                if (!m.reachable || m.interruptedCopy || m.position === undefined || m.position.uuid === NO_UUID)
                    continue;
                expect(m.position.uuid).toBe(decision.position.uuid);
                expect(m.position.seqno).toBeLessThanOrEqual(decision.position.seqno);
            }
        }),
        runs,
    );
});

test("never beside a Primary, nor beside a server that runs", () => {
    fc.assert(
        fc.property(situation, ({ evidence, permissions }) => {
            const decision = decide(evidence, permissions);
            const servers = evidence.flatMap((m) => (m.reachable ? [m.server] : []));
            if (decision.do === "bootstrap") expect(servers.every((s) => s === ServerState.Stopped)).toBe(true);
            if (servers.includes(ServerState.Primary)) expect(["refuse", "nothing"]).toContain(decision.do);
            if (decision.do === "stop" || decision.do === "re-form") expect(servers).not.toContain(ServerState.Silent);
        }),
        runs,
    );
});

test("never with a missing member that is not named", () => {
    fc.assert(
        fc.property(situation, ({ evidence, permissions }) => {
            const decision = decide(evidence, permissions);
            if (decision.do === "nothing" || decision.do === "refuse") return;
            const missing = evidence.filter((m) => !m.reachable).map(({ node }) => node);
            expect(missing.filter((node) => !permissions.without.includes(node))).toEqual([]);
            if (decision.do === "bootstrap") expect(decision.leftOut).toEqual(missing);
            if (decision.do === "re-form") expect(missing).toEqual([]);
        }),
        runs,
    );
});

test("never data that is unfinished, inconsistent or nobody's", () => {
    fc.assert(
        fc.property(situation, ({ evidence, permissions }) => {
            const decision = decide(evidence, permissions);
            if (decision.do !== "bootstrap") return;
            const chosen = evidence.find(({ node }) => node === decision.node);
            expect(chosen).toMatchObject({
                reachable: true,
                interruptedCopy: false,
                position: decision.position,
                savedState: { uuid: decision.position.uuid },
            });
            expect(decision.position.seqno).toBeGreaterThanOrEqual(0);
        }),
        runs,
    );
});

test("the order in which members are listed decides between equals only", () => {
    fc.assert(
        fc.property(situation, ({ evidence, permissions }) => {
            const one = decide(evidence, permissions);
            const other = decide([...evidence].reverse(), permissions);
            expect(other.do).toBe(one.do);
            if (one.do === "bootstrap" && other.do === "bootstrap") expect(other.position).toEqual(one.position);
        }),
        runs,
    );
});

test("never two: when the chosen one can't be asked, nobody else is chosen until it is named", () => {
    fc.assert(
        fc.property(situation, ({ evidence, permissions }) => {
            const decision = decide(evidence, permissions);
            if (decision.do !== "bootstrap") return;
            const hidden = evidence.map((m): MemberEvidence =>
                m.node === decision.node ? { node: m.node, reachable: false, why: "no answer" } : m,
            );
            expect(decide(hidden, permissions).do).toBe("refuse");
        }),
        runs,
    );
});
