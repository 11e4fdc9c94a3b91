#!/bin/bash
# SPDX-License-Identifier: MIT
# Every command of README.md and of the examples of ravi(1) is run as it is written, in the order of the text;
# those that cannot be run here are in the table below, each with the reason. The other manual pages' examples
# are taken apart as far as words go: their commands and options must be there.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

TREE=$(cd "$(dirname "$0")/../.." && pwd)
AT=/root/examples

# A pattern that a line matches, and why that line is not run.
NOT_RUN=(
	'sudo tools/quickstart' 'the test quickstart runs it'
	'sudo tests/run' 'this is part of it'
	'make bench*' 'it measures for minutes, and asserts nothing'
	'*OWNER/REPO*' 'it needs an account on GitHub; the tests gh and git-credential have one of their own'
	'* gh auth status' 'it needs an account on GitHub'
	'*gh pr list' 'it needs an account on GitHub'
	'*-- pr list' 'it needs an account on GitHub'
	'git -C ~/work push' 'it needs an account on GitHub'
	'*https://api.ravi.id' 'it needs an account of the Ravi service'
	'sudo ravi auth login' 'it needs an account of the Ravi service'
	'*--provision-phone' 'it needs an account of the Ravi service'
	'sudo ravi identity adopt *' 'it needs an account of the Ravi service'
	'ravi inbox wait *' 'it needs an account of the Ravi service; the test inbox stands in for one'
	'curl *' 'it needs an account of the Ravi service'
	'wait * && curl *' 'it needs an account of the Ravi service'
	'*--recovery-passphrase' 'it asks on a terminal; the test recovery answers'
	'ravi-codex *' 'it needs a human and a model; the test codex stands in for both'
	'ravi-codex-monitor *' 'it needs the daemon; the test codex-monitor has one'
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

# The commands of a text, one a line: indented blocks of README.md, the examples of a manual page.
commands_of() {
	case $1 in
	*.md) sed -n 's/^    \([^ ]\)/\1/p' "$1" ;;
	*) sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$1" | awk '
		/^\.Bd -literal/ {inside = 1; next}
		/^\.Ed/ {inside = 0}
		/^\.Dl / {sub(/^\.Dl (\$ )?/, ""); print; next}
		inside' | sed 's/\\e/\\/g; s/\\-/-/g' ;;
	esac | sed 's/  *# .*//; /^[^a-zA-Z.\[]/d'
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
		su - "$AGENT" -c 'git init -q repository && git -C repository -c user.name=x -c user.email=x@y \
			commit -q --allow-empty -m first && git init -q work' ;;
	'age -d '*.age) cp "/var/lib/ravi/vaults/${1##* }" "$AT/" ;;
	esac
}

# As root where it says sudo, else as the agent; paths as they are here.
run_line() {
	local line=${1//\/usr\/local\/libexec/\/usr\/libexec}
	line=${line//\/media\/backup/\/root\/backup}
	cd "$AT" || return
	case $line in
	*sudo* | age*) printf a-value | GH_TOKEN=ghp_example bash -c "$line" ;;
	*) su - "$AGENT" -c "NEW=new; $line" ;;
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
	mkdir -p "$AT" /root/backup
	ssh-keygen -q -t ed25519 -N '' -f "$AT/id_ed25519"
	printf 'WEBHOOK=one\n' >"$AT/.env"
	cp /etc/ravi/recovery.key "$AT/"
	: >/tmp/used
}

test_ravi_1() {
	AGENT=payments-agent
	local rc=0
	run_all "$TREE/tools/ravi/ravi.1" || rc=$?
	rm -f "$AT"/*.env
	ravi identity delete reports-agent >/dev/null
	return "$rc"
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
