#!/bin/bash
# SPDX-License-Identifier: MIT
# Installing and taking away: `make install` and `make uninstall` leave nothing behind, below a DESTDIR and
# on the system; the PAM profile goes in and out as pam-auth-update and ravi-pam do it, and comes before and
# goes after the module; every program that is installed tells its version and has a manual page.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

build=$WORK/plain
stage=/tmp/stage
ravi_pam=/usr/libexec/ravi/ravi-pam

staged() {
	(cd "$stage" && find . ! -type d | sort)
}

test_destdir_takes_everything() {
	rm -rf "$stage"
	make -C "$build" install DESTDIR="$stage" >/dev/null
	local files
	files=$(staged)
	contains "$files" "/security/pam_ravi.so"
	contains "$files" "./usr/share/pam-configs/ravi"
	contains "$files" "./usr/bin/ravi"
	contains "$files" "./usr/libexec/ravi/ravi-load"
	contains "$files" "./usr/libexec/ravi/store_service.so"
	contains "$files" "./lib/systemd/system/ravi-sync.timer"
	contains "$files" "./lib/systemd/system/ravi-sweep.timer"
	contains "$files" "./etc/ravi/ravi.conf"
	lacks "$files" ".la"
	lacks "$files" "./home"
	lacks "$files" "./var"
}

test_modes_are_plain() {
	equal "" "$(find "$stage" -perm /7022 ! -type l)"
	equal "" "$(find "$stage" ! -user root)"
}

test_agents_may_enter_its_folders_whatever_the_umask() {
	rm -rf /tmp/narrow
	(umask 077 && make -C "$build" install DESTDIR=/tmp/narrow >/dev/null 2>&1)
	equal "755 755" "$(stat -c %a /tmp/narrow/usr/libexec/ravi /tmp/narrow/usr/libexec/ravi/shims | xargs)"
	rm -r /tmp/narrow
}

test_uninstall_leaves_nothing_below_destdir() {
	make -C "$build" uninstall DESTDIR="$stage" >/dev/null
	equal "" "$(staged)"
}

# `make check` as somebody who is not root: what it cannot test is no failure.
test_unit_tests_skip_what_wants_root() {
	local said
	said=$(bare nobody srcdir="$WORK/src" CMOCKA_MESSAGE_OUTPUT=TAP "$WORK/src/tests/unit/skips" "$BUILT/unit/test-conf" 2>/dev/null)
	contains "$said" "# SKIP test_odd_files"
	lacks "$said" "not ok"
}

# What is named, and where it is when nobody names it: in the help, and in every manual page.
test_folders_are_as_help_and_pages_say() {
	local said
	equal "/etc /var /run" "$("$WORK/src/configure" --help | sed -nE 's/^  --(sysconf|localstate|runstate)dir.*\[(.*)\]$/\2/p' | xargs)"
	mkdir -p /tmp/folders
	cd /tmp/folders || return
	"$WORK/src/configure" --prefix=/opt/ravi --sysconfdir=/opt/etc --localstatedir=/opt/var --runstatedir=/opt/run >/dev/null
	make -s install-man DESTDIR=/tmp/folders/stage >/dev/null 2>&1
	said=$(grep -rnE '(^|[^a-z])/(etc|var/lib|run)/ravi' stage) && fail "$said"
	said=$(grep -rnE '@[a-z]+@' stage) && fail "$said"
	grep -rq '/opt/etc/ravi/host.key' stage
	grep -rq '/opt/var/lib/ravi/vaults' stage
	cd /
	rm -r /tmp/folders
}

# As `make distcheck` configures it: what it installs and takes away again is none of this machine's settings.
test_distcheck_keeps_to_its_own_folder() {
	local flags said dc_install_base=/tmp/distcheck/base
	mkdir -p /tmp/distcheck
	cd /tmp/distcheck || return
	# shellcheck disable=SC2016 # make's
	flags=$(make -s -C "$build" flags --eval='flags:; $(info $(AM_DISTCHECK_CONFIGURE_FLAGS))@:')
	# The way the shell of that rule reads them.
	eval "$WORK/src/configure $flags --prefix=$dc_install_base" >/dev/null
	said=$(make -n install-data-local)
	contains "$said" "'$dc_install_base/etc/ravi/ravi.conf'"
	lacks "$said" "'/etc/"
	cd /
	rm -r /tmp/distcheck
}

# A release has no git that tells what is its own: built in its own folder, and in one below it, it is copied as it came.
test_a_release_that_was_built_in_is_copied_as_it_came() {
	local release=/tmp/release
	mkdir -p $release/came $release/built $release/copy
	cd $release || return
	make -s -C "$build" distdir distdir=$release/came/pam-ravi >/dev/null
	cp -a came/pam-ravi built/
	mkdir built/pam-ravi/below
	(cd built/pam-ravi && ./configure --prefix=/usr && make libcore/util/buf.lo conf/ravi.7) >/dev/null 2>&1
	cp built/pam-ravi/config.status built/pam-ravi/below/
	built/pam-ravi/tools/copy-tree copy
	diff -r came/pam-ravi copy
	cd /
	rm -r $release
}

test_scripts_of_the_tree_tell_what_they_take() {
	local script
	for script in tools/{copy-tree,deb,deploy,packages,quickstart} tests/{run,fuzz/run,contract/serve}; do
		contains "$(expect 0 "$WORK/src/$script" --help 2>/dev/null)" "${script%/*}/"
		equal "" "$(expect 2 "$WORK/src/$script" --nonsense 2>/dev/null)"
	done
	refused 2 "copy-tree FOLDER" "$WORK/src/tools/copy-tree"
	refused 2 "packages [--missing" "$WORK/src/tools/packages"
}

test_settings_that_were_changed_stay() {
	make -C "$build" install DESTDIR="$stage" >/dev/null
	echo 'timeout = 5' >>"$stage/etc/ravi/ravi.conf"
	make -C "$build" install DESTDIR="$stage" >/dev/null
	make -C "$build" uninstall DESTDIR="$stage" >/dev/null
	equal "./etc/ravi/ravi.conf" "$(staged)"
	contains "$(cat "$stage/etc/ravi/ravi.conf")" "timeout = 5"
}

test_programs_say_their_version_and_have_a_page() {
	local program name
	make -C "$build" install DESTDIR="$stage" >/dev/null
	for program in "$stage"/usr/bin/*; do
		name=${program##*/}
		# A wrapper hands that on to the program it stands for.
		[[ $name == ravi-gh || $name == ravi-codex ]] ||
			contains "$("$program" --version)" "$name 0."
		contains "$("$program" --help)" "Usage: $name"
		[[ -s /usr/share/man/man1/$name.1 ]]
	done
}

test_the_module_links_little() {
	local libraries
	libraries=$(readelf -d "$(module)" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
	equal "libc.so.6 libpam.so.0 " "$libraries"
}

module() {
	echo /lib/*/security/pam_ravi.so
}

# Every program that is installed, and the module: position independent, every symbol bound and read-only
# before the first instruction, no stack that can be executed.
test_what_is_installed_is_hardened() {
	local file header count=0
	make -C "$build" install DESTDIR="$stage" >/dev/null 2>&1
	for file in $(staged_programs); do
		header=$(readelf -hldW "$file")
		grep -q 'Type: *DYN' <<<"$header" || fail "$file is not position independent"
		grep -q 'FLAGS_1.* NOW' <<<"$header" || fail "$file binds its symbols late"
		grep -q GNU_RELRO <<<"$header" || fail "$file has no read-only relocations"
		grep -q 'GNU_STACK.* RW ' <<<"$header" || fail "the stack of $file can be executed"
		count=$((count + 1))
	done
	[[ $count -ge 4 ]]
}

# What is installed for the processor, not for a shell.
staged_programs() {
	find "$stage" -type f -perm -100 -exec grep -q '^.ELF' {} \; -print
}

test_status_says_no_before_the_profile_is_enabled() {
	local said
	said=$(expect 1 "$ravi_pam" status)
	grep -qE '^sshd +no +no$' <<<"$said" || fail "$said"
	rm -rf /tmp/pam.before
	cp -a /etc/pam.d /tmp/pam.before
}

test_the_profile_is_enabled_and_read_back() {
	contains "$("$ravi_pam" enable)" "pam_ravi is in common-session"
	local said
	said=$("$ravi_pam" status)
	grep -qE '^sshd +common-session +common-account$' <<<"$said" || fail "$said"
	grep -qE '^sudo +common-session-noninteractive +common-account$' <<<"$said" || fail "$said"
	grep -qE '^cron +common-session-noninteractive +common-account$' <<<"$said" || fail "$said"
}

test_it_works_as_installed() {
	start_syslog
	ravi init >/dev/null
	make_agent first one
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_runuser_gets_a_line_of_its_own() {
	expect 4 runuser -l first -c 'ravi-keyctl print TOKEN'
	"$ravi_pam" enable --runuser
	equal one "$(runuser -l first -c 'ravi-keyctl print TOKEN')"
}

test_enabling_again_changes_nothing() {
	local before
	before=$(sha256sum /etc/pam.d/*)
	"$ravi_pam" enable --runuser
	equal "$before" "$(sha256sum /etc/pam.d/*)"
}

test_disabling_gives_the_old_stacks_back() {
	"$ravi_pam" disable
	diff -r /tmp/pam.before /etc/pam.d
	expect 4 su - first -c 'ravi-keyctl print TOKEN'
}

# The account line never locks anybody out, and the session line is optional: not even without the file.
test_a_module_that_is_gone_locks_nobody_out() {
	"$ravi_pam" enable
	local file
	file=$(module)
	mv "$file" /tmp/
	equal home "$(su - first -c 'echo home')"
	mv "/tmp/${file##*/}" "$file"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	"$ravi_pam" disable
}

test_uninstall_leaves_nothing_on_the_system() {
	local file
	make -C "$build" install DESTDIR="$stage" >/dev/null
	make -C "$build" uninstall >/dev/null
	# ravi.conf, which stayed in the stage when it was changed there, is our own here.
	for file in $(staged); do
		[[ ! -e ${file#.} ]] || fail "${file#.} is left"
	done
	[[ -e /etc/ravi/host.key && -e /var/lib/ravi/vaults/first.age ]]
}

run_tests
