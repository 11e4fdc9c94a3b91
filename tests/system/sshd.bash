# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# An sshd of the tests' own on loopback, with this system's PAM stack. Sourced behind lib.sh.

# Not below /tmp, where sshd takes no keys from.
SSH=/run/ravi-test-ssh

# start_sshd USER...: whose logins all take one key.
start_sshd() {
	local user port
	install -d -m 755 $SSH $SSH/keys
	ssh-keygen -q -t ed25519 -N '' -f $SSH/host
	ssh-keygen -q -t ed25519 -N '' -f $SSH/user
	for user; do cp $SSH/user.pub "$SSH/keys/$user"; done
	for _ in {1..20}; do
		port=$((20000 + RANDOM % 30000))
		cat >$SSH/sshd_config <<-CONFIG
			ListenAddress 127.0.0.1
			Port $port
			HostKey $SSH/host
			UsePAM yes
			PubkeyAuthentication yes
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			AuthorizedKeysFile $SSH/keys/%u
			PidFile $SSH/pid
			MaxStartups 100
		CONFIG
		cat >$SSH/config <<-CONFIG
			Host test
			HostName 127.0.0.1
			Port $port
			IdentityFile $SSH/user
			IdentitiesOnly yes
			StrictHostKeyChecking no
			UserKnownHostsFile /dev/null
			LogLevel ERROR
		CONFIG
		/usr/sbin/sshd -f $SSH/sshd_config -E $SSH/log || continue
		eventually 5 test -s $SSH/pid
		return 0
	done
	fail "sshd does not start: $(cat $SSH/log)"
}

# by_ssh USER COMMAND: in a login of its own.
by_ssh() {
	ssh -F $SSH/config "$1@test" "$2"
}
