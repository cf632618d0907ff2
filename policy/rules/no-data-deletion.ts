import { UNKNOWN, entries, isMissing } from "../inputs";
import { later } from "../report";
import type { Rule } from "../rule";

/** `deleteData` lets a destroy, or the removal of a node, delete what is stored. */
export const noDataDeletion: Rule<unknown> = {
    name: "no-data-deletion",
    description: "No component is told to delete its data.",
    severity: "critical",
    remediationSteps: "Leave deleteData out; delete by hand what a component left behind, once a backup was read back.",
    check: ({ kind, inputs }) =>
        kind === undefined
            ? []
            : entries(inputs)
                  .filter(({ key, value }) => key === "deleteData" && value !== false && !isMissing(value))
                  .map(({ path, value }) =>
                      value === UNKNOWN
                          ? later(path)
                          : { path, says: "is set: removal would delete what is stored; leave it out" },
                  ),
};
