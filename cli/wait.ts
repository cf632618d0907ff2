import { until as polled } from "../lab";

/** Polls until something holds. @throws Error when it does not within the time. */
export async function until(
    what: string,
    seconds: number,
    holds: () => Promise<boolean> | boolean,
    everyMs = 20,
): Promise<void> {
    const held = await polled(async () => (await holds()) || undefined, { seconds, everyMs });
    if (held === undefined) throw new Error(`${what}: not within ${seconds} s`);
}
