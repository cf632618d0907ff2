# Files of a host, without the credentials that lie on it.
use strict;
use warnings;

my $SHOWN_BYTES = 65536;

# Nothing where it cannot be read.
sub content {
    my ($path, $limit) = @_;
    open(my $in, '<:raw', $path) or return undef;
    my $text = '';
    while (!defined $limit || length $text < $limit) {
        my $want = defined $limit ? $limit - length $text : 65536;
        my $got = read($in, $text, $want, length $text);
        return undef unless defined $got;
        last unless $got;
    }
    return $text;
}

# The longest first: a value may be part of another.
my $masked;
sub redacted {
    my ($text) = @_;
    if (!defined $masked) {
        my @values = map { entries($_, 0) } map { entries($_, 0) } entries('/etc/pulumi-ha/credentials', 0);
        my %rows = map { $_ => 1 } grep { length >= 4 } map { split /\n/, content($_) // '' } @values;
        $masked = join '|', map { quotemeta } sort { length $b <=> length $a } keys %rows;
    }
    $text =~ s/$masked/***/g if length $masked;
    return $text;
}

# The files of a manifest: what kind of bytes each shall have.
sub files_in {
    my ($manifest) = @_;
    my (@files, $in_body);
    for my $row (split /\n/, $manifest) {
        if ($row =~ /^\|/) {
            push @{ $files[-1]{rows} }, substr($row, length $row > 1 ? 2 : 1) if $in_body;
            next;
        }
        $in_body = $row =~ /^file (\S+) \S+ \S+(.*)$/;
        push @files, { path => $1, flags => "$2 ", rows => [] } if $in_body;
    }
    return @files;
}

# How the files of a manifest differ from those of the host: a line each of path and verdict, and what is there instead, without credentials.
sub compared {
    my ($secrets, $manifest) = @_;
    my $said = '';
    for my $file (files_in($manifest)) {
        my ($path, $flags) = @$file{qw(path flags)};
        next if $flags =~ / held /;
        my ($whole) = $flags =~ / credential=(\S+) /;
        my ($fill) = $flags =~ / fill=(\S+) /;
        my $wanted = join("\n", @{ $file->{rows} });
        $wanted .= "\n" if @{ $file->{rows} } && $flags !~ / no-final-newline /;
        my $lost;
        my $secret = sub { my $value = content("$secrets/$_[0]"); $lost = $_[0] unless defined $value; return $value // '' };
        if (defined $whole) {
            $wanted = $secret->($whole);
        } elsif (defined $fill) {
            my $names = join '|', map { quotemeta } split /,/, $fill;
            $wanted =~ s/\@\@credential:($names)\@\@/$secret->($1)/ge;
        }
        my $verdict =
            -l $path ? 'link'
          : !-e _ ? 'absent'
          : !-f _ ? 'special'
          : defined $lost ? "lost:$lost"
          : '';
        if ($verdict eq '') {
            my $size = -s _;
            my $is = content($path, $size == length $wanted ? $size + 1 : $SHOWN_BYTES);
            $verdict = !defined $is ? "unreadable:$!" : $is eq $wanted ? 'same' : 'differs';
            # A credential, or what is there instead of one, stays on the host.
            if ($verdict eq 'differs' && !defined $whole) {
                $is = substr($is, 0, $SHOWN_BYTES);
                my $kind = $is =~ /[\x00-\x08\x0e-\x1a\x1c-\x1f]/ ? 'binary' : $size > $SHOWN_BYTES ? 'head' : 'whole';
                $is = '' if $kind eq 'binary';
                $said .= join("\t", 'content', $path, $kind, $size, unpack('H*', redacted($is))) . "\n";
            }
        }
        $said .= join("\t", 'verdict', $path, $verdict) . "\n";
    }
    return $said;
}
