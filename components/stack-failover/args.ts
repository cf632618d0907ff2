import type * as pulumi from "@pulumi/pulumi";
import type { FaultSeconds } from "../shared/failover";
import type { FailoverWiring } from "../shared/wiring";

/** What takes part in a stack's promise: any component with an output `failover`, or plain data about something that another stack has. */
export interface FailoverPart {
    /** What it promises by itself. A kind of fault that is missing is not promised. */
    failover: pulumi.Input<FaultSeconds[]>;
    /** The address that it moves from node to node, if it moves one: what is bound to it waits for it too. */
    address?: pulumi.Input<string>;
    /** How it stands among the others. Default: it moves `address`. */
    wiring?: pulumi.Input<FailoverWiring>;
    /** Its name, and that of a component comes from here. */
    urn?: pulumi.Input<string>;
    /** Its name where it is plain data. */
    name?: pulumi.Input<string>;
}

/** Seconds that clients may wait, at most, by kind of fault. What is left out has no limit. */
export interface FailoverBudget {
    /** A process dies. */
    process?: number;
    /** A process stops answering but does not die. */
    hang?: number;
    /** A host loses power. */
    power?: number;
    /** A host's network link is cut. */
    link?: number;
    /** Hosts lose sight of each other. */
    partition?: number;
    /** A switch on purpose. */
    planned?: number;
}

/** Settings of `stackFailover`. */
export interface StackFailoverArgs {
    /** What the stack may take. The stack's config `budget` goes before it, fault by fault. Default: the config alone. */
    budget?: FailoverBudget;
}

/** What a stack promises for one kind of fault. */
export interface StackFaultSeconds {
    /** Seconds that a client of any service waits at most; missing where a service is not promised. */
    totalSeconds?: number;
    /** The service whose clients wait longest. */
    service?: string;
    /** The sums of that service, by component: `max(front: …, sql: …)`; the largest counts. */
    formula?: string;
    /** The largest term of the largest sum: `front: 3 x advert interval (3 s)`. */
    slowest?: string;
    /** The argument that makes it shorter: `front.advertIntervalSeconds`. */
    knob?: string;
    /** Seconds that clients of each service wait at most, wherever the fault strikes. */
    services: Record<string, number>;
    /** Seconds of each component by itself: of a fault that strikes there. */
    components: Record<string, number>;
    /** Services that are not promised, and why: `sql: front promises nothing`. */
    unpromised: string[];
}

/** What a stack promises, by kind of fault. */
export interface StackFailover {
    /** A process dies. */
    process: StackFaultSeconds;
    /** A process stops answering but does not die. */
    hang: StackFaultSeconds;
    /** A host loses power. */
    power: StackFaultSeconds;
    /** A host's network link is cut. */
    link: StackFaultSeconds;
    /** Hosts lose sight of each other. */
    partition: StackFaultSeconds;
    /** A switch on purpose. */
    planned: StackFaultSeconds;
}
