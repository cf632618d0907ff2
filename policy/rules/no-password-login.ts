import { UNKNOWN, at, isInputs, isMissing } from "../inputs";
import { later } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";
import { isRemote } from "../stack";

/** Hosts are logged in to with keys: a password can be guessed, and whoever answers in the host's place is handed it. */
export const noPasswordLogin: Rule<unknown> = {
    name: "no-password-login",
    description: "Hosts are logged in to with keys, not with passwords.",
    severity: "high",
    remediationSteps:
        "Give each node a privateKey, or let the SSH agent hold it, and forbid passwords in the host's sshd_config.",
    check: (resource) => (isRemote(resource) ? ofConnection(at(resource.inputs, "connection"), ["connection"]) : []),
};

const FIX = "give privateKey in its place, or leave both out for the keys of the SSH agent";

function ofConnection(connection: unknown, path: string[]): Finding[] {
    if (connection === UNKNOWN) return [later(path)];
    if (!isInputs(connection)) return [];
    const own = isMissing(at(connection, "password")) ? [] : [{ path: [...path, "password"], says: `is set: ${FIX}` }];
    return [...own, ...ofConnection(at(connection, "proxy"), [...path, "proxy"])];
}
