#!/bin/bash
# SPDX-License-Identifier: MIT
# One identity on two machines. The second is a mount namespace with an /etc/ravi, /var/lib/ravi and /run/ravi
# of its own; documents go between the two as files, as an administrator carries them. What a store or a
# stranger could put in their place is refused, each for its own reason, and the good copy stays.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=second.bash
. "$(dirname "$0")/second.bash"
# shellcheck disable=SC2329 # the tests are found by name

out=/tmp/documents

# fresh NAME: a document's path where nothing is yet.
fresh() {
	rm -f "$out/$1.age"
	echo "$out/$1.age"
}

# The first machine's vault of `first` to the second one.
carry() {
	local to
	to=$(fresh carried)
	ravi vault export "$to" --identity first >/dev/null
	there ravi vault import "$to"
}

carry_back() {
	local to
	to=$(fresh carried)
	there ravi vault export "$to" --identity first >/dev/null
	ravi vault import "$to"
}

revision() {
	"$@" ravi vault info first --json | jq .revision
}

test_machines_are_set_up() {
	set_up
	mkdir -p $out
	mkdir -m 700 /root/safe
	mv /etc/ravi/recovery.key /root/safe/
	start_second_machine
	there ravi init --domain agents.test >/dev/null
	mv /tmp/there/etc/recovery.key /root/safe/recovery.there
	ravi host show >/tmp/line.here
	there ravi host show >/tmp/line.there
}

test_host_show_is_one_line_with_both_keys() {
	local line json
	line=$(ravi host show)
	equal 1 "$(ravi host show | wc -l)"
	[[ $line =~ ^ravi-host/1\ age1[0-9a-z]{58}\ [0-9a-f]{64}\ ([0-9a-f]{4}-){7}[0-9a-f]{4}$ ]] || fail "$line"
	json=$(ravi host show --json)
	equal "$line" "$(jq -r .line <<<"$json")"
	equal "$line" "$(jq -r '"ravi-host/1 \(.recipient) \(.signer) \(.fingerprint)"' <<<"$json")"
	[[ $line != "$(there ravi host show)" ]]
	# The recipient is the host key's, as age itself has it; the fingerprint is what is documented.
	sed -n 's/^age=//p' /etc/ravi/host.key >/root/safe/host.age
	equal "$(age-keygen -y /root/safe/host.age)" "$(jq -r .recipient <<<"$json")"
	equal "$(cut -d ' ' -f 4 <<<"$line" | tr -d -)" "$(fingerprint_of "$line")"
	expect 5 setpriv --reuid first --clear-groups ravi host show
}

fingerprint_of() {
	read -r form recipient signer _ <<<"$1"
	printf '%s\n%s %s\n' "$form" "$recipient" "$signer" | b2sum -l 256 | cut -c 1-32
}

test_a_damaged_line_is_refused() {
	local line said
	line=$(there ravi host show)
	said=$(expect 2 ravi vault recipients add "${line/ / x}" --identity first 2>&1)
	contains "$said" "enrolment line"
	said=$(expect 2 ravi vault recipients add "${line%????}0000" --identity first 2>&1)
	contains "$said" "fingerprint"
	# Halves of two lines.
	said=$(expect 2 ravi vault recipients add \
		"$(cut -d ' ' -f 1-2 <<<"$line") $(ravi host show | cut -d ' ' -f 3-4)" --identity first 2>&1)
	contains "$said" "fingerprint"
	said=$(expect 2 ravi vault recipients add "$(cat /root/safe/host.age)" --identity first 2>&1)
	contains "$said" "secret age identity"
	lacks "$said" "$(cat /root/safe/host.age)"
	equal 2 "$(ravi vault recipients list --identity first --json | jq '.recipients | length')"
}

# ---- the second machine comes in ----

test_a_document_for_others_does_not_open() {
	ravi vault export "$(fresh early)" --identity first
	local said
	said=$(expect 5 there ravi vault import $out/early.age 2>&1)
	contains "$said" "not sealed for this host"
}

test_a_recipient_is_added() {
	ravi vault recipients add "$(cat /tmp/line.there)" --identity first
	contains "$(ravi vault recipients add - --identity first </tmp/line.there)" already
	equal 3 "$(ravi vault recipients list --identity first --json | jq '.recipients | length')"
	contains "$(ravi vault recipients list --identity first)" "$(cut -d ' ' -f 2 /tmp/line.there)"
	contains "$(ravi vault recipients list --identity first)" "this machine"
	contains "$(ravi vault recipients list --identity first)" "recovery key"
	# It still says so to a session that is running, and nothing of the ring was lost.
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_the_first_document_needs_trust() {
	local said
	ravi vault export "$(fresh first)" --identity first
	said=$(expect 5 there ravi vault import $out/first.age 2>&1)
	contains "$said" "unknown signer $(cut -d ' ' -f 3 /tmp/line.here)"
	contains "$said" "ravi identity trust first"
	[[ ! -e /tmp/there/lib/vaults/first.age ]]
	[[ -z $(ls /tmp/there/lib/agents) ]]
}

test_trust_is_one_line_of_a_public_file() {
	echo '# whom we believe' >/tmp/there/etc/trusted
	there ravi identity trust other "$(cat /tmp/line.there)"
	there ravi identity trust first "$(cat /tmp/line.here)" --min-revision 1000
	there ravi identity trust first - --min-revision 1 </tmp/line.here
	equal "644 root" "$(stat -c '%a %U' /tmp/there/etc/trusted)"
	equal "# whom we believe
other $(cut -d ' ' -f 3 /tmp/line.there)
first $(cut -d ' ' -f 3 /tmp/line.here) 1" "$(cat /tmp/there/etc/trusted)"
	expect 2 there ravi identity trust first nonsense
	expect 2 there ravi identity trust first "$(cat /tmp/line.here)" --min-revision 0
}

test_the_least_revision_is_kept_to() {
	local said
	there ravi identity trust first "$(cat /tmp/line.here)" --min-revision 1000
	said=$(expect 5 there ravi vault import $out/first.age 2>&1)
	contains "$said" "wants at least 1000"
	there ravi identity trust first "$(cat /tmp/line.here)"
}

test_the_identity_logs_in_on_both() {
	# An OS user of another name: two machines on one kernel must not share a user's keyring.
	contains "$(there ravi vault import $out/first.age --user faraway)" "Made, to carry it, the OS user faraway"
	equal "$(ravi identity show first --json | jq -r '.uuid, .email')" \
		"$(there ravi identity show first --json | jq -r '.uuid, .email')"
	equal faraway "$(there ravi identity show first --json | jq -r .user)"
	equal one "$(su - first -c 'ravi-keyctl print TOKEN')"
	equal one "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
	contains "$(there su - faraway -c 'ravi-keyctl status')" first
	cmp $out/first.age /tmp/there/lib/vaults/first.age
	equal "600 root" "$(stat -c '%a %U' /tmp/there/lib/vaults/first.age)"
}

test_the_same_document_again_changes_nothing() {
	contains "$(there ravi vault import - <$out/first.age)" "was here already"
	contains "$(ravi vault import $out/first.age)" "was here already"
}

test_a_rotation_reaches_running_sessions_there() {
	session_there faraway a
	equal one "$(in_session a 'ravi-keyctl print TOKEN')"
	printf 'newer' | ravi secrets set TOKEN --identity first
	equal one "$(in_session a 'ravi-keyctl print TOKEN')"
	contains "$(carry)" "in the place of"
	equal newer "$(in_session a 'ravi-keyctl print TOKEN')"
	printf 'added' | ravi secrets set SECOND --identity first
	carry
	equal added "$(in_session a 'ravi-keyctl print SECOND')"
	end_session a
	equal "$(revision)" "$(revision there)"
}

test_a_reader_may_not_write() {
	local said
	said=$(printf x | expect 5 there ravi secrets set TOKEN --identity first 2>&1)
	contains "$said" "may not write the vault"
	contains "$said" "ravi vault signers add LINE --identity first"
	# What it wrote of itself no other machine would take.
	said=$(expect 5 there ravi vault signers add "$(cat /tmp/line.there)" --identity first 2>&1)
	contains "$said" "may not write the vault"
	equal 1 "$(there ravi vault signers list --identity first --json | jq '.signers | length')"
	equal newer "$(there ravi secrets get TOKEN --identity first)"
}

test_a_signer_writes_for_both() {
	ravi vault signers add "$(cat /tmp/line.there)" --identity first
	equal 2 "$(ravi vault signers list --identity first --json | jq '.signers | length')"
	carry
	printf 'from there' | there ravi secrets set TOKEN --identity first
	session first a
	equal newer "$(in_session a 'ravi-keyctl print TOKEN')"
	carry_back
	equal 'from there' "$(in_session a 'ravi-keyctl print TOKEN')"
	end_session a
}

# not_recovered [there]: the identities of which doctor says that the recovery key of that machine lacks them.
not_recovered() {
	"$@" ravi doctor --json | jq -r '[.findings[] | select(.id == "vault-recovery" and .level == "warn") | .about] | join(" ")'
}

# Whose recovery key a vault of another machine's has nobody can tell; that nobody else opens it can be seen.
test_a_vault_from_elsewhere_needs_no_recovery_key_of_ours() {
	local key
	equal "" "$(not_recovered there)"
	equal "" "$(not_recovered)"
	cp -p /tmp/there/lib/vaults/first.age /tmp/shared.age
	key=$(cat /etc/ravi/recovery.pub)
	there ravi vault recipients remove "$key" --identity first
	equal "" "$(not_recovered there)"
	there ravi vault recipients remove - --identity first </tmp/line.here
	equal first "$(not_recovered there)"
	cp -p /tmp/shared.age /tmp/there/lib/vaults/first.age
	there ravi reload faraway >/dev/null
	# The one that made it has its own to keep to.
	cp -p /var/lib/ravi/vaults/first.age /tmp/ours.age
	ravi vault recipients remove "$key" --identity first >/dev/null
	equal first "$(not_recovered)"
	cp -p /tmp/ours.age /var/lib/ravi/vaults/first.age
	ravi reload first >/dev/null
}

test_a_disabled_identity_is_disabled_there() {
	ravi identity disable first >/dev/null
	session_there faraway a
	carry
	expect 4 in_session a 'ravi-keyctl print TOKEN'
	end_session a
	equal disabled "$(there ravi identity show first --json | jq -r .state)"
	ravi identity enable first >/dev/null
	carry
	equal 'from there' "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
}

test_documents_move_through_pipes() {
	printf piped | ravi secrets set TOKEN --identity first
	ravi vault export - --identity first | there ravi vault import -
	equal piped "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
	expect 1 ravi vault export $out/first.age --identity first
	expect 1 there ravi vault import $out/missing.age
	head -c 3000000 /dev/zero >$out/huge.age
	expect 1 there ravi vault import $out/huge.age
}

test_nobody_there_logs_in_without_a_user() {
	local said
	make_agent third three
	ravi vault recipients add "$(cat /tmp/line.there)" --identity third
	there ravi identity trust third "$(cat /tmp/line.here)"
	ravi vault export "$(fresh third)" --identity third
	contains "$(there ravi vault import $out/third.age --no-user)" "--user OSUSER"
	equal null "$(there ravi identity show third --json | jq .user)"
	contains "$(there ravi vault import $out/third.age --user faraway)" "carried by the OS user faraway"
	equal three "$(there su - faraway -c 'ravi-keyctl print TOKEN --identity third')"
	expect 1 there ravi vault import $out/third.age --user faraway2
	ravi identity create --name fourth.agent --user fourth >/dev/null
	ravi vault recipients add "$(cat /tmp/line.there)" --identity fourth.agent
	there ravi identity trust fourth.agent "$(cat /tmp/line.here)"
	ravi vault export "$(fresh fourth)" --identity fourth.agent
	said=$(expect 1 there ravi vault import $out/fourth.age 2>&1)
	contains "$said" "--user OSUSER"
	# It was taken all the same.
	equal "done null" "$(there ravi audit --event vault-import --json | jq -r '.[-1] | "\(.result) \(.user)"')"
	contains "$(there ravi audit --event vault-import --json | jq -r '.[-1].cause')" "no OS user carries it"
	there ravi vault import $out/fourth.age --user fourth
	equal fourth.agent "$(there su - fourth -c 'ravi-keyctl status --json' | jq -r '.. | .name? // empty' | head -n 1)"
}

# As identity create makes it: the OS user has the identity's name.
test_the_first_document_makes_the_user() {
	ravi identity create --name sixth --user sixth-here >/dev/null
	printf six | ravi secrets set TOKEN --identity sixth >/dev/null
	ravi vault recipients add - --identity sixth </tmp/line.there
	there ravi identity trust sixth - </tmp/line.here
	if id sixth; then fail "there is a user"; fi
	ravi vault export - --identity sixth | there ravi vault import - --linger
	equal six "$(there su - sixth -c 'ravi-keyctl print TOKEN')"
	equal "done sixth new" "$(there ravi audit --event vault-import --json | jq -r '.[-1] | "\(.result) \(.user) \(.entry)"')"
	equal true "$(there ravi identity show sixth --json | jq .linger)"
	there ravi release sixth
}

# ---- what is refused ----

# document: the JSON of the first machine's vault, as anybody with the recovery key has it.
document() {
	age -d -i /root/safe/recovery.key /var/lib/ravi/vaults/first.age | tail -n +2
}

# forge HOST-KEY OUT: signs the JSON on stdin with that host key, as the format is documented, and seals it to
# the second machine. None of it is done by a program of ours.
forge() {
	local seed signer signature
	seed=$(sed -n 's/^signer=//p' "$1")
	# RFC 8410: an Ed25519 private key is this, and the seed.
	printf %b "$(sed 's/../\\x&/g' <<<"302e020100300506032b657004220420$seed")" >/tmp/forge.der
	{
		echo ravi-vault/1
		cat
	} >/tmp/forge.signed
	openssl pkeyutl -sign -inkey /tmp/forge.der -keyform DER -rawin -in /tmp/forge.signed -out /tmp/forge.sig
	signature=$(od -An -tx1 -v /tmp/forge.sig | tr -d ' \n')
	signer=$(openssl pkey -in /tmp/forge.der -inform DER -pubout -outform DER | tail -c 32 | od -An -tx1 -v |
		tr -d ' \n')
	{
		echo "ravi-vault/1 ed25519 $signer $signature"
		tail -n +2 /tmp/forge.signed
	} | age -r "$(cut -d ' ' -f 2 /tmp/line.there)" >"$2"
}

# refused FILE AUDIT-WORD PART [OPTION...]: the second machine refuses it with PART in its words and AUDIT-WORD
# on record; what it has stays, to the byte and in the ring.
refused() {
	local file=$1 word=$2 part=$3 said
	shift 3
	cp /tmp/there/lib/vaults/first.age /tmp/good.age
	: >"$SYSLOG"
	said=$(expect 5 there ravi vault import "$file" "$@" 2>&1)
	contains "$said" "is refused"
	contains "$said" "$part"
	eventually 5 grep -q "event=vault-import .*refused=$word .*result=denied" "$SYSLOG"
	cmp /tmp/good.age /tmp/there/lib/vaults/first.age
	equal good "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
}

test_the_forger_can_write_what_is_taken() {
	printf good | ravi secrets set TOKEN --identity first
	carry
	document >/tmp/document
	# So that every refusal below is for what it says: this one differs in nothing else.
	jq '.revision += 1 | .previous = $hash' --arg hash \
		"$(ravi vault info first --json | jq -r .hash)" /tmp/document | forge /etc/ravi/host.key $out/honest.age
	cp /tmp/there/lib/vaults/first.age /tmp/good.age
	contains "$(there ravi vault import $out/honest.age)" "took revision"
	cp /tmp/good.age /tmp/there/lib/vaults/first.age
}

# It could not open what it wrote: a document sealed for it that names others alone is read, and not written.
test_a_machine_does_not_lock_itself_out() {
	local own said
	own=$(cut -d ' ' -f 2 /tmp/line.there)
	jq '.revision += 1 | .previous = $hash | .recipients -= [$own]
		| .signers |= (. + [$signer] | unique)' --arg own "$own" --arg signer "$(cut -d ' ' -f 3 /tmp/line.there)" --arg hash \
		"$(ravi vault info first --json | jq -r .hash)" /tmp/document | forge /etc/ravi/host.key $out/without.age
	cp /tmp/there/lib/vaults/first.age /tmp/good.age
	there ravi vault import $out/without.age
	cp /tmp/there/lib/vaults/first.age /tmp/without.age
	said=$(printf lost | expect 5 there ravi secrets set TOKEN --identity first 2>&1)
	contains "$said" "ravi host show | ravi vault recipients add - --identity first"
	cmp /tmp/without.age /tmp/there/lib/vaults/first.age
	equal good "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
	there ravi host show | there ravi vault recipients add - --identity first >/dev/null
	printf new | there ravi secrets set TOKEN --identity first >/dev/null
	equal new "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
	cp /tmp/good.age /tmp/there/lib/vaults/first.age
	there ravi reload faraway >/dev/null
}

test_a_foreign_signer_is_refused() {
	mkdir -p /tmp/stranger
	[[ -e /tmp/stranger/host.key ]] || unshare --mount --propagation private bash -c '
		mount --bind /tmp/stranger /etc/ravi && ravi init >/dev/null && ravi host show >/tmp/line.stranger'
	local stranger
	stranger=$(cut -d ' ' -f 3 /tmp/line.stranger)
	jq '.revision += 1 | .signers = [$s]' --arg s "$stranger" /tmp/document |
		forge /tmp/stranger/host.key $out/foreign.age
	refused $out/foreign.age signer "signed by $stranger, whom the copy held here"
	jq '.revision += 1 | .signers += [$s]' --arg s "$stranger" /tmp/document |
		forge /tmp/stranger/host.key $out/foreign.age
	refused $out/foreign.age signer "signed by $stranger, whom the copy held here"
	# Trust is for the first document of an identity alone.
	there ravi identity trust first "$(cat /tmp/line.stranger)" 2>/dev/null
	refused $out/foreign.age signer "signed by $stranger, whom the copy held here"
}

test_a_stripped_list_of_signers_is_refused() {
	jq '.revision += 1 | .signers = []' /tmp/document | forge /etc/ravi/host.key $out/stripped.age
	refused $out/stripped.age malformed "signers must be a list of 1 to 16 signers"
	jq '.revision += 1 | .signers = [$s]' --arg s "$(cut -d ' ' -f 3 /tmp/line.there)" /tmp/document |
		forge /etc/ravi/host.key $out/stripped.age
	refused $out/stripped.age signer "not among the signers it names itself"
	jq '.revision += 1 | del(.signers)' /tmp/document | forge /etc/ravi/host.key $out/stripped.age
	refused $out/stripped.age malformed "signers must be a list"
}

test_another_identity_is_refused() {
	ravi vault recipients add - --identity second </tmp/line.there
	ravi vault export "$(fresh second)" --identity second
	refused $out/second.age other-identity "the document is that of second" --identity first
	refused $out/second.age signer "unknown signer"
	[[ ! -e /tmp/there/lib/vaults/second.age ]]
	# The same name, by a signer who is known, and it is another one all the same.
	jq '.revision += 1 | .identity.uuid = "11111111-2222-4333-8444-555555555555"' /tmp/document |
		forge /etc/ravi/host.key $out/other.age
	refused $out/other.age other-identity "11111111-2222-4333-8444-555555555555"
	jq '.revision += 1 | .identity.name = "third"' /tmp/document | forge /etc/ravi/host.key $out/other.age
	refused $out/other.age other-identity "the document is that of third"
}

test_what_is_rolled_back_is_refused() {
	refused $out/first.age rolled-back "older than revision"
	jq '.revision -= 1' /tmp/document | forge /etc/ravi/host.key $out/older.age
	refused $out/older.age rolled-back "older than revision"
}

test_a_revision_that_jumps_is_refused() {
	jq '.revision += 1000001' /tmp/document | forge /etc/ravi/host.key $out/jump.age
	refused $out/jump.age revision-jump "more than 1000000 ahead"
	jq '.revision = 9007199254740991' /tmp/document | forge /etc/ravi/host.key $out/jump.age
	refused $out/jump.age revision-jump "more than 1000000 ahead"
}

test_what_was_changed_is_refused() {
	age -d -i /root/safe/recovery.key /var/lib/ravi/vaults/first.age | sed 's/"good"/"evil"/' |
		age -r "$(cut -d ' ' -f 2 /tmp/line.there)" >$out/changed.age
	refused $out/changed.age signer "signature is wrong"
	jq '.revision += 1' /tmp/document | sed 's/^{/{"state": "active",/' | forge /etc/ravi/host.key $out/twice.age
	refused $out/twice.age malformed "names a member twice"
	head -c -20 /tmp/there/lib/vaults/first.age >$out/cut.age
	refused $out/cut.age malformed ""
	echo nonsense >$out/nonsense.age
	refused $out/nonsense.age malformed ""
	: >$out/empty.age
	refused $out/empty.age malformed ""
}

# ---- a fork ----

test_of_a_fork_both_are_kept() {
	local held
	printf mine | ravi secrets set SECOND --identity first
	printf theirs | there ravi secrets set SECOND --identity first
	held=$(revision there)
	equal "$held" "$(revision)"
	ravi vault export "$(fresh fork)" --identity first
	refused $out/fork.age fork "(a fork"
	equal 1 "$(find /tmp/there/lib/forks -type f | wc -l)"
	equal "600 root" "$(stat -c '%a %U' /tmp/there/lib/forks/*)"
	cmp $out/fork.age /tmp/there/lib/forks/*
	# The same one again is the same file.
	refused $out/fork.age fork "(a fork"
	equal 1 "$(find /tmp/there/lib/forks -type f | wc -l)"
	# What grew from the other branch is one as well.
	printf more | ravi secrets set THIRD --identity first
	ravi vault export "$(fresh grown)" --identity first
	refused $out/grown.age fork "grew from another revision"
	equal 2 "$(find /tmp/there/lib/forks -type f | wc -l)"
	equal theirs "$(there ravi secrets get SECOND --identity first)"
}

test_the_branch_that_counts_is_taken() {
	local kept
	kept=$(ls /tmp/there/lib/forks/*."$(revision there)"-*)
	equal "$(revision there)" "$(there ravi vault info --file "${kept/#\/tmp\/there\/lib/\/var\/lib\/ravi}" --json | jq .revision)"
	there ravi vault import $out/grown.age --over-fork
	equal mine "$(there su - faraway -c 'ravi-keyctl print SECOND')"
	equal more "$(there su - faraway -c 'ravi-keyctl print THIRD')"
	equal "$(revision)" "$(revision there)"
	# The branch that does not count is kept, too.
	equal 3 "$(find /tmp/there/lib/forks -type f | wc -l)"
	printf again | there ravi secrets set SECOND --identity first
	carry_back
	equal again "$(ravi secrets get SECOND --identity first)"
}

# ---- out again ----

test_who_is_removed_leaves_a_list() {
	local said
	said=$(expect 5 ravi vault recipients remove "$(cat /tmp/line.here)" --identity first 2>&1)
	contains "$said" "this machine"
	expect 5 ravi vault signers remove "$(cat /tmp/line.here)" --identity first
	expect 3 ravi vault recipients remove "$(cat /tmp/line.stranger)" --identity first
	said=$(ravi vault recipients remove "$(cat /tmp/line.there)" --identity first)
	contains "$said" "store them: SECOND SSH_SIGNING_KEY THIRD TOKEN"
	contains "$said" "ravi vault signers remove $(cut -d ' ' -f 3 /tmp/line.there)"
	ravi vault signers remove - --identity first </tmp/line.there
	equal '["SECOND","SSH_SIGNING_KEY","THIRD","TOKEN"]' "$(ravi vault info first --json | jq -c '.removed[0].rotate')"
	printf fresh | ravi secrets set TOKEN --identity first
	ravi identity sign-key first >/dev/null
	printf none | ravi secrets set NEVER_SEEN --identity first
	equal '["SECOND","THIRD"]' "$(ravi vault info first --json | jq -c '.removed[0].rotate')"
	contains "$(ravi vault info first)" "store new values: SECOND THIRD"
	# A value that comes back is still known to who was removed.
	ravi secrets rollback TOKEN --identity first >/dev/null
	equal '["SECOND","THIRD","TOKEN"]' "$(ravi vault info first --json | jq -c '.removed[0].rotate')"
	printf fresher | ravi secrets set TOKEN --identity first
}

test_who_is_removed_neither_reads_nor_writes() {
	ravi vault export "$(fresh after)" --identity first
	refused_there=$(expect 5 there ravi vault import $out/after.age 2>&1)
	contains "$refused_there" "not sealed for this host"
	printf theirs | there ravi secrets set TOKEN --identity first
	there ravi vault export "$(fresh late)" --identity first
	local said
	said=$(expect 5 ravi vault import $out/late.age 2>&1)
	contains "$said" "does not list as a signer"
	equal fresher "$(ravi secrets get TOKEN --identity first)"
}

test_json_of_a_removal() {
	ravi vault recipients add - --identity first </tmp/line.there
	equal 0 "$(ravi vault info first --json | jq '.removed | length')"
	equal '["NEVER_SEEN","SECOND","SSH_SIGNING_KEY","THIRD","TOKEN"]' \
		"$(ravi vault recipients remove - --identity first --json </tmp/line.there | jq -c .rotate)"
	ravi vault recipients add - --identity first </tmp/line.there
	ravi vault signers add - --identity first </tmp/line.there
	rm /tmp/there/lib/vaults/first.age
	ravi vault export "$(fresh return)" --identity first
	there ravi vault import $out/return.age
	equal fresher "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
}

# ---- new keys ----

test_rekey_seals_anew() {
	local before
	before=$(revision)
	cp /var/lib/ravi/vaults/first.age /tmp/before.age
	contains "$(ravi vault rekey --identity first)" "revision $((before + 1))"
	if cmp -s /tmp/before.age /var/lib/ravi/vaults/first.age; then fail "the same bytes"; fi
	equal "$((before + 1))" "$(revision)"
	carry
	contains "$(ravi vault rekey --all)" "second: sealed anew"
	equal fresher "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_a_replaced_host_key_comes_in_by_the_former_one() {
	local said
	carry
	mv /tmp/there/etc/host.key /root/safe/former.there
	there ravi init >/dev/null
	said=$(expect 5 there ravi secrets get TOKEN --identity first 2>&1)
	contains "$said" "ravi vault rekey --identity first --key"
	# Not with any key.
	said=$(expect 5 there ravi vault rekey --identity first --key /tmp/stranger/host.key 2>&1)
	contains "$said" "neither that key nor this machine's"
	expect 1 there ravi vault rekey --identity first --key /tmp/line.here
	said=$(there ravi vault rekey --identity first --key /root/safe/former.there)
	contains "$said" "ravi vault signers remove $(cut -d ' ' -f 3 /tmp/line.there)"
	contains "$said" " TOKEN"
	# And the others of that user, of which one is done already.
	there ravi vault rekey --all --key /root/safe/former.there >/dev/null
	equal three "$(there ravi secrets get TOKEN --identity third)"
	equal fresher "$(there su - faraway -c 'ravi-keyctl print TOKEN')"
	lacks "$(there ravi vault recipients list --identity first)" "$(cut -d ' ' -f 2 /tmp/line.there)"
	# It is signed by the former one, so the other machine takes it, and what the new one writes after it.
	carry_back
	there ravi host show >/tmp/line.there
	printf 'new key' | there ravi secrets set TOKEN --identity first
	carry_back
	equal 'new key' "$(su - first -c 'ravi-keyctl print TOKEN')"
}

test_a_lost_host_key_comes_back_by_the_recovery_key() {
	mv /etc/ravi/host.key /root/safe/lost.here
	ravi init >/dev/null
	expect 5 ravi secrets get TOKEN --identity second
	ravi vault rekey --all --key /root/safe/recovery.key >/dev/null
	equal two "$(ravi secrets get TOKEN --identity second)"
	equal two "$(su - second -c 'ravi-keyctl print TOKEN')"
	printf 'goes on' | ravi secrets set TOKEN --identity second
	equal 'goes on' "$(su - second -c 'ravi-keyctl print TOKEN')"
	ravi host show >/tmp/line.here
}

# ---- the end of an identity ----

test_a_tombstone_ends_it_there() {
	make_agent mortal alive
	ravi vault recipients add - --identity mortal </tmp/line.there
	there ravi identity trust mortal - </tmp/line.here
	ravi vault export "$(fresh alive)" --identity mortal
	there ravi vault import $out/alive.age --user mortal2
	session_there mortal2 a
	equal alive "$(in_session a 'ravi-keyctl print TOKEN')"
	ravi identity delete mortal >/dev/null
	ravi vault export "$(fresh tombstone)" --identity mortal
	contains "$(there ravi vault import $out/tombstone.age)" deleted
	expect 4 in_session a 'ravi-keyctl print TOKEN'
	end_session a
	contains "$(cat /tmp/there/lib/agents/mortal2)" state=deleted
	local said
	said=$(expect 5 there ravi vault import $out/alive.age 2>&1)
	contains "$said" "older than revision"
}

# It would be alive there and deleted here for good.
test_a_name_starts_again_where_it_may_be_written() {
	local said
	cp -p /tmp/there/lib/vaults/mortal.age /tmp/tombstone.there
	said=$(expect 5 there ravi identity create --name mortal --user mortal2 2>&1)
	contains "$said" "this machine is none of its signers"
	contains "$said" "rm /var/lib/ravi/vaults/mortal.age"
	cmp /tmp/tombstone.there /tmp/there/lib/vaults/mortal.age
	contains "$(cat /tmp/there/lib/agents/mortal2)" state=deleted
	# Who may write it may start it again.
	ravi identity create --name passing >/dev/null
	ravi vault recipients add - --identity passing </tmp/line.there
	ravi vault signers add - --identity passing </tmp/line.there
	there ravi identity trust passing - </tmp/line.here
	ravi identity delete passing >/dev/null
	ravi vault export - --identity passing | there ravi vault import - --no-user
	there ravi identity create --name passing --user passing2 >/dev/null
	there ravi vault recipients add - --identity passing </tmp/line.here
	there ravi vault export - --identity passing | ravi vault import - --user passing
	equal active "$(ravi identity show passing --json | jq -r .state)"
}

test_a_name_that_starts_again_is_taken_there() {
	printf 'second life' | {
		ravi identity create --name mortal >/dev/null
		ravi secrets set TOKEN --identity mortal
	}
	ravi vault recipients add - --identity mortal </tmp/line.there
	ravi vault export "$(fresh reborn)" --identity mortal
	there ravi vault import $out/reborn.age
	equal 'second life' "$(there su - mortal2 -c 'ravi-keyctl print TOKEN')"
	local said
	said=$(expect 5 there ravi vault import $out/tombstone.age 2>&1)
	contains "$said" "the document is that of mortal ("
	expect 1 there ravi vault import /tmp/nothing.age
	equal 'second life' "$(there ravi secrets get TOKEN --identity mortal)"
}

run_tests
