#!/bin/bash
# SPDX-License-Identifier: MIT
# `store = service`: one identity on two machines, its sealed vault at the service. The service is the contract
# server; the second machine is a mount namespace (second.bash). Run by tests/run.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/contract.bash
. "$(dirname "$0")/contract.bash"
# shellcheck source=tests/system/second.bash
. "$(dirname "$0")/second.bash"
# shellcheck disable=SC2329 # the tests are found by name

start_syslog
enable_pam

# at_service [KEY]: what the service has under that key of the identity; "": nothing.
at_service() {
	contract identities | jq -r --arg key "${1-RAVI_VAULT}" '.[].secrets[] | select(.key == $key) | .value'
}

revision() {
	"$@" ravi vault info agent --json | jq .revision
}

# The value of a secret on a machine, as root there sees it: value [there] NAME
value() {
	local name=${*: -1}
	"${@:1:$#-1}" ravi secrets get "$name" --identity agent
}

# set_conf NAME VALUE [FILE]: one line of ravi.conf.
set_conf() {
	local file=${3-/etc/ravi/ravi.conf}
	sed -i "/^$1 *=/d" "$file"
	echo "$1 = $2" >>"$file"
}

# As if the copy had been compared with the service SECONDS ago.
make_old() {
	touch -d "@$(($(date +%s) - $1))" "${2-/var/lib/ravi}/sync/agent.age"
}

test_set_up() {
	ravi init --domain agents.test >/dev/null
	start_contract --empty
	set_conf store service
	log_in
	start_second_machine
	there ravi init --domain agents.test >/dev/null
	grep -E '^(service_|store)' /etc/ravi/ravi.conf >>/tmp/there/etc/ravi.conf
	there ravi auth login >/dev/null 2>&1
}

# ---- one machine ----

test_the_module_has_no_network_of_its_own() {
	local module=/usr/libexec/ravi/store_service.so
	lacks "$(ldd $module)" libcurl
	lacks "$(ldd $module)" libsodium
	equal ravi_store "$(nm -D --defined-only $module | awk '{ print $3 }')"
}

test_a_new_identity_is_at_the_service() {
	ravi identity create --name agent >/dev/null
	contains "$(at_service)" "BEGIN AGE ENCRYPTED FILE"
	equal 1 "$(revision)"
	contains "$(ravi sync)" "agent: revision 1, as at the service"
}

test_a_secret_is_brought_there_sealed() {
	echo ghp_first | ravi secrets set GH_TOKEN --identity agent
	lacks "$(contract identities)" ghp_first
	# It is the document that is here.
	at_service >/tmp/at-service.age
	sed -n 's/^age=//p' /etc/ravi/host.key >/tmp/host.age
	contains "$(age -d -i /tmp/host.age /tmp/at-service.age)" '"text": "ghp_first"'
	equal 2 "$(revision)"
}

test_nothing_is_written_when_nothing_changed() {
	contract log/clear >/dev/null
	ravi sync >/dev/null
	equal 0 "$(requests /api/secrets/ PATCH)"
	equal 0 "$(requests /api/secrets/ POST)"
	equal 1 "$(requests /api/secrets/ GET)"
}

# ---- the second machine ----

test_the_second_machine_is_told_what_it_needs() {
	local said
	said=$(expect 5 there ravi identity adopt agent 2>&1)
	contains "$said" "not sealed for this machine"
	contains "$said" "ravi vault recipients add LINE --identity agent"
	contains "$said" "its next login gets the vault"
	# A login says the same in the log, and has no ring.
	expect 4 there su - agent -c 'ravi-keyctl print GH_TOKEN' 2>/dev/null
	said=$(grep 'is not on this machine yet' "$SYSLOG")
	contains "$said" "ravi vault recipients add LINE"
}

test_the_second_machine_logs_in() {
	local line
	line=$(there ravi host show)
	ravi vault recipients add "$line" --identity agent >/dev/null
	ravi vault signers add "$line" --identity agent >/dev/null
	# Whom it believes is its own administrator's word.
	there ravi identity trust agent "$(ravi host show)" >/dev/null
	# The first login fetches it.
	equal ghp_first "$(there su - agent -c 'ravi-keyctl print GH_TOKEN')"
	equal "$(revision)" "$(revision there)"
	contains "$(there ravi identity adopt agent)" agent
}

test_a_rotation_reaches_the_other_ring() {
	session_there agent far
	equal ghp_first "$(in_session far 'ravi-keyctl print GH_TOKEN')"
	echo ghp_second | ravi secrets set GH_TOKEN --identity agent
	equal ghp_first "$(in_session far 'ravi-keyctl print GH_TOKEN')"
	contains "$(there ravi sync)" "agent: took revision $(revision)"
	equal ghp_second "$(in_session far 'ravi-keyctl print GH_TOKEN')"
	# And the other way.
	echo npm_1 | there ravi secrets set NPM_TOKEN --identity agent
	ravi sync >/dev/null
	equal npm_1 "$(value NPM_TOKEN)"
	end_session far
}

test_the_agents_own_write_goes_home() {
	local broker
	/usr/libexec/ravi/ravi-broker --listen &
	broker=$!
	eventually 5 test -S /run/ravi/broker.sock
	set_conf agent_write 'NOTE_*'
	as agent 'echo from-the-agent | ravi secrets set NOTE_OF_MINE'
	kill $broker
	# The broker has no network: ravi-sync.path or a watch sees the wish, or whoever logs in or out next.
	eventually 10 test ! -e /run/ravi/sync-wanted/agent
	there ravi sync >/dev/null
	equal from-the-agent "$(value there NOTE_OF_MINE)"
}

# ---- forks ----

test_a_fork_is_put_right() {
	contract refuse >/dev/null
	refused 6 "stored here, and not yet at the service" ravi secrets set HERE_ONLY here --identity agent
	expect 6 ravi secrets set BOTH ours --identity agent 2>/dev/null
	contract accept >/dev/null
	there ravi secrets set THERE_ONLY there --identity agent
	there ravi secrets set BOTH theirs --identity agent
	equal true "$(ravi sync --json | jq '.identities[0].fork')"
	there ravi sync >/dev/null
	for machine in env there; do
		equal here "$(value $machine HERE_ONLY)"
		equal there "$(value $machine THERE_ONLY)"
		# Ours came last; theirs is the version before it.
		equal ours "$(value $machine BOTH)"
		equal theirs "$($machine ravi secrets get BOTH --version 1 --identity agent)"
	done
	equal "$(revision)" "$(revision there)"
	# Nothing was put aside for a person to look at.
	expect 1 compgen -G '/var/lib/ravi/forks/*'
}

is_asked() {
	[[ $(requests /api/secrets/ GET) != 0 ]]
}

# The copy changes while the store is asked: that is a fork to be put right, and nothing that the store did wrong.
test_a_change_while_the_store_is_asked() {
	local asking setting
	there ravi secrets set WHILE_ASKED there --identity agent
	contract fault kind=delay path=/api/secrets/ method=GET ms=3000 >/dev/null
	contract log/clear >/dev/null
	ravi sync >/tmp/asking 2>&1 &
	asking=$!
	eventually 10 is_asked
	ravi secrets set WHILE_ASKING here --identity agent &
	setting=$!
	wait $asking || fail "$(cat /tmp/asking)"
	wait $setting
	contains "$(cat /tmp/asking)" "agent: "
	equal there "$(value WHILE_ASKED)"
	equal here "$(value WHILE_ASKING)"
	expect 1 compgen -G '/var/lib/ravi/forks/*'
	there ravi sync >/dev/null
	equal here "$(value there WHILE_ASKING)"
}

test_many_writers_lose_nothing() {
	local i pids=()
	for i in 1 2 3 4 5; do
		ravi secrets set "NEAR_$i" "$i" --identity agent &
		pids+=($!)
		there ravi secrets set "FAR_$i" "$i" --identity agent &
		pids+=($!)
	done
	wait "${pids[@]}" || true
	ravi sync >/dev/null
	there ravi sync >/dev/null
	for i in 1 2 3 4 5; do
		equal "$i" "$(value there "NEAR_$i")"
		equal "$i" "$(value "FAR_$i")"
	done
	equal "$(revision)" "$(revision there)"
}

# ---- what the service may do ----

# Nothing that is refused changes the copy.
test_an_old_document_is_healed() {
	at_service >/tmp/older
	ravi secrets set AFTER_IT 1 --identity agent
	contract secret identity=agent key=RAVI_VAULT "value=$(cat /tmp/older)" >/dev/null
	contains "$(ravi sync)" "brought revision $(revision) to the service"
	equal 1 "$(value AFTER_IT)"
	# Where the copy is behind that of the service, no word of the service's makes it older.
	there ravi sync >/dev/null
	equal 1 "$(value there AFTER_IT)"
}

test_a_lost_vault_is_put_back() {
	contract secret identity=agent key=RAVI_VAULT value=null >/dev/null
	contains "$(ravi sync 2>&1)" "the store has lost the vault; it gets the copy that is here"
	contains "$(at_service RAVI_VAULT)" "BEGIN AGE"
}

# A stranger may write at the service, and has this machine's recipient.
test_a_strangers_document_is_refused() {
	local before said
	at_service >/tmp/good
	before=$(revision)
	age -a -r "$(ravi host show | cut -d ' ' -f 2)" <<<'ravi-vault/1 ed25519 00 00' >/tmp/hostile
	contract secret identity=agent key=RAVI_VAULT "value=$(cat /tmp/hostile)" >/dev/null
	said=$(expect 5 ravi sync 2>&1)
	contains "$said" "what the store has"
	contract secret identity=agent key=RAVI_VAULT value=garbage >/dev/null
	said=$(expect 5 ravi sync 2>&1)
	contains "$said" "no sealed vault"
	equal "$before" "$(revision)"
	equal 1 "$(value AFTER_IT)"
	as agent 'ravi-keyctl print AFTER_IT' >/dev/null
	# The copy stays until an administrator says what counts.
	contains "$said" "ravi sync --identity agent --over"
	ravi sync --identity agent --over >/dev/null
	contains "$(at_service)" "BEGIN AGE"
	contains "$(there ravi sync)" "revision $before, as at the service"
	# A list of parts that is none is a vault that is lost.
	contract secret identity=agent key=RAVI_VAULT "value=ravi-vault-parts/1 x" >/dev/null
	contains "$(ravi sync 2>&1)" "it gets the copy that is here"
	contains "$(at_service)" "BEGIN AGE"
	expect 2 ravi sync --all --over 2>/dev/null
}

# ---- size ----

test_a_large_vault_goes_in_parts() {
	local i
	contract set secret_size_max=6000 >/dev/null
	for i in 1 2 3; do
		head -c 6000 /dev/urandom | base64 -w 0 | ravi secrets set "LARGE_$i" --identity agent
	done
	[[ $(at_service) == "ravi-vault-parts/1 "* ]] || fail "$(at_service)"
	there ravi sync >/dev/null
	equal "$(value LARGE_3)" "$(value there LARGE_3)"
	# What no list names any more is gone.
	equal "$(at_service | wc -w)" "$(($(contract identities | jq '[.[].secrets[] | select(.key | startswith("RAVI_VAULT_"))] | length') + 2))"
	# And back into one.
	contract set secret_size_max=0 >/dev/null
	for i in 1 2 3; do
		ravi secrets delete "LARGE_$i" --identity agent
	done
	ravi vault rekey --identity agent >/dev/null
}

# ---- online and offline ----

# in_time SECONDS COMMAND...
in_time() {
	timeout "$@" || fail "not within $1 s: ${*:2}"
}

test_a_login_waits_for_no_network() {
	contract fault kind=hang times=0 >/dev/null
	make_old 1000
	in_time 5 su - agent -c 'ravi-keyctl print GH_TOKEN' >/dev/null
	contract faults/clear >/dev/null
	# What it started ends some time.
	eventually 60 bash -c '! pgrep -f "[r]avi sync --wanted"'
	rm -f /run/ravi/service-down
}

test_an_old_copy_is_looked_after_behind_the_login() {
	ravi sync >/dev/null
	echo ghp_third | there ravi secrets set GH_TOKEN --identity agent
	session agent near
	equal ghp_second "$(in_session near 'ravi-keyctl print GH_TOKEN')"
	make_old 1000
	as agent true
	eventually 20 in_session near '[[ $(ravi-keyctl print GH_TOKEN) == ghp_third ]]'
	end_session near
	# A fresh one is not.
	contract log/clear >/dev/null
	as agent true
	sleep 1
	equal 0 "$(requests /api/)"
}

# phase WORDS: the copy serves, and the log says once at each login why nothing newer does.
phase() {
	local before
	if ravi sync 2>/dev/null; then
		fail "it was reached"
	fi
	make_old 2000
	before=$(grep -c 'ago serves' "$SYSLOG" || true)
	equal ghp_third "$(as agent 'ravi-keyctl print GH_TOKEN')"
	equal $((before + 1)) "$(grep -c 'ago serves' "$SYSLOG")"
	contains "$(grep 'ago serves' "$SYSLOG" | tail -n 1)" "$1"
	contains "$(ravi doctor || true)" "its copy of"
	eventually 60 bash -c '! pgrep -f "[r]avi sync --wanted"'
}

test_the_last_good_copy_serves() {
	contract refuse >/dev/null
	phase "refuses connections"
	contract accept >/dev/null
	contract fault kind=status status=500 times=0 >/dev/null
	phase "out of order"
	contract faults/clear >/dev/null
	contract fault kind=status status=401 times=0 path=/api/secrets >/dev/null
	phase "key"
	contract faults/clear >/dev/null
	# Another certificate than the one that is trusted.
	set_conf service_ca /etc/ssl/certs/ca-certificates.crt
	phase "certificate"
	set_conf service_ca "$(served service_ca)"
	ravi sync >/dev/null
	expect 1 grep -r . /run/ravi/sync --include='*.trouble'
}

test_offline_max_ends_it() {
	contract refuse >/dev/null
	set_conf offline_max 3600
	make_old 4000
	expect 4 as agent 'ravi-keyctl print GH_TOKEN' 2>/dev/null
	contains "$(grep offline_max "$SYSLOG" | tail -n 1)" "was compared with the service"
	contains "$(ravi doctor || true)" "offline_max is over"
	# A clock that was set back says nothing about how old a copy is.
	make_old -4000
	expect 4 as agent 'ravi-keyctl print GH_TOKEN' 2>/dev/null
	contains "$(grep offline_max "$SYSLOG" | tail -n 1)" "service later than now by this machine's clock"
	contains "$(ravi doctor || true)" "later than now by this machine's clock: offline_max is over"
	contract accept >/dev/null
	rm -f /run/ravi/service-down
	# Reached again: the login itself looks.
	equal ghp_third "$(as agent 'ravi-keyctl print GH_TOKEN')"
	sed -i '/^offline_max/d' /etc/ravi/ravi.conf
}

test_the_doctor_knows_a_store_that_is_not_there() {
	set_conf store servce
	contains "$(ravi doctor || true)" "store = servce: there is no such store"
	refused 1 "store_servce.so is missing" ravi sync --identity agent
	set_conf store service
	ravi sync >/dev/null
	lacks "$(ravi doctor || true)" "no such store"
}

test_required_fresh_waits_for_news() {
	set_conf required_fresh yes
	echo ghp_fourth | there ravi secrets set GH_TOKEN --identity agent
	make_old 1000
	equal ghp_fourth "$(as agent 'ravi-keyctl print GH_TOKEN')"
	contract refuse >/dev/null
	make_old 1000
	expect 4 as agent 'ravi-keyctl print GH_TOKEN' 2>/dev/null
	contains "$(grep required_fresh "$SYSLOG" | tail -n 1)" "wants newer"
	contract accept >/dev/null
	rm -f /run/ravi/service-down
	sed -i '/^required_fresh/d' /etc/ravi/ravi.conf
}

# A new disk: entry and keys are there, the copy is not.
test_a_lost_copy_is_fetched_by_the_next_login() {
	local said
	rm /var/lib/ravi/vaults/agent.age
	equal ghp_fourth "$(as agent 'ravi-keyctl print GH_TOKEN')"
	equal "$(revision)" "$(revision there)"
	# With nothing left that says whom to trust, the administrator does.
	rm -r /var/lib/ravi/vaults/agent.age /var/lib/ravi/sync
	expect 4 as agent 'ravi-keyctl print GH_TOKEN' 2>/dev/null
	contains "$(tail -n 5 "$SYSLOG")" "ravi identity adopt agent"
	said=$(expect 5 ravi identity adopt agent 2>&1)
	contains "$said" "ravi identity trust agent LINE"
	lacks "$said" "--over"
	ravi identity trust agent "$(there ravi host show)" >/dev/null
	equal ghp_fourth "$(as agent 'ravi-keyctl print GH_TOKEN')"
	equal "$(revision)" "$(revision there)"
}

test_a_watch_follows() {
	stay_there ravi sync --watch --interval 1 >/tmp/watch 2>&1
	echo ghp_fifth | ravi secrets set GH_TOKEN --identity agent
	eventually 20 grep -q "agent: took revision $(revision)" /tmp/watch
	contract refuse >/dev/null
	sleep 3
	contract accept >/dev/null
	ravi secrets set WHILE_IT_WATCHES 1 --identity agent
	eventually 20 grep -q "agent: took revision $(revision)" /tmp/watch
	kill $!
	wait $! || true
}

# ---- one login, one machine ----

# An auth.json with a refresh token.
codex_login() {
	local token
	token=$(printf '{"sub":"agent","exp":%d}' $(($(date +%s) + 3600)) | base64 -w 0 | tr -d = | tr +/ -_)
	printf '{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"id_token":"e30.%s.c2ln","access_token":"e30.%s.c2ln","refresh_token":"%s","account_id":"acc"},"last_refresh":"2026-11-20T00:00:00Z"}' \
		"$token" "$token" "$1"
}

test_codex_runs_on_one_machine_at_a_time() {
	local brokers=() watches=() said
	# In the place of codex: what is looked at is what comes before it.
	printf '#!/bin/sh\necho codex runs\n' >/usr/local/bin/codex-standin
	chmod 755 /usr/local/bin/codex-standin
	set_conf codex /usr/local/bin/codex-standin
	set_conf codex /usr/local/bin/codex-standin /tmp/there/etc/ravi.conf
	/usr/libexec/ravi/ravi-broker --listen &
	brokers+=($!)
	stay_there /usr/libexec/ravi/ravi-broker --listen
	brokers+=($!)
	eventually 5 test -S /run/ravi/broker.sock
	eventually 5 there test -S /run/ravi/broker.sock
	codex_login r1 | ravi secrets set CODEX_SESSION_TOKEN --identity agent
	there ravi sync >/dev/null
	ravi sync --watch --interval 60 >/dev/null 2>&1 &
	watches+=($!)
	stay_there ravi sync --watch --interval 60 >/dev/null 2>&1
	watches+=($!)
	sleep 1
	# Nobody uses it: the first that asks does, by what the service says now.
	equal null "$(ravi identity lease agent --json | jq .host)"
	equal "codex runs" "$(there su - agent -c 'ravi-codex exec hello')"
	equal true "$(there ravi identity lease agent --json | jq .here)"
	# The other one does not know yet, and asks.
	said=$(expect 5 su - agent -c 'ravi-codex exec hello' 2>&1) || fail "$said"
	contains "$said" "ravi identity lease agent --take-over"
	equal false "$(ravi identity lease agent --json | jq .here)"
	# An administrator moves it.
	ravi identity lease agent --take-over >/dev/null
	equal "codex runs" "$(su - agent -c 'ravi-codex exec hello')"
	refused 5 "in use on" there ravi identity lease agent --give-up
	said=$(expect 5 there su - agent -c 'ravi-codex exec hello' 2>&1) || fail "$said"
	contains "$said" "in use on $(hostname)"
	# Held, it needs no network; given up, it does.
	contract refuse >/dev/null
	equal "codex runs" "$(su - agent -c 'ravi-codex exec hello')"
	expect 6 ravi identity lease agent --give-up 2>/dev/null
	contract accept >/dev/null
	ravi identity lease agent --give-up >/dev/null
	equal null "$(there ravi identity lease agent --json | jq .host)"
	# What this machine has written down and the service never heard of is no lease.
	contract fault kind=status status=503 method=PATCH path=/api/secrets times=0 >/dev/null
	expect 6 ravi identity lease agent --take-over >/dev/null 2>&1
	said=$(expect 6 su - agent -c 'ravi-codex exec hello' 2>&1) || fail "$said"
	contains "$said" "has not said yet"
	contract faults/clear >/dev/null
	rm -f /run/ravi/service-down
	equal "codex runs" "$(su - agent -c 'ravi-codex exec hello')"
	ravi identity lease agent --give-up >/dev/null
	# A key is good on any number of machines.
	echo sk-test-0123456789 | ravi secrets set CODEX_SESSION_TOKEN --identity agent
	there ravi sync >/dev/null
	equal "codex runs" "$(su - agent -c 'ravi-codex exec hello')"
	equal "codex runs" "$(there su - agent -c 'ravi-codex exec hello')"
	kill "${brokers[@]}" "${watches[@]}"
	wait "${brokers[@]}" "${watches[@]}" || true
	expect 1 pgrep -f "^ravi sync --watch"
}

# ---- the end of an identity ----

test_disabling_reaches_the_other_machine() {
	ravi identity disable agent >/dev/null
	there ravi sync >/dev/null
	if there su - agent -c 'ravi-keyctl print GH_TOKEN' 2>/dev/null; then
		fail "a disabled identity has its token there"
	fi
	ravi identity enable agent >/dev/null
	there ravi sync >/dev/null
	there su - agent -c 'ravi-keyctl print GH_TOKEN' >/dev/null
}

test_a_tombstone_reaches_the_other_machine() {
	ravi identity delete agent >/dev/null 2>&1
	contains "$(there ravi sync)" "this machine has forgotten its key"
	contains "$(there ravi sync)" "no identity of this machine is at home at the service"
	equal deleted "$(there ravi vault info agent --json | jq -r .state)"
	lacks "$(at_service)" "$(cat /tmp/good)"
}

a_login_there_reads() {
	[[ $(there su - agent -c 'ravi-keyctl print GH_TOKEN' 2>/dev/null) == "$1" ]]
}

# The machine that has the tombstone takes the vault of the one that came after it, and makes none of its own.
test_the_same_name_made_anew_is_adopted() {
	local uuid
	ravi identity create --name agent --email again >/dev/null
	echo ghp_again | ravi secrets set GH_TOKEN --identity agent
	uuid=$(ravi identity show agent --json | jq -r .uuid)
	refused 5 "not sealed for this machine" there ravi identity adopt "$uuid"
	equal deleted "$(there ravi vault info agent --json | jq -r .state)"
	ravi vault recipients add "$(there ravi host show)" --identity agent >/dev/null
	ravi vault signers add "$(there ravi host show)" --identity agent >/dev/null
	# A login gets it, as it was told, when the service answers within its time.
	eventually 20 a_login_there_reads ghp_again
	there ravi identity adopt "$uuid" >/dev/null
	equal "$(revision)" "$(revision there)"
	contains "$(there ravi sync)" "agent: revision $(revision), as at the service"
}

test_a_name_is_not_made_anew_before_its_end_is_told() {
	contract refuse >/dev/null
	expect 6 ravi identity delete agent >/dev/null 2>&1
	contract accept >/dev/null
	contract fault kind=status status=503 path=/api/secrets times=0 >/dev/null
	refused 6 "the service does not know it yet" ravi identity create --name agent --email third
	contract faults/clear >/dev/null
	ravi identity create --name agent --email third >/dev/null
	there ravi sync >/dev/null
	equal deleted "$(there ravi vault info agent --json | jq -r .state)"
	ravi identity delete agent >/dev/null 2>&1
}

# What it had written and nobody takes any more is put aside, and keeps no news from it, however much it was.
test_a_machine_that_may_not_sign_any_more_takes_what_comes() {
	local i
	ravi identity create --name quiet >/dev/null
	ravi vault recipients add "$(there ravi host show)" --identity quiet >/dev/null
	ravi vault signers add "$(there ravi host show)" --identity quiet >/dev/null
	there ravi identity trust quiet "$(ravi host show)" >/dev/null
	there ravi identity adopt quiet >/dev/null
	contract refuse >/dev/null
	for i in 1 2 3; do
		expect 6 there ravi secrets set "FAR_$i" "$i" --identity quiet 2>/dev/null
	done
	contract accept >/dev/null
	ravi vault signers remove "$(there ravi host show)" --identity quiet >/dev/null
	ravi secrets set NEWS 1 --identity quiet
	contains "$(there ravi sync 2>&1)" "the copy that was here is kept as"
	equal 1 "$(there ravi secrets get NEWS --identity quiet)"
}

test_a_name_that_the_vault_does_not_have() {
	refused 5 "adopt --name quiet" there ravi identity adopt --name calm quiet
	lacks "$(there ravi sync 2>&1)" calm
}

test_a_revoked_key_is_made_anew() {
	local said
	contract revoke "key=$(su - quiet -c 'ravi-keyctl print RAVI_IDENTITY_KEY')" >/dev/null
	said=$(expect 5 ravi sync 2>&1)
	contains "$said" "quiet: the service does not accept this key"
	contains "$said" "ravi identity adopt $(ravi identity show quiet --json | jq -r .uuid)"
	ravi identity adopt quiet >/dev/null
	contains "$(ravi sync)" "quiet: revision"
}

test_without_its_key_no_offline_max_counts() {
	ravi auth logout >/dev/null 2>&1
	touch -d "@$(($(date +%s) - 900000))" /var/lib/ravi/sync/quiet.age
	said=$(ravi doctor || true)
	lacks "$said" "offline_max is over"
	contains "$said" "has no key for it there now"
	contains "$(ravi secrets set NEWS 2 --identity quiet 2>&1)" "stays here; say: ravi identity adopt $(ravi identity show quiet --json | jq -r .uuid)"
	contains "$(ravi sync 2>&1)" "no key for quiet at the service any more"
	su - quiet -c 'ravi-keyctl print NEWS' >/dev/null
	log_in
	ravi identity adopt quiet >/dev/null
	lacks "$(ravi doctor || true)" "has no key for it there now"
	ravi sync >/dev/null
	there ravi sync >/dev/null
	equal 2 "$(there ravi secrets get NEWS --identity quiet)"
}

test_a_wish_for_nobody_is_none() {
	: >/run/ravi/sync-wanted/nobody-there
	expect 3 ravi sync --wanted 2>/dev/null
	expect 1 test -e /run/ravi/sync-wanted/nobody-there
}

test_the_contract_was_kept() {
	check_contract
}

run_tests
