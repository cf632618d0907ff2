import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { stackless } from "../../remote/stackless";
import { nativeHash, passwordCredential, previousCredential } from "./accounts";
import type { GaleraUserArgs } from "./args";
import { passwordFault } from "./spec";

/** Characters of a generated password: letters and digits, 190 bits. */
const LENGTH = 32;

/** The passwords of a cluster's users. */
export interface Passwords {
    /** By the user's name; a secret. */
    byUser: pulumi.Output<Record<string, string>>;
    /** Native hashes, by the names that `renderAccounts` uses; secrets. */
    credentials: Record<string, pulumi.Output<string>>;
    /** Names of the users that have a previous password. */
    previous: string[];
}

/** The users' own passwords, and generated ones for those without. @throws Error, as a failed output, when a password is too weak. */
export function passwordsOf(name: string, users: GaleraUserArgs[], opts: pulumi.ComponentResourceOptions): Passwords {
    const own = Object.fromEntries(
        users.map((user) => [
            user.name,
            user.password === undefined ? generated(name, user, opts) : strong(user.name, user.password),
        ]),
    );
    const previous = users.flatMap((user) =>
        user.previousPassword === undefined
            ? []
            : [{ name: user.name, password: pulumi.secret(user.previousPassword) }],
    );
    return {
        byUser: pulumi.secret(pulumi.all(own)),
        credentials: Object.fromEntries([
            ...Object.entries(own).map(
                ([user, password]) => [passwordCredential(user), password.apply(nativeHash)] as const,
            ),
            ...previous.map((user) => [previousCredential(user.name), user.password.apply(nativeHash)] as const),
        ]),
        previous: previous.map((user) => user.name),
    };
}

const generated = (name: string, user: GaleraUserArgs, opts: pulumi.ComponentResourceOptions): pulumi.Output<string> =>
    new random.RandomPassword(
        `${name}-${user.name}-password`,
        {
            length: LENGTH,
            special: false,
            keepers: { version: pulumi.output(user.passwordVersion ?? 1).apply(String) },
        },
        opts,
    ).result;

const strong = (user: string, password: pulumi.Input<string>): pulumi.Output<string> =>
    pulumi.secret(password).apply((text) => {
        const fault = passwordFault(text);
        if (fault !== undefined) throw stackless(new Error(`users: password of ${user} ${fault}`));
        return text;
    });
