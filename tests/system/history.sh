#!/bin/bash
# SPDX-License-Identifier: MIT
# The versions of a secret: listed, printed, brought back, in the vault and in the rings that are live.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

# versions JQ: of TOKEN's history, joined.
versions() {
	ravi secrets history TOKEN -i first --json | jq -r "[.versions[] | $1] | join(\" \")"
}

test_set_up() {
	set_up
	useradd -m human
	printf two | ravi secrets set token -i first --expires 30d
	printf three | ravi secrets set TOKEN -i first
}

test_history_tells_versions_and_no_values() {
	local out
	out=$(ravi secrets history token --identity first)
	contains "$out" "3 (current)"
	contains "$out" VERSION
	lacks "$out" two
	lacks "$out" three
	out=$(ravi secrets history TOKEN -i first --json)
	lacks "$out" three
	equal "first TOKEN" "$(jq -r '"\(.identity) \(.name)"' <<<"$out")"
	equal "3 2 1" "$(versions .version)"
	equal "true false false" "$(versions .current)"
	equal "5 3 3" "$(versions .bytes)"
	[[ $(versions .updated_dt) == 20*Z\ 20*Z\ 20*Z ]]
	equal "true false true" "$(versions '.expires_dt == null')"
}

test_history_tells_who_and_where() {
	local host out
	host=$(uname -n)
	equal "$host $host $host" "$(versions .host)"
	# Where the kernel has noted no login, whom sudo names.
	out=$(id -nu "$(cat /proc/self/loginuid)" 2>/dev/null || true)
	[[ -n $out ]] || out=human
	env SUDO_UID="$(id -u human)" ravi secrets set WHO value -i first
	equal "$out" "$(ravi secrets history WHO -i first --json | jq -r '.versions[0].by')"
	unshare --uts sh -c 'hostname elsewhere && ravi secrets set WHO value -i first'
	equal "elsewhere $host" "$(ravi secrets history WHO -i first --json | jq -r '[.versions[].host] | join(" ")')"
}

test_an_agents_writes_bear_its_name() {
	"$(dirname "$(command -v ravi)")/../libexec/ravi/ravi-broker" --listen &
	eventually 5 test -S /run/ravi/broker.sock
	su - first -c 'printf mine | ravi secrets set OWN'
	kill $!
	equal first "$(ravi secrets history OWN -i first --json | jq -r '.versions[0].by')"
}

test_an_earlier_version_can_be_read() {
	equal one "$(ravi secrets get TOKEN -i first --version 1)"
	equal two "$(ravi secrets get token --version 2 -i first)"
	equal three "$(ravi secrets get TOKEN --version 3 -i first)"
	equal "two 2" "$(ravi secrets get TOKEN -i first --version 2 --json | jq -r '"\(.value) \(.version)"')"
	refused 3 "there are: 3, 2, 1" ravi secrets get TOKEN -i first --version 4
	refused 3 "secrets set MISSING" ravi secrets get MISSING -i first --version 1
	refused 2 "--version" ravi secrets get TOKEN -i first --version 0
	refused 2 "--version" ravi secrets get TOKEN -i first --version one
}

test_earlier_versions_are_not_in_a_ring() {
	refused 5 "only root" su - first -c 'ravi secrets history TOKEN'
	refused 5 "only root" su - first -c 'ravi secrets rollback TOKEN'
	refused 5 "--version 1 --identity first" su - first -c 'ravi secrets get TOKEN --version 1'
	equal three "$(su - first -c 'ravi secrets get TOKEN --version 3')"
	equal "3 false" "$(su - first -c 'ravi secrets get TOKEN --json' | jq -r '"\(.version) \(.updated_dt == null)"')"
}

test_a_rollback_reaches_a_live_ring() {
	local revision
	session first live
	equal three "$(in_session live ravi-keyctl print TOKEN)"
	revision=$(ravi identity show first --json | jq .revision)
	contains "$(ravi secrets rollback TOKEN -i first)" "version 2"
	equal two "$(in_session live ravi-keyctl print TOKEN)"
	equal $((revision + 1)) "$(ravi identity show first --json | jq .revision)"
	equal "4 3 2 1" "$(versions .version)"
	# The expiry that it had is back, and what was replaced is there.
	[[ $(versions .expires_dt) == 20*Z\ \ 20*Z\  ]] || fail "$(versions .expires_dt)"
	equal three "$(ravi secrets get TOKEN -i first --version 3)"
	ravi secrets rollback token -i first --to 1
	equal one "$(in_session live ravi-keyctl print TOKEN)"
	equal "rolled back 3 6 null" "$(ravi secrets rollback TOKEN -i first --to 3 --json |
		jq -r '"\(.status) \(.from_version) \(.version) \(.expires_dt)"')"
	equal three "$(in_session live ravi-keyctl print TOKEN)"
	end_session live
}

test_rollbacks_that_make_no_sense() {
	refused 3 "there are: 6, 5, 4, 3, 2, 1" ravi secrets rollback TOKEN -i first --to 9
	refused 1 "has version 6 now" ravi secrets rollback TOKEN -i first --to 6
	refused 3 "no secret NONE" ravi secrets rollback NONE -i first
	ravi secrets set ONCE value -i first
	refused 3 "no version before version 1" ravi secrets rollback ONCE -i first
	refused 2 "--to" ravi secrets rollback TOKEN -i first --to 0
	refused 5 "sudo" su human -c 'ravi secrets rollback TOKEN -i first'
	equal "6 5 4 3 2 1" "$(versions .version)"
}

test_an_expired_version_needs_a_new_expiry() {
	ravi secrets set SHORT first-value -i first --expires 1s
	ravi secrets set SHORT second-value -i first
	sleep 1.1
	refused 3 "--expires" ravi secrets rollback SHORT -i first
	equal first-value "$(ravi secrets get SHORT -i first --version 1)"
	ravi secrets rollback SHORT -i first --expires 1h
	equal first-value "$(ravi secrets get SHORT -i first)"
}

test_as_many_versions_as_ravi_conf_says() {
	local i
	echo 'keep = 2' >/etc/ravi/ravi.conf
	for i in a b c d; do
		printf %s "$i" | ravi secrets set TOKEN -i first
	done
	equal "10 9 8" "$(versions .version)"
	echo 'keep = 0' >/etc/ravi/ravi.conf
	ravi secrets rollback TOKEN -i first
	equal "11 10" "$(versions .version)"
	equal d "$(ravi secrets get TOKEN -i first --version 10)"
	ravi secrets set TOKEN e -i first
	equal 12 "$(versions .version)"
	rm /etc/ravi/ravi.conf
}

test_deleting_takes_the_history_along() {
	ravi secrets set GONE once -i first
	ravi secrets set GONE twice -i first
	ravi secrets delete GONE -i first
	refused 3 "no secret GONE" ravi secrets history GONE -i first
	refused 3 "no secret GONE" ravi secrets rollback GONE -i first
}

test_what_was_done_is_on_record() {
	grep -q 'event=rollback .*identity=first name=TOKEN version=4 .*result=done' "$SYSLOG"
	grep -q 'event=get identity=first name=TOKEN version=1 ' "$SYSLOG"
	! grep -q 'event=rollback.*three' "$SYSLOG"
}

run_tests
