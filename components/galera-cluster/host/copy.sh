#!/bin/bash
# How a member gets a whole copy of the data: by the vendor's script for mariabackup, without its pause of ten seconds. That is made on the sending side
# between two connections, until the receiving side listens again; here socat tries until it does (`sockopt` in the group [sst] of the configuration).
BASH_ARGV0=/usr/bin/wsrep_sst_mariabackup
sleep() { [[ $* == 10 ]] || command sleep "$@"; }
# shellcheck source=/dev/null
. "$0"
