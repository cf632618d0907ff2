
case ${1-} in
seed | own | owned | free | members | reload | vote | sbd | blank | verify | running | configure | configured | stop | forget) "verb_$1" ;;
*) fail "usage: cluster members|reload|vote|verify|running|configure|configured|stop" ;;
esac
