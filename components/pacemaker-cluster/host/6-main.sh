# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the files beside this one
case ${1-} in
seed | own | owned | free | numbered | members | tell | reload | vote | sbd | blank | watched | verify | idle | running | configure | configured | stop | forget | order | roll | unrolled) "verb_$1" ;;
hypervisors) verb_hypervisors "${@:2}" ;;
standby | online | maintenance) "verb_$1" "${2-}" ;;
*) fail "usage: cluster standby NODE|maintenance NODE|online NODE|members|reload|vote|verify|idle|running|configure|configured|stop" ;;
esac
