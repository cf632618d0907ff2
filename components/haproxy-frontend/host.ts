import { urlHost } from "../shared/addresses";
import { WAYS_OUT } from "../shared/leaving";
import { PATHS, certificateFile, frontendFile, serversCaFile } from "./conf";
import { HTTP_PORT, endsTls } from "./spec";
import type { FrontendSpec } from "./spec";

/** The systemd unit of Debian's package. */
export const SERVICE = "haproxy.service";

/** The ports that clients connect to. */
export const ports = (spec: FrontendSpec): number[] => [spec.port, ...(spec.redirectHttp ? [HTTP_PORT] : [])];

/** HAProxy's own judgement of all files, as they would be loaded. */
export const acceptable = `haproxy -c -f ${PATHS.base} -f ${PATHS.frontends}`;

/** Two proxies on one address and port would share its clients at random, and `haproxy -c` does not mind. */
export const boundOnce = `twice=$(sed -n 's/^ *bind \\([^ ]*\\).*/\\1/p' ${PATHS.frontends}/*.cfg | sort | uniq -d)
for bind in $twice; do
    echo "$bind is bound more than once: $(grep -E "^ *bind " ${PATHS.frontends}/*.cfg | grep -F " $bind" | cut -d: -f1 | paste -sd ' ')" >&2
done
[ -z "$twice" ] || {
    echo "${WAYS_OUT}" >&2
    exit 1
}`;

const literally = (text: string): string => text.replace(/[.*[\]]/g, "\\$&");

/** Another program on the same port would make the reload fail; as long as it listens on other addresses only, there is room for both. */
export function portsFree(spec: FrontendSpec): string {
    const hosts =
        spec.addresses.length === 0
            ? "[^ ]+"
            : ["0.0.0.0", "*", "[::]", ...spec.addresses.map(urlHost)].map(literally).join("|");
    return `command -v ss >/dev/null || exit 0
ss -Hltnp | grep -vF '"haproxy"' | grep -E ' (${hosts}):(${ports(spec).join("|")}) ' >&2 || exit 0
exit 1`;
}

const loadedFiles = (spec: FrontendSpec): string[] => [
    PATHS.base,
    frontendFile(spec),
    ...(endsTls(spec) ? [certificateFile(spec)] : []),
    ...(spec.serverTls ? [serversCaFile(spec)] : []),
];

/** A reload returns at once and leaves the old process at work when the new one cannot start: the pid file tells the two apart. */
export const runsThis = (spec: FrontendSpec): string => `systemctl is-active --quiet ${SERVICE} || {
    journalctl --unit ${SERVICE} --lines 5 --output cat >&2
    exit 1
}
for file in ${loadedFiles(spec).join(" ")}; do
    [ ${PATHS.pid} -nt "$file" ] || {
        echo "haproxy has not loaded $file:" >&2
        journalctl --unit ${SERVICE} --lines 5 --output cat >&2
        exit 1
    }
done`;

/** Counts the servers that passed a check since HAProxy started: until then it takes every one for up. Perl is essential to Debian. */
export const serversUp = (spec: FrontendSpec): string => `perl -MIO::Socket::UNIX -e '
    my $socket = IO::Socket::UNIX->new("${PATHS.socket}") or die "${PATHS.socket}: $!\\n";
    print $socket "show stat\\n";
    shutdown $socket, 1;
    my ($up, @states) = (0);
    while (<$socket>) {
        my ($proxy, $server, $status, $check) = (split /,/)[0, 1, 17, 36];
        next if $proxy ne "${spec.name}" or $server =~ /^(FRONTEND|BACKEND)$/;
        push @states, "$server $status $check";
        $up++ if $status =~ /^UP/ and $check =~ /^L\\dOK/;
    }
    die join(", ", @states) . "\\n" if $up < ${spec.minimumServers};
'`;
