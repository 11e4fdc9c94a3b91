# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016
# Driving the module with the login program `host`: for the tests of its contract (module.sh) and of faults
# (tests/system/faults.sh). Sourced after lib.sh. BUILD=sanitized: module and host built with sanitizers.

BUILD=${BUILD:-plain}
HOST=$WORK/$BUILD/tests/pam/host
LOADER=/usr/libexec/ravi/ravi-load
ENTRIES=/var/lib/ravi/agents
CONF=/etc/ravi/ravi.conf
MODULE=pam_ravi.so
# A shell that may start no process can still become one.
PRINT='run:exec ravi-keyctl print TOKEN 2>/dev/null'
# What the host is run under: a tracer, a filter.
UNDER=()
[[ $BUILD == plain ]] || MODULE=$WORK/$BUILD/modules/pam_ravi/.libs/pam_ravi.so

# module OPTION...: the module's line in the host's stacks, until the test ends.
module() {
	local type
	[[ $# -eq 0 ]] || keep /tmp/pam/ravi-test
	mkdir -p /tmp/pam
	for type in auth account session; do
		# libpam then returns what the module returned, PAM_IGNORE too.
		printf '%s [default=ok] %s %s\n' "$type" "$MODULE" "$*"
	done >/tmp/pam/ravi-test
}

# host USER STEP...: runs the host, prints what it says.
host() {
	local leaks=1
	# The leak check opens files, stops threads, and cannot see into a process that was another user.
	[[ $* == *uid:* || $* == *steal* || $* == *watch* || $* == *hoard* || $* == *free:* ]] && leaks=0
	log_count >/tmp/log.mark
	ASAN_OPTIONS=detect_leaks=$leaks timeout 30 "${UNDER[@]}" "$HOST" /tmp/pam "$@" 2>/tmp/host.errors || {
		cat /tmp/host.errors >&2
		fail "the host ended with $?: $*"
	}
}

# says WANTED USER STEP...: what the host prints, its lines joined with commas.
says() {
	local wanted=$1 got
	shift
	got=$(host "$@") || fail "host"
	got=$(paste -sd, <<<"$got")
	[[ $got == "$wanted" ]] || fail "wanted \"$wanted\", got \"$got\"; the log: $(module_log 3)"
}

# What was sent to the log before is in the file.
flush_log() {
	local mark=flush-$RANDOM$RANDOM
	logger -u /dev/log "$mark"
	until grep -q "$mark" "$SYSLOG"; do sleep 0.01; done
}

log_count() {
	flush_log
	wc -l <"$SYSLOG"
}

# The module's own lines since the last host was started; LEVEL 3 is an error, 5 a notice, 7 debug.
module_log() {
	flush_log
	tail -n +$(($(cat /tmp/log.mark) + 1)) "$SYSLOG" | grep "^<8$1>.*pam_ravi(ravi-test:" || true
}

# logs_once TEXT: the module logged one error, and it says TEXT.
logs_once() {
	equal 1 "$(module_log 3 | grep -c .)"
	contains "$(module_log 3)" "$1"
}

logs_nothing() {
	equal "" "$(module_log 3)"
}

# keep FILE: it is put back when the test ends.
keep() {
	local copy
	copy=$(mktemp -d /tmp/keep.XXXXXX)
	[[ ! -e $1 ]] || cp -a "$1" "$copy/file"
	# shellcheck disable=SC2064
	trap "rm -rf '$1'; [[ ! -e $copy/file ]] || cp -a '$copy/file' '$1'; $(trap_now)" EXIT
}

trap_now() {
	trap -p EXIT | sed -e "1s/^trap -- '//" -e "\$s/' EXIT\$//" -e "s/'\\\\''/'/g"
}

# entry USER LINE...: the agents entry of USER.
entry() {
	local user=$1
	shift
	rm -rf "${ENTRIES:?}/$user"
	printf '%s\n' "$@" >"$ENTRIES/$user"
	chmod 644 "$ENTRIES/$user"
}

# loader LINE...: a script in the place of ravi-load.
loader() {
	rm -f "$LOADER"
	printf '%s\n' '#!/bin/bash' "$@" >"$LOADER"
	chmod 755 "$LOADER"
}

no_session() {
	[[ -z $(ls "/run/ravi/sessions/$1" 2>/dev/null) ]] || fail "$1 has a session record"
}

# Neither a record of a ring or a session, nor a ring in the user's @u.
no_ring() {
	equal "" "$(ring_of "$1")"
	no_session "$1"
	id "$1" >/dev/null 2>&1 || return 0
	lacks "$(setpriv --reuid "$1" --clear-groups keyctl show @u 2>&1)" ravi:
}
