# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What every system test uses. A test is a function test_...; it passes when it returns 0 with `set -e` on.
# Prints TAP. Sourced by the scripts of tests/system and tests/pam, which end with `run_tests`.

set -uo pipefail
SYSLOG=/run/syslog.txt
BUILT=$WORK/plain/tests

fail() {
	echo "failed: $*" >&2
	exit 1
}

# expect STATUS COMMAND...: it must exit with STATUS. Its output stays where it goes.
expect() {
	local wanted=$1 got=0
	shift
	"$@" || got=$?
	[[ $got -eq $wanted ]] || fail "exit status $got, not $wanted: $*"
}

# equal WANTED GOT
equal() {
	[[ $1 == "$2" ]] || fail "wanted \"$1\", got \"$2\""
}

# contains TEXT PART
contains() {
	[[ $1 == *"$2"* ]] || fail "\"$2\" is not in: $1"
}

# lacks TEXT PART
lacks() {
	[[ $1 != *"$2"* ]] || fail "\"$2\" is in: $1"
}

# refused STATUS PART COMMAND...: exits with STATUS and says PART.
refused() {
	local status=$1 part=$2 said
	shift 2
	said=$(expect "$status" "$@" 2>&1) || fail "$said"
	contains "$said" "$part"
}

# as USER COMMAND...: in a login of that user, in its home folder.
as() {
	local user=$1
	shift
	su - "$user" -c "$*"
}

# bare USER COMMAND [ARG...]: as that user without any login: no PAM, no session ring of its own.
bare() {
	local user=$1
	shift
	setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups \
		env HOME=/tmp USER="$user" PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# eventually SECONDS COMMAND...: it must succeed within that time.
eventually() {
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		[[ $SECONDS -lt $until ]] || fail "not in time: $*"
		sleep 0.05
	done
}

start_syslog() {
	"$BUILT/system/syslog-sink" /dev/log "$SYSLOG" &
	eventually 5 test -S /dev/log
}

enable_pam() {
	pam-auth-update --package --enable ravi
	grep -q pam_ravi /etc/pam.d/common-session
}

# A machine that has been set up as the README says, with one agent `first` whose secret TOKEN is "one".
set_up() {
	start_syslog
	enable_pam
	ravi init --domain agents.test >/dev/null
	make_agent first one
	make_agent second two
}

# make_agent NAME VALUE: an identity and OS user NAME with the secret TOKEN.
make_agent() {
	ravi identity create --name "$1" >/dev/null
	printf %s "$2" | ravi secrets set TOKEN --identity "$1" >/dev/null
}

# The serial of a user's ring, as root sees it; empty when it has none.
ring_of() {
	sed -n 's/^ring=//p' "/run/ravi/rings/$1" 2>/dev/null
}

# Whether the key or keyring with this serial is there and can be read. By serial, never by name: the kernel
# is shared with whatever else runs on this machine, other runs of the tests included.
key_lives() {
	keyctl read "$1" >/dev/null 2>&1
}

# use_up_quota USER: neither a key nor a byte more. Keys that are gone are counted until the kernel has
# collected them.
use_up_quota() {
	local added=1
	while [[ $added -gt 0 ]]; do
		# shellcheck disable=SC2016 # the inner shell's
		added=$(bare "$1" sh -c 'i=0
			while keyctl add user fill$$.$i "$(printf %06000d 0)" @u >&2; do i=$((i + 1)); done
			while keyctl add user fill$$.$i x @u >&2; do i=$((i + 1)); done
			echo $i' 2>/dev/null)
		sleep 0.3
	done
}

# session USER NAME: starts a login of USER that stays until `end_session NAME`. Commands for it go to
# `in_session NAME COMMAND`. LOGIN_BY is what it is started by, where that is not this very place.
session() {
	local user=$1 name=$2 folder=/tmp/session.$2
	mkdir -p "$folder"
	chmod 755 "$folder"
	mkfifo "$folder/in"
	chmod 666 "$folder/in"
	: >"$folder/out"
	chmod 666 "$folder/out"
	# shellcheck disable=SC2086 # a command and its words
	${LOGIN_BY-} su - "$user" -c "echo \$\$ >/tmp/session.$name/out.pid; exec bash -s <$folder/in >>$folder/out 2>&1" \
		2>"$folder/errors" &
	echo $! >"$folder/su"
	# Read-write: opening it must not wait for a login that failed.
	exec {fd}<>"$folder/in"
	eval "SESSION_$name=$fd"
	in_session "$name" true
}

# in_session NAME COMMAND: runs it in that session's shell, prints its output, returns its status.
in_session() {
	local name=$1 fd mark=$RANDOM$RANDOM
	shift
	eval "fd=\$SESSION_$name"
	: >"/tmp/session.$name/out"
	# The output may end without a newline: the mark gets one before it, which $(...) takes off again.
	printf '%s\n' "{" "$*" "}; printf '\\ndone %s %s\\n' $mark \$?" >&"$fd"
	eventually 10 grep -q "^done $mark" "/tmp/session.$name/out"
	sed "/^done $mark/d" "/tmp/session.$name/out"
	return "$(sed -n "s/^done $mark //p" "/tmp/session.$name/out")"
}

end_session() {
	local name=$1 fd
	eval "fd=\$SESSION_$name"
	echo exit >&"$fd"
	exec {fd}>&-
	wait "$(cat "/tmp/session.$name/su")" || true
	rm -rf "/tmp/session.$name"
}

# What a failed test left running must not fail the next one.
end_left_sessions() {
	local su
	for su in /tmp/session.*/su; do
		[[ -e $su ]] && kill -KILL "$(cat "$su")" 2>/dev/null
	done
	rm -rf /tmp/session.*
}

# A test that hangs is a failed test: it gets TEST_SECONDS.
watch_over() {
	local until=$((SECONDS + ${TEST_SECONDS:-120}))
	while kill -0 "$1" 2>/dev/null; do
		if [[ $SECONDS -ge $until ]]; then
			echo "failed: still running after ${TEST_SECONDS:-120} s" >>/tmp/test.log
			kill -KILL "$1"
		fi
		sleep 0.02
	done
}

# Runs every test_ function in the order of the file.
run_tests() {
	local number=0 test log=/tmp/test.log rc
	local tests
	mapfile -t tests < <(grep -oE '^test_[a-z0-9_]+' "$0")
	for test in "${tests[@]}"; do
		number=$((number + 1))
		(
			set -e
			"$test"
		) >"$log" 2>&1 </dev/null &
		watch_over $! || true
		wait $!
		rc=$?
		end_left_sessions
		if [[ $rc -eq 0 ]]; then
			echo "ok $number - ${test#test_}"
		elif [[ $rc -eq 77 ]]; then
			echo "ok $number - ${test#test_} # SKIP $(tail -n 1 "$log")"
		else
			echo "not ok $number - ${test#test_}"
			sed 's/^/# /' "$log"
		fi
	done
	echo "1..$number"
}
