#!/bin/bash
# SPDX-License-Identifier: MIT
# Many secrets at once: ravi secrets import and export, into live rings, and through other programs' hands.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

# A value that every form has trouble with.
NASTY=$'it\'s "two"\n\tlines \\n $HOME `id` #x \xc3\xa9\xf0\x9f\x94\x91 '

revision() {
	ravi identity show "$1" --json | jq .revision
}

# actions FILE OPTION...: "NAME:action ..." as --json tells.
actions() {
	ravi secrets import --json "$@" 2>/dev/null | jq -r '[.secrets[] | "\(.name):\(.action)"] | join(" ")'
}

test_set_up() {
	set_up
	useradd -m human
}

test_a_dotenv_file_is_one_revision() {
	local before out
	cat >/root/.env <<-'END'
		# of the deploy account
		export GH_TOKEN=ghp_abc # rotated weekly
		deploy_key='-----BEGIN KEY-----
		line $two
		-----END KEY-----'
		WEBHOOK="a\nb"

		EMPTY=
	END
	chmod 600 /root/.env
	session first live
	before=$(revision first)
	out=$(ravi secrets import /root/.env -i first 2>/tmp/notes)
	contains "$out" "imported 3 of 3 secrets for first, revision $((before + 1))"
	lacks "$out$(cat /tmp/notes)" ghp_abc
	contains "$(cat /tmp/notes)" "line 8: EMPTY is empty and was left out"
	contains "$(cat /tmp/notes)" "/root/.env still holds them in clear; delete it"
	equal $((before + 1)) "$(revision first)"
	equal ghp_abc "$(in_session live ravi-keyctl print GH_TOKEN)"
	equal $'-----BEGIN KEY-----\nline $two\n-----END KEY-----' "$(ravi secrets get DEPLOY_KEY -i first)"
	equal $'a\nb' "$(ravi secrets get WEBHOOK -i first)"
	end_session live
}

test_the_same_file_again_changes_nothing() {
	local before
	before=$(sha256sum /var/lib/ravi/vaults/first.age)
	equal "GH_TOKEN:unchanged DEPLOY_KEY:unchanged WEBHOOK:unchanged" "$(actions /root/.env -i first)"
	equal "$before" "$(sha256sum /var/lib/ravi/vaults/first.age)"
}

test_of_many_names_it_says_how_many_more() {
	local said
	ravi identity create --name many --user first >/dev/null
	seq -f 'MANY_%g=one' 60 | ravi secrets import - -i many >/dev/null
	said=$(seq -f 'MANY_%g=two' 60 | expect 1 ravi secrets import - -i many 2>&1)
	[[ $said =~ MANY_1,\ .*,\ MANY_([0-9]+)\ and\ ([0-9]+)\ more\;\ say\  ]] || fail "$said"
	equal 60 "$((BASH_REMATCH[1] + BASH_REMATCH[2]))"
	ravi identity delete many >/dev/null
}

test_names_that_are_there_are_the_users_to_decide() {
	local before
	printf 'GH_TOKEN=older\nNEWER=value\n' >/root/other.env
	before=$(revision first)
	refused 1 "has other values of GH_TOKEN; say --existing replace" ravi secrets import /root/other.env -i first
	refused 1 "has other values of GH_TOKEN" ravi secrets import -n /root/other.env -i first
	refused 2 "--existing" ravi secrets import /root/other.env -i first --existing maybe
	equal "$before" "$(revision first)"
	equal "GH_TOKEN:kept NEWER:new" "$(actions /root/other.env -i first --existing keep)"
	equal ghp_abc "$(ravi secrets get GH_TOKEN -i first)"
	equal "GH_TOKEN:replaced NEWER:unchanged" "$(actions /root/other.env -i first --existing replace)"
	equal older "$(ravi secrets get GH_TOKEN -i first)"
	equal ghp_abc "$(ravi secrets get GH_TOKEN -i first --version 1)"
	equal $((before + 2)) "$(revision first)"
}

test_a_dry_run_does_nothing() {
	local before
	before=$(sha256sum /var/lib/ravi/vaults/first.age)
	contains "$(ravi secrets import -n - -i first <<<'DRY=value')" "would import 1 of 1 secrets for first"
	equal true "$(ravi secrets import --dry-run --json - -i first <<<'DRY=value' | jq .dry_run)"
	equal "$before" "$(sha256sum /var/lib/ravi/vaults/first.age)"
	{
		for i in $(seq 9); do
			printf 'BIG_%s=%s\n' "$i" "$(head -c 32000 /dev/zero | tr '\0' x)"
		done
	} >/tmp/big.env
	refused 1 "values of first would have" ravi secrets import -n /tmp/big.env -i first
	refused 1 "values of first would have" ravi secrets import /tmp/big.env -i first
	equal "$before" "$(sha256sum /var/lib/ravi/vaults/first.age)"
}

test_one_bad_line_refuses_the_file() {
	local said
	said=$(printf 'GOOD=value\nghp_a-token-alone\nB.C=hidden\n' | expect 1 ravi secrets import - -i first 2>&1)
	contains "$said" "-: line 2 is not NAME=VALUE"
	contains "$said" "-: line 3 is not NAME=VALUE"
	contains "$said" "nothing was imported"
	lacks "$said" ghp_
	lacks "$said" hidden
	refused 3 GOOD ravi secrets get GOOD -i first
	refused 1 "holds no secret" ravi secrets import /dev/null -i first
	refused 1 "No such file" ravi secrets import /tmp/nowhere -i first
	refused 1 "no valid JSON at line 1" ravi secrets import - -i first <<<'{"A": hidden}'
	refused 1 "File too large" ravi secrets import - -i first < <(yes A=b)
}

test_a_file_that_others_can_read_is_named() {
	chmod 644 /root/other.env
	contains "$(ravi secrets import /root/other.env -i first 2>&1)" "in clear, and others can read it; delete it"
}

test_json_with_expiry_and_notes() {
	cat >/tmp/in.json <<-END
		{"FLAT": "value", "RICH": {"value": "v", "note": "what for", "expires_dt": "2099-01-01T00:00:00Z"}}
	END
	equal "FLAT:new RICH:new" "$(actions /tmp/in.json -i first --expires 1h)"
	equal "2099-01-01T00:00:00Z what for" \
		"$(ravi secrets get RICH -i first --json | jq -r '"\(.expires_dt) \(.note)"')"
	[[ $(ravi secrets get FLAT -i first --json | jq -r .expires_dt) == 20*Z ]]
}

test_codex_monitors_token() {
	cat >/tmp/settings.json <<-END
		{"codexBin": null, "backendMode": "remote", "remoteBackendHost": "127.0.0.1:4732",
		 "remoteBackendToken": "tok-1", "remoteBackends": [{"id": "x", "token": "tok-2"}]}
	END
	contains "$(ravi secrets import /tmp/settings.json -i first 2>&1)" "1 of the tokens in remoteBackends"
	equal tok-1 "$(ravi secrets get CODEX_MONITOR_DAEMON_TOKEN -i first)"
	refused 1 "no remoteBackendToken" ravi secrets import - -i first --format codex-monitor <<<'{}'
}

# ---- export ----

# The values of all but the identity's own key, of one identity, in one line each.
values() {
	local name
	for name in $(ravi secrets list -i "$1" --json | jq -r '.[].name' | grep -v SSH_SIGNING_KEY); do
		printf '%s %s\n' "$name" "$(ravi secrets get "$name" -i "$1" | sha256sum)"
	done
}

test_every_form_round_trips() {
	local form
	printf %s "$NASTY" | ravi secrets set NASTY -i first --file -
	for form in dotenv json; do
		ravi identity create --name "copy-$form" >/dev/null
		ravi secrets export -i first --format "$form" 2>/dev/null |
			ravi secrets import - -i "copy-$form" >/dev/null
		equal "$(values first)" "$(values "copy-$form" | sed "s/copy-$form/first/")"
	done
}

test_a_shell_reads_what_is_exported() {
	ravi secrets export NASTY DEPLOY_KEY GH_TOKEN -i first >/tmp/out.env
	# shellcheck disable=SC2016 # the inner shell's
	equal "$NASTY." "$(sh -c '. /tmp/out.env; printf "%s." "$NASTY"')"
	# shellcheck disable=SC2016
	equal "$(ravi secrets get DEPLOY_KEY -i first)" "$(sh -c 'set -a; . /tmp/out.env; printenv DEPLOY_KEY')"
	equal 3 "$(grep -cE '^(NASTY|DEPLOY_KEY|GH_TOKEN)=' /tmp/out.env)"
}

test_a_name_that_is_said_twice_is_there_once() {
	ravi secrets export DEPLOY_KEY GH_TOKEN gh_token GH_TOKEN -i first --json >/tmp/out.json
	equal 1 "$(grep -c '"GH_TOKEN"' /tmp/out.json)"
	ravi secrets import /tmp/out.json -i first --dry-run >/dev/null
	equal 1 "$(ravi secrets export GH_TOKEN GH_TOKEN -i first | grep -c GH_TOKEN)"
}

test_jq_reads_what_is_exported() {
	equal "$NASTY." "$(ravi secrets export -i first --json 2>/dev/null | jq -rj '.NASTY, "."')"
	equal "what for 2099-01-01T00:00:00Z v" "$(ravi secrets export RICH -i first --full |
		jq -r '.RICH | "\(.note) \(.expires_dt) \(.value)"')"
}

test_bytes_go_by_json() {
	printf 'a\0\xff' | ravi secrets set BYTES -i second --file -
	refused 1 "BYTES has a NUL byte" ravi secrets export -i second
	equal YQD/ "$(ravi secrets export BYTES -i second --json | jq -r .BYTES.value_base64)"
	ravi secrets export BYTES -i second --json | ravi secrets import - -i first >/dev/null
	ravi secrets get BYTES -i first | cmp - <(printf 'a\0\xff')
	ravi secrets delete BYTES -i first
}

test_what_is_left_out_is_said() {
	ravi secrets set SHORT value -i second --expires 1s
	sleep 1.1
	ravi secrets export -i second --json 2>/tmp/notes | jq -r 'keys[]' >/tmp/keys
	equal $'BYTES\nTOKEN' "$(cat /tmp/keys)"
	contains "$(cat /tmp/notes)" "SHORT was left out: it has expired"
	contains "$(cat /tmp/notes)" "SSH_SIGNING_KEY was left out"
	contains "$(ravi secrets export SSH_SIGNING_KEY -i second)" "BEGIN OPENSSH PRIVATE KEY"
	refused 3 "no secret NONE" ravi secrets export NONE -i second
}

test_an_exported_file_is_its_owners() {
	local said
	ravi secrets export TOKEN -i second -o /root/out.env
	equal "600 TOKEN=two" "$(stat -c %a /root/out.env) $(cat /root/out.env)"
	refused 1 "exists" ravi secrets export TOKEN -i second --output /root/out.env
	ln -s /tmp/elsewhere /root/link.env
	refused 1 "exists" ravi secrets export TOKEN -i second -o /root/link.env
	[[ ! -e /tmp/elsewhere ]]
	rm -f /tmp/redirected
	said=$(umask 022; ravi secrets export TOKEN -i second 2>&1 >/tmp/redirected)
	contains "$said" "mode 0600 now"
	equal "600 TOKEN=two" "$(stat -c %a /tmp/redirected) $(cat /tmp/redirected)"
}

test_a_terminal_shows_nothing_unasked() {
	local out
	out=$(script -qec 'ravi secrets export TOKEN -i second; echo status $?' /dev/null)
	contains "$out" "--output -"
	contains "$out" "status 5"
	lacks "$out" TOKEN=two
	contains "$(script -qec 'ravi secrets export TOKEN -i second -o -' /dev/null)" TOKEN=two
}

test_both_are_for_root() {
	refused 5 "ravi secrets set" su - first -c 'ravi secrets import /dev/null'
	refused 5 "ravi-keyctl exec" su - first -c 'ravi secrets export'
	refused 5 "sudo" su - human -c 'ravi secrets export -i first'
}

test_what_was_done_is_on_record() {
	grep -q 'event=set .*identity=first name=DEPLOY_KEY version=1 .*cause=import' "$SYSLOG"
	grep -q 'event=get .*identity=second name=TOKEN .*cause=export' "$SYSLOG"
	equal 1 "$(grep -c 'event=set .*identity=first name=DEPLOY_KEY .*cause=import' "$SYSLOG")"
}

run_tests
