#!/bin/bash
# SPDX-License-Identifier: MIT
# ravi status: from the machine that has nothing yet to the one that needs somebody, as root and as an agent.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

# of IDENTITY JQ: a member of its row.
of() {
	ravi status --json | jq -r --arg name "$1" ".identities[] | select(.name == \$name) | $2"
}

# next_of: the commands that are named, one a line.
next_of() {
	ravi status --json | jq -r '.next[].command // empty'
}

test_a_machine_without_anything_is_told_what_to_do() {
	start_syslog
	useradd -m human
	contains "$(ravi status)" "ravi init   # this machine has not been set up yet"
	equal '{"identities":[],"expiring":[],"next":[{"command":"ravi init","why":"this machine has not been set up yet"}]}' \
		"$(ravi status --json | jq -c .)"
	ravi init --domain agents.test >/dev/null
	contains "$(next_of)" "ravi-pam enable"
	contains "$(next_of)" "ravi identity create --name NAME"
	contains "$(ravi status)" "/etc/ravi/recovery.key opens every vault: move it off"
	enable_pam
	lacks "$(next_of)" ravi-pam
	mv /etc/ravi/recovery.key /root/
	lacks "$(ravi status)" recovery
	ravi identity create --name first >/dev/null
	equal "ravi secrets set GH_TOKEN --identity first" "$(next_of)"
	printf one | ravi secrets set TOKEN
	equal "" "$(next_of)"
}

test_sessions_and_rings() {
	local before
	make_agent second two
	ravi identity create --name third.agent --user first --linger >/dev/null
	ravi identity linger first off >/dev/null
	equal "first active 2 0 none null" "$(of first '"\(.user) \(.state) \(.secrets) \(.sessions) \(.ring) \(.last_login_dt)"')"
	before=$(date -u +%FT%TZ)
	session first one
	session first two
	equal "2 whole false" "$(of first '"\(.sessions) \(.ring) \(.linger)"')"
	equal "2 whole first" "$(of third.agent '"\(.sessions) \(.ring) \(.user)"')"
	equal "0 none" "$(of second '"\(.sessions) \(.ring)"')"
	[[ ! $(of first .last_login_dt) < $before ]] || fail "$(of first .last_login_dt) is before $before"
	contains "$(ravi status)" "third.agent"
	end_session one
	equal 1 "$(of first .sessions)"
	ravi identity linger first on >/dev/null
	end_session two
	equal "0 whole true" "$(of first '"\(.sessions) \(.ring) \(.linger)"')"
	contains "$(ravi status | grep '^first ')" "whole, lingers"
	ravi identity linger first off >/dev/null
	equal none "$(of first .ring)"
	[[ ! $(of first .last_login_dt) < $before ]]
}

has_no_session() {
	[[ $(of first .sessions) == 0 ]]
}

test_a_dead_leader_is_no_session() {
	session first killed
	kill -KILL "$(cat /tmp/session.killed/su)"
	eventually 10 has_no_session
	# Nothing is changed by looking.
	[[ -n $(ls /run/ravi/sessions/first) ]]
	/usr/libexec/ravi/ravi-load --sweep
}

test_a_ring_that_is_not_what_the_vault_says() {
	local ring
	session first live
	ring=$(ring_of first)
	keyctl unlink "$(keyctl search "$ring" user ravi:TOKEN)" "$ring"
	equal partial "$(of first .ring)"
	equal whole "$(of third.agent .ring)"
	contains "$(next_of)" "ravi reload first"
	ravi reload first >/dev/null
	equal whole "$(of first .ring)"
	# A document that came by another way than ravi, and was not loaded.
	cp -a /var/lib/ravi/agents/first /root/entry
	mv /var/lib/ravi/agents/first /root/first.entry
	ravi secrets set TOKEN newer -i first
	mv /root/first.entry /var/lib/ravi/agents/first
	equal behind "$(of first .ring)"
	contains "$(next_of)" "ravi reload first"
	end_session live
}

test_what_expires_is_told_in_time() {
	ravi secrets set SOON value -i second --expires 3d
	ravi secrets set LATER value -i second --expires 30d
	contains "$(ravi status)" "SOON of second expires in "
	lacks "$(ravi status)" LATER
	contains "$(ravi status --within 31d)" LATER
	equal "SOON false" "$(ravi status --json | jq -r '.expiring[] | "\(.name) \(.expired)"')"
	refused 2 "--within" ravi status --within soon
	ravi secrets set SOON value -i second --expires 1s
	sleep 1.1
	contains "$(ravi status)" "SOON of second expired"
	contains "$(next_of)" "ravi secrets set SOON --identity second"
	ravi secrets delete SOON -i second
}

test_an_expired_key_leaves_the_ring_whole() {
	ravi secrets set SHORT value -i second --expires 1s
	session second live
	sleep 1.1
	equal whole "$(of second .ring)"
	end_session live
	ravi secrets delete SHORT -i second
}

test_what_is_amiss_is_told() {
	ravi identity disable second >/dev/null
	equal "disabled none" "$(of second '"\(.state) \(.ring)"')"
	contains "$(next_of)" "ravi identity enable second"
	ravi identity enable second >/dev/null
	ravi identity create --name halfway >/dev/null
	rm /var/lib/ravi/agents/halfway /var/lib/ravi/identities/halfway
	contains "$(next_of)" "ravi identity delete halfway"
	ravi identity delete halfway >/dev/null
	equal "" "$(of halfway .state)"
}

# What was stored is not thrown away because the entry is gone: the command that is named brings that back.
test_secrets_that_nobody_carries_are_kept() {
	local command
	make_agent halfway value
	rm /var/lib/ravi/agents/halfway /var/lib/ravi/identities/halfway
	lacks "$(next_of)" "identity delete"
	command=$(next_of | grep halfway)
	refused 1 "ravi vault import - --user OSUSER" ravi identity linger halfway on
	bash -c "$command"
	equal "active halfway" "$(of halfway '"\(.state) \(.user)"')"
	equal value "$(su - halfway -c 'ravi-keyctl print TOKEN')"
	ravi identity delete halfway >/dev/null
}

# A new host key opens none of the vaults that are there.
test_a_lost_host_key_is_no_new_machine() {
	local out
	mv /etc/ravi/host.key /root/
	refused 1 "put it back from a backup" ravi status
	lacks "$(ravi status 2>&1 || true)" "set up yet"
	contains "$(ravi init)" "rekey --all --key FORMER-KEY"
	out=$(ravi status 2>/tmp/said) || true
	contains "$(cat /tmp/said)" "vault rekey --identity second --key"
	lacks "$out" "no identity yet"
	contains "$(ravi doctor || true)" "remedy: where the host key was replaced: ravi vault rekey --identity second --key FORMER-KEY"
	mv /root/host.key /etc/ravi/host.key
	ravi audit restart >/dev/null
	ravi status >/dev/null
}

test_a_broken_vault_hides_no_other() {
	local out
	cp -a /var/lib/ravi/vaults/second.age /root/
	echo garbage >/var/lib/ravi/vaults/second.age
	out=$(expect 1 ravi status 2>/tmp/said)
	contains "$out" "first "
	contains "$(cat /tmp/said)" second
	cp -a /root/second.age /var/lib/ravi/vaults/second.age
}

test_an_agent_sees_its_own() {
	local out
	session first live
	out=$(in_session live ravi status)
	contains "$out" first
	contains "$out" third.agent
	lacks "$out" second
	equal '["first","third.agent"]' "$(in_session live ravi status --json | jq -c '[.identities[].name]')"
	equal "whole null" "$(in_session live ravi status --json | jq -r '.identities[0] | "\(.ring) \(.sessions)"')"
	end_session live
	refused 4 "log in" bare first ravi status
	refused 5 "sudo ravi status" bare human ravi status
}

test_colours_are_for_people() {
	export TERM=xterm
	contains "$(script -qec 'ravi status' /dev/null)" $'\033[32mactive\033[0m'
	lacks "$(NO_COLOR=1 script -qec 'ravi status' /dev/null)" $'\033['
	lacks "$(TERM=dumb script -qec 'ravi status' /dev/null)" $'\033['
	lacks "$(ravi status)" $'\033['
	lacks "$(script -qec 'ravi status --json' /dev/null)" $'\033['
}

run_tests
