import { Fault, followed, formula, rounded, sum } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import type { FailoverWiring } from "../shared/wiring";
import { same } from "../shared/syntax";
import type { StackFailover, StackFaultSeconds } from "./args";

/** A component of the stack as plain data. */
export interface Part {
    name: string;
    failover: FaultSeconds[];
    wiring: FailoverWiring;
}

/** What a service waits for when a fault strikes one of its components. */
export interface Share {
    /** Name of the component. */
    part: string;
    /** Missing where it promises nothing. */
    promise: FaultSeconds | undefined;
}

/** What a service rests on besides itself. */
interface Rest {
    on: Part;
    /** What begins only when the other is back. Empty: both run side by side. */
    then: Term[];
}

/** Whether two lists of addresses have one in common, however it is spelled. */
export const meet = (some: string[] = [], others: string[] = []): boolean =>
    some.some((one) => others.some((other) => same(one) === same(other)));

/** The address of `10.77.0.21:3306` or `[fd77::21]:3306`. */
const hostOf = (server: string): string => server.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");

/** What clients use: a component on which no other one rests. */
export interface Service {
    part: Part;
    rests: Rest[];
    /** Addresses that clients use and no listed component moves; none at all counts as one. */
    unmoved: string[];
}

/**
 * An address moves while load balancers check and clusters agree: side by side. A server whose own address moves is gone as a whole; the load balancer
 * passes its checks again only when it is back: one after the other.
 */
function restsOf({ wiring }: Part, parts: Part[]): Rest[] {
    const { boundTo, servers = [], readmits } = wiring;
    return parts.flatMap((on) => {
        if (meet(on.wiring.moves, boundTo) || meet(on.wiring.serves, servers)) return [{ on, then: [] }];
        if (meet(on.wiring.moves, servers.map(hostOf))) return [{ on, then: readmits ? [readmits] : [] }];
        return [];
    });
}

/** Addresses of a component that no listed one moves. */
export function unmoved({ wiring: { boundTo } }: Part, parts: Part[]): string[] {
    if (boundTo?.length === 0) return ["the address of a node"];
    return (boundTo ?? []).filter((address) => !parts.some((part) => meet(part.wiring.moves, [address])));
}

/** The services of a stack, with all that each of them rests on. */
export function servicesOf(parts: Part[]): Service[] {
    const all = parts.map((part) => ({ part, rests: restsOf(part, parts), unmoved: unmoved(part, parts) }));
    const below = new Set(all.flatMap(({ rests }) => rests.map(({ on }) => on)));
    return all.filter(({ part }) => !below.has(part));
}

/** What a service waits for, by component, after a fault of a kind. */
export function sharesOf({ part, rests }: Service, fault: Fault): Share[] {
    const of = (any: Part) => any.failover.find((promise) => promise.fault === fault);
    const below = rests.map(({ on, then }) => {
        const promise = of(on);
        return { part: on.name, promise: promise && (then.length > 0 ? followed(promise, then) : promise) };
    });
    return [...below, { part: part.name, promise: of(part) }];
}

/** Why a service is not promised, e.g. `front promises nothing`; empty where it is. */
export const gapsOf = (service: Service, fault: Fault): string[] => [
    ...sharesOf(service, fault)
        .filter(({ promise }) => promise === undefined)
        .map(({ part }) => `${part} promises nothing`),
    ...service.unmoved.map((address) => `no listed component moves ${address}`),
];

const seconds = ({ promise }: Share): number => promise?.totalSeconds ?? Infinity;
const slowestOf = <T>(items: T[], size: (item: T) => number): T | undefined =>
    items.reduce<T | undefined>((worst, item) => (worst && size(worst) >= size(item) ? worst : item), undefined);

/** The promise of the whole for one kind of fault: that of the service whose clients wait longest. */
function promised(parts: Part[], services: Service[], fault: Fault): StackFaultSeconds {
    const all = services.map((service) => ({
        name: service.part.name,
        gaps: gapsOf(service, fault),
        shares: sharesOf(service, fault),
    }));
    const kept = all.filter((service) => service.gaps.length === 0);
    const total = (of: { shares: Share[] }) => Math.max(0, ...of.shares.map(seconds));
    const own = parts.flatMap(({ name, failover }) =>
        failover.filter((promise) => promise.fault === fault).map((promise) => [name, promise.totalSeconds] as const),
    );
    const longest = slowestOf(kept, total);
    return {
        ...(longest && kept.length === all.length ? explained(longest.name, longest.shares) : {}),
        services: Object.fromEntries(kept.map((service) => [service.name, total(service)])),
        components: Object.fromEntries(own),
        unpromised: all.flatMap((service) => service.gaps.map((gap) => `${service.name}: ${gap}`)),
    };
}

function explained(service: string, all: Share[]): Partial<StackFaultSeconds> {
    const named = all.map(({ part, promise }) => `${part}: ${promise?.formula ?? ""}`);
    const share = slowestOf(all, seconds);
    const terms = slowestOf(share?.promise?.sums ?? [], sum);
    const term = slowestOf(terms ?? [], (t) => t.seconds);
    return {
        totalSeconds: share && rounded(seconds(share)),
        service,
        formula: named.length > 1 ? `max(${named.join(", ")})` : named.join(""),
        slowest: term && `${share?.part ?? ""}: ${formula([term])}`,
        ...(term?.knob === undefined ? {} : { knob: term.knob }),
    };
}

/** What the parts promise together, by kind of fault. */
export function compose(parts: Part[]): StackFailover {
    const services = servicesOf(parts);
    return {
        process: promised(parts, services, Fault.Process),
        hang: promised(parts, services, Fault.Hang),
        power: promised(parts, services, Fault.Power),
        link: promised(parts, services, Fault.Link),
        partition: promised(parts, services, Fault.Partition),
        planned: promised(parts, services, Fault.Planned),
    };
}
