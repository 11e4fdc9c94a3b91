#!/bin/bash
# SPDX-License-Identifier: MIT
# ravi-gh with the real gh: its API calls go to a server on a Unix socket that records them, what its git does
# to a git server that wants Basic authentication.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=github.bash
. "$(dirname "$0")/github.bash"
# shellcheck disable=SC2329 # the tests are found by name

SHIMS=/usr/libexec/ravi/shims
API=/run/github/api
CALLS=/run/github/calls

# shimmed USER COMMAND: with the shims first in PATH, as a daemon of that user has them.
shimmed() {
	as "$1" "PATH=$SHIMS:\$PATH; $2"
}

# The Authorization headers since `forget_calls`, each once.
calls_with() {
	cut -d' ' -f4- "$CALLS" | sort -u
}

forget_calls() {
	: >"$CALLS"
}

test_machine_is_set_up() {
	local user
	set_up
	ravi identity create --name extra --user first >/dev/null
	ravi identity create --name poor --user first >/dev/null
	printf 'tok-first\r\n\n' | ravi secrets set GH_TOKEN --identity first
	printf 'tok-extra\n' | ravi secrets set GH_TOKEN --identity extra
	printf tok-second | ravi secrets set GH_TOKEN --identity second
	start_github tok-first tok-extra tok-second
	make_repository repo
	git -C "$GITHUB/repos/org/repo.git" branch second main
	forget_calls
	node "$HERE/gh-server.js" "$API" "$CALLS" >/run/github/api.errors 2>&1 &
	eventually 10 test -S "$API"
	for user in first second; do
		as "$user" "gh config set http_unix_socket $API && git config --global user.name $user &&
			git config --global user.email $user@agents.test"
	done
	git clone -q "$GITHUB/repos/org/repo.git" /home/first/main
	git -C /home/first/main remote set-url origin https://github.com/org/repo.git
	chown -R first: /home/first/main
	as first 'cd main && git worktree add -q ../extra && git worktree add -q ../poor'
	bind first main first
	bind first extra extra
	bind first poor poor
}

test_two_worktrees_are_two_identities() {
	local name
	for name in first:main extra:extra; do
		forget_calls
		shimmed first "cd ${name#*:} && gh api user && gh pr list --json number" >/dev/null
		equal "token tok-${name%:*}" "$(calls_with)"
		equal 2 "$(wc -l <"$CALLS")"
	done
	forget_calls
	shimmed first 'cd extra && ravi-gh api user && ravi-gh --identity first -- api user && RAVI_IDENTITY=first gh api user' >/dev/null
	equal "token tok-extra
token tok-first
token tok-first" "$(cut -d' ' -f4- "$CALLS")"
}

test_one_daemon_serves_both() {
	forget_calls
	session first daemon
	in_session daemon "PATH=$SHIMS:\$PATH"
	in_session daemon '(cd main && gh api user) && (cd extra && gh api user)' >/dev/null
	equal "token tok-first
token tok-extra" "$(cut -d' ' -f4- "$CALLS")"
	end_session daemon
}

test_two_users_are_two_identities() {
	forget_calls
	shimmed second 'gh api user' >/dev/null
	equal "token tok-second" "$(calls_with)"
}

test_its_clone_and_checkout_go_as_the_same() {
	local folder
	for folder in main:first extra:extra; do
		forget_calls
		forget_requests
		shimmed first "cd ${folder%:*} && gh repo clone org/repo /tmp/clone.${folder%:*} -- -q && gh pr checkout 7 --branch from-${folder%:*}" >/dev/null
		equal "token tok-${folder#*:}" "$(calls_with)"
		equal "-
x-access-token:tok-${folder#*:}" "$(requests_by)"
		equal "from-${folder%:*}" "$(as first "git -C ${folder%:*} branch --show-current")"
	done
}

test_without_a_token_gh_is_not_run() {
	local said
	# A human has logged in here: that is whom gh would be.
	as first 'mkdir -p .config/gh && printf "github.com:\n  user: human\n  oauth_token: tok-human\nghe.test:\n  user: human\n  oauth_token: tok-human\n" >.config/gh/hosts.yml && chmod 600 .config/gh/hosts.yml'
	forget_calls
	said=$(expect 4 shimmed first 'cd poor && gh api user' 2>&1)
	contains "$said" "ravi-gh: no GitHub token for the identity poor"
	expect 4 shimmed first 'cd poor && ravi-gh pr list'
	expect 4 shimmed first 'ravi-gh --identity nobody-here api user'
	expect 4 shimmed first 'cd poor && GH_TOKEN=tok-human GITHUB_TOKEN=tok-human gh api user'
	equal "" "$(cat "$CALLS")"
	# The test's own test: gh itself would have.
	as first 'cd poor && gh api user' >/dev/null
	equal "token tok-human" "$(calls_with)"
}

test_a_user_who_is_no_agent_has_exit_status_4() {
	useradd -m human
	expect 4 shimmed human 'gh api user'
	expect 4 shimmed human 'ravi-gh --which'
}

test_what_others_left_in_the_environment_is_gone() {
	forget_calls
	shimmed first 'cd main && export GH_TOKEN=tok-human GITHUB_TOKEN=tok-human GH_ENTERPRISE_TOKEN=tok-human GITHUB_ENTERPRISE_TOKEN=tok-human CODEX_MONITOR_GH_TOKEN_X=tok-human CODEX_MONITOR_DAEMON_TOKEN=tok-human &&
		gh api user && GH_HOST=ghe.test gh api user && gh api --hostname ghe.test user && GH_HOST=ghe.test gh api --hostname github.com user' >/dev/null
	lacks "$(cat "$CALLS")" tok-human
	as first 'printf "#!/bin/sh\nenv\n" >show && chmod 755 show'
	echo 'gh = /home/first/show' >>/etc/ravi/ravi.conf
	lacks "$(shimmed first 'cd main && GITHUB_TOKEN=tok-human CODEX_MONITOR_GH_TOKEN_X=tok-human CODEX_MONITOR_DAEMON_TOKEN=tok-human gh')" tok-human
	sed -i '/^gh =/d' /etc/ravi/ravi.conf
}

test_each_host_has_its_variable() {
	forget_calls
	shimmed first 'cd main && gh api user && GH_HOST=GitHub.com gh api user && GH_HOST=ghe.test gh api user && GH_HOST=org.ghe.com gh api user' >/dev/null
	equal "api.github.com token tok-first
api.github.com token tok-first
ghe.test token tok-first
org.ghe.com token tok-first" "$(cut -d' ' -f2,4- "$CALLS" | tr A-Z a-z | sort)"
	# A token is for one host: the other, where a human is logged in, gets neither that nor the human's.
	forget_calls
	shimmed first 'cd main; gh api --hostname ghe.test user; GH_HOST=ghe.test gh api --hostname github.com user; GH_HOST=github.com.evil.test gh api --hostname github.com user' >/dev/null
	equal "token ravi-gives-no-token-for-this-host" "$(calls_with)"
}

test_what_gh_says_about_itself_needs_no_token() {
	local version
	version=$(gh --version)
	forget_calls
	equal "$version" "$(shimmed first 'cd poor && gh --version')"
	equal "$version" "$(shimmed first 'cd poor && ravi-gh --version')"
	equal "$version" "$(shimmed human 'gh version')"
	contains "$(shimmed human 'gh help')" "gh <command>"
	contains "$(shimmed human 'gh completion -s bash')" complete
	equal "" "$(cat "$CALLS")"
}

test_arguments_and_status_are_ghs() {
	as first 'printf "#!/bin/sh\nprintf \"<%%s>\" \"\$0\" \"\$@\"\nexit 7\n" >show && chmod 755 show'
	echo 'gh = /home/first/show' >>/etc/ravi/ravi.conf
	equal '</home/first/show><--identity><extra><--which><-h><a b><>' "$(expect 7 shimmed first 'gh --identity extra --which -h "a b" ""')"
	equal '</home/first/show><--which><x>' "$(expect 7 shimmed first 'ravi-gh --identity extra -- --which x')"
	equal '</home/first/show><pr><--identity><x>' "$(expect 7 shimmed first 'ravi-gh pr --identity x')"
	equal '</home/first/show>' "$(expect 7 shimmed first ravi-gh)"
	expect 2 as first 'ravi-gh --no-such-option'
	sed -i '/^gh =/d' /etc/ravi/ravi.conf
}

# 126 and 127 are about the gh that was found, or was not.
test_a_broken_ravi_conf_is_no_fault_of_ghs() {
	session first live
	echo 'timeout = long' >>/etc/ravi/ravi.conf
	refused 2 "timeout takes" in_session live "cd main && $SHIMS/gh api user"
	refused 2 "timeout takes" in_session live 'ravi-gh --version'
	refused 2 "timeout takes" in_session live 'ravi-codex --version'
	sed -i '/^timeout = long$/d' /etc/ravi/ravi.conf
	end_session live
}

test_which_tells_and_never_the_token() {
	local said
	said=$(shimmed first 'cd extra && ravi-gh --which')
	contains "$said" "GH_TOKEN in the vault of extra"
	contains "$said" "ravi.identity in /home/first/main/.git/worktrees/extra/config.worktree"
	contains "$said" "gh:        /usr/bin/gh"
	lacks "$said" tok-
	contains "$(expect 4 shimmed first 'cd poor && ravi-gh --which' 2>&1)" "identity:  poor"
}

test_it_never_finds_itself() {
	local said
	as first 'mkdir -p bin other && cp /usr/bin/ravi-gh bin/gh && ln -s /usr/bin/ravi-gh other/gh && ln -s ../bin/gh other/again'
	forget_calls
	as first "cd main && PATH=\$HOME/other:$SHIMS:/usr/bin:/bin && gh api user" >/dev/null
	equal "token tok-first" "$(calls_with)"
	said=$(expect 127 as first "cd main && PATH=\$HOME/other:$SHIMS && gh api user" 2>&1)
	contains "$said" "gh = PATH"
	# Copies, and scripts, that call each other come to an end.
	as first "cd main && PATH=\$HOME/bin:/usr/bin:/bin && ravi-gh api user" >/dev/null
	as first "printf '#!/bin/sh\nexec ravi-gh \"\$@\"\n' >bin/gh && chmod 755 bin/gh"
	said=$(expect 1 as first "cd main && PATH=\$HOME/bin:/usr/bin:/bin && gh api user" 2>&1)
	contains "$said" "calls ravi-gh again"
	rm -r /home/first/bin /home/first/other
}

test_no_token_is_left_behind() {
	if grep -r "tok-[fes]" /home /tmp /run/user; then
		fail "a token is on disk"
	fi
}

run_tests
