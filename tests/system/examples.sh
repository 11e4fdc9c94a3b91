#!/bin/bash
# SPDX-License-Identifier: MIT
# Every command of README.md and of the examples of all manual pages is run as it is written, in the order of the
# text, with a GitHub of the tests' own; those that cannot be run here are in the table below, each with the
# reason. What the pages print for ravi.conf and for PAM's files is put there and used. And the commands and
# options of all lines, run or not, must be there.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=github.bash
. "$(dirname "$0")/github.bash"
# shellcheck disable=SC2329 # the tests are found by name

TREE=$(cd "$(dirname "$0")/../.." && pwd)
AT=/root/examples
API=$GITHUB/api
CODEX=$(find "$WORK/npm/" -path '*/vendor/*/bin/codex' -type f 2>/dev/null | head -n 1)

# A pattern that a line matches, and why that line is not run.
NOT_RUN=(
	'sudo tools/quickstart' 'the test quickstart runs it'
	'sudo tests/run' 'this is part of it'
	'make bench*' 'it measures for minutes, and asserts nothing'
	'*OWNER/REPO*' 'it needs an account on GitHub; the tests gh and git-credential have one of their own'
	'* gh auth status' 'it needs an account on GitHub'
	'git -C ~/work push' 'it needs an account on GitHub'
	'*https://api.ravi.id' 'the test readme-service runs it'
	'sudo ravi auth login' 'the test readme-service runs it'
	'*--provision-phone' 'the test readme-service runs it'
	'sudo ravi identity adopt *' 'it needs an account of the Ravi service'
	'ravi inbox wait *' 'the test readme-service runs it'
	'curl *' 'the test readme-service runs it'
	'wait * && curl *' 'the test readme-service runs it'
	"echo 'store = service' *" 'the test readme-service runs it'
	'sudo ravi sync' 'the test readme-service runs it'
	'*--recovery-passphrase' 'it asks on a terminal; the test recovery answers'
	'ravi-codex login *' 'it needs a human; the test codex stands in for one'
	'ravi-codex exec *' 'it needs a model; the test codex stands in for one'
	'ravi-codex-monitor' 'it stays until it is stopped; the test codex-monitor does both'
	'ravi-codex-monitor status' 'it needs the daemon; the test codex-monitor has one'
	'grep -E *ravi-fetch*' 'it needs a service that lets one wait; the test isolation looks there'
	'sudo systemctl *' 'there is no systemd in these mounts'
	'sudo tools/deploy *' 'the test install runs it'
	'sudo tools/packages *' 'packages are installed before the tests'
	'tools/deb' 'the test of packages runs it'
	'sudo apt *' 'the test of packages runs it'
	'sudo ravi doctor*' 'what it finds depends on the machine; the test doctor runs it'
	'ssh *' 'it needs a second machine, or sshd: the tests hosts and enrol'
	'* | ssh *' 'it needs a second machine'
	'[[]Service]' 'a unit, no command'
	'*=*agent' 'a unit, no command'
	'Exec*' 'a unit, no command'
	'./autogen.sh *' 'tests/run has done it'
	'sudo userdel ravi-fetch' 'whoever installed it made that user'
	'PATH=*' 'a line for a profile, no command'
	'sudo ravi identity create --name reports-agent' 'an earlier example has made it'
)

# What is not there in every run, named as it is missing.
[[ -x $CODEX ]] || NOT_RUN+=('* codex login --with-api-key' 'codex was not fetched; a run of all tests has it')

# The commands of a text, one a line: indented blocks of README.md, the examples of a manual page. A line that
# ends in a backslash goes on in the next; `# ` before a single command says that it is root's.
commands_of() {
	case $1 in
	*.md) sed -n 's/^    \([^ ]\)/\1/p' "$1" ;;
	*) examples_of "$1" | awk '
		/^\.Bd -literal/ {inside = 1; next}
		/^\.Ed/ {inside = 0}
		/^\.Dl / {sub(/^\.Dl (\$ )?/, ""); sub(/^# /, "sudo "); print; next}
		inside {sub(/^\$ /, ""); print}' ;;
	esac | sed ':more; /\\$/ {N; s/\\\n */ /; b more}; s/  *# .*//; /^[^a-zA-Z.\[]/d'
}

# The section of a manual page, with the characters that are seen.
examples_of() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$1" |
		sed 's/\\e/\\/g; s/\\-/-/g; s/\\(dq/"/g; s|@bindir@|/usr/bin|g; s|@ravilibexecdir@|/usr/libexec/ravi|g
			s|@confdir@|/etc/ravi|g; s|@statedir@|/var/lib/ravi|g; s|@rundir@|/run/ravi|g'
}

# block NUMBER PAGE: a literal block of a page's examples.
block() {
	examples_of "$2" | awk -v wanted="$1" '
		/^\.Bd -literal/ {inside = ++number == wanted; next}
		/^\.Ed/ {inside = 0}
		inside'
}

why_not_run() {
	local i
	for ((i = 0; i < ${#NOT_RUN[@]}; i += 2)); do
		# shellcheck disable=SC2053 # a pattern
		if [[ $1 == ${NOT_RUN[i]} ]]; then
			echo "${NOT_RUN[i]}" >>/tmp/used
			return 0
		fi
	done
	return 1
}

# What is there before a line: the agent has a repository, another machine a copy of the vault.
prepare() {
	case $1 in
	*'worktree add'*)
		[[ -e /home/$AGENT/repository ]] || su - "$AGENT" -c 'git init -q repository && git -C repository -c user.name=x \
			-c user.email=x@y commit -q --allow-empty -m first && git init -q work &&
			git -C work remote add origin https://github.com/org/repo.git' ;;
	'age -d '*.age) cp "/var/lib/ravi/vaults/${1##* }" "$AT/" ;;
	*'pr list' | *git-credential-ravi* | 'git config '*) checkout ;;
	*./release.sh) release_script ;;
	'ravi-codex-monitor worktrees'*) workspace ;;
	'ravi-codex status') printf an-api-key | ravi secrets set CODEX_API_KEY --identity "$AGENT" ;;
	esac
}

# A clone of org/repo in the agent's home, and a gh that finds its server.
checkout() {
	[[ ! -e /home/$AGENT/checkout ]] || return 0
	git clone -q "$GITHUB/repos/org/repo.git" "/home/$AGENT/checkout"
	git -C "/home/$AGENT/checkout" remote set-url origin https://github.com/org/repo.git
	chown -R "$AGENT:" "/home/$AGENT/checkout"
	su - "$AGENT" -c "gh config set http_unix_socket $API"
}

# What the daemon writes down of a worktree that is named after the agent.
workspace() {
	local data=/home/$AGENT/.local/share/codex-monitor-daemon
	checkout
	su - "$AGENT" -c "mkdir -p $data"
	jq -n --arg name "$AGENT" '[{id: "1", name: $name, path: "/home/\($name)/checkout", kind: "worktree",
		worktree: {branch: $name}}]' >"$data/workspaces.json"
}

# A program that has the token under the other name, and under that name alone.
release_script() {
	printf '#!/bin/sh\ntest "$GITHUB_TOKEN" = tok-payments && test -z "$GH_TOKEN"\n' >"/home/$AGENT/release.sh"
	chmod 755 "/home/$AGENT/release.sh"
}

# Where the agent is when it says a line.
folder_for() {
	case $1 in
	*'pr list' | git-credential-ravi* | 'git config '*) echo checkout ;;
	*) echo . ;;
	esac
}

# As root where it says sudo, else as the agent; paths as they are here.
run_line() {
	local line=${1//\/usr\/local\/libexec/\/usr\/libexec}
	line=${line//\/media\/backup/\/root\/backup}
	cd "$AT" || return
	case $line in
	*sudo* | age*) printf a-value | GH_TOKEN=ghp_example bash -c "$line" ;;
	*) su - "$AGENT" -c "cd $(folder_for "$line"); NEW=new; $line" ;;
	esac
}

run_all() {
	local line failed=0
	while read -r line; do
		why_not_run "$line" && continue
		echo "+ $line"
		prepare "$line"
		run_line "$line" </dev/null || {
			echo "failed with $?: $line ($1)"
			failed=1
		}
	done < <(commands_of "$1")
	return "$failed"
}

test_set_up() {
	start_syslog
	enable_pam
	ravi init --domain agents.example.org >/dev/null
	/usr/libexec/ravi/ravi-broker --listen &
	start_github tok-payments
	make_repository repo
	: >"$GITHUB/calls"
	node "$HERE/gh-server.js" "$API" "$GITHUB/calls" >"$GITHUB/api.errors" 2>&1 &
	eventually 10 test -S "$API"
	install -m 755 "$HERE/codex-monitor-standin.js" /usr/bin/codex-monitor-daemon
	[[ ! -x $CODEX ]] || ln -s "$CODEX" /usr/local/bin/codex
	mkdir -p "$AT" /root/backup
	ssh-keygen -q -t ed25519 -N '' -f "$AT/id_ed25519"
	printf 'WEBHOOK=one\n' >"$AT/.env"
	cp /etc/ravi/recovery.key "$AT/"
	: >/tmp/used
}

test_ravi_1() {
	AGENT=payments-agent
	run_all "$TREE/tools/ravi/ravi.1.in"
}

# With what ravi(1) has made: an OS user that carries payments-agent and reports-agent.
test_manual_pages_of_the_agents_programs() {
	local page failed=0
	AGENT=payments-agent
	printf tok-payments | ravi secrets set GH_TOKEN --identity payments-agent
	printf tok-reports | ravi secrets set GH_TOKEN --identity reports-agent
	for page in "$TREE"/tools/{ravi-gh,git-credential-ravi,ravi-codex}/*.1.in \
		"$TREE"/tools/{ravi-keyctl,ravi-git-config,ravi-ssh-sign,ravi-codex-monitor}/*.1 \
		"$TREE"/tools/{ravi-load,ravi-fetch,ravi-broker}/*.8.in; do
		run_all "$page" || failed=1
	done
	return "$failed"
}

# What they were to bring about, beside an exit of 0.
test_the_examples_did_what_they_say() {
	local work=/home/payments-agent
	equal payments-agent "$(su - payments-agent -c 'cd checkout && git-credential-ravi --which' | grep -o payments-agent | head -n 1)"
	equal reports-agent "$(git -c safe.directory='*' -C $work/reports config user.name)"
	contains "$(cut -d' ' -f4- "$GITHUB/calls" | sort -u)" tok-payments
	contains "$(cut -d' ' -f4- "$GITHUB/calls" | sort -u)" tok-reports
}

test_ravi_conf_5() {
	cp /etc/ravi/ravi.conf /tmp/ravi.conf
	trap 'cp /tmp/ravi.conf /etc/ravi/ravi.conf' EXIT
	cp "$GITHUB/cert.pem" /etc/ssl/example-ca.pem
	block 1 "$TREE/conf/ravi.conf.5.in" >/etc/ravi/ravi.conf
	refused 5 https://ravi.example.org ravi identity create --name example-agent --email example-agent
	lacks "$(ravi identity list 2>&1)" ravi.conf
	contains "$(su - payments-agent -c 'cd checkout && git-credential-ravi --which' 2>&1)" 'git.example.org:8443 (as agent)'
}

words() {
	awk '{$1 = $1} 1'
}

# in_stack NUMBER FILE: the lines of that block of pam_ravi(8) are lines of a PAM file.
in_stack() {
	local line
	while read -r line; do
		words <"/etc/pam.d/$2" | grep -qxF -- "$line" || fail "not in $2: $line"
	done < <(block "$1" "$TREE/modules/pam_ravi/pam_ravi.8.in" | words)
}

# The profile's lines are those that are printed; the stack that is made by hand lets an agent in with its ring, and
# not without. The audit's login uid cannot be set in these mounts.
test_pam_ravi_8() {
	local vault=/var/lib/ravi/vaults/payments-agent.age
	in_stack 1 common-session
	in_stack 1 common-session-noninteractive
	in_stack 2 common-account
	cp /etc/pam.d/su /tmp/su.pam
	trap 'cp /tmp/su.pam /etc/pam.d/su; [[ ! -e /tmp/vault ]] || mv /tmp/vault '$vault EXIT
	{
		printf '%s\n' 'auth sufficient pam_rootok.so' 'account required pam_permit.so'
		block 3 "$TREE/modules/pam_ravi/pam_ravi.8.in" | grep -v pam_loginuid
	} >/etc/pam.d/su
	: >"$SYSLOG"
	contains "$(su - payments-agent -c 'ravi-keyctl status')" 'GH_TOKEN'
	lacks "$(cat "$SYSLOG")" 'PAM argument'
	eventually 10 test ! -e /run/ravi/rings/payments-agent
	mv $vault /tmp/vault
	expect 1 su - payments-agent -c true
}

test_what_ravi_1_made_is_put_away() {
	rm -f "$AT"/*.env
	ravi identity delete reports-agent >/dev/null
}

test_readme() {
	AGENT=reports-agent
	run_all "$TREE/README.md"
}

# Words of ours in the examples of every manual page: the program knows the command and each option.
test_commands_and_options_of_all_manual_pages_exist() {
	local page line word words listed program command
	for page in "$TREE"/{tools/*/*.[1578],tools/*/*.[1578].in,modules/*/*.8.in,conf/ravi.7.in}; do
		while read -r line; do
			[[ $line =~ (^|[ |\(])(ravi|ravi-keyctl|ravi-git-config)\ ([a-z].*) ]] || continue
			program=${BASH_REMATCH[2]}
			line=${BASH_REMATCH[3]%% -- *}
			read -ra words <<<"${line%%[|;)<>]*}"
			command=
			for word in "${words[@]}"; do
				[[ $word =~ ^[a-z-]+$ && $word != -* ]] || break
				"$program" help $command "$word" >/dev/null 2>&1 || "$program" $command "$word" --help >/dev/null 2>&1 || break
				command="$command $word"
			done
			[[ -n $command ]] || fail "$page: no such command: $line"
			# shellcheck disable=SC2086 # words
			listed=$("$program" $command --help)
			for word in "${words[@]}"; do
				[[ $word != --*[a-z]* ]] || contains "$listed" "${word%%=*}"
			done
		done < <(commands_of "$page")
	done
}

test_no_reason_is_left_over() {
	local i
	for ((i = 0; i < ${#NOT_RUN[@]}; i += 2)); do
		grep -qxF -- "${NOT_RUN[i]}" /tmp/used || fail "no line is like: ${NOT_RUN[i]}"
	done
}

run_tests
