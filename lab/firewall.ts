import { z } from "zod";
import { BMC_PORTS } from "./plan";
import { attempt, run } from "./run";

const Listing = z.object({
    nftables: z.array(
        z.object({
            chain: z
                .object({
                    family: z.string(),
                    table: z.string(),
                    name: z.string(),
                    hook: z.string().optional(),
                    policy: z.string().optional(),
                })
                .optional(),
            rule: z
                .object({
                    family: z.string(),
                    table: z.string(),
                    chain: z.string(),
                    handle: z.number(),
                    comment: z.string().optional(),
                })
                .optional(),
        }),
    ),
});
type Listing = z.infer<typeof Listing>;

const listing = async (what: string): Promise<Listing> => {
    const ran = await attempt(["nft", "-j", "-a", "list", what]);
    return Listing.parse(ran.code === 0 ? JSON.parse(ran.stdout) : { nftables: [] });
};

const comment = (lab: string): string => `pulumi-ha lab ${lab}`;

/** What of a lab has to pass: its hosts' way out and back, and their way to the management controllers on this machine. */
const passing = (link: string): Record<string, string[]> => ({
    forward: [`iifname "${link}"`, `oifname "${link}"`],
    input: [`iifname "${link}" udp dport ${BMC_PORTS.first}-${BMC_PORTS.last}`],
});

/**
 * The rules that let a lab's packets through what drops them by default, as Docker and ufw set it: an accept in the lab's own table would
 * not help, since a packet has to pass every table.
 */
export const passRules = (chains: Listing, lab: string, link: string): string[] =>
    chains.nftables
        .map(({ chain }) => chain)
        .filter((chain) => chain?.policy === "drop" && ["ip", "inet"].includes(chain.family))
        .flatMap((chain) =>
            (passing(link)[chain!.hook ?? ""] ?? []).map(
                (match) =>
                    `insert rule ${chain!.family} ${chain!.table} ${chain!.name} ${match} accept comment "${comment(lab)}"`,
            ),
        );

/** The commands that take the lab's rules out again. */
export const withdrawals = (rules: Listing, lab: string): string[] =>
    rules.nftables
        .map(({ rule }) => rule)
        .filter((rule) => rule?.comment === comment(lab))
        .map((rule) => `delete rule ${rule!.family} ${rule!.table} ${rule!.chain} handle ${rule!.handle}`);

const nft = (commands: string[]): Promise<unknown> =>
    commands.length === 0 ? Promise.resolve() : run(["nft", "-f", "-"], { input: `${commands.join("\n")}\n` });

/** Lets a lab through this machine's own packet filter, where that drops forwarded packets. */
export const passFirewall = async (lab: string, link: string): Promise<unknown> =>
    nft(passRules(await listing("chains"), lab, link));

/** Takes the lab's rules out of this machine's own packet filter. */
export const leaveFirewall = async (lab: string): Promise<unknown> => nft(withdrawals(await listing("ruleset"), lab));
