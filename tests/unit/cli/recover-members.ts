import { ServerState } from "../../../cli/recover/evidence";
import type { MemberFound, MemberLost } from "../../../cli/recover/evidence";

export const UUID = "83128996-e5b0-11f1-9a51-6b6fe5b6a2d5";
export const OTHER_UUID = "aca17694-e5b8-11f1-819a-6efde1ccd2fc";
export const NO_UUID = "00000000-0000-0000-0000-000000000000";

/** A member whose server died at a place of the history, unless said otherwise. */
export const crashed = (node: string, seqno: number, more: Partial<MemberFound> = {}): MemberFound => ({
    node,
    reachable: true,
    server: ServerState.Stopped,
    savedState: { uuid: UUID, seqno: -1, safeToBootstrap: false },
    position: { uuid: UUID, seqno },
    interruptedCopy: false,
    databases: ["orders"],
    peers: [],
    ...more,
});

/** A member that was stopped in an orderly way. */
export const left = (node: string, seqno: number, last = false): MemberFound =>
    crashed(node, seqno, { savedState: { uuid: UUID, seqno, safeToBootstrap: last } });

/** A member with the data directory of a new installation. */
export const fresh = (node: string): MemberFound =>
    crashed(node, 0, { savedState: undefined, position: { uuid: NO_UUID, seqno: -1 }, databases: [] });

/** A member that was receiving a full copy. */
export const halfCopied = (node: string): MemberFound =>
    crashed(node, 0, {
        savedState: { uuid: NO_UUID, seqno: -1, safeToBootstrap: false },
        position: undefined,
        interruptedCopy: true,
    });

/** A member with a server that runs, so that its position is not known. */
export const running = (node: string, server: ServerState, more: Partial<MemberFound> = {}): MemberFound =>
    crashed(node, 0, { server, position: undefined, ...more });

export const primary = (node: string, size: number, uuid = UUID): MemberFound =>
    running(node, ServerState.Primary, { component: { uuid, size } });

export const lost = (node: string): MemberLost => ({ node, reachable: false, why: "connection refused" });

/** The same members with the view they were in when they died. */
export const inView = (members: MemberFound[], id = "v7", strangers: string[] = []): MemberFound[] =>
    members.map((member) => ({
        ...member,
        savedView: { self: `s-${member.node}`, id, members: [...members.map(({ node }) => `s-${node}`), ...strangers] },
    }));
