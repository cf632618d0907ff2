import { passRules, withdrawals } from "../../../lab/firewall";

// As `nft -j -a list` prints it on a machine with Docker and a lab.
const chain = (fields: object): object => ({
    chain: { family: "ip", table: "filter", name: "FORWARD", handle: 2, ...fields },
});
const rule = (fields: object): object => ({
    rule: { family: "ip", table: "filter", chain: "FORWARD", handle: 9, expr: [], ...fields },
});
const listing = (...items: object[]): Parameters<typeof passRules>[0] => ({
    nftables: [{ metainfo: { version: "1.0.6" } }, ...items],
});

test("chains that drop by default let the lab through in both directions, and to its management controllers", () => {
    const chains = listing(
        chain({ type: "filter", hook: "forward", policy: "drop" }),
        chain({ name: "INPUT", type: "filter", hook: "input", policy: "drop" }),
        chain({ table: "open", type: "filter", hook: "forward", policy: "accept" }),
        chain({ name: "DOCKER-USER" }),
    );
    expect(passRules(chains, "lab", "ha-lab")).toEqual([
        'insert rule ip filter FORWARD iifname "ha-lab" accept comment "pulumi-ha lab lab"',
        'insert rule ip filter FORWARD oifname "ha-lab" accept comment "pulumi-ha lab lab"',
        'insert rule ip filter INPUT iifname "ha-lab" udp dport 9011-9099 accept comment "pulumi-ha lab lab"',
    ]);
});

test("only the lab's own rules are withdrawn", () => {
    const rules = listing(
        rule({ comment: "pulumi-ha lab lab" }),
        rule({ handle: 10, comment: "pulumi-ha lab lab2" }),
        rule({ handle: 11 }),
    );
    expect(withdrawals(rules, "lab")).toEqual(["delete rule ip filter FORWARD handle 9"]);
});
