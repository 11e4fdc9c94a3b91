#!/bin/bash
# SPDX-License-Identifier: MIT
# Writes by agents: ravi-broker behind its socket, asked by agents, by others, and by a hostile client.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

BROKER=/usr/libexec/ravi/ravi-broker
ATTACK=/usr/bin/broker-attack

# attack USER KIND [ARGUMENT]: must get an answer, prints it.
attack() {
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --clear-groups "$ATTACK" "$@"
}

# A minute's writes are the agent's again, for tests that are about something else.
forget_writes() {
	rm -f /run/ravi/broker/first /run/ravi/broker/second
}

version_of() {
	ravi secrets list --identity "$1" --json | jq -r ".[] | select(.name == \"$2\") | .version"
}

# Everything that a request could have made or changed; its agent's own count and the audit trail left out.
files() {
	find /var/lib/ravi /run/ravi /etc/ravi \( -path /run/ravi/broker -o -path '/var/lib/ravi/audit*' \) -prune -o -printf '%p %s %T@\n' | sort
}

# The vault as whoever has the recovery key sees it.
vault_json() {
	age -d -i /etc/ravi/recovery.key "/var/lib/ravi/vaults/$1.age" | tail -n +2
}

listen() {
	"$BROKER" --listen &
	echo $! >/tmp/broker.pid
	eventually 5 test -S /run/ravi/broker.sock
}

# ---- who is asked how ----

test_without_a_broker_it_says_how_to_start_it() {
	set_up
	install -m 755 "$BUILT/system/broker-attack" "$ATTACK"
	refused 6 "systemctl enable --now ravi-broker.socket" as first 'ravi secrets set NEW value'
	refused 6 "$BROKER --listen" as first 'ravi secrets delete TOKEN'
	useradd -m human
	refused 5 sudo as human 'ravi secrets set NEW value'
}

test_the_listener_makes_a_socket_for_everybody() {
	listen
	equal 666 "$(stat -c %a /run/ravi/broker.sock)"
	refused 1 "runs already" "$BROKER" --listen
	kill "$(cat /tmp/broker.pid)"
	eventually 5 bash -c "! kill -0 $(cat /tmp/broker.pid) 2>/dev/null"
	refused 6 "not running" as first 'ravi secrets set NEW value'
	listen
	eventually 5 as first 'ravi secrets set FIRST_OF_ALL value'
}

# As inetd has it, and as a socket unit of systemd.
test_it_serves_what_its_descriptor_0_is() {
	refused 2 "descriptor 0 is no socket" "$BROKER"
	"$ATTACK" given connection >/tmp/given.out
	eventually 5 grep -q '"version":1' /tmp/given.out
	"$ATTACK" given listener >/tmp/given.out &
	eventually 5 grep -q '"version":3' /tmp/given.out
	contains "$(cat /tmp/given.out)" '"version":2'
	kill $!
	ravi secrets delete ATTACK --identity first
}

test_it_gives_up_what_it_does_not_need() {
	local pid
	pid=$(cat /tmp/broker.pid)
	equal 1 "$(awk '/^NoNewPrivs/ {print $2}' "/proc/$pid/status")"
	# chown, dac_override, fowner, kill, setgid, setuid, sys_resource; those of them that this machine gives root
	equal 0 "$(awk '/^Cap(Bnd|Prm|Eff)/ {print $2}' "/proc/$pid/status" |
		while read -r set; do echo $((0x$set & ~0x10000eb)); done | sort -u)"
	[[ $(readlink "/proc/$pid/ns/net") != $(readlink /proc/self/ns/net) ]]
	equal / "$(readlink "/proc/$pid/cwd")"
}

# ---- what an agent may ----

test_an_agent_stores_rotates_and_deletes_its_own() {
	session first a
	contains "$(in_session a ravi secrets set NEW value1)" "stored NEW for first"
	equal value1 "$(in_session a ravi-keyctl print NEW)"
	in_session a 'printf %s value2 | ravi secrets set new --note "for tests" --expires 1h'
	equal value2 "$(in_session a ravi-keyctl print NEW)"
	equal value2 "$(ravi secrets get NEW --identity first)"
	equal 2 "$(version_of first NEW)"
	equal "agent value1 for tests" "$(vault_json first |
		jq -r '.secrets.NEW | "\(.created_by) \(.previous[0].text) \(.note)"')"
	contains "$(in_session a ravi secrets list)" NEW
	equal deleted "$(in_session a ravi secrets delete NEW --json | jq -r .status)"
	expect 3 in_session a ravi-keyctl print NEW
	expect 3 ravi secrets get NEW --identity first
	expect 3 in_session a ravi secrets delete NEW
	end_session a
	equal "set rotate delete, up to revision $(ravi identity show first --json | jq .revision)" \
		"$(ravi audit --json | jq -r '[.[] | select(.name == "NEW" and .via == "broker")] |
			"\(map(.event) | join(" ")), up to revision \(.[-1].revision)"')"
}

test_bytes_and_large_values_arrive_as_they_are() {
	head -c 32767 /dev/urandom >/tmp/large
	chmod 644 /tmp/large
	session first a
	in_session a 'ravi secrets set LARGE --file /tmp/large'
	in_session a 'ravi-keyctl print LARGE | cmp - /tmp/large'
	in_session a 'ravi secrets delete LARGE'
	end_session a
}

test_what_an_administrator_made_is_not_the_agents() {
	refused 5 "ravi secrets set TOKEN --identity first" as first 'ravi secrets set TOKEN stolen'
	refused 5 "ravi secrets delete TOKEN --identity first" as first 'ravi secrets delete TOKEN'
	equal one "$(ravi secrets get TOKEN --identity first)"
	# Nor does it become the agent's by being deleted and made again.
	as first 'ravi secrets set MINE agents'
	printf %s admins | ravi secrets set MINE --identity first
	as first 'ravi secrets set MINE "agents again"'
	ravi secrets delete MINE --identity first
	printf %s admins | ravi secrets set MINE --identity first
	refused 5 "agent_write" as first 'ravi secrets set MINE agents'
	ravi secrets delete MINE --identity first
}

test_the_logins_of_codex_are_the_agents_whoever_made_them() {
	printf %s from-admin | ravi secrets set CODEX_SESSION_TOKEN --identity first
	as first 'printf %s refreshed | ravi secrets set CODEX_SESSION_TOKEN'
	equal refreshed "$(ravi secrets get CODEX_SESSION_TOKEN --identity first)"
	as first 'ravi secrets delete CODEX_SESSION_TOKEN'
}

test_ravi_conf_says_what_may_be_written() {
	printf 'agent_write = GH_*, X?Z\nagent_write = TOKEN\n' >>/etc/ravi/ravi.conf
	as first 'ravi secrets set TOKEN mine'
	as first 'ravi secrets set gh_other mine'
	as first 'ravi secrets set XYZ mine'
	refused 5 agent_write as first 'ravi secrets set NEW mine'
	refused 5 agent_write as first 'ravi secrets set CODEX_API_KEY mine'
	as first 'ravi secrets delete XYZ; ravi secrets delete GH_OTHER'
	sed -i '/^agent_write/d' /etc/ravi/ravi.conf
	printf %s one | ravi secrets set TOKEN --identity first
}

test_a_further_identity_is_meant_by_its_name() {
	ravi identity create --name further --user first >/dev/null
	session first a
	in_session a ravi secrets set NEW of-further --identity further
	in_session a RAVI_IDENTITY=further ravi secrets set OTHER of-further
	equal of-further "$(in_session a ravi-keyctl print NEW --identity further)"
	equal of-further "$(ravi secrets get OTHER --identity further)"
	expect 3 ravi secrets get NEW --identity first
	end_session a
}

# ---- what nobody may ----

test_another_users_identity_is_refused() {
	refused 5 "first has no identity second" as first 'ravi secrets set NEW x --identity second'
	refused 5 "first has no identity nobody" as first 'ravi secrets set NEW x --identity nobody'
	refused 5 "first has no identity second" as first 'ravi secrets delete TOKEN --identity second'
	expect 3 ravi secrets get NEW --identity second
	equal two "$(ravi secrets get TOKEN --identity second)"
}

test_root_and_who_is_no_agent_are_refused() {
	local request='{"op":"set","name":"NEW","text":"v"}'
	contains "$("$ATTACK" send "$request")" EPERM
	contains "$(attack human send "$request")" EPERM
	contains "$(attack daemon send "$request")" EPERM
	# Also before it has said a word, and whatever it says.
	contains "$(attack human silent)" EPERM
	contains "$(attack human claim)" EPERM
}

test_another_user_namespace_changes_nobody() {
	local request='{"op":"set","name":"FROM_BELOW","text":"v"}'
	contains "$(attack first send "$request")" '"ok":true'
	# Root there is the agent here, and a uid that is not mapped is nobody.
	contains "$(setpriv --reuid first --regid first --clear-groups \
		unshare --user --map-root-user "$ATTACK" send "$request")" '"ok":true'
	contains "$(setpriv --reuid human --regid human --clear-groups \
		unshare --user --map-root-user "$ATTACK" send "$request")" EPERM
	ravi secrets delete FROM_BELOW --identity first
}

test_a_disabled_agent_and_a_reused_uid_are_refused() {
	local uid
	ravi identity disable first
	contains "$(attack first send '{"op":"set","name":"NEW","text":"v"}')" EACCES
	ravi identity enable first
	uid=$(id -u first)
	sed -i "s/^first:x:$uid:/first:x:$((uid + 7)):/" /etc/passwd
	contains "$(setpriv --reuid $((uid + 7)) --clear-groups "$ATTACK" send \
		'{"op":"set","name":"NEW","text":"v"}')" EPERM
	contains "$(setpriv --reuid "$uid" --clear-groups "$ATTACK" send \
		'{"op":"set","name":"NEW","text":"v"}')" EPERM
	sed -i "s/^first:x:$((uid + 7)):/first:x:$uid:/" /etc/passwd
	expect 3 ravi secrets get NEW --identity first
}

# ---- versions ----

test_a_value_that_grew_from_an_older_version_is_kept_beside() {
	local base answer
	printf %s login1 | ravi secrets set CODEX_SESSION_TOKEN --identity first
	base=$(version_of first CODEX_SESSION_TOKEN)
	session first a
	answer=$(attack first send "{\"op\":\"set\",\"name\":\"CODEX_SESSION_TOKEN\",\"text\":\"refreshed\",\"base\":$base}")
	contains "$answer" "\"version\":$((base + 1))"
	equal refreshed "$(in_session a ravi-keyctl print CODEX_SESSION_TOKEN)"
	# The answer got lost, the write is said again: nothing new.
	equal "$answer" "$(attack first send "{\"op\":\"set\",\"name\":\"CODEX_SESSION_TOKEN\",\"text\":\"refreshed\",\"base\":$base}")"
	printf %s login2 | ravi secrets set CODEX_SESSION_TOKEN --identity first
	answer=$(attack first send "{\"op\":\"set\",\"name\":\"CODEX_SESSION_TOKEN\",\"text\":\"late\",\"base\":$((base + 1))}")
	contains "$answer" ESTALE
	contains "$answer" CODEX_SESSION_TOKEN_CONFLICT
	equal login2 "$(ravi secrets get CODEX_SESSION_TOKEN --identity first)"
	equal late "$(ravi secrets get CODEX_SESSION_TOKEN_CONFLICT --identity first)"
	contains "$(ravi secrets list --identity first)" "grew from version $((base + 1))"
	equal late "$(in_session a ravi-keyctl print CODEX_SESSION_TOKEN_CONFLICT)"
	# The agent may take away what it made, and no conflict becomes a way to what it did not make.
	in_session a ravi secrets delete CODEX_SESSION_TOKEN_CONFLICT
	printf %s admins | ravi secrets set CODEX_SESSION_TOKEN_CONFLICT --identity first
	contains "$(attack first send '{"op":"set","name":"CODEX_SESSION_TOKEN","text":"x","base":999}')" "not kept"
	equal admins "$(ravi secrets get CODEX_SESSION_TOKEN_CONFLICT --identity first)"
	ravi secrets delete CODEX_SESSION_TOKEN_CONFLICT --identity first
	ravi secrets delete CODEX_SESSION_TOKEN --identity first
	end_session a
}

# ---- hostile clients ----

test_every_request_is_in_the_log() {
	: >"$SYSLOG"
	as first 'ravi secrets set LOGGED hunter2'
	expect 5 as first 'ravi secrets set TOKEN hunter2'
	attack human send '{"op":"set","name":"NEW","text":"hunter2"}'
	attack first send '{"op":"set","name":"../x","text":"hunter2"'
	equal 4 "$(grep -c 'ravi-broker\[.*event=broker' "$SYSLOG")"
	contains "$(cat "$SYSLOG")" "op=set user=first uid=$(id -u first) identity=first name=LOGGED version=1 result=done"
	contains "$(cat "$SYSLOG")" "name=TOKEN"
	contains "$(cat "$SYSLOG")" "uid=$(id -u human)"
	lacks "$(cat "$SYSLOG")" hunter2
	ravi secrets delete LOGGED --identity first
}

# What is in the vault is in the log as such, also when the ring could not be told.
test_a_write_that_the_ring_does_not_get_is_in_the_log() {
	local lock
	session first a
	: >"$SYSLOG"
	exec {lock}</run/ravi/sessions/first
	flock "$lock"
	attack first send '{"op":"set","name":"UNTOLD","text":"v"}' >/tmp/untold
	flock -u "$lock"
	exec {lock}<&-
	contains "$(cat /tmp/untold)" "stored, but the ring of first"
	equal v "$(ravi secrets get UNTOLD --identity first)"
	contains "$(cat "$SYSLOG")" "event=set user=first identity=first name=UNTOLD version=1"
	equal "set done" "$(ravi audit --user first --json | jq -r '[.[] | select(.name == "UNTOLD" and .event != "broker")][-1] | "\(.event) \(.result)"')"
	ravi reload first >/dev/null
	ravi secrets delete UNTOLD --identity first >/dev/null
	end_session a
}

# Nobody pushes what others did out of the trail by asking in vain, or for nonsense.
test_nonsense_is_in_the_trail_ten_times_a_minute() {
	local before i
	forget_writes
	rm -f /run/ravi/broker/.refused*
	before=$(ravi audit --event broker --json | jq length)
	for ((i = 0; i < 40; i++)); do
		attack first send '{"op":"exec"}' >/dev/null
		attack first send '{"op":"set","name":"TOKEN","text":"stolen"}' >/dev/null
	done
	i=$(($(ravi audit --event broker --json | jq length) - before))
	[[ $i -gt 0 && $i -le 20 ]] || fail "$i of 80"
	# What is done is in it all the same.
	forget_writes
	as first 'ravi secrets set HEEDED v'
	contains "$(ravi audit --event set --json)" HEEDED
	ravi secrets delete HEEDED --identity first >/dev/null
}

test_paths_and_types_are_refused() {
	forget_writes
	local request before
	before=$(files)
	for request in \
		'{"op":"set","identity":"../agents/first","name":"A","text":"v"}' \
		'{"op":"set","identity":"/etc/passwd","name":"A","text":"v"}' \
		'{"op":"set","identity":"first\u0000","name":"A","text":"v"}' \
		'{"op":"set","name":"../../x","text":"v"}' \
		'{"op":"set","name":"second/TOKEN","text":"v"}' \
		'{"op":"set","name":"@profile","text":"v"}' \
		'{"op":"set","name":["A"],"text":"v"}' \
		'{"op":"set","name":"A","text":{"a":1}}' \
		'{"op":"set","name":"A","text":"v","base":-1}' \
		'{"op":"set","name":"A","text":"v","uid":0}' \
		'{"op":"set","name":"A","text":"v","note":"\u001b[31m"}' \
		'{"op":"exec","name":"A"}' '[]' 'null' '{' '' 'GET / HTTP/1.1'; do
		contains "$(attack first send "$request")" EINVAL
	done
	contains "$(attack first half $'{"op":"set","name":"A","text":"v"}\n{"op":"set"}')" EINVAL
	contains "$(attack first send "{\"op\":\"set\",\"name\":\"A\",\"text\":\"$(head -c 32768 /dev/zero | tr '\0' x)\"}")" E2BIG
	expect 3 ravi secrets get A --identity first
	equal "$before" "$(files)"
}

test_half_slow_and_silent_requests_end_in_time() {
	local since=$SECONDS
	attack first half '{"op":"set","name":"ATTACK","text":"v"}' >/tmp/half &
	attack first slow >/tmp/slow &
	attack first silent >/tmp/silent &
	# While they wait, others are served.
	as second 'ravi secrets set MEANWHILE v'
	[[ $((SECONDS - since)) -le 1 ]]
	wait %1 && wait %2 && wait %3
	[[ $((SECONDS - since)) -le 5 ]]
	contains "$(cat /tmp/half /tmp/slow /tmp/silent | grep -c ETIMEDOUT)" 3
	expect 3 ravi secrets get ATTACK --identity first
}

test_a_gigabyte_is_refused_at_once() {
	contains "$(attack first claim)" EMSGSIZE
	contains "$(attack first endless)" EMSGSIZE
}

test_descriptors_are_dropped() {
	local answer
	forget_writes
	answer=$(attack first descriptors)
	[[ $answer == *'"ok":true'* || $answer == *EINVAL* ]] || fail "$answer"
	attack first linger >/tmp/linger
	contains "$(tail -n 1 /tmp/linger)" '"ok":true'
	eventually 10 bash -c '! pgrep -x ravi-broker -P '"$(cat /tmp/broker.pid)"
}

test_a_peer_that_vanishes_is_not_waited_for() {
	forget_writes
	attack first vanish '{"op":"set","name":"VANISHED","text":"v"}'
	eventually 5 ravi secrets get VANISHED --identity first
	attack first vanish '{"op":"set","name":"VAN'
	attack first send '{"op":"delete","name":"VANISHED"}'
	kill -0 "$(cat /tmp/broker.pid)"
}

test_a_hundred_clients_at_once_are_all_answered() {
	local since=$SECONDS result stored
	forget_writes
	result=$(attack first many 100)
	stored=$(sed -n 's/stored=\([0-9]*\) .*/\1/p' <<<"$result")
	contains "$result" "other=0"
	[[ $stored -ge 60 && $stored -le 80 ]] || fail "$result"
	# A second later one more would be the agent's.
	contains "$(attack first send '{"op":"set","name":"ONE_MORE","text":"v"}')" EDQUOT
	[[ $((SECONDS - since)) -le 12 ]]
	# None of those that were told "stored" was lost.
	equal "$stored" "$(ravi secrets list --identity first --json | jq '[.[] | select(.name | startswith("MANY_"))] | length')"
	# The limit is this agent's, and nobody else's.
	as second 'ravi secrets set MEANWHILE again'
	forget_writes
}

test_one_agents_flood_leaves_room_for_others() {
	local i
	for i in {1..40}; do
		attack first silent >"/tmp/flood.$i" &
	done
	eventually 5 grep -q EAGAIN /tmp/flood.{1..40}
	as second 'ravi secrets set MEANWHILE "and again"'
	wait
	equal 40 "$(cat /tmp/flood.* | grep -cE 'EAGAIN|ETIMEDOUT')"
	equal 16 "$(cat /tmp/flood.* | grep -c ETIMEDOUT)"
}

test_a_broker_that_is_killed_leaves_the_old_or_the_new() {
	local i value
	forget_writes
	as first 'ravi secrets set KILLED value-0'
	for i in {1..25}; do
		attack first send "{\"op\":\"set\",\"name\":\"KILLED\",\"text\":\"value-$i\"}" >/dev/null &
		sleep "0.0$((RANDOM % 20 + 10))"
		pkill -KILL -x ravi-broker -P "$(cat /tmp/broker.pid)" || true
		wait $!  || true
		value=$(ravi secrets get KILLED --identity first)
		[[ $value == value-$i || $value == value-$((i - 1)) || $value == "${previous:-}" ]] || fail "$value after $i"
		previous=$value
	done
	# The next write is not held up by what the killed ones have left.
	as first 'ravi secrets set KILLED last'
	equal last "$(ravi secrets get KILLED --identity first)"
	[[ -z $(find /var/lib/ravi/vaults -name '*.new' -newermt '-1 second') ]]
	ravi secrets delete KILLED --identity first
}

run_tests
