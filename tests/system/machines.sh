#!/bin/bash
# SPDX-License-Identifier: MIT
# One identity on two machines. The second is a mount namespace with an /etc/ravi, /var/lib/ravi and /run/ravi
# of its own; documents go between the two as files, as an administrator carries them. What a store or a
# stranger could put in their place is refused, each for its own reason, and the good copy stays.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

out=/tmp/documents

# there COMMAND...: on the second machine.
there() {
	nsenter -t "$(cat /tmp/there.pid)" -m -- "$@"
}

# The session of lib.sh, there.
session_there() {
	LOGIN_BY="nsenter -t $(cat /tmp/there.pid) -m --" session "$@"
}

start_second_machine() {
	mkdir -p /tmp/there/{etc,lib,run}
	# shellcheck disable=SC2016
	unshare --mount --propagation private bash -c '
		install -d /etc/ravi /var/lib/ravi /run/ravi
		mount --bind /tmp/there/etc /etc/ravi
		mount --bind /tmp/there/lib /var/lib/ravi
		mount --bind /tmp/there/run /run/ravi
		touch /tmp/there/up
		exec sleep infinity' &
	echo $! >/tmp/there.pid
	eventually 10 test -e /tmp/there/up
}

# fresh NAME: a document's path where nothing is yet.
fresh() {
	rm -f "$out/$1.age"
	echo "$out/$1.age"
}

# The first machine's vault of `first` to the second one.
carry() {
	local to
	to=$(fresh carried)
	ravi vault export "$to" --identity first >/dev/null
	there ravi vault import "$to"
}

carry_back() {
	local to
	to=$(fresh carried)
	there ravi vault export "$to" --identity first >/dev/null
	ravi vault import "$to"
}

revision() {
	"$@" ravi vault info first --json | jq .revision
}

test_machines_are_set_up() {
	set_up
	mkdir -p $out
	mkdir -m 700 /root/safe
	mv /etc/ravi/recovery.key /root/safe/
	start_second_machine
	there ravi init --domain agents.test >/dev/null
	mv /tmp/there/etc/recovery.key /root/safe/recovery.there
	ravi host show >/tmp/line.here
	there ravi host show >/tmp/line.there
}

test_host_show_is_one_line_with_both_keys() {
	local line json
	line=$(ravi host show)
	equal 1 "$(ravi host show | wc -l)"
	[[ $line =~ ^ravi-host/1\ age1[0-9a-z]{58}\ [0-9a-f]{64}\ ([0-9a-f]{4}-){7}[0-9a-f]{4}$ ]] || fail "$line"
	json=$(ravi host show --json)
	equal "$line" "$(jq -r .line <<<"$json")"
	equal "$line" "$(jq -r '"ravi-host/1 \(.recipient) \(.signer) \(.fingerprint)"' <<<"$json")"
	[[ $line != "$(there ravi host show)" ]]
	# The recipient is the host key's, as age itself has it; the fingerprint is what is documented.
	sed -n 's/^age=//p' /etc/ravi/host.key >/root/safe/host.age
	equal "$(age-keygen -y /root/safe/host.age)" "$(jq -r .recipient <<<"$json")"
	equal "$(cut -d ' ' -f 4 <<<"$line" | tr -d -)" "$(fingerprint_of "$line")"
	expect 5 setpriv --reuid first --clear-groups ravi host show
}

fingerprint_of() {
	read -r form recipient signer _ <<<"$1"
	printf '%s\n%s %s\n' "$form" "$recipient" "$signer" | b2sum -l 256 | cut -c 1-32
}

test_a_damaged_line_is_refused() {
	local line said
	line=$(there ravi host show)
	said=$(expect 2 ravi vault recipients add "${line/ / x}" --identity first 2>&1)
	contains "$said" "enrolment line"
	said=$(expect 2 ravi vault recipients add "${line%????}0000" --identity first 2>&1)
	contains "$said" "fingerprint"
	# Halves of two lines.
	said=$(expect 2 ravi vault recipients add \
		"$(cut -d ' ' -f 1-2 <<<"$line") $(ravi host show | cut -d ' ' -f 3-4)" --identity first 2>&1)
	contains "$said" "fingerprint"
	said=$(expect 2 ravi vault recipients add "$(cat /root/safe/host.age)" --identity first 2>&1)
	contains "$said" "secret age identity"
	lacks "$said" "$(cat /root/safe/host.age)"
	equal 2 "$(ravi vault recipients list --identity first --json | jq '.recipients | length')"
}

# ---- the second machine comes in ----

test_a_document_for_others_does_not_open() {
	ravi vault export "$(fresh early)" --identity first
	local said
	said=$(expect 5 there ravi vault import $out/early.age 2>&1)
	contains "$said" "not sealed for this host"
}

test_a_recipient_is_added() {
	ravi vault recipients add "$(cat /tmp/line.there)" --identity first
	contains "$(ravi vault recipients add - --identity first </tmp/line.there)" already
	equal 3 "$(ravi vault recipients list --identity first --json | jq '.recipients | length')"
	contains "$(ravi vault recipients list --identity first)" "$(cut -d ' ' -f 2 /tmp/line.there)"
	contains "$(ravi vault recipients list --identity first)" "this machine"
	contains "$(ravi vault recipients list --identity first)" "recovery key"
	# It still says so to a session that is running, and nothing of the ring was lost.
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_the_first_document_needs_trust() {
	local said
	ravi vault export "$(fresh first)" --identity first
	said=$(expect 5 there ravi vault import $out/first.age 2>&1)
	contains "$said" "unknown signer $(cut -d ' ' -f 3 /tmp/line.here)"
	contains "$said" "ravi identity trust first"
	[[ ! -e /tmp/there/lib/vaults/first.age ]]
	[[ -z $(ls /tmp/there/lib/agents) ]]
}

test_trust_is_one_line_of_a_public_file() {
	echo '# whom we believe' >/tmp/there/etc/trusted
	there ravi identity trust other "$(cat /tmp/line.there)"
	there ravi identity trust first "$(cat /tmp/line.here)" --min-revision 1000
	there ravi identity trust first - --min-revision 1 </tmp/line.here
	equal "644 root" "$(stat -c '%a %U' /tmp/there/etc/trusted)"
	equal "# whom we believe
other $(cut -d ' ' -f 3 /tmp/line.there)
first $(cut -d ' ' -f 3 /tmp/line.here) 1" "$(cat /tmp/there/etc/trusted)"
	expect 2 there ravi identity trust first nonsense
	expect 2 there ravi identity trust first "$(cat /tmp/line.here)" --min-revision 0
}

test_the_least_revision_is_kept_to() {
	local said
	there ravi identity trust first "$(cat /tmp/line.here)" --min-revision 1000
	said=$(expect 5 there ravi vault import $out/first.age 2>&1)
	contains "$said" "wants at least 1000"
	there ravi identity trust first "$(cat /tmp/line.here)"
}

test_the_identity_logs_in_on_both() {
	# An OS user of another name: two machines on one kernel must not share a user's keyring.
	contains "$(there ravi vault import $out/first.age --user faraway)" "Made, to carry it, the OS user faraway"
	equal "$(ravi identity show first --json | jq -r '.uuid, .email')" \
		"$(there ravi identity show first --json | jq -r '.uuid, .email')"
	equal faraway "$(there ravi identity show first --json | jq -r .user)"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	equal one "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
	contains "$(there su - faraway -c 'ravi-keyctl status')" first
	cmp $out/first.age /tmp/there/lib/vaults/first.age
	equal "600 root" "$(stat -c '%a %U' /tmp/there/lib/vaults/first.age)"
}

test_the_same_document_again_changes_nothing() {
	contains "$(there ravi vault import - <$out/first.age)" "was here already"
	contains "$(ravi vault import $out/first.age)" "was here already"
}

test_a_rotation_reaches_running_sessions_there() {
	session_there faraway a
	equal one "$(in_session a 'ravi-keyctl print TOKEN')"
	printf 'newer' | ravi secrets set TOKEN --identity first
	equal one "$(in_session a 'ravi-keyctl print TOKEN')"
	contains "$(carry)" "in the place of"
	equal newer "$(in_session a 'ravi-keyctl print TOKEN')"
	printf 'added' | ravi secrets set SECOND --identity first
	carry
	equal added "$(in_session a 'ravi-keyctl print SECOND')"
	end_session a
	equal "$(revision)" "$(revision there)"
}

test_a_reader_may_not_write() {
	local said
	said=$(printf x | expect 5 there ravi secrets set TOKEN --identity first 2>&1)
	contains "$said" "may not write the vault"
	equal newer "$(there ravi secrets get TOKEN --identity first)"
}

test_a_signer_writes_for_both() {
	ravi vault signers add "$(cat /tmp/line.there)" --identity first
	equal 2 "$(ravi vault signers list --identity first --json | jq '.signers | length')"
	carry
	printf 'from there' | there ravi secrets set TOKEN --identity first
	session first a
	equal newer "$(in_session a 'ravi-keyctl print TOKEN')"
	carry_back
	equal 'from there' "$(in_session a 'ravi-keyctl print TOKEN')"
	end_session a
}

test_a_disabled_identity_is_disabled_there() {
	ravi identity disable first >/dev/null
	session_there faraway a
	carry
	expect 4 in_session a 'ravi-keyctl print TOKEN'
	end_session a
	equal disabled "$(there ravi identity show first --json | jq -r .state)"
	ravi identity enable first >/dev/null
	carry
	equal 'from there' "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
}

test_documents_move_through_pipes() {
	printf piped | ravi secrets set TOKEN --identity first
	ravi vault export - --identity first | there ravi vault import -
	equal piped "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
	expect 1 ravi vault export $out/first.age --identity first
	expect 1 there ravi vault import $out/missing.age
	head -c 3000000 /dev/zero >$out/huge.age
	expect 1 there ravi vault import $out/huge.age
}

test_nobody_there_logs_in_without_a_user() {
	local said
	make_agent third three
	ravi vault recipients add "$(cat /tmp/line.there)" --identity third
	there ravi identity trust third "$(cat /tmp/line.here)"
	ravi vault export "$(fresh third)" --identity third
	contains "$(there ravi vault import $out/third.age --no-user)" "--user OSUSER"
	equal null "$(there ravi identity show third --json | jq .user)"
	contains "$(there ravi vault import $out/third.age --user faraway)" "carried by the OS user faraway"
	equal three "$(there su - faraway -c 'ravi-keyctl print TOKEN --identity third')"
	expect 1 there ravi vault import $out/third.age --user faraway2
	ravi identity create --name fourth.agent --user fourth >/dev/null
	ravi vault recipients add "$(cat /tmp/line.there)" --identity fourth.agent
	there ravi identity trust fourth.agent "$(cat /tmp/line.here)"
	ravi vault export "$(fresh fourth)" --identity fourth.agent
	said=$(expect 1 there ravi vault import $out/fourth.age 2>&1)
	contains "$said" "--user OSUSER"
	there ravi vault import $out/fourth.age --user fourth
	equal fourth.agent "$(there su - fourth -c 'ravi-keyctl status --json' | jq -r '.. | .name? // empty' | head -n 1)"
}

run_tests
