#!/bin/bash
# SPDX-License-Identifier: MIT
# Death and errors at every system call, one after the other, counted with a tracer and not sampled: of `ravi
# secrets set`, and of the loader in a login. After each the vault opens with the old value or the new one, the
# ring is whole or is not taken for whole, the next write and the next login work, and nothing piles up.
# faults.sh says where other faults are shown.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=../pam/host.bash
. "$(dirname "$0")/../pam/host.bash"
# shellcheck disable=SC2329,SC2016 # the tests are found by name; commands for the host are quoted

VAULTS=/var/lib/ravi/vaults
export TEST_SECONDS=400 # hundreds of runs under a tracer

test_machine_is_set_up() {
	set_up
	bare first keyctl clear @u
	# A tracer takes its time.
	printf 'timeout = 20\n' >>"$CONF"
	module
	cp -p "$LOADER" "$LOADER.real"
}

# The machine is as before: a login has its token, and its end leaves nothing.
works_again() {
	equal "open PAM_SUCCESS,one,close PAM_SUCCESS" "$(host first open "$PRINT" close | paste -sd,)"
	logs_nothing
	no_ring first
}

# calls_of LOG: each system call in it, with its number among those of that name: "openat 3". The first is the exec
# that starts the tracing.
calls_of() {
	sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$1" | awk 'NR > 1 {print $1, ++count[$1]}'
}

# Nothing that a dead or failing writer left piles up.
no_leftovers() {
	local count
	count=$(find "$VAULTS" /var/lib/ravi/agents /run/ravi/rings -name '.*.new' | wc -l)
	[[ $count -le $1 ]] || fail "left behind: $(find "$VAULTS" /var/lib/ravi/agents /run/ravi/rings -name '.*.new')"
}

# Whether the trail can be checked, and is whole.
audit_is_whole() {
	ravi audit verify --help >/dev/null 2>&1 || return 0
	ravi audit verify >/tmp/said 2>&1 || fail "audit: $(cat /tmp/said)"
}

# set_under VALUE OPTION...: `ravi secrets set` under strace.
set_under() {
	printf %s "$1" | strace -qq -o /tmp/trace "${@:2}" ravi secrets set TOKEN --identity first >/tmp/said 2>&1
}

# check_value WHAT OLD NEW: the vault and the live ring have one of these, the vault opens; then the next write
# works, reaches the ring and sweeps up.
check_value() {
	local what=$1 old=$2 new=$3 stored held
	stored=$(ravi secrets get TOKEN --identity first) || fail "$what: the vault does not open"
	[[ $stored == "$old" || $stored == "$new" ]] || fail "$what: it holds $stored, not $old or $new"
	held=$(bare first ravi-keyctl print TOKEN) || fail "$what: the ring is gone"
	[[ $held == "$old" || $held == "$new" ]] || fail "$what: the ring holds $held"
	# What the ring has, the vault has, or had: never the other way round.
	[[ $held == "$old" || $stored == "$new" ]] || fail "$what: the ring has $held, the vault $stored"
	no_leftovers 2
}

test_secrets_set_is_killed_at_every_system_call() {
	local call number old=one new i=0 rc what
	trap 'printf %s one | ravi secrets set TOKEN --identity first' EXIT
	session first a
	# That login's line is in the trail then: a writer that has to wait makes calls which the next one does not.
	audit_is_whole
	set_under one
	calls_of /tmp/trace >/tmp/calls
	while read -r call number; do
		i=$((i + 1)) new=v$i rc=0 what="killed at $call $number"
		set_under "$new" -e "inject=$call:signal=KILL:when=$number" || rc=$?
		[[ $rc -ne 0 ]] || fail "$what: it was not"
		check_value "$what" "$old" "$new"
		if [[ $((i % 8)) -eq 0 ]]; then
			audit_is_whole
		fi
		# The next one is not held up, whatever was left, and everybody sees it.
		old=w$i
		printf %s "$old" | ravi secrets set TOKEN --identity first >/dev/null || fail "$what: the next one fails"
		equal "$old $old" "$(ravi secrets get TOKEN --identity first) $(bare first ravi-keyctl print TOKEN)"
		no_leftovers 0
	done </tmp/calls
	echo "killed $i times"
	[[ $i -ge 100 ]] || fail "only $i system calls"
	audit_is_whole
	printf %s one | ravi secrets set TOKEN --identity first
	end_session a
	works_again
}

# Errors where the work is: what reads the keys and the vault, writes, syncs and renames. exec and the loading
# of libraries are the kernel's and the linker's; without random numbers libsodium ends the process.
test_secrets_set_fails_at_every_file_operation() {
	local call number error old=one new i=0 rc what
	trap 'printf %s one | ravi secrets set TOKEN --identity first' EXIT
	session first a
	# That login's line is in the trail then: a writer that has to wait makes calls which the next one does not.
	audit_is_whole
	set_under one
	awk '/ravi\/host.key/ {on = 1} on' /tmp/trace >/tmp/trace.work
	calls_of /tmp/trace >/tmp/calls.all
	tail -n "$(grep -cE '^[a-z0-9_]+\(' /tmp/trace.work)" /tmp/calls.all |
		grep -E '^(openat|open|read|write|fsync|fdatasync|renameat2|rename|fstat|newfstatat|fchmod|unlinkat|flock|mkdirat|close|pipe2|fcntl|poll|pidfd_open|symlinkat|lseek|ftruncate|pwrite64|clone3|vfork|clone|wait4|sendto|connect|socket|mmap|brk) ' >/tmp/calls
	while read -r call number; do
		for error in EIO ENOSPC; do
			case $call:$error in close:ENOSPC | read:ENOSPC | mmap:* | brk:*) continue ;; esac
			i=$((i + 1)) new=v$i rc=0 what="$error at $call $number"
			set_under "$new" -e "inject=$call:error=$error:when=$number" || rc=$?
			[[ $rc -lt 100 ]] || fail "$what: it ended with $rc: $(cat /tmp/said)"
			[[ $rc -eq 0 ]] || [[ -s /tmp/said ]] || fail "$what: it says nothing"
			check_value "$what" "$old" "$new"
			# What it says is stored is stored.
			[[ $rc -ne 0 ]] || equal "$what $new" "$what $(ravi secrets get TOKEN --identity first)"
			old=w$i
			printf %s "$old" | ravi secrets set TOKEN --identity first >/dev/null || fail "$what: the next one fails"
			equal "$old $old" "$(ravi secrets get TOKEN --identity first) $(bare first ravi-keyctl print TOKEN)"
			no_leftovers 0
		done
	done </tmp/calls
	echo "failed $i times"
	[[ $i -ge 40 ]] || fail "only $i operations"
	audit_is_whole
	printf %s one | ravi secrets set TOKEN --identity first
	end_session a
	works_again
}

# ---- the loader ----

# traced_loader TASK: the loader does that task (--load, --end) under a tracer that does to it what /tmp/inject
# says, when that is there.
traced_loader() {
	loader "[[ \$1 == $1 && -e /tmp/inject ]] || exec $LOADER.real \"\$@\"" \
		'exec strace -qq -o /tmp/trace $(</tmp/inject) '"$LOADER"'.real "$@"'
	# Once, to know what it calls.
	: >/tmp/inject
	"$HOST" /tmp/pam first open close >/dev/null
	calls_of /tmp/trace >/tmp/calls
	[[ $(wc -l </tmp/calls) -ge 100 ]] || fail "only $(wc -l </tmp/calls) system calls"
}

# each_loader_call WHAT: a login whose loader has WHAT done to it at each of its system calls: the token, or the
# documented code and nothing. Then a login with a loader that is well, to the end.
each_loader_call() {
	local call number got what i=0
	while read -r call number; do
		i=$((i + 1)) what="$1 at $call $number"
		echo "-e inject=$call:$1:when=$number" >/tmp/inject
		got=$(timeout 30 "$HOST" /tmp/pam first open "$PRINT" 2>/dev/null | paste -sd,)
		case $got in
		"open PAM_SUCCESS,one" | "open PAM_SESSION_ERR,status 4" | "open PAM_SESSION_ERR,one") ;;
		*) fail "$what: $got" ;;
		esac
		# Nothing is reached that no close knows of.
		if [[ -z $(ring_of first) ]]; then
			lacks "$what: $(bare first keyctl show @u 2>&1)" ravi:
		fi
		rm /tmp/inject
		got=$("$HOST" /tmp/pam first open "$PRINT" close 2>/dev/null | paste -sd,)
		equal "after $what: open PAM_SUCCESS,one,close PAM_SUCCESS" "after $what: $got"
		no_ring first
	done </tmp/calls
	echo "$i times"
}

test_the_loader_is_killed_at_every_system_call() {
	keep "$LOADER"
	traced_loader --load
	each_loader_call signal=KILL
}

# What it leaves, revoked or whole, is no warm ring without a token to the next login.
test_the_end_is_killed_at_every_system_call() {
	local call number got what
	keep "$LOADER"
	traced_loader --end
	while read -r call number; do
		what="killed at $call $number"
		echo "-e inject=$call:signal=KILL:when=$number" >/tmp/inject
		got=$(timeout 30 "$HOST" /tmp/pam first open close 2>/dev/null | paste -sd,)
		[[ $got == "open PAM_SUCCESS,close PAM_S"* ]] || fail "$what: $got"
		rm /tmp/inject
		got=$("$HOST" /tmp/pam first open "$PRINT" close 2>/dev/null | paste -sd,)
		equal "after $what: open PAM_SUCCESS,one,close PAM_SUCCESS" "after $what: $got"
		no_ring first
	done </tmp/calls
}

test_the_loader_fails_at_every_file_operation() {
	keep "$LOADER"
	traced_loader --load
	grep -E '^(openat|read|write|fstat|newfstatat|fchmod|fchown|unlinkat|flock|mkdirat|renameat2|symlinkat|add_key|keyctl|setresuid|prctl|getdents64|socket|connect|sendto) ' \
		/tmp/calls >/tmp/calls.files
	mv /tmp/calls.files /tmp/calls
	each_loader_call error=EIO
}

run_tests
