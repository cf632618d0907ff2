import { z } from "zod";
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

/**
 * The rules that let a lab's packets through what drops forwarded packets by default, as Docker and ufw set it: an accept in the lab's own
 * table would not help, since a packet has to pass every table.
 */
export const passRules = (chains: Listing, lab: string, link: string): string[] =>
    chains.nftables
        .map(({ chain }) => chain)
        .filter(
            (chain) => chain?.hook === "forward" && chain.policy === "drop" && ["ip", "inet"].includes(chain.family),
        )
        .flatMap((chain) =>
            ["iifname", "oifname"].map(
                (end) =>
                    `insert rule ${chain!.family} ${chain!.table} ${chain!.name} ${end} "${link}" accept comment "${comment(lab)}"`,
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
