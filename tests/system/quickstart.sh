#!/bin/bash
# SPDX-License-Identifier: MIT
# tools/quickstart and tools/deploy on a machine that has nothing of ours: shows what it promises, keeps what
# is there on a second run, refuses to take away what it did not make, and leaves nothing behind.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

quickstart=$WORK/src/tools/quickstart
# It builds everything once more.
# shellcheck disable=SC2034 # for run_tests
TEST_SECONDS=400
export PATH=/usr/local/sbin:/usr/local/bin:$PATH

# What could be left: every file where something of ours may lie, less the backups that useradd makes.
files() {
	find /etc /usr/local /usr/share/pam-configs /usr/lib/*/security /home /var/lib/ravi /var/lib/pam \
		! -type d ! -name '*-' ! -name .pwd.lock 2>/dev/null | sort
}

set_up() {
	make -C "$WORK/plain" uninstall >/dev/null 2>&1
	rm -rf /etc/ravi
	start_syslog
	files >/tmp/before
}

test_it_shows_what_it_promises() {
	local out
	out=$("$quickstart" </dev/null 2>&1) || fail "$out"
	contains "$out" "stored     CODEX_SESSION_TOKEN, a demonstration value"
	contains "$out" "the session reads QUICKSTART_TRIAL: first"
	contains "$out" "the same session reads again: second"
	contains "$out" "Permission denied"
	contains "$out" "What to do next"
	lacks "$out" "No such file"
}

test_a_second_run_keeps_what_is_there() {
	local out
	out=$("$quickstart" </dev/null 2>&1) || fail "$out"
	contains "$out" "kept       pam-ravi below /usr/local"
	contains "$out" "kept       identity payments-agent"
	contains "$out" "kept       CODEX_SESSION_TOKEN"
	lacks "$out" "demonstration value"
}

test_a_token_is_taken_from_stdin() {
	printf 'CODEX_SESSION_TOKEN=given\n' | "$quickstart" >/tmp/out 2>&1 || fail "$(cat /tmp/out)"
	equal given "$(ravi secrets get CODEX_SESSION_TOKEN --identity payments-agent)"
	printf 'OTHER=x\n' | expect 2 "$quickstart" >/tmp/out 2>&1
}

test_every_installed_file_is_recorded() {
	sha256sum --check --strict --quiet /var/lib/ravi/deploy/files
}

test_remove_refuses_to_take_what_it_did_not_make() {
	ravi identity create --name others >/dev/null
	expect 5 "$quickstart" --remove >/tmp/out 2>&1
	contains "$(cat /tmp/out)" "identity others"
	ravi identity delete others >/dev/null
	userdel --remove others 2>/dev/null || true
	ravi secrets get CODEX_SESSION_TOKEN --identity payments-agent >/dev/null
}

# An upgrade of what is installed, while a login lives: it keeps its ring and its tokens, and further ones share them. A
# unit that cannot be enabled keeps neither them nor the other units from theirs.
test_a_session_lives_through_an_upgrade() {
	local ring value session
	printf before | ravi secrets set QUICKSTART_TRIAL --identity payments-agent >/dev/null
	coproc SESSION {
		exec su - payments-agent -c 'while read -r; do ravi-keyctl print QUICKSTART_TRIAL; echo; done'
	}
	session=$SESSION_PID
	echo >&"${SESSION[1]}"
	IFS= read -r -t 20 value <&"${SESSION[0]}"
	equal before "$value"
	ring=$(ring_of payments-agent)
	: >/var/lib/ravi/deploy/source
	rm /etc/systemd/system/*/ravi-*.timer /etc/systemd/system/*/ravi-*.socket
	cat >/usr/local/bin/systemctl <<-'SCRIPT'
		#!/bin/sh
		case "$*" in *ravi-broker.socket*) echo "no such socket" >&2; exit 1 ;; esac
		exec /usr/bin/systemctl "$@"
	SCRIPT
	chmod 755 /usr/local/bin/systemctl
	expect 1 "${quickstart%/*}/deploy" install >/tmp/out 2>&1
	rm /usr/local/bin/systemctl
	equal "$ring" "$(ring_of payments-agent)"
	equal before "$(su - payments-agent -c 'ravi-keyctl print QUICKSTART_TRIAL')"
	printf after | ravi secrets set QUICKSTART_TRIAL --identity payments-agent >/dev/null
	echo >&"${SESSION[1]}"
	IFS= read -r -t 20 value <&"${SESSION[0]}"
	equal after "$value"
	equal "$ring" "$(ring_of payments-agent)"
	eval "exec ${SESSION[1]}>&-"
	wait "$session" || true
	eventually 20 test ! -e /run/ravi/rings/payments-agent
	! key_lives "$ring"
	ravi secrets delete QUICKSTART_TRIAL --identity payments-agent >/dev/null
}

# Of the installation above: the other units are enabled, and the next installation does all of it again.
test_a_unit_that_could_not_be_enabled_is_told() {
	local wants=/etc/systemd/system
	contains "$(cat /tmp/out)" "no such socket"
	contains "$(cat /tmp/out)" "enabling units failed"
	[[ -L $wants/timers.target.wants/ravi-sweep.timer && ! -e $wants/sockets.target.wants/ravi-broker.socket ]]
	[[ ! -e /var/lib/ravi/deploy/source ]]
	sha256sum --check --strict --quiet /var/lib/ravi/deploy/files
}

# A line that was written by hand stays, and with it all that it needs.
test_a_stack_that_was_edited_by_hand_keeps_the_programs() {
	cp /etc/pam.d/su /tmp/su.pam
	printf 'session required pam_ravi.so\n' >>/etc/pam.d/su
	expect 1 "${quickstart%/*}/deploy" remove >/tmp/said 2>&1
	contains "$(cat /tmp/said)" "/etc/pam.d/su"
	contains "$(cat /tmp/said)" "stays installed"
	sha256sum --check --strict --quiet /var/lib/ravi/deploy/files
	equal payments-agent "$(su - payments-agent -c 'id -un')"
	expect 1 "$quickstart" --remove >/tmp/said 2>&1
	contains "$(cat /tmp/said)" "nothing else was removed"
	id payments-agent >/dev/null
	cp /tmp/su.pam /etc/pam.d/su
	/usr/local/libexec/ravi/ravi-pam enable >/dev/null
}

# The tokens of one agent that do not end keep nothing else here.
test_a_ring_that_does_not_end_keeps_nothing() {
	local bin=/usr/local/libexec/ravi/ravi-load
	cp -a /usr/local /tmp/local
	cp -a /var/lib/ravi/deploy /tmp/deploy
	mkdir -p /run/ravi/rings
	echo nonsense >/run/ravi/rings/broken
	mv "$bin" /tmp/ravi-load
	printf '#!/bin/sh\nexit 1\n' >"$bin"
	chmod 755 "$bin"
	contains "$("${quickstart%/*}/deploy" remove)" "kept       the tokens of broken in the kernel"
	[[ ! -e $bin && ! -e /var/lib/ravi/deploy ]]
	rm /run/ravi/rings/broken
	cp -a /tmp/local/. /usr/local/
	mv /tmp/ravi-load "$bin"
	cp -a /tmp/deploy /var/lib/ravi/
	rm -r /tmp/local /tmp/deploy
}

test_remove_leaves_nothing() {
	"$quickstart" --remove >/tmp/out 2>&1 || fail "$(cat /tmp/out)"
	equal "" "$(files | diff /tmp/before -)"
	equal "" "$(grep -rl 'pam_ravi' /etc)"
	expect 1 id payments-agent 2>/dev/null
	contains "$("$quickstart" --remove)" "Nothing is here to remove"
}

# What is refused leaves nothing that would have to be removed, and nobody waits for a build to hear of it.
test_an_installation_beside_the_package_is_refused() {
	local said
	cp /var/lib/dpkg/status /tmp/status
	cat >>/var/lib/dpkg/status <<-'PACKAGE'

		Package: libpam-ravi
		Status: install ok installed
		Maintainer: nobody <nobody@example.org>
		Architecture: all
		Version: 0.0.1-1
		Description: what is not there
	PACKAGE
	said=$(expect 1 "${quickstart%/*}/deploy" install 2>&1) || fail "$said"
	contains "$said" "the package libpam-ravi is installed; purge it first"
	contains "$("${quickstart%/*}/deploy" remove)" "nothing to remove"
	sed -i '/^Package: libpam-ravi$/,$s/^Status: .*/Status: deinstall ok config-files/' /var/lib/dpkg/status
	said=$(expect 1 "${quickstart%/*}/deploy" install 2>&1) || fail "$said"
	contains "$said" "was removed and not purged"
	[[ ! -e /var/lib/ravi && ! -e /var/log/ravi-deploy.log ]]
	cp /tmp/status /var/lib/dpkg/status
}

# recorded_that_are here|missing: how many of the files that an installation has written down.
recorded_that_are() {
	local file count=0
	while read -r _ file; do
		if [[ -e $file ]]; then [[ $1 == here ]]; else [[ $1 == missing ]]; fi && count=$((count + 1))
	done </var/lib/ravi/deploy/files
	echo "$count"
}

# Ended while make installs: some of it is there, what is not was to come.
interrupt_installation() {
	setsid "${quickstart%/*}/deploy" install >/dev/null 2>&1 &
	local installation=$!
	eventually 300 test -e /usr/local/bin/ravi
	kill -TERM -- "-$installation"
	wait "$installation" && fail "it was not interrupted"
	[[ $(recorded_that_are here) -gt 0 && $(recorded_that_are missing) -gt 0 ]]
}

test_an_interrupted_installation_can_be_removed() {
	interrupt_installation
	"${quickstart%/*}/deploy" remove >/tmp/out 2>&1 || fail "$(cat /tmp/out)"
	equal "" "$(files | diff /tmp/before -)"
}

test_an_interrupted_installation_can_be_done_again() {
	interrupt_installation
	"${quickstart%/*}/deploy" install >/tmp/out 2>&1 || fail "$(cat /tmp/out)"
	equal 0 "$(recorded_that_are missing)"
	"${quickstart%/*}/deploy" remove >/tmp/out 2>&1 || fail "$(cat /tmp/out)"
	equal "" "$(files | diff /tmp/before -)"
}

set_up
run_tests
