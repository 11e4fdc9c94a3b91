#!/bin/bash
# SPDX-License-Identifier: MIT
# What is left when something is lost or spoilt: a vault opens with the `age` program and the recovery key
# alone; and an agent whose tokens cannot be had still logs in, without them, and is told so.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
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

run_tests
