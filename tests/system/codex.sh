#!/bin/bash
# SPDX-License-Identifier: MIT
# ravi-codex with the real codex (npm, pinned in tests/run) against an issuer and a model on loopback.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

# shellcheck disable=SC2034 # for run_tests
TEST_SECONDS=180
MOCK=/tmp/mock
SECRET=CODEX_SESSION_TOKEN
CODEX=$(find "$WORK/npm/" -path '*/vendor/*/bin/codex' -type f 2>/dev/null | head -n 1)
HOMES=/run/ravi/home

if [[ ! -x $CODEX ]]; then
	echo "1..0 # SKIP npm could not fetch @openai/codex"
	exit 0
fi

# ---- logins and what becomes of them ----

part() {
	base64 -w0 | tr '+/' '-_' | tr -d =
}

# login REFRESH ACCESS SECONDS: an auth.json whose access token is good for so long.
login() {
	local token id
	token=$(printf '{"sub":"%s","exp":%d}' "$2" $(($(date +%s) + $3)) | part)
	id=$(printf '{"sub":"%s"}' "$1" | part)
	printf '{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"id_token":"e30.%s.c2ln","access_token":"e30.%s.c2ln","refresh_token":"%s","account_id":"acc"},"last_refresh":"2026-11-20T00:00:00Z"}' \
		"$id" "$token" "$1"
}

store() {
	ravi secrets set "$SECRET" --identity "${2:-first}" >/dev/null <<<"$1"
}

# The refresh token that the vault has, and the version it has it in.
stored() {
	ravi secrets get "${2:-$SECRET}" --identity "${1:-first}" | jq -r .tokens.refresh_token
}

version() {
	ravi secrets list --identity first --json | jq -r ".[] | select(.name == \"$SECRET\") | .version"
}

has_stored() {
	[[ $(stored first) == "$1" ]]
}

# The file on tmpfs.
file() {
	echo "$HOMES/first/codex/first/auth.json"
}

refresh_token_of() {
	jq -r .tokens.refresh_token "$1" 2>/dev/null
}

# As codex 0.169 does it: a new file, renamed into place.
rewrite() {
	local folder
	folder=$(dirname "$(file)")
	login "$1" "$2" 3600 >"$folder/.auth-test"
	chown first: "$folder/.auth-test"
	chmod 600 "$folder/.auth-test"
	mv "$folder/.auth-test" "$folder/auth.json"
}

mock_log() {
	cat "$MOCK/log" 2>/dev/null
}

forget_log() {
	: >"$MOCK/log"
	rm -f /run/ravi/broker/first # a minute's writes are the agent's again
}

# end_codex WORDS: ends the agent's codex with these on its command line, and waits until it is gone.
end_codex() {
	pkill "${2:--TERM}" -u first -f "codex $1" || true
	eventually 20 bash -c "! pgrep -u first -f 'codex $1' >/dev/null"
}

status() {
	in_session "$1" 'ravi-codex status --json' | jq -r ".$2"
}

# ---- the machine ----

start_broker() {
	/usr/libexec/ravi/ravi-broker --listen &
	echo $! >/tmp/broker.pid
	eventually 5 test -S /run/ravi/broker.sock
}

stop_broker() {
	kill "$(cat /tmp/broker.pid)"
	eventually 5 bash -c '! kill -0 $(cat /tmp/broker.pid) 2>/dev/null'
	rm -f /run/ravi/broker.sock
}

# The agent's ~/.codex: its model is the mock.
configure_codex() {
	local home
	home=$(getent passwd "$1" | cut -d: -f6)/.codex
	mkdir -p "$home"
	cat >"$home/config.toml" <<END
model_provider = "mock"
model = "gpt-5"
chatgpt_base_url = "http://127.0.0.1:$(cat $MOCK/port)/backend-api/"

[model_providers.mock]
name = "mock"
base_url = "http://127.0.0.1:$(cat $MOCK/port)/v1"
wire_api = "responses"
requires_openai_auth = true
END
	chown -R "$1": "$home"
}

test_machine_is_set_up() {
	set_up
	mkdir -p $MOCK
	chmod 755 $MOCK
	echo 3600 >$MOCK/lifetime
	node "$(dirname "$0")/codex-mock.js" $MOCK &
	eventually 10 test -s $MOCK/port
	start_broker
	echo "codex = $CODEX" >>/etc/ravi/ravi.conf
	configure_codex first
	# For all of the agent's shells: where codex refreshes.
	cat >/etc/profile.d/codex-test.sh <<END
export CODEX_REFRESH_TOKEN_URL_OVERRIDE=http://127.0.0.1:$(cat $MOCK/port)/oauth/token
export CODEX_REVOKE_TOKEN_URL_OVERRIDE=http://127.0.0.1:$(cat $MOCK/port)/oauth/revoke
say_done() { timeout 60 ravi-codex exec --skip-git-repo-check "say done" </dev/null 2>/tmp/codex.\$\$; }
export -f say_done
END
	forget_log
}

# ---- logged in ----

test_codex_is_logged_in_without_a_browser() {
	store "$(login r1 a1 3600)"
	session first a
	contains "$(in_session a 'ravi-codex login status 2>&1')" "Logged in using ChatGPT"
	contains "$(in_session a say_done)" "done"
	contains "$(mock_log)" "model a1"
	lacks "$(mock_log)" refresh
	equal "$(file)" "$(readlink /home/first/.codex/auth.json)"
	equal "700 first" "$(stat -c '%a %U' /home/first/.codex)"
	equal "600 first" "$(stat -c '%a %U' "$(file)")"
	equal "700 first" "$(stat -c '%a %U' "$HOMES/first")"
	equal tmpfs "$(stat -f -c %T "$HOMES/first")"
	end_session a
	[[ ! -e $HOMES/first ]]
}

test_a_refresh_lands_in_the_vault() {
	forget_log
	store "$(login r2 a2 60)"
	session first a
	contains "$(in_session a say_done)" "done"
	contains "$(mock_log)" "refresh r2 ok"
	local renewed
	renewed=$(mock_log | sed -n 's/^refresh r2 ok //p')
	eventually 10 has_stored "$renewed"
	lacks "$(mock_log)" reused
	end_session a
	grep -q "event=write-back user=first identity=first name=$SECRET version=3 result=done" $SYSLOG
}

test_a_restart_uses_the_refreshed_one() {
	local before
	before=$(stored)
	forget_log
	session first a
	contains "$(in_session a say_done)" "done"
	contains "$(mock_log)" "model a${before#r}"
	lacks "$(mock_log)" refresh
	end_session a
	equal "$before" "$(stored)"
}

test_two_at_once_share_the_file() {
	forget_log
	store "$(login r3 a3 60)"
	session first a
	session first b
	in_session a '(say_done >/tmp/one.out; echo $? >/tmp/one.rc) &'
	contains "$(in_session b say_done)" "done"
	eventually 60 test -s /tmp/one.rc
	contains "$(cat /tmp/one.out)" "done"
	end_session a
	[[ -e $(file) ]]
	local last
	last=$(refresh_token_of "$(file)")
	eventually 10 has_stored "$last"
	end_session b
	[[ ! -e $HOMES/first ]]
	# The login lives: another run needs nothing but what the vault has.
	forget_log
	session first a
	contains "$(in_session a say_done)" "done"
	lacks "$(mock_log)" reused
	end_session a
}

test_app_server_is_logged_in_over_pipes() {
	cat >/tmp/app-server.js <<'END'
const {spawn} = require('child_process');
const child = spawn('ravi-codex', ['-c', 'model_reasoning_effort="low"', 'app-server'], {stdio: ['pipe', 'pipe', 'ignore']});
let text = '';
child.stdout.on('data', (d) => {
	text += d;
	for (const line of text.split('\n').slice(0, -1)) {
		const answer = JSON.parse(line);
		if (answer.id === 1) send({method: 'initialized'}), send({id: 2, method: 'getAuthStatus', params: {includeToken: false}});
		if (answer.id === 2) console.log(JSON.stringify(answer)), child.stdin.end();
	}
	text = text.slice(text.lastIndexOf('\n') + 1);
});
const send = (object) => child.stdin.write(JSON.stringify(object) + '\n');
child.on('exit', (code) => console.log(`exit status ${code}`));
send({id: 1, method: 'initialize', params: {clientInfo: {name: 'codex_monitor', title: 'test', version: '1'}}});
setTimeout(() => child.kill('SIGKILL'), 30000).unref();
END
	store "$(login r4 a4 3600)"
	local said
	said=$(su - first -c 'node /tmp/app-server.js')
	contains "$said" '"authMethod":"chatgpt"'
	contains "$said" "exit status 0"
	printf sk-test-key | ravi secrets set "$SECRET" --identity first
	said=$(su - first -c 'node /tmp/app-server.js')
	contains "$said" '"authMethod":"apikey"'
}

# ---- it passes for codex ----

test_version_status_and_signals_are_codex_s() {
	equal "$("$CODEX" --version)" "$(su - first -c 'ravi-codex --version')"
	# CodexMonitor asks before anybody is logged in.
	equal "$("$CODEX" --version)" "$(ravi-codex --version)"
	equal "$("$CODEX" exec --help)" "$(ravi-codex exec --help)"
	equal "$("$CODEX" app-server -h)" "$(ravi-codex app-server -h)"
	expect 2 su - first -c 'ravi-codex exec --no-such-option 2>/dev/null'
	cat >/usr/bin/fake-codex <<'END'
#!/bin/bash
case $1 in
env) env; exit 7 ;;
args) shift; printf '<%s>' "$@" ;;
cat) cat ;;
wait) echo $$ >/tmp/fake.pid; exec sleep 60 ;;
esac
END
	chmod 755 /usr/bin/fake-codex
	store "$(login r5 a5 3600)"
	session first a
	in_session a 'export CODEX_BIN=/usr/bin/fake-codex'
	equal "<a b><--identity><x><--which><--><save>" \
		"$(in_session a 'ravi-codex args "a b" --identity x --which -- save')"
	equal "<-->" "$(in_session a 'ravi-codex --identity first args --')"
	equal "<y>" "$(in_session a 'ravi-codex --identity=first -- args y')"
	equal "through" "$(in_session a 'echo through | ravi-codex cat')"
	in_session a 'ravi-codex wait & echo $! >/tmp/wrapper.pid'
	eventually 10 test -s /tmp/fake.pid
	equal "$(cat /tmp/wrapper.pid)" "$(cat /tmp/fake.pid)"
	kill -TERM "$(cat /tmp/fake.pid)"
	expect 143 in_session a 'wait $(cat /tmp/wrapper.pid)'
	end_session a
	# Nothing writes back yet: it is started by a child, which a caller that ignores SIGCHLD cannot wait for.
	equal "<z>" "$(su - first -c 'CODEX_BIN=/usr/bin/fake-codex exec env --ignore-signal=CHLD ravi-codex args z')"
}

test_no_token_reaches_codex_s_environment() {
	printf secret-of-mine | ravi secrets set OTHER_THING --identity first
	session first a
	in_session a 'export CODEX_BIN=/usr/bin/fake-codex'
	local names seen
	names="CODEX_MONITOR_DAEMON_TOKEN GH_TOKEN GITHUB_TOKEN GH_ENTERPRISE_TOKEN GITHUB_ENTERPRISE_TOKEN CODEX_API_KEY OPENAI_API_KEY CODEX_ACCESS_TOKEN OTHER_THING"
	in_session a "for name in $names; do export \$name=canary; done"
	seen=$(expect 7 in_session a 'ravi-codex env')
	lacks "$seen" canary
	contains "$seen" CODEX_HOME=/home/first/.codex
	lacks "$(tr '\0' '\n' <"/proc/$(pgrep -u first -f ravi-codex-write-back)/environ")" canary
	end_session a
	ravi secrets delete OTHER_THING --identity first
}

test_each_form_gets_where_codex_looks_for_it() {
	session first a
	in_session a 'export CODEX_BIN=/usr/bin/fake-codex'
	printf 'sk-key-1\n' | ravi secrets set "$SECRET" --identity first
	in_session a 'ravi-codex args' >/dev/null
	equal '{"auth_mode":"apikey","OPENAI_API_KEY":"sk-key-1"}' "$(cat "$(file)")"
	# A rotated key is there at the next start.
	printf 'sk-key-2' | ravi secrets set "$SECRET" --identity first
	in_session a 'ravi-codex args' >/dev/null
	equal sk-key-2 "$(jq -r .OPENAI_API_KEY "$(file)")"
	printf 'at-token\n' | ravi secrets set "$SECRET" --identity first
	contains "$(in_session a 'ravi-codex env; true')" "CODEX_ACCESS_TOKEN=at-token"
	printf '{"no": "login"}' | ravi secrets set "$SECRET" --identity first
	contains "$(expect 1 in_session a 'ravi-codex args 2>&1')" "no Codex login"
	ravi secrets delete "$SECRET" --identity first
	contains "$(expect 3 in_session a 'ravi-codex args 2>&1')" "has no Codex login"
	printf 'sk-key-3' | ravi secrets set CODEX_API_KEY --identity first
	in_session a 'ravi-codex args' >/dev/null
	equal sk-key-3 "$(jq -r .OPENAI_API_KEY "$(file)")"
	ravi secrets delete CODEX_API_KEY --identity first
	end_session a
	expect 4 ravi-codex exec x
}

# ---- a login that was made here ----

test_a_logout_says_that_the_vault_keeps_the_login() {
	store "$(login r18 a18 3600)"
	session first a
	contains "$(in_session a 'ravi-codex logout 2>&1')" "ravi secrets delete $SECRET --identity first"
	contains "$(mock_log)" "revoked r18"
	equal r18 "$(stored)"
	lacks "$(in_session a 'ravi-codex login status; ravi-codex mcp logout none; ravi-codex exec logout </dev/null' 2>&1)" "in the vault"
	end_session a
}

test_a_login_in_clear_is_refused_and_saved() {
	session first a
	login r20 a20 3600 >/home/first/.codex/auth.plain
	chown first: /home/first/.codex/auth.plain
	in_session a 'cd ~/.codex && rm auth.json && mv auth.plain auth.json'
	store "$(login r19 a19 3600)"
	contains "$(expect 5 in_session a 'ravi-codex exec x 2>&1')" "ravi-codex save"
	equal plaintext "$(status a auth_json)"
	[[ -f /home/first/.codex/auth.json ]]
	contains "$(in_session a 'ravi-codex save')" stored
	equal r20 "$(stored)"
	equal "$(file)" "$(readlink /home/first/.codex/auth.json)"
	equal r20 "$(refresh_token_of "$(file)")"
	contains "$(in_session a say_done)" "done"
	contains "$(mock_log)" "model a20"
	end_session a
}

test_a_login_made_through_the_wrapper_is_never_on_disk() {
	ravi secrets delete "$SECRET" --identity first
	rm -f /home/first/.codex/auth.json
	session first a
	in_session a 'echo sk-made-here | ravi-codex login --with-api-key 2>&1' >/dev/null
	eventually 10 bash -c "ravi secrets get $SECRET --identity first 2>/dev/null | grep -q sk-made-here"
	[[ -L /home/first/.codex/auth.json ]]
	contains "$(in_session a say_done)" "done"
	contains "$(mock_log)" "model sk-made-here"
	end_session a
}

test_an_access_token_keeps_no_new_login_on_disk() {
	ravi secrets delete "$SECRET" --identity first
	printf at-token | ravi secrets set CODEX_ACCESS_TOKEN --identity first
	rm -f /home/first/.codex/auth.json
	session first a
	in_session a 'echo sk-made-beside | ravi-codex login --with-api-key 2>&1' >/dev/null
	[[ -L /home/first/.codex/auth.json ]]
	eventually 10 bash -c "ravi secrets get $SECRET --identity first 2>/dev/null | grep -q sk-made-beside"
	end_session a
	ravi secrets delete CODEX_ACCESS_TOKEN --identity first
}

test_a_login_made_by_a_client_beside_an_access_token_is_not_on_disk() {
	ravi secrets delete "$SECRET" --identity first
	printf at-token | ravi secrets set CODEX_ACCESS_TOKEN --identity first
	rm -f /home/first/.codex/auth.json
	sed "s/'getAuthStatus'.*}}/'account\/login\/start', params: {type: 'apiKey', apiKey: 'sk-of-client'}}/" \
		/tmp/app-server.js >/tmp/login.js
	grep -q sk-of-client /tmp/login.js
	session first a
	in_session a 'node /tmp/login.js'
	eventually 10 bash -c "ravi secrets get $SECRET --identity first 2>/dev/null | grep -q sk-of-client"
	[[ -L /home/first/.codex/auth.json ]]
	ravi secrets delete "$SECRET" --identity first
	in_session a 'rm .codex/auth.json && echo {} >.codex/auth.json'
	contains "$(in_session a 'ravi-codex status')" "in clear"
	expect 5 in_session a 'ravi-codex app-server </dev/null'
	in_session a 'rm .codex/auth.json'
	end_session a
	ravi secrets delete CODEX_ACCESS_TOKEN --identity first
}

test_a_login_is_made_where_one_has_expired_or_is_deleted() {
	login r21 a21 3600 | ravi secrets set "$SECRET" --identity first --expires 3s
	session first a
	in_session a 'ravi-codex login status' >/dev/null 2>&1
	sleep 3
	contains "$(expect 3 in_session a 'ravi-codex exec x 2>&1')" "has expired"
	in_session a 'echo sk-after-end | ravi-codex login --with-api-key 2>&1' >/dev/null
	eventually 10 bash -c "ravi secrets get $SECRET --identity first 2>/dev/null | grep -q sk-after-end"
	ravi secrets delete "$SECRET" --identity first
	in_session a 'echo sk-after-deletion | ravi-codex login --with-api-key 2>&1' >/dev/null
	eventually 10 bash -c "ravi secrets get $SECRET --identity first 2>/dev/null | grep -q sk-after-deletion"
	end_session a
	expect 3 ravi secrets get ${SECRET}_CONFLICT --identity first 2>/dev/null
}

test_what_has_expired_is_saved_over() {
	login r22 a22 3600 | ravi secrets set "$SECRET" --identity first --expires 2s
	session first a
	sleep 2
	login r23 a23 3600 >/tmp/found
	chmod 644 /tmp/found
	contains "$(in_session a 'rm -f ~/.codex/auth.json && cp /tmp/found ~/.codex/auth.json && ravi-codex save')" stored
	equal r23 "$(stored)"
	end_session a
}

# ---- somebody else was there ----

# An app-server that stays, as a daemon's does.
stay() {
	in_session "$1" 'sleep 1000 | ravi-codex app-server >/dev/null 2>&1 &'
	eventually 10 pgrep -u first -x codex >/dev/null
}

# Whether a codex that is started now in session a has this login.
starts_with() {
	in_session a 'ravi-codex login status' >/dev/null
	[[ $1 == "$(refresh_token_of "$(file)")" ]]
}

test_a_conflict_is_kept_and_nothing_is_overwritten() {
	store "$(login r30 a30 3600)"
	session first a
	stay a
	store "$(login r31 a31 3600)"
	# Who starts now shares what the other has: its next refresh would go on top of the new one.
	contains "$(in_session a 'ravi-codex login status 2>&1')" "until then"
	equal r30 "$(refresh_token_of "$(file)")"
	rewrite r32 a32
	eventually 10 bash -c "ravi secrets get ${SECRET}_CONFLICT --identity first 2>/dev/null | grep -q r32"
	equal r31 "$(stored)"
	contains "$(status a problem)" "${SECRET}_CONFLICT"
	end_codex app-server
	# Nobody has the old one in memory any more, as soon as the one that was ended is gone.
	eventually 10 starts_with r31
	end_session a
	equal r31 "$(stored)"
	ravi secrets delete "${SECRET}_CONFLICT" --identity first
}

test_a_login_that_is_stored_while_one_is_made_stays() {
	ravi secrets delete "$SECRET" --identity first
	cat >/usr/bin/slow-login <<'END'
#!/bin/bash
: >/tmp/slow.asks
until [[ -e /tmp/slow.goes ]]; do sleep 0.05; done
cat /tmp/slow.login >"$CODEX_HOME/auth.json"
END
	chmod 755 /usr/bin/slow-login
	login r33 a33 3600 >/tmp/slow.login
	chmod 644 /tmp/slow.login
	session first a
	in_session a 'CODEX_BIN=/usr/bin/slow-login ravi-codex login &'
	eventually 10 test -e /tmp/slow.asks
	store "$(login r34 a34 3600)"
	: >/tmp/slow.goes
	eventually 10 bash -c "ravi secrets get ${SECRET}_CONFLICT --identity first 2>/dev/null | grep -q r33"
	equal r34 "$(stored)"
	# Another one under the same number: the name was deleted and made again.
	eventually 10 starts_with r34
	stay a
	ravi secrets delete "$SECRET" --identity first
	store "$(login r35 a35 3600)"
	rewrite r36 a36
	eventually 10 bash -c "ravi secrets get ${SECRET}_CONFLICT --identity first 2>/dev/null | grep -q r36"
	equal r35 "$(stored)"
	end_codex app-server
	end_session a
	# The same without a broker, at the last close.
	session first a
	stay a
	stop_broker
	ravi secrets delete "$SECRET" --identity first
	store "$(login r37 a37 3600)"
	rewrite r38 a38
	end_codex app-server
	end_session a
	start_broker
	equal r37 "$(stored)"
	equal r38 "$(stored first ${SECRET}_CONFLICT)"
	ravi secrets delete "${SECRET}_CONFLICT" --identity first
}

test_a_torn_file_replaces_nothing() {
	store "$(login r40 a40 3600)"
	session first a
	stay a
	local before whole
	before=$(version)
	whole=$(login r41 a41 3600)
	# As older ones do it: truncated, and written bit by bit.
	printf %s "${whole:0:100}" >"$(file)"
	sleep 0.5
	: >"$(file)"
	sleep 0.5
	equal "$before" "$(version)"
	printf %s "$whole" >"$(file)"
	eventually 10 has_stored r41
	end_codex app-server
	printf %s "${whole:0:50}" >"$(file)"
	end_session a
	equal r41 "$(stored)"
}

test_a_login_that_is_too_large_for_a_vault_is_said() {
	store "$(login r42 a42 3600)"
	session first a
	stay a
	jq -c '.tokens.id_token = "e30." + ("a" * 40000) + ".x"' "$(file)" >/tmp/large
	cat /tmp/large >"$(file)"
	eventually 10 grep -q "event=write-back user=first identity=first name=$SECRET.*larger than.*result=failed" $SYSLOG
	contains "$(status a problem)" "larger than"
	end_codex app-server
	eventually 10 bash -c '! pgrep -u first -f ravi-codex-write-back >/dev/null'
	end_session a
	equal r42 "$(stored)"
}

test_a_broker_that_is_away_is_waited_for() {
	store "$(login r50 a50 3600)"
	session first a
	stay a
	stop_broker
	rewrite r51 a51
	eventually 10 bash -c 'grep -q "event=write-back.*result=failed" /run/syslog.txt'
	equal true "$(status a unstored)"
	start_broker
	eventually 10 has_stored r51
	equal false "$(status a unstored)"
	end_codex app-server
	# Nobody needs it any more.
	eventually 10 bash -c '! pgrep -u first -f ravi-codex-write-back >/dev/null'
	end_session a
}

test_without_a_broker_the_last_close_takes_it_in() {
	store "$(login r60 a60 3600)"
	stop_broker
	session first a
	stay a
	rewrite r61 a61
	end_codex app-server
	end_session a
	equal r61 "$(stored)"
	[[ ! -e $HOMES/first ]]
	grep -q "event=write-back user=first identity=first name=$SECRET version=[0-9]* via=ravi-load result=done" $SYSLOG
	start_broker
}

# ---- killed ----

# Everything of the agent is killed at some moment of a refresh; su, which is root's, is stopped meanwhile, so
# that what was written last can be seen before the session is closed.
kill_at() {
	local round=$1 what=$2 delay=$3 su written
	store "$(login "k$round" "ka$round" 60)"
	forget_log
	session first k
	su=$(cat /tmp/session.k/su)
	in_session k 'say_done >/dev/null &' >/dev/null
	eventually 30 grep -q "^refresh k$round ok" $MOCK/log
	sleep "$delay"
	kill -STOP "$su"
	case $what in
	all) pkill -KILL -u first ;;
	codex) pkill -KILL -u first -f 'codex exec' ;;
	watch) pkill -KILL -u first -f ravi-codex-write-back ;;
	esac
	sleep 0.2
	written=$(refresh_token_of "$(file)")
	kill -CONT "$su"
	if [[ $what == all ]]; then
		wait "$su" || true
		eval "exec {SESSION_k}>&-"
		rm -rf /tmp/session.k
	else
		end_codex exec -KILL
		end_session k
	fi
	eventually 10 test ! -e $HOMES/first
	[[ -n $written ]] || fail "there was no auth.json in round $round"
	# Torn or not written yet is what codex lost; what it had written is in the vault.
	equal "$written" "$(stored)"
}

test_killing_everything_of_the_agent_loses_nothing() {
	local round=0 delay
	for delay in 0 0.002 0.005 0.01 0.02 0.05 0.1 0.3; do
		kill_at $((++round)) all $delay
	done
	contains "$(stored)" r
}

test_killing_codex_or_the_watcher_loses_nothing() {
	local round=20 delay what
	for what in codex watch; do
		for delay in 0 0.01 0.05; do
			kill_at $((++round)) $what $delay
		done
	done
}

test_a_dead_watcher_is_replaced_by_the_next_run() {
	store "$(login r70 a70 3600)"
	session first a
	stay a
	pkill -KILL -u first -f ravi-codex-write-back
	rewrite r71 a71
	sleep 0.3
	equal r70 "$(stored)"
	in_session a 'ravi-codex login status' >/dev/null
	eventually 10 has_stored r71
	end_codex app-server
	end_session a
}

test_codex_starts_whatever_keeps_the_last_refresh_from_the_vault() {
	store "$(login r72 a72 3600)"
	session first a
	stay a
	pkill -KILL -u first -f ravi-codex-write-back
	rewrite r73 a73
	end_codex app-server -KILL
	stop_broker
	contains "$(in_session a 'ravi-codex login status 2>&1')" "Logged in"
	contains "$(status a problem)" "broker is not running"
	start_broker
	eventually 10 has_stored r73
	# Or another login is stored there meanwhile.
	stay a
	pkill -KILL -u first -f ravi-codex-write-back
	rewrite r74 a74
	end_codex app-server -KILL
	store "$(login r75 a75 3600)"
	contains "$(in_session a 'ravi-codex login status 2>&1')" "Logged in"
	equal r75 "$(stored)"
	equal r74 "$(stored first ${SECRET}_CONFLICT)"
	equal r75 "$(refresh_token_of "$(file)")"
	end_session a
	ravi secrets delete ${SECRET}_CONFLICT --identity first
}

test_a_session_that_never_closed_is_swept() {
	store "$(login r80 a80 3600)"
	session first a
	stay a
	pkill -KILL -u first -f ravi-codex-write-back
	rewrite r81 a81
	# Root's su, too: nobody is left to close the session.
	kill -KILL "$(cat /tmp/session.a/su)"
	pkill -KILL -u first
	eventually 10 bash -c '! pgrep -u first >/dev/null'
	[[ -e $(file) ]]
	/usr/libexec/ravi/ravi-load --sweep >/dev/null
	equal r81 "$(stored)"
	[[ ! -e $HOMES/first ]]
	rm -rf /tmp/session.a
}

test_a_codex_that_is_left_behind_can_still_save() {
	store "$(login r90 a90 3600)"
	session first a
	in_session a 'sleep 1000 | setsid ravi-codex app-server >/dev/null 2>&1 &'
	eventually 10 pgrep -u first -x codex >/dev/null
	end_session a
	equal "" "$(ring_of first)"
	rewrite r91 a91
	eventually 10 has_stored r91
	end_codex app-server
	/usr/libexec/ravi/ravi-load --sweep >/dev/null
	[[ ! -e $HOMES/first ]]
	pkill -u first sleep || true
}

test_release_takes_the_login_away_at_once() {
	store "$(login r95 a95 3600)"
	session first a
	stay a
	pkill -KILL -u first -f ravi-codex-write-back
	rewrite r96 a96
	ravi release first >/dev/null
	[[ ! -e $HOMES/first ]]
	equal r96 "$(stored)"
	end_codex app-server
	end_session a
}

# ---- an agent that plays tricks ----

test_what_an_agent_plants_is_not_followed() {
	store "$(login r97 a97 3600)"
	printf keep | ravi secrets set GH_TOKEN --identity first
	mkdir -p /var/lib/precious
	echo precious >/var/lib/precious/file
	session first a
	in_session a 'ravi-codex login status 2>/dev/null' >/dev/null
	in_session a "cd $HOMES/first && ln -s /var/lib/precious link && ln -s /var/lib/precious codex/second &&
		mkfifo codex/first/pipe && mkdir -p a/b/c/d && ln -s /var/lib/precious/file a/b/file && chmod 0 a/b/c"
	# A base that names another secret than a login's.
	in_session a "cd $HOMES/first/codex/first && printf 'secret=GH_TOKEN\nversion=1\nform=auth-file\n\n{}' >base"
	end_session a
	equal keep "$(ravi secrets get GH_TOKEN --identity first)"
	equal precious "$(cat /var/lib/precious/file)"
	# It says nothing that is believed; with nothing believed, it stays until root looks.
	/usr/libexec/ravi/ravi-load --release first >/dev/null
	[[ ! -e $HOMES/first ]]
	equal precious "$(cat /var/lib/precious/file)"
	ravi secrets delete GH_TOKEN --identity first
}

# ---- advice ----

test_setup_and_status() {
	store "$(login r98 a98 3600)"
	session first a
	contains "$(in_session a 'ravi-codex status')" "ravi-codex setup"
	in_session a 'ravi-codex setup' >/dev/null
	equal "true true" "$(in_session a 'ravi-codex status --json' | jq -r '.config | "\(.shell_snapshot) \(.ignore_default_excludes)"')"
	contains "$(in_session a 'ravi-codex features list 2>/dev/null' | tr -s ' ' | grep '^shell_snapshot ')" false
	contains "$(in_session a 'cat ~/.codex/config.toml')" 'requires_openai_auth = true'
	contains "$(in_session a 'ravi-codex setup')" "as it should be"
	# What has codex look at no auth.json is told, and is nobody's to take out but the user's.
	in_session a 'cp ~/.codex/config.toml kept; { echo "cli_auth_credentials_store = \"ephemeral\""; cat kept; } >~/.codex/config.toml'
	contains "$(in_session a 'ravi-codex login status 2>&1; true')" "Not logged in"
	contains "$(in_session a 'ravi-codex status')" "take cli_auth_credentials_store out"
	equal false "$(in_session a 'ravi-codex status --json' | jq .config.cli_auth_credentials_store)"
	contains "$(in_session a 'ravi-codex setup 2>&1; true')" 'set it to "file"'
	in_session a 'mv kept ~/.codex/config.toml'
	contains "$(in_session a say_done)" "done"
	equal "$SECRET auth.json linked true" \
		"$(in_session a 'ravi-codex status --json' | jq -r '"\(.secret) \(.form) \(.auth_json) \(.renewable)"')"
	[[ $(date -d "$(status a expires_dt)" +%s) -gt $(date +%s) ]]
	contains "$(in_session a 'ravi-codex --which')" "$CODEX"
	contains "$(in_session a 'ravi-codex --which app-server')" "this user's default"
	contains "$(in_session a 'ravi-codex --identity first --which app-server')" "--identity"
	end_session a
}

test_two_identities_have_logins_of_their_own() {
	ravi identity create --name other --user first >/dev/null
	login r110 a110 3600 | ravi secrets set "$SECRET" --identity other >/dev/null
	store "$(login r111 a111 3600)"
	session first a
	in_session a 'cp -r ~/.codex ~/.codex-other && rm -f ~/.codex-other/auth.json'
	forget_log
	contains "$(in_session a 'RAVI_IDENTITY=other say_done')" "done"
	contains "$(mock_log)" "model a110"
	contains "$(in_session a say_done)" "done"
	contains "$(mock_log)" "model a111"
	# One CODEX_HOME cannot be two identities' at once.
	stay a
	contains "$(expect 1 in_session a 'CODEX_HOME=~/.codex ravi-codex --identity other login status 2>&1')" "another identity"
	end_codex app-server
	end_session a
}

test_the_login_of_an_identity_that_is_gone_keeps_no_other_back() {
	local name
	ravi identity create --name gone --user first >/dev/null
	login r112 a112 3600 | ravi secrets set "$SECRET" --identity gone >/dev/null
	store "$(login r113 a113 3600)"
	stop_broker
	session first a
	in_session a 'ravi-codex login status' >/dev/null
	in_session a 'ravi-codex --identity gone login status' >/dev/null
	eventually 10 bash -c '! pgrep -u first -f ravi-codex-write-back >/dev/null'
	rewrite r114 a114
	for name in auth.json base; do
		[[ -s $HOMES/first/codex/gone/$name ]] || fail "there is no $name"
	done
	cp "$(file)" "$HOMES/first/codex/gone/auth.json"
	ravi identity delete gone >/dev/null
	end_session a
	equal r114 "$(stored)"
	[[ ! -e $HOMES/first ]]
	start_broker
}

test_what_the_administrator_forbids_is_not_taken_in() {
	store "$(login r115 a115 3600)"
	stop_broker
	session first a
	in_session a 'ravi-codex login status' >/dev/null
	eventually 10 bash -c '! pgrep -u first -f ravi-codex-write-back >/dev/null'
	rewrite r116 a116
	echo 'agent_write = NOTES' >>/etc/ravi/ravi.conf
	end_session a
	sed -i '/^agent_write = NOTES$/d' /etc/ravi/ravi.conf
	equal r115 "$(stored)"
	grep -q 'event=write-back .*via=ravi-load .*result=denied' "$SYSLOG"
	[[ ! -e $HOMES/first ]]
	start_broker
}

test_no_token_is_on_a_disk_or_a_command_line() {
	store "$(login refresh-5e1f access-5e1f 3600)"
	session first a
	stay a
	contains "$(in_session a say_done)" "done"
	local found
	found=$(grep -rlaE 'refresh-5e1f|access-5e1f' /home /var/log /var/lib/ravi /tmp --exclude-dir=mock 2>/dev/null || true)
	equal "" "$found"
	lacks "$(cat $SYSLOG)" 5e1f
	# Of the processes codex alone may have it, and in its memory alone.
	found=$(grep -laE 'refresh-5e1f|access-5e1f' /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null || true)
	equal "" "$found"
	end_codex app-server
	end_session a
}

run_tests
