import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { PackageSource } from "./machine";
import type { Release } from "./plan";
import { run } from "./run";
import { locked } from "./state";

/** What a plain Debian server has. Nothing the library installs is here: keepalived, haproxy and the like come with the first `pulumi up`. */
const PACKAGES = [
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "ifupdown",
    "iproute2",
    "iputils-ping",
    "netbase",
    "procps",
    "sudo",
    "ca-certificates",
    "debian-archive-keyring",
];

/** Saves a third of the size; packages installed later follow the same rule. */
const UNPACKED_WITHOUT = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*"];

/** Units that would do work behind a test's back, or have nothing to do in a container. */
const MASKED = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "console-getty.service",
    "systemd-timesyncd.service",
];

/** Keys that open every account of a host; written per host, read by its SSH server. */
export const AUTHORIZED_KEYS = "/etc/ssh/lab_authorized_keys";

// `admin` is the login with sudo, `plain` the one without. Host keys are made per host.
const CUSTOMIZE = `set -eu
root=$1
chroot "$root" useradd --create-home --shell /bin/bash --password '*' admin
chroot "$root" useradd --create-home --shell /bin/bash --password '*' plain
chroot "$root" usermod --password '*' root
echo 'admin ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/admin"
chmod 0440 "$root/etc/sudoers.d/admin"
printf '%s\\n' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'AuthorizedKeysFile ${AUTHORIZED_KEYS} .ssh/authorized_keys' \\
    'PasswordAuthentication no' >"$root/etc/ssh/sshd_config.d/lab.conf"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/etc/resolv.conf"
chroot "$root" systemctl mask ${MASKED.join(" ")}
chroot "$root" systemctl set-default multi-user.target
`;

/** Everything a base root is made from. */
export interface Recipe {
    suite: string;
    packages: string[];
    sources: string[];
    aptSettings: string[];
    excluded: string[];
    customize: string;
}

/** What a recipe has beyond a plain server. */
export interface Additions {
    packages: string[];
    /** Shell commands on the root `$root`, after all others. */
    customize: string;
}

/** The recipe of the hosts' base root for a way to Debian's packages. */
export const recipe = (
    release: Release,
    source: PackageSource,
    more: Additions = { packages: [], customize: "" },
): Recipe => ({
    suite: release,
    packages: [...PACKAGES, ...more.packages],
    sources: source.mirrors
        ? [
              `deb ${source.mirrors.release} ${release} main`,
              `deb ${source.mirrors.release} ${release}-updates main`,
              `deb ${source.mirrors.security} ${release}-security main`,
          ]
        : [],
    aptSettings: ['Acquire::Languages "none";', ...source.settings],
    excluded: UNPACKED_WITHOUT,
    customize: `${CUSTOMIZE}${more.customize}`,
});

/** Names a recipe: the same recipe has the same digest on every machine. */
export const digest = (of: Recipe): string =>
    createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 12);

/** The command that builds a recipe into a folder; it and its mounts end with the process that started it. */
const buildCommand = (of: Recipe, target: string, customizeScript: string): string[] => [
    ...["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"],
    ...["mmdebstrap", "--variant=minbase", "--mode=root", "--format=directory"],
    `--include=${of.packages.join(",")}`,
    ...of.aptSettings.map((setting) => `--aptopt=${setting}`),
    ...of.excluded.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    `--customize-hook=sh ${customizeScript} "$1"`,
    ...[of.suite, target, ...of.sources],
];

/** Where base roots are kept between labs and clones of the repository. */
export const cacheDir = (): string =>
    path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "pulumi-ha", "lab");

/** The folder of the base root, built first if this machine has none from this recipe. About half a minute and 180 MB, once. */
export async function baseRoot(
    release: Release,
    source: PackageSource,
    progress: (line: string) => void,
    cache = cacheDir(),
): Promise<string> {
    const wanted = recipe(release, source);
    const target = path.join(cache, `base-${digest(wanted)}`);
    return cached(target, "the base root", progress, (unfinished) =>
        debootstrap(wanted, unfinished, "the hosts' base root", progress),
    );
}

/** A folder of the cache, made first where it is missing: by one process, while others wait for it. */
export async function cached(
    target: string,
    what: string,
    progress: (line: string) => void,
    make: (unfinished: string) => Promise<void>,
): Promise<string> {
    const cache = path.dirname(target);
    fs.mkdirSync(cache, { recursive: true, mode: 0o700 });
    fs.chmodSync(cache, 0o700);
    if (fs.existsSync(target)) return target;
    const waits = (): void => progress(`waits for ${what} that another process builds`);
    return locked(
        `${target}.lock`,
        async () => {
            if (fs.existsSync(target)) return target;
            const unfinished = `${target}.unfinished`;
            fs.rmSync(unfinished, { recursive: true, force: true });
            await make(unfinished);
            fs.renameSync(unfinished, target);
            return target;
        },
        waits,
    );
}

/** The lines of mmdebstrap that tell how far it is. */
const PHASE = /^I: (running apt-get update|downloading|extracting|installing)/;

/** Builds a recipe's root into a folder that does not exist. */
export async function debootstrap(
    wanted: Recipe,
    root: string,
    what: string,
    progress: (line: string) => void,
): Promise<void> {
    progress(`builds ${what} (Debian ${wanted.suite}, ${wanted.packages.length} packages), once per machine`);
    const script = `${root}.customize`;
    fs.writeFileSync(script, wanted.customize);
    await run(buildCommand(wanted, root, script), {
        timeoutSeconds: 1800,
        // The hosts' kernels start without Debian's own first root, which takes long to make.
        env: { ...process.env, INITRD: "No" },
        onLine: (line) => PHASE.test(line) && progress(`${what}: ${line.slice(3)}`),
    });
    fs.rmSync(script);
}
