import * as fs from "node:fs";
import * as path from "node:path";
import { Release } from "./plan";
import { attempt, run } from "./run";

/** Programs a lab needs on this machine, and the Debian packages they come from. */
const NEEDED: Record<string, string> = {
    mmdebstrap: "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    nft: "nftables",
    ip: "iproute2",
    ssh: "openssh-client",
    "ssh-keygen": "openssh-client",
    arping: "arping",
    flock: "util-linux",
    nsenter: "util-linux",
    setpriv: "util-linux",
    unshare: "util-linux",
};
/** Debian's signing keys: part of Debian, a package of its own elsewhere. */
const KEYRING = { file: "/usr/share/keyrings/debian-archive-keyring.gpg", package: "debian-archive-keyring" };

const SEARCH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const isInstalled = (program: string): boolean => SEARCH.some((dir) => fs.existsSync(path.join(dir, program)));

/** Debian packages that are missing on this machine; `also` holds further programs and their packages. */
const missingPackages = (also: Record<string, string> = {}): string[] => {
    const programs = Object.entries({ ...NEEDED, ...also }).filter(([program]) => !isInstalled(program));
    const packages = programs.map(([, name]) => name).concat(fs.existsSync(KEYRING.file) ? [] : [KEYRING.package]);
    return [...new Set(packages)].sort();
};

/**
 * Installs what the lab needs from this machine's packages, if anything is missing.
 * @throws Error when this is no Linux, not root, or packages are missing and there is no apt-get.
 */
export async function prepareMachine(
    progress: (line: string) => void,
    also: Record<string, string> = {},
): Promise<void> {
    if (process.platform !== "linux") throw new Error(`the lab needs a Linux machine, and this is ${process.platform}`);
    if (process.getuid?.() !== 0)
        throw new Error("the lab makes network namespaces and containers: run it as root (sudo)");
    const missing = missingPackages(also);
    if (missing.length === 0) return;
    if (!isInstalled("apt-get")) {
        throw new Error(
            `the lab needs packages that are not installed, and there is no apt-get here: ${missing.join(", ")}`,
        );
    }
    progress(`installs ${missing.join(", ")} on this machine`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"];
    await run([...apt, "update"], { env, timeoutSeconds: 600 });
    await run([...apt, "install", "--yes", "--no-install-recommends", ...missing], { env, timeoutSeconds: 900 });
}

/** Where hosts get Debian's packages from: this machine's own mirror and apt settings, where it has them. */
export interface PackageSource {
    /** Undefined where the machine's sources name none: mmdebstrap then takes Debian's own. */
    mirrors?: Mirrors;
    /** apt settings that decide whether a mirror can be reached: `Acquire::http::Proxy "…";` and the like. */
    settings: string[];
}

/** The addresses of a release and of its security updates. */
export interface Mirrors {
    release: string;
    security: string;
}

/**
 * Reads apt's sources, one-line and deb822, for the release of the hosts, else for another one that hosts can run: mirrors have them all. Undefined unless
 * both are there. Vendors' other repositories are left out.
 */
export function debianMirrors(sources: string[], wanted: Release): Mirrors | undefined {
    const entries = sources
        .flatMap((text) => [...oneLineEntries(text), ...deb822Entries(text)])
        .filter((entry) => entry.components.includes("main"));
    const uriOf = (part: string): string | undefined =>
        [wanted, ...Object.values(Release)]
            .map((release) => entries.find(({ suites }) => suites.includes(`${release}${part}`)))
            .find((entry) => entry !== undefined)
            ?.uri.replace(/\/+$/, "");
    const release = uriOf("");
    const security = uriOf("-security");
    return release !== undefined && security !== undefined ? { release, security } : undefined;
}

interface SourceEntry {
    uri: string;
    suites: string[];
    components: string[];
}

const words = (text: string | undefined): string[] => (text ?? "").split(/\s+/).filter((word) => word !== "");

const oneLineEntries = (text: string): SourceEntry[] =>
    [...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/gm)].map(([, uri, suite, components]) => ({
        uri: uri!,
        suites: [suite!],
        components: words(components),
    }));

const deb822Entries = (text: string): SourceEntry[] =>
    text.split(/\n\s*\n/).flatMap((stanza) => {
        const field = (name: string): string[] =>
            words(new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, "mi").exec(stanza.replace(/^#.*\n?/gm, ""))?.[1]);
        if (!field("Types").includes("deb") || field("Enabled").includes("no")) return [];
        return field("URIs").map((uri) => ({ uri, suites: field("Suites"), components: field("Components") }));
    });

const RELEVANT_SETTING = /^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date|ForceIPv[46]) "[^"]+";$/;

/** This machine's way to the packages of a release. */
export async function packageSource(release: Release): Promise<PackageSource> {
    const dir = "/etc/apt/sources.list.d";
    const parts = fs.existsSync(dir) ? fs.readdirSync(dir).filter((file) => /\.(list|sources)$/.test(file)) : [];
    const files = ["/etc/apt/sources.list", ...parts.map((file) => path.join(dir, file))].filter((file) =>
        fs.existsSync(file),
    );
    const config = isInstalled("apt-config") ? (await attempt(["apt-config", "dump"])).stdout : "";
    return {
        mirrors: debianMirrors(
            files.map((file) => fs.readFileSync(file, "utf8")),
            release,
        ),
        settings: config.split("\n").filter((line) => RELEVANT_SETTING.test(line)),
    };
}

/** The text of a host's resolv.conf: this machine's name servers, without the local stub that hosts can't reach. */
export function resolvConf(): string {
    const candidates = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"].filter((file) => fs.existsSync(file));
    const texts = candidates.map((file) => fs.readFileSync(file, "utf8"));
    return texts.map(reachableNameservers).find((text) => text.includes("nameserver")) ?? "";
}

/** Keeps of a resolv.conf what holds for another host too: name servers on loopback are left out. */
export const reachableNameservers = (text: string): string =>
    text
        .split("\n")
        .filter((line) => /^(nameserver|search|domain|options)\s/.test(line) && !/^nameserver\s+(127\.|::1)/.test(line))
        .map((line) => `${line}\n`)
        .join("");
