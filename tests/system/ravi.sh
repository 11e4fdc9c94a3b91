#!/bin/bash
# SPDX-License-Identifier: MIT
# The program ravi: init, identities, secrets and rings, as root and as an agent.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

# json FIELD: its value on stdin's JSON object, as jq -r has it.
json() {
	jq -r "$1"
}

vault_of() {
	echo "/var/lib/ravi/vaults/$1.age"
}

# ---- init ----

test_before_init_everything_names_it() {
	start_syslog
	refused 1 "ravi init" ravi identity create --name first
	refused 1 "ravi init" ravi secrets list
}

test_init_is_for_root() {
	useradd -m human
	refused 5 "sudo" su human -c 'ravi init'
	[[ ! -e /etc/ravi/host.key ]]
}

test_init_makes_what_is_missing_and_keeps_what_is_there() {
	local before
	contains "$(ravi init)" "made  /etc/ravi/host.key"
	equal "600 root" "$(stat -c '%a %U' /etc/ravi/host.key)"
	equal "600 root" "$(stat -c '%a %U' /etc/ravi/recovery.key)"
	equal "644 root" "$(stat -c '%a %U' /etc/ravi/recovery.pub)"
	equal 700 "$(stat -c %a /var/lib/ravi/vaults)"
	equal 711 "$(stat -c %a /run/ravi)"
	before=$(cat /etc/ravi/*.key /etc/ravi/recovery.pub)
	chmod 755 /var/lib/ravi/vaults
	lacks "$(ravi init)" made
	equal "$before" "$(cat /etc/ravi/*.key /etc/ravi/recovery.pub)"
	equal 700 "$(stat -c %a /var/lib/ravi/vaults)"
}

test_init_finishes_an_interrupted_one() {
	local key
	key=$(cat /etc/ravi/recovery.key)
	rm /etc/ravi/recovery.pub
	ravi init
	equal "$key" "$(cat /etc/ravi/recovery.key)"
	contains "$key" "$(cat /etc/ravi/recovery.pub)"
}

test_recovery_key_goes_only_where_it_was_told() {
	rm /etc/ravi/recovery.*
	touch /root/taken
	refused 1 "/root/taken exists" ravi init --recovery-out /root/taken
	[[ ! -e /etc/ravi/recovery.pub ]]
	ravi init --recovery-out /root/away.key
	[[ ! -e /etc/ravi/recovery.key ]]
	equal 600 "$(stat -c %a /root/away.key)"
	contains "$(cat /root/away.key)" "$(cat /etc/ravi/recovery.pub)"
	contains "$(ravi init --recovery-out /root/other.key)" "nothing was written to /root/other.key"
	[[ ! -e /root/other.key ]]
	mv /etc/ravi/recovery.pub /root/
	equal "the recovery key" "$(ravi init --recovery-out '/root/a, b.key' --json |
		jq -r '.steps[] | select(.path == "/root/a, b.key").what')"
	mv /root/recovery.pub /etc/ravi/
}

test_init_writes_the_domain_and_nothing_else() {
	printf '# mine\ntimeout = 5\ndomain=old.example\n#domain = no\n' >/etc/ravi/ravi.conf
	refused 2 "no mail domain" ravi init --domain 'bad domain'
	ravi init --domain agents.test
	equal $'# mine\ntimeout = 5\ndomain = agents.test\n#domain = no' "$(cat /etc/ravi/ravi.conf)"
	printf '# no newline' >/etc/ravi/ravi.conf
	ravi init --domain agents.test
	equal $'# no newline\ndomain = agents.test' "$(cat /etc/ravi/ravi.conf)"
	rm /etc/ravi/ravi.conf
}

test_without_a_domain_addresses_are_local() {
	local address
	ravi identity create --name lonely >/dev/null
	address=$(ravi identity show lonely --json | json .email)
	[[ $address == lonely@*.* ]] || fail "$address"
	ravi identity delete lonely
	userdel -r lonely
	ravi init --domain agents.test
}

# ---- identities ----

test_create_checks_what_it_is_given() {
	refused 2 "needs --name" ravi identity create
	local name
	for name in ab Upper -dash dot- a..b a--b 'a/b' "$(printf 'a%.0s' {1..31})"; do
		refused 2 "no identity name" ravi identity create --name "$name"
	done
	refused 2 "say one with --user" ravi identity create --name with.dot
	refused 2 "no OS user name" ravi identity create --name fine --user 'Not Fine'
	refused 2 "--email" ravi identity create --name fine --email a@b@c --user human
	refused 2 "phone" ravi identity create --name fine --phone 0123
	refused 5 "system accounts" ravi identity create --name fine --user root
	refused 5 "system accounts" ravi identity create --name fine --user daemon
	[[ ! -e /var/lib/ravi/identities/fine && ! -e $(vault_of fine) ]]
}

test_create_makes_user_vault_and_entry() {
	local out
	out=$(ravi identity create --name first --phone +15551234567 --json)
	equal "first first@agents.test first@agents.test +15551234567 active first false 1 1" \
		"$(json '"\(.name) \(.inbox) \(.email) \(.phone) \(.state) \(.user) \(.linger) \(.revision) \(.secrets)"' <<<"$out")"
	equal "$out" "$(ravi identity show first --json)"
	[[ $(json .created_dt <<<"$out") == 20*T*Z ]]
	equal /bin/bash "$(getent passwd first | cut -d: -f7)"
	[[ $(getent shadow first | cut -d: -f2) == '!'* ]]
	equal first "$(stat -c %G /home/first)"
	equal 600 "$(stat -c %a "$(vault_of first)")"
	contains "$(cat /var/lib/ravi/agents/first)" "identities=first"
	equal ../agents/first "$(readlink /var/lib/ravi/identities/first)"
	refused 1 "exists already" ravi identity create --name first
}

test_an_identity_has_a_key_to_sign_with() {
	local key signer
	key=$(ravi identity show first --json | json .ssh_public_key)
	signer=$(ravi identity show first --json | json .allowed_signers)
	equal "first@agents.test namespaces=\"git\" $key" "$signer"
	contains "$(ravi identity show first)" "ssh key:  $key"
	contains "$(ravi identity show first)" "signers:  $signer"
	ravi secrets get SSH_SIGNING_KEY -i first >/tmp/key
	chmod 600 /tmp/key
	equal "$key first@agents.test" "$(ssh-keygen -y -f /tmp/key)"
	ravi identity sign-key first >/dev/null
	[[ $(ravi identity show first --json | json .ssh_public_key) != "$key" ]]
	equal 2 "$(ravi secrets list -i first --json | json '.[] | select(.name == "SSH_SIGNING_KEY") | .version')"
	ravi secrets set SSH_SIGNING_KEY -i first --file /tmp/key
	equal "$key" "$(ravi identity show first --json | json .ssh_public_key)"
}

test_an_identity_without_a_usable_key_says_so() {
	ssh-keygen -q -t ed25519 -N phrase -f /tmp/locked
	ravi secrets set SSH_SIGNING_KEY -i first --file /tmp/locked
	contains "$(ravi identity show first)" "without a passphrase"
	equal null "$(ravi identity show first --json | json .ssh_public_key)"
	ravi secrets delete SSH_SIGNING_KEY -i first
	contains "$(ravi identity show first)" "ravi identity sign-key first"
	equal null "$(ravi identity show first --json | json .allowed_signers)"
	refused 3 "no identity nobody" ravi identity sign-key nobody
	refused 5 "sudo" su human -c 'ravi identity sign-key first'
	ravi identity sign-key first >/dev/null
	rm /tmp/key /tmp/locked*
}

test_an_address_can_be_given() {
	ravi identity create --name second --email mail-two >/dev/null
	equal mail-two@agents.test "$(ravi identity show second --json | json .email)"
	ravi identity create --name third.agent --user second --email three@example.org >/dev/null
	equal three@example.org "$(ravi identity show third.agent --json | json .inbox)"
	contains "$(cat /var/lib/ravi/agents/second)" "identities=second third.agent"
}

test_an_os_user_that_is_there_becomes_an_agent() {
	touch /home/human/kept
	ravi identity create --name fourth --user human --linger >/dev/null
	[[ -e /home/human/kept ]]
	contains "$(cat /var/lib/ravi/agents/human)" "linger=yes"
	ravi identity delete fourth
	[[ -e /home/human/kept ]]
}

test_two_users_of_one_uid_are_no_two_agents() {
	useradd -M -o -u "$(id -u first)" twin
	refused 5 "as the agent first has" ravi identity create --name twin-agent --user twin
	userdel twin
}

test_a_failed_create_leaves_nothing() {
	mkdir -p /var/lib/ravi/agents/broken/in-the-way
	expect 1 ravi identity create --name broken
	rm -r /var/lib/ravi/agents/broken
	expect 2 getent passwd broken
	[[ ! -e /home/broken ]]
	[[ ! -e $(vault_of broken) ]]
	[[ ! -L /var/lib/ravi/identities/broken ]]
	ravi identity create --name broken >/dev/null
	ravi identity delete broken
	userdel -r broken
}

test_a_failed_further_identity_leaves_the_agent_as_it_was() {
	local before
	before=$(cat /var/lib/ravi/agents/second)
	ln -s ../agents/first /var/lib/ravi/identities/fifth
	expect 1 ravi identity create --name fifth --user second
	rm /var/lib/ravi/identities/fifth
	equal "$before" "$(cat /var/lib/ravi/agents/second)"
	[[ ! -e $(vault_of fifth) ]]
}

test_a_failed_second_start_keeps_the_tombstone() {
	local before
	before=$(sha256sum "$(vault_of broken)")
	mkdir /home/broken
	rm /var/lib/ravi/agents/broken
	mkdir -p /var/lib/ravi/agents/broken/in-the-way
	rm /var/lib/ravi/identities/broken
	useradd -M broken
	expect 1 ravi identity create --name broken --user broken
	rm -r /var/lib/ravi/agents/broken /home/broken
	equal "$before" "$(sha256sum "$(vault_of broken)")"
	id broken
	userdel broken
}

test_an_interrupted_create_is_named_and_can_be_taken_away() {
	ravi identity create --name halfway >/dev/null
	rm /var/lib/ravi/agents/halfway /var/lib/ravi/identities/halfway
	refused 1 "ravi identity delete halfway" ravi identity create --name halfway
	ravi identity delete halfway
	ravi identity create --name halfway >/dev/null
	equal halfway "$(ravi identity show halfway --json | json .user)"
}

test_useradds_words_are_passed_on() {
	groupadd sixth
	refused 1 "group sixth exists" ravi identity create --name sixth
	[[ ! -e $(vault_of sixth) ]]
	groupdel sixth
}

test_a_useradd_that_fails_late_leaves_nothing() {
	useradd -D | grep -q HOME=/home
	sed -i 's|^.*HOME=.*||' /etc/default/useradd
	echo HOME=/proc/nowhere >>/etc/default/useradd
	refused 1 "/proc/nowhere" ravi identity create --name sixth
	sed -i '/^HOME=/d' /etc/default/useradd
	expect 2 getent passwd sixth
	expect 2 getent group sixth
	[[ ! -e $(vault_of sixth) ]]
}

test_identities_made_at_once_are_all_there() {
	local i
	for i in 1 2 3 4 5 6; do
		ravi identity create --name "many-$i" --user many >/dev/null &
	done
	wait
	for i in 1 2 3 4 5 6; do
		contains "$(cat /var/lib/ravi/agents/many)" "many-$i"
		equal many "$(ravi identity show "many-$i" --json | json .user)"
	done
}

test_list_and_show() {
	local list
	list=$(ravi identity list)
	contains "$list" "first@agents.test"
	lacks "$list" fourth
	equal "many-1 first" "$(ravi identity list --json |
		json '[.[] | .name] | [.[index("many-1")], .[index("first")]] | join(" ")')"
	contains "$(ravi identity show fourth)" "deleted"
	refused 3 "no identity nobody" ravi identity show nobody
	refused 2 "no identity name" ravi identity show ../first
	refused 5 "sudo" su human -c 'ravi identity list'
}

# ---- secrets, as root ----

test_values_from_stdin_file_and_argument() {
	local value=$'two\nlines'
	printf '%s\n' "$value" | ravi secrets set stdin -i first
	equal "$value." "$(ravi secrets get STDIN -i first; echo .)"
	printf 'x\n\n' | ravi secrets set STDIN -i first
	equal $'x\n.' "$(ravi secrets get stdin -i first; echo .)"
	printf 'as it is\n' >/tmp/value
	ravi secrets set FILE -i first --file /tmp/value
	equal $'as it is\n.' "$(ravi secrets get FILE -i first; echo .)"
	ravi secrets set FILE -i first --file <(printf piped)
	equal piped "$(ravi secrets get FILE -i first)"
	ravi secrets set ARGUMENT 'some value' -i first
	equal 'some value' "$(ravi secrets get ARGUMENT -i first)"
	ravi secrets set DASHES -i first -- '--value'
	equal '--value' "$(ravi secrets get DASHES -i first)"
}

test_bytes_stay_bytes() {
	head -c 32767 /dev/urandom >/tmp/bytes
	ravi secrets set BYTES -i first --file /tmp/bytes
	ravi secrets get BYTES -i first | cmp - /tmp/bytes
	equal null "$(ravi secrets get BYTES -i first --json | json .value)"
	ravi secrets get BYTES -i first --json | json .value_base64 | base64 -d | cmp - /tmp/bytes
}

test_values_and_names_that_are_refused() {
	head -c 32768 /dev/urandom >/tmp/bytes
	refused 2 32767 ravi secrets set BIG -i first --file /tmp/bytes
	refused 2 32767 ravi secrets set BIG -i first --file - </dev/zero
	refused 2 "empty" ravi secrets set EMPTY -i first </dev/null
	refused 2 "empty" ravi secrets set EMPTY -i first <<<""
	refused 2 "empty" ravi secrets set EMPTY "" -i first
	refused 2 "not both" ravi secrets set BOTH value -i first --file /tmp/bytes
	refused 2 "no name for a secret" ravi secrets set 1BAD value -i first
	refused 2 "no name for a secret" ravi secrets set 'WITH SPACE' value -i first
	refused 2 "--expires" ravi secrets set LATE value -i first --expires 2001-01-01T00:00:00Z
	refused 2 "--expires" ravi secrets set LATE value -i first --expires soon
	refused 2 "--note" ravi secrets set NOTE value -i first --note "$(printf 'n%.0s' {1..1025})"
	refused 2 "--note" ravi secrets set NOTE value -i first --note $'\xff'
	refused 2 "--note" ravi secrets set NOTE value -i first --note $'two\nlines'
	refused 1 "No such file" ravi secrets set FILE -i first --file /tmp/nowhere
	refused 3 "secrets set MISSING" ravi secrets get MISSING -i first
	refused 3 "MISSING" ravi secrets delete MISSING -i first
	lacks "$(ravi secrets list -i first)" EMPTY
}

test_versions_notes_and_expiry_are_kept() {
	local out
	ravi secrets set NOTED one -i first --note 'for tests' --expires 30d
	ravi secrets set NOTED two -i first
	out=$(ravi secrets get noted -i first --json)
	equal "NOTED NOTED two for tests for tests 2 null" \
		"$(json '"\(.name) \(.key) \(.value) \(.note) \(.notes) \(.version) \(.expires_dt)"' <<<"$out")"
	ravi secrets set NOTED three -i first --note ''
	equal "three null" "$(ravi secrets get NOTED -i first --json | json '"\(.value) \(.note)"')"
	[[ $(json .created_dt <<<"$out") == 20*Z && $(json .updated_dt <<<"$out") == 20*Z ]]
	ravi secrets set SHORT gone -i first --expires 1s
	sleep 1.1
	refused 3 "expired" ravi secrets get SHORT -i first
	contains "$(ravi secrets list -i first)" "(expired)"
}

test_lists_hold_no_values() {
	local list
	ravi secrets set HIDDEN 'not-to-be-seen' -i first --note 'a note'
	list=$(ravi secrets list -i first)
	lacks "$list" not-to-be-seen
	contains "$list" "a note"
	list=$(ravi secrets list -i first --json)
	lacks "$list" not-to-be-seen
	equal HIDDEN "$(json '.[] | select(.name == "HIDDEN").key' <<<"$list")"
}

test_a_value_leaves_the_command_line_at_once() {
	local pid
	(
		flock 9
		sleep 1
	) 9>/var/lib/ravi/vaults/.lock &
	sleep 0.2
	ravi secrets set WIPED from-the-command-line -i first &
	pid=$!
	sleep 0.3
	[[ -d /proc/$pid ]] || fail "it should wait for the lock"
	contains "$(tr '\0' ' ' </proc/$pid/cmdline)" "secrets set"
	lacks "$(tr '\0' ' ' </proc/$pid/cmdline)" from-the-command-line
	wait
	equal from-the-command-line "$(ravi secrets get WIPED -i first)"
}

test_writers_at_once_lose_nothing() {
	local i
	for i in $(seq 20); do
		ravi secrets set "RACE_$i" "$i" -i second >/dev/null &
	done
	wait
	for i in $(seq 20); do
		equal "$i" "$(ravi secrets get "RACE_$i" -i second)"
	done
	equal 21 "$(ravi identity show second --json | json .revision)"
}

test_standard_descriptors_may_be_closed() {
	(exec <&- >&- 2>&- && ravi secrets set CLOSED value -i first)
	equal value "$(ravi secrets get CLOSED -i first)"
	ravi secrets set CLOSED value -i first >&-
	# What was asked for and is not to be had is no success: somebody would go on without it.
	expect 1 ravi secrets get CLOSED -i first >&-
	expect 1 ravi secrets get CLOSED -i first --json >&-
	expect 1 ravi secrets set CLOSED value -i first --json >&-
	expect 1 ravi secrets export -i first --format json >&-
	expect 1 ravi vault export - -i first >&-
	expect 1 ravi identity list >&-
	contains "$(ravi secrets get CLOSED -i first 2>&1 >&- || true)" "writing the value: Bad file descriptor"
	equal value "$(ravi secrets get CLOSED -i first)"
}

test_a_full_disk_under_stdout_is_noticed() {
	expect 1 ravi secrets get CLOSED -i first >/dev/full
	expect 1 ravi secrets get CLOSED -i first --json >/dev/full
	expect 1 ravi identity list >/dev/full
	expect 1 ravi version >/dev/full
}

test_which_identity_is_meant() {
	refused 2 "--identity NAME or set RAVI_IDENTITY" ravi secrets list
	refused 2 "first" ravi secrets list
	contains "$(RAVI_IDENTITY=first ravi secrets list)" NOTED
	refused 3 "no identity nobody" env RAVI_IDENTITY=nobody ravi secrets list
	contains "$(RAVI_IDENTITY=nobody ravi secrets list --identity first)" NOTED
	refused 2 "no identity name" ravi secrets list --identity /etc/passwd
}

# ---- the prompt ----

# asked KEYS COMMAND: runs it on a terminal of its own, types KEYS when it asks, prints what was shown.
asked() {
	local keys=$1 out=/tmp/asked fifo=/tmp/asked.in
	rm -f "$fifo" "$out"
	mkfifo "$fifo"
	timeout 20 script -qec "$2" /dev/null <"$fifo" >"$out" 2>&1 &
	exec {keyboard}>"$fifo"
	eventually 5 grep -q 'not shown' "$out"
	printf '%b' "$keys" >&"$keyboard"
	wait $! || true
	exec {keyboard}>&-
	cat "$out"
}

test_a_prompt_does_not_echo() {
	local long shown
	shown=$(asked 'typed\r' 'ravi secrets set TYPED -i first')
	contains "$shown" "Value of TYPED for first"
	lacks "$shown" typed
	equal typed "$(ravi secrets get TYPED -i first)"
	asked 'wrong\x15typoo\x7f\xc3\xa9\x7f\xc3\xa9\n' 'ravi secrets set TYPED -i first'
	equal $'typo\xc3\xa9' "$(ravi secrets get TYPED -i first)"
	long=$(head -c 6000 /dev/zero | tr '\0' x)
	asked "$long\\r" 'ravi secrets set TYPED -i first'
	equal "$long" "$(ravi secrets get TYPED -i first)"
}

# What is pasted behind the most that a value may have is neither shown nor left for the shell.
test_a_prompt_shows_nothing_of_what_is_too_long() {
	local shown
	shown=$(asked "$(head -c 40000 /dev/zero | tr '\0' x)\\r" 'ravi secrets set TYPED -i first; echo status $?')
	contains "$shown" "longer than 32767 bytes"
	lacks "$shown" xxxx
	lacks "$shown" "status 0"
	asked "$(head -c 33000 /dev/zero | tr '\0' x)\\x15short\\r" 'ravi secrets set TYPED -i first'
	equal short "$(ravi secrets get TYPED -i first)"
}

test_an_interrupted_prompt_leaves_the_terminal_as_it_was() {
	local shown before
	before=$(ravi secrets get TYPED -i first)
	shown=$(asked 'half\x03' 'trap : INT; ravi secrets set TYPED -i first; echo status $?; stty -a')
	contains "$shown" "status 130"
	contains "$shown" " icanon"
	contains "$shown" " echo "
	equal "$before" "$(ravi secrets get TYPED -i first)"
}

test_get_ends_the_line_on_a_terminal_only() {
	printf plain | ravi secrets set PLAIN -i first
	equal 5 "$(ravi secrets get PLAIN -i first | wc -c)"
	equal $'plain\r\n.' "$(script -qec 'ravi secrets get PLAIN -i first' /dev/null </dev/null; echo .)"
}

# ---- as an agent ----

test_an_agent_reads_its_ring_with_the_same_commands() {
	enable_pam
	printf one | ravi secrets set TOKEN --identity second --expires 30d
	printf three | ravi secrets set TOKEN --identity third.agent
	session second a
	equal one "$(in_session a ravi secrets get token)"
	equal one "$(in_session a ravi secrets get TOKEN --identity second)"
	equal three "$(in_session a ravi secrets get TOKEN --identity third.agent)"
	equal three "$(in_session a RAVI_IDENTITY=third.agent ravi secrets get TOKEN)"
	expect 3 in_session a ravi secrets get TOKEN --identity first
	expect 3 in_session a ravi secrets get MISSING
	contains "$(in_session a ravi secrets get MISSING || true)" "ravi secrets set MISSING --identity second"
	equal "one TOKEN second" "$(in_session a ravi secrets get TOKEN --json |
		json '"\(.value) \(.key) \(.identity)"')"
	[[ $(in_session a ravi secrets get TOKEN --json | json .expires_dt) == 20*Z ]]
	contains "$(in_session a ravi secrets list)" RACE_20
	lacks "$(in_session a ravi secrets list)" @profile
	equal "SSH_SIGNING_KEY TOKEN" "$(in_session a ravi secrets list --identity third.agent --json | json '[.[].name] | join(" ")')"
	end_session a
}

test_an_agent_stores_nothing_itself() {
	session second a
	expect 6 in_session a ravi secrets set TOKEN stolen
	expect 6 in_session a ravi secrets delete TOKEN
	expect 5 in_session a ravi reload
	end_session a
	equal one "$(ravi secrets get TOKEN --identity second)"
}

test_without_a_ring_there_is_exit_status_4() {
	useradd -m stranger
	refused 4 "no ring" su stranger -c 'ravi secrets get TOKEN'
	refused 4 "no ring" su stranger -c 'ravi secrets list'
}

test_set_and_delete_reach_running_sessions() {
	session second a
	printf rotated | ravi secrets set TOKEN --identity second
	equal rotated "$(in_session a ravi secrets get TOKEN)"
	printf four | ravi secrets set EXTRA --identity third.agent
	equal four "$(in_session a ravi secrets get EXTRA -i third.agent)"
	ravi secrets delete EXTRA --identity third.agent
	expect 3 in_session a ravi secrets get EXTRA -i third.agent
	ravi identity create --name late --user second >/dev/null
	printf five | ravi secrets set TOKEN --identity late
	equal five "$(in_session a ravi secrets get TOKEN -i late)"
	end_session a
}

test_reload_and_release() {
	local ring
	equal "no agent is logged in" "$(ravi reload)"
	session second a
	ring=$(ring_of second)
	contains "$(ravi reload second)" "second: ring $ring "
	contains "$(ravi reload)" "second: ring $ring "
	ravi release second
	equal "" "$(ring_of second)"
	expect 4 in_session a ravi secrets get TOKEN
	ravi reload second
	equal rotated "$(in_session a ravi secrets get TOKEN)"
	end_session a
	contains "$(ravi reload second)" "no session"
	refused 3 "no agent" ravi reload human2
	refused 3 "no agent" ravi release nobody
	refused 5 sudo su stranger -c 'ravi release second'
}

test_a_ring_that_cannot_be_loaded_is_said() {
	session second a
	mv /usr/libexec/ravi/ravi-load /usr/libexec/ravi/ravi-load.away
	refused 1 "ravi reload second" ravi secrets set TOKEN newer --identity second
	mv /usr/libexec/ravi/ravi-load.away /usr/libexec/ravi/ravi-load
	equal newer "$(ravi secrets get TOKEN --identity second)"
	ravi reload second
	equal newer "$(in_session a ravi secrets get TOKEN)"
	end_session a
}

# ---- states ----

test_disabling_a_further_identity_takes_its_keys_alone() {
	session second a
	ravi identity disable third.agent
	equal disabled "$(ravi identity show third.agent --json | json .state)"
	expect 3 in_session a ravi secrets get TOKEN -i third.agent
	equal newer "$(in_session a ravi secrets get TOKEN)"
	ravi identity enable third.agent
	equal three "$(in_session a ravi secrets get TOKEN -i third.agent)"
	end_session a
}

test_disabling_the_default_identity_ends_the_ring() {
	session second a
	contains "$(ravi identity disable second)" disabled
	expect 4 in_session a ravi secrets get TOKEN
	contains "$(cat /var/lib/ravi/agents/second)" state=disabled
	ravi secrets set TOKEN newest --identity second
	expect 4 in_session a ravi secrets get TOKEN
	equal active "$(ravi identity enable second --json | json .state)"
	equal newest "$(in_session a ravi secrets get TOKEN)"
	ravi identity enable second
	end_session a
}

test_a_default_identity_with_others_is_not_deleted() {
	refused 5 "delete those first" ravi identity delete second
	equal newest "$(ravi secrets get TOKEN --identity second)"
}

test_deleting_a_further_identity() {
	session second a
	ravi identity delete late
	expect 3 in_session a ravi secrets get TOKEN -i late
	equal newest "$(in_session a ravi secrets get TOKEN)"
	end_session a
	lacks "$(cat /var/lib/ravi/agents/second)" late
	[[ ! -L /var/lib/ravi/identities/late ]]
	refused 3 "is deleted" ravi secrets get TOKEN -i late
	refused 3 "is deleted" ravi secrets set TOKEN x -i late
	refused 3 "is deleted" ravi identity enable late
	refused 3 "is deleted" ravi identity delete late
}

# Whoever started us may have us inherit that: then no child leaves a status to wait for.
test_the_caller_may_ignore_its_children() {
	env --ignore-signal=CHLD ravi identity create --name childless >/dev/null
	id childless
	env --ignore-signal=CHLD ravi identity delete childless >/dev/null
	userdel -r childless
}

test_deleting_an_identity_that_has_no_vault() {
	ravi identity create --name vaultless >/dev/null
	rm "$(vault_of vaultless)"
	equal "vaultless deleted vaultless" "$(ravi identity delete vaultless --json | jq -r '"\(.name) \(.state) \(.user)"')"
	contains "$(cat /var/lib/ravi/agents/vaultless)" state=deleted
	userdel -r vaultless
}

test_deleting_an_agent() {
	local said
	ravi identity create --name doomed >/dev/null
	printf gone | ravi secrets set TOKEN --identity doomed
	session doomed a
	said=$(ravi identity delete doomed)
	contains "$said" "userdel -r doomed"
	expect 4 in_session a ravi secrets get TOKEN
	end_session a
	contains "$(cat /var/lib/ravi/agents/doomed)" state=deleted
	refused 3 "is deleted" ravi identity delete doomed
	id doomed
	equal 0 "$(ravi identity show doomed --json | json .secrets)"
}

test_a_deleted_name_starts_again_without_secrets() {
	local revision
	revision=$(ravi identity show doomed --json | json .revision)
	refused 1 "say --user doomed" ravi identity create --name doomed --user human
	equal $((revision + 1)) "$(ravi identity create --name doomed --json | json .revision)"
	contains "$(cat /var/lib/ravi/agents/doomed)" state=active
	refused 3 "no secret TOKEN" ravi secrets get TOKEN -i doomed
	ravi identity delete doomed
	userdel -r doomed
	ravi identity create --name doomed --user human >/dev/null
	[[ ! -e /var/lib/ravi/agents/doomed ]]
	equal human "$(ravi identity show doomed --json | json .user)"
}

test_another_identity_takes_over_a_deleted_agent() {
	ravi identity delete doomed
	ravi identity create --name after --user human >/dev/null
	contains "$(cat /var/lib/ravi/agents/human)" identities=after
	contains "$(cat /var/lib/ravi/agents/human)" state=active
	[[ ! -L /var/lib/ravi/identities/doomed ]]
}

test_a_deletion_that_died_halfway_is_finished() {
	local entry
	entry=$(cat /var/lib/ravi/agents/human)
	ravi identity delete after
	echo "$entry" >/var/lib/ravi/agents/human
	ravi identity delete after
	contains "$(cat /var/lib/ravi/agents/human)" state=deleted
}

# ---- damage ----

test_a_lock_that_is_never_given_back_is_named() {
	flock /var/lib/ravi/agents/.lock sleep 100 &
	local holder=$! said
	eventually 5 bash -c '! flock -n /var/lib/ravi/agents/.lock true'
	said=$(expect 1 timeout 60 ravi identity disable one 2>&1)
	contains "$said" "fuser /var/lib/ravi/agents/.lock"
	pkill -P $holder || true
	kill $holder 2>/dev/null || true
}

test_a_wrong_vault_is_refused_and_hides_no_other() {
	cp "$(vault_of many-1)" /tmp/many-1.age
	cp "$(vault_of many-2)" "$(vault_of many-1)"
	refused 1 "vault of many-2" ravi secrets list -i many-1
	printf garbage >"$(vault_of many-1)"
	refused 1 "vault of many-1" ravi secrets set TOKEN x -i many-1
	contains "$(ravi identity list 2>/dev/null || true)" first@agents.test
	expect 1 ravi identity list
	expect 1 ravi identity create --name many-1 --user many
	equal garbage "$(cat "$(vault_of many-1)")"
	cp /tmp/many-1.age "$(vault_of many-1)"
	expect 0 ravi identity list
}

test_a_vault_of_another_machine_is_refused() {
	cp /etc/ravi/host.key /tmp/host.key
	rm /etc/ravi/host.key
	ravi init
	refused 5 "vault of first" ravi secrets list -i first
	cp /tmp/host.key /etc/ravi/host.key
	expect 0 ravi secrets list -i first
}

test_loose_files_are_refused() {
	chmod 644 /etc/ravi/host.key
	refused 5 "host.key" ravi secrets list -i first
	chmod 600 /etc/ravi/host.key
	chown human /var/lib/ravi/agents/many
	refused 5 "agents/many" ravi secrets list
	chown root /var/lib/ravi/agents/many
}

test_age_opens_a_vault_with_the_recovery_key() {
	command -v age >/dev/null || {
		echo "age is not installed"
		exit 77
	}
	local plain
	plain=$(age -d -i /root/away.key "$(vault_of first)")
	equal "ravi-vault/1" "$(head -c 12 <<<"$plain")"
	equal plain "$(tail -n +2 <<<"$plain" | json .secrets.PLAIN.text)"
	! grep -qa PLAIN "$(vault_of first)"
}

# ---- the rest ----

test_every_command_explains_itself() {
	local command
	ravi --help | sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p' >/tmp/commands
	[[ $(wc -l </tmp/commands) -ge 14 ]]
	while read -r command; do
		# shellcheck disable=SC2086 # a command may be two words
		contains "$(ravi $command --help)" "Usage: ravi $command"
		# shellcheck disable=SC2086
		contains "$(ravi help $command)" "Usage: ravi $command"
	done </tmp/commands
	contains "$(ravi secrets --help)" "secrets delete"
	lacks "$(ravi secrets --help)" "identity create"
	refused 2 "identity create" ravi identity
	refused 2 'unknown command "secrets steal"' ravi secrets steal
	refused 2 "unknown command" ravi help steal
	refused 2 "unknown option --values" ravi secrets list --values
	refused 2 "unknown option -x" ravi secrets list -xi first
	refused 2 "unknown option -x" ravi secrets get TOKEN -i first -x
	refused 2 "--json takes no value" ravi secrets list --json=yes
	equal "$(ravi version)" "$(ravi --version)"
}

test_the_log_says_what_happened_and_no_value() {
	local log
	# Who runs the tests may have logged in as somebody else than root.
	log=$(sed 's/ by=[0-9]*/ by=0/' "$SYSLOG")
	contains "$log" "event=init by=0 result=done"
	contains "$log" "event=identity-create user=first identity=first by=0 result=done"
	contains "$log" "event=rotate user=first identity=first name=NOTED version=2"
	contains "$log" "event=get identity=first name=NOTED by=0 result=done"
	contains "$log" "event=get identity=first name=MISSING by=0 result=failed"
	contains "$log" "event=delete user=second identity=third.agent name=EXTRA"
	contains "$log" "event=identity-disable user=second identity=second"
	contains "$log" "event=identity-delete user=second identity=second by=0 result=denied"
	lacks "$log" not-to-be-seen
	lacks "$log" from-the-command-line
}

test_no_value_is_on_disk_in_clear() {
	! grep -rqsE 'not-to-be-seen|from-the-command-line' /etc/ravi /var/lib/ravi /run/ravi
}

run_tests
