import { addressesUnique } from "./rules/addresses-unique";
import { certificateLifetime } from "./rules/certificate-lifetime";
import { dataProtected } from "./rules/data-protected";
import { databaseChecks } from "./rules/database-checks";
import { encryptionInTransit } from "./rules/encryption-in-transit";
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
import type { Unknowns } from "./rule";

/** All rules as the CLI runs them. */
export const policies = (unknowns: Unknowns) => [
    resourcePolicy(hostKeysPinned, unknowns),
    resourcePolicy(noPasswordLogin, unknowns),
    resourcePolicy(addressesUnique, unknowns),
    resourcePolicy(vridUnique, unknowns),
    resourcePolicy(oddVotes, unknowns),
    resourcePolicy(statefulPairFenced, unknowns),
    resourcePolicy(noAcceptedRisk, unknowns),
    resourcePolicy(noDataDeletion, unknowns),
    resourcePolicy(dataProtected, unknowns),
    resourcePolicy(encryptionInTransit, unknowns),
    resourcePolicy(databaseChecks, unknowns),
    stackPolicy(failoverWithinBudget, unknowns),
    resourcePolicy(membersApart, unknowns),
    resourcePolicy(certificateLifetime, unknowns),
    resourcePolicy(memoryFits, unknowns),
    resourcePolicy(twoCorosyncLinks, unknowns),
    resourcePolicy(noRawCommands, unknowns),
    resourcePolicy(packagesPinned, unknowns),
];
