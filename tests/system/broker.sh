#!/bin/bash
# Writes by agents: ravi-broker behind its socket, asked by agents, by others, and by a hostile client.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

BROKER=/usr/libexec/ravi/ravi-broker

# refused STATUS PART COMMAND...: exits with STATUS and says PART.
refused() {
	local status=$1 part=$2 said
	shift 2
	said=$(expect "$status" "$@" 2>&1) || fail "$said"
	contains "$said" "$part"
}

# as USER COMMAND: in a login of that user.
as() {
	su - "$1" -c "$2"
}

listen() {
	"$BROKER" --listen &
	echo $! >/tmp/broker.pid
	eventually 5 test -S /run/ravi/broker.sock
}

test_without_a_broker_it_says_how_to_start_it() {
	set_up
	refused 6 "systemctl enable --now ravi-broker.socket" as first 'ravi secrets set NEW value'
	refused 6 "ravi-broker --listen" as first 'ravi secrets delete TOKEN'
	useradd -m human
	refused 5 sudo as human 'ravi secrets set NEW value'
}

test_the_listener_makes_a_socket_for_everybody() {
	listen
	equal 666 "$(stat -c %a /run/ravi/broker.sock)"
	equal "700 root" "$(stat -c '%a %U' /run/ravi/broker)"
}

test_an_agent_stores_and_rotates_its_own() {
	session first a
	contains "$(in_session a ravi secrets set NEW value1)" "stored NEW for first"
	equal value1 "$(in_session a ravi-keyctl print NEW)"
	in_session a 'printf %s value2 | ravi secrets set new --note "for tests"'
	equal value2 "$(in_session a ravi-keyctl print NEW)"
	equal value2 "$(ravi secrets get NEW --identity first)"
	end_session a
}

run_tests
