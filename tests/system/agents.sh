#!/bin/bash
# SPDX-License-Identifier: MIT
# The whole of it: two agents with a worktree each, and one daemon's user with two worktrees of two identities,
# work over ssh as a day's work has it (commit, sign, push, list pull requests, run codex), each as itself; and
# meanwhile and afterwards no token is where others, or a backup, would find it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=github.bash
. "$(dirname "$0")/github.bash"
# shellcheck source=sshd.bash
. "$(dirname "$0")/sshd.bash"
# shellcheck disable=SC2329 # the tests are found by name

# shellcheck disable=SC2034 # for run_tests
TEST_SECONDS=180
# USER:WORKTREE:IDENTITY
WORKERS="first:work:first second:work:second keeper:docs:docs keeper:checks:checks"
USERS="first second keeper"

# What is on other machines in a real setting, and what is searched for: the one folder that is not searched.
FAR=$GITHUB
API=$FAR/api
CALLS=$FAR/calls
MODEL=$FAR/model
SEARCH=$FAR/search

STANDIN=/usr/bin/codex-monitor-daemon
DATA=/home/keeper/.local/share/codex-monitor-daemon
LISTEN=127.0.0.1:$((30000 + RANDOM % 20000))
CODEX=$(find "$WORK/npm/" -path '*/vendor/*/bin/codex' -type f 2>/dev/null | head -n 1)

# ---- tokens, and the search for them ----

random() {
	head -c 20 /dev/urandom | base64 -w0 | tr -dc a-zA-Z0-9
}

# make_token USER IDENTITY NAME VALUE: stores it, and has it searched for, also as Basic authentication has it.
# A file of patterns for each owner: a command line of the test's own would be found, too.
make_token() {
	printf %s "$4" | ravi secrets set "$3" --identity "$2" >/dev/null
	printf '%s\n' "$4" "$(printf 'x-access-token:%s' "$4" | base64 -w0)" >>"$SEARCH/$1/$2.$3"
	printf %s "$4" >"$SEARCH/$2.$3"
}

token() {
	cat "$SEARCH/$1"
}

# Those lines of a signing key that hold the private half: before them is the public one.
search_for_signing_key() {
	ravi secrets get SSH_SIGNING_KEY --identity "$2" | grep -v -- ----- | sed -n 3,4p >"$SEARCH/$1/$2.SSH_SIGNING_KEY"
	equal 2 "$(wc -l <"$SEARCH/$1/$2.SSH_SIGNING_KEY")"
}

# A login of codex as its file has it, of no account.
login() {
	local claims
	claims=$(printf '{"sub":"%s","exp":%d}' "$1" $(($(date +%s) + 36000)) | base64 -w0 | tr '+/' '-_' | tr -d =)
	printf '{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"id_token":"e30.%s.c2ln","access_token":"e30.%s.c2ln","refresh_token":"%s","account_id":"acc"},"last_refresh":"2026-11-20T00:00:00Z"}' \
		"$claims" "$claims" "$2"
}

make_login() {
	local sub=access-$1-$2 refresh
	refresh=$(random)
	login "$sub" "$refresh" | ravi secrets set CODEX_SESSION_TOKEN --identity "$2" >/dev/null
	login "$sub" "$refresh" | jq -r '.tokens | .access_token, .refresh_token' >"$SEARCH/$1/$2.CODEX_SESSION_TOKEN"
}

# The processes that have a token on their command line or in their environment: TOKEN WHERE PROGRAM USER PID.
search_processes() {
	local owner file found pid
	for owner in $USERS; do
		for file in "$SEARCH/$owner"/*; do
			for found in $(grep -laFf "$file" /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null); do
				pid=${found//[!0-9]/}
				echo "${file##*/} ${found##*/} $(basename "$(readlink "/proc/$pid/exe")")" \
					"$(id -nu "$(awk '/^Uid/ {print $2}' "/proc/$pid/status")") $pid"
			done
		done
	done
}

# The files that have a token. Whatever was changed since the machine was set up; a change time cannot be set.
search_files() {
	find /home /root /tmp /var /etc /run /dev/shm -path "$FAR" -prune -o \
		-type f -cnewer "$SEARCH/begin" -print0 | xargs -0 grep -laFf "$SEARCH/all" -- 2>/dev/null | sort
}

# The one thing that is on a file system in clear, on tmpfs and the agent's alone: the login while codex runs.
is_codex_login() {
	[[ $1 =~ ^/run/ravi/home/([a-z]+)/codex/[a-z]+/(auth\.json|base)$ ]] || return 1
	equal "tmpfs ${BASH_REMATCH[1]} 600" "$(stat -f -c %T "$1") $(stat -c '%U %a' "$1")"
	equal "${BASH_REMATCH[1]} 700" "$(stat -c '%U %a' "/run/ravi/home/${BASH_REMATCH[1]}")"
}

nothing_in_files() {
	local file
	while read -r file; do
		is_codex_login "$file" || fail "a token is in $file"
	done < <(search_files)
}

# Looks all the time for a token on any command line, or in the environment of somebody else's process.
watch_processes() {
	local owner found uid
	set +e # nothing found is what it hopes for
	while [[ -e $SEARCH/watching ]]; do
		grep -laFf "$SEARCH/all" /proc/[0-9]*/cmdline
		for owner in $USERS; do
			for found in $(grep -laFf "$SEARCH/all.$owner" /proc/[0-9]*/environ); do
				uid=$(awk '/^Uid/ {print $2}' "${found%environ}status") || continue
				[[ $uid == "$(id -u "$owner")" ]] || echo "$found of uid $uid"
			done
		done
		echo round >>"$SEARCH/rounds"
		sleep 0.05
	done >>"$SEARCH/seen" 2>/dev/null
}

# ---- the machine ----

with_codex() {
	[[ -x $CODEX ]] || {
		echo "npm could not fetch @openai/codex"
		exit 77
	}
}

# Its model is the mock's; an identity's CODEX_HOME is beside the default one's.
configure_codex() {
	local user=$1 home=/home/$1/$2
	mkdir -p "$home"
	cat >"$home/config.toml" <<-CONFIG
		model_provider = "mock"
		model = "gpt-5"
		chatgpt_base_url = "http://127.0.0.1:$(cat $MODEL/port)/backend-api/"

		[model_providers.mock]
		name = "mock"
		base_url = "http://127.0.0.1:$(cat $MODEL/port)/v1"
		wire_api = "responses"
		requires_openai_auth = true
	CONFIG
	chown -R "$user": "$home"
}

test_machine_is_set_up() {
	local user identity
	mkdir -p "$SEARCH"/{first,second,keeper} $MODEL
	chmod 700 $SEARCH
	: >$SEARCH/begin
	set_up
	ravi identity create --name keeper >/dev/null
	ravi identity create --name docs --user keeper >/dev/null
	ravi identity create --name checks --user keeper >/dev/null
	for identity in first:first second:second keeper:keeper keeper:docs keeper:checks; do
		make_token "${identity%:*}" "${identity#*:}" GH_TOKEN "ghp_$(random)"
		make_login "${identity%:*}" "${identity#*:}"
		search_for_signing_key "${identity%:*}" "${identity#*:}"
	done
	make_token keeper keeper CODEX_MONITOR_DAEMON_TOKEN "$(random)"
	cat "$SEARCH"/*/* >"$SEARCH/all"
	for user in $USERS; do
		cat "$SEARCH/$user"/* >"$SEARCH/all.$user"
	done
	start_github "$(token first.GH_TOKEN)" "$(token second.GH_TOKEN)" "$(token keeper.GH_TOKEN)" \
		"$(token docs.GH_TOKEN)" "$(token checks.GH_TOKEN)"
	make_repository repo
	node "$HERE/gh-server.js" "$API" "$CALLS" >$FAR/api.errors 2>&1 &
	eventually 10 test -S "$API"
	echo 3600 >$MODEL/lifetime
	node "$HERE/codex-mock.js" $MODEL &
	eventually 10 test -s $MODEL/port
	/usr/libexec/ravi/ravi-broker --listen &
	install -m 755 "$HERE/codex-monitor-standin.js" "$STANDIN"
	[[ -z $CODEX ]] || echo "codex = $CODEX" >>/etc/ravi/ravi.conf
	for user in $USERS; do
		configure_codex "$user" .codex
	done
	configure_codex keeper .codex-docs
	configure_codex keeper .codex-checks
	# shellcheck disable=SC2086
	start_sshd $USERS
	: >$SEARCH/watching
	watch_processes &
}

# ---- the day's work ----

test_each_clones_and_binds_over_ssh() {
	local user
	for user in $USERS; do
		# What people have: a helper that writes down whatever git tells it.
		by_ssh "$user" 'git config --global credential.helper store && ravi-git-config bind --user &&
			git clone -q https://github.com/org/repo.git main' >/dev/null
		by_ssh "$user" "gh config set http_unix_socket $API"
	done
	for user in first second; do
		by_ssh $user 'git -C main worktree add -q ../work && ravi-git-config bind work --sign' >/dev/null
	done
}

# One command binds the daemon's worktrees, a second has their commits signed.
test_the_daemons_worktrees_are_bound_by_their_names() {
	by_ssh keeper 'ravi-git-config bind main && git -C main worktree add -q ../docs && git -C main worktree add -q ../checks' >/dev/null
	mkdir -p "$DATA"
	jq -n '[{id: "1", name: "main", path: "/home/keeper/main", kind: "main", settings: {}},
		{id: "2", name: "docs", path: "/home/keeper/docs", kind: "worktree", worktree: {branch: "docs"}},
		{id: "3", name: "checks", path: "/home/keeper/checks", kind: "worktree", worktree: {branch: "checks"}}]' \
		>"$DATA/workspaces.json"
	echo '{"codexBin": "/usr/bin/ravi-codex"}' >"$DATA/settings.json"
	chown -R keeper: /home/keeper/.local
	# Git has copied the main one's binding.
	equal "keeper keeper keeper" "$(by_ssh keeper 'ravi-codex-monitor worktrees --json' | jq -r 'map(.identity) | join(" ")')"
	equal "keeper docs checks" "$(by_ssh keeper 'ravi-codex-monitor worktrees --bind --json' |
		jq -r 'map(.identity) | join(" ")')"
	by_ssh keeper 'ravi-git-config bind docs --sign && ravi-git-config bind checks --sign' >/dev/null
}

test_each_commits_and_pushes_as_itself() {
	local worker user folder identity
	for worker in $WORKERS; do
		IFS=: read -r user folder identity <<<"$worker"
		forget_requests
		by_ssh "$user" "cd $folder && echo $identity >file && git add file && git commit -qm 'Work of $identity' &&
			git push -q origin HEAD:refs/heads/from-$identity"
		equal "-
x-access-token:$(token "$identity.GH_TOKEN")" "$(requests_by)"
		equal "$identity <$identity@agents.test> $identity <$identity@agents.test> Work of $identity" \
			"$(git -C $GITHUB/repos/org/repo.git log -1 --format='%an <%ae> %cn <%ce> %s' "from-$identity")"
	done
}

# By the agent in its worktree, and on the server by who knows just the public halves.
test_each_signature_is_good_and_its_own() {
	local worker other user folder identity verify="git -C $GITHUB/repos/org/repo.git -c gpg.ssh.allowedSignersFile=/tmp/signers"
	for worker in $WORKERS; do
		IFS=: read -r user folder identity <<<"$worker"
		contains "$(by_ssh "$user" "git -C $folder log -1 --show-signature")" \
			"Good \"git\" signature for $identity@agents.test"
		by_ssh "$user" "git -C $folder verify-commit HEAD" 2>/dev/null
		ravi identity show "$identity" --json | jq -r .allowed_signers >/tmp/signers
		equal "G $identity@agents.test" "$($verify log -1 --format='%G? %GS' "from-$identity")"
		# The others' lines do not make it good.
		for other in $WORKERS; do
			[[ ${other##*:} == "$identity" ]] || ravi identity show "${other##*:}" --json | jq -r .allowed_signers
		done >/tmp/signers
		equal 3 "$(wc -l </tmp/signers)"
		expect 1 $verify verify-commit "from-$identity" 2>/dev/null
	done
}

test_each_lists_pull_requests_as_itself() {
	local worker user folder identity
	for worker in $WORKERS; do
		IFS=: read -r user folder identity <<<"$worker"
		: >"$CALLS"
		equal 7 "$(by_ssh "$user" "cd $folder && ravi-gh pr list --json number" | jq '.[].number')"
		equal "token $(token "$identity.GH_TOKEN")" "$(cut -d' ' -f4- "$CALLS" | sort -u)"
	done
}

test_each_runs_codex_as_itself() {
	local worker user folder identity
	with_codex
	for worker in $WORKERS; do
		IFS=: read -r user folder identity <<<"$worker"
		: >$MODEL/log
		contains "$(by_ssh "$user" "cd $folder && timeout 60 ravi-codex exec 'say done' </dev/null 2>/tmp/codex.$identity")" "done"
		equal "model access-$user-$identity" "$(grep ^model $MODEL/log | sort -u)"
	done
}

# ---- the daemon ----

daemon_answers() {
	by_ssh keeper "ravi-codex-monitor status --listen $LISTEN" >/tmp/status.out 2>&1
}

# call METHOD PARAMS: asks the daemon as a client does; prints the answer's line.
call() {
	local client line
	exec {client}<>"/dev/tcp/${LISTEN%:*}/${LISTEN#*:}"
	printf '{"id": 1, "method": "auth", "params": {"token": "%s"}}\n{"id": 2, "method": "%s", "params": %s}\n' \
		"$(token keeper.CODEX_MONITOR_DAEMON_TOKEN)" "$1" "$2" >&"$client"
	read -r line <&"$client"
	contains "$line" '"ok":true'
	read -r -t 60 line <&"$client"
	exec {client}>&-
	echo "$line"
}

test_the_daemon_acts_as_each_worktrees_identity() {
	local worker
	by_ssh keeper "ravi-codex-monitor --listen $LISTEN" >/tmp/daemon.out 2>&1 &
	eventually 30 daemon_answers
	for worker in 2:docs 3:checks; do
		: >"$CALLS"
		contains "$(call get_github_issues "{\"workspaceId\": \"${worker%:*}\"}")" agent
		equal "token $(token "${worker#*:}.GH_TOKEN")" "$(cut -d' ' -f4- "$CALLS" | sort -u)"
	done
}

test_the_daemon_runs_codex() {
	with_codex
	contains "$(call connect_workspace '{"id": "2"}')" '"version":"codex'
	eventually 20 pgrep -u keeper -x codex >/dev/null
}

# ---- where the tokens are meanwhile ----

# A gh in each worktree at once, each waiting for its answer: the one program that has its token.
hold_every_gh() {
	local worker user folder identity
	: >"$API.hold"
	: >"$CALLS"
	for worker in $WORKERS; do
		IFS=: read -r user folder identity <<<"$worker"
		by_ssh "$user" "cd $folder && ravi-gh pr list" >"/tmp/held.$identity" 2>&1 &
	done
	eventually 30 all_are_held
}

all_are_held() {
	[[ $(grep -c . "$CALLS") -ge 4 ]]
}

release_every_gh() {
	local worker
	rm "$API.hold"
	for worker in $WORKERS; do
		eventually 20 grep -q "Add a file" "/tmp/held.${worker##*:}"
	done
}

test_of_all_processes_only_the_one_that_needs_it_has_a_token() {
	hold_every_gh
	# All is seen: each session's shell, sshd, git, the daemon, its codex.
	equal "checks.GH_TOKEN environ gh keeper
docs.GH_TOKEN environ gh keeper
first.GH_TOKEN environ gh first
keeper.CODEX_MONITOR_DAEMON_TOKEN environ node keeper
second.GH_TOKEN environ gh second" "$(search_processes | cut -d' ' -f1-4 | sort)"
}

# With sessions, the daemon and codex still there.
test_no_file_has_a_token() {
	nothing_in_files
	if [[ -x $CODEX ]]; then
		# It is seen where it has to be.
		contains "$(search_files)" /run/ravi/home/keeper/codex/keeper/auth.json
	fi
	release_every_gh
}

sessions_are_over() {
	[[ -z $(ring_of first)$(ring_of second)$(ring_of keeper) ]]
}

test_nothing_is_left_behind() {
	pkill -u keeper || true
	eventually 20 sessions_are_over
	equal "" "$(search_processes)"
	equal "" "$(search_files)"
	[[ ! -e /home/first/.git-credentials && ! -e /home/keeper/.git-credentials ]]
}

test_nothing_was_seen_while_they_worked() {
	[[ $(wc -l <"$SEARCH/rounds") -ge 20 ]]
	equal "" "$(sort -u "$SEARCH/seen")"
}

# ---- the searches themselves ----

# Where a token would lie, were something to put it there.
list_planted() {
	printf '%s\n' /home/first/.git-credentials /home/first/.gitconfig /home/first/.codex/history.jsonl \
		/home/keeper/.config/gh/hosts.yml /home/keeper/main/.git/worktrees/docs/config.worktree \
		"$DATA/settings.json" /root/.bash_history /tmp/x /var/tmp/x /var/log/x /var/lib/ravi/x /etc/gitconfig \
		/etc/ravi/ravi.conf /run/user/x /run/ravi/x /dev/shm/x "$SYSLOG"
}

test_a_token_in_any_file_would_be_found() {
	local file kept=$FAR/kept
	for file in $(list_planted); do
		mkdir -p "$(dirname "$file")" "$kept$(dirname "$file")"
		[[ ! -e $file ]] || cp -p "$file" "$kept$file"
		cat "$SEARCH/first.GH_TOKEN" >>"$file"
	done
	equal "$(list_planted | sort)" "$(search_files)"
	(nothing_in_files) 2>/dev/null && fail "nobody complained"
	for file in $(list_planted); do
		rm "$file"
		[[ ! -e $kept$file ]] || mv "$kept$file" "$file"
	done
	equal "" "$(search_files)"
}

# As it is, as Basic authentication has it, a login of codex, a signing key: of every identity.
test_any_token_would_be_found() {
	local file line count=0
	mkdir /tmp/planted
	for file in "$SEARCH"/*/*; do
		while read -r line; do
			count=$((count + 1))
			echo "before $line behind" >"/tmp/planted/$count"
		done <"$file"
	done
	equal "$((5 * 2 + 2 + 5 * 2 + 5 * 2))" "$count"
	equal "$count" "$(search_files | grep -c ^/tmp/planted/)"
	rm -r /tmp/planted
}

seen_twice() {
	grep -q /cmdline "$SEARCH/seen" && grep -q "environ of uid" "$SEARCH/seen"
}

test_a_token_in_another_process_would_be_found() {
	local value
	value=$(token second.GH_TOKEN)
	(exec -a "$value" sleep 60) &
	(HELD=$value exec setpriv --reuid first --clear-groups sleep 60) &
	# As when git hands it to curl's command line.
	(exec -a "$(printf 'x-access-token:%s' "$value" | base64 -w0)" sleep 60) &
	sleep 0.5
	equal "second.GH_TOKEN cmdline sleep root
second.GH_TOKEN cmdline sleep root
second.GH_TOKEN environ sleep first" "$(search_processes | cut -d' ' -f1-4 | sort)"
	eventually 10 seen_twice
	rm "$SEARCH/watching"
}

run_tests
