#!/bin/bash
# SPDX-License-Identifier: MIT
# The audit trail: what happens on a machine is in it, whoever tampers with it is found out, and nothing that
# is wrong with it keeps anybody from logging in.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

TRAIL=/var/lib/ravi/audit
LOG=$TRAIL/audit.log
COPY=/var/lib/ravi/audit.checkpoint

# refused STATUS PART COMMAND...: exits with STATUS and says PART.
refused() {
	local status=$1 part=$2 said
	shift 2
	said=$(expect "$status" "$@" 2>&1) || fail "$said"
	contains "$said" "$part"
}

# events ARGUMENT...: what ravi audit shows, one "event result user identity name" a line.
events() {
	ravi audit --json "$@" | jq -r '.[] | "\(.event) \(.result) \(.user) \(.identity) \(.name)"'
}

# kept FOLDER: the trail as it is, put there; back FOLDER: as it was.
kept() {
	rm -rf "$1"
	mkdir "$1"
	cp -a "$TRAIL" "$COPY" "$1"
}

back() {
	rm -rf "$TRAIL" "$COPY"
	cp -a "$1"/audit "$TRAIL"
	cp -a "$1"/audit.checkpoint "$COPY"
}

# found KIND PLACE: ravi audit verify finds that, there, and says so in JSON as well.
found() {
	local said
	said=$(expect 1 ravi audit verify 2>/dev/null)
	contains "$said" ": $1: "
	contains "$said" "$2"
	[[ $(expect 1 ravi audit verify --json 2>/dev/null | jq -r '"\(.sound) \(.findings[0].kind)"') == "false $1" ]]
}

# ---- events ----

test_a_machine_has_a_trail_from_its_start() {
	start_syslog
	enable_pam
	refused 1 "ravi init" ravi audit verify
	equal '[]' "$(ravi audit --json | tr -d '\n')"
	ravi init --domain agents.test >/dev/null
	equal "700 root" "$(stat -c '%a %U' "$TRAIL")"
	equal "600 root" "$(stat -c '%a %U' "$LOG")"
	equal "600 root 512" "$(stat -c '%a %U %s' "$COPY")"
	equal "init done null null null" "$(events)"
	contains "$(ravi audit verify)" "sound: 3 entries in 1 file"
}

test_identities_and_secrets_are_in_it() {
	make_agent first one
	make_agent second two
	printf %s two | ravi secrets set TOKEN --identity first >/dev/null
	ravi secrets get TOKEN --identity first >/dev/null
	ravi secrets set OTHER x --identity first >/dev/null
	ravi secrets delete OTHER --identity first >/dev/null
	ravi identity sign-key first >/dev/null
	ravi identity disable second >/dev/null
	ravi identity enable second >/dev/null
	expect 3 ravi secrets get NONE --identity first
	equal "identity-create done first first null
set done first first SSH_SIGNING_KEY
set done first first TOKEN
rotate done first first TOKEN
get done null first TOKEN
set done first first OTHER
delete done first first OTHER
rotate done first first SSH_SIGNING_KEY
get failed null first NONE" "$(events --identity first)"
	equal "identity-disable done second second null
identity-enable done second second null" "$(events --user second | tail -n 2)"
	lacks "$(cat "$LOG")" "$(ravi secrets get TOKEN --identity first)=" # no value, in any form
	ravi audit verify
}

test_a_login_and_its_end_are_one_line_each() {
	local before
	before=$(wc -l <"$LOG")
	session first a
	equal $((before + 1)) "$(wc -l <"$LOG")"
	# A second session links the ring that is there.
	session first b
	equal $((before + 1)) "$(wc -l <"$LOG")"
	end_session b
	end_session a
	equal $((before + 2)) "$(wc -l <"$LOG")"
	equal "load done first first null
release done first null null" "$(events --user first | tail -n 2)"
	# The same line is in syslog.
	contains "$(cat "$SYSLOG")" "$(tail -n 1 "$LOG" | grep -o 'event=release.*')"
}

test_a_login_syncs_nothing() {
	local trace=/tmp/trace
	strace -f -e trace=fsync,fdatasync,sync,syncfs,sync_file_range,openat -o "$trace" su - first -c true
	contains "$(cat "$trace")" audit.log
	lacks "$(grep -v openat "$trace")" sync
	rm "$trace"
}

test_denials_are_in_it_once_each() {
	local before
	ravi identity disable second >/dev/null
	before=$(events --event deny | wc -l)
	expect 1 su - second -c true
	equal $((before + 1)) "$(events --event deny | wc -l)"
	contains "$(ravi audit --event deny --json | jq -r '.[-1].cause')" "second is disabled"
	ravi identity enable second >/dev/null
	# A user who has the name of an agent and another uid gets no ring, though it may log in.
	sed -i "s/^second:x:$(id -u second):/second:x:60123:/" /etc/passwd
	before=$(events --event deny | wc -l)
	su - second -c true || true
	sed -i "s/^second:x:60123:/second:x:$(stat -c %u /home/second):/" /etc/passwd
	equal $((before + 1)) "$(events --event deny | wc -l)"
	contains "$(ravi audit --event deny --json | jq -r '.[-1].cause')" "has uid 60123"
}

test_what_an_agent_asks_the_broker_for_is_in_it() {
	/usr/libexec/ravi/ravi-broker --listen &
	eventually 5 test -S /run/ravi/broker.sock
	su - first -c 'ravi secrets set MINE one' >/dev/null
	su - first -c 'ravi secrets set MINE two' >/dev/null
	expect 5 su - first -c 'ravi secrets set TOKEN stolen'
	su - first -c 'ravi secrets delete MINE' >/dev/null
	equal "set done first first MINE
rotate done first first MINE
delete done first first MINE" "$(events --user first | grep MINE | grep -v ^broker)"
	equal "broker done first first MINE
broker done first first MINE
broker denied first first TOKEN
broker done first first MINE" "$(events --event broker)"
	equal first "$(ravi audit --event rotate --json | jq -r '.[-1].user')"
	equal broker "$(ravi audit --event rotate --json | jq -r '.[-1].via')"
}

test_an_agent_sees_its_own_and_nobody_elses() {
	local said
	said=$(su - first -c 'ravi audit --json')
	equal first "$(jq -r '[.[].user // "first"] | unique | join(" ")' <<<"$said")"
	contains "$(jq -r .[].event <<<"$said")" identity-create
	contains "$(jq -r .[].event <<<"$said")" rotate
	lacks "$(su - first -c 'ravi audit')" second
	equal "load done" "$(su - first -c 'ravi audit --event load --lines 1 --json' | jq -r '.[] | "\(.event) \(.result)"')"
	# What was asked for is not all that it may have.
	refused 5 "first has no identity second" su - first -c 'ravi audit --identity second'
	equal '[]' "$(su - first -c 'ravi audit --since 1s --event init --json' | tr -d '\n')"
	refused 5 "only root" su - first -c 'ravi audit verify'
	refused 5 "only root" su - first -c 'ravi audit restart'
	useradd -m human
	refused 5 "only root" su human -c 'ravi audit'
	expect 1 su - first -c "cat $LOG"
}

test_a_former_agent_of_the_same_name_is_another_one() {
	ravi identity create --name again >/dev/null
	ravi secrets set OF_THE_FORMER x --identity again >/dev/null
	ravi identity delete again >/dev/null
	userdel -r again 2>/dev/null
	ravi identity create --name again >/dev/null
	lacks "$(su - again -c 'ravi audit')" OF_THE_FORMER
	contains "$(su - again -c 'ravi audit')" identity-create
	contains "$(ravi audit --identity again)" OF_THE_FORMER
}

test_who_asks_in_vain_fills_no_trail() {
	local before
	install -m 755 "$BUILT/system/broker-attack" /usr/bin/broker-attack
	before=$(ravi audit --event broker --json | jq length)
	for _ in $(seq 30); do
		setpriv --reuid human --regid human --clear-groups /usr/bin/broker-attack send '{}' >/dev/null
	done
	[[ $(ravi audit --event broker --json | jq length) -le $((before + 11)) ]]
	[[ $(ravi audit --event broker --json | jq length) -gt $before ]]
}

# ---- looking ----

test_the_table_is_for_people() {
	local out
	out=$(ravi audit --event rotate)
	contains "$out" "TIME"
	contains "$out" "DETAILS"
	contains "$out" "$(date +%Y-)"
	contains "$(TZ=UTC-5 ravi audit --lines 1)" "$(TZ=UTC-5 date +'%Y-%m-%d %H')"
	equal 2 "$(ravi audit --lines 1 | wc -l)"
	equal 3 "$(ravi audit --lines 3 --json | jq length)"
	lacks "$(ravi audit)" checkpoint
	contains "$(ravi audit --event checkpoint)" checkpoint
}

# Not root, but who became it.
test_who_did_it_is_who_logged_in() {
	local who
	who=$(cat /proc/self/loginuid)
	[[ $who -ne 4294967295 ]] || who=$(id -u human)
	SUDO_UID=$(id -u human) ravi secrets set WHO x --identity first >/dev/null
	equal "$who" "$(ravi audit --lines 1 --event set --json | jq -r '.[0].by')"
	contains "$(ravi audit --lines 1 --event set)" "$(getent passwd "$who" | cut -d: -f1)"
}

test_since_takes_durations_and_times() {
	sleep 1.1
	local since
	since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	ravi identity create --name newest --user first >/dev/null
	contains "$(events --since "$since")" "identity-create done first newest"
	lacks "$(events --since "$since")" "identity-create done second"
	contains "$(events --since 1h)" "identity-create done second"
	equal "$(events)" "$(events --since 2w)"
	refused 2 "no time" ravi audit --since yesterday
	refused 2 "identity" ravi audit --identity ../x
	# A further identity is in the ring that its user's logins load.
	su - first -c true
	contains "$(events --identity newest)" "load done first first"
	lacks "$(events --identity newest)" "TOKEN"
}

test_follow_goes_on() {
	ravi audit --follow --event get --since 1s >/tmp/followed &
	ravi audit --follow --json --event get --since 1s >/tmp/followed.json &
	eventually 10 bash -c 'ravi secrets get TOKEN --identity first >/dev/null; grep -q "event=get\|get " /tmp/followed'
	ravi secrets get TOKEN --identity second >/dev/null
	eventually 10 grep -q second /tmp/followed
	eventually 10 grep -q second /tmp/followed.json
	kill %1 %2
	equal get "$(tail -n 1 /tmp/followed.json | jq -r .event)"
}

test_follow_begins_with_the_newest_that_are_asked_for() {
	timeout 2 ravi audit --follow --lines 2 --json >/tmp/followed.json || true
	equal 2 "$(wc -l </tmp/followed.json)"
	equal "$(ravi audit --json | jq -r '.[-2:][].seq')" "$(jq -r .seq </tmp/followed.json)"
	refused 2 "--lines takes a number from 1" ravi audit --lines 0
}

# ---- tampering ----

test_every_tampering_is_found_and_named() {
	local lines
	ravi audit verify
	kept /root/kept
	lines=$(wc -l <"$LOG")
	sed -i '5s/done/xone/' "$LOG"
	found changed "audit.log: line 5"
	back /root/kept
	sed -i 7,8d "$LOG"
	found removed "audit.log: line 7"
	back /root/kept
	sed -i '9{h;d};10{G}' "$LOG"
	found reordered "audit.log: line 9"
	back /root/kept
	sed -i '6{p}' "$LOG"
	found reordered "audit.log: line 7"
	back /root/kept
	head -n $((lines - 3)) "$LOG" | tee "$LOG.new" >/dev/null
	cat "$LOG.new" >"$LOG"
	rm "$LOG.new"
	found truncated "audit.log: line $((lines - 3))"
	back /root/kept
	# One byte less than the last line's end.
	truncate -s -2 "$LOG"
	found truncated audit.log
	back /root/kept
	: >"$LOG"
	found truncated audit.log
	back /root/kept
	rm "$LOG"
	found truncated audit.log
	back /root/kept
	rm -r "$TRAIL"
	found truncated audit.log
	back /root/kept
	rm "$COPY"
	found removed audit.checkpoint
	back /root/kept
	ravi audit verify
}

test_a_broken_trail_is_not_signed_and_everybody_is_told() {
	local said
	kept /root/kept
	head -n 10 "$LOG" >/tmp/cut
	cat /tmp/cut >"$LOG"
	said=$(ravi secrets set CUT x --identity first 2>&1)
	contains "$said" "ravi audit verify"
	contains "$said" "stored CUT"
	: >"$SYSLOG"
	/usr/libexec/ravi/ravi-load --sweep
	eventually 5 grep -q "ravi-load.*ravi audit verify" "$SYSLOG"
	# Logins are none of its business.
	equal one "$(su - second -c 'echo one')"
	found truncated audit.log
	back /root/kept
	contains "$(ravi audit verify)" sound
}

test_a_trail_is_put_aside_and_begun_anew() {
	local said aside
	sed -i 3d "$LOG"
	found removed "line 3"
	said=$(ravi audit restart)
	aside=$(grep -o '/var/lib/ravi/audit-[^ ;]*' <<<"$said")
	[[ -s $aside/audit.log && -s $aside/checkpoint ]]
	contains "$(events)" "audit-restart done"
	contains "$(ravi audit verify)" "sound: 3 entries"
}

test_the_sweep_signs_what_logins_left() {
	su - first -c true
	lacks "$(tail -n 1 "$LOG")" event=checkpoint
	/usr/libexec/ravi/ravi-load --sweep
	contains "$(tail -n 1 "$LOG")" event=checkpoint
	equal "$(tail -n 1 "$LOG")" "$(sed 's/ *$//' "$COPY")"
	# And nothing when there is nothing new.
	/usr/libexec/ravi/ravi-load --sweep
	equal 1 "$(tail -n 2 "$LOG" | grep -c event=checkpoint)"
}

# The chain is what anybody can check without our programs.
test_the_chain_is_what_the_manual_says() {
	local hash='' line
	while IFS= read -r line; do
		[[ -z $hash || $(cut -d' ' -f3 <<<"$line") == "$hash" ]] || fail "$line"
		hash=$(printf %s "$line" | b2sum -l 256 | cut -d' ' -f1)
	done <"$LOG"
	[[ -n $hash ]]
}

# ---- trouble ----

test_parallel_logins_keep_the_chain_whole() {
	local i before pids=()
	before=$(ravi audit --event load --json | jq length)
	: >"$SYSLOG"
	for i in $(seq 50); do
		su - first -c 'ravi-keyctl print TOKEN' >"/tmp/out.$i" 2>&1 &
		pids+=($!)
		su - second -c 'ravi-keyctl print TOKEN' >>"/tmp/out.$i" 2>&1 &
		pids+=($!)
		[[ $((i % 10)) -ne 0 ]] || ravi secrets set "P$i" x --identity first >/dev/null
	done
	wait "${pids[@]}"
	rm /tmp/out.*
	contains "$(ravi audit verify)" sound
	[[ $(ravi audit --event load --json | jq length) -gt $before ]]
	# Not one of them is in syslog alone.
	lacks "$(cat "$SYSLOG")" "the audit trail lacks"
	equal "$(grep -c 'ravi-load.*event=load' "$SYSLOG")" \
		"$(($(ravi audit --event load --json | jq length) - before))"
}

test_a_writer_that_is_killed_breaks_nothing() {
	local i
	for i in $(seq 40); do
		ravi secrets set KILLED "$i" --identity second >/dev/null 2>&1 &
		sleep "0.0$((i % 10))$((i % 7))"
		kill -KILL $! 2>/dev/null || true
		wait $! 2>/dev/null || true
	done
	ravi secrets set KILLED after --identity second >/dev/null
	contains "$(ravi audit verify)" sound
	# Half a line, as the kernel leaves it when the machine dies.
	printf '9999 2026-11-27T02:18' >>"$LOG"
	su - first -c true
	contains "$(ravi audit verify)" sound
	contains "$(events)" torn
}

# mounted: another file system in the trail's place, with the trail on it.
mounted() {
	kept /root/kept
	mount -t tmpfs -o "$1" ravi-test "$TRAIL"
	cp -a /root/kept/audit/. "$TRAIL"
}

test_a_full_disk_fails_no_login() {
	ravi audit verify
	mounted size=64k,mode=700
	dd if=/dev/zero of="$TRAIL/filler" bs=1k status=none 2>/dev/null || true
	# What is left of the log's last page is used up first.
	for _ in $(seq 40); do
		equal one "$(su - first -c 'ravi-keyctl print TOKEN >/dev/null && echo one')"
	done
	contains "$(cat "$SYSLOG")" "the audit trail lacks what was logged last"
	contains "$(grep 'audit trail lacks' "$SYSLOG" | tail -n 1)" "No space left"
	ravi secrets set FULL x --identity first 2>/dev/null
	rm "$TRAIL/filler"
	su - first -c true
	contains "$(ravi audit verify)" sound
	cp -a "$TRAIL"/. /root/kept/audit
	umount "$TRAIL"
	rm -r "$TRAIL"
	cp -a /root/kept/audit "$TRAIL"
	contains "$(ravi audit verify)" sound
}

test_a_read_only_disk_fails_no_login() {
	mounted mode=700
	mount -o remount,ro "$TRAIL"
	: >"$SYSLOG"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN >/dev/null && echo one')"
	eventually 5 grep -q "audit trail lacks.*Read-only" "$SYSLOG"
	contains "$(cat "$SYSLOG")" "event=load user=first"
	expect 1 su - second -c 'exit 1'
	ravi identity disable second 2>/dev/null >&2
	expect 1 su - second -c true
	mount -o remount,rw "$TRAIL"
	ravi identity enable second >/dev/null
	umount "$TRAIL"
	contains "$(ravi audit restart)" "new one has begun"
}

test_a_lock_that_stays_delays_a_login_a_moment() {
	local from
	exec {held}<"$TRAIL"
	flock "$held"
	from=${EPOCHREALTIME/[.,]/}
	equal one "$(su - first -c 'ravi-keyctl print TOKEN >/dev/null && echo one')"
	[[ $((${EPOCHREALTIME/[.,]/} - from)) -lt 2500000 ]]
	eventually 5 grep -q "audit trail lacks.*locked by another" "$SYSLOG"
	exec {held}<&-
	su - first -c true
	contains "$(ravi audit verify)" sound
}

# loads_in_trail NUMBER: that many loads of first's ring are in the trail; who looks waits for a writer, 2 s at most.
loads_in_trail() {
	[[ $(events | grep -c '^load done first') -eq $1 ]]
}

releases_in_trail() {
	[[ $(events | grep -c '^release done first') -eq $1 ]]
}

# delay_loader OPTION...: until the end of the test ravi-load runs with these options of strace, which delay it.
delay_loader() {
	local loader=/usr/libexec/ravi/ravi-load
	mv "$loader" "$loader.real"
	trap 'mv /usr/libexec/ravi/ravi-load.real /usr/libexec/ravi/ravi-load' EXIT
	printf '%s\n' '#!/bin/bash' "exec strace -D -f -qq -o /dev/null $* $loader.real \"\$@\"" >"$loader"
	chmod 755 "$loader"
}

# right_after_a_login COMMAND...: when the login goes on, and the child that writes has yet to begin. The login is in the
# trail all the same.
right_after_a_login() {
	local before
	delay_loader -e inject=set_robust_list:delay_enter=500000
	before=$(events | grep -c '^load done first') || true
	coproc SESSION { su - first -c 'echo begun; read -r'; }
	read -r <&"${SESSION[0]}"
	"$@"
	loads_in_trail $((before + 1))
	echo end >&"${SESSION[1]}"
	wait "$SESSION_PID"
}

test_who_looks_right_after_a_login_finds_it_there() {
	right_after_a_login true
}

# As systemd does with what is left in the unit of a program that has ended.
test_who_stops_what_a_login_left_running_takes_nothing_from_the_trail() {
	right_after_a_login pkill -TERM -x ravi-load.real
}

# With it a container may end, and nothing in it is asked.
test_the_end_of_the_last_login_is_in_the_trail_when_its_program_ends() {
	local before
	# Whoever writes still has written then.
	events >/dev/null
	delay_loader -e inject=set_robust_list:delay_enter=100000
	before=$(grep -c 'event=release user=first' "$LOG") || true
	su - first -c true
	equal $((before + 1)) "$(grep -c 'event=release user=first' "$LOG")"
	ravi identity disable second >/dev/null
	before=$(grep -c 'event=deny user=second' "$LOG") || true
	expect 1 su - second -c true
	equal $((before + 1)) "$(grep -c 'event=deny user=second' "$LOG")"
	ravi identity enable second >/dev/null
}

# A disk that is slow for a while, as under somebody's fsync(2).
test_who_is_not_waited_for_waits_for_another_writer() {
	local load release
	delay_loader -e trace=write -P "$LOG" -e inject=write:delay_enter=1500000
	load=$(events | grep -c '^load done first') || true
	release=$(events | grep -c '^release done first') || true
	su - first -c true
	eventually 20 loads_in_trail $((load + 1))
	eventually 20 releases_in_trail $((release + 1))
}

# The loader leaves the trail to a child of its own then, which no login program finds and no login waits for.
test_a_disk_that_does_not_answer_delays_a_login_a_moment() {
	local before
	delay_loader -e trace=write -P "$LOG" -e inject=write:delay_enter=10000000
	before=$(events | grep -c '^load done first') || true
	SECONDS=0
	equal one "$(su - first -c 'ravi-keyctl print TOKEN >/dev/null && echo one')"
	[[ $SECONDS -lt 8 ]] || fail "the login took $SECONDS s"
	loads_in_trail "$before"
	eventually 30 loads_in_trail $((before + 1))
	contains "$(ravi audit verify)" sound
}

test_what_is_no_file_of_ours_is_not_written() {
	kept /root/kept
	rm "$LOG"
	ln -s /etc/passwd "$LOG"
	: >"$SYSLOG"
	cp /etc/passwd /tmp/passwd
	equal one "$(su - first -c 'ravi-keyctl print TOKEN >/dev/null && echo one')"
	cmp /etc/passwd /tmp/passwd
	eventually 5 grep -q "audit trail lacks.*symbolic link" "$SYSLOG"
	back /root/kept
	chmod 666 "$LOG"
	su - first -c true
	eventually 5 grep -q "audit trail lacks.*mode 0666" "$SYSLOG"
	chmod 600 "$LOG"
	contains "$(ravi audit verify)" sound
}

# ---- rotation ----

# Eight megabytes of events, by the same function that logins use.
fill() {
	"$BUILT/system/audit-fill" "$1"
}

full_files() {
	find $TRAIL -name 'audit.log.*' | wc -l
}

# Nobody knows then how many are to be kept.
test_settings_that_cannot_be_read_drop_no_file() {
	printf 'audit_keep = 1\ntimeout = long\n' >>/etc/ravi/ravi.conf
	fill 110000
	equal 2 "$(full_files)"
	/usr/libexec/ravi/ravi-load --sweep
	equal 2 "$(full_files)"
	sed -i '/^timeout = long$/d' /etc/ravi/ravi.conf
	ravi secrets get TOKEN --identity first >/dev/null
	equal 1 "$(full_files)"
	sed -i '/^audit_keep = 1$/d' /etc/ravi/ravi.conf
	ravi audit restart >/dev/null
}

test_full_files_are_put_beside_and_the_oldest_dropped() {
	echo 'audit_keep = 2' >>/etc/ravi/ravi.conf
	fill 110000
	[[ -e $LOG.1 && -e $LOG.2 ]]
	[[ $(stat -c %s "$LOG.1") -ge 8388608 && $(stat -c %s "$LOG.1") -lt 8400000 ]]
	contains "$(ravi audit verify)" sound
	fill 110000
	ravi identity list >/dev/null
	equal 2 "$(find $TRAIL -name 'audit.log.*' | wc -l)"
	[[ ! -e $LOG.1 ]]
	contains "$(ravi audit verify)" sound
	# What was dropped is not missed; what is taken away is.
	rm "$(find $TRAIL -name 'audit.log.*' | sort -V | head -n 1)"
	found removed audit.log
	ravi audit restart >/dev/null
}

# The lines of a new trail count from 1 again, and are no old ones.
test_follow_goes_on_in_a_new_trail() {
	for _ in $(seq 20); do
		ravi secrets get TOKEN --identity first >/dev/null
	done
	ravi audit --follow --lines 1 >/tmp/followed &
	eventually 10 grep -q first /tmp/followed
	sleep 1
	ravi audit restart >/dev/null
	ravi secrets get TOKEN --identity second >/dev/null
	eventually 10 grep -q second /tmp/followed
	kill %1
	ravi audit verify
}

run_tests
