#!/bin/bash
# SPDX-License-Identifier: MIT
# ravi doctor: each thing that can be wrong is made wrong for real, is found with its remedy, and is gone
# again after the remedy or --fix.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

RAVI_PAM=/usr/libexec/ravi/ravi-pam

# finding ID ABOUT: its "LEVEL|WHAT|REMEDY" as JSON tells it, with --fix when that is a third argument. An
# ABOUT that is empty matches any.
finding() {
	ravi doctor --json ${3:+"$3"} >/tmp/doctor.json || true
	jq -r --arg id "$1" --arg about "$2" '.findings[]
		| select(.id == $id and .level != "ok" and ($about == "" or .about == $about))
		| "\(.level)|\(.what)|\(.remedy // "")"' /tmp/doctor.json
}

# found ID ABOUT LEVEL WORDS REMEDY: there is such a finding, and the exit status says so.
found() {
	local said
	said=$(finding "$1" "$2")
	[[ -n $said ]] || fail "$1 finds nothing about \"$2\": $(ravi doctor)"
	contains "$said" "$3|"
	contains "$said" "$4"
	contains "$said" "$5"
	expect 1 ravi doctor >/dev/null
}

# cured ID [ABOUT]: nothing is found any more.
cured() {
	equal "" "$(finding "$1" "${2-}")"
}

# fixed ID ABOUT: --fix says that it mended it; a second one has nothing to do.
fixed() {
	contains "$(finding "$1" "$2" --fix)" "fixed|"
	equal "" "$(finding "$1" "$2" --fix)"
}

# other_file FILE [NAME]: what stands on standard input takes its place, in the private mounts: the kernel's own
# answers are not ours to change.
other_file() {
	cat >"/tmp/other.${2-1}"
	mount --bind "/tmp/other.${2-1}" "$1"
}

test_machine_is_set_up() {
	set_up
	"$RAVI_PAM" enable --runuser >/dev/null
	mv /etc/ravi/recovery.key /root/
	# This machine's own swap is not what is tested.
	other_file /proc/swaps swaps <<<"Filename Type Size Used Priority"
}

test_all_is_well() {
	local said
	said=$(expect 0 ravi doctor)
	[[ $said =~ ^all\ is\ well:\ [0-9]+\ checks$ ]] || fail "$said"
	ravi doctor --json >/tmp/doctor.json
	jq -e '.well and .bad == 0 and .warn == 0 and (.findings | length) >= .checks' /tmp/doctor.json >/dev/null
	contains "$(ravi doctor --verbose)" "ok     sshd: reaches pam_ravi through common-session"
}

test_only_root_may_ask() {
	local said
	said=$(expect 5 setpriv --reuid nobody --clear-groups ravi doctor 2>&1)
	contains "$said" "only root may"
}

test_colour_is_for_terminals_alone() {
	mv /root/recovery.key /etc/ravi/
	lacks "$(ravi doctor)" $'\e'
	contains "$(TERM=xterm script -qec 'ravi doctor' /dev/null)" $'\e['
	lacks "$(NO_COLOR=1 TERM=xterm script -qec 'ravi doctor' /dev/null)" $'\e'
	mv /etc/ravi/recovery.key /root/
}

# ---- login stacks ----

test_services_that_do_not_reach_it() {
	"$RAVI_PAM" disable >/dev/null
	local service
	for service in sshd su sudo cron systemd-user; do
		found pam-reach $service bad "does not reach pam_ravi" "$RAVI_PAM enable"
	done
	found pam-reach runuser warn "does not reach pam_ravi" "$RAVI_PAM enable --runuser"
	"$RAVI_PAM" enable >/dev/null
	cured pam-reach sshd
	found pam-reach runuser-l warn "does not reach pam_ravi" "$RAVI_PAM enable --runuser"
	"$RAVI_PAM" enable --runuser >/dev/null
	cured pam-reach
}

test_a_service_that_is_not_installed_is_no_finding() {
	mv /etc/pam.d/cron /tmp/
	cured pam-reach cron
	contains "$(ravi doctor -v)" "cron: not installed"
	mv /tmp/cron /etc/pam.d/
}

test_a_stack_that_no_login_passes() {
	cp -p /etc/pam.d/cron /tmp/
	echo '@include cron' >>/etc/pam.d/cron
	found pam-reach cron bad "include each other" "mend that line"
	cp -p /tmp/cron /etc/pam.d/
	cured pam-reach
}

# What doctor says of the stack is what a login does.
test_a_rule_that_ends_the_stack_early() {
	cp -p /etc/pam.d/su /tmp/
	sed -i '1i session sufficient pam_permit.so' /etc/pam.d/su
	expect 4 su - first -c 'ravi-keyctl print TOKEN'
	found pam-order su bad "/etc/pam.d/su line 1 (pam_permit.so) keeps its session stack" "move the line"
	sed -i '1s/sufficient/[success=1 default=ignore]/' /etc/pam.d/su
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	cured pam-order
	cp -p /tmp/su /etc/pam.d/
}

test_a_second_line() {
	echo 'session optional pam_ravi.so' >>/etc/pam.d/su
	found pam-order su warn "calls pam_ravi twice" "take one of these lines out"
	cp -p /tmp/su /etc/pam.d/
	cured pam-order
}

test_a_keyinit_that_comes_late() {
	cured pam-order systemd-user
	echo 'reach = session' >>/etc/ravi/ravi.conf
	found pam-order systemd-user bad "takes the session keyring with the ring away" "reach = user"
	sed -i '/^reach = session/d' /etc/ravi/ravi.conf
	cured pam-order
}

test_an_account_line_that_denies_nobody() {
	cp -p /etc/pam.d/common-account /tmp/
	sed -i 's/^account.*pam_ravi.so/account optional pam_ravi.so/' /etc/pam.d/common-account
	found pam-lines "" warn "refuses nobody" "account [perm_denied=die acct_expired=die default=ignore] pam_ravi.so"
	sed -i 's/^account.*pam_ravi.so/account required pam_ravi.so/' /etc/pam.d/common-account
	found pam-lines "" warn "locks everybody out" "account [perm_denied=die"
	cp -p /tmp/common-account /etc/pam.d/
	cured pam-lines
}

test_arguments_that_are_none() {
	sed -i 's/pam_ravi.so.*/& timeout=900/' /etc/pam.d/common-session
	found pam-lines "" bad "timeout" "correct that argument"
	sed -i 's/timeout=900/colour=red/' /etc/pam.d/common-session
	found pam-lines "" warn 'no option "colour"' "take it out"
	sed -i 's/ colour=red//' /etc/pam.d/common-session
	cured pam-lines
}

# pam-auth-update itself says whether it keeps them.
test_files_edited_by_hand() {
	sed -i 's/^# and here are more per-package.*/&\nsession required pam_env.so/' /etc/pam.d/common-session
	contains "$(pam-auth-update --package 2>&1)" "Local modifications"
	found pam-update pam-auth-update warn "common-session line" "pam-auth-update --force"
	DEBIAN_FRONTEND=noninteractive pam-auth-update --package --force --enable ravi
	cured pam-update
}

test_a_profile_that_is_gone() {
	mv /usr/share/pam-configs/ravi /tmp/
	found pam-update /usr/share/pam-configs/ravi warn "takes pam_ravi out of all stacks" "install pam-ravi again"
	mv /tmp/ravi /usr/share/pam-configs/
	cured pam-update
}

test_sshd_without_pam() {
	cp -p /etc/ssh/sshd_config /tmp/
	echo 'UsePAM no' | cat - /tmp/sshd_config >/etc/ssh/sshd_config
	found pam-sshd sshd bad "UsePAM is off" "UsePAM yes"
	cp -p /tmp/sshd_config /etc/ssh/
	cured pam-sshd
}

test_a_module_that_is_gone() {
	local module
	module=$(echo /lib/*/security/pam_ravi.so)
	mv "$module" /tmp/
	found pam-module "" bad "the module is not there" "install pam-ravi again"
	mv /tmp/pam_ravi.so "$module"
	cured pam-module
}

# ---- files ----

test_modes_of_folders() {
	chmod 755 /var/lib/ravi/vaults
	found file-folders /var/lib/ravi/vaults bad "has mode 0755 and not 0700" "ravi doctor --fix"
	fixed file-folders /var/lib/ravi/vaults
	equal 700 "$(stat -c %a /var/lib/ravi/vaults)"
	contains "$(cat $SYSLOG)" "event=doctor-fix check=file-folders about=/var/lib/ravi/vaults"
}

test_owners_of_folders() {
	chown first /var/lib/ravi/agents
	found file-folders /var/lib/ravi/agents bad "and not to root" "ravi doctor --fix"
	fixed file-folders /var/lib/ravi/agents
	equal root "$(stat -c %U /var/lib/ravi/agents)"
}

test_folders_that_are_missing() {
	rm -r /var/lib/ravi/identities
	found file-folders /var/lib/ravi/identities bad missing "ravi init"
	fixed file-folders /var/lib/ravi/identities
	cured agent-links
	# The links, too: that is the next check's.
	equal ../agents/first "$(readlink /var/lib/ravi/identities/first)"
}

test_modes_of_files() {
	chmod 644 /etc/ravi/host.key
	found file-modes /etc/ravi/host.key bad "has mode 0644 and not 0600" "ravi doctor --fix"
	fixed file-modes /etc/ravi/host.key
	chmod 644 /var/lib/ravi/vaults/first.age
	fixed file-modes /var/lib/ravi/vaults/first.age
	equal "600 600" "$(stat -c %a /etc/ravi/host.key /var/lib/ravi/vaults/first.age | xargs)"
	cured file-modes
}

# What somebody else may have written does not become root's word.
test_owners_of_files_are_a_persons_matter() {
	chown first /var/lib/ravi/agents/second
	found file-modes /var/lib/ravi/agents/second bad "who may have written it" "look at what it says, then: chown root:root"
	contains "$(finding file-modes /var/lib/ravi/agents/second --fix)" "bad|"
	equal first "$(stat -c %U /var/lib/ravi/agents/second)"
	chown root:root /var/lib/ravi/agents/second
	cured file-modes
}

# A vault is checked against its own list of signers alone: root's it must have been all the time.
test_owners_of_vaults_are_a_persons_matter() {
	chown first /var/lib/ravi/vaults/second.age
	found file-modes /var/lib/ravi/vaults/second.age bad "who may have written it" "who signed it (ravi vault info --file /var/lib/ravi/vaults/second.age), then: chown root:root"
	contains "$(ravi vault info --file /var/lib/ravi/vaults/second.age)" signed
	contains "$(finding file-modes /var/lib/ravi/vaults/second.age --fix)" "bad|"
	equal first "$(stat -c %U /var/lib/ravi/vaults/second.age)"
	chown root:root /var/lib/ravi/vaults/second.age
	cured file-modes
}

test_links_are_not_followed() {
	mv /etc/ravi/ravi.conf /tmp/
	ln -s /etc/shadow /etc/ravi/ravi.conf
	contains "$(finding file-modes /etc/ravi/ravi.conf --fix)" "something else than it should be"
	equal 640 "$(stat -c %a /etc/shadow)"
	rm /etc/ravi/ravi.conf
	mv /tmp/ravi.conf /etc/ravi/
	cured file-modes
}

test_programs_that_others_can_write() {
	chmod 777 /usr/libexec/ravi
	found file-programs /usr/libexec/ravi bad "who may write there can replace" "chmod go-w /usr/libexec/ravi"
	chmod go-w /usr/libexec/ravi
	chown first /usr/libexec/ravi/ravi-broker
	found file-programs /usr/libexec/ravi/ravi-broker bad "may have written it" "install pam-ravi again"
	chown root /usr/libexec/ravi/ravi-broker
	chmod 4755 /usr/libexec/ravi/ravi-broker
	mv /usr/libexec/ravi/ravi-load /tmp/
	found file-programs /usr/libexec/ravi/ravi-load bad "no agent gets a token" "install pam-ravi again"
	mv /tmp/ravi-load /usr/libexec/ravi/
	cured file-programs
}

test_programs_of_another_version() {
	mv /usr/bin/ravi-keyctl /tmp/
	printf '#!/bin/sh\necho ravi-keyctl 0.0.9\n' >/usr/bin/ravi-keyctl
	chmod 755 /usr/bin/ravi-keyctl
	found file-versions /usr/bin/ravi-keyctl bad "ravi-keyctl 0.0.9" "from one version"
	mv /tmp/ravi-keyctl /usr/bin/
	cured file-versions
}

test_mounts_that_execute_nothing() {
	mount --bind /usr/libexec/ravi /usr/libexec/ravi
	mount -o remount,bind,noexec /usr/libexec/ravi
	found file-mounts /usr/libexec/ravi bad noexec "remount,exec"
	umount /usr/libexec/ravi
	cured file-mounts
}

test_settings_that_are_none() {
	echo 'colour = red' >>/etc/ravi/ravi.conf
	found file-settings /etc/ravi/ravi.conf warn 'a key "colour"' "ravi.conf(5)"
	echo 'timeout = soon' >>/etc/ravi/ravi.conf
	found file-settings /etc/ravi/ravi.conf bad "timeout" "correct that line"
	sed -i '/^colour/d; /^timeout/d' /etc/ravi/ravi.conf
	cured file-settings
}

# ---- the kernel ----

test_a_root_quota_that_is_too_small() {
	other_file /proc/key-users <<<"    0:    29 28/28 23/25 2417/25000000"
	found kernel-root-quota root bad "with the rings of all 2 identities, of 25: logins will fail" "sysctl -w kernel.keys.root_maxkeys=1000"
	umount /proc/key-users
	other_file /proc/key-users <<<"    0:    29 28/28 23/1000000 24000000/25000000"
	found kernel-root-quota root warn "little room" "kernel.keys.root_maxbytes=49000000"
	umount /proc/key-users
	cured kernel-root-quota
}

test_an_agent_that_uses_up_its_quota() {
	other_file /proc/key-users <<-EOF
		    0:    29 28/28 23/1000000 2417/25000000
		$(id -u first):   190 190/190 190/200 1900/20000
		$(id -u second):     2 2/2 2/200 19000/20000
	EOF
	found kernel-agent-quota first warn "190 of its 200 keys" "kernel.keys.maxkeys=400"
	found kernel-agent-quota second warn "19000 of its 20000 bytes" "kernel.keys.maxbytes=40000"
	umount /proc/key-users
	cured kernel-agent-quota
}

# ---- keys and vaults ----

test_a_host_key_that_is_gone() {
	mv /etc/ravi/host.key /tmp/
	found vault-host-key /etc/ravi/host.key bad "no host key" "put it back from a backup"
	found vault-open "" bad "no vault can be opened" "mend that first"
	echo 'age=nonsense' >/etc/ravi/host.key
	chmod 600 /etc/ravi/host.key
	found vault-host-key /etc/ravi/host.key bad "damaged" "put it back from a backup"
	mv /tmp/host.key /etc/ravi/
	cured vault-host-key
	cured vault-open
}

test_recovery_keys() {
	mv /root/recovery.key /etc/ravi/
	found vault-recovery /etc/ravi/recovery.key warn "meant to outlive" "mv /etc/ravi/recovery.key"
	mv /etc/ravi/recovery.key /root/
	mv /etc/ravi/recovery.pub /tmp/
	found vault-recovery /etc/ravi/recovery.pub warn "lost with this machine" "ravi init"
	mv /tmp/recovery.pub /etc/ravi/
	cured vault-recovery
}

# remedied ID ABOUT: does what its remedy says.
remedied() {
	local said
	said=$(finding "$1" "$2")
	# Behind the level and the words; it may have a | of its own.
	said=${said#*|}
	bash -c "${said#*|}" >/dev/null
	cured "$1" "$2"
}

test_vaults_that_the_recovery_key_does_not_open() {
	local key
	key=$(cat /etc/ravi/recovery.pub)
	ravi vault recipients remove "$key" --identity first >/dev/null
	found vault-recovery first warn "does not open its vault" "ravi vault recipients add $key --identity first"
	cured vault-recovery second
	remedied vault-recovery first
	# A recovery key that is newer than the vaults.
	mv /etc/ravi/recovery.pub /tmp/
	ravi init --recovery-out /root/newer.key >/dev/null
	found vault-recovery first warn "does not open its vault" "add $(cat /etc/ravi/recovery.pub) --identity first"
	remedied vault-recovery first
	found vault-recovery second warn "does not open its vault" "--identity second"
	mv /tmp/recovery.pub /etc/ravi/
	# What is deleted has nothing to recover.
	ravi identity create --name shortly >/dev/null
	ravi vault recipients remove "$key" --identity shortly >/dev/null
	found vault-recovery shortly warn "" ""
	ravi identity delete shortly >/dev/null
	cured vault-recovery
}

test_a_vault_that_was_damaged() {
	cp -p /var/lib/ravi/vaults/first.age /tmp/
	printf x | dd of=/var/lib/ravi/vaults/first.age bs=1 seek=300 conv=notrunc status=none
	found vault-open first bad "vault of first" "put /var/lib/ravi/vaults/first.age back from a backup"
	cp -p /var/lib/ravi/vaults/second.age /var/lib/ravi/vaults/first.age
	found vault-open first bad "is the vault of second" "from a backup"
	cp -p /tmp/first.age /var/lib/ravi/vaults/
	cured vault-open
}

test_lines_about_trust() {
	echo 'elsewhere nonsense' >/etc/ravi/trusted
	found vault-trusted /etc/ravi/trusted warn "line 1" "correct that line"
	echo 'X! 00' >/etc/ravi/trusted
	found vault-trusted /etc/ravi/trusted warn "" "IDENTITY SIGNER"
	rm /etc/ravi/trusted
	cured vault-trusted
}

# ---- agents ----

test_an_os_user_of_another_uid() {
	local uid
	uid=$(id -u second)
	usermod -u $((uid + 50)) second
	found agent-users second bad "has uid $((uid + 50)) now and not $uid" "usermod -u $uid second"
	usermod -u "$uid" second
	cured agent-users
}

test_an_os_user_that_is_gone() {
	local uid
	uid=$(id -u second)
	userdel second
	found agent-users second bad "the OS user is gone" "useradd -m -u $uid second"
	useradd -m -u "$uid" second 2>/dev/null
	cured agent-users
}

test_an_entry_that_is_damaged() {
	cp -p /var/lib/ravi/agents/second /tmp/
	echo nonsense >/var/lib/ravi/agents/second
	found agent-users second bad "cannot be read" "correct /var/lib/ravi/agents/second"
	cp -p /tmp/second /var/lib/ravi/agents/
	cured agent-users
}

test_an_entry_that_says_another_state() {
	ravi identity disable second >/dev/null
	sed -i 's/^state=.*/state=active/' /var/lib/ravi/agents/second
	found agent-vaults second bad "says active, and the vault of second disabled" "ravi doctor --fix"
	fixed agent-vaults second
	contains "$(cat /var/lib/ravi/agents/second)" state=disabled
	ravi identity enable second >/dev/null
}

# Whoever was disabled is not let in again by an older copy of the vault.
test_an_older_vault_that_was_put_back() {
	local state
	cp -p /var/lib/ravi/vaults/second.age /tmp/
	ravi identity disable second >/dev/null
	cp -p /tmp/second.age /var/lib/ravi/vaults/
	for state in disabled deleted; do
		sed -i "s/^state=.*/state=$state/" /var/lib/ravi/agents/second
		found agent-vaults second bad "says $state, and the vault of second active" "ravi identity enable second, if that is meant"
		contains "$(finding agent-vaults second --fix)" "bad|"
		contains "$(cat /var/lib/ravi/agents/second)" state=$state
		expect 1 su - second -c true
	done
	ravi identity enable second >/dev/null
	cured agent-vaults
	equal two "$(su - second -c 'ravi-keyctl print TOKEN')"
}

test_an_identity_without_a_vault() {
	mv /var/lib/ravi/vaults/second.age /tmp/
	found agent-vaults second bad "has no vault" "from a backup"
	mv /tmp/second.age /var/lib/ravi/vaults/
	cured agent-vaults
}

test_links_of_identities() {
	rm /var/lib/ravi/identities/second
	found agent-links second bad "the link to its OS user second is missing" "ravi doctor --fix"
	fixed agent-links second
	ln -s ../agents/first /var/lib/ravi/identities/nobodys
	found agent-links nobodys warn "who does not carry it" "ravi doctor --fix"
	fixed agent-links nobodys
	[[ ! -L /var/lib/ravi/identities/nobodys ]]
	ln -sf ../agents/first /var/lib/ravi/identities/second
	found agent-links second bad "its link names first" "take it out of one"
	rm /var/lib/ravi/identities/second
	fixed agent-links second
}

test_vaults_that_nobody_carries() {
	local entries=/var/lib/ravi/agents links=/var/lib/ravi/identities
	local remedy="ravi vault export - --identity second | ravi vault import - --user second"
	cp -a $entries /tmp/entries
	cp -a $links /tmp/links
	rm $entries/second
	found agent-carriers second bad "its link names the OS user second" "$remedy"
	# The last record of who carried it.
	equal "" "$(finding agent-links second --fix)"
	equal ../agents/second "$(readlink $links/second)"
	remedied agent-carriers second
	equal two "$(su - second -c 'ravi-keyctl print TOKEN')"
	# As vault import --no-user leaves it.
	rm $entries/second $links/second
	found agent-carriers second warn "no OS user carries it" "$remedy"
	remedied agent-carriers second
	# One that no secret was stored in, and a deleted one.
	ravi identity create --name unused >/dev/null
	rm $entries/unused
	found agent-carriers unused bad "its link names" "ravi identity delete unused"
	remedied agent-carriers unused
	cured agent-carriers
	# All of them, whose folder --fix makes anew.
	rm -r $entries
	contains "$(finding agent-carriers first --fix)" "ravi vault import - --user first"
	equal ../agents/first "$(readlink $links/first)"
	# Those of deleted identities went, and their entries are back.
	rm -r $entries $links
	mv /tmp/entries $entries
	mv /tmp/links $links
	cured agent-carriers
	cured agent-links
}

test_folders_on_tmpfs() {
	session first a
	chmod 755 /run/ravi/home/first
	found agent-homes /run/ravi/home/first bad "mode 0755" "ravi doctor --fix"
	fixed agent-homes /run/ravi/home/first
	end_session a
	mount -t tmpfs -o size=64k,mode=711 ravi-test /run/ravi/home
	dd if=/dev/zero of=/run/ravi/home/x bs=1k count=62 status=none
	found agent-homes /run/ravi/home bad "is full" "du -sx"
	umount /run/ravi/home
	cured agent-homes
}

# ---- sessions ----

test_sessions_whose_leader_was_killed() {
	session first a
	kill -KILL "$(cat /tmp/session.a/su)"
	wait "$(cat /tmp/session.a/su)" || true
	local ring
	ring=$(ring_of first)
	found session-records first warn "1 of its sessions ended without closing, 0 live" "ravi doctor --fix"
	found session-rings first warn "it has a ring and no session" "ravi doctor --fix"
	fixed session-records first
	cured session-rings
	if key_lives "$ring"; then fail "the ring lives"; fi
	equal "" "$(ls /run/ravi/sessions/first)"
}

test_a_ring_that_was_ended_behind_our_back() {
	session first a
	keyctl invalidate "$(ring_of first)"
	found session-rings first bad "the kernel has no ring" "ravi doctor --fix"
	fixed session-rings first
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	keyctl unlink "$(keyctl search "$(ring_of first)" user ravi:TOKEN)" "$(ring_of first)"
	found session-rings first bad "lacks keys" "ravi doctor --fix"
	fixed session-rings first
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
	cured session-rings
}

test_records_that_are_damaged() {
	session first a
	local uid
	uid=$(id -u first)
	echo nonsense >/run/ravi/rings/first
	found session-rings first bad "is damaged" "ravi doctor --fix"
	fixed session-rings first
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	cured session-links
	end_session a
	ln -s first /run/ravi/rings/$uid
	found session-links "/run/ravi/rings/$uid" warn "leads to no such ring" "ravi doctor --fix"
	fixed session-links "/run/ravi/rings/$uid"
	[[ ! -L /run/ravi/rings/$uid ]]
	ln -s ../../etc/passwd /run/ravi/rings/$uid
	fixed session-links "/run/ravi/rings/$uid"
	[[ -e /etc/passwd ]]
}

test_a_living_session_is_left_alone() {
	session first a
	local ring
	ring=$(ring_of first)
	ravi doctor --fix >/dev/null
	equal "$ring" "$(ring_of first)"
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
}

# What the check saw, it saw without the lock: a login that came in between keeps its ring.
test_a_login_that_comes_while_it_mends() {
	session first a
	kill -KILL "$(cat /tmp/session.a/su)"
	wait "$(cat /tmp/session.a/su)" || true
	local ring record folder=/run/ravi/sessions/first pid=$BASHPID
	ring=$(ring_of first)
	record=$pid-$(cut -d' ' -f22 /proc/$pid/stat)
	rm $folder/*
	exec {lock}<$folder
	flock $lock
	ravi doctor --fix >/tmp/doctor.out &
	# Not one that still writes the trail of the login above.
	eventually 20 pgrep -f '^ravi-load --end first' >/dev/null
	# The login has the lock first, and counts itself.
	: >"$folder/$record"
	flock -u $lock
	wait $! || true
	contains "$(cat /tmp/doctor.out)" "it has a ring and no session"
	key_lives "$ring" || fail "the ring of a living session was ended"
	rm "$folder/$record"
	fixed session-rings first
	if key_lives "$ring"; then fail "the ring lives"; fi
}

test_an_entry_that_cannot_be_read_takes_no_ring() {
	session first a
	local ring
	ring=$(ring_of first)
	cp -p /var/lib/ravi/agents/first /tmp/
	echo nonsense >/var/lib/ravi/agents/first
	found session-rings first warn "nobody can say whether it may" "correct /var/lib/ravi/agents/first"
	contains "$(finding session-rings first --fix)" "warn|"
	key_lives "$ring" || fail "the ring of a living session was ended"
	cp -p /tmp/first /var/lib/ravi/agents/
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
	cured session-rings
}

test_who_was_disabled_has_no_ring() {
	session first a
	local ring
	ring=$(ring_of first)
	sed -i 's/^state=.*/state=disabled/' /var/lib/ravi/agents/first
	fixed session-rings first
	if key_lives "$ring"; then fail "the ring lives"; fi
	sed -i 's/^state=.*/state=active/' /var/lib/ravi/agents/first
	end_session a
}

# ---- the machine around ----

test_swap_in_clear() {
	local device node
	node=/dev/ravi-test-swap
	device=253:77
	mknod $node b 253 77
	other_file /proc/swaps <<-EOF
		Filename				Type		Size		Used		Priority
		$node                               partition	1048572		0		-2
	EOF
	found system-swap $node warn "not encrypted" "swapoff $node"
	# The same device as the kernel shows one of dm-crypt, and zram.
	mkdir -p /tmp/sys/devices/dm-0/dm /tmp/sys/devices/zram0
	mount -t tmpfs ravi-test /sys/dev/block
	ln -s /tmp/sys/devices/dm-0 /sys/dev/block/$device
	echo LVM-abc >/tmp/sys/devices/dm-0/dm/uuid
	found system-swap $node warn "not encrypted" "swapoff"
	echo CRYPT-PLAIN-swap >/tmp/sys/devices/dm-0/dm/uuid
	cured system-swap
	# LVM on two disks, of which one is encrypted; then both.
	echo LVM-abc >/tmp/sys/devices/dm-0/dm/uuid
	mkdir -p /tmp/sys/devices/dm-0/slaves/{dm-1/dm,sda2}
	echo CRYPT-LUKS2-x >/tmp/sys/devices/dm-0/slaves/dm-1/dm/uuid
	found system-swap $node warn "not encrypted" "swapoff"
	rmdir /tmp/sys/devices/dm-0/slaves/sda2
	cured system-swap
	ln -sfn /tmp/sys/devices/zram0 /sys/dev/block/$device
	cured system-swap
	umount /sys/dev/block /proc/swaps
	rm $node
}

test_a_clock_that_is_wrong() {
	touch -d '+2 days' /usr/libexec/ravi/ravi-load
	found system-clock clock bad "ravi-load was built" "set the clock"
	touch /usr/libexec/ravi/ravi-load
	cured system-clock
}

test_run_on_a_disk() {
	mkdir -p /var/ravi-run
	mount --bind /var/ravi-run /run/ravi
	found system-run /run/ravi bad "not on tmpfs" "tmpfs"
	umount /run/ravi
	cured system-run
}

test_a_broker_that_does_not_answer() {
	/usr/libexec/ravi/ravi-broker --listen &
	local broker=$!
	eventually 10 test -S /run/ravi/broker.sock
	cured system-broker
	kill -KILL $broker
	wait $broker || true
	found system-broker /run/ravi/broker.sock bad "nobody listens" "ravi-broker --listen"
	rm -f /run/ravi/broker.sock
	cured system-broker
}

test_an_audit_trail_that_was_changed() {
	ravi audit verify >/dev/null
	cp -p /var/lib/ravi/audit/audit.log /tmp/
	sed -i '0,/result=done/s//result=none/' /var/lib/ravi/audit/audit.log
	found system-audit audit.log bad "not as it was written" "ravi audit restart"
	cp -p /tmp/audit.log /var/lib/ravi/audit/
	cured system-audit
}

# Each of its checkpoints is by the former key then, and they are one thing to mend.
test_an_audit_trail_of_a_former_host_key() {
	local said count remedy
	cp -pr /var/lib/ravi/audit /var/lib/ravi/audit.checkpoint /tmp/
	count=$(grep -c event=checkpoint /var/lib/ravi/audit/audit.log)
	[[ $count -gt 20 ]]
	mv /etc/ravi/host.key /tmp/
	ravi init >/dev/null 2>&1
	said=$(finding system-audit "")
	equal 1 "$(wc -l <<<"$said")"
	contains "$said" "bad|$count of the "
	contains "$said" "another key than this machine's host key"
	remedy=${said##*|where the host key was replaced: }
	bash -c "${remedy%%;*}" >/dev/null
	cured system-audit
	mv /tmp/host.key /etc/ravi/
	rm -r /var/lib/ravi/audit /var/lib/ravi/audit.checkpoint
	mv /tmp/audit /tmp/audit.checkpoint /var/lib/ravi/
	cured system-audit
}

test_all_is_well_again() {
	equal "$(ravi doctor --fix)" "$(ravi doctor)"
	contains "$(ravi doctor)" "all is well"
}

run_tests
