/**
 * The command that takes a component and its parts out of a stack at once: an update makes what is new before it removes what is gone, so that a host
 * never gives what both have to the new one.
 */
export const takeAway = (name: string): string => `pulumi destroy --target '**::${name}' --target-dependents`;

/** What a host says where two components have the same thing, and the ways out. */
export const WAYS_OUT = `if one of them leaves with this update, take it away first: ${takeAway("NAME")}, then pulumi up; if both stay, name the one that gives it up in dependsOn of the other one`;
