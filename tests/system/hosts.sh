#!/bin/bash
# SPDX-License-Identifier: MIT
# Real login programs with this system's own PAM stacks: in each, an agent reads its token inside, nothing
# is left afterwards, and everybody else logs in as before.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=sshd.bash
. "$(dirname "$0")/sshd.bash"
# shellcheck disable=SC2329 # the tests are found by name

test_machine_is_set_up() {
	set_up
	useradd -m -s /bin/bash human
	useradd -m -s /bin/bash caller
	/usr/libexec/ravi/ravi-pam enable --runuser >/dev/null
	# The caller asks sudo and su for other users without a password.
	echo 'caller ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/caller
	chmod 440 /etc/sudoers.d/caller
	sed -i '0,/^auth/s/^auth/auth sufficient pam_succeed_if.so quiet ruser = caller\n&/' /etc/pam.d/su
}

# First, because a minute has to pass: test_cron_gives... at the end looks at what came of it. The agent is
# another one: its session stays until /tmp/cron/go is there.
test_cron_is_started() {
	make_agent third three
	install -d -m 777 /tmp/cron
	cat >/tmp/cron/job <<'END'
#!/bin/sh
[ ! -e /tmp/cron/third ] || exit 0
ravi-keyctl print TOKEN >/tmp/cron/third 2>&1
until [ -e /tmp/cron/go ]; do sleep 0.1; done
touch /tmp/cron/third.done
END
	chmod 755 /tmp/cron/job
	cat >/etc/cron.d/ravi-test <<'END'
* * * * * third /tmp/cron/job
* * * * * human id -un >/tmp/cron/human 2>&1
END
	chmod 644 /etc/cron.d/ravi-test
	(cron -f >/tmp/cron.log 2>&1 &)
}

# What is in the @u of a user: of nobody but the agents anything of ours.
user_keyring() {
	setpriv --reuid "$1" --clear-groups keyctl show @u 2>&1 | grep -v '_uid\.' || true
}

# nothing_left USER: no ring, no record of one or of a session, nothing in @u.
nothing_left() {
	eventually 10 is_over "$1"
	lacks "$(user_keyring "$1")" ravi:
}

is_over() {
	[[ -z $(ring_of "$1") && -z $(ls "/run/ravi/sessions/$1" 2>/dev/null) ]]
}

# logins RUNNER...: RUNNER USER COMMAND runs COMMAND in a login of USER. An agent has its own token and one
# session record, another agent the other token, a human nothing and no trouble; and nothing stays.
logins() {
	local caller
	caller=$(user_keyring caller)
	contains "$("$@" first 'ravi-keyctl print TOKEN')" one
	nothing_left first
	contains "$("$@" second 'ravi-keyctl print TOKEN; echo; id -un')" two
	nothing_left second
	contains "$("$@" first 'keyctl session - ravi-keyctl print TOKEN')" one
	nothing_left first
	contains "$("$@" human 'id -un; ravi-keyctl print TOKEN || echo status $?')" human
	contains "$("$@" human 'id -un; ravi-keyctl print TOKEN || echo status $?' 2>/dev/null)" "status 4"
	[[ ! -e /run/ravi/sessions/human ]] || fail "human was counted"
	equal "$caller" "$(user_keyring caller)"
	lacks "$caller$(user_keyring human)" ravi:
}

# A live ring of USER is in nobody's @u but its own. By serial: root's @u is that of the whole machine.
is_in_no_other_keyring() {
	local ring other
	ring=$(ring_of "$1")
	[[ -n $ring ]] || fail "$1 has no ring"
	contains "$(user_keyring "$1")" "$ring"
	for other in root caller human; do
		lacks "$(user_keyring $other)" "$ring"
	done
}

# counted RUNNER...: while it lives, one session has one record, and the ring is where it belongs.
counted() {
	rm -f /tmp/go /tmp/counted
	mkfifo -m 666 /tmp/go
	"$@" first 'echo started; read line </tmp/go; ravi-keyctl print TOKEN' >/tmp/counted 2>&1 &
	eventually 20 grep -q started /tmp/counted
	equal 1 "$(find /run/ravi/sessions/first -type f | wc -l)"
	is_in_no_other_keyring first
	echo go >/tmp/go
	wait $! || true
	contains "$(cat /tmp/counted)" one
	nothing_left first
}

# ---- su, sudo, runuser, login ----

by_su() {
	su "$1" -s /bin/bash -c "$2"
}

by_su_login() {
	su - "$1" -c "$2"
}

by_sudo() {
	sudo -u "$1" bash -c "$2"
}

by_sudo_login() {
	sudo -i -u "$1" bash -c "$2"
}

by_runuser() {
	runuser -l "$1" -c "$2"
}

# As caller: as_caller RUNNER USER COMMAND. The caller's own login comes by setpriv, without PAM.
as_caller() {
	setpriv --reuid caller --regid caller --init-groups env HOME=/home/caller USER=caller LOGNAME=caller \
		bash -c "$(declare -f "$1"); $(printf '%q ' "$@")"
}

test_su() {
	logins by_su
	counted by_su
}

test_su_login() {
	logins by_su_login
	counted by_su_login
}

test_sudo() {
	logins by_sudo
	counted by_sudo
}

test_sudo_login() {
	logins by_sudo_login
	counted by_sudo_login
}

test_runuser_login() {
	logins by_runuser
	counted by_runuser
}

test_su_by_another_user() {
	logins as_caller by_su
	counted as_caller by_su
}

test_su_login_by_another_user() {
	logins as_caller by_su_login
}

test_sudo_by_another_user() {
	logins as_caller by_sudo
	counted as_caller by_sudo
}

test_sudo_login_by_another_user() {
	logins as_caller by_sudo_login
}

# login(1) opens the terminal anew: typed is what `script` reads, shown what it writes. IN is what starts it.
by_login() {
	rm -f /tmp/login.in /tmp/login.out
	mkfifo /tmp/login.in
	: >/tmp/login.out
	script -qefc "${IN-} login -f $1" /tmp/login.out </tmp/login.in >/dev/null 2>&1 &
	exec 8>/tmp/login.in
	# A prompt: the shell reads what is typed from now on.
	eventually 20 grep -qa '[$#]' /tmp/login.out
	printf 'bash -c %q; exit\n' "$2" >&8
	wait $! || true
	exec 8>&-
	tr -d '\r' </tmp/login.out
}

test_login() {
	logins by_login
}

# Where orphans come to it, and it takes the first that ends for its shell.
test_login_as_the_first_process_of_a_container() {
	local IN="unshare --pid --fork --mount-proc"
	contains "$(by_login first 'ravi-keyctl print TOKEN')" one
}

# ---- sshd ----

test_sshd() {
	start_sshd first second human
	logins by_ssh
	counted by_ssh
}

test_sshd_with_many_sessions_at_once() {
	local i pids=()
	for i in {1..8}; do
		by_ssh first 'ravi-keyctl print TOKEN' >"/tmp/many.$i" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in {1..8}; do
		equal one "$(cat "/tmp/many.$i")"
	done
	nothing_left first
}

test_sshd_channels_share_one_session() {
	local i pids=()
	ssh -F $SSH/config -M -S $SSH/master -N -f first@test
	for i in {1..5}; do
		ssh -F $SSH/config -S $SSH/master first@test 'ravi-keyctl print TOKEN; sleep 0.3' \
			>"/tmp/channel.$i" 2>&1 &
		pids+=($!)
	done
	sleep 0.2
	equal 1 "$(find /run/ravi/sessions/first -type f | wc -l)"
	wait "${pids[@]}"
	for i in {1..5}; do
		equal one "$(cat "/tmp/channel.$i")"
	done
	# The session lives without a channel.
	equal 1 "$(find /run/ravi/sessions/first -type f | wc -l)"
	equal one "$(ssh -F $SSH/config -S $SSH/master first@test 'ravi-keyctl print TOKEN')"
	ssh -F $SSH/config -S $SSH/master -O exit first@test 2>/dev/null
	nothing_left first
}

# The process that opened the session, as its record names it.
leader_of() {
	local record
	for record in "/run/ravi/sessions/$1"/*; do
		record=${record##*/}
		echo "${record%%-*}"
	done
}

hold_ssh() {
	rm -f /tmp/held
	by_ssh first 'echo started; exec sleep 60' >/tmp/held 2>/dev/null &
	eventually 20 grep -q started /tmp/held
}

test_sshd_loads_no_library_of_ours() {
	local maps pid
	hold_ssh
	pid=$(leader_of first)
	contains "$(cat "/proc/$pid/comm")" sshd
	maps=$(cat "/proc/$pid/maps")
	contains "$maps" pam_ravi.so
	lacks "$maps" libsodium
	lacks "$maps" libjansson
	lacks "$maps" libcurl
	pkill -u first sleep
	nothing_left first
}

test_sshd_that_is_killed_is_swept() {
	local pid
	hold_ssh
	pid=$(leader_of first)
	kill -KILL "$pid"
	eventually 5 bash -c "! kill -0 $pid 2>/dev/null"
	[[ -n $(ring_of first) ]]
	/usr/libexec/ravi/ravi-load --sweep >/dev/null
	nothing_left first
	# What it left behind may still run, and reads nothing.
	pkill -u first sleep || true
}

test_a_login_after_a_killed_sshd_cleans_up() {
	hold_ssh
	kill -KILL "$(leader_of first)"
	equal one "$(by_ssh first 'ravi-keyctl print TOKEN')"
	nothing_left first
	pkill -u first sleep || true
}

test_sshd_refuses_a_disabled_agent() {
	ravi identity disable first >/dev/null
	expect 255 by_ssh first true 2>/tmp/refused
	nothing_left first
	ravi identity enable first >/dev/null
	equal one "$(by_ssh first 'ravi-keyctl print TOKEN')"
}

test_sshd_with_a_broken_vault_lets_everybody_in() {
	mv /var/lib/ravi/vaults/first.age /tmp/first.age
	equal "in" "$(by_ssh first 'echo in')"
	expect 4 by_ssh first 'ravi-keyctl print TOKEN' 2>/dev/null
	equal "in" "$(by_ssh human 'echo in')"
	mv /tmp/first.age /var/lib/ravi/vaults/first.age
	equal one "$(by_ssh first 'ravi-keyctl print TOKEN')"
	nothing_left first
}

# ---- what a login costs ----

# How many processes a login of USER starts, in all.
processes_of() {
	strace -f -qq -e trace=process -o /tmp/trace su "$1" -s /bin/bash -c true
	grep -cE '(clone|clone3|fork|vfork)\(.*= [0-9]+|(clone|clone3|fork|vfork) resumed.*= [0-9]+' /tmp/trace
}

test_a_warm_login_starts_no_process() {
	local human
	human=$(processes_of human)
	session first a
	equal "$human" "$(processes_of first)"
	! grep -q ravi-load /tmp/trace || fail "a warm login ran ravi-load"
	end_session a
	# So that the count proves something: a cold login starts the loader, and so does the last close. Each
	# leaves the audit trail to a child.
	equal "$((human + 4))" "$(processes_of first)"
	equal 2 "$(grep -c 'execve("/usr/libexec/ravi/ravi-load"' /tmp/trace)"
	nothing_left first
}

test_a_login_of_a_human_starts_no_process() {
	local human
	human=$(processes_of human)
	sed -i 's/^\(.*pam_ravi.so\)/#\1/' /etc/pam.d/common-*
	equal "$human" "$(processes_of human)"
	sed -i 's/^#\(.*pam_ravi.so\)/\1/' /etc/pam.d/common-*
}

test_twenty_secrets_of_a_kibibyte() {
	local i
	for i in {1..20}; do
		printf "%04d%01020d" "$i" 0 | ravi secrets set "BIG_$i" --identity first >/dev/null
	done
	for i in {1..20}; do
		printf '%04d%01020d\n' "$i" 0
	done >/tmp/wanted
	# shellcheck disable=SC2016
	by_ssh first 'for i in $(seq 20); do ravi-keyctl print BIG_$i; echo; done' >/tmp/got
	cmp /tmp/wanted /tmp/got
	nothing_left first
	for i in {1..20}; do
		ravi secrets delete "BIG_$i" --identity first >/dev/null
	done
}

# More lines about secrets than the profile has room for: codex's login is stored back by its own.
test_many_secrets_crowd_no_codex_login_out() {
	local long i
	long=$(printf 'A%.0s' {1..110})
	for i in {1..300}; do echo "$long$i=x"; done >/tmp/many.env
	ravi identity create --name many >/dev/null
	ravi secrets import /tmp/many.env --identity many >/dev/null
	printf at-codex | ravi secrets set CODEX_ACCESS_TOKEN --identity many --expires 1d >/dev/null
	equal 1 "$(su - many -c 'ravi-codex status --json' | jq .version)"
	contains "$(su - many -c 'ravi-keyctl list')" "CODEX_ACCESS_TOKEN	expires"
	nothing_left many
	ravi identity delete many >/dev/null
}

# ---- cron, a minute later ----

test_cron_gives_the_agent_its_token() {
	eventually 75 test -s /tmp/cron/third -a -s /tmp/cron/human
	equal three "$(cat /tmp/cron/third)"
	equal human "$(cat /tmp/cron/human)"
	is_in_no_other_keyring third
	rm /etc/cron.d/ravi-test
	touch /tmp/cron/go
	eventually 10 test -e /tmp/cron/third.done
	nothing_left third
}

# A vault that was moved away is the only thing that went wrong.
test_no_other_error_was_logged() {
	equal "" "$(grep -E '^<8[0-3]>.*pam_ravi\(' "$SYSLOG" | grep -v 'first: there is no identity first' || true)"
}

run_tests
