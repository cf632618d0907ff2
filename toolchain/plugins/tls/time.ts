// Times as the plugin writes and compares them.
import { performance } from "node:perf_hooks";
import { Unknown } from "../values";
import type { Value } from "../values";

/** Milliseconds. */
export const HOUR = 3_600_000;

/** Milliseconds since 1970, with microseconds behind the point. */
export function now(): number {
    return performance.timeOrigin + performance.now();
}

/** The time in RFC 3339 with up to six digits of a second's fraction. `offset` in minutes; default: the machine's. */
export function rfc3339(milliseconds: number, offset = -new Date(milliseconds).getTimezoneOffset()): string {
    const micros = Math.round(milliseconds * 1000);
    const local = new Date(Math.floor(micros / 1000) + offset * 60_000).toISOString().slice(0, 19);
    const fraction = String(micros % 1_000_000)
        .padStart(6, "0")
        .replace(/0+$/, "");
    return `${local}${fraction === "" ? "" : `.${fraction}`}${zone(offset)}`;
}

/** True from `earlyRenewalHours` before the end on. Without a known end or lead nothing is due. */
export function dueForRenewal(validityEndTime: Value | undefined, earlyRenewalHours: Value | undefined): boolean {
    if (typeof validityEndTime !== "string" || earlyRenewalHours instanceof Unknown) return false;
    const early = typeof earlyRenewalHours === "number" ? earlyRenewalHours : 0;
    const end = Date.parse(validityEndTime);
    if (Number.isNaN(end)) throw new Error(`validityEndTime: ${JSON.stringify(validityEndTime)} is not a time`);
    return now() >= end - early * HOUR;
}

function zone(offsetMinutes: number): string {
    if (offsetMinutes === 0) return "Z";
    const two = (value: number) => String(value).padStart(2, "0");
    const size = Math.abs(offsetMinutes);
    return `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
