#!/bin/bash
# SPDX-License-Identifier: MIT
# `seal = off`: single secrets at the service, in clear, for accounts that share values with other programs of Ravi's.
# The other programs are what the contract server is told to have. Run by tests/run.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/contract.bash
. "$(dirname "$0")/contract.bash"
# shellcheck disable=SC2329 # the tests are found by name

start_syslog
enable_pam

# at_service KEY
at_service() {
	contract identities | jq -r --arg key "$1" '.[].secrets[] | select(.key == $key) | .value'
}

# elsewhere KEY VALUE: another program sets it; null: takes it away.
elsewhere() {
	contract secret identity=agent "key=$1" "$(jq -nr --arg value "$2" '"value=\($value | tojson)"')" >/dev/null
}

forget_elsewhere() {
	contract secret identity=agent "key=$1" value=null >/dev/null
}

value() {
	ravi secrets get "$1" --identity agent
}

# mark NAME: whether the list says that the service has it in clear.
mark() {
	ravi secrets list --identity agent --json | jq --arg name "$1" '.[] | select(.name == $name) | .plain // false'
}

test_set_up() {
	ravi init --domain agents.test >/dev/null
	start_contract --empty
	printf 'store = service\nseal = off\n' >>/etc/ravi/ravi.conf
	log_in
	ravi identity create --name agent >/dev/null
	# Every secret, the signing key among them, and no vault.
	contains "$(at_service SSH_SIGNING_KEY)" "OPENSSH PRIVATE KEY"
	equal "" "$(at_service RAVI_VAULT)"
}

test_values_of_others_are_taken_and_marked() {
	elsewhere GH_TOKEN ghp_theirs
	ravi sync >/dev/null
	equal ghp_theirs "$(value GH_TOKEN)"
	equal true "$(mark GH_TOKEN)"
	contains "$(ravi secrets list --identity agent)" "[in clear at the service]"
	equal ghp_theirs "$(as agent 'ravi-keyctl print GH_TOKEN')"
}

# A key of OpenSSH without its last newline is none any more.
test_blanks_that_the_service_cuts_off_stay_here() {
	contract set secret_trim=true >/dev/null
	printf 'first\n\n' >/tmp/key
	ravi secrets set WITH_BLANKS --file /tmp/key --identity agent
	equal first "$(at_service WITH_BLANKS)"
	contract log/clear >/dev/null
	ravi sync >/dev/null
	ravi sync >/dev/null
	equal 0 "$(requests /api/secrets/ PATCH)"
	ravi secrets get WITH_BLANKS --identity agent | cmp - /tmp/key
	# A change is one on either side.
	elsewhere WITH_BLANKS second
	ravi sync >/dev/null
	equal second "$(value WITH_BLANKS)"
	printf 'third\n' >/tmp/key
	ravi secrets set WITH_BLANKS --file /tmp/key --identity agent
	equal third "$(at_service WITH_BLANKS)"
	contract set secret_trim=false >/dev/null
	ravi secrets delete WITH_BLANKS --identity agent
	equal "" "$(at_service WITH_BLANKS)"
}

test_ours_go_there() {
	echo npm_ours | ravi secrets set NPM_TOKEN --identity agent
	equal npm_ours "$(at_service NPM_TOKEN)"
	equal true "$(mark NPM_TOKEN)"
	echo ghp_ours | ravi secrets set GH_TOKEN --identity agent
	equal ghp_ours "$(at_service GH_TOKEN)"
	contract log/clear >/dev/null
	ravi sync >/dev/null
	equal 0 "$(requests /api/secrets/ PATCH)"
	equal 0 "$(requests /api/secrets/ POST)"
}

test_a_change_on_both_loses_nothing() {
	contract refuse >/dev/null
	expect 6 ravi secrets set GH_TOKEN ours --expires 30d --identity agent 2>/dev/null
	contract accept >/dev/null
	elsewhere GH_TOKEN theirs
	ravi sync >/dev/null
	equal ours "$(value GH_TOKEN)"
	equal ours "$(at_service GH_TOKEN)"
	equal theirs "$(ravi secrets get GH_TOKEN --version 4 --identity agent)"
	# Ours ends when it was to end.
	lacks "$(ravi secrets list --identity agent --json | jq -c '.[] | select(.name == "GH_TOKEN").expires_dt')" null
}

test_what_is_gone_there_stays_here() {
	forget_elsewhere NPM_TOKEN
	contains "$(ravi sync 2>&1)" "NPM_TOKEN is gone at the service, and stays here"
	equal npm_ours "$(value NPM_TOKEN)"
	equal "" "$(at_service NPM_TOKEN)"
	ravi secrets delete NPM_TOKEN --identity agent
}

test_a_deletion_goes_there_unless_it_was_changed_there() {
	ravi secrets set SHORT_LIVED 1 --identity agent
	ravi secrets delete SHORT_LIVED --identity agent
	equal "" "$(at_service SHORT_LIVED)"
	ravi secrets set CHANGED 1 --identity agent
	contract refuse >/dev/null
	expect 6 ravi secrets delete CHANGED --identity agent 2>/dev/null
	contract accept >/dev/null
	elsewhere CHANGED 2
	ravi sync >/dev/null
	equal 2 "$(value CHANGED)"
}

test_what_is_no_text_stays_here() {
	head -c 64 /dev/urandom >/tmp/bytes
	contains "$(ravi secrets set BYTES --file /tmp/bytes --identity agent 2>&1)" "BYTES is no text, and stays"
	equal "" "$(at_service BYTES)"
	equal false "$(mark BYTES)"
}

test_a_sealed_vault_is_not_put_there_in_clear() {
	sed -i '/^seal/d' /etc/ravi/ravi.conf
	ravi sync >/dev/null
	ravi secrets set MADE_UNDER_SEAL under-seal --identity agent
	contains "$(at_service RAVI_VAULT)" "BEGIN AGE"
	echo 'seal = off' >>/etc/ravi/ravi.conf
	refused 5 "set seal = on, or take RAVI_VAULT away" ravi secrets set GH_TOKEN secret --identity agent
	lacks "$(contract identities)" '"secret"'
	forget_elsewhere RAVI_VAULT
	# Made under seal = on: nothing was agreed on about single values.
	ravi sync >/dev/null
	equal secret "$(at_service GH_TOKEN)"
	equal under-seal "$(at_service MADE_UNDER_SEAL)"
}

# Sealed to the account's PIN by a client of before March 2026; this one has none to open it with.
test_a_sealed_value_is_never_overwritten() {
	elsewhere OLD_VALUE "e2e::$(head -c 80 /dev/urandom | base64 -w 0)"
	contains "$(ravi sync 2>&1)" "ravi auth unlock"
	expect 3 ravi secrets get OLD_VALUE --identity agent 2>/dev/null
	ravi secrets set OLD_VALUE mine --identity agent 2>/dev/null
	contains "$(at_service OLD_VALUE)" e2e::
	# What did not get there was not agreed on: it stays, however often they meet.
	ravi sync >/dev/null 2>&1
	ravi sync >/dev/null 2>&1
	equal mine "$(value OLD_VALUE)"
}

test_deleting_the_identity_leaves_what_others_share() {
	ravi identity delete agent >/dev/null 2>&1
	equal secret "$(at_service GH_TOKEN)"
	check_contract
}

# An account of contract A with its PIN; the value is the vector of the unit test.
test_a_sealed_value_opens_after_unlock() {
	local field=e2e::BzBOGiXRMT7rllfoeNkhzZ9gMl4PLA9/ShcZWmMtTALguyX/sHncg/Tf9VaygX9HIuEzltYvh//X7nD+cA==
	ravi auth logout >/dev/null 2>&1
	contract reset generation=A >/dev/null
	log_in
	contract identity name=legacy local=legacy >/dev/null
	contract secret identity=legacy key=OLD_TOKEN "value=$field" >/dev/null
	contains "$(ravi identity adopt legacy 2>&1)" "OLD_TOKEN is sealed there by an older client"
	ravi auth unlock <<<123456 >/dev/null
	ravi sync --identity legacy >/dev/null
	equal sk-test-12345 "$(ravi secrets get OLD_TOKEN --identity legacy)"
	# A new value does not get there over a sealed one, and the old one does not come back for that.
	ravi secrets set OLD_TOKEN renewed --identity legacy 2>/dev/null
	ravi sync --identity legacy >/dev/null 2>&1
	ravi sync --identity legacy >/dev/null 2>&1
	equal renewed "$(ravi secrets get OLD_TOKEN --identity legacy)"
	equal null "$(ravi secrets list --identity legacy --json | jq '.[] | select(.name == "OLD_TOKEN") | .plain')"
	check_contract
}

run_tests
