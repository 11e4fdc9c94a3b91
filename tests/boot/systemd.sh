#!/bin/bash
# SPDX-License-Identifier: MIT
# A Debian 12 with systemd, and this tree's packages: in logins by ssh, units with PAMName=, timers, services of
# user managers and hardened daemons an agent's tokens are there, and the ring is gone after each.
# shellcheck source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
# shellcheck source=guest.bash
. "$(dirname "$0")/guest.bash"
# shellcheck source=../system/contract.bash
. "$(dirname "$0")/../system/contract.bash"
# shellcheck disable=SC2329 # the tests are found by name

test_packages_are_installed_and_a_machine_is_set_up() {
	/ravi/src/tests/system/own-users
	install_packages
	ravi init --domain agents.test
	make_agent first one
	make_agent second two
	useradd -m human
	start_ssh first second human
	/usr/libexec/ravi/ravi-pam status
	equal "enabled enabled" "$(systemctl is-enabled ravi-sweep.timer ravi-broker.socket | xargs)"
	equal "active active" "$(systemctl is-active ravi-sweep.timer ravi-broker.socket | xargs)"
	# What agents write goes here.
	install -d -m 1777 /srv/said
}

test_the_folders_of_agents_have_memory_of_their_own() {
	equal "enabled active" "$(systemctl is-enabled run-ravi-home.mount) $(systemctl is-active run-ravi-home.mount)"
	equal "tmpfs 711" "$(stat -f -c %T /run/ravi/home) $(stat -c %a /run/ravi/home)"
	[[ $(stat -c %d /run/ravi/home) != "$(stat -c %d /run/ravi)" ]]
	equal "700 first" "$(by_ssh first "stat -c '%a %U' /run/ravi/home/first")"
}

# ravi doctor on a machine that systemd runs: all is well as it was installed, and what does not run is found.
test_the_doctor_knows_systemd() {
	local said
	# A session that is on its way out is none that ended without closing.
	is_logged_out first
	/usr/libexec/ravi/ravi-pam enable --runuser >/dev/null
	mv /etc/ravi/recovery.key /root/
	# The swap of the machine that this one runs on is not what is tested.
	echo "Filename Type Size Used Priority" >/tmp/swaps
	mount --bind /tmp/swaps /proc/swaps
	said=$(ravi doctor) || fail "$said"
	contains "$said" "all is well"
	systemctl disable --quiet --now ravi-sweep.timer
	said=$(expect 1 ravi doctor)
	contains "$said" "ravi-sweep.timer: it does not run"
	contains "$said" "systemctl enable --now ravi-sweep.timer"
	systemctl enable --quiet --now ravi-sweep.timer
	systemctl stop ravi-broker.socket
	contains "$(expect 1 ravi doctor)" "ravi-broker.socket: it is enabled and does not run"
	systemctl restart ravi-broker.socket
	umount /run/ravi/home
	contains "$(expect 1 ravi doctor)" "systemctl enable --now run-ravi-home.mount"
	systemctl enable --quiet --now run-ravi-home.mount
	contains "$(ravi doctor)" "all is well"
}

test_a_login_by_ssh() {
	local ring
	equal one "$(by_ssh first 'ravi-keyctl print TOKEN')"
	ring=$(ring_of first)
	equal two "$(by_ssh second 'ravi-keyctl print TOKEN')"
	expect 4 by_ssh human 'ravi-keyctl print TOKEN'
	ends first "$ring"
	is_logged_out second
}

test_a_login_by_ssh_sees_a_rotation_and_ends_its_ring() {
	local ring
	open_ssh first a
	ring=$(ring_of first)
	equal one "$(ask_ssh a ravi-keyctl print TOKEN)"
	printf uno | ravi secrets set TOKEN --identity first
	equal uno "$(ask_ssh a ravi-keyctl print TOKEN)"
	printf one | ravi secrets set TOKEN --identity first
	# The user manager is a session as well: with logind's patience it is there until the last login has ended.
	[[ $(find /run/ravi/sessions/first -type f | wc -l) -ge 2 ]]
	close_ssh a
	ends first "$ring"
	equal "" "$(ls /run/ravi/sessions/first)"
}

test_su_and_sudo() {
	local ring
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	equal one "$(sudo -u first ravi-keyctl print TOKEN)"
	equal two "$(by_ssh first 'true' && sudo -iu second ravi-keyctl print TOKEN)"
	ring=$(ring_of second)
	is_logged_out first
	ends second "${ring:-0}"
}

test_without_a_session_there_is_no_ring() {
	is_logged_out first
	expect 4 systemd-run --quiet --wait --pipe -p User=first ravi-keyctl print TOKEN
}

# The example that is shipped, with a worker that stays.
worker() {
	cat >/usr/local/bin/worker <<-'SCRIPT'
		#!/bin/sh
		printf '%s\n' "$GH_TOKEN" >/srv/said/worker
		exec sleep infinity
	SCRIPT
	chmod 755 /usr/local/bin/worker
	sed -e 's/payments-agent/first/; s/GH_TOKEN/GH_TOKEN=TOKEN/' -e '/^ReadWritePaths/s/$/ \/srv\/said/' \
		/usr/share/doc/libpam-ravi/examples/agent-worker.service | unit agent-worker.service
	rm -f /srv/said/worker
}

test_a_unit_with_pamname() {
	local ring
	worker
	systemctl start agent-worker
	says /srv/said/worker one
	ring=$(ring_of first)
	key_lives "$ring"
	lacks "$(systemctl show agent-worker)" "=one"
	systemctl stop agent-worker
	ends first "$ring"
}

test_a_unit_whose_processes_are_killed() {
	local ring
	worker
	systemctl start agent-worker
	says /srv/said/worker one
	ring=$(ring_of first)
	systemctl kill --signal=KILL agent-worker
	ends first "$ring"
	systemctl reset-failed agent-worker
}

test_a_unit_of_a_disabled_agent_does_not_start() {
	worker
	ravi identity disable first
	systemctl start agent-worker || true
	eventually 30 systemctl is-failed agent-worker
	[[ ! -e /srv/said/worker ]]
	systemctl reset-failed agent-worker
	ravi identity enable first
}

test_a_timer() {
	local ring
	unit nightly.service <<-UNIT
		[Service]
		Type=oneshot
		User=first
		PAMName=ravi-agent
		ExecStart=/bin/sh -c 'ravi-keyctl print TOKEN >/srv/said/nightly; cat /srv/go'
		ExecStopPost=-+$LOADER --sweep
	UNIT
	unit nightly.timer <<-UNIT
		[Timer]
		OnActiveSec=1
		AccuracySec=100ms
	UNIT
	mkfifo -m 644 /srv/go
	systemctl start nightly.timer
	eventually 30 grep -q '^one$' /srv/said/nightly
	ring=$(ring_of first)
	key_lives "$ring"
	echo >/srv/go
	ends first "$ring"
	systemctl stop nightly.timer
}

# A unit that does without ExecStopPost leaves its ring to the timer, whose service is a hardened one.
test_the_sweep_comes_by_its_timer() {
	local ring
	systemd-run --quiet --wait -p User=first -p PAMName=ravi-agent /bin/true
	ring=$(ring_of first)
	key_lives "$ring"
	mkdir -p /run/systemd/system/ravi-sweep.timer.d
	printf '[Timer]\nOnBootSec=\nOnUnitActiveSec=\nOnActiveSec=1\nAccuracySec=100ms\n' \
		>/run/systemd/system/ravi-sweep.timer.d/soon.conf
	systemctl daemon-reload
	systemctl restart ravi-sweep.timer
	ends first "$ring"
	equal success "$(systemctl show -P Result ravi-sweep.service)"
	rm -r /run/systemd/system/ravi-sweep.timer.d
	systemctl daemon-reload
	systemctl restart ravi-sweep.timer
	contains "$(systemctl list-timers ravi-sweep.timer)" "ravi-sweep.service"
}

test_a_service_of_the_user_manager() {
	local ring
	open_ssh first a
	ring=$(ring_of first)
	equal one "$(ask_ssh a systemd-run --user --quiet --wait --pipe ravi-keyctl print TOKEN)"
	equal one "$(ask_ssh a systemd-run --user --quiet --wait --pipe -p Type=exec -p NoNewPrivileges=yes \
		-p "SystemCallFilter='@system-service @keyring'" -p MemoryDenyWriteExecute=yes ravi-keyctl print TOKEN)"
	# One that goes on, and reads what is rotated.
	ask_ssh a "systemd-run --user --quiet --unit=reader sh -c \
		'while sleep 0.2; do ravi-keyctl print TOKEN; echo; done >/srv/said/reader 2>&1'"
	says /srv/said/reader one
	printf uno | ravi secrets set TOKEN --identity first
	says /srv/said/reader uno
	printf one | ravi secrets set TOKEN --identity first
	close_ssh a
	ends first "$ring"
}

test_a_user_manager_of_somebody_else_has_nothing() {
	open_ssh human b
	expect 4 ask_ssh b systemd-run --user --quiet --wait --pipe ravi-keyctl print TOKEN
	close_ssh b
}

# daemon NAME LINE...: the example that is shipped, which has every hardening setting that goes with tokens, with a
# daemon that reads its own again and again, and further lines.
daemon() {
	local name=$1
	shift
	cat >/usr/local/bin/daemon <<-'SCRIPT'
		#!/bin/sh
		printf '%s\n' "$GH_TOKEN" >"$STATE_DIRECTORY/start"
		while sleep 0.2; do ravi-keyctl print TOKEN; echo " $?"; done >"$STATE_DIRECTORY/said" 2>&1
	SCRIPT
	chmod 755 /usr/local/bin/daemon
	{
		sed -e 's/payments-agent/first/; s/GH_TOKEN/GH_TOKEN=TOKEN/' -e '/^.Install/,$d' \
			/usr/share/doc/libpam-ravi/examples/agent-daemon.service
		printf '%s\n' "StateDirectory=$name" IPAddressDeny=any PrivateNetwork=yes "$@"
	} | unit "$name.service"
	rm -rf "/var/lib/$name"
}

test_a_hardened_daemon_of_type_exec() {
	local ring
	is_logged_out first
	daemon hard
	systemctl start hard
	says /var/lib/hard/said 'one 0'
	equal one "$(cat /var/lib/hard/start)"
	lacks "$(systemctl show hard)" "=one"
	ring=$(ring_of first)
	printf uno | ravi secrets set TOKEN --identity first
	says /var/lib/hard/said 'uno 0'
	printf one | ravi secrets set TOKEN --identity first
	# Of two the last one ends it.
	daemon harder
	systemctl start harder
	says /var/lib/harder/said 'one 0'
	systemctl stop hard
	sleep 1
	key_lives "$ring"
	equal "$ring" "$(ring_of first)"
	systemctl stop harder
	ends first "$ring"
	equal inactive "$(systemctl is-active ravi-session@first)"
}

test_a_daemon_of_type_exec_that_is_not_there_fails_at_its_start() {
	daemon missing "ExecStart=" "ExecStart=/nowhere/daemon"
	expect 1 systemctl start missing
	is_logged_out first
}

test_a_daemon_goes_with_its_session() {
	local ring
	daemon hard
	systemctl start hard
	says /var/lib/hard/said 'one 0'
	ring=$(ring_of first)
	systemctl kill --signal=KILL ravi-session@first
	ends first "$ring"
	eventually 30 is_down hard
	systemctl reset-failed
}

is_down() {
	! systemctl is-active --quiet "$1"
}

# What the documents name as hiding the ring: the daemon is told so, and gets nobody else's.
test_hardening_that_hides_the_ring() {
	local reads="ExecStart=/bin/sh -c 'ravi-keyctl print TOKEN; echo \" \$\$?\"; exec sleep infinity'"
	daemon hidden "PrivateUsers=yes" "ExecStart=" "$reads" "StandardOutput=append:/srv/said/hidden"
	systemctl start hidden
	says /srv/said/hidden ' 4'
	systemctl stop hidden
	daemon hidden "SystemCallFilter=~@keyring" "SystemCallErrorNumber=EPERM" \
		"ExecStart=" "$reads" "StandardOutput=append:/srv/said/filtered"
	systemctl start hidden
	eventually 30 grep -qx ' [1-9]' /srv/said/filtered
	systemctl stop hidden
	is_logged_out first
}

test_codex_monitor_as_a_unit() {
	local ring
	cat >/usr/local/bin/codex-monitor-daemon <<-'SCRIPT'
		#!/bin/sh
		{
			echo "token: $CODEX_MONITOR_DAEMON_TOKEN"
			echo "read: $(ravi-keyctl print TOKEN)"
			touch /etc/x 2>/dev/null || echo "of the machine: nothing"
		} >"$HOME/said"
		exec sleep infinity
	SCRIPT
	chmod 755 /usr/local/bin/codex-monitor-daemon
	printf 0123456789abcdef0123456789abcdef | ravi secrets set CODEX_MONITOR_DAEMON_TOKEN --identity first
	systemctl start codex-monitor@first
	says ~first/said 'token: 0123456789abcdef0123456789abcdef'
	says ~first/said 'read: one'
	says ~first/said 'of the machine: nothing'
	ring=$(ring_of first)
	# It comes back by itself, with its token.
	rm ~first/said
	systemctl kill --signal=KILL codex-monitor@first
	says ~first/said 'token: 0123456789abcdef0123456789abcdef'
	ring=$(ring_of first)
	systemctl stop codex-monitor@first
	ends first "$ring"
}

test_the_broker_is_started_by_its_socket() {
	open_ssh first a
	ask_ssh a 'printf mine | ravi secrets set OWN'
	equal mine "$(ask_ssh a ravi-keyctl print OWN)"
	# TOKEN is the administrator's.
	expect 5 ask_ssh a 'printf evil | ravi secrets set TOKEN'
	equal active "$(systemctl is-active ravi-broker.service)"
	close_ssh a
	is_logged_out first
}

# A user whose manager runs from boot on is a session that does not end.
test_a_lingering_user() {
	local ring said
	loginctl enable-linger first
	eventually 30 test -s /run/ravi/rings/first
	ring=$(ring_of first)
	install -d -o first -g first ~first/.config{,/systemd{,/user{,/default.target.wants}}}
	cat >~first/.config/systemd/user/standing.service <<-UNIT
		[Service]
		Type=exec
		ExecStart=/bin/sh -c 'while sleep 0.2; do ravi-keyctl print TOKEN; echo; done >%t/standing 2>&1'
	UNIT
	ln -s ../standing.service ~first/.config/systemd/user/default.target.wants/
	open_ssh first a
	ask_ssh a 'systemctl --user daemon-reload; systemctl --user start standing'
	close_ssh a
	said=/run/user/$(id -u first)/standing
	says "$said" one
	printf uno | ravi secrets set TOKEN --identity first
	says "$said" uno
	printf one | ravi secrets set TOKEN --identity first
	sleep 2
	$LOADER --sweep
	key_lives "$ring"
	equal "$ring" "$(ring_of first)"
	loginctl disable-linger first
	ends first "$ring"
	# The next boot is the other half of this test.
	loginctl enable-linger first
}

# An identity that lingers keeps its ring for what runs outside of every session.
test_a_lingering_identity() {
	ravi identity create --name lasting --linger
	printf last | ravi secrets set TOKEN --identity lasting
	equal last "$(su - lasting -c 'ravi-keyctl print TOKEN')"
	local ring
	ring=$(ring_of lasting)
	eventually 30 test ! -e "/run/user/$(id -u lasting)"
	$LOADER --sweep
	equal last "$(systemd-run --quiet --wait --pipe -p Type=exec -p User=lasting -p ProtectSystem=strict \
		-p NoNewPrivileges=yes ravi-keyctl print TOKEN)"
	ravi release lasting
	ends lasting "$ring"
}

# The units of `store = service`, each with what it is confined to: the timer's, the one that sees what agents have
# stored, and the watch that stands for both.
test_vaults_are_brought_home_by_units() {
	start_contract --empty
	printf '%s\n' 'store = service' 'agent_write = NOTE_*' >>/etc/ravi/ravi.conf
	log_in
	ravi identity create --name far >/dev/null
	contains "$(expect 1 ravi doctor)" "systemctl enable --now ravi-sync.timer ravi-sync.path"
	systemctl enable --quiet --now ravi-sync.timer ravi-sync.path
	systemctl start ravi-sync.service
	equal success "$(systemctl show -P Result ravi-sync.service)"
	lacks "$(journalctl -u ravi-sync.service -o cat)" "ravi:"
	systemctl restart ravi-broker.socket
	su - far -c 'echo one | ravi secrets set NOTE_1'
	eventually 30 at_service_is_what_is_here
	eventually 10 test ! -e /run/ravi/sync-wanted/far
	systemctl start ravi-sync-watch.service
	equal "inactive inactive" "$(systemctl is-active ravi-sync.timer ravi-sync.path | xargs)"
	su - far -c 'echo two | ravi secrets set NOTE_2'
	eventually 30 at_service_is_what_is_here
	systemctl stop ravi-sync-watch.service
	systemctl disable --quiet ravi-sync.timer ravi-sync.path
	contract stop >/dev/null || true
	sed -i '/^service_/d; /^store/d; /^agent_write/d' /etc/ravi/ravi.conf
}

# The sealed document of `far`, to the byte.
at_service_is_what_is_here() {
	contract identities | jq -r '.[0].secrets[] | select(.key == "RAVI_VAULT") | .value' |
		sed '/^-----/d' | base64 -d | cmp -s - /var/lib/ravi/vaults/far.age
}

# Written by logins, units, the sweep and the broker, each with what it is confined to.
test_the_audit_trail_is_whole() {
	contains "$(ravi audit verify)" "sound"
	contains "$(ravi audit)" "broker"
}

test_nothing_has_failed() {
	equal "" "$(systemctl list-units --failed --no-legend --plain 'ravi-*' 'user@*' 'ssh*' | awk '{print $1}')"
}

run_tests
