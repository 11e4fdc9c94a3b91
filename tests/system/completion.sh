#!/bin/bash
# SPDX-License-Identifier: MIT
# What the shells offer, from the tables that parse the command lines; and that every command speaks JSON.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

TOOLS=(ravi-keyctl ravi-gh ravi-git-config ravi-codex ravi-codex-monitor git-credential-ravi)

# offered WORD...: what bash offers for the last of the words, by the completion as it is installed.
offered() {
	bash --norc --noprofile -c '
		. "/usr/share/bash-completion/completions/$1"
		function=$(complete -p "$1" | sed "s/.*-F \([^ ]*\) .*/\1/")
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		echo "${COMPREPLY[*]}"' bash "$@"
}

# commands_of PROGRAM: its commands, one a line, "" for the one without a name.
commands_of() {
	"$1" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]\+\( [a-z-]\+\)*\) .*/\1/p' | sed 's/ *$//'
}

test_set_up() {
	set_up
	ravi identity create --name third.agent --user first >/dev/null
	mkdir -p /tmp/there/folder
	touch /tmp/there/file
}

test_commands() {
	contains "$(offered ravi '')" "init status identity"
	equal "" "$(offered ravi '' | tr ' ' '\n' | sort | uniq -d)"
	equal "secrets" "$(offered ravi sec)"
	equal "history" "$(offered ravi secrets hi)"
	equal "list add remove" "$(offered ravi vault recipients '')"
	contains "$(offered ravi audit '')" verify
	equal "" "$(offered ravi nonsense '')"
	equal "" "$(offered ravi secrets get TOKEN x)"
	equal "setup save status" "$(offered ravi-codex '')"
	equal "worktrees" "$(cd /tmp/there && offered ravi-codex-monitor wo)"
}

# Nobody forgets an option here: what --help lists is what is offered.
test_every_option_of_every_command_is_offered() {
	local program command listed
	for program in ravi "${TOOLS[@]}"; do
		while read -r command; do
			# shellcheck disable=SC2086 # words
			listed=$("$program" $command --help | sed -n 's/^  \(-[a-z], \)\?\(--[a-z-]\+\).*/\2/p' | xargs)
			# shellcheck disable=SC2086
			equal "$listed${listed:+ }--help" "$(offered "$program" $command --)"
		done < <(commands_of "$program" | grep . || echo)
	done
}

test_values_and_arguments() {
	equal "refuse replace" "$(offered ravi secrets import --existing re)"
	equal "refuse replace" "$(offered ravi secrets import --existing = re)"
	equal "refuse replace keep" "$(offered ravi secrets import --existing =)"
	equal "on off" "$(offered ravi identity linger first '')"
	equal "/tmp/there/file" "$(offered ravi secrets set X --file /tmp/there/fi)"
	equal "/tmp/there/folder" "$(offered ravi-codex-monitor --data-dir /tmp/there/)"
	equal "" "$(offered ravi secrets get -- --)"
}

test_names_of_identities_agents_and_secrets() {
	equal "first third.agent second" "$(offered ravi identity show '' | xargs -n1 | sort | tr '\n' ' ' | sed 's/second third.agent /third.agent second/')"
	equal "third.agent" "$(offered ravi secrets list --identity th)"
	equal "third.agent" "$(offered ravi secrets list -i th)"
	equal "second" "$(offered ravi reload s)"
	equal "TOKEN" "$(offered ravi secrets get --identity first T)"
	equal "SSH_SIGNING_KEY TOKEN" "$(offered ravi secrets export -i first SSH_SIGNING_KEY '')"
	# A value is never offered.
	lacks "$(offered ravi secrets get --identity first '')" one
}

test_an_agent_is_offered_its_own() {
	as first "$(declare -f offered); offered ravi-keyctl print ''" >/tmp/offered
	equal "SSH_SIGNING_KEY TOKEN" "$(cat /tmp/offered)"
	equal "first third.agent" "$(as first "$(declare -f offered); offered ravi-keyctl print --identity ''")"
	equal "SSH_SIGNING_KEY" "$(as first "$(declare -f offered); offered ravi-keyctl exec --identity third.agent -e ''")"
	equal "TOKEN" "$(as first "$(declare -f offered); offered ravi secrets get T")"
	equal "" "$(bare second bash -c "$(declare -f offered); offered ravi-keyctl print ''")"
}

test_bash_with_a_keyboard() {
	local out keys
	echo '. /usr/share/bash-completion/completions/ravi; PS1="ready>"' >/tmp/bashrc
	mkfifo /tmp/keys
	timeout 20 script -qec 'bash --noprofile --rcfile /tmp/bashrc -i' /dev/null </tmp/keys >/tmp/screen 2>&1 &
	exec {keys}>/tmp/keys
	eventually 10 grep -q 'ready>' /tmp/screen
	printf 'ravi secr\thist\t\nexit\n' >&"$keys"
	wait $! || true
	exec {keys}>&-
	out=$(cat /tmp/screen)
	contains "$out" "usage: ravi secrets history"
}

test_zsh_with_a_keyboard() {
	zsh -n /usr/share/zsh/vendor-completions/_ravi
	cat >/tmp/drive.zsh <<-'END'
		zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell 'fpath=(/usr/share/zsh/vendor-completions $fpath); autoload -U compinit; compinit -u -D; PS1=""; echo ready'
		zpty -r shell line '*ready'
		zpty -w -n shell $'ravi secrets histo\t--identi\t\n'
		zpty -r -t shell line '*needs a value*' || sleep 2 && zpty -r shell line '*needs a value*'
		print -r -- $line
	END
	contains "$(timeout 30 zsh -f /tmp/drive.zsh)" "--identity needs a value"
}

test_every_command_speaks_json() {
	local program command
	for program in ravi ravi-keyctl ravi-git-config ravi-codex ravi-codex-monitor git-credential-ravi ravi-gh; do
		while read -r command; do
			case "$program $command" in
			# What they print is not for people: help, a value as it is, the output of another program.
			'ravi help' | 'ravi-keyctl print' | 'ravi-keyctl exec') continue ;;
			esac
			# shellcheck disable=SC2086 # words
			contains "$("$program" $command --help)" --json
		done < <(commands_of "$program" | grep . || echo)
	done
	contains "$(/usr/libexec/ravi/ravi-pam status --help)" --json
}

test_json_that_is_printed_is_json() {
	jq -e .steps <<<"$(ravi init --json)" >/dev/null
	equal "stored TOKEN 2" "$(ravi secrets set TOKEN newer -i first --json | jq -r '"\(.status) \(.name) \(.version)"')"
	equal '{"users":[]}' "$(ravi reload --json | jq -c .)"
	session first live
	equal "first true" "$(ravi reload --json | jq -r '.users[] | "\(.user) \(.ok)"')"
	equal "first true" "$(ravi reload first --json | jq -r '.users[] | "\(.user) \(.ring)"')"
	ravi secrets set GH_TOKEN ghp_test -i first
	equal "first GH_TOKEN false" "$(in_session live ravi-gh --which --json | jq -r '"\(.identity) \(.token) \(.token_in_default_vault)"')"
	contains "$(in_session live git-credential-ravi --which --json | jq -r '.hosts[]')" github.com
	equal "first" "$(in_session live ravi-ssh-sign --which --json | jq -r .identity)"
	equal "first" "$(in_session live ravi-git-config --which --json | jq -r .identity)"
	equal "first bound" "$(in_session live ravi-git-config bind --user --json | jq -r '"\(.identity) \(.status)"')"
	equal "unbound" "$(in_session live ravi-git-config unbind --user --json | jq -r .status)"
	equal true "$(in_session live ravi-codex setup --json | jq .changed)"
	equal "first false" "$(ravi release first --json | jq -r '.users[] | "\(.user) \(.ring)"')"
	end_session live
	equal ravi "$(ravi version --json | jq -r .program)"
	equal "trusted first 7" "$(ravi identity trust first "$(printf '%064d' 0)" --min-revision 7 --json 2>/dev/null |
		jq -r '"\(.status) \(.identity) \(.min_revision)"' || true)"
	equal first "$(ravi vault rekey -i first --json | jq -r '.vaults[].identity')"
	equal "exported /root/first.age" "$(ravi vault export /root/first.age -i first --json | jq -r '"\(.status) \(.file)"')"
	jq -e '.services | length > 3' <<<"$(/usr/libexec/ravi/ravi-pam status --json || true)" >/dev/null
}

run_tests
