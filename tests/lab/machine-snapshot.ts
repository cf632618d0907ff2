import { execFileSync } from "node:child_process";
import * as fs from "node:fs";

const output = (command: string, ...args: string[]): string[] =>
    execFileSync(command, args, { encoding: "utf8" })
        .split("\n")
        .map((line) => line.trimEnd());

const groups = (): string[] => output("find", "/sys/fs/cgroup", "-type", "d", "-path", "*pulumi-ha*");
const mountPoints = (): string[] =>
    fs
        .readFileSync("/proc/self/mountinfo", "utf8")
        .split("\n")
        .map((line) => line.split(" ").slice(3).join(" "));

const commandLines = (): string[] =>
    fs
        .readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map((pid) => {
            try {
                return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
            } catch {
                return "";
            }
        })
        .filter((line) => /systemd-nspawn|launch\.sh|labs\/\S+\.lock/.test(line));
const folders = (): string[] =>
    ["/run/netns", "/run/pulumi-ha", "/run/systemd/nspawn"]
        .filter((dir) => fs.existsSync(dir))
        .flatMap((dir) => [
            dir,
            ...fs.readdirSync(dir, { recursive: true }).map((entry) => `${dir}/${entry.toString()}`),
        ]);
const sysctls = (): string[] =>
    [
        ...fs.readdirSync("/proc/sys/net/ipv4/conf").map((link) => `net/ipv4/conf/${link}/forwarding`),
        "net/ipv4/ip_forward",
        "fs/inotify/max_user_instances",
    ].map((key) => `${key} ${fs.readFileSync(`/proc/sys/${key}`, "utf8").trim()}`);

const parts: Record<string, () => string[]> = {
    namespaces: () => output("ip", "netns", "list").map((line) => line.split(" ")[0]!),
    links: () => output("ip", "-o", "link").map((line) => line.split(":")[1] ?? ""),
    addresses: () => output("ip", "-br", "address"),
    routes: () => output("ip", "route", "show", "table", "all"),
    packetFilter: () => output("nft", "list", "tables"),
    sysctls,
    mounts: mountPoints,
    groups,
    processes: commandLines,
    folders,
};

/** Other labs may come and go on this machine meanwhile, and with the last of them what labs share. */
const ofOtherLabs = (lab: string): RegExp =>
    new RegExp(
        [
            `(ha-|pulumi-ha\\.|ha_lab_|labs/)(?!${lab}\\b|${lab.replaceAll("-", "_")}\\b)`,
            "/run/(netns|pulumi-ha|systemd/nspawn)(?!.*ha-)",
            `overlay rw,lowerdir=(?!.*/${lab}-)`,
        ].join("|"),
    );

/** Whether another lab is up on this machine. */
export const othersUp = (lab: string): boolean =>
    fs.existsSync("/run/pulumi-ha/labs") &&
    fs.readdirSync("/run/pulumi-ha/labs").some((file) => file.endsWith(".json") && file !== `${lab}.json`);

/** All of this machine that a lab changes, as sorted lines per part. With `shared: false`, without what other labs may be changing. */
export function machineSnapshot(lab: string, { shared }: { shared: boolean }): Record<string, string[]> {
    const kept = (line: string): boolean => line !== "" && (shared || !ofOtherLabs(lab).test(line));
    const taken = Object.entries(parts).filter(([name]) => shared || name !== "sysctls");
    return Object.fromEntries(taken.map(([name, lines]) => [name, [...new Set(lines().filter(kept))].sort()]));
}
