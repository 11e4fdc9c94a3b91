#!/bin/bash
# SPDX-License-Identifier: MIT
# The module's contract, as pam_ravi(8) has it: what each call returns, logs and leaves behind, in hosts of
# every kind. BUILD=sanitized runs it with the module and the host built with sanitizers.
# shellcheck source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
# shellcheck disable=SC2329,SC2016 # the tests are found by name; commands for the host are quoted

# shellcheck source=host.bash
. "$(dirname "$0")/host.bash"

test_machine_is_set_up() {
	if [[ $BUILD != plain ]]; then
		# That build looks for its programs below /usr/local.
		mkdir -p /usr/local/libexec
		ln -sfn /usr/libexec/ravi /usr/local/libexec/ravi
	fi
	set_up
	useradd -m human
	module
}

# ---- what each call returns ----

test_an_agent_has_its_ring_while_the_session_lives() {
	says "acct PAM_SUCCESS,open PAM_SUCCESS,one,close PAM_SUCCESS" \
		first acct open "$PRINT" close
	logs_nothing
	no_ring first
}

test_who_is_no_agent_is_ignored() {
	says "auth PAM_IGNORE,acct PAM_IGNORE,setcred PAM_IGNORE,open PAM_IGNORE,close PAM_SUCCESS" \
		human auth acct setcred:establish open close
	says "acct PAM_IGNORE,open PAM_IGNORE,close PAM_SUCCESS" root acct open close
	says "acct PAM_IGNORE,open PAM_IGNORE,close PAM_SUCCESS" nobody-has-this-name acct open close
	logs_nothing
}

# As it is where a directory does not answer: whose uid would the fresh session ring be?
test_who_is_not_found_takes_no_session_ring_along() {
	says "open PAM_SUCCESS,open PAM_SESSION_ERR,close PAM_SUCCESS,close PAM_SUCCESS" \
		first open start:nobody-has-this-name open close handle:0 close
	contains "$(module_log 3)" "it cannot leave an agent's session ring"
}

# Nobody can say any more that it was an agent, but for its ring, which only root may look for.
test_the_session_ring_of_an_agent_who_is_gone_does_not_travel() {
	local uid
	make_agent leaver secret
	uid=$(id -u leaver)
	says "open PAM_SUCCESS,$uid,open PAM_IGNORE,$(id -u human),close PAM_SUCCESS,close PAM_SUCCESS" \
		leaver open 'root:keyctl unlink $(sed -n s/^ring=//p /run/ravi/rings/leaver) @s' \
		"root:mv $ENTRIES/leaver /tmp/leaver; userdel leaver" 'root:keyctl rdescribe @s | cut -d";" -f2' \
		start:human open 'root:keyctl rdescribe @s | cut -d";" -f2' close handle:0 close
	mv /tmp/leaver "$ENTRIES/leaver"
	ravi identity delete leaver >/dev/null
	equal "" "$(ring_of leaver)"
}

test_nobody_is_authenticated() {
	says "auth PAM_IGNORE" first auth
}

test_a_disabled_identity_is_denied() {
	keep "$ENTRIES/first"
	local state advice="enable it again: ravi identity enable"
	for state in disabled deleted; do
		sed -i "s/^state=.*/state=$state/" "$ENTRIES/first"
		# What is deleted cannot be enabled.
		[[ $state == disabled ]] || advice="make it anew: ravi identity create --name"
		says "message: The identity first is $state. The administrator can $advice first,acct PAM_PERM_DENIED" \
			first acct
		contains "$(module_log 5)" "event=deny user=first identity=first state=$state result=denied"
		says "open PAM_SESSION_ERR,close PAM_SUCCESS" first open close
		logs_once "identity first is $state"
		no_ring first
	done
}

test_a_disabled_identity_loses_its_live_ring() {
	keep "$ENTRIES/first"
	says "open PAM_SUCCESS,open PAM_SESSION_ERR,status 4,close PAM_SUCCESS" first open \
		"root:sed -i s/state=active/state=disabled/ $ENTRIES/first" start open \
		"run:ravi-keyctl print TOKEN 2>/dev/null" handle:0 close
	no_ring first
}

test_quiet_and_silent_say_nothing() {
	keep "$ENTRIES/first"
	sed -i "s/^state=.*/state=disabled/" "$ENTRIES/first"
	says "acct PAM_PERM_DENIED" first acct:silent
	module quiet
	says "acct PAM_PERM_DENIED" first acct
	module
}

# damaged REASON: account and session of `second` say what the page says, and the log why.
damaged() {
	says "acct PAM_SYSTEM_ERR" second acct
	logs_once "$1"
	says "open PAM_SESSION_ERR,close PAM_SUCCESS" second open close
	logs_once "$1"
	no_ring second
}

test_a_damaged_entry_is_an_error() {
	keep "$ENTRIES/second"
	local uid
	uid=$(id -u second)
	entry second "nonsense"
	damaged "line 1 is not key=value"
	: >"$ENTRIES/second"
	damaged "it is empty"
	entry second "uid=$uid"
	damaged "identities is missing"
	entry second "identities=second"
	damaged "uid or identities is missing"
	entry second "uid=0" "identities=second"
	damaged "uid=0 is no uid of an agent"
	entry second "uid=-1" "identities=second"
	damaged "uid=-1 is no uid"
	entry second "uid=$uid" "identities=../../second"
	damaged "is no identity name"
	entry second "uid=$uid" "identities=second" "state=asleep"
	damaged "state=asleep is unknown"
	printf 'uid=%s\0\nidentities=second\n' "$uid" >"$ENTRIES/second"
	damaged "not text"
	head -c 5000 /dev/zero | tr '\0' '#' >"$ENTRIES/second"
	damaged "is larger than 4096 bytes"
}

test_an_entry_that_others_may_write_is_an_error() {
	keep "$ENTRIES/second"
	chmod 646 "$ENTRIES/second"
	damaged "take the bits"
	chmod 664 "$ENTRIES/second"
	damaged "take the bits"
	chmod 644 "$ENTRIES/second"
	chown second "$ENTRIES/second"
	damaged "belongs to uid"
}

test_an_entry_that_is_no_file_is_an_error() {
	keep "$ENTRIES/second"
	mv "$ENTRIES/second" /tmp/second.entry
	ln -s /tmp/second.entry "$ENTRIES/second"
	damaged "symbolic link"
	rm "$ENTRIES/second"
	# Nobody writes to it: who waits here waits forever.
	mkfifo "$ENTRIES/second"
	damaged "regular file"
	rm "$ENTRIES/second"
	mkdir "$ENTRIES/second"
	damaged "regular file"
}

# The agent is at work, and one more login meets an entry that somebody has edited.
test_a_damaged_entry_takes_no_ring_from_a_living_session() {
	keep "$ENTRIES/first"
	cp -p "$ENTRIES/first" /tmp/first.entry
	local damage
	for damage in "chmod 664" "sed -i s/^state=.*/state=asleep/" "sed -i 1inonsense" "truncate -s 0"; do
		says "open PAM_SUCCESS,open PAM_SESSION_ERR,one,same,close PAM_SUCCESS" first open \
			"root:cp /run/ravi/rings/first /tmp/ring" "root:$damage $ENTRIES/first" start open "$PRINT" \
			"root:cmp /tmp/ring /run/ravi/rings/first && echo same" \
			"root:cp -p /tmp/first.entry $ENTRIES/first" handle:0 close
		lacks "$(module_log 5)" "former holder"
		no_ring first
	done
}

test_an_entry_for_another_uid_is_an_error() {
	keep "$ENTRIES/second"
	sed -i "s/^uid=.*/uid=$(id -u first)/" "$ENTRIES/second"
	damaged "is for uid $(id -u first)"
	no_ring first
}

test_an_entry_of_a_user_who_is_gone_is_an_error() {
	keep "$ENTRIES/ghost"
	entry ghost uid=59999 identities=ghost state=active
	says "acct PAM_SYSTEM_ERR,open PAM_SESSION_ERR,close PAM_SUCCESS" ghost acct open close
	no_ring ghost
}

test_system_accounts_and_root_are_never_agents() {
	keep "$ENTRIES/daemon"
	entry daemon "uid=$(id -u daemon)" identities=first state=active
	says "open PAM_SESSION_ERR,close PAM_SUCCESS" daemon open close
	logs_once "is below UID_MIN"
	no_ring daemon
	keep "$ENTRIES/root"
	entry root uid=0 identities=first state=active
	says "open PAM_SESSION_ERR,close PAM_SUCCESS" root open close
	logs_once "no uid of an agent"
	no_ring root
}

test_names_that_no_agent_can_have_are_ignored() {
	keep /etc/passwd
	keep "$ENTRIES/Alice"
	local name long
	long=$(printf 'a%.0s' {1..33})
	for name in ../agents/first ./first first/ Alice "$long" -first 1first "first "; do
		printf '%s:x:%s:%s::/tmp:/bin/sh\n' "$name" "$(id -u first)" "$(id -g first)" >>/etc/passwd
	done
	cp "$ENTRIES/first" "$ENTRIES/Alice"
	for name in ../agents/first ./first first/ Alice "$long" -first 1first "first " \
		"$(printf 'a%.0s' {1..5000})" "../../../etc/passwd"; do
		says "acct PAM_IGNORE,open PAM_IGNORE,close PAM_SUCCESS" "$name" acct open close
		logs_nothing
	done
	no_ring first
}

test_a_host_that_names_no_user_is_told() {
	module
	local steps
	steps=$(host "" acct open close setcred:refresh | paste -sd,)
	equal "acct PAM_SYSTEM_ERR,open PAM_SESSION_ERR,close PAM_SESSION_ERR,setcred PAM_CRED_ERR" "$steps"
	contains "$(module_log 3)" "libpam knows no user"
}

test_a_vault_that_cannot_be_opened_is_an_error() {
	keep /var/lib/ravi/vaults/second.age
	head -c 200 /dev/urandom >/var/lib/ravi/vaults/second.age
	says "acct PAM_SUCCESS,open PAM_SESSION_ERR,close PAM_SUCCESS" second acct open close
	logs_once "second"
	no_ring second
	rm /var/lib/ravi/vaults/second.age
	says "open PAM_SESSION_ERR,close PAM_SUCCESS" second open close
	logs_once "second"
	no_ring second
}

# ---- one session a handle ----

RECORDS='root:ls /run/ravi/sessions/first | wc -l'

test_two_opens_on_one_handle_count_once() {
	says "open PAM_SUCCESS,open PAM_SUCCESS,1,close PAM_SUCCESS,0,close PAM_SUCCESS" \
		first open open "$RECORDS" close "$RECORDS" close
	no_ring first
}

test_two_handles_of_one_process_count_twice() {
	says "open PAM_SUCCESS,open PAM_SUCCESS,2,close PAM_SUCCESS,1,one,close PAM_SUCCESS,0" \
		first open start open "$RECORDS" close "$RECORDS" "$PRINT" \
		handle:0 close "$RECORDS"
	no_ring first
}

test_a_close_without_open_does_nothing() {
	says "close PAM_SUCCESS" first close
	says "open PAM_SUCCESS,close PAM_SUCCESS,1,one,close PAM_SUCCESS" \
		first open start close "$RECORDS" "$PRINT" handle:0 close
	no_ring first
}

test_a_close_without_privileges_does_nothing() {
	local uid
	uid=$(id -u first)
	says "open PAM_SUCCESS,close PAM_SUCCESS,1,one,close PAM_SUCCESS,0" \
		first open "uid:0/$uid/0" close uid:0 "$RECORDS" "$PRINT" close "$RECORDS"
	no_ring first
}

test_a_handle_that_ends_without_close_is_a_dead_session() {
	says "open PAM_SUCCESS" first open
	says "open PAM_SUCCESS,close PAM_SUCCESS,0" first open close "$RECORDS"
	no_ring first
}

test_handles_of_two_agents_do_not_mix() {
	says "open PAM_SUCCESS,open PAM_SUCCESS,two,close PAM_SUCCESS,one,close PAM_SUCCESS" \
		first open start:second open "root:setpriv --reuid second --clear-groups ravi-keyctl print TOKEN" \
		close "$PRINT" handle:0 close
	no_ring first
	no_ring second
}

test_many_hosts_at_once() {
	local i
	for i in {1..12}; do
		host first open "$PRINT" close >"/tmp/many.$i" 2>&1 &
	done
	wait
	for i in {1..12}; do
		equal "open PAM_SUCCESS,one,close PAM_SUCCESS" "$(paste -sd, "/tmp/many.$i")"
	done
	no_ring first
}

# ---- setcred ----

# Takes the key out of the ring, behind the back of ravi-load.
SPOIL='root:keyctl revoke "$(keyctl search "$(sed -n s/^ring=//p /run/ravi/rings/first)" user ravi:TOKEN)"'

test_setcred_refreshes_a_counted_session() {
	local how
	for how in refresh reinit refresh,silent; do
		says "open PAM_SUCCESS,status 3,setcred PAM_SUCCESS,one,1,close PAM_SUCCESS" \
			first open "$SPOIL" "$PRINT" "setcred:$how" "$PRINT" "$RECORDS" close
		no_ring first
	done
}

test_setcred_does_nothing_else() {
	says "setcred PAM_IGNORE,setcred PAM_IGNORE,setcred PAM_IGNORE,setcred PAM_IGNORE,setcred PAM_IGNORE" \
		first setcred:establish setcred:reinit setcred:refresh setcred:delete setcred
	no_ring first
	# cron deletes before it closes, sudo after, sshd establishes twice.
	says "open PAM_SUCCESS,setcred PAM_IGNORE,setcred PAM_IGNORE,setcred PAM_IGNORE,one,1,close PAM_SUCCESS" \
		first open setcred:establish setcred:establish setcred:delete "$PRINT" "$RECORDS" close
	no_ring first
	says "open PAM_SUCCESS,close PAM_SUCCESS,setcred PAM_IGNORE,setcred PAM_IGNORE" \
		first open close setcred:delete setcred:refresh
	no_ring first
}

test_setcred_that_fails_leaves_the_ring() {
	keep /var/lib/ravi/vaults/first.age
	says "open PAM_SUCCESS,setcred PAM_CRED_ERR,one,close PAM_SUCCESS" \
		first open "root:echo x >/var/lib/ravi/vaults/first.age" setcred:refresh "$PRINT" close
	logs_once first
	no_ring first
}

# ---- whose process it is ----

test_a_host_without_privileges_gets_account_alone() {
	keep "$ENTRIES/first"
	local user uid
	for user in first human; do
		uid=$(id -u "$user")
		says "acct PAM_SUCCESS,open PAM_IGNORE,setcred PAM_IGNORE,close PAM_SUCCESS" \
			first "uid:$uid" acct open setcred:refresh close
		says "acct PAM_IGNORE,open PAM_IGNORE,close PAM_SUCCESS" human "uid:$uid" acct open close
	done
	sed -i s/state=active/state=disabled/ "$ENTRIES/first"
	says "acct PAM_PERM_DENIED" first "uid:$(id -u human)" acct:silent
	no_ring first
}

test_a_host_with_the_callers_real_uid_works() {
	local human first
	human=$(id -u human)
	first=$(id -u first)
	says "open PAM_SUCCESS,one,close PAM_SUCCESS" first "uid:$human/0/0" open "$PRINT" close
	no_ring first
	says "open PAM_SUCCESS,one,close PAM_SUCCESS" first "uid:$first/0/0" open "$PRINT" close
	no_ring first
	says "open PAM_IGNORE,close PAM_SUCCESS" first "uid:0/$human/0" open close
}

# ---- options ----

test_debug_logs_each_step() {
	local log
	host first open close >/dev/null
	equal "" "$(module_log 7)"
	module debug
	host first open start open close handle:0 close >/dev/null
	log=$(module_log 7 | sed -e 's/.*pam_ravi(ravi-test:session): //' -e 's/[0-9]\{4,\}/N/g' \
		-e 's/[0-9]* keys/N keys/' -e 's/revision [0-9]*/revision N/' | paste -sd,)
	equal "first: joined a fresh session ring,first: ravi-load: ring N of first holds N keys, revision N,first: kept the session ring,first: warm, ring N with N keys,first: 1 other sessions live,first: 0 other sessions live,first: ravi-load: first has no ring" "$log"
	module
}

test_an_unknown_option_is_named_and_ignored() {
	module frobnicate colour=blue
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open close
	contains "$(module_log 3)" "PAM argument: unknown option frobnicate, ignored"
	contains "$(module_log 3)" "PAM argument: unknown option colour, ignored"
	module "$(printf 'x%.0s' {1..300})"
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open close
	contains "$(module_log 3)" "unknown option (too long), ignored"
	module
	keep "$CONF"
	printf '# a comment\n\nshade = blue\nconf = /etc/other\n' >"$CONF"
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open close
	contains "$(module_log 3)" "$CONF: unknown option shade, ignored"
	contains "$(module_log 3)" "$CONF: unknown option conf, ignored"
}

# It decides by them what it loads.
test_settings_of_the_line_reach_the_loader() {
	keep "$LOADER"
	cp -p "$LOADER" /tmp/loader.real
	loader 'echo "$*" >/tmp/asked' 'exec /tmp/loader.real "$@"'
	module debug timeout=5 required_fresh max_age=60 no_such_setting
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open "root:mv /tmp/asked /tmp/asked.open" close
	contains "$(cat /tmp/asked.open)" "--set required_fresh --set max_age=60 --into-session"
	contains "$(/tmp/loader.real --load first --set max_age=no 2>&1)" "max_age takes a number"
}

# refused REASON: sessions of agents fail and nobody else's; account goes by the entry alone.
refused() {
	says "open PAM_SESSION_ERR,close PAM_SUCCESS" first open close
	equal 1 "$(module_log 3 | sort -u -k4 | sed 's/.*): //' | sort -u | grep -c .)"
	contains "$(module_log 3)" "$1"
	no_ring first
	says "open PAM_IGNORE,close PAM_SUCCESS" human open close
	says "acct PAM_SUCCESS" first acct
}

test_a_bad_value_is_refused() {
	local value
	for value in 0 61 -1 3x abc 99999999999999999999; do
		module "timeout=$value"
		refused "PAM argument timeout takes a number from 1 to 60, not \"$value\""
	done
	module timeout=
	refused "PAM argument timeout needs a value"
	module timeout
	refused "PAM argument timeout needs a value"
	module reach=world
	refused "PAM argument reach takes one of user, session, not \"world\""
	module debug=perhaps
	refused "PAM argument debug takes yes or no"
	module
}

test_a_bad_ravi_conf_is_refused_with_the_line() {
	keep "$CONF"
	printf '# one\nquiet = yes\ntimeout = soon\n' >"$CONF"
	refused "$CONF line 3: timeout takes a number"
	printf 'quiet\n' >"$CONF"
	refused "$CONF line 1: \"quiet\" is not key = value"
	printf 'quiet = yes\0\n' >"$CONF"
	refused "$CONF holds a NUL byte"
	printf 'quiet = yes\n' >"$CONF"
	chmod 666 "$CONF"
	refused "take the bits"
	chmod 644 "$CONF"
	chown first "$CONF"
	refused "belongs to uid"
}

test_another_ravi_conf() {
	printf 'debug = yes\n' >/tmp/other.conf
	chmod 644 /tmp/other.conf
	module conf=/tmp/other.conf
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open close
	contains "$(module_log 7)" "joined a fresh"
	# What stands in the line wins.
	module debug=no conf=/tmp/other.conf
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open close
	equal "" "$(module_log 7)"
	module conf=/tmp/missing.conf
	refused "conf=/tmp/missing.conf: No such file"
	module conf=other.conf
	refused "conf=other.conf is no absolute path"
	module conf=
	refused "conf needs a value"
	ln -sf other.conf /tmp/link.conf
	module conf=/tmp/link.conf
	refused "symbolic link"
	chmod 666 /tmp/other.conf
	module conf=/tmp/other.conf
	refused "take the bits"
	module
}

test_a_conf_that_breaks_does_not_keep_the_ring() {
	keep "$CONF"
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open "root:echo timeout=never >$CONF" close
	no_ring first
}

# The ring is in reach of a process with another session ring, or not.
FAR='run:exec keyctl session - ravi-keyctl print TOKEN 2>/dev/null'

test_reach() {
	keep "$CONF"
	says "open PAM_SUCCESS,one,one,close PAM_SUCCESS" first open "$PRINT" "$FAR" close
	module reach=session
	says "open PAM_SUCCESS,one,status 4,close PAM_SUCCESS" first open "$PRINT" "$FAR" close
	no_ring first
	module reach=user
	printf 'reach = session\n' >"$CONF"
	says "open PAM_SUCCESS,one,one,close PAM_SUCCESS" first open "$PRINT" "$FAR" close
	module
	says "open PAM_SUCCESS,one,status 4,close PAM_SUCCESS" first open "$PRINT" "$FAR" close
	no_ring first
}

# ---- a loader that is not as it should be ----

# loader_fails REASON: within the time (1 s and a half) the documented code and one line, whatever the host.
loader_fails() {
	local condition got
	for condition in umask:22 sigchld:ignore sigchld:steal closed; do
		got=$(host first $condition state open took state close)
		contains "$got" "open PAM_SESSION_ERR"
		logs_once "$1"
		took_at_most "${LIMIT:-1500}" "$got"
		same_state "$got"
		contains "$got" "close PAM_SUCCESS"
	done
}

took_at_most() {
	local took
	took=$(sed -n 's/^took //p' <<<"$2")
	[[ $took -le $1 ]] || fail "it took $took ms and not at most $1"
}

# Both lines of the host's state are the same.
same_state() {
	equal 1 "$(grep '^state ' <<<"$1" | sort -u | grep -c .)"
}

# The close that ends such a session calls the loader, too: then the real one is back.
with_loader() {
	local reason=$1
	shift
	loader "$@"
	loader_fails "$reason"
}

test_the_loader_is_missing() {
	keep "$LOADER"
	module timeout=1
	rm "$LOADER"
	says "open PAM_SESSION_ERR" first open
	logs_once "No such file"
	says "acct PAM_SUCCESS" first acct
}

# On --end it does what it should, so that only the open fails.
END='[[ $1 == --end ]] && exec '$LOADER'.real "$@"'

test_the_loader_is_stuck() {
	keep "$LOADER"
	cp "$LOADER" "$LOADER.real"
	module timeout=1
	with_loader "did not end in time" "$END" "exec sleep 100"
	with_loader "did not end in time" "$END" "sleep 100"
	with_loader "did not end in time" "$END" 'kill -STOP $$'
	with_loader "gave no answer" "$END" "exec >&-; exec sleep 100"
	with_loader "did not end in time" "$END" "trap '' TERM INT HUP; while :; do sleep 100; done"
	module
}

test_the_loader_talks_without_end() {
	keep "$LOADER"
	cp "$LOADER" "$LOADER.real"
	module timeout=1
	with_loader "gave no answer" "$END" "exec yes"
	with_loader "gave no answer" "$END" "yes | head -c 3000000"
	module
}

test_the_loader_ends_badly() {
	keep "$LOADER"
	cp "$LOADER" "$LOADER.real"
	# Nothing is waited for here; a busy machine may need the time.
	local LIMIT=5500
	module timeout=5
	with_loader "gave no answer" "$END" "exit 0"
	with_loader "gave no answer" "$END" "exit 1"
	with_loader "gave no answer" "$END" 'kill -SEGV $$'
	with_loader "gave no answer" "$END" 'kill -KILL $$'
	with_loader "gave no answer" "$END" "echo garbage"
	with_loader "gave no answer" "$END" "head -c 496 /dev/zero"
	with_loader "gave no answer" "$END" "(exec sleep 100) & exit 0"
	module
}

# Nor does it stay as a child that the login program finds when it waits for one of its own.
test_a_loader_that_answers_and_does_not_end_fails_no_login() {
	keep "$LOADER"
	cp "$LOADER" "$LOADER.real"
	loader "$LOADER.real"' "$@"' "exec sleep 100"
	# The shell that counts is a child of the host's, too.
	says "open PAM_SUCCESS,one,1,close PAM_SUCCESS,1" \
		first open "$PRINT" 'root:wc -w </proc/$PPID/task/$PPID/children' close 'root:wc -w </proc/$PPID/task/$PPID/children'
	logs_nothing
	no_ring first
}

test_a_close_and_a_refresh_with_a_stuck_loader() {
	keep "$LOADER"
	cp "$LOADER" "$LOADER.real"
	module timeout=1
	local got stuck="root:printf '#!/bin/sh\nexec sleep 100\n' >$LOADER.new; chmod 755 $LOADER.new; mv $LOADER.new $LOADER"
	got=$(host first open "$stuck" close took)
	contains "$got" "close PAM_SESSION_ERR"
	logs_once "did not end in time"
	took_at_most 1500 "$got"
	cp "$LOADER.real" "$LOADER"
	got=$(host first open "$stuck" setcred:refresh took)
	contains "$got" "setcred PAM_CRED_ERR"
	logs_once "did not end in time"
	took_at_most 1500 "$got"
	cp "$LOADER.real" "$LOADER"
	module
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open close
	no_ring first
}

test_a_lock_that_is_held_is_waited_for_until_the_deadline() {
	local got
	module timeout=1
	got=$(host first "root:mkdir -p /run/ravi/sessions/first; flock /run/ravi/sessions/first sleep 3 >/dev/null 2>&1 &" \
		"root:sleep 0.3" open took)
	contains "$got" "open PAM_SESSION_ERR"
	logs_once "stay locked by another process"
	took_at_most 1500 "$got"
	module
	says "open PAM_SUCCESS,close PAM_SUCCESS" first open close
	no_ring first
}

# In the time of the login, which is not that of ravi.conf.
test_a_lock_that_is_held_keeps_no_ring_of_a_disabled_identity() {
	local got
	keep "$ENTRIES/first"
	module timeout=2
	got=$(host first open "root:sed -i s/state=active/state=disabled/ $ENTRIES/first" \
		"root:flock /run/ravi/sessions/first sleep 4 >/dev/null 2>&1 &" "root:sleep 0.3" \
		start open took "$PRINT" "root:sleep 4" handle:0 close)
	equal "open PAM_SUCCESS,open PAM_SESSION_ERR,status 4,close PAM_SUCCESS" "$(grep -v ^took <<<"$got" | paste -sd,)"
	took_at_most 2500 "$got"
	logs_once "identity first is disabled"
	module
}

# ---- hosts of every kind ----

# works_in CONDITION...: the login works, and the host is as it was.
works_in() {
	local got
	got=$(host first "$@" state open state "$PRINT" close state)
	same_state "$got"
	got=$(grep -v '^state ' <<<"$got" | paste -sd,)
	[[ $got == "open PAM_SUCCESS,one,close PAM_SUCCESS" ]] || fail "$*: $got; the log: $(module_log 3)"
	logs_nothing
	no_ring first
}

test_a_host_with_children_of_its_own_mind() {
	works_in sigchld:ignore
	works_in sigchld:steal
}

test_a_host_without_standard_descriptors() {
	works_in closed
}

# AddressSanitizer wants terabytes of address space.
memory_limits() {
	[[ $BUILD != plain ]] || echo as=60000000 data=6000000
}

test_a_host_with_tiny_limits() {
	local limit
	for limit in fsize=0 nofile=16 core=0 nproc=1 cpu=5 $(memory_limits); do
		works_in "limit:$limit"
	done
}

# Root without CAP_SYS_RESOURCE, as containers have it, cannot lift them: what fits, works.
test_a_host_with_tiny_limits_for_good() {
	local limit
	for limit in nofile=16 core=0 nproc=1 cpu=5 $(memory_limits); do
		works_in "hard:$limit"
	done
}

test_a_host_that_may_write_no_file_lives() {
	local got
	if setpriv --bounding-set=-sys_resource true && prlimit --fsize=0 prlimit --fsize=1 true 2>/dev/null; then
		works_in hard:fsize=0
	fi
	got=$(setpriv --inh-caps=-all --bounding-set=-sys_resource bash -c "exec $HOST /tmp/pam first hard:fsize=0 open" 2>&1)
	equal "open PAM_SESSION_ERR" "$got"
	# Killed in the middle of its work, ravi-load left nothing that no close would find.
	lacks "$(setpriv --reuid first --clear-groups keyctl show @u 2>&1)" ravi:
	host first open close >/dev/null
	no_ring first
}

test_a_host_with_signals_of_its_own() {
	works_in block
	works_in alarm:25
	works_in ticks
	works_in block alarm:25 closed sigchld:ignore limit:fsize=0
}

test_a_host_with_any_umask() {
	works_in umask:0
	says "open PAM_SUCCESS,755 711 700 700 600,600,700,close PAM_SUCCESS" first umask:0 \
		"root:rm -rf /run/ravi" open \
		"root:echo \$(stat -c %a /run /run/ravi /run/ravi/rings /run/ravi/sessions) \$(stat -c %a /run/ravi/rings/first)" \
		'root:stat -c %a /run/ravi/sessions/first/*' 'root:stat -c %a /run/ravi/sessions/first' close
	works_in umask:777
}

test_other_threads_keep_their_ids() {
	local got
	got=$(host first watch open start:human open watched)
	equal "open PAM_SUCCESS,open PAM_IGNORE,watched well, 0 strange" "$(paste -sd, <<<"$got")"
	host first open close >/dev/null
	no_ring first
}

test_a_host_without_descriptors_is_never_stuck() {
	keep "$LOADER"
	module timeout=1
	loader "exec sleep 100"
	local free got
	for free in 0 1 2 3 4 5 6; do
		got=$(host first acct "free:$free" open took)
		# libpam has an error of its own where not even one is left for its audit.
		[[ $free -eq 0 ]] || contains "$got" "open PAM_SESSION_ERR"
		lacks "$got" "open PAM_SUCCESS"
		equal 1 "$(module_log 3 | grep -c ' first: ')"
		took_at_most 1500 "$got"
	done
	module
}

# Between two of our system calls, too: what was started is then not left to run, or waited for.
test_a_host_whose_descriptors_vanish_is_never_stuck() {
	keep "$LOADER"
	module timeout=1
	loader "exec sleep 100"
	local try got
	for try in {1..20}; do
		got=$(host first acct "free:$((try % 3 + 3))" hoard open took)
		lacks "$got" "open PAM_SUCCESS"
		took_at_most 1500 "$(tail -n 1 <<<"$got")"
	done
}

test_no_value_was_ever_logged() {
	lacks "$(cat "$SYSLOG")" "s3cr3t"
}

run_tests
