#!/bin/bash
# SPDX-License-Identifier: MIT
# This tree's packages on a Debian 12 with systemd: installed, upgraded, refused, removed, purged, with sessions
# that live through it. At every step everybody gets in, and PAM's stacks have what they should.
# shellcheck source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
# shellcheck source=guest.bash
. "$(dirname "$0")/guest.bash"
# shellcheck disable=SC2329 # the tests are found by name

RAVI_PAM=/usr/libexec/ravi/ravi-pam

# version VERSION: the packages, called that, in /srv/VERSION.
version() {
	local deb
	mkdir -p "/srv/$1"
	for deb in /ravi/deb/{libpam-ravi,ravi-tools}_*.deb; do
		rm -rf /srv/unpacked
		dpkg-deb -R "$deb" /srv/unpacked
		sed -i -e "s/^Version: .*/Version: $1/" -e "s/libpam-ravi (= [^)]*)/libpam-ravi (= $1)/" \
			/srv/unpacked/DEBIAN/control
		dpkg-deb -Znone -b /srv/unpacked "/srv/$1/"
	done
}

install_version() {
	install_debs "/srv/$1"/*.deb
}

# Who is no agent, and who is or was one, by every door.
everybody_gets_in() {
	local user
	for user in human first; do
		id "$user" >/dev/null 2>&1 || continue
		equal "$user" "$(by_ssh "$user" 'id -un')"
		equal "$user" "$(su - "$user" -c 'id -un')"
		equal "$user" "$(sudo -u "$user" id -un)"
		equal "$user" "$(runuser -u "$user" -- id -un)"
	done
	equal "" "$(journalctl -b -q -g 'unable to dlopen|adding faulty module' --since "$STARTED")"
}

is_enabled() {
	grep -q pam_ravi /etc/pam.d/common-session
	grep -q pam_ravi /etc/pam.d/common-session-noninteractive
	grep -q pam_ravi /etc/pam.d/common-account
}

# As Debian had them.
stacks_are_untouched() {
	diff -r -x ravi-agent -x ravi-agent.dpkg-new /root/pam.d /etc/pam.d
}

reads() {
	equal "$1" "$(by_ssh first 'ravi-keyctl print TOKEN')"
}

STARTED=$(date '+%F %T')

test_a_machine_without_it() {
	/ravi/src/tests/system/own-users
	useradd -m human
	start_ssh human
	cp -a /etc/pam.d /root/pam.d
	version 0.0.1-1
	version 99.0-1
	everybody_gets_in
}

# dpkg can be stopped between the two steps, and then a machine is to be got into.
test_unpacked_and_not_configured() {
	dpkg --unpack /srv/0.0.1-1/libpam-ravi_*.deb
	stacks_are_untouched
	everybody_gets_in
	dpkg --configure -a
	is_enabled
	everybody_gets_in
}

test_installed() {
	install_version 0.0.1-1
	$RAVI_PAM status
	equal "" "$(dpkg --verify libpam-ravi ravi-tools)"
	equal "active active active" "$(systemctl is-active ravi-sweep.timer ravi-broker.socket run-ravi-home.mount | xargs)"
	ravi init --domain agents.test
	make_agent first one
	make_agent second two
	start_ssh first second
	reads one
	everybody_gets_in
	test -s /usr/share/man/man8/pam_ravi.8.gz
}

test_all_examples_are_there() {
	equal "$(cd /ravi/src/conf/examples && printf '%s\n' * | sed 's/\.in$//' | sort)" \
		"$(find /usr/share/doc/libpam-ravi/examples -type f -printf '%f\n' | sort)"
}

# What ran before an upgrade goes on, is counted, and is taken away at its end.
test_upgraded_with_live_sessions() {
	local ring records
	cat >/usr/local/bin/stays <<-'SCRIPT'
		#!/bin/sh
		while sleep 0.2; do ravi-keyctl print TOKEN; echo; done >/srv/stays 2>&1
	SCRIPT
	chmod 755 /usr/local/bin/stays
	install -m 666 /dev/null /srv/stays
	unit stays.service <<-UNIT
		[Unit]
		BindsTo=ravi-session@second.service
		After=ravi-session@second.service
		[Service]
		Type=exec
		User=second
		ExecStart=/usr/local/bin/stays
	UNIT
	systemctl start stays
	says /srv/stays two
	open_ssh first a
	ask_ssh a 'printf mine | ravi secrets set OWN'
	equal active "$(systemctl is-active ravi-broker.service)"
	ask_ssh a 'cd /run/ravi/home/first && echo kept >probe'
	ring=$(ring_of first)
	second=$(ring_of second)
	records=$(find /run/ravi/sessions -type f | sort)

	install_packages
	is_enabled
	equal "$ring $second" "$(ring_of first) $(ring_of second)"
	equal "$records" "$(find /run/ravi/sessions -type f | sort)"
	equal "active active" "$(systemctl is-active ravi-sweep.timer ravi-broker.socket | xargs)"
	equal one "$(ask_ssh a ravi-keyctl print TOKEN)"
	equal kept "$(ask_ssh a cat /run/ravi/home/first/probe)"
	printf uno | ravi secrets set TOKEN --identity first
	equal uno "$(ask_ssh a ravi-keyctl print TOKEN)"
	ask_ssh a 'printf ours | ravi secrets set OWN'
	equal ours "$(ask_ssh a ravi-keyctl print OWN)"
	# A login after it shares the ring, and ends nothing.
	reads uno
	equal "$ring" "$(ring_of first)"
	everybody_gets_in
	$LOADER --sweep
	key_lives "$ring"
	key_lives "$second"
	close_ssh a
	ends first "$ring"
	systemctl stop stays
	ends second "$second"
	printf one | ravi secrets set TOKEN --identity first
}

test_settings_are_kept() {
	grep -q '^domain = agents.test' /etc/ravi/ravi.conf
	equal "" "$(find /etc/ravi /etc/pam.d -name '*.dpkg-*')"
}

test_a_profile_that_was_taken_out_stays_out() {
	$RAVI_PAM disable
	stacks_are_untouched
	install_version 99.0-1
	stacks_are_untouched
	everybody_gets_in
	expect 4 by_ssh first 'ravi-keyctl print TOKEN'
	$RAVI_PAM enable
	is_enabled
	reads one
}

# Without the module, `required` lets nobody in.
test_a_removal_is_refused_while_a_line_was_written_by_hand() {
	local said
	printf 'session required pam_ravi.so\n' >>/etc/pam.d/sshd
	$RAVI_PAM enable --runuser
	said=$(apt_get remove libpam-ravi ravi-tools 2>&1) && fail "it was removed: $said"
	contains "$said" "Take the lines with pam_ravi.so out of /etc/pam.d/sshd"
	equal installed "$(dpkg-query -W -f '${db:Status-Status}' libpam-ravi)"
	is_enabled
	grep -q pam_ravi /etc/pam.d/runuser
	everybody_gets_in
	install_version 99.0-1
	reads one
	sed -i '/pam_ravi/d' /etc/pam.d/sshd
}

test_the_tools_alone_are_removed() {
	local ring
	open_ssh first a
	ring=$(ring_of first)
	printf '#!/bin/sh\nexec sleep infinity\n' >/usr/local/bin/codex-monitor-daemon
	chmod 755 /usr/local/bin/codex-monitor-daemon
	printf 0123456789abcdef0123456789abcdef | ravi secrets set CODEX_MONITOR_DAEMON_TOKEN --identity second
	systemctl start codex-monitor@second
	apt_get remove ravi-tools
	[[ ! -e /usr/bin/ravi-keyctl && ! -e /run/ravi/broker.sock ]]
	eventually 30 is_down codex-monitor@second
	key_lives "$ring"
	is_enabled
	everybody_gets_in
	contains "$(ask_ssh a keyctl show @u)" "ravi:TOKEN"
	close_ssh a
	ends first "$ring"
	install_version 99.0-1
}

is_down() {
	! systemctl is-active --quiet "$1"
}

test_removed_with_live_sessions() {
	local ring second
	systemctl start stays
	says /srv/stays two
	second=$(ring_of second)
	open_ssh first a
	equal one "$(ask_ssh a ravi-keyctl print TOKEN)"
	ring=$(ring_of first)
	apt_get remove libpam-ravi ravi-tools
	stacks_are_untouched
	has_ended first "$ring"
	has_ended second "$second"
	is_down stays
	lacks "$(ask_ssh a keyctl show @u)" "ravi:"
	everybody_gets_in
	# Its sshd has the module in memory, and closes the session with it.
	SECONDS=0
	close_ssh a
	[[ $SECONDS -lt 20 ]]
	is_down ravi-sweep.timer
	[[ ! -e $LOADER && -e /var/lib/ravi/vaults/first.age && -e /etc/ravi/host.key ]]
	everybody_gets_in
	systemctl reset-failed
}

test_installed_again() {
	install_packages
	is_enabled
	reads one
	grep -q '^domain = agents.test' /etc/ravi/ravi.conf
	is_logged_out first
}

test_purged_with_vaults_when_nobody_can_be_asked() {
	local said ring
	open_ssh first a
	ask_ssh a cd /run/ravi/home/first
	ring=$(ring_of first)
	said=$(apt_get purge libpam-ravi ravi-tools 2>&1)
	contains "$said" "vaults and keys in /var/lib/ravi are kept"
	has_ended first "$ring"
	[[ -e /var/lib/ravi/vaults/first.age && -e /etc/ravi/host.key && ! -e /run/ravi ]]
	[[ ! -e /etc/ravi/ravi.conf && ! -e /etc/pam.d/ravi-agent ]]
	stacks_are_untouched
	everybody_gets_in
	close_ssh a
	install_packages
	reads one
	everybody_gets_in
}

# What pam-auth-update and dpkg keep about packages is theirs.
test_purged_with_all_when_told_so() {
	is_logged_out first
	echo 'libpam-ravi libpam-ravi/delete-vaults boolean true' | debconf-set-selections
	apt_get purge libpam-ravi ravi-tools
	equal "" "$(find /etc /usr /lib /var/lib/ravi /run -xdev -name '*ravi*' ! -name '*ravi-test*' 2>/dev/null)"
	stacks_are_untouched
	everybody_gets_in
}

test_purged_unused_it_leaves_nothing() {
	install_packages
	is_enabled
	everybody_gets_in
	apt_get purge libpam-ravi ravi-tools
	equal "" "$(find /etc /usr /lib /var/lib/ravi /run -xdev -name '*ravi*' ! -name '*ravi-test*' 2>/dev/null)"
	stacks_are_untouched
	everybody_gets_in
}

# purge ANSWER: asked, it gives that answer.
purge() {
	yes "$1" | DEBIAN_FRONTEND=teletype dpkg --purge libpam-ravi ravi-tools 2>&1
}

test_purged_it_asks() {
	install_packages
	ravi init >/dev/null
	contains "$(purge no)" "Delete the vaults and keys of all agents?"
	[[ -e /etc/ravi/host.key ]]
	install_packages
	contains "$(purge yes)" "Delete the vaults and keys of all agents?"
	[[ ! -e /etc/ravi && ! -e /var/lib/ravi ]]
	everybody_gets_in
}

test_purged_it_keeps_to_its_own_disk() {
	install_packages
	ravi init >/dev/null
	mkdir /var/lib/ravi/elsewhere
	mount -t tmpfs none /var/lib/ravi/elsewhere
	touch /var/lib/ravi/elsewhere/file
	contains "$(purge yes)" "Delete the vaults and keys of all agents?"
	[[ -e /var/lib/ravi/elsewhere/file && ! -e /var/lib/ravi/vaults && ! -e /etc/ravi ]]
	umount /var/lib/ravi/elsewhere
	rm -r /var/lib/ravi
}

# What came in the package's place meanwhile has its vaults, whatever was answered once.
test_purged_beside_an_installation_from_the_sources() {
	local module said
	install_packages
	ravi init >/dev/null
	module=$(dpkg -L libpam-ravi | grep '/pam_ravi\.so$')
	cp "$module" /root/
	apt_get remove libpam-ravi ravi-tools
	cp /root/pam_ravi.so "$module"
	mkdir -p /run/ravi/rings
	echo 'libpam-ravi libpam-ravi/delete-vaults boolean true' | debconf-set-selections
	said=$(apt_get purge libpam-ravi ravi-tools 2>&1)
	contains "$said" "is installed from its sources"
	[[ -e /etc/ravi/host.key && -d /var/lib/ravi/vaults && -d /run/ravi/rings ]]
	rm -r "$module" /root/pam_ravi.so /etc/ravi /var/lib/ravi /run/ravi
	everybody_gets_in
}

test_refused_beside_an_installation_from_the_sources() {
	local said
	mkdir -p /var/lib/ravi/deploy
	echo "0  /usr/local/bin/ravi" >/var/lib/ravi/deploy/files
	said=$(install_packages 2>&1) && fail "it was installed: $said"
	contains "$said" "tools/deploy remove"
	[[ ! -e $LOADER ]]
	stacks_are_untouched
	everybody_gets_in
	rm -r /var/lib/ravi
}

run_tests
