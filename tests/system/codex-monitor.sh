#!/bin/bash
# SPDX-License-Identifier: MIT
# ravi-codex-monitor against a stand-in for CodexMonitor's daemon (codex-monitor-standin.js).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

STANDIN=/usr/bin/codex-monitor-daemon
DATA=/home/first/.local/share/codex-monitor-daemon
TOKEN=0123456789abcdef0123456789abcdef-daemon
LISTEN=127.0.0.1:$((30000 + RANDOM % 20000))

# Run in a login of the agent's own.
as_first() {
	su - first -c "$*"
}

monitor() {
	as_first ravi-codex-monitor "$@" --listen "$LISTEN"
}

daemon_answers() {
	monitor status >/tmp/status.out 2>&1
}

start_daemon() {
	monitor >/tmp/daemon.out 2>&1 &
	eventually 20 daemon_answers
}

stop_daemon() {
	pkill -f "$STANDIN"
	while pgrep -f "$STANDIN" >/dev/null; do sleep 0.05; done
}

test_machine_is_set_up() {
	set_up
	install -m 755 "$(dirname "$0")/codex-monitor-standin.js" "$STANDIN"
	mkdir -p "$DATA"
	chown -R first:first /home/first
}

test_without_a_token_nothing_starts() {
	expect 3 monitor >/tmp/out 2>&1
	contains "$(cat /tmp/out)" CODEX_MONITOR_DAEMON_TOKEN
	useradd -m human
	expect 4 su - human -c "ravi-codex-monitor" >/tmp/out 2>&1
}

test_print_shows_names_and_no_value() {
	printf '%s\n' "$TOKEN" | ravi secrets set CODEX_MONITOR_DAEMON_TOKEN --identity first
	local out
	out=$(as_first GH_TOKEN=stranger ravi-codex-monitor --print --listen "$LISTEN" 2>/tmp/notes)
	contains "$out" "$STANDIN --listen $LISTEN --data-dir $DATA"
	contains "$out" CODEX_MONITOR_DAEMON_TOKEN
	contains "$out" CODEX_HOME
	lacks "$out" "$TOKEN"
	lacks "$out" GH_TOKEN
	contains "$(cat /tmp/notes)" codexBin
}

test_an_identity_that_beats_every_binding_is_noted() {
	contains "$(as_first RAVI_IDENTITY=first ravi-codex-monitor --print 2>&1)" "act as first in every worktree"
	lacks "$(as_first RAVI_IDENTITY= ravi-codex-monitor --print 2>&1)" "in every worktree"
}

test_an_empty_codex_home_is_none() {
	equal "$(as_first ravi-codex-monitor --print 2>/dev/null | sort)" \
		"$(as_first CODEX_HOME= ravi-codex-monitor --print 2>/dev/null | sort)"
	refused 2 "no absolute path" as_first CODEX_HOME=x ravi-codex-monitor --print
}

test_print_changes_nothing() {
	[[ ! -e /home/first/.codex ]]
	as_first 'mkdir -m 755 open && ravi-codex-monitor --print --codex-home ~/open' >/dev/null 2>&1
	equal 755 "$(stat -c %a /home/first/open)"
	rmdir /home/first/open
	printf '{"remoteBackendToken": "%s"}' "$TOKEN" >"$DATA/settings.json"
	local option
	for option in --print --which; do
		refused 2 "change nothing" monitor --adopt $option
	done
	grep -q "$TOKEN" "$DATA/settings.json"
	rm "$DATA/settings.json"
}

test_what_is_wrong_with_the_argument_is_said_of_it() {
	refused 1 "DAEMON names /nowhere/daemon: No such file" as_first ravi-codex-monitor --print /nowhere/daemon
	refused 5 'DAEMON is "./daemon"; it must be an absolute path' as_first ravi-codex-monitor --print ./daemon
}

test_which_tells_whose_token_it_is() {
	local out
	out=$(as_first ravi-codex-monitor --which)
	contains "$out" first
	contains "$out" CODEX_MONITOR_DAEMON_TOKEN
	lacks "$out" "$TOKEN"
	expect 3 as_first ravi-codex-monitor --which --identity second
}

test_status_without_a_daemon_is_unreachable() {
	expect 6 monitor status
}

test_the_daemon_starts_with_its_token_in_its_environment_alone() {
	start_daemon
	local pid
	pid=$(pgrep -f "node $STANDIN")
	tr '\0' '\n' <"/proc/$pid/environ" | grep -qx "CODEX_MONITOR_DAEMON_TOKEN=$TOKEN"
	tr '\0' '\n' <"/proc/$pid/environ" | grep -q '^PATH=/usr/libexec/ravi/shims:'
	! cat /proc/[0-9]*/cmdline | tr '\0' '\n' | grep -q "$TOKEN"
	[[ $(stat -c %a /home/first/.codex) == 700 ]]
}

test_status_reports_the_daemon() {
	monitor status >/tmp/out
	contains "$(cat /tmp/out)" accepted
	equal true "$(monitor status --json | jq .authenticated)"
	equal '"0.0.0-standin"' "$(monitor status --json | jq .version)"
}

test_a_rotated_token_asks_for_a_restart() {
	printf %s another-token-that-is-long-enough | ravi secrets set CODEX_MONITOR_DAEMON_TOKEN --identity first
	expect 5 monitor status >/tmp/out 2>&1
	contains "$(cat /tmp/out)" restart
	printf %s "$TOKEN" | ravi secrets set CODEX_MONITOR_DAEMON_TOKEN --identity first
}

test_a_restart_needs_no_human() {
	stop_daemon
	start_daemon
	stop_daemon
}

test_the_token_is_sent_to_nobody_elses_listener() {
	su second -c "exec node $STANDIN --listen $LISTEN --token x" >/dev/null 2>&1 &
	local rc=0
	for _ in $(seq 100); do
		rc=0
		monitor status >/tmp/out 2>&1 || rc=$?
		[[ $rc -ne 6 ]] && break
		sleep 0.1
	done
	equal 5 "$rc"
	contains "$(cat /tmp/out)" "is not sent"
	stop_daemon
}

test_a_plaintext_token_is_said_and_adopted() {
	ravi secrets delete CODEX_MONITOR_DAEMON_TOKEN --identity first
	printf '{"theme": "dark", "remoteBackendToken": "%s", "remoteBackends": [{"id": "a", "token": "%s"}, {"id": "b", "token": "other"}]}' \
		"$TOKEN" "$TOKEN" >"$DATA/settings.json"
	chown first:first "$DATA/settings.json"
	/usr/libexec/ravi/ravi-broker --listen >/tmp/broker.out 2>&1 &
	eventually 5 test -S /run/ravi/broker.sock
	monitor --adopt >/tmp/out 2>&1 &
	eventually 20 daemon_answers
	stop_daemon
	equal "$TOKEN" "$(ravi secrets get CODEX_MONITOR_DAEMON_TOKEN --identity first)"
	! grep -q "$TOKEN" "$DATA/settings.json"
	equal 'dark null null other' "$(jq -r '[.theme, .remoteBackendToken, .remoteBackends[].token] | map(. // "null") | join(" ")' "$DATA/settings.json")"
	equal 600 "$(stat -c %a "$DATA/settings.json")"
	equal first "$(stat -c %U "$DATA/settings.json")"
}

test_other_daemons_tokens_in_clear_are_said_too() {
	printf '{"remoteBackendToken": null, "remoteBackends": [{"id": "a"}, {"id": "b", "token": "other"}]}' >"$DATA/settings.json"
	start_daemon
	contains "$(cat /tmp/daemon.out)" "other daemons in clear (1 in remoteBackends)"
	contains "$(monitor status)" "other daemons in clear (1 in remoteBackends)"
	lacks "$(monitor status)" "no token"
	equal "true 1" "$(monitor status --json | jq -r '"\(.plaintext_token) \(.plaintext_others)"')"
	stop_daemon
	monitor --adopt >/tmp/out 2>&1 &
	eventually 20 daemon_answers
	contains "$(cat /tmp/out)" "no token of this daemon"
	equal other "$(jq -r '.remoteBackends[1].token' "$DATA/settings.json")"
	stop_daemon
	# That of the vault is this daemon's, wherever it stands.
	jq --arg token "$TOKEN" '.remoteBackends[0].token = $token' "$DATA/settings.json" >/tmp/settings.json
	cat /tmp/settings.json >"$DATA/settings.json"
	contains "$(expect 6 monitor status 2>/dev/null)" "--adopt"
	monitor --adopt >/tmp/out 2>&1 &
	eventually 20 daemon_answers
	equal "null other" "$(jq -r '[.remoteBackends[].token | . // "null"] | join(" ")' "$DATA/settings.json")"
	equal "true 1" "$(monitor status --json | jq -r '"\(.plaintext_token) \(.plaintext_others)"')"
	stop_daemon
}

test_adopt_does_not_overwrite_another_token() {
	printf '{"remoteBackendToken": "something-else"}' >"$DATA/settings.json"
	expect 1 monitor --adopt >/tmp/out 2>&1
	contains "$(cat /tmp/out)" "another"
	grep -q something-else "$DATA/settings.json"
	rm "$DATA/settings.json"
}

test_worktrees_are_listed_and_bound_by_name() {
	ravi identity create --name first-docs --user first
	as_first 'git init -q main && cd main && git -c user.name=x -c user.email=x@y commit -q --allow-empty -m one &&
		git worktree add -q ../first-docs && git worktree add -q ../other'
	jq -n '[{id: "1", name: "main", path: "/home/first/main", kind: "main", settings: {}},
		{id: "2", name: "first-docs", path: "/home/first/first-docs", kind: "worktree", worktree: {branch: "first-docs"}},
		{id: "3", name: "other", path: "/home/first/other", kind: "worktree", worktree: {branch: "other"}}]' >"$DATA/workspaces.json"
	equal 'null null null' "$(as_first ravi-codex-monitor worktrees --json | jq -r 'map(.identity // "null") | join(" ")')"
	equal 'null first-docs null' "$(as_first ravi-codex-monitor worktrees --bind --json | jq -r 'map(.identity // "null") | join(" ")')"
	equal first-docs "$(as_first git -C first-docs config user.name)"
	contains "$(as_first ravi-codex-monitor worktrees)" first-docs
	as_first ravi-git-config unbind first-docs
	equal first-docs "$(as_first env --ignore-signal=CHLD ravi-codex-monitor worktrees --bind --json | jq -r '.[1].identity')"
}

run_tests
