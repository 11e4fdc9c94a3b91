#!/bin/bash
# SPDX-License-Identifier: MIT
# What README.md says about the Ravi service, run word by word: an identity with an address and a number, a
# verification without a human, and a vault that follows to a second machine. The service is the contract server;
# example.com, whose mail is waited for, and ssh to the other machine are stand-ins of a few lines here.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/contract.bash
. "$(dirname "$0")/contract.bash"
# shellcheck source=tests/system/second.bash
. "$(dirname "$0")/second.bash"
# shellcheck disable=SC2329 # the tests are found by name

TREE=$(cd "$(dirname "$0")/../.." && pwd)

# section TITLE: its commands, without what is said beside them.
section() {
	awk -v title="### $1" '$0 == title {inside = 1; next} /^##/ {inside = 0}
		inside && sub(/^    /, "")' "$TREE/README.md" | sed 's/  *# .*//' | grep .
}

# run_lines: each line of its input, as root; the public service's name is ours.
run_lines() {
	local line
	while read -r line; do
		echo "+ $line"
		line=${line//https:\/\/api.ravi.id/$(served service_url)}
		PATH=/usr/local/bin:$PATH bash -c "$line" </dev/null || fail "exit status $?: $line"
	done
}

stand_in() {
	cat >"/usr/local/bin/$1"
	chmod 755 "/usr/local/bin/$1"
}

test_set_up() {
	start_syslog
	enable_pam
	ravi init --domain agents.example.org >/dev/null
	start_contract --empty
	sed -i '/^service_url/d' /etc/ravi/ravi.conf
	# `ssh root@other COMMAND` goes to the second machine.
	start_second_machine
	stand_in ssh <<-'STAND_IN'
		#!/bin/sh
		[ "$1" = root@other ] || exit 255
		shift
		exec nsenter -t "$(cat /tmp/there.pid)" -m -- "$@"
	STAND_IN
	# These mounts have no systemd: the units are tested on a booted machine.
	stand_in systemctl <<-'STAND_IN'
		#!/bin/sh
		echo "$*" >>/tmp/systemctl
	STAND_IN
	# A site that sends a link to whoever signs up.
	stand_in curl <<-STAND_IN
		#!/bin/bash
		case "\$*" in
		*email=payments-agent@*/signup)
			sleep 3
			exec "$CONTRACT/control" "$(served control)" mail identity=payments-agent from=hello@example.com \
				subject=Welcome "text=Confirm: https://example.com/verify?token=abc123" >/dev/null ;;
		https://example.com/verify\?token=abc123) echo verified ;;
		*) exit 22 ;;
		esac
	STAND_IN
}

test_an_identity_with_an_address_and_a_number() {
	section "Give an identity a mail address and a phone number that work" | run_lines
	equal "payments-agent@raviapp.com" "$(ravi identity show payments-agent --json | jq -r .email)"
	contains "$(ravi identity show payments-agent --json | jq -r .phone)" "+"
	check_contract
}

test_a_verification_without_a_human() {
	local title="Let an agent pass a verification without a human" said
	equal 4 "$(section "$title" | wc -l)"
	said=$(su - payments-agent -c "$(section "$title" | head -n 3)")
	contains "$said" verified
	(sleep 4 && contract sms identity=payments-agent body="482913 is your code" >/dev/null) &
	equal 482913 "$(su - payments-agent -c "$(section "$title" | tail -n 1)")"
	check_contract
}

test_a_vault_that_follows() {
	ravi identity create --name reports-agent >/dev/null
	printf one | ravi secrets set GH_TOKEN --identity reports-agent >/dev/null
	there ravi init --domain agents.example.org >/dev/null
	grep '^service_' /etc/ravi/ravi.conf >>/tmp/there/etc/ravi.conf
	echo 'store = service' >>/tmp/there/etc/ravi.conf
	there ravi auth login >/dev/null 2>&1
	section "Have vaults follow an agent to any machine" | run_lines
	contains "$(cat /tmp/systemctl)" "enable --now ravi-sync.timer ravi-sync.path"
	equal one "$(there su - reports-agent -c 'ravi-keyctl print GH_TOKEN')"
	# A rotation, and a login on both while the service is away.
	printf two | ravi secrets set GH_TOKEN --identity reports-agent >/dev/null
	there ravi sync >/dev/null
	contract refuse >/dev/null
	equal two "$(su - reports-agent -c 'ravi-keyctl print GH_TOKEN')"
	equal two "$(there su - reports-agent -c 'ravi-keyctl print GH_TOKEN')"
	contract accept >/dev/null
	check_contract
}

run_tests
