import type { Evidence } from "../../fleet/answer";
import { servicesOf } from "../../fleet/question";
import type { DeployedUnit } from "../../state";
import { directoryFindings, fileFindings } from "./files";
import type { Finding } from "./finding";
import { packageFindings } from "./packages";
import { recordFindings } from "./record";
import { runningFindings } from "./running";
import { serviceFindings } from "./services";
import { checkFindings, gateFindings } from "./verbs";

/** Everything that one unit's host says against it. */
export function findingsOf(unit: DeployedUnit, evidence: Evidence): Finding[] {
    const found = [
        ...recordFindings(unit, evidence),
        ...unit.manifest.files.flatMap((file) => fileFindings(unit, file, evidence)),
        ...directoryFindings(unit, evidence),
        ...packageFindings(unit, evidence),
        ...servicesOf(unit.manifest).flatMap((name) => serviceFindings(unit, name, evidence)),
        ...runningFindings(unit, evidence),
    ];
    return [...found, ...gateFindings(unit, evidence, found), ...checkFindings(unit, evidence, found)];
}
