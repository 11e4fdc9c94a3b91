#!/bin/bash
# SPDX-License-Identifier: MIT
# What is left when something is lost or spoilt: a vault opens with the `age` program and the recovery key
# alone; and an agent whose tokens cannot be had still logs in, without them, and is told so.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=terminal.bash
. "$(dirname "$0")/terminal.bash"
# shellcheck disable=SC2329 # the tests are found by name

vault=/var/lib/ravi/vaults/first.age
host_key=/etc/ravi/host.key

# recover KEY-FILE VAULT: the document in it, with nothing of ours.
recover() {
	age -d -i "$1" "$2" | tail -n +2
}

# logs_in_without_tokens PART: the login works, has no ring, and PART is in the log.
logs_in_without_tokens() {
	: >"$SYSLOG"
	equal "home" "$(su - first -c 'echo home' 2>/dev/null)"
	expect 4 su - first -c 'ravi-keyctl print TOKEN'
	contains "$(cat "$SYSLOG")" "$1"
}

test_machine_is_set_up() {
	set_up
	mkdir -m 700 /root/safe
	mv /etc/ravi/recovery.key /root/safe/
}

test_age_and_the_recovery_key_open_a_vault() {
	local document
	printf 'two words' | ravi secrets set OTHER --identity first --note 'why it is there'
	document=$(recover /root/safe/recovery.key "$vault")
	equal first "$(jq -r .identity.name <<<"$document")"
	equal one "$(jq -r .secrets.TOKEN.text <<<"$document")"
	equal 'two words' "$(jq -r .secrets.OTHER.text <<<"$document")"
	equal 'why it is there' "$(jq -r .secrets.OTHER.note <<<"$document")"
}

test_bytes_come_back_as_they_were() {
	head -c 3000 /dev/urandom >/root/safe/bytes
	ravi secrets set BYTES --identity first --file /root/safe/bytes
	recover /root/safe/recovery.key "$vault" | jq -r .secrets.BYTES.base64 |
		base64 -d | cmp - /root/safe/bytes
}

test_the_copy_of_a_vault_is_enough() {
	cp "$vault" /root/safe/
	chmod 700 /var/lib/ravi/vaults
	rm -rf /tmp/elsewhere
	mkdir /tmp/elsewhere
	cp /root/safe/* /tmp/elsewhere/
	(cd /tmp/elsewhere && HOME=/nonexistent recover recovery.key first.age | jq -e '.secrets.TOKEN.text == "one"')
}

test_no_other_key_opens_it() {
	age-keygen -o /root/safe/stranger.key
	expect 1 age -d -i /root/safe/stranger.key "$vault"
}

test_the_recovery_key_of_a_deleted_secret_finds_nothing() {
	printf gone | ravi secrets set GONE --identity first
	ravi secrets delete GONE --identity first
	lacks "$(recover /root/safe/recovery.key "$vault")" '"gone"'
}

test_a_host_key_that_others_can_read_is_refused() {
	chmod 640 "$host_key"
	local said
	said=$(expect 5 ravi secrets get TOKEN --identity first 2>&1)
	contains "$said" "$host_key has mode 0640"
	logs_in_without_tokens "$host_key"
	chmod 600 "$host_key"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_a_host_key_of_somebody_else_is_refused() {
	chown first "$host_key"
	logs_in_without_tokens "$host_key"
	chown root "$host_key"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_a_host_key_behind_a_link_is_refused() {
	mv "$host_key" /root/safe/
	ln -s /root/safe/host.key "$host_key"
	logs_in_without_tokens "$host_key"
	rm "$host_key"
	mv /root/safe/host.key "$host_key"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_a_spoilt_vault_is_refused_and_the_login_works() {
	cp -p "$vault" /root/safe/good.age
	# The last byte, which belongs to the seal, made another one.
	{
		head -c -1 /root/safe/good.age
		tail -c 1 /root/safe/good.age | LC_ALL=C tr '\000-\377' '\001-\377\000'
	} >"$vault"
	expect 1 age -d -i /root/safe/recovery.key "$vault" >/dev/null
	logs_in_without_tokens first
	cp -p /root/safe/good.age "$vault"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_a_lost_vault_is_no_locked_door() {
	mv "$vault" /root/safe/lost.age
	logs_in_without_tokens first
	equal two "$(su - second -c 'ravi-keyctl print TOKEN')"
	mv /root/safe/lost.age "$vault"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_a_required_line_refuses_the_login_instead() {
	sed -i 's/^session\toptional\tpam_ravi.so/session\trequired\tpam_ravi.so/' /etc/pam.d/common-session
	grep -q 'required.*pam_ravi' /etc/pam.d/common-session
	chmod 640 "$host_key"
	local said
	if said=$(su - first -c 'echo home' 2>/dev/null); then fail "logged in: $said"; fi
	equal two "$(chmod 600 "$host_key" && su - second -c 'ravi-keyctl print TOKEN')"
	sed -i 's/^session\trequired\tpam_ravi.so/session\toptional\tpam_ravi.so/' /etc/pam.d/common-session
}

# The end of a machine: a new host key opens nothing old, the recovery key everything.
test_a_lost_host_key_leaves_the_recovery_key() {
	rm "$host_key"
	logs_in_without_tokens "$host_key"
	ravi init >/dev/null
	expect 5 ravi secrets get TOKEN --identity first
	logs_in_without_tokens first
	equal one "$(recover /root/safe/recovery.key "$vault" | jq -r .secrets.TOKEN.text)"
	equal two "$(recover /root/safe/recovery.key /var/lib/ravi/vaults/second.age | jq -r .secrets.TOKEN.text)"
}

# ---- a recovery key under a passphrase ----

words='correct horse battery staple'
protected=/root/safe/protected.key

test_a_recovery_key_can_have_a_passphrase() {
	local said
	rm /etc/ravi/recovery.pub
	said=$(ravi init --recovery-out $protected --recovery-passphrase <<<"$words")
	contains "$said" $protected
	# The vaults that are there do not open with it by themselves.
	contains "$said" "made from now on"
	contains "$said" "ravi vault recipients add $(cat /etc/ravi/recovery.pub) --identity NAME"
	lacks "$said" "opens every vault"
	equal "600 root" "$(stat -c '%a %U' $protected)"
	[[ ! -e /etc/ravi/recovery.key ]]
	equal '-----BEGIN AGE ENCRYPTED FILE-----' "$(head -n 1 $protected)"
	lacks "$(cat $protected)" AGE-SECRET-KEY
	ravi identity create --name third >/dev/null
	printf three | ravi secrets set TOKEN --identity third
}

test_age_and_the_passphrase_open_a_vault() {
	rm -f /tmp/opened
	typed "$words" age -d -i $protected -o /tmp/opened /var/lib/ravi/vaults/third.age
	equal three "$(tail -n +2 /tmp/opened | jq -r .secrets.TOKEN.text)"
	rm -f /tmp/opened
	if typed 'correct horse' age -d -i $protected -o /tmp/opened /var/lib/ravi/vaults/third.age; then
		fail "another passphrase opened it"
	fi
	[[ ! -s /tmp/opened ]]
	# What age puts under the passphrase is the identity file itself.
	typed "$words" age -d -o /tmp/identity $protected
	equal "$(cat /etc/ravi/recovery.pub)" "$(age-keygen -y /tmp/identity)"
	rm -f /tmp/identity /tmp/opened
}

test_a_passphrase_is_typed_twice_and_not_shown() {
	local said
	rm /etc/ravi/recovery.pub
	typed "$words" "ravi init --recovery-out /root/safe/typed.key --recovery-passphrase"
	said=$(cat /tmp/terminal.shown)
	contains "$said" "The same again"
	lacks "$said" "$words"
	typed "$words" age -d -o /tmp/identity /root/safe/typed.key
	equal "$(cat /etc/ravi/recovery.pub)" "$(age-keygen -y /tmp/identity)"
	rm -f /tmp/identity
}

test_bad_passphrases_make_no_key() {
	local said
	rm /etc/ravi/recovery.pub
	said=$(expect 1 ravi init --recovery-out /root/safe/none.key --recovery-passphrase </dev/null 2>&1)
	contains "$said" "the passphrase is empty"
	said=$(head -c 3000 /dev/zero | tr '\0' x |
		expect 1 ravi init --recovery-out /root/safe/none.key --recovery-passphrase 2>&1)
	contains "$said" "more than one passphrase"
	[[ ! -e /root/safe/none.key && ! -e /etc/ravi/recovery.pub ]]
	said=$(echo short | ravi init --recovery-out /root/safe/short.key --recovery-passphrase 2>&1)
	contains "$said" "shorter than 16 characters"
	said=$(echo other | ravi init --recovery-passphrase)
	contains "$said" "age -p"
}

# An init that died between the two files: the next one goes on with the key that is there.
test_an_interrupted_init_asks_for_the_passphrase() {
	rm /etc/ravi/recovery.pub
	echo "$words" | ravi init --recovery-passphrase >/dev/null
	mv /etc/ravi/recovery.pub /tmp/recovery.pub
	expect 5 ravi init <<<'correct horse'
	expect 1 ravi init </dev/null
	[[ ! -e /etc/ravi/recovery.pub ]]
	contains "$(ravi init <<<"$words")" "kept  /etc/ravi/recovery.key"
	cmp /tmp/recovery.pub /etc/ravi/recovery.pub
	mv /etc/ravi/recovery.key /root/safe/last.key
}

test_a_vault_comes_back_by_the_passphrase() {
	mv "$host_key" /root/safe/lost.key
	ravi init </dev/null >/dev/null
	expect 5 ravi secrets get TOKEN --identity third
	expect 5 ravi vault rekey --identity third --key $protected <<<'correct horse'
	expect 1 ravi vault rekey --identity third --key $protected </dev/null
	ravi vault rekey --identity third --key $protected <<<"$words"
	equal three "$(ravi secrets get TOKEN --identity third)"
	equal three "$(su - third -c 'ravi-keyctl print TOKEN')"
	# The recovery key is still among those that open it.
	rm -f /tmp/opened
	typed "$words" age -d -i $protected -o /tmp/opened "${vault/first/third}"
	rm -f /tmp/opened
}

run_tests
