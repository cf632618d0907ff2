# What a host says of its units, without being changed: lines of KIND, NAME and a text in hexadecimal. It runs in a mount namespace of its own, where
# copies lie over the directories in which the host side of a unit works: whatever a text of any version does there, the host keeps what it has.
# In Perl, whose base is essential to Debian: a shell would start a process for each file, and a host's time is mostly that.
use Fcntl qw(:DEFAULT :flock);

our $question;
my $BEGUN = $ARGV[0];
my ($RUN, $STATE, $SECRETS) = ('/run/pulumi-ha', '/var/lib/pulumi-ha', '/etc/pulumi-ha/credentials');
my $MOST_BYTES = 262144;
my $PROBE_SECONDS = 5;
my @PROPERTIES = qw(Id LoadState ActiveState SubState Result UnitFileState NeedDaemonReload MainPID NRestarts ActiveEnterTimestamp
    StateChangeTimestamp DropInPaths);

# What is asked, by kind: words, and the bytes that belong to it. A question that was cut is none.
my %asked;
while ($question =~ /\G([a-z]+)((?: \S+)*) (\d+)\n/gc) {
    my ($kind, $words, $length) = ($1, $2, $3);
    push @{ $asked{$kind} }, [split(' ', $words), substr($question, pos $question, $length)];
    pos($question) += $length + 1;
}
sub asked { return @{ $asked{ $_[0] } // [] } }
sub names { return map { $_->[0] } asked($_[0]) }
exit 65 unless $asked{end};
my %text = map { @$_ } asked('text');

# One line at a time, whoever tells.
sub tell_of {
    my ($kind, $name, $text) = @_;
    my $line = "$kind $name " . unpack('H*', $text) . "\n";
    open(my $turn, '<', "$RUN/turn") or exit 74;
    flock $turn, LOCK_EX or exit 74;
    while (length $line) {
        my $written = syswrite(STDOUT, $line) or exit 74;
        substr($line, 0, $written) = '';
    }
}

# What a command prints, without its complaints.
sub output {
    my @command = @_;
    my $pid = open(my $out, '-|') // exit 71;
    if (!$pid) {
        open(STDIN, '<', '/dev/null');
        open(STDERR, '>', '/dev/null');
        exec { $command[0] } @command or exit 127;
    }
    local $/;
    return <$out> // '';
}

sub entries {
    my ($folder, $hidden) = @_;
    opendir(my $in, $folder) or return;
    return map { "$folder/$_" } sort grep { $hidden ? !/^\.\.?$/ : !/^\./ } readdir $in;
}
sub first_line { return (split /\n/, content($_[0]) // '')[0] }
sub last_lines {
    my ($text, $count) = @_;
    my @lines = split /\n/, $text;
    splice @lines, 0, -$count if @lines > $count;
    return join '', map { substr($_, 0, 400) . "\n" } @lines;
}

# The host's own folder, also where a mount hides it.
sub below {
    sysopen(my $folder, $_[0], O_RDONLY | O_DIRECTORY) or return ('/nonexistent');
    return ('/proc/self/fd/' . fileno($folder), $folder);
}

my $made = !-d $RUN && mkdir($RUN, 0755);
my ($run, $run_open) = below($RUN);
my ($records, $records_open) = below($STATE);

# Who changes this host at the moment: an `up`, a removal or a recovery has this lock.
sub holder {
    my $there = open(my $lock, '<', "$run/host.lock");
    my $held = $there && !flock($lock, LOCK_SH | LOCK_NB);
    return ((content("$run/host.lock.holder") // '') . ($held ? "busy\n" : ''), $held);
}

sub leave {
    return unless $made;
    system('umount', '--lazy', '--', $_) for -d $STATE ? ($STATE, $RUN) : $RUN;
    rmdir $RUN;
}

sub enter {
    $SIG{TERM} = sub { leave(); exit 143 };
    system('mount', '-t', 'tmpfs', '-o', 'mode=0700,size=256m', 'tmpfs', $RUN) == 0 or exit 70;
    put("$RUN/turn", '');
    put("$RUN/$_", $text{$_}) for keys %text;
    return unless -d $STATE;
    mkdir "$RUN/state";
    system('cp', '-a', '--', "$STATE/.", "$RUN/state/") == 0 && system('mount', '--bind', '--', "$RUN/state", $STATE) == 0 or exit 70;
}

sub put {
    my ($path, $text) = @_;
    open(my $out, '>:raw', $path) or exit 70;
    print($out $text) && close($out) or exit 70;
}

# The host side of units, in the texts that have applied them.
sub ask {
    my (@engines, %asks);
    for (asked('ask')) {
        my ($verb, $unit, $engine, @more) = @$_;
        push @engines, $engine unless $asks{$engine};
        push @{ $asks{$engine} }, $verb, $unit, @more[0 .. 2];
    }
    for my $engine (@engines) {
        open(my $ended, '-|', 'bash', "$RUN/ask.sh", $RUN, $engine, @{ $asks{$engine} }) or exit 71;
        while (my $line = <$ended>) {
            my ($verb, $unit, $code) = split ' ', $line;
            my ($out, $err) = map { content("$RUN/$_.$verb.$unit", $MOST_BYTES) // '' } qw(out err);
            tell_of($verb, $unit, "$code\n" . ((split /\n/, $out)[-1] // ''));
            tell_of("$verb-words", $unit, last_lines($err, 20)) if $code;
        }
    }
}

sub tell_records {
    for (asked('unit')) {
        my ($unit, $manifest, $digest, $path, $engine) = @$_;
        my $home = "$records/units/$unit";
        my $is = content("$home/manifest");
        my @said = (
            !defined $is ? 'missing' : $is eq $text{$manifest} ? 'same' : 'different',
            first_line("$home/keeper") // '-',
            first_line("$home/digest") // '-',
            -e "$home/journal/changes" ? 'cut' : 'whole',
            $digest eq '-' || -d "$SECRETS/$unit/$digest" ? 'there' : 'missing',
            (content($path) // '') eq $text{$engine} ? 'whole' : -e $path ? 'other' : 'missing',
        );
        tell_of('record', $unit, join '', map { "$_\n" } @said);
    }
    my @units = map { [m{([^/]+)$}, first_line("$_/keeper") // '-'] } grep { -d } entries("$records/units");
    tell_of('units', '-', join '', map { "@$_\n" } @units);
}

my (@dropins, @failed);

sub tell_services {
    my @services = names('service') or return;
    my $shown = output(qw(systemctl show --timestamp=us), '--property=' . join(',', @PROPERTIES), '--', @services);
    tell_of('services', '-', join('', map { "$_\n" } @services, '') . $shown);
    my @blocks = split /\n\n/, $shown;
    for my $n (0 .. $#blocks) {
        my %is = map { (split /=/, $_, 2)[0, 1] } split /\n/, $blocks[$n];
        my $program = $is{MainPID} ? readlink "/proc/$is{MainPID}/exe" : undef;
        tell_of('program', $is{MainPID}, $program) if defined $program;
        push @dropins, split ' ', $is{DropInPaths} // '';
        push @failed, $services[$n] if ($is{ActiveState} // '') eq 'failed';
    }
}

sub tell_packages {
    my @packages = names('package') or return;
    tell_of('packages', '-', output(qw(dpkg-query --show), '--showformat=${Package}\t${db:Status-Status}\t${Version}\n', '--', @packages));
}

sub tell_files {
    my @places = (names('place'), names('folder')) or return;
    tell_of('places', '-', output('stat', '--printf=%n\t%F\t%04a\t%U:%G\t%s\t%.6Z\n', '--', @places));
    for (grep { -l } names('place')) { tell_of('link', $_, readlink $_) }
    for (asked('unit')) {
        my ($unit, $manifest, $digest) = @$_;
        tell_of('files', $unit, compared("$SECRETS/$unit/$digest", $text{$manifest}));
    }
}

# Files in directories that are the units' own, and drop-ins of their services, that neither a unit nor a package brought.
sub tell_strangers {
    my @found = map { grep { -l || !-d _ } entries($_, 1) } grep { m{^/etc/} && !-l && -d } names('folder');
    push @found, grep { m{^/(etc|run)/systemd/} } @dropins;
    return unless @found;
    my @recorded = map { ("$_/manifest", grep({ m{/text\.} } entries("$_/journal")), "$_/committed/record") } entries("$records/units");
    my %known = map { $_ => 1 } map { /^file (\S+) /mg } values %text, map { content($_) // '' } @recorded;
    my @left = grep { !$known{$_} } @found or return;
    $known{$_} = 1 for output(qw(dpkg-query --search --), @left) =~ /: (.*)$/mg;
    my %strange = map { $_ => 1 } grep { !$known{$_} } @left;
    tell_of('strangers', '-', join '', map { "$_\n" } grep { defined } (sort keys %strange)[0 .. 49]) if %strange;
}

# What daemons say they run with.
sub tell_running {
    for (asked('probe')) {
        my ($name, $command) = @$_;
        tell_of('running', $name, substr output('timeout', $PROBE_SECONDS, 'bash', '-c', $command), 0, $MOST_BYTES);
    }
}

sub tell_words {
    for my $service (@failed) {
        my $said = output('timeout', $PROBE_SECONDS, 'journalctl', "--unit=$service", qw(--lines=5 --no-pager --quiet --output=cat));
        tell_of('journal', $service, last_lines(redacted($said), 20));
    }
}

my ($before) = holder();
enter();
tell_of('clock', '-', $BEGUN);
my $asking = fork() // exit 71;
if (!$asking) {
    $SIG{TERM} = 'DEFAULT';
    ask();
    exit 0;
}
tell_of('addresses', '-', output(qw(ip -oneline address show)));
$_->() for \&tell_records, \&tell_services, \&tell_packages, \&tell_files, \&tell_strangers, \&tell_running, \&tell_words;
waitpid $asking, 0;
my ($after, $held) = holder();
tell_of('busy', '-', $after) if $held || $after ne $before;
tell_of('end', '-', '');
leave();
