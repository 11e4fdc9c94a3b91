# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A second machine for system tests: a mount namespace with an /etc/ravi, /var/lib/ravi and /run/ravi of its own.
# Sourced after lib.sh.

# there COMMAND...: on the second machine.
there() {
	nsenter -t "$(cat /tmp/there.pid)" -m -- "$@"
}

# stay_there COMMAND...: the same in the background. $! is the command itself, which a kill then reaches: of `there &`
# it would be a shell, and the command would go on.
stay_there() {
	exec nsenter -t "$(cat /tmp/there.pid)" -m -- "$@" &
}

# The session of lib.sh, there.
session_there() {
	LOGIN_BY="nsenter -t $(cat /tmp/there.pid) -m --" session "$@"
}

start_second_machine() {
	mkdir -p /tmp/there/{etc,lib,run}
	# shellcheck disable=SC2016
	unshare --mount --propagation private bash -c '
		install -d /etc/ravi /var/lib/ravi /run/ravi
		mount --bind /tmp/there/etc /etc/ravi
		mount --bind /tmp/there/lib /var/lib/ravi
		mount --bind /tmp/there/run /run/ravi
		touch /tmp/there/up
		exec sleep infinity' &
	echo $! >/tmp/there.pid
	eventually 10 test -e /tmp/there/up
}
