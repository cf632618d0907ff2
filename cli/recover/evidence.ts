/** What a member's server does. Only a stopped one can be asked for the position that its data is at. */
export const ServerState = {
    /** No process, and none will be started by itself. */
    Stopped: "stopped",
    /** It starts, waits for the others, or is started again and again. */
    Starting: "starting",
    /** It is on its way down. */
    Stopping: "stopping",
    /** It runs without a quorum and serves nobody. */
    NonPrimary: "non-primary",
    /** It runs as a member of the primary component: there is a cluster. */
    Primary: "primary",
    /** It runs and does not answer: it may be Primary. */
    Silent: "silent",
} as const;
export type ServerState = (typeof ServerState)[keyof typeof ServerState];

/** A place in the history of one cluster. */
export interface Position {
    /** The cluster's. All zeros: none. */
    uuid: string;
    /** Number of the last transaction; -1: not known. */
    seqno: number;
}

/** What `grastate.dat` says. */
export interface SavedState extends Position {
    /** Written as 1 for the member that left last, and while a member is alone. */
    safeToBootstrap: boolean;
}

/** What `gvwstate.dat` says: the last primary component that the server was in when it died. It is gone after an orderly stop. */
export interface SavedView {
    /** The server itself, among `members`. */
    self: string;
    /** Name of the view. */
    id: string;
    /** Servers that were in it, an arbitrator included. */
    members: string[];
}

/** What a member that answers has told; nothing was changed for it. */
export interface MemberFound {
    node: string;
    reachable: true;
    server: ServerState;
    /** Why it is taken for silent. */
    silence?: string;
    savedState?: SavedState;
    savedView?: SavedView;
    /** What the server itself says its data is at. Only known while it is stopped. */
    position?: Position;
    /** Why the server could not say it. */
    positionError?: string;
    /** Its server has the configuration of a member: not before the first `up`, nor after `destroy`. Default: it has. */
    configured?: boolean;
    /** A full copy from another member was cut off: the data is no one's. */
    interruptedCopy: boolean;
    /** Databases of users in the data directory. */
    databases: string[];
    /** Of a server that is Primary or was: the cluster and the number of members it sees. */
    component?: { uuid: string; size: number };
    /** Nodes with which it has a connection for replication. */
    peers: string[];
}

/** A member that could not be asked. */
export interface MemberLost {
    node: string;
    reachable: false;
    /** What was tried, and how it failed. */
    why: string;
}

/** All that is known of one member. */
export type MemberEvidence = MemberFound | MemberLost;

const NO_UUID = "00000000-0000-0000-0000-000000000000";

/** The position with its uuid, unless it has none. */
export const known = (position: Position | undefined): Position | undefined =>
    position === undefined || position.uuid === NO_UUID ? undefined : position;

/** As the server writes it. */
export const positionText = ({ uuid, seqno }: Position): string => `${uuid}:${seqno}`;
