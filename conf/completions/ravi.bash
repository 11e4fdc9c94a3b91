# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# bash completion of ravi and its tools. The programs know their words themselves (PROGRAM --complete WORD...),
# so this never goes stale: it only hands over what is typed and takes what comes back.

_ravi() {
	local words=() offered=() line i
	# readline makes a word of the '=' in --option=value; the programs take the two parts as they come.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != '=' ]]; then
			words+=("${COMP_WORDS[i]}")
		elif ((i == COMP_CWORD)); then
			words+=('')
		fi
	done
	mapfile -t offered < <("$1" --complete "${words[@]}" 2>/dev/null)
	COMPREPLY=()
	for line in "${offered[@]}"; do
		case $line in
		:files) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${words[-1]}") ;;
		:folders) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "${words[-1]}") ;;
		:command) _ravi_command && return ;;
		*) COMPREPLY+=("${line%%$'\t'*}") ;;
		esac
	done
	case " ${offered[*]} " in *' :files '* | *' :folders '*) compopt -o filenames 2>/dev/null ;; esac
}

# A command line within ours begins behind --, where bash-completion is loaded it completes that.
_ravi_command() {
	local i
	declare -F _command_offset >/dev/null || return 1
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			_command_offset $((i + 1))
			return 0
		fi
	done
	return 1
}

complete -F _ravi ravi ravi-keyctl ravi-gh ravi-git-config ravi-codex ravi-codex-monitor git-credential-ravi
