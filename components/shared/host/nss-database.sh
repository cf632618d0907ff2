#!/bin/bash
# An NSS database from PEM files: nss-database DIRECTORY NICKNAME GROUP CA CERTIFICATE KEY
# It is made beside its place and takes it by rename, so that a daemon finds the old one or the new one.
set -euo pipefail
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 077

directory=$1 nickname=$2 group=$3 ca=$4 certificate=$5 key=$6
new=$directory.new
rm -rf -- "$new"
mkdir -- "$new" "$new/pem"

# One file of each certificate, in their order: $new/pem/NAME-1, NAME-2, …
split() { # NAME FILE
    awk -v into="$new/pem/$1-" '/-----BEGIN/ { n++ } n { print > (into n) }' "$2"
}

add() { # NICKNAME TRUST FILE
    certutil -A -d "sql:$new" -n "$1" -t "$2" -a -i "$3"
}

certutil -N -d "sql:$new" --empty-password
split ca "$ca"
split own "$certificate"
for file in "$new"/pem/ca-*; do add "CA ${file##*-}" CT,, "$file"; done
for file in "$new"/pem/own-*; do [[ $file == */own-1 ]] || add "intermediate ${file##*-}" ,, "$file"; done
openssl pkcs12 -export -inkey "$key" -in "$new/pem/own-1" -name "$nickname" -passout pass: -out "$new/pem/p12"
pk12util -i "$new/pem/p12" -d "sql:$new" -W "" >/dev/null
rm -r -- "$new/pem"

chgrp -R -- "$group" "$new"
chmod 0640 -- "$new"/*
chmod 0750 -- "$new"
sync -- "$new"/* "$new"
rm -rf -- "$directory"
mv -T -- "$new" "$directory"
