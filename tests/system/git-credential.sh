#!/bin/bash
# SPDX-License-Identifier: MIT
# git-credential-ravi with the real git, against a real git server that wants Basic authentication.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=github.bash
. "$(dirname "$0")/github.bash"
# shellcheck disable=SC2329 # the tests are found by name

# ask USER REQUEST [OPTION]: what the helper says in a login of USER; REQUEST as printf has it.
ask() {
	printf "$2" >/tmp/request
	chmod 644 /tmp/request
	as "$1" "git-credential-ravi ${3-} get </tmp/request"
}

# told WANTED-STATUS WANTED-OUTPUT PART REQUEST: as the agent first; PART is what it says.
told() {
	local out status=0
	out=$(ask first "$4" 2>/tmp/said) || status=$?
	equal "$1" "$status"
	equal "$2" "$out"
	contains "$(cat /tmp/said)" "$3"
	lacks "$(cat /tmp/said)" tok-
}

test_machine_is_set_up() {
	set_up
	ravi identity create --name extra --user first >/dev/null
	ravi identity create --name poor --user first >/dev/null
	printf 'tok-first\n' | ravi secrets set GH_TOKEN --identity first
	printf tok-extra | ravi secrets set GH_TOKEN --identity extra
	printf tok-second | ravi secrets set GH_TOKEN --identity second
	printf tok-seeded | ravi secrets set CODEX_MONITOR_GH_TOKEN_SEEDED_BOT --identity first
	start_github tok-first tok-extra tok-second tok-seeded tok-human
	make_repository repo
	make_repository library
	# What people have: a helper that writes down whatever git tells it.
	as first 'git config --global credential.helper store'
	as second 'git config --global credential.helper store'
}

# ---- with git ----

test_a_clone_in_an_unbound_folder_is_the_default_identitys() {
	local user
	for user in first second; do
		as "$user" 'git config --global credential.https://github.com.helper "" &&
			git config --global --add credential.https://github.com.helper /usr/bin/git-credential-ravi'
		forget_requests
		as "$user" 'git clone -q https://github.com/org/repo.git main'
		equal "-
x-access-token:tok-$user" "$(requests_by)"
	done
}

test_each_worktree_pushes_as_its_own_identity() {
	local name
	as first 'cd main && git worktree add -q ../extra && git worktree add -q ../seeded && git worktree add -q ../poor'
	bind first main first
	bind first extra extra
	bind first seeded seeded-bot
	bind first poor poor
	for name in main:first extra:extra seeded:seeded; do
		forget_requests
		as first "cd ${name%:*} && mkdir -p sub && cd sub && echo $name >file && git add file &&
			git commit -qm $name && git push -q origin HEAD:refs/heads/${name#*:}"
		equal "-
x-access-token:tok-${name#*:}" "$(requests_by)"
		contains "$(cat "$GITHUB/log")" "POST /org/repo.git/git-receive-pack x-access-token:tok-${name#*:}"
		equal "${name/seeded:seeded/seeded:seeded}" \
			"$(git -C "$GITHUB/repos/org/repo.git" log -1 --format=%s "refs/heads/${name#*:}")"
	done
}

test_fetch_and_ls_remote_too() {
	forget_requests
	as first 'cd extra/sub && git fetch -q && git ls-remote -q origin >/dev/null && git ls-remote https://github.com/org/library.git >/dev/null'
	equal "-
x-access-token:tok-extra" "$(requests_by)"
}

test_a_submodule_is_its_worktrees() {
	as second 'cd main && git submodule --quiet add https://github.com/org/library.git lib/dep &&
		git -c user.name=s -c user.email=s@agents.test commit -qm "Add a submodule" && git push -q'
	forget_requests
	as first 'cd extra && git pull -q --no-rebase --no-edit origin main && git submodule --quiet update --init &&
		cd lib/dep && git fetch -q origin'
	equal "-
x-access-token:tok-extra" "$(requests_by)"
	equal library "$(as first 'cat extra/lib/dep/README')"
	as first 'cd main && git pull -q --no-rebase --no-edit origin main && git submodule --quiet update --init'
	forget_requests
	as first 'cd main/lib/dep && git fetch -q origin'
	equal "-
x-access-token:tok-first" "$(requests_by)"
}

test_a_clone_in_a_bound_worktree_is_that_identitys() {
	forget_requests
	as first 'cd extra && git clone -q https://github.com/org/library.git ../elsewhere'
	equal "-
x-access-token:tok-extra" "$(requests_by)"
}

test_an_identity_without_a_token_gets_nobody_elses() {
	local said
	# Another helper would have one; it must not even be asked.
	as first 'echo https://human:tok-human@github.com >.git-credentials && cd poor &&
		git config --worktree --add credential.https://github.com.helper store'
	forget_requests
	said=$(expect 128 as first 'cd poor && GIT_TERMINAL_PROMPT=0 git fetch' 2>&1)
	contains "$said" "no GitHub token for the identity poor"
	contains "$said" "told us to quit"
	equal - "$(requests_by)"
	# The test's own test: without ours before it, that helper answers.
	as first 'cd poor && git -c credential.https://github.com.helper= -c credential.https://github.com.helper=store fetch -q'
	contains "$(requests_by)" "human:tok-human"
	as first 'rm .git-credentials'
}

test_outside_a_login_git_is_told_to_quit() {
	local said
	useradd -m human
	git config --system credential.https://github.com.helper /usr/bin/git-credential-ravi
	said=$(expect 128 as human 'git ls-remote https://github.com/org/repo.git' 2>&1)
	contains "$said" "not logged in as an agent"
	contains "$said" "told us to quit"
	git config --system --unset credential.https://github.com.helper
}

test_a_binding_that_cannot_be_read_gives_no_token() {
	local said
	as first 'cd main && cp .git/config.worktree /tmp/kept && sed -i "s/identity = first/identity = Not a name/" .git/config.worktree'
	forget_requests
	said=$(expect 128 as first 'cd main && git fetch' 2>&1)
	contains "$said" "is no identity name"
	equal - "$(requests_by)"
	as first 'cp /tmp/kept main/.git/config.worktree'
}

test_a_rotated_token_is_used_at_once() {
	session first a
	in_session a 'git -C main fetch -q'
	printf tok-rotated | ravi secrets set GH_TOKEN --identity first >/dev/null
	echo tok-rotated >>"$GITHUB/tokens"
	forget_requests
	in_session a 'git -C main fetch -q'
	equal "-
x-access-token:tok-rotated" "$(requests_by)"
	end_session a
}

test_a_rejected_token_is_not_forgotten() {
	printf tok-unknown | ravi secrets set GH_TOKEN --identity extra >/dev/null
	expect 128 as first 'cd extra && git fetch'
	equal tok-unknown "$(as first 'ravi-keyctl print GH_TOKEN --identity extra')"
	printf tok-extra | ravi secrets set GH_TOKEN --identity extra >/dev/null
}

test_no_token_is_on_disk() {
	local user
	for user in first second; do
		[[ ! -e /home/$user/.git-credentials ]] || fail "$(cat "/home/$user/.git-credentials")"
		if grep -r tok- "/home/$user"; then
			fail "a token is in the home of $user"
		fi
	done
	# The test's own test: without the reset, git tells the token to `store`.
	as second 'git -c credential.https://github.com.helper=/usr/bin/git-credential-ravi \
		-c credential.helper=store ls-remote https://github.com/org/repo.git >/dev/null'
	contains "$(cat /home/second/.git-credentials)" tok-second
	rm /home/second/.git-credentials
}

test_another_host_and_port_and_user() {
	serve_git 8443
	echo 'git_host = git.test:8443 username=agent' >>/etc/ravi/ravi.conf
	forget_requests
	as second 'git -c credential.helper= -c credential.helper=/usr/bin/git-credential-ravi \
		ls-remote https://git.test:8443/org/repo.git' >/dev/null
	equal "-
agent:tok-second" "$(requests_by)"
	# What ravi.conf names is all there is.
	equal "" "$(ask second 'protocol=https\nhost=github.com\n\n')"
	contains "$(as second 'git-credential-ravi --which')" "git.test:8443 (as agent)"
	sed -i /git_host/d /etc/ravi/ravi.conf
}

# ---- without git ----

test_what_is_answered() {
	local answer="username=x-access-token
password=tok-rotated"
	told 0 "$answer" "" 'protocol=https\nhost=github.com\n\n'
	told 0 "$answer" "" 'protocol=https\nhost=github.com'
	told 0 "$answer" "" 'protocol=https\nhost=GitHub.COM\nusername=human\npath=org/repo.git\n\n'
	told 0 "$answer" "" 'protocol=https\nhost=gist.github.com\n'
	told 0 "$answer" "" 'protocol=https\nhost=github.com:443\n'
	told 0 "$answer" "" 'capability[]=authtype\nwwwauth[]=Basic realm="G"\nwwwauth[]=x\nprotocol=https\nhost=github.com\n\nhost=evil.test\n'
}

test_whose_it_is_can_be_said() {
	equal "username=x-access-token
password=tok-extra" "$(ask first 'protocol=https\nhost=github.com\n\n' '--identity extra')"
	contains "$(as first 'git-credential-ravi --which')" "this user's default"
	contains "$(as first 'cd extra && git-credential-ravi --which')" "ravi.identity in /home/first/main/.git/worktrees/extra/config.worktree"
	contains "$(as first 'cd extra && RAVI_IDENTITY=seeded-bot git-credential-ravi --which')" "CODEX_MONITOR_GH_TOKEN_SEEDED_BOT in the vault of the default identity"
	lacks "$(as first 'git-credential-ravi --which; cd extra; git-credential-ravi --which')" tok-
	expect 3 as first 'cd poor && git-credential-ravi --which'
}

test_every_reader_of_the_ring_heeds_the_binding() {
	equal tok-extra "$(as first 'cd extra && ravi-keyctl print GH_TOKEN')"
	equal tok-rotated "$(as first 'cd extra && ravi-keyctl print GH_TOKEN --identity first')"
	contains "$(as first 'cd extra && ravi secrets get GH_TOKEN')" tok-extra
	contains "$(as first 'cd extra/sub && ravi-keyctl status')" "acts as    extra (ravi.identity in "
	expect 3 as first 'cd poor && ravi-keyctl print GH_TOKEN'
	# A name without a vault is nobody's: least of all the default identity.
	contains "$(expect 3 as first 'cd seeded && ravi-keyctl print GH_TOKEN' 2>&1)" "carries no identity seeded-bot"
	expect 3 as first 'cd seeded && ravi-keyctl exec --all -- true'
}

test_an_expiry_is_told() {
	printf tok-rotated | ravi secrets set GH_TOKEN --identity first --expires 2037-01-31T00:00:00Z >/dev/null
	contains "$(ask first 'protocol=https\nhost=github.com\n\n')" password_expiry_utc=2116972800
	printf tok-rotated | ravi secrets set GH_TOKEN --identity first --expires never >/dev/null 2>&1 || true
}

test_hosts_of_others_get_no_answer() {
	local host
	for host in gitlab.com www.github.com github.com.evil.test evilgithub.com github.co api.github.com \
		github.com. xn--github-xyz.com localhost '[::1]:443' github.com-evil.test \
		my_host:3000 my_host build~1 'm\xc3\xbcller.test' 'g\xc4\xb1thub.com' gitlab.com: gitlab.com:70000 \
		'[::1' '[fe80::1%%eth0]:3000'; do
		told 0 "" "" "protocol=https\nhost=$host\n\n"
	done
	told 0 "" "" "protocol=https\nhost=$(printf 'a%.0s' {1..300})\n\n"
	# A client certificate's passphrase is none of our business.
	told 0 "" "" 'protocol=cert\nhost=\npath=/home/first/key.pem\n\n'
}

test_a_general_helper_leaves_others_hosts_to_the_next() {
	as first 'printf "protocol=https\nhost=my_host:3000\nusername=me\npassword=mine\n\n" | git credential-store store'
	contains "$(as first 'printf "protocol=https\nhost=my_host:3000\n\n" | git -c credential.helper= \
		-c credential.helper=/usr/bin/git-credential-ravi -c credential.helper=store credential fill')" password=mine
	as first 'rm .git-credentials'
}

test_what_is_refused() {
	local long
	long=$(printf 'a%.0s' {1..70000})
	# Our host, in a way that the token must not go: nobody else may answer either.
	told 5 quit=1 "https alone" 'protocol=http\nhost=github.com\n\n'
	told 5 quit=1 "https alone" 'protocol=ftp\nhost=github.com\n\n'
	told 5 quit=1 "https alone" 'protocol=HTTPS\nhost=github.com\n\n'
	told 5 quit=1 "port 8443" 'protocol=https\nhost=github.com:8443\n\n'
	told 5 quit=1 "port 80" 'protocol=https\nhost=github.com:80\n\n'
	# No host at all, or one that is none.
	told 5 quit=1 "names no host" 'protocol=https\n\n'
	told 5 quit=1 "names no host" 'protocol=https\nhost=\n\n'
	told 5 quit=1 "names no protocol" 'host=github.com\n\n'
	told 5 quit=1 "names no protocol" 'protocol=\nhost=github.com\n\n'
	told 5 quit=1 "names no protocol" ''
	told 5 quit=1 "names no protocol" '\nprotocol=https\nhost=github.com\n\n'
	told 5 quit=1 "is no host" 'protocol=https\nhost=github.com:\n\n'
	told 5 quit=1 "is no host" 'protocol=https\nhost=github.com:443:443\n\n'
	told 5 quit=1 "is no host" 'protocol=https\nhost=github.com:+443\n\n'
	told 5 quit=1 "is no host" 'protocol=https\nhost=user@github.com\n\n'
	told 5 quit=1 "is no host" 'protocol=https\nhost=github.com/\n\n'
	told 5 quit=1 "is no host" 'protocol=https\nhost= github.com\n\n'
	told 5 quit=1 "is no host" 'protocol=https\nhost=github.com\\x00evil\n\n'
	told 5 quit=1 "is no host" 'protocol=https\nhost=:443\n\n'
	# What a URL can smuggle.
	told 5 quit=1 "twice" 'protocol=https\nhost=evil.test\nhost=github.com\n\n'
	told 5 quit=1 "twice" 'protocol=http\nprotocol=https\nhost=github.com\n\n'
	told 5 quit=1 "carriage return" 'protocol=https\r\nhost=github.com\r\n\r\n'
	told 5 quit=1 "carriage return" 'protocol=https\nhost=github.com\nusername=a\rb\n\n'
	told 5 quit=1 "NUL" 'protocol=https\nhost=github.com\0.evil.test\n\n'
	told 5 quit=1 "NUL" 'protocol=https\nhost=github.com\n\0\n'
	told 5 quit=1 "key=value" 'protocol=https\nhost=github.com\nhello\n\n'
	told 5 quit=1 "key=value" '=x\nprotocol=https\nhost=github.com\n\n'
	told 5 quit=1 "longer than" "protocol=https\nhost=github.com\npath=$long\n\n"
}

test_store_and_erase_do_nothing_quietly() {
	local operation
	for operation in store erase approve-everything; do
		equal "" "$(as first "yes password=tok-x | head -c 1000000 | git-credential-ravi $operation; test \"\${PIPESTATUS[*]:1}\" = '0 0'" 2>&1)"
	done
	expect 2 as first git-credential-ravi
}

test_a_broken_ravi_conf_gives_no_token() {
	echo 'git_host = github.com port=8' >>/etc/ravi/ravi.conf
	told 2 quit=1 git_host 'protocol=https\nhost=github.com\n\n'
	sed -i /git_host/d /etc/ravi/ravi.conf
	chmod 666 /etc/ravi/ravi.conf
	told 5 quit=1 ravi.conf 'protocol=https\nhost=github.com\n\n'
	chmod 644 /etc/ravi/ravi.conf
}

run_tests
