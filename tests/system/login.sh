#!/bin/bash
# SPDX-License-Identifier: MIT
# Logging in and out: the ring is there while a session lives, and gone after the last one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

test_machine_is_set_up() {
	set_up
}

test_su_gives_the_agent_its_token() {
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	equal two "$(su - second -c 'ravi-keyctl print TOKEN')"
}

test_nothing_is_left_after_the_last_session() {
	session first a
	local ring key
	ring=$(ring_of first)
	key=$(keyctl search "$ring" user ravi:TOKEN)
	key_lives "$ring"
	key_lives "$key"
	end_session a
	equal "" "$(ring_of first)"
	equal "" "$(ls /run/ravi/sessions/first)"
	if key_lives "$ring" || key_lives "$key"; then fail "the ring or its key lives"; fi
}

test_a_user_who_is_no_agent_has_exit_status_4() {
	useradd -m human
	expect 4 su - human -c 'ravi-keyctl print TOKEN'
	expect 4 ravi-keyctl print TOKEN
}

test_two_sessions_share_one_ring_until_the_last_closes() {
	session first a
	local ring
	ring=$(ring_of first)
	session first b
	equal "$ring" "$(ring_of first)"
	end_session a
	equal one "$(in_session b ravi-keyctl print TOKEN)"
	equal "$ring" "$(ring_of first)"
	end_session b
	equal "" "$(ring_of first)"
}

test_a_rotation_reaches_a_running_session() {
	session first a
	printf %s rotated | ravi secrets set TOKEN --identity first
	equal rotated "$(in_session a ravi-keyctl print TOKEN)"
	printf %s one | ravi secrets set TOKEN --identity first
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
}

test_new_and_deleted_secrets_reach_a_running_session() {
	session first a
	printf %s x | ravi secrets set EXTRA --identity first
	equal x "$(in_session a ravi-keyctl print EXTRA)"
	ravi secrets delete EXTRA --identity first
	expect 3 in_session a ravi-keyctl print EXTRA
	end_session a
}

test_a_process_left_behind_reads_nothing() {
	session first a
	in_session a 'setsid bash -c "sleep 1; ravi-keyctl print TOKEN; echo \$? >/tmp/left.status" >/tmp/left.out 2>&1 &'
	end_session a
	eventually 10 test -s /tmp/left.status
	equal 4 "$(cat /tmp/left.status)"
	lacks "$(cat /tmp/left.out)" one
}

run_tests
