#!/usr/bin/perl
# Tells load balancers and operators over HTTP how this member of a Galera cluster is. Modules of Debian's perl-base alone.
# usage: health [ROOT]; systemd hands over the listening sockets from file descriptor 3 on; ROOT goes before every path.
use strict;
use warnings;
use Errno qw(EAGAIN ECONNREFUSED EINPROGRESS EINTR ENOENT);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use POSIX ();
use Socket;

use constant {
    CLIENTS        => 256,     # at once, select(2) bears 1024; one more takes the place of another
    CLIENT_SECONDS => 1,       # to send a request, and again to take the answer
    HEAD_BYTES     => 4096,    # of a request
    SHARED_SECONDS => 0.1,     # for which an answer serves other requests too
    RETRY_SECONDS  => 0.02,    # between attempts to connect while the server's queue is full
    TICKS          => POSIX::sysconf(POSIX::_SC_CLK_TCK()),
    ACCOUNT        => "galera-health",
    TOO_MANY       => 1040,    # ER_CON_COUNT_ERROR: every connection is in use, so the server lives
};
my $root = shift @ARGV // "";
my %path = (
    settings => "$root/usr/local/lib/pulumi-ha/galera/settings",
    state    => "$root/run/pulumi-ha-galera/state",
    draining => "$root/run/pulumi-ha-galera-draining",
    data     => "$root/var/lib/mysql",
    server   => "$root/run/mysqld/mysqld.sock",
);
my %reason_phrase = (
    200 => "OK", 400 => "Bad Request", 403 => "Forbidden", 404 => "Not Found", 405 => "Method Not Allowed", 503 => "Service Unavailable",
);
my %page = (
    "/"         => sub { serving($_[0], $_[1]{DONOR_SERVES}) },
    "/reader"   => sub { serving($_[0], $_[1]{DONOR_SERVES} || last_resort($_[1])) },
    # Whoever lacks data asks the one that writes last: it is a donor only while nobody could be in its stead.
    "/writer"   => sub { serving($_[0], $_[1]{DONOR_WRITES}) },
    "/evidence" => \&evidence,
);
my %own_directory = map { $_ => 1 } qw(mysql performance_schema sys lost+found);

my (%clients, $probe, $last, $order, $told);

# Seconds of a clock that nobody sets, in steps of 10 ms.
sub now { (POSIX::times())[0] / TICKS }

sub nonblocking {
    my ($handle) = @_;
    fcntl($handle, F_SETFL, fcntl($handle, F_GETFL, 0) | O_NONBLOCK) or die "fcntl: $!\n";
    return $handle;
}

# --- what is known of this member ---

# KEY=value lines; nothing when there is no such file.
sub pairs {
    my ($file) = @_;
    open(my $in, "<", $file) or return {};
    return { map { /^(\w+)=(.*)$/ ? ($1, $2) : () } <$in> };
}

sub settings {
    my $known = pairs($path{settings});
    my $seconds = $known->{GREETING_SECONDS} // "";
    return {
        NODE => "", CLUSTER => "", %$known,
        DONOR_SERVES     => ($known->{DONOR_SERVES} // "") eq "1",
        DONOR_WRITES     => ($known->{DONOR_WRITES} // "") eq "1",
        GREETING_SECONDS => $seconds =~ /^\d+(\.\d+)?$/ ? $seconds : 0.5,
    };
}

# [name, address] of each.
sub members { map { /^([^=]+)=(.+)/ ? [$1, $2] : () } split / /, $_[0]{MEMBERS} // "" }

# Of the members that a donor sees, one copies from it: with a single other one, nobody is left who could serve readers.
sub last_resort {
    my ($settings) = @_;
    my %seen = map { $_ => 1 } in_view(pairs($path{state}));
    my @others = grep { $seen{$_} && $_ ne $settings->{NODE} } map { $_->[0] } members($settings);
    return $settings->{DONOR_WRITES} && @others < 2;
}

# Names of all that vote, the arbitrator too.
sub in_view { map { (split m{/})[1] // () } split /,/, $_[0]{members} // "" }

# Status and body for clients of the database.
sub serving {
    my ($server, $donor_serves) = @_;
    my $state = pairs($path{state});
    my $status = $state->{status} // "";
    return (503, "draining") if -e $path{draining};
    return (503, $server->{accepts} || $status =~ /^(synced|donor)?$/ ? $server->{why} : $status) if !$server->{alive};
    return (503, "the server has not told its state") if $status eq "";
    return (503, "not in the primary component, $status") if ($state->{primary} // "") ne "yes";
    return (200, $status) if $status eq "synced" || ($status eq "donor" && $donor_serves);
    return (503, $status);
}

sub json {
    my ($value) = @_;
    return "[" . join(",", map { json($_) } @$value) . "]" if ref $value eq "ARRAY";
    return $$value ? "true" : "false" if ref $value;
    utf8::decode($value);
    $value =~ s{([^ !#-\[\]-~])}{join "", map { sprintf "\\u%04x", $_ } utf16(ord $1)}ge;
    return "\"$value\"";
}

sub utf16 {
    my ($code) = @_;
    return $code if $code < 0x10000;
    return (0xd800 + ($code - 0x10000 >> 10), 0xdc00 + ($code - 0x10000 & 0x3ff));
}

# A link that leads nowhere we can see may well be a database.
sub may_be_database {
    my ($name) = @_;
    my $entry = "$path{data}/$name";
    return $name !~ /^[.#]/ && !$own_directory{$name} && (-d $entry || (-l $entry && !-e $entry));
}

# Evidence names databases: it is for this host, the members and the arbitrator.
sub takes_part {
    my ($from) = @_;
    my $settings = pairs($path{settings});
    my @known = grep { defined && $_ ne "" } "127.0.0.1", "::1", (map { $_->[1] } members($settings)), $settings->{ARBITRATOR};
    return grep { $from eq (Socket::inet_pton(/:/ ? AF_INET6 : AF_INET, $_) // "") } @known;
}

# What a decision to found a cluster rests on: no answer at all is better than one that overlooks data.
sub evidence {
    my ($server, $settings) = @_;
    my $state = pairs($path{state});
    opendir(my $directory, $path{data}) or return (503, "cannot read $path{data}: $!");
    my @databases = sort grep { may_be_database($_) } readdir $directory;
    my $identity = lstat "$path{data}/grastate.dat";
    return (503, "cannot read $path{data}/grastate.dat: $!") if !$identity && $! != ENOENT;
    my @facts = (
        node      => $settings->{NODE},
        cluster   => $settings->{CLUSTER},
        running   => \!!($server->{accepts} || %$state),
        status    => $state->{status} // "",
        primary   => \!!(($state->{primary} // "") eq "yes"),
        uuid      => $state->{uuid} // "",
        members   => [in_view($state)],
        identity  => \!!$identity,
        databases => \@databases,
        draining  => \!!-e $path{draining},
    );
    my @fields;
    while (my ($key, $value) = splice @facts, 0, 2) { push @fields, "\"$key\":" . json($value) }
    return (200, "{" . join(",", @fields) . "}", "application/json");
}

# --- the server: it greets who connects, and answers a login ---

# The login is there because a server logs a warning for each connection that ends without one. The account needs no rights and no password
# (unix_socket); without it the server refuses in time, which is an answer as well.
my $login = packet(1, pack("VVCx23Z*Ca*", 0x00088200, 1 << 24, 33, ACCOUNT, 0, "auth_socket\0"));
my $quit  = packet(0, "\1");

sub packet {
    my ($sequence, $payload) = @_;
    return substr(pack("V", length $payload), 0, 3) . chr($sequence) . $payload;
}

sub ask_server {
    my ($settings) = @_;
    socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
    my $within = $settings->{GREETING_SECONDS};
    $probe = {
        socket => nonblocking($socket), within => $within, until => now() + $within, missing => "greeting", in => "",
    };
    connect_server();
}

sub connect_server {
    if (connect($probe->{socket}, pack_sockaddr_un($path{server}))) { $probe->{connected} = 1 }
    elsif ($! == EAGAIN || $! == EINPROGRESS || $! == EINTR) { $probe->{retry} = now() + RETRY_SECONDS }
    else { learnt(0, "not running: $path{server}: $!", 0) }
}

sub learnt {
    my ($alive, $why, $accepts) = @_;
    undef $probe;
    $last = { alive => $alive, why => $why, accepts => $accepts, until => now() + SHARED_SECONDS };
}

sub hear_server {
    my $got = sysread($probe->{socket}, $probe->{in}, 4096, length $probe->{in});
    return if !defined $got && ($! == EAGAIN || $! == EINTR);
    return learnt(0, "the server closed the connection without a $probe->{missing}", 1) if !$got;
    return if length $probe->{in} < 4;
    my ($low, $high) = unpack("vC", $probe->{in});
    return if length $probe->{in} < 4 + $low + ($high << 16);
    return greeted(substr($probe->{in}, 4)) if $probe->{missing} eq "greeting";
    syswrite($probe->{socket}, $quit);
    learnt(1, "", 1);
}

sub greeted {
    my ($type, $code) = unpack("Cv", $_[0]);
    $type //= 0;
    return learnt($code == TOO_MANY, "the server refuses with error $code", 1) if $type == 255 && defined $code;
    return learnt(0, "a greeting of protocol $type instead of 10", 1) if $type != 10;
    @$probe{qw(in missing)} = ("", "answer to a login");
    syswrite($probe->{socket}, $login);
}

sub tend_server {
    my ($now) = @_;
    if ($now >= $probe->{until}) { learnt(0, "no $probe->{missing} within $probe->{within} s", 1) }
    elsif (!$probe->{connected} && $now >= $probe->{retry}) { connect_server() }
}

# --- clients: reading, waiting for the server, writing, ending ---

sub enter {
    my ($listener) = @_;
    for (1 .. 64) {
        my $peer = accept(my $socket, $listener) or return;
        my (undef, $from) = sockaddr_family($peer) == AF_INET6 ? unpack_sockaddr_in6($peer) : unpack_sockaddr_in($peer);
        make_room() if keys %clients >= CLIENTS;
        $clients{ fileno $socket } = {
            socket => nonblocking($socket), from => $from, order => ++$order,
            phase => "reading", until => now() + CLIENT_SECONDS, in => "",
        };
    }
}

# The oldest of the address that holds most: others cannot be kept out by one that connects and says nothing.
sub make_room {
    my %held;
    $held{ $_->{from} }++ for values %clients;
    my ($leaves, @others) = values %clients;
    for (@others) {
        my $more = $held{ $_->{from} } <=> $held{ $leaves->{from} } || $leaves->{order} <=> $_->{order};
        $leaves = $_ if $more > 0;
    }
    leave($leaves);
}

sub leave { delete $clients{ fileno $_[0]{socket} } }

sub hear {
    my ($client) = @_;
    my $got = sysread($client->{socket}, $client->{in}, HEAD_BYTES, length $client->{in});
    return if !defined $got && ($! == EAGAIN || $! == EINTR);
    return leave($client) if !$got;
    if ($client->{phase} eq "ending") { $client->{in} = ""; return }
    my ($line) = $client->{in} =~ /^([^\n]*?)\r?\n/;
    my ($method, $target) = ($line // "") =~ m{^([A-Z]+) (/\S*) HTTP/1\.\d$};
    if (length $client->{in} > HEAD_BYTES || (defined $line && !$method)) { answer($client, 400, "bad request") }
    elsif ($client->{in} !~ /\n\r?\n/) { return }
    elsif ($method ne "GET" && $method ne "HEAD") { answer($client, 405, "only GET and HEAD") }
    elsif (!$page{$target}) { answer($client, 404, "one of " . join(" ", sort keys %page)) }
    elsif ($target eq "/evidence" && !takes_part($client->{from})) { answer($client, 403, "for members alone") }
    else { @$client{qw(phase method page)} = ("waiting", $method, $target) }
}

sub answer {
    my ($client, $status, $body, $type) = @_;
    $body .= "\n";
    $client->{out} = join("\r\n",
        "HTTP/1.0 $status $reason_phrase{$status}", "Content-Type: " . ($type // "text/plain"),
        "Content-Length: " . length $body, $status == 405 ? "Allow: GET, HEAD" : (),
        "Cache-Control: no-store", "Connection: close", "", "");
    $client->{out} .= $body if ($client->{method} // "") ne "HEAD";
    @$client{qw(phase until)} = ("writing", now() + CLIENT_SECONDS);
    speak($client);
}

# After the last byte we wait for the client to close: with unread bytes of its own, closing first would make its kernel discard the answer.
sub speak {
    my ($client) = @_;
    my $sent = syswrite($client->{socket}, $client->{out});
    return if !defined $sent && ($! == EAGAIN || $! == EINTR);
    return leave($client) if !defined $sent;
    substr($client->{out}, 0, $sent) = "";
    return if $client->{out} ne "";
    shutdown($client->{socket}, 1);
    $client->{phase} = "ending";
}

sub answer_waiting {
    my @waiting = grep { $_->{phase} eq "waiting" } values %clients or return;
    my $settings = settings();
    ask_server($settings) if !$probe && !($last && now() < $last->{until});
    return if $probe;
    for my $target ("/", map { $_->{page} } @waiting) { $last->{$target} //= [$page{$target}->($last, $settings)] }
    answer($_, @{ $last->{ $_->{page} } }) for @waiting;
    report(@{ $last->{"/"} });
}

# The journal has a line for each change that was noticed.
sub report {
    my ($status, $body) = @_;
    return if defined $told && $told eq "$status $body";
    $told = "$status $body";
    print STDERR "$told\n";
}

# --- one loop, which nothing may block ---

my @listeners = map {
    open(my $listener, "+<&=", $_) or die "file descriptor $_: $!\n";
    nonblocking($listener);
} 3 .. 2 + ($ENV{LISTEN_FDS} // 0) or die "no listening socket: systemd starts this script by its socket unit\n";

$SIG{PIPE} = "IGNORE";
pipe(my $asked_to_end, my $ending) or die "pipe: $!\n";
$SIG{TERM} = sub { close $ending };

while (@listeners || %clients) {
    my ($read, $write, @times) = ("", "");
    vec($read, fileno $_, 1) = 1 for @listeners, @listeners ? $asked_to_end : ();
    for my $client (values %clients) {
        vec($read, fileno $client->{socket}, 1) = 1 if $client->{phase} eq "reading" || $client->{phase} eq "ending";
        vec($write, fileno $client->{socket}, 1) = 1 if $client->{phase} eq "writing";
        push @times, $client->{until} if $client->{phase} ne "waiting";
    }
    if ($probe) {
        vec($read, fileno $probe->{socket}, 1) = 1 if $probe->{connected};
        push @times, $probe->{connected} ? $probe->{until} : $probe->{retry};
    }
    my ($soonest) = sort { $a <=> $b } @times;
    my $rest = defined $soonest ? $soonest - now() + 0.01 : undef;
    my $ready = select($read, $write, undef, defined $rest && $rest < 0 ? 0 : $rest);
    if ($ready < 0) { next if $! == EINTR; die "select: $!\n" }

    if (@listeners && vec($read, fileno $asked_to_end, 1)) { @listeners = () }
    hear_server() if $probe && $probe->{connected} && vec($read, fileno $probe->{socket}, 1);
    tend_server(now()) if $probe;
    for my $client (values %clients) {
        my $number = fileno $client->{socket};
        if (vec($read, $number, 1)) { hear($client) }
        elsif (vec($write, $number, 1)) { speak($client) }
        elsif ($client->{phase} ne "waiting" && now() >= $client->{until}) { leave($client) }
    }
    answer_waiting();
    for my $listener (@listeners) { enter($listener) if vec($read, fileno $listener, 1) }
}
