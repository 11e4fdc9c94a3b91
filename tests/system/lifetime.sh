#!/bin/bash
# SPDX-License-Identifier: MIT
# How long a ring lives: as long as a session does, whatever happens to the session's leader.
# Every test here was seen to fail with its guard taken out.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

LOADER=/usr/libexec/ravi/ravi-load

test_machine_is_set_up() {
	set_up
	useradd -m human
	local user
	# The kernel's user keyrings outlive users: an earlier run had the same uids.
	for user in first second human; do
		bare "$user" keyctl clear @u
	done
}

# kill_leader NAME: the su of that session is killed; its shell lives on, as after a crash of sshd.
kill_leader() {
	kill -KILL "$(cat "/tmp/session.$1/su")"
	wait "$(cat "/tmp/session.$1/su")" || true
}

test_a_killed_leader_is_cleaned_up_by_a_later_login() {
	session first a
	local ring
	ring=$(ring_of first)
	kill_leader a
	key_lives "$ring"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	if key_lives "$ring"; then fail "the ring lives"; fi
	equal "" "$(ls /run/ravi/sessions/first)"
	equal "" "$(ring_of first)"
	# The shell that was left behind.
	expect 4 in_session a 'ravi-keyctl print TOKEN'
}

test_a_killed_leader_is_cleaned_up_by_a_later_close() {
	session first a
	session first b
	local ring
	ring=$(ring_of first)
	kill_leader a
	equal one "$(in_session b ravi-keyctl print TOKEN)"
	end_session b
	if key_lives "$ring"; then fail "the ring lives"; fi
	equal "" "$(ls /run/ravi/sessions/first)"
	expect 4 in_session a 'ravi-keyctl print TOKEN'
}

# The record said which uid's link to take away.
test_a_damaged_record_leaves_no_link_behind() {
	session first a
	session second b
	echo nonsense >/run/ravi/rings/first
	end_session a
	equal "$(id -u second) second" "$(echo /run/ravi/rings/* | sed s,/run/ravi/rings/,,g)"
	end_session b
	equal "" "$(ls /run/ravi/rings)"
}

# As run-ravi-home.mount mounts it: an agent fills that, and /run has room for everybody else.
test_an_agent_fills_no_more_than_the_folders_of_agents() {
	local options before
	options=$(sed -n 's/^Options=//p' /lib/systemd/system/run-ravi-home.mount)
	mount -t tmpfs -o "$options" ravi-test /run/ravi/home
	equal 711 "$(stat -c %a /run/ravi/home)"
	before=$(df --output=avail /run | tail -n 1)
	session first a
	session second b
	expect 1 in_session a 'dd if=/dev/zero of=/run/ravi/home/first/x bs=1M status=none' >/dev/null
	[[ $(df --output=avail /run | tail -n 1) -gt $((before - 1024)) ]]
	equal two "$(in_session b ravi-keyctl print TOKEN)"
	contains "$(ravi doctor)" "/run/ravi/home: its file system is full"
	end_session a
	end_session b
	equal "" "$(ls /run/ravi/home)"
	umount /run/ravi/home
}

test_a_killed_leader_is_cleaned_up_by_the_sweep() {
	session first a
	session second b
	local ring others
	ring=$(ring_of first)
	others=$(ring_of second)
	$LOADER --sweep >/dev/null
	key_lives "$ring"
	kill_leader a
	$LOADER --sweep >/dev/null
	if key_lives "$ring"; then fail "the ring lives"; fi
	equal "" "$(ring_of first)"
	expect 4 in_session a 'ravi-keyctl print TOKEN'
	# Who has a living session keeps it.
	equal "$others" "$(ring_of second)"
	equal two "$(in_session b ravi-keyctl print TOKEN)"
	end_session b
}

test_a_leader_that_is_a_zombie_is_dead() {
	# The parent never collects it.
	(
		su - first -c 'sleep 300' &
		echo $! >/tmp/zombie.pid
		exec sleep 300
	) &
	local parent=$!
	eventually 10 test -s /run/ravi/rings/first
	local ring
	ring=$(ring_of first)
	kill -KILL "$(cat /tmp/zombie.pid)"
	eventually 5 grep -q '^State:.Z' "/proc/$(cat /tmp/zombie.pid)/status"
	$LOADER --sweep >/dev/null
	if key_lives "$ring"; then fail "the ring lives"; fi
	kill -KILL "$parent"
}

test_a_record_of_a_pid_that_came_again_is_dead() {
	session first a
	local record
	record=$(ls /run/ravi/sessions/first)
	mv "/run/ravi/sessions/first/$record" "/run/ravi/sessions/first/${record%%-*}-1"
	$LOADER --sweep >/dev/null
	equal "" "$(ring_of first)"
	end_session a
}

# Directory services give out uids beyond 2^31.
test_the_ring_of_a_large_uid_ends_too() {
	useradd --no-log-init -m -u 3000000019 large 2>/dev/null
	make_agent large big
	session large a
	local ring
	ring=$(ring_of large)
	equal big "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
	if key_lives "$ring"; then fail "the ring lives"; fi
	equal "" "$(ring_of large)"
}

test_processes_left_behind_read_nothing_by_any_way() {
	session first a
	local ring key
	ring=$(ring_of first)
	key=$(keyctl search "$ring" user ravi:TOKEN)
	in_session a "setsid bash -c '
		until test -e /tmp/closed; do sleep 0.05; done
		ravi-keyctl print TOKEN; echo status: \$?
		keyctl print $key; keyctl pipe $key; keyctl search @s user ravi:TOKEN; keyctl search @u user ravi:TOKEN
		keyctl request user ravi:TOKEN; keyctl rlist $ring; ravi secrets get TOKEN; echo status: \$?
		echo end' >/tmp/left.out 2>&1 &"
	end_session a
	touch /tmp/closed
	eventually 10 grep -q ^end /tmp/left.out
	equal 2 "$(grep -c '^status: 4' /tmp/left.out)"
	lacks "$(cat /tmp/left.out)" one
	lacks "$(cat /tmp/left.out)" "$key"
	if key_lives "$key"; then fail "the key lives"; fi
}

test_an_expiring_secret_expires() {
	session first a
	printf %s short | ravi secrets set SHORT --identity first --expires 2s
	equal short "$(in_session a ravi-keyctl print SHORT)"
	local key
	key=$(keyctl search "$(ring_of first)" user ravi:SHORT)
	sleep 2.5
	expect 3 in_session a 'ravi-keyctl print SHORT'
	if key_lives "$key"; then fail "the key lives"; fi
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	# A login after that has it neither.
	expect 3 su - first -c 'ravi-keyctl print SHORT'
	end_session a
}

test_a_rotation_sets_the_new_expiry_and_only_that() {
	session first a
	printf %s v1 | ravi secrets set SHORT --identity first --expires 1h
	printf %s v2 | ravi secrets set SHORT --identity first --expires 2s
	equal v2 "$(in_session a ravi-keyctl print SHORT)"
	printf %s v1 | ravi secrets set LONG --identity first --expires 2s
	printf %s v2 | ravi secrets set LONG --identity first --expires 1h
	printf %s v1 | ravi secrets set EVER --identity first --expires 2s
	printf %s v2 | ravi secrets set EVER --identity first
	sleep 2.5
	expect 3 in_session a 'ravi-keyctl print SHORT'
	equal v2 "$(in_session a ravi-keyctl print LONG)"
	equal v2 "$(in_session a ravi-keyctl print EVER)"
	# Rotating another secret takes no timeout off.
	printf %s v1 | ravi secrets set SHORT --identity first --expires 2s
	printf %s x | ravi secrets set OTHER --identity first
	ravi reload first >/dev/null
	equal v1 "$(in_session a ravi-keyctl print SHORT)"
	sleep 2.5
	expect 3 in_session a 'ravi-keyctl print SHORT'
	# What has expired comes back with a new value.
	printf %s v3 | ravi secrets set SHORT --identity first
	equal v3 "$(in_session a ravi-keyctl print SHORT)"
	end_session a
}

test_linger_keeps_the_ring_and_the_sweep_respects_it() {
	ravi identity create --name lasting --linger >/dev/null
	printf %s last | ravi secrets set TOKEN --identity lasting >/dev/null
	bare lasting keyctl clear @u
	ravi reload lasting >/dev/null
	su - lasting -c true
	local ring
	ring=$(ring_of lasting)
	key_lives "$ring"
	$LOADER --sweep >/dev/null
	equal "$ring" "$(ring_of lasting)"
	equal last "$(bare lasting ravi-keyctl print TOKEN)"
	ravi release lasting >/dev/null
	if key_lives "$ring"; then fail "the ring lives"; fi
	expect 4 bare lasting ravi-keyctl print TOKEN
}

# What a process that outlived its login reads, like one in tmux; "" when there is nothing to read.
left_behind() {
	bare lingerer ravi-keyctl print TOKEN 2>/dev/null || true
}

test_linger_can_be_switched_on_and_off() {
	local ring
	make_agent lingerer kept
	refused 2 "say on or off" ravi identity linger lingerer maybe
	refused 3 "no identity nobody" ravi identity linger nobody on
	refused 5 "sudo" bare human ravi identity linger lingerer on
	# On while a session lives: the ring it has stays, the very same.
	session lingerer tmux
	ring=$(ring_of lingerer)
	contains "$(ravi identity linger lingerer on)" "the ring of lingerer stays after the last session"
	end_session tmux
	equal "$ring" "$(ring_of lingerer)"
	equal kept "$(left_behind)"
	/usr/libexec/ravi/ravi-load --sweep
	equal kept "$(left_behind)"
	# What is stored meanwhile reaches it.
	printf rotated | ravi secrets set TOKEN -i lingerer
	equal rotated "$(left_behind)"
	# Off without a session: it is gone at once.
	contains "$(ravi identity linger lingerer off)" "ends with the last session"
	equal "" "$(ring_of lingerer)$(left_behind)"
	if key_lives "$ring"; then fail "the ring lives"; fi
}

test_linger_off_takes_nothing_from_a_living_session() {
	ravi identity linger lingerer on >/dev/null
	session lingerer tmux
	equal false "$(ravi identity linger lingerer off --json | jq .linger)"
	equal rotated "$(in_session tmux ravi-keyctl print TOKEN)"
	end_session tmux
	equal "" "$(ring_of lingerer)$(left_behind)"
}

test_linger_on_loads_the_ring_at_once() {
	equal true "$(ravi identity linger lingerer on --json | jq .linger)"
	equal rotated "$(left_behind)"
	# A disabled one has none, whatever it lingers.
	ravi identity disable lingerer >/dev/null
	equal "" "$(ring_of lingerer)$(left_behind)"
	ravi identity linger lingerer on >/dev/null
	equal "" "$(ring_of lingerer)$(left_behind)"
	ravi identity enable lingerer >/dev/null
	equal rotated "$(left_behind)"
	ravi identity delete lingerer >/dev/null
	equal "" "$(ring_of lingerer)"
	refused 3 "is deleted" ravi identity linger lingerer on
	grep -q 'event=identity-linger user=lingerer identity=lingerer linger=off .*result=done' "$SYSLOG"
}

test_an_agent_without_key_quota_still_gets_its_ring() {
	trap 'bare first keyctl clear @u' EXIT
	use_up_quota first
	local hop
	for hop in 'su - first -c' 'su first -c' 'sudo -u first sh -c' 'keyctl session - su - first -c' \
		'keyctl session - su first -c' 'keyctl session - sudo -u first sh -c'; do
		equal "$hop one" "$hop $($hop 'ravi-keyctl print TOKEN' 2>/dev/null)"
	done
	# And what is rotated reaches it.
	session first a
	printf %s new | ravi secrets set TOKEN --identity first
	equal new "$(in_session a ravi-keyctl print TOKEN)"
	printf %s one | ravi secrets set TOKEN --identity first
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	ravi reload first
	end_session a
}

test_a_ring_that_is_there_is_changed_without_the_agents_quota() {
	session first a
	trap 'bare first keyctl clear @u' EXIT
	use_up_quota first
	# Nothing about it is charged to the agent: neither the link that is there nor ravi-load's own keyrings.
	lacks "$(ravi reload first)" quota
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
}

test_everything_about_one_agent_takes_turns() {
	session first a
	exec 9</run/ravi/sessions/first
	flock -x 9
	su - first -c 'ravi-keyctl print TOKEN' >/tmp/waits.login 2>&1 &
	local login=$!
	(ravi reload first >/tmp/waits.reload 2>&1) &
	local reload=$!
	sleep 0.7
	equal "" "$(cat /tmp/waits.login /tmp/waits.reload)"
	flock -u 9
	wait $login
	wait $reload
	equal one "$(cat /tmp/waits.login)"
	contains "$(cat /tmp/waits.reload)" "of first holds "
	end_session a
}

# The host of a login can be stopped for good by who called it, with the lock in its hands.
test_a_lock_that_is_never_given_back_keeps_no_ring_alive() {
	session first a
	local ring got
	ring=$(ring_of first)
	exec 9</run/ravi/sessions/first
	flock -x 9
	got=$(ravi release first 2>&1) && fail "it says that all is well: $got"
	contains "$got" "the ring of first has ended; but the sessions of first stay locked"
	if key_lives "$ring"; then fail "the ring lives"; fi
	equal "" "$(ring_of first)"
	ravi reload second >/dev/null
	flock -u 9
	expect 4 in_session a 'ravi-keyctl print TOKEN'
	ravi reload first >/dev/null
	ring=$(ring_of first)
	flock -x 9
	got=$(ravi identity disable first 2>&1) && fail "it says that all is well: $got"
	if key_lives "$ring"; then fail "the ring of a disabled identity lives"; fi
	flock -u 9
	exec 9<&-
	ravi identity enable first >/dev/null
	end_session a
}

test_trouble_of_the_machine_takes_no_ring_from_a_living_session() {
	session first a
	local ring
	ring=$(ring_of first)
	trap 'chmod 600 /etc/ravi/host.key; chmod 644 /var/lib/ravi/agents/first' EXIT
	chmod 644 /etc/ravi/host.key
	expect 5 ravi reload first
	key_lives "$ring"
	test -d /run/ravi/home/first
	chmod 600 /etc/ravi/host.key
	chmod 664 /var/lib/ravi/agents/first
	expect 5 $LOADER --sweep
	key_lives "$ring"
	test -d /run/ravi/home/first
	chmod 644 /var/lib/ravi/agents/first
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
	equal "" "$(ring_of first)"
}

# Stopped in the middle of a change it leaves values of two revisions, and expiries that an update took off.
test_a_ring_that_was_half_changed_is_no_warm_one() {
	session first a
	local ring token profile
	ring=$(ring_of first)
	token=$(keyctl search "$ring" user ravi:TOKEN)
	profile=$(keyctl search "$ring" user ravi:@profile)
	# Not even root may update it now.
	keyctl setperm "$token" 0x0b2b0000
	ravi reload first && fail "it could be updated"
	contains "$(keyctl pipe "$profile")" changing=yes
	keyctl setperm "$token" 0x0b3f0000
	su - first -c true
	lacks "$(keyctl pipe "$profile")" changing=yes
	end_session a
}

# Without it a login as somebody who has the uid now would not end that ring.
test_the_link_from_a_uid_to_its_ring_is_never_missing() {
	session first a
	expect 1 strace -qq -o /dev/null -e inject=symlinkat:error=ENOSPC "$LOADER" --load first
	equal first "$(readlink "/run/ravi/rings/$(id -u first)")"
	end_session a
}

# Who makes the folder of sessions may be slow, and must not undo what others have put there by then.
test_two_makers_of_one_folder_keep_the_time_of_the_login() {
	rm -rf /run/ravi/sessions/first
	strace -qq -o /dev/null -e inject=utimensat:delay_enter=4000000 "$LOADER" --end first >/dev/null &
	local maker=$!
	sleep 1
	session first a
	[[ $(stat -c %Y /run/ravi/sessions/first) -gt 0 ]] || fail "no session was ever opened"
	wait $maker
	[[ $(stat -c %Y /run/ravi/sessions/first) -gt 0 ]] || fail "the time of the login is gone"
	end_session a
	equal "" "$(find /run/ravi/sessions -name '.*.new')"
}

test_logins_and_last_closes_at_once() {
	local worker workers=()
	rm -f /tmp/turns.*
	for worker in {1..4}; do
		(for i in {1..30}; do
			su first -c 'ravi-keyctl print TOKEN; echo'
		done >"/tmp/turns.$worker" 2>&1) &
		workers+=($!)
	done
	wait "${workers[@]}"
	equal 120 "$(cat /tmp/turns.* | grep -c '^one$')"
	equal "" "$(ring_of first)$(ls /run/ravi/sessions/first)"
}

test_two_logins_and_a_rotation_at_once() {
	local round
	for round in {1..10}; do
		rm -f /tmp/at.*
		su - first -c 'ravi-keyctl print TOKEN; sleep 0.3; echo; ravi-keyctl print TOKEN' >/tmp/at.1 2>&1 &
		local one=$!
		su - first -c 'ravi-keyctl print TOKEN; sleep 0.3; echo; ravi-keyctl print TOKEN' >/tmp/at.2 2>&1 &
		local two=$!
		printf %s "v$round" | ravi secrets set TOKEN --identity first
		wait $one
		wait $two
		# Whichever came first, after the rotation both have the new value.
		equal "v$round v$round" "$(tail -n 1 /tmp/at.1) $(tail -n 1 /tmp/at.2)"
		equal "" "$(ring_of first)"
		equal "" "$(ls /run/ravi/sessions/first)"
	done
	printf %s one | ravi secrets set TOKEN --identity first
}

test_fifty_logins_of_ten_agents_at_once_each_get_their_own() {
	local agent i pids=()
	for agent in agent{0..9}; do
		make_agent "$agent" "of-$agent"
		bare "$agent" keyctl clear @u
	done
	for i in {1..5}; do
		for agent in agent{0..9}; do
			su - "$agent" -c 'ravi-keyctl print TOKEN' >"/tmp/many.$agent.$i" 2>&1 &
			pids+=($!)
		done
	done
	wait "${pids[@]}"
	for i in {1..5}; do
		for agent in agent{0..9}; do
			equal "of-$agent" "$(cat "/tmp/many.$agent.$i")"
		done
	done
	for agent in agent{0..9}; do
		equal "" "$(ring_of "$agent")"
	done
}

run_tests
