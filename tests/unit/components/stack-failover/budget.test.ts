import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { Fault, faultSeconds, sum } from "../../../../components/shared/failover";
import { violations } from "../../../../components/shared/rules";
import { budgetOf, repair } from "../../../../components/stack-failover/budget";
import { rules } from "../../../../components/stack-failover/rules";
import type { FailoverBudget } from "../../../../components/stack-failover";
import type { Part } from "../../../../components/stack-failover/compose";
import { SQL, VIP, part, term, vip, web } from "./parts";

const found = (parts: Part[], budget: FailoverBudget = {}) =>
    violations({ parts, budget }, rules).map(({ path, message, level }) => `${level} ${path}: ${message}`);

test("what is within budget is not refused, also where it is just within", () => {
    expect(found([vip, web], { power: 3, planned: 8 })).toEqual([]);
});

test("what has no budget has no limit", () => {
    expect(found([vip, part("web", 99, web.wiring)])).toEqual([]);
});

test("fails: every sum that is over budget, once for all that wait for it", () => {
    const sql = part("sql", 5, { boundTo: [VIP] });
    expect(found([vip, web, sql], { power: 2.5, link: 4 })).toEqual([
        "refuse budget.power: front, for which web and sql wait, takes 3 s and may take 2.5 s: front (3 s); the slowest is front: change front.knob (3 s now, 2.5 s at most)",
        "refuse budget.power: sql takes 5 s and may take 2.5 s: sql (5 s); the slowest is sql: change sql.knob (5 s now, 2.5 s at most)",
        "refuse budget.link: sql takes 5 s and may take 4 s: sql (5 s); the slowest is sql: change sql.knob (5 s now, 4 s at most)",
    ]);
});

test("fails: a budget for a kind of fault that nobody promises", () => {
    const blind = part("front", 3, vip.wiring, [Fault.Power]);
    expect(found([blind, web, part("sql", 1, { boundTo: [VIP] })], { hang: 60 })).toEqual([
        "refuse budget.hang: 60 s are asked for, and web and sql cannot be promised any: front promises nothing",
    ]);
});

test("an address that is forgotten is warned of, and fails with any budget", () => {
    expect(found([web])).toEqual([expect.stringMatching(/^warn web.bind.address: clients use 192.0.2.100, and no /)]);
    expect(found([web], { power: 60 })).toContainEqual(
        "refuse budget.power: 60 s are asked for, and web cannot be promised any: no listed component moves 192.0.2.100",
    );
});

test.each<[string, number, string]>([
    ["one argument", 4, "change a (6 s now, 2 s at most)"],
    ["several terms of one argument", 5.5, "change a (6 s now, 3.5 s at most)"],
    ["several arguments, where one is not enough", 1.5, "change a and b (7.5 s now, 1 s at most)"],
    [
        "none, where the rest alone takes too long",
        0.5,
        "no argument makes up for it, as 0.5 s depend on none: allow more",
    ],
])("what repairs a sum: %s", (_, limit, expected) => {
    const terms = [term("1", 4, "a"), term("2", 1.5, "b"), term("3", 2, "a"), { ...term("4", 0.5), knob: undefined }];
    expect(repair(terms, limit)).toBe(expected);
});

test("a repair leaves room for the arguments it names, and names none where there is no room", () => {
    const seconds = fc.integer({ min: 0, max: 10_000 }).map((n) => n / 1000);
    const terms = fc.array(
        fc.record({ seconds, knob: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }) }),
        { minLength: 1, maxLength: 6 },
    );
    fc.assert(
        fc.property(terms, seconds, (drawn, limit) => {
            const all = drawn.map((t, n) => ({ ...term(String(n), t.seconds), knob: t.knob }));
            fc.pre(sum(all) > limit);
            const named = /change (.*) \(/.exec(repair(all, limit))?.[1]?.split(" and ");
            const rest = sum(
                all.filter(({ knob }) => knob === undefined || !(named ?? ["a", "b", "c"]).includes(knob)),
            );
            expect(named === undefined).toBe(rest >= limit);
        }),
    );
});

describe("timers that contradict each other", () => {
    const takesBack = (seconds: number) => part("front", 3, { moves: [VIP], takesBack: term("front", seconds) });
    const starts = part("web", 2, { boundTo: [VIP], knowsServers: term("web", 2) });

    test("fails: an address that a load balancer gets back before it knows its servers", () => {
        expect(found([takesBack(1.5), starts])).toEqual([
            "refuse front.knob: 1.5 s (front) are less than the 2 s of web.knob (web): a load balancer that has just started takes lost servers for healthy ones, and would get the address before it knows better",
        ]);
    });

    test("an address that comes back later, or stays, or is another one", () => {
        const elsewhere = part("web", 2, { ...starts.wiring, boundTo: ["192.0.2.7"] });
        const other = part("other", 3, { moves: ["192.0.2.7"] });
        expect(found([takesBack(2), starts])).toEqual([]);
        expect(found([vip, starts])).toEqual([]);
        expect(found([takesBack(1), other, elsewhere])).toEqual([]);
    });

    const stall = { ...part("orders", 3.85, { serves: [SQL] }) };
    const plain = (seconds: number) =>
        part("sql", 2, { boundTo: [VIP], servers: [SQL], readmits: term("sql", seconds) });

    test("fails: members of a cluster that get clients back before the others have agreed", () => {
        expect(found([vip, stall, plain(1.5)])).toEqual([
            expect.stringMatching(
                /^refuse sql.knob: 1.5 s \(sql\) are less than the 3.85 s of orders.knob \(stall after a hang\): a member that hung /,
            ),
        ]);
    });

    test("checks that wait for the cluster, or a cluster that promises nothing for a hang", () => {
        const silent = { ...stall, failover: [faultSeconds(Fault.Power, [])] };
        expect(found([vip, stall, plain(4)])).toEqual([]);
        expect(found([vip, silent, plain(1)])).toEqual([]);
    });
});

describe("the budget of a stack", () => {
    const config = (value: unknown) =>
        pulumi.runtime.setAllConfig(value === undefined ? {} : { "project:budget": JSON.stringify(value) });

    test("is that of its config, fault by fault, before that of the program", () => {
        config({ power: 8 });
        expect(budgetOf({ power: 20, planned: 1 })).toEqual({ power: 8, planned: 1 });
        expect(budgetOf()).toEqual({ power: 8 });
        config(undefined);
        expect(budgetOf()).toEqual({});
    });

    test.each<[string, unknown, RegExp]>([
        [
            "a kind of fault that there is not",
            { pover: 1 },
            /project:budget: "pover" is no kind of fault: process, hang, /,
        ],
        ["a text", { power: "8s" }, /project:budget\.power: "8s" is no number of seconds/],
        ["a negative number", { power: -1 }, /project:budget\.power: -1 is no number of seconds: 0 or more/],
        ["a number for all", 8, /project:budget: 8 is no budget: give seconds by kind of fault/],
        ["a list", [8], /project:budget: \[8\] is no budget/],
    ])("fails: %s", (_, value, message) => {
        config(value);
        expect(() => budgetOf()).toThrow(message);
    });

    test("fails: all that is wrong at once, in the program's too", () => {
        config(undefined);
        const wrong = { power: "8", hang: null, links: 1 } as unknown as FailoverBudget;
        expect(() => budgetOf(wrong)).toThrow(/budget\.hang: null [^]*budget\.power: "8" [^]*budget: "links"/);
    });
});
