#!/bin/bash
# SPDX-License-Identifier: MIT
# `make bench` measures what it says: every part of it prints every row, with numbers. How large they are is
# nothing that a test can know.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

TABLE=/tmp/table
export TEST_SECONDS=400 # every part, on a busy machine

test_every_part_runs() {
	"$(dirname "$0")/../bench/bench.sh" "$WORK/plain" --quick >"$TABLE"
	equal 9 "$(grep -c '^### ' "$TABLE")"
}

# measured WHAT: a row of it has a time and one to compare with.
measured() {
	grep -qE "^\| $1 \| [0-9.]+ ms \| [0-9.]+ to [0-9.]+ \| [^|]+ \| [0-9.]+ ms \| [0-9.]+ \| [+-][0-9.]+ ms \|" "$TABLE" ||
		fail "no figure of: $1"
}

test_every_row_has_figures() {
	local what
	for what in "a login of somebody who is no agent" "the same, where the user was looked up before" \
		"a further login of an agent" "an agent's first login, 20 secrets of 1 KiB" "ravi-keyctl print" \
		"ravi secrets set, no session" "ravi secrets set, live sessions: 9" \
		"a further login, live sessions: 9" "an agent's first login, 15 identities" \
		"ravi secrets set, 15 identities" "ravi identity create, 15 identities" \
		"an agent's first login, store = service, fresh copy" "a vault is fetched, 20 secrets, TLS on loopback" \
		"ravi sync, nothing new" "ravi secrets set by the agent, through the broker" \
		"ravi-codex with an API key" "ravi-codex with a login" "ravi-gh" "git-credential-ravi get"; do
		measured "$what"
	done
	grep -qE '^\| ravi inbox wait, after a mail came \| [0-9.]+ ms' "$TABLE"
	grep -qE '^\| pam_ravi, a login of somebody who is no agent \| [0-9]+ KiB \| [0-9]+ \| [0-9]+: pam_ravi.so' "$TABLE"
}

test_nothing_is_left_out_silently() {
	local peer
	lacks "$(cat "$TABLE")" "was not measured"
	lacks "$(cat "$TABLE")" "fails"
	for peer in pam_permit pam_keyinit "pam_exec of /bin/true" "pam_exec of age -d" pam_fscrypt pam_gnome_keyring \
		"keyctl print" "age -d" "pass show" "systemd-creds decrypt" "gh auth token" "pass insert"; do
		grep -qF "| $peer |" "$TABLE" || fail "no row beside $peer"
	done
	# A target that is missed says so.
	grep -qE "\| at most [0-9.]+( ms more)?(: missed)? \|" "$TABLE"
}

test_a_peer_that_fails_is_told() {
	local told
	told=$(printf 'good\twhole\t/dev/null\ttrue\nbad\twhole\t/dev/null\tfalse\nnone\twhole\t/dev/null\t/no/such/program\ncounted\tinside\t/dev/null\techo 1{}\n' |
		"$BUILT/bench/interleave" 3)
	grep -qE $'^good\t[0-9]+\t[0-9]+\t[0-9]+\t[0-9]+$' <<<"$told"
	contains "$told" $'bad\tfailed\t1'
	contains "$told" $'none\tfailed\t127'
	contains "$told" $'counted\t12\t11\t13\t11'
}

test_an_unknown_part_is_refused() {
	expect 2 "$(dirname "$0")/../bench/bench.sh" "$WORK/plain" --quick coffee
}

run_tests
