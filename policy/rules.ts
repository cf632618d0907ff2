import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { addressesUnique } from "./rules/addresses-unique";
import { certificateLifetime } from "./rules/certificate-lifetime";
import { dataProtected } from "./rules/data-protected";
import { databaseChecks } from "./rules/database-checks";
import { encryptionInTransit } from "./rules/encryption-in-transit";
import { engineVersion } from "./rules/engine-version";
import { failoverWithinBudget } from "./rules/failover-within-budget";
import { hostKeysPinned } from "./rules/host-keys-pinned";
import { membersApart } from "./rules/members-apart";
import { memoryFits } from "./rules/memory-fits";
import { noAcceptedRisk } from "./rules/no-accepted-risk";
import { noDataDeletion } from "./rules/no-data-deletion";
import { noPasswordLogin } from "./rules/no-password-login";
import { noRawCommands } from "./rules/no-raw-commands";
import { oddVotes } from "./rules/odd-votes";
import { packagesPinned } from "./rules/packages-pinned";
import { statefulPairFenced } from "./rules/stateful-pair-fenced";
import { twoCorosyncLinks } from "./rules/two-corosync-links";
import { vridUnique } from "./rules/vrid-unique";
import { resourcePolicy, stackPolicy } from "./rule";
import type { Run, Unknowns } from "./rule";

/** All rules as the CLI runs them, on one stack. */
export function policies(unknowns: Unknowns): (ResourceValidationPolicy | StackValidationPolicy)[] {
    const run: Run = { unknowns, seen: new Map() };
    return [
        resourcePolicy(hostKeysPinned, run),
        resourcePolicy(noPasswordLogin, run),
        resourcePolicy(addressesUnique, run),
        resourcePolicy(vridUnique(), run),
        resourcePolicy(oddVotes, run),
        resourcePolicy(statefulPairFenced, run),
        resourcePolicy(noAcceptedRisk, run),
        resourcePolicy(noDataDeletion, run),
        resourcePolicy(dataProtected, run),
        resourcePolicy(encryptionInTransit, run),
        resourcePolicy(databaseChecks, run),
        stackPolicy(failoverWithinBudget, run),
        resourcePolicy(membersApart, run),
        resourcePolicy(certificateLifetime, run),
        resourcePolicy(memoryFits, run),
        resourcePolicy(twoCorosyncLinks, run),
        resourcePolicy(noRawCommands, run),
        resourcePolicy(engineVersion, run),
        resourcePolicy(packagesPinned, run),
    ];
}
