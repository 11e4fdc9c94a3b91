# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests on a booted machine use beside tests/system/lib.sh. Sourced behind it.

KEYS=/root/keys
LOADER=/usr/libexec/ravi/ravi-load

apt_get() {
	apt-get -qq -y -o Dpkg::Use-Pty=0 "$@"
}

install_debs() {
	apt_get install --no-install-recommends "$@"
}

# The packages of this tree, as an administrator installs them.
install_packages() {
	install_debs /ravi/deb/{libpam-ravi,ravi-tools}_*.deb
}

# Users who take one key, and this machine's own sshd. It is asked as `by_ssh USER COMMAND`.
start_ssh() {
	mkdir -p $KEYS
	[[ -e $KEYS/user ]] || ssh-keygen -q -t ed25519 -N '' -f $KEYS/user
	cat >$KEYS/config <<-CONFIG
		Host test
		HostName 127.0.0.1
		IdentityFile $KEYS/user
		IdentitiesOnly yes
		StrictHostKeyChecking no
		UserKnownHostsFile /dev/null
		ConnectTimeout 20
		LogLevel ERROR
	CONFIG
	local user home
	for user; do
		home=$(getent passwd "$user" | cut -d: -f6)
		install -d -m 700 -o "$user" -g "$user" "$home/.ssh"
		install -m 600 -o "$user" -g "$user" $KEYS/user.pub "$home/.ssh/authorized_keys"
	done
	systemctl is-active --quiet ssh.service
}

by_ssh() {
	ssh -F $KEYS/config "$1@test" "$2"
}

# open_ssh USER NAME: a login that stays until `close_ssh NAME`; meanwhile `ask_ssh NAME COMMAND` runs that in it.
open_ssh() {
	local fd
	rm -rf "/root/ssh.$2"
	mkdir "/root/ssh.$2"
	mkfifo "/root/ssh.$2/in"
	by_ssh "$1" 'exec bash -s' <"/root/ssh.$2/in" >"/root/ssh.$2/out" 2>&1 &
	echo $! >"/root/ssh.$2/pid"
	exec {fd}>"/root/ssh.$2/in"
	eval "SSH_$2=$fd"
	ask_ssh "$2" true
}

ask_ssh() {
	local name=$1 fd mark=$RANDOM$RANDOM
	shift
	eval "fd=\$SSH_$name"
	: >"/root/ssh.$name/out"
	printf '%s\n' "{" "$*" "}; printf '\\ndone %s %s\\n' $mark \$?" >&"$fd"
	eventually 30 grep -q "^done $mark" "/root/ssh.$name/out"
	# A file that was truncated under its writer begins with a hole.
	tr -d '\0' <"/root/ssh.$name/out" | sed "/^done $mark/d"
	return "$(tr -d '\0' <"/root/ssh.$name/out" | sed -n "s/^done $mark //p")"
}

close_ssh() {
	local fd
	eval "fd=\$SSH_$1"
	exec {fd}>&-
	wait "$(cat "/root/ssh.$1/pid")" || true
}

# unit NAME: the unit file is standard input.
unit() {
	cat >"/etc/systemd/system/$1"
	systemctl daemon-reload
}

# ends USER RING: it has ended, or does so long before the sweep's timer comes round.
ends() {
	eventually 30 has_ended "$@"
}

has_ended() {
	! key_lives "$2" && [[ -z $(ring_of "$1") ]]
}

# Nothing of an agent runs any more, its user manager included.
is_logged_out() {
	eventually 30 has_ended "$1" "$(ring_of "$1")"
	eventually 30 test ! -e "/run/user/$(id -u "$1")"
}

# says FILE TEXT: within some seconds the file has that line.
says() {
	eventually 30 grep -qx -e "$2" "$1"
}
