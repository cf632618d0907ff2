# With a unit: how the files of its manifest differ from those of the host, a line each of path and verdict; and what is there instead, without
# credentials. Without one: its stdin without credentials. Perl's base is essential to Debian.
use strict;
use warnings;

my ($secrets, $unit, $digest, $manifest) = @ARGV;
my $LIMIT = 65536;

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
sub redact {
    my ($text) = @_;
    if (!defined $masked) {
        my %rows = map { $_ => 1 } grep { length >= 4 } map { split /\n/, content($_) // '' } glob("$secrets/*/*/*");
        $masked = join '|', map { quotemeta } sort { length $b <=> length $a } keys %rows;
    }
    $text =~ s/$masked/***/g if length $masked;
    return $text;
}

sub hex_of { return unpack('H*', $_[0]) }

if (!defined $unit) {
    local $/;
    print redact(<STDIN> // '');
    exit 0;
}

my (@files, $in_body);
open(my $text, '<:raw', $manifest) or die "$manifest: $!\n";
while (my $row = <$text>) {
    chomp $row;
    if ($row =~ /^\|/) {
        push @{ $files[-1]{rows} }, substr($row, length $row > 1 ? 2 : 1) if $in_body;
        next;
    }
    $in_body = $row =~ /^file (\S+) \S+ \S+(.*)$/;
    push @files, { path => $1, flags => "$2 ", rows => [] } if $in_body;
}

for my $file (@files) {
    my ($path, $flags) = @$file{qw(path flags)};
    my ($whole) = $flags =~ / credential=(\S+) /;
    my ($fill) = $flags =~ / fill=(\S+) /;
    my $wanted = join("\n", @{ $file->{rows} });
    $wanted .= "\n" if @{ $file->{rows} } && $flags !~ / no-final-newline /;
    my $lost;
    my $secret = sub { my $value = content("$secrets/$unit/$digest/$_[0]"); $lost = $_[0] unless defined $value; return $value // '' };
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
        my $is = content($path, $size == length $wanted ? $size + 1 : $LIMIT);
        $verdict = !defined $is ? "unreadable:$!" : $is eq $wanted ? 'same' : 'differs';
        # A credential, or what is there instead of one, stays on the host.
        if ($verdict eq 'differs' && !defined $whole) {
            $is = substr($is, 0, $LIMIT);
            my $kind = $is =~ /[\x00-\x08\x0e-\x1a\x1c-\x1f]/ ? 'binary' : $size > $LIMIT ? 'head' : 'whole';
            $is = '' if $kind eq 'binary';
            print join("\t", 'content', $path, $kind, $size, hex_of(redact($is))), "\n";
        }
    }
    print join("\t", 'verdict', $path, $verdict), "\n";
}
