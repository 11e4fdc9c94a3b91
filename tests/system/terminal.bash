# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Answers to programs that ask for a passphrase: they read it from a terminal and nothing else. Also for sh.

# typed WORDS COMMAND...: runs the command, as the shell reads it, on a terminal of its own, types WORDS as often
# as a passphrase is asked for, and returns its status. What was shown is in $TMPDIR/terminal.shown.
typed() {
	typed_words=$1
	typed_in=${TMPDIR:-/tmp}/terminal.in typed_shown=${TMPDIR:-/tmp}/terminal.shown
	shift
	rm -f "$typed_in"
	mkfifo "$typed_in"
	: >"$typed_shown"
	timeout 60 script -qec "$*" /dev/null <"$typed_in" >"$typed_shown" 2>&1 &
	typed_script=$!
	exec 9>"$typed_in"
	typed_times=0
	while kill -0 "$typed_script" 2>/dev/null; do
		# A question is what ends with ": " and nothing behind it, of age and of ours.
		if [ "$(grep -aoiE '(passphrase|the same again)[^:]*: ' "$typed_shown" | wc -l)" -gt "$typed_times" ]; then
			typed_times=$((typed_times + 1))
			# Ours forgets what was typed before it asked: what it shows comes right after that.
			printf '%s\r' "$typed_words" >&9
		fi
		sleep 0.05
	done
	exec 9>&-
	wait "$typed_script"
}
