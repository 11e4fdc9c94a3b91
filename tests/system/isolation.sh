#!/bin/bash
# SPDX-License-Identifier: MIT
# An agent's tokens are its own: whatever another user, the agent itself, or a uid that comes again tries.
# Every test here was seen to fail with its guard taken out.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

ASSAULT=$BUILT/system/key-assault
CHURN=$BUILT/system/ring-churn

# Whether processes that are started here have no session ring: then the kernel shows its stand-in. In a
# container and below sshd every process has one, and none can get rid of it.
without_session_ring() {
	keyctl show @s | grep -q _uid_ses.0
}

# stand_in USER COMMAND [ARG...]: bare, and what the kernel shows to who has no session ring is his session ring.
stand_in() {
	bare "$1" keyctl session "_uid_ses.$(uid_of "$1")" "${@:2}"
}

uid_of() {
	id -u "$1"
}

# What is in the ring of an agent, the ring itself first.
serials_of() {
	local ring
	ring=$(ring_of "$1")
	echo "$ring" "$(keyctl rlist "$ring")"
}

# Programs that the tests run as other users: `look` says what one has of ours, `keys` what one sees.
install_helpers() {
	cat >/usr/local/bin/keys <<-'END'
		#!/bin/sh
		PATH=/usr/local/bin:/usr/bin:/bin
		keyctl show @s 2>&1
		keyctl show @u 2>&1
	END
	cat >/usr/local/bin/look <<-'END'
		#!/bin/sh
		PATH=/usr/local/bin:/usr/bin:/bin
		echo "token: $(ravi-keyctl print TOKEN 2>/dev/null) status: $(ravi-keyctl print TOKEN >/dev/null 2>&1; echo $?)"
		keys
	END
	chmod 755 /usr/local/bin/keys /usr/local/bin/look
	# These two are started by sudo without a PAM session: root, with the caller's session ring.
	cp /usr/bin/keyctl /usr/local/bin/carried-keyctl
	cat >/etc/sudoers.d/ravi-test <<-'END'
		ALL ALL=(ALL:ALL) NOPASSWD: ALL
		Defaults!/usr/sbin/runuser,/usr/local/bin/carried-keyctl !pam_session
	END
	# su asks nobody for a password.
	sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su
	/usr/libexec/ravi/ravi-pam enable --runuser >/dev/null
}

test_machine_is_set_up() {
	set_up
	make_agent third three
	useradd -m human
	useradd -m other
	install_helpers
	local user
	# The kernel's user keyrings outlive users: an earlier run had the same uids.
	for user in first second third human other; do
		bare "$user" keyctl clear @u
	done
}

test_the_assault_works_on_what_one_owns() {
	# The program that is to fail on the other's keys: on a ring of one's own nearly everything works.
	su - second -c '
		ring=$(keyctl newring ravi:mine @u)
		key=$(keyctl add user ravi:TOKEN x $ring)
		'"$ASSAULT"' stranger $ring $key' >/tmp/own.out && fail "nothing worked"
	su - second -c '
		ring=$(keyctl newring ravi:mine @u)
		keyctl add user ravi:TOKEN x $ring
		'"$ASSAULT"' stranger $ring' >>/tmp/own.out && fail "nothing worked"
	local operation
	for operation in describe read search link update setperm set_timeout add_key restrict clear unlink \
		revoke move request_key; do
		grep -q "captured: $operation" /tmp/own.out || fail "$operation does not work"
	done
}

test_another_agent_gets_nothing_with_the_serials_known() {
	session first a
	local serials user
	serials=$(serials_of first)
	for user in second human nobody; do
		bare "$user" "$ASSAULT" stranger $serials
	done
	su - second -c "$ASSAULT stranger $serials"
	session second b
	in_session b "$ASSAULT stranger $serials"
	end_session b
	# And nothing was changed by all that.
	equal "$serials" "$(serials_of first)"
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
}

test_another_agent_finds_nothing_by_name() {
	session first a
	local seen
	seen=$(su - second -c 'keys; cat /proc/keys; keyctl search @s keyring ravi:first; keyctl request user ravi:TOKEN
		keyctl link "$(keyctl id @u)" @s; ravi-keyctl status') || true
	lacks "$seen" "ravi:first"
	equal two "$(su - second -c 'ravi-keyctl print TOKEN')"
	expect 4 bare second ravi-keyctl print TOKEN
	end_session a
}

# travels COMMAND...: in first's session each must come out with second's token and nothing of first's.
without_first() {
	lacks "$1" ravi:first
	lacks "$1" "_uid.$(uid_of first)"
	lacks "$1" "_uid_ses.$(uid_of first)"
}

test_another_agent_started_in_its_session_has_its_own_ring_alone() {
	session first a
	local hop out serials
	serials=$(serials_of first)
	contains "$(in_session a look)" "token: one"
	for hop in 'sudo -n -u second sh -c' 'sudo -n -i -u second sh -c' 'su second -c' 'su - second -c' \
		'sudo -n runuser -u second -- sh -c' 'sudo -n runuser second -c' 'sudo -n runuser -l second -c'; do
		out=$(in_session a "$hop look")
		contains "$hop: $out" "token: two status: 0"
		without_first "$hop: $out"
		in_session a "$hop '$ASSAULT stranger $serials'"
		equal one "$(in_session a ravi-keyctl print TOKEN)"
	done
	end_session a
}

test_an_ordinary_user_started_in_its_session_has_none() {
	session first a
	local hop out serials
	serials=$(serials_of first)
	for hop in 'sudo -n -u human sh -c' 'su human -c' 'su - human -c' 'sudo -n runuser -u human -- sh -c' \
		'sudo -n runuser -l human -c'; do
		out=$(in_session a "$hop look")
		contains "$hop: $out" "token:  status: 4"
		without_first "$hop: $out"
		in_session a "$hop '$ASSAULT stranger $serials'"
	done
	end_session a
}

# A session ring that only its owner may look at is no secret way for what is in it.
test_a_session_ring_that_cannot_be_looked_at_does_not_travel() {
	session first a
	local hop out ring
	for hop in 'sudo -n -u human sh -c' 'su human -c' 'sudo -n sh -c'; do
		# Who possesses it may link, search and write; the mask of the owner is left.
		out=$(in_session a "keyctl session - sh -c 'keyctl id @s; keyctl setperm @s 0x1c3f0000; exec $hop \"keyctl id @s; look\"'")
		ring=$(grep -m 1 -oE '^-?[0-9]+$' <<<"$out")
		equal "$hop: 1" "$hop: $(grep -cx -- "$ring" <<<"$out")"
		contains "$hop: $out" "status: 4"
		without_first "$hop: $out"
	done
	end_session a
}

test_root_started_in_its_session_has_none() {
	session first a
	local hop out
	# What would travel without the module.
	contains "$(in_session a 'sudo -n carried-keyctl show @s')" ravi:first
	for hop in 'sudo -n sh -c' 'sudo -n -i sh -c' 'su -c' 'su - -c' 'sudo -n runuser -u root -- sh -c'; do
		out=$(in_session a "$hop look")
		contains "$hop: $out" "token:  status: 4"
		without_first "$hop: $out"
	done
	end_session a
}

test_three_deep_each_has_its_own() {
	session first a
	local out
	out=$(in_session a 'sudo -n -u second su third -c look')
	contains "$out" "token: three"
	without_first "$out"
	lacks "$out" ravi:second
	out=$(in_session a 'su second -c "sudo -n -u human su third -c \"sudo -n -u other look\""')
	contains "$out" "status: 4"
	without_first "$out"
	lacks "$out" ravi:second
	lacks "$out" ravi:third
	# And back again.
	out=$(in_session a 'sudo -n -u second sudo -n -u first look')
	contains "$out" "token: one"
	lacks "$out" ravi:second
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
	equal "" "$(ring_of second)$(ring_of third)"
}

# The name service has more to say of it than a page: that hides from nobody that it is an agent.
test_an_agent_of_a_long_description_is_one() {
	cp -p /etc/passwd /tmp/
	sed -i "s/^\\(first:[^:]*:[^:]*:[^:]*\\):[^:]*/\\1:$(printf 'x%.0s' {1..9000})/" /etc/passwd
	session first a
	local out
	# A session ring of its own that leads to its user keyring.
	out=$(in_session a 'keyctl session - sh -c "keyctl link @u @s; sudo -n -u human look" 2>/dev/null')
	contains "$out" "token:  status: 4"
	without_first "$out"
	end_session a
	cp -p /tmp/passwd /etc/
}

test_without_key_quota_the_session_ring_is_roots_and_leads_no_other_to_the_ring() {
	cat >/usr/local/bin/fall-back <<-'END'
		#!/bin/sh
		PATH=/usr/local/bin:/usr/bin:/bin
		# Where a login as another user led here, one hop further.
		[ "$(id -un)" = first ] || exec sudo -n -u first "$0"
		look | grep -v 'user: fill'
		keyctl rdescribe @s
		echo others:
		sudo -n look
		sudo -n -u human look
	END
	chmod 755 /usr/local/bin/fall-back
	trap 'bare first keyctl clear @u' EXIT
	use_up_quota first
	local hop out
	# The caller is root, a human, another agent: a session ring belongs to the real uid.
	# Of a host without a session ring the kernel takes no quota.
	for hop in 'keyctl session - su - first -c' 'keyctl session - su first -c' 'su - human -c' \
		'su - second -c'; do
		out=$($hop /usr/local/bin/fall-back)
		contains "$hop: ${out%%others:*}" "token: one"
		contains "$hop: $out" "keyring;0;"
		contains "$hop: ${out#*others:}" "token:  status: 4"
		without_first "$hop: ${out#*others:}"
	done
}

test_a_humans_session_keys_survive_his_sudo() {
	session human h
	local key ring out
	ring=$(in_session h 'keyctl id @s')
	key=$(in_session h 'keyctl add user human:ticket precious @s')
	for hop in 'sudo -n sh -c' 'sudo -n -u other sh -c' 'su other -c' 'su -c'; do
		# sudo may complain of a host name that does not resolve: that goes to standard error.
		out=$(in_session h "$hop 'keyctl id @s; keyctl search @s user human:ticket' 2>/dev/null")
		equal "$hop $ring $key" "$hop ${out//$'\n'/ }"
	done
	equal precious "$(in_session h "sudo -n sh -c 'keyctl print $key' 2>/dev/null")"
	# An agent has none of it, and leaves it alone.
	out=$(in_session h 'sudo -n -u first look')
	contains "$out" "token: one"
	lacks "$out" human:ticket
	equal precious "$(in_session h "keyctl print $key")"
	equal "$ring" "$(in_session h 'keyctl id @s')"
	end_session h
}

test_nobodys_stand_in_for_a_session_ring_reaches_an_agent() {
	local hop out
	for hop in 'su first -c' 'sudo -n -u first sh -c'; do
		# shellcheck disable=SC2086 # a command line
		out=$(stand_in human $hop keys)
		contains "$hop: $out" ravi:first
		lacks "$hop: $out" "_uid_ses.$(uid_of human)"
		lacks "$hop: $out" "_uid.$(uid_of human)"
	done
}

test_who_has_no_session_ring_does_not_give_his_stand_in_away() {
	local hop out ring
	# Where nobody is without one, the test above is all there is to see.
	without_session_ring || return 0
	# What is called as session rings are lies in his stand-in, too.
	ring=$(bare human keyctl newring _ses @us)
	for hop in 'su other -c' 'sudo -n -u other sh -c' 'su first -c' 'sudo -n -u first sh -c' 'su -c' 'sudo -n sh -c'; do
		# shellcheck disable=SC2086 # a command line
		out=$(bare human $hop keys)
		lacks "$hop: $out" "_uid_ses.$(uid_of human)"
		lacks "$hop: $out" "_uid.$(uid_of human)"
	done
	bare human keyctl unlink "$ring" @us
	# Not even a ring of their own is forced on those who are no agents.
	contains "$(bare human su other -c keys)" "_uid_ses.$(uid_of other)"
	contains "$(bare human sudo -n keys)" "_uid_ses.0"
}

test_the_callers_and_roots_user_keyrings_hold_nothing() {
	local hop out
	for hop in 'su first -c' 'su - first -c' 'sudo -n -u first sh -c' 'sudo -n runuser -u first -- sh -c'; do
		rm -f /tmp/ready /tmp/go
		# shellcheck disable=SC2086
		bare human $hop 'look >/tmp/ready.new; mv /tmp/ready.new /tmp/ready; until test -e /tmp/go; do sleep 0.05; done' &
		local pid=$!
		eventually 10 test -e /tmp/ready
		out=$(/usr/local/bin/keys; bare human keys; bare second keys)
		# What is in @u is shown to who possesses it, by @s.
		contains "$hop: $(bare first keyctl session - sh -c 'keyctl link @u @s; keyctl show @s')" ravi:first
		touch /tmp/go
		wait $pid
		contains "$hop: $(cat /tmp/ready)" "token: one"
		# ravi:OWN is what a test above has put into the session ring of the tests.
		lacks "$hop: ${out//ravi:OWN/}" ravi:
	done
	rm -f /tmp/ready
}

# spin_as USER: the assault in the background as the agent itself, in a login of its own; stop_spinning ends it.
spin_as() {
	rm -f /tmp/stop
	su - "$1" -c "$ASSAULT agent /tmp/stop" >/tmp/spin.out 2>&1 &
	spinner=$!
	sleep 0.3
}

stop_spinning() {
	touch /tmp/stop
	wait "$spinner" || fail "$(cat /tmp/spin.out)"
	lacks "$(cat /tmp/spin.out)" captured
	# Each process was there, and tried more than once.
	equal 4 "$(grep -cE '^attempts: [0-9]{2,}' /tmp/spin.out)"
}

test_an_agent_that_spins_captures_no_key_while_keys_are_added() {
	session first a
	spin_as first
	"$CHURN" change first "$(ring_of first)" 1000
	stop_spinning
	ravi reload first >/dev/null
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
}

test_an_agent_that_spins_captures_no_ring_while_rings_are_born() {
	session first a
	spin_as first
	"$CHURN" birth first "$(uid_of first)" 1000
	stop_spinning
	ravi reload first >/dev/null
	equal one "$(bare first ravi-keyctl print TOKEN)"
	end_session a
}

test_an_agent_that_spins_captures_nothing_from_logins_and_rotations() {
	session first a
	spin_as first
	trap 'printf %s one | ravi secrets set TOKEN --identity first >/dev/null' EXIT
	local i
	for i in {1..20}; do
		printf %s "$i" | ravi secrets set TOKEN --identity first >/dev/null
		equal "$i" "$(in_session a ravi-keyctl print TOKEN)"
		printf %s new | ravi secrets set "NEW_$i" --identity first >/dev/null
		su - first -c true
	done
	stop_spinning
	for i in {1..20}; do
		ravi secrets delete "NEW_$i" --identity first >/dev/null
	done
	end_session a
}

# Whether the kernel's collector, which runs when it finds the time, has taken KEY out of RING.
is_collected() {
	! keyctl rlist "$2" | grep -qwF -- "$1"
}

test_an_agent_that_invalidates_its_ring_harms_itself_until_the_next_login() {
	session first a
	in_session a "keyctl invalidate $(ring_of first)"
	expect 4 in_session a ravi-keyctl print TOKEN
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	# @u of the old session leads to the new ring.
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	in_session a "keyctl invalidate $(ring_of first)"
	ravi reload first >/dev/null
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	local ring key
	ring=$(ring_of first)
	key=$(keyctl search "$ring" user ravi:TOKEN)
	in_session a "keyctl invalidate $key"
	expect 3 in_session a ravi-keyctl print TOKEN
	# A login counts the links of the ring, and that of a dead key is one of them until it is collected.
	eventually 10 is_collected "$key" "$ring"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
}

test_an_agent_that_clears_its_user_keyring_gets_the_link_back_at_the_next_login() {
	session first a
	in_session a 'keyctl clear @u'
	expect 4 bare first ravi-keyctl print TOKEN
	su - first -c true
	equal one "$(bare first ravi-keyctl print TOKEN)"
	end_session a
}

test_an_agent_that_forbids_links_in_its_keyrings_still_logs_in() {
	# Owner and possessor without LINK: it can be given back, and root cannot link @u anywhere.
	bare first keyctl setperm @u 0x2f2f0000
	local token
	token=$(su first -c 'ravi-keyctl print TOKEN') || true
	bare first keyctl setperm @u 0x1f3f0000
	equal one "$token"
}

test_planted_keys_never_win() {
	session first a
	in_session a 'keyctl add user ravi:TOKEN forged @u; keyctl add user ravi:TOKEN forged @s'
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	equal one "$(in_session a ravi secrets get TOKEN)"
	equal one "$(bare first ravi-keyctl print TOKEN)"
	in_session a 'keyctl purge user ravi:TOKEN >/dev/null; keyctl unlink %user:ravi:TOKEN @u; true' >/dev/null 2>&1
	end_session a
}

# A script that plants a ring RING in KEYRING as like the real one as an agent can make it.
cat >/usr/local/bin/plant <<'END'
#!/bin/sh
# Where this process possesses it: it may not possess @u.
hold=$(keyctl newring hold @s)
ring=$(keyctl newring "$1" "$hold")
keyctl add user ravi:TOKEN forged "$ring" >/dev/null
keyctl add user ravi:@profile "name=first
user=first
uid=$(id -u)
revision=1
keys=1" "$ring" >/dev/null
for key in $(keyctl rlist "$ring"); do
	keyctl setperm "$key" 0x0b3f0000
done
keyctl link "$ring" "$2"
keyctl setperm "$ring" 0x0b3f0000
keyctl unlink "$hold" @s
echo "$ring"
END
chmod 755 /usr/local/bin/plant

# unlink_as_told USER: does what the message says, until no message says so.
unlink_as_told() {
	local command
	while :; do
		command=$(bare "$1" ravi-keyctl print TOKEN 2>&1 | grep -aoE 'keyctl unlink [0-9]+ @[us]' || true)
		[[ -n $command ]] || break
		# shellcheck disable=SC2086
		bare "$1" $command
	done
}

test_a_planted_ring_never_wins_and_is_named() {
	session first a
	local planted said
	planted=$(bare first keyctl session - plant ravi:first @u 2>/dev/null)
	# The session ring still has the real one.
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	equal one "$(in_session a ravi secrets get TOKEN)"
	for tool in 'ravi-keyctl print' 'ravi secrets get'; do
		# shellcheck disable=SC2086
		said=$(expect 4 bare first $tool TOKEN 2>&1)
		contains "$said" "$planted"
		contains "$said" "keyctl unlink $planted @u"
		lacks "$said" forged
	done
	unlink_as_told first
	lacks "$(bare first keys)" ravi:first
	su - first -c true
	equal one "$(bare first ravi-keyctl print TOKEN)"
	# In both places at once: a refusal, never a forged value.
	bare first keyctl session - plant ravi:first @u 2>/dev/null
	in_session a 'plant ravi:first @s'
	said=$(expect 4 in_session a 'ravi-keyctl print TOKEN 2>&1')
	contains "$said" "keyctl unlink"
	ravi reload first >/dev/null
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
}

test_any_number_of_planted_rings_does_not_hide_the_real_one() {
	session first a
	local i
	for i in {1..20}; do
		in_session a "plant ravi:p$i @u; plant ravi:p$i @s" >/dev/null
	done
	equal one "$(in_session a ravi-keyctl print TOKEN)"
	equal one "$(bare first ravi-keyctl print TOKEN)"
	bare first keyctl clear @u
	end_session a
}

test_in_a_user_namespace_the_real_ring_is_found_and_a_planted_one_is_not() {
	session first a
	local map i
	for map in -U -Ur '-U --map-user=4711'; do
		equal "$map one" "$map $(in_session a "unshare $map ravi-keyctl print TOKEN")"
		# There @u is another one; of several rings in @s some come before the real one in the list.
		equal "$map one" "$map $(in_session a "unshare $map sh -c 'plant ravi:first @u >/dev/null
			for i in 1 2 3 4 5; do plant ravi:p\$i @s >/dev/null; done
			ravi-keyctl print TOKEN'")"
	done
	end_session a
}

test_a_uid_that_comes_again_inherits_nothing() {
	local uid serials
	make_agent fourth four
	sed -i 's/^linger=.*/linger=yes/' /var/lib/ravi/agents/fourth
	uid=$(uid_of fourth)
	equal four "$(su - fourth -c 'ravi-keyctl print TOKEN')"
	serials=$(serials_of fourth)
	key_lives "${serials%% *}"
	userdel fourth
	useradd -m -u "$uid" heir
	local out
	out=$(su - heir -c look)
	contains "$out" "token:  status: 4"
	lacks "$out" ravi:fourth
	bare heir "$ASSAULT" stranger $serials
	if key_lives "${serials%% *}"; then fail "the ring lives"; fi
	userdel heir
	ravi identity delete fourth >/dev/null
}

test_a_uid_that_comes_again_is_found_by_the_sweep() {
	local uid ring
	make_agent fifth five
	sed -i 's/^linger=.*/linger=yes/' /var/lib/ravi/agents/fifth
	uid=$(uid_of fifth)
	su - fifth -c true
	ring=$(ring_of fifth)
	key_lives "$ring"
	userdel fifth
	useradd -m -u "$uid" heir
	/usr/libexec/ravi/ravi-load --sweep >/dev/null
	if key_lives "$ring"; then fail "the ring lives"; fi
	expect 4 bare heir ravi-keyctl print TOKEN
	userdel heir
	ravi identity delete fifth >/dev/null
}

test_a_uid_that_comes_again_as_an_agent_inherits_nothing() {
	local uid ring
	make_agent sixth six
	sed -i 's/^linger=.*/linger=yes/' /var/lib/ravi/agents/sixth
	uid=$(uid_of sixth)
	su - sixth -c true
	ring=$(ring_of sixth)
	key_lives "$ring"
	userdel sixth
	useradd -m -u "$uid" seventh
	expect 5 ravi identity create --name seventh --user seventh
	ravi identity delete sixth >/dev/null
	if key_lives "$ring"; then fail "the ring lives"; fi
	ravi identity create --name seventh --user seventh >/dev/null
	equal 3 "$(su - seventh -c 'ravi-keyctl print TOKEN >/dev/null 2>&1; echo $?')"
	lacks "$(bare seventh keys)" ravi:sixth
}

test_a_disabled_identity_has_no_ring_until_it_is_enabled() {
	session third a
	local ring said
	ring=$(ring_of third)
	equal three "$(in_session a ravi-keyctl print TOKEN)"
	ravi identity disable third >/dev/null
	if key_lives "$ring"; then fail "the ring lives"; fi
	expect 4 in_session a ravi-keyctl print TOKEN
	said=$(expect 1 su - third -c true 2>&1)
	contains "$said" "The identity third is disabled"
	# sudo asks account about its caller: open_session has to refuse the ring.
	contains "$(bare human sudo -n -u third look)" "token:  status: 4"
	equal "" "$(ring_of third)"
	ravi identity enable third >/dev/null
	equal three "$(su - third -c 'ravi-keyctl print TOKEN')"
	equal three "$(in_session a ravi-keyctl print TOKEN)"
	end_session a
}

run_tests
