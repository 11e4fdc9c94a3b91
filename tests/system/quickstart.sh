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
	: >/var/lib/ravi/deploy/source
	"${quickstart%/*}/deploy" install >/dev/null
}

test_remove_leaves_nothing() {
	"$quickstart" --remove >/tmp/out 2>&1 || fail "$(cat /tmp/out)"
	equal "" "$(files | diff /tmp/before -)"
	equal "" "$(grep -rl 'pam_ravi' /etc)"
	expect 1 id payments-agent 2>/dev/null
	contains "$("$quickstart" --remove)" "Nothing is here to remove"
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
