#!/bin/bash
# SPDX-License-Identifier: MIT
# What breaks around a login and around a write, and what comes of it: the code that pam_ravi(8) names, one
# line in the log, no hang beyond the timeout, nobody locked out under the shipped profile, no ring that looks
# whole and is not, and no value lost. Where each fault is shown:
#
#	keyring filtered or missing: ENOSYS, EPERM		here
#	the agent's key quota used up				lifetime.sh, isolation.sh
#	root's key quota used up				here
#	vault missing, cut off, spoilt, unreadable, locked	here; module.sh, recovery.sh
#	host key missing, spoilt				here; recovery.sh
#	/run/ravi, /var/lib/ravi full or read-only		here
#	EIO and short writes, in ravi-load and in `ravi`	killed.sh; ../fuzz/inject.c (every call, in memory)
#	the loader hangs, crashes, stops, is killed, babbles	../pam/module.sh; killed.sh: at every system call
#	descriptors 0 to 2 closed, none free, taken meanwhile	../pam/module.sh
#	SIGCHLD ignored, children stolen			../pam/module.sh
#	limits, blocked signals, pending alarm, umask		../pam/module.sh
#	getpwnam fails						here
#	two logins and a rotation at once			lifetime.sh
#	500 logins of 50 agents at once				here
#	`ravi secrets set` killed at every system call		killed.sh; at random moments: ../unit/test-store-crash.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=../pam/host.bash
. "$(dirname "$0")/../pam/host.bash"
# shellcheck disable=SC2329,SC2016 # the tests are found by name; commands for the host are quoted

FILTERED=$BUILT/system/filtered
VAULTS=/var/lib/ravi/vaults
VAULT=$VAULTS/first.age
HOST_KEY=/etc/ravi/host.key
export TEST_SECONDS=400 # 500 logins on a busy machine

test_machine_is_set_up() {
	set_up
	useradd -m human
	bare first keyctl clear @u
	bare second keyctl clear @u
	module
	cp -p "$LOADER" "$LOADER.real"
}

# ---- what a fault on the way to the tokens comes to ----

# tolerated REASON: an agent's session fails with one line in the log, in time, and leaves nothing; who is no
# agent sees nothing of it; and under the shipped profile everybody gets in.
tolerated() {
	local got
	got=$(host first acct open took close)
	equal "acct PAM_SUCCESS,open PAM_SESSION_ERR,close PAM_SUCCESS" "$(grep -v ^took <<<"$got" | paste -sd,)"
	logs_once "$1"
	[[ $(sed -n 's/^took //p' <<<"$got") -le 3500 ]] || fail "it took too long: $got"
	no_ring first
	equal "open PAM_IGNORE,close PAM_SUCCESS" "$(host human open close | paste -sd,)"
	logs_nothing
	equal home "$("${UNDER[@]}" su - first -c 'echo home' 2>/dev/null)"
}

# whole_or_none: the session has the token, or there is one line that says why not; never something else. Who
# looks is a process that the fault is none of.
whole_or_none() {
	local got held reached=0
	rm -f /tmp/opened /tmp/looked
	host first open "root:touch /tmp/opened; until test -e /tmp/looked; do sleep 0.02; done" close >/tmp/got &
	local login=$!
	eventually 20 test -e /tmp/opened
	held=$(token_of first)
	bare first ravi-keyctl print TOKEN >/dev/null 2>&1 || reached=$?
	touch /tmp/looked
	wait $login || fail "the host failed"
	got="$(paste -sd, /tmp/got): $held"
	case $got in
	"open PAM_SUCCESS,close PAM_SUCCESS: one") logs_nothing ;;
	# What cannot be closed is told, too.
	"open PAM_SUCCESS,close PAM_SESSION_ERR: one") equal 1 "$(module_log 3 | grep -c .)" ;;
	"open PAM_SESSION_ERR,close PAM_SUCCESS: ")
		equal 4 "$reached"
		equal 1 "$(module_log 3 | grep -c .)"
		;;
	*) fail "$got; the log: $(module_log 3)" ;;
	esac
	echo "$got"
}

# What is in the ring that is on record, as root sees it.
token_of() {
	local ring key
	ring=$(ring_of "$1")
	[[ -n $ring ]] || return 0
	key=$(keyctl search "$ring" user ravi:TOKEN 2>/dev/null) || return 0
	keyctl pipe "$key"
}

# The machine is as before: a login has its token, and its end leaves nothing.
works_again() {
	UNDER=()
	equal "open PAM_SUCCESS,one,close PAM_SUCCESS" "$(host first open "$PRINT" close | paste -sd,)"
	logs_nothing
	no_ring first
}

# ---- the kernel's keyrings ----

test_a_kernel_without_keyrings() {
	local error call
	for error in ENOSYS EPERM; do
		for call in add_key,keyctl,request_key keyctl; do
			UNDER=("$FILTERED" "$error" "$call")
			tolerated "joining a session ring"
		done
		UNDER=("$FILTERED" "$error" add_key)
		tolerated "making the ring ravi:first"
	done
	works_again
}

# 1 join, 2 update, 3 revoke, 5 setperm, 6 describe, 7 clear, 8 link, 9 unlink, 10 search, 11 read, 15 timeout,
# 21 invalidate.
test_a_kernel_that_knows_not_every_operation() {
	local error operation
	for error in ENOSYS EPERM ENOMEM; do
		for operation in 0 1 2 3 5 6 8 9 11 15 21; do
			UNDER=("$FILTERED" "$error" "keyctl:$operation")
			echo "$error $operation: $(whole_or_none)"
			UNDER=()
			"$LOADER" --release first >/dev/null
			no_ring first
		done
	done
	works_again
}

# What fails first does not hide what fails then.
test_two_failures_of_one_login_are_in_its_line() {
	local got
	got=$(host first open "root:$FILTERED EDQUOT keyctl:8 $FILTERED EPERM keyctl:1 $HOST /tmp/pam first open" close)
	contains "$got" "open PAM_SESSION_ERR"
	logs_once "linking the ring into the session ring"
	logs_once "; and joining a session ring"
	# A ring that human seems to have inherited, and an agent's session ring to leave.
	got=$(host first open "root:ln -s first /run/ravi/rings/$(id -u human); mv $LOADER /tmp/loader" \
		"root:$FILTERED EPERM keyctl:1 $HOST /tmp/pam human open" \
		"root:mv /tmp/loader $LOADER; rm /run/ravi/rings/$(id -u human)" close)
	contains "$got" "open PAM_SESSION_ERR"
	logs_once "No such file"
	logs_once "; and joining a session ring"
	works_again
}

test_the_key_quota_of_root_is_used_up() {
	local number
	UNDER=("$FILTERED" EDQUOT add_key)
	tolerated "root's key quota is used up"
	# In the middle: the ring, the first key, the profile.
	for number in 1 2 3; do
		UNDER=(strace -f -qq -o /dev/null -e trace=add_key -e "inject=add_key:error=EDQUOT:when=$number")
		tolerated "root's key quota is used up"
	done
	works_again
}

test_a_live_ring_that_cannot_be_changed_never_looks_whole() {
	local ring
	session first a
	ring=$(ring_of first)
	printf %s more | ravi secrets set MORE --identity first
	# Half way: one key has its new value, then there is no room for the next.
	printf %s much-more | "$FILTERED" EDQUOT add_key,keyctl:2 ravi secrets set NEW --identity first 2>/tmp/said && fail "it says that all is well"
	contains "$(cat /tmp/said)" "quota"
	contains "$(cat /run/ravi/rings/first)" "keys=0"
	equal much-more "$(ravi secrets get NEW --identity first)"
	# The next login does not take it for a warm one.
	equal much-more "$(su - first -c 'ravi-keyctl print NEW')"
	equal "$ring" "$(ring_of first)"
	equal much-more "$(in_session a ravi-keyctl print NEW)"
	ravi secrets delete NEW --identity first
	ravi secrets delete MORE --identity first
	end_session a
	works_again
}

# ---- the vault and the host key ----

# spoil_each FILE REASON: FILE in every state in which it is none; it is put back.
spoil_each() {
	local file=$1 how size
	size=$(stat -c %s "$file")
	cp -p "$file" /root/kept
	for how in 'rm $file' 'truncate -s 0 $file' 'truncate -s 1 $file' 'truncate -s $((size / 2)) $file' \
		'truncate -s $((size - 2)) $file' 'echo x >>$file' 'head -c $size /dev/urandom >$file' \
		'rm $file; mkdir $file' 'rm $file; mkfifo -m 600 $file' 'rm $file; ln -s /root/kept $file' \
		'chmod 644 $file' 'chown first $file' 'truncate -s 100M $file'; do
		eval "$how"
		tolerated "$2"
		rm -rf "$file"
		cp -p /root/kept "$file"
	done
	works_again
}

test_a_vault_that_is_no_vault() {
	spoil_each "$VAULT" first
}

test_the_vault_of_somebody_else() {
	cp -p "$VAULT" /root/kept
	cp -p "$VAULTS/second.age" "$VAULT"
	tolerated "first"
	cp -p /root/kept "$VAULT"
	works_again
}

test_a_host_key_that_is_none() {
	spoil_each "$HOST_KEY" ""
}

test_the_folders_are_gone() {
	local folder
	for folder in "$VAULTS" /etc/ravi; do
		mv "$folder" /root/folder
		tolerated ""
		rm -rf "$folder"
		mv /root/folder "$folder"
	done
	mv /var/lib/ravi/agents /root/folder
	# Then nobody is an agent.
	equal "acct PAM_IGNORE,open PAM_IGNORE" "$(host first acct open | paste -sd,)"
	mv /root/folder /var/lib/ravi/agents
	works_again
}

# A reader needs no lock: who writes for ever keeps nobody out.
test_a_vault_that_is_held_locked() {
	exec 9<"$VAULTS/.lock"
	flock -x 9
	works_again
	local said
	said=$(printf %s x | timeout 60 ravi secrets set TOKEN --identity first 2>&1) && fail "it wrote"
	contains "$said" "has held the lock"
	flock -u 9
	exec 9<&-
	equal one "$(ravi secrets get TOKEN --identity first)"
}

# ---- the disks ----

# on_tmpfs FOLDER OPTIONS: a file system of its own there, with what lies in it.
on_tmpfs() {
	cp -a "$1" /tmp/on-tmpfs
	mount -t tmpfs -o "mode=$(stat -c %a "$1"),$2" faults "$1"
	cp -a /tmp/on-tmpfs/. "$1"
	rm -rf /tmp/on-tmpfs
}

# off_tmpfs FOLDER: away with it, and with the rings that only it knew of.
off_tmpfs() {
	umount "$1"
	bare first keyctl clear @u
}

test_run_is_full() {
	local inodes got fine=0 bad=0
	# One more each time, until all fits: the folders, the lock, the record, the ring, the folder of codex.
	for inodes in {1..14}; do
		rm -rf /run/ravi
		mkdir -m 711 /run/ravi
		on_tmpfs /run/ravi "size=1m,nr_inodes=$inodes"
		got=$(whole_or_none)
		[[ $got == *PAM_SESSION_ERR* ]] && bad=$((bad + 1)) || fine=$((fine + 1))
		equal home "$(su - first -c 'echo home' 2>/dev/null)"
		off_tmpfs /run/ravi
	done
	[[ $bad -ge 3 && $fine -ge 3 ]] || fail "$bad failed, $fine did not"
	for size in 4k 8k; do
		on_tmpfs /run/ravi "size=$size"
		head -c 8k /dev/zero >/run/ravi/.fill 2>/dev/null || true
		whole_or_none
		off_tmpfs /run/ravi
	done
	works_again
}

test_run_is_read_only() {
	on_tmpfs /run/ravi size=1m
	mount -o remount,ro /run/ravi
	tolerated "Read-only file system"
	mount -o remount,rw /run/ravi
	# And between open and close: the close says so, and the sweep ends the ring when it can.
	local ring
	equal "open PAM_SUCCESS,one,close PAM_SESSION_ERR" "$(host first open "$PRINT" \
		"root:mount -o remount,ro /run/ravi" close | paste -sd,)"
	logs_once "Read-only file system"
	mount -o remount,rw /run/ravi
	ring=$(ring_of first)
	key_lives "$ring"
	"$LOADER" --sweep >/dev/null
	if key_lives "$ring"; then fail "the ring lives"; fi
	no_ring first
	off_tmpfs /run/ravi
	works_again
}

test_the_state_is_read_only() {
	on_tmpfs /var/lib/ravi size=16m
	mount -o remount,ro /var/lib/ravi
	# A login needs to write nothing there.
	equal "open PAM_SUCCESS,one,close PAM_SUCCESS" "$(host first open "$PRINT" close | paste -sd,)"
	local said
	said=$(printf %s x | expect 1 ravi secrets set TOKEN --identity first 2>&1)
	contains "$said" "Read-only file system"
	equal one "$(ravi secrets get TOKEN --identity first)"
	off_tmpfs /var/lib/ravi
	works_again
}

# Pages are left for a part of the new document: a write is cut short, and the next one finds no room.
test_the_state_is_full() {
	local pages old=one new rc failed=0
	dd if=/dev/urandom bs=20000 count=1 status=none | base64 -w0 | ravi secrets set LARGE --identity first
	on_tmpfs /var/lib/ravi size=1m
	for pages in {0..14}; do
		rm -f /var/lib/ravi/fill
		cat /dev/zero >/var/lib/ravi/fill 2>/dev/null || true
		truncate -s "-$((pages * 4096))" /var/lib/ravi/fill
		new=value-$pages rc=0
		printf %s "$new" | ravi secrets set TOKEN --identity first >/tmp/said 2>&1 || rc=$?
		if [[ $rc == 0 ]]; then
			old=$new
		else
			failed=$((failed + 1))
			equal 1 "$rc"
			contains "$(cat /tmp/said)" "No space left on device"
		fi
		equal "$old" "$(ravi secrets get TOKEN --identity first)"
		# A login works on a full disk.
		equal "$old" "$(su - first -c 'ravi-keyctl print TOKEN')"
		equal "" "$(find "$VAULTS" -name '*.new')"
	done
	[[ $failed -ge 3 && $failed -le 13 ]] || fail "$failed of 15 failed"
	off_tmpfs /var/lib/ravi
	ravi secrets delete LARGE --identity first
	works_again
}

# ---- the directory of users ----

test_the_directory_of_users_fails() {
	local error
	for error in EIO EMFILE ENOMEM; do
		# In the login process alone.
		UNDER=(strace -qq -o /dev/null -P /etc/passwd -e "inject=openat,open:error=$error")
		equal "acct PAM_SYSTEM_ERR,open PAM_SESSION_ERR,close PAM_SUCCESS" "$(host first acct open close | paste -sd,)"
		equal 2 "$(module_log 3 | grep -c 'first: ')"
		equal "open PAM_IGNORE" "$(host human open)"
		UNDER=()
		no_ring first
	done
	works_again
}

# is_not_found TEXT: nsswitch.conf decides what it looks like, with the sources that it names behind the one that fails.
is_not_found() {
	[[ $1 == *"no OS user first is found"* || $1 == *"looking up the OS user first: Input/output error"* ]] || fail "$1"
}

# A directory service that does not answer may look like a user who was deleted; an agent whose uid cannot be looked
# up keeps the ring of its living session.
test_the_directory_of_users_fails_in_the_loader() {
	local ring
	keep "$LOADER"
	session first a
	ring=$(ring_of first)
	loader "exec strace -qq -o /dev/null -P /etc/passwd -e inject=openat:error=EIO $LOADER.real \"\$@\""
	is_not_found "$(ravi reload first 2>&1)"
	is_not_found "$("$LOADER" --sweep 2>&1)"
	# A warm login asks the loader nothing.
	equal "open PAM_SUCCESS,close PAM_SUCCESS" "$(host first open close | paste -sd,)"
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	equal "$ring" "$(ring_of first)"
	# Nor does one that lingers lose it when its last session ends.
	ravi identity linger first on >/dev/null 2>&1 || true
	end_session a
	is_not_found "$("$LOADER" --sweep 2>&1)"
	equal "$ring" "$(ring_of first)"
	key_lives "$ring"
	cp -p "$LOADER.real" "$LOADER"
	ravi identity linger first off >/dev/null
	equal "" "$(ring_of first)"
	works_again
}

# ---- many at once ----

AGENTS=50 LOGINS=10

# Each login waits until all are in, so that they are: then it prints its token and who it is.
test_500_logins_of_50_agents_at_once() {
	local agent i before pids=() serials=() keys=() ring
	keep "$CONF"
	# What is measured here is not the speed of this machine.
	printf 'timeout = 60\n' >>"$CONF"
	for ((i = 1; i <= AGENTS; i++)); do
		make_agent "many$i" "of-many$i"
		bare "many$i" keyctl clear @u
	done
	rm -rf /tmp/many /tmp/go
	mkdir -m 1777 /tmp/many
	before=$(quota_of_agents)
	for ((i = 0; i < AGENTS * LOGINS; i++)); do
		agent=many$((i % AGENTS + 1))
		su - "$agent" -c "ravi-keyctl print TOKEN >/tmp/many/$agent.$i; echo \" \$(id -un)\" >>/tmp/many/$agent.$i
			touch /tmp/many/in.$i; until test -e /tmp/go; do sleep 0.5; done
			ravi-keyctl print TOKEN >>/tmp/many/$agent.$i" >>/tmp/many.errors 2>&1 &
		pids+=($!)
	done
	eventually 200 all_are_in
	for ((i = 1; i <= AGENTS; i++)); do
		ring=$(ring_of "many$i")
		equal "$LOGINS sessions of many$i" "$(find "/run/ravi/sessions/many$i" -type f | wc -l) sessions of many$i"
		read -ra keys < <(keyctl rlist "$ring")
		serials+=("$ring" "${keys[@]}")
	done
	touch /tmp/go
	wait "${pids[@]}"
	for ((i = 0; i < AGENTS * LOGINS; i++)); do
		agent=many$((i % AGENTS + 1))
		equal "of-$agent $agent of-$agent" "$(paste -sd' ' "/tmp/many/$agent.$i")"
	done
	for ((i = 1; i <= AGENTS; i++)); do
		equal "" "$(ring_of "many$i")$(ls "/run/ravi/sessions/many$i")"
		lacks "$(bare "many$i" keyctl show @u 2>&1)" ravi:
	done
	# The ring, two secrets and the profile of each: none is left, and nothing stays charged to the agents.
	equal $((4 * AGENTS)) "${#serials[@]}"
	for ring in "${serials[@]}"; do
		if key_lives "$ring"; then fail "key $ring lives"; fi
	done
	eventually 60 nothing_is_added_to "$before" >/tmp/added.said
}

all_are_in() {
	[[ $(find /tmp/many -name 'in.*' | wc -l) -eq $((AGENTS * LOGINS)) ]]
}

# Keys and bytes that are charged to the agents: /proc/key-users. The kernel collects what is gone by and by.
quota_of_agents() {
	local i
	for ((i = 1; i <= AGENTS; i++)); do
		awk -v uid="$(id -u "many$i"):" '$1 == uid {split($4 "/" $5, n, "/")} END {print uid, n[1] + 0, n[3] + 0}' \
			/proc/key-users
	done
}

nothing_is_added_to() {
	paste <(echo "$1") <(quota_of_agents) >/tmp/added
	# The kernel makes a user's own two keyrings when they are asked for, and forgets them.
	awk '$5 > ($2 > 2 ? $2 : 2) || $6 > ($3 > 40 ? $3 : 40) {print; bad = 1} END {exit bad}' /tmp/added
}

test_no_value_was_ever_logged() {
	lacks "$(cat "$SYSLOG")" of-many
}

run_tests
