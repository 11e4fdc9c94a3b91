#!/bin/bash
# SPDX-License-Identifier: MIT
# Verifications without a human: what an agent gets at the Ravi service, and waiting for it. Run by tests/run.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/contract.bash
. "$(dirname "$0")/contract.bash"

start_syslog
enable_pam
ravi init --domain agents.test >/dev/null
start_contract --empty device_pending=0
log_in
ravi identity create --name first --email first-agent --provision-phone >/dev/null
ravi identity create --name second --email second-agent >/dev/null
contract log/clear >/dev/null

as_first() {
	su - first -c "$*"
}

# mail TEXT [NAME=VALUE...]: to first.
mail() {
	local text=$1
	shift
	contract mail identity=first text="$text" "$@" >/dev/null
}

sms() {
	contract sms identity=first body="$1" "${@:2}" >/dev/null
}

# waits NAME ARGUMENT...: in the background, as the agent; begins before it returns.
waits() {
	local name=$1 before
	shift
	before=$(requests /api/)
	(
		rc=0
		as_first ravi inbox wait --interval 1 "$@" >"/tmp/$name" 2>"/tmp/$name.err" || rc=$?
		echo "$rc" >"/tmp/$name.rc"
	) &
	# It has looked at all there is when it begins anew: at the mails once more, after the SMS or the mails.
	eventually 40 has_looked "$before"
}

# has_looked N: since request N a page of mails was asked for that is no later one, twice.
has_looked() {
	[[ $(contract log | jq --argjson n "$1" '[.[] | select(.number > $n and (.path == "/api/email-messages/" or .path == "/api/messages/") and (.query.offset // "0") == "0")] | group_by(.path) | map(length) | max // 0') -ge 2 ]]
}

ended() {
	eventually 30 test -s "/tmp/$1.rc"
	cat "/tmp/$1.rc"
}

# ---- what it has ----

test_get() {
	equal first-agent@raviapp.com "$(as_first ravi get email | jq -r .email)"
	equal "$(contract identities | jq -r '.[0].phone')" "$(as_first ravi get phone | jq -r .phone_number)"
	equal Owner "$(as_first ravi get owner | jq -r .last_name)"
	expect 3 su - second -c 'ravi get phone'
	expect 2 su - second -c 'ravi get lunch'
	# root, by the host's own keys.
	equal second-agent@raviapp.com "$(ravi get email --identity second | jq -r .email)"
	contains "$(as_first ravi get email --human)" "first-agent@raviapp.com"
	check_contract
}

test_nobody_else_reads_it() {
	mail "for first alone" subject=Private >/dev/null
	equal 0 "$(su - second -c 'ravi message email' | jq length)"
	ravi identity create --name third --local >/dev/null
	expect 5 su - third -c 'ravi message email'
	check_contract
}

test_lists_and_one() {
	local thread id
	mail "Hello there" subject=Hello from="Example <a@example.com>"
	sms "short words"
	thread=$(as_first ravi inbox email | jq -r '.[0].thread_id')
	contains "$thread" "<"
	equal Hello "$(as_first "ravi inbox email '$thread'" | jq -r .subject)"
	id=$(as_first ravi message email | jq -r '.[-1].id')
	equal "Hello there" "$(as_first ravi message email "$id" | jq -r .text_content)"
	equal "short words" "$(as_first ravi message sms | jq -r '.[-1].body')"
	id=$(as_first ravi inbox sms | jq -r '.[0].conversation_id')
	equal "short words" "$(as_first ravi inbox sms "$id" | jq -r '.messages[-1].body')"
	equal 2 "$(as_first ravi message email --unread | jq length)"
	equal 2 "$(as_first ravi inbox email --unread | jq length)"
	expect 3 as_first ravi message email 999999
	# An argument is one segment of the path, whatever is in it.
	expect 3 as_first "ravi message email '../../identities/?a=b'"
	check_contract
}

test_strangers_move_no_terminal() {
	mail $'one\x1b[2Jtwo' subject=$'sub\x1b]0;title\x07ject'
	lacks "$(as_first ravi message email --human)" $'\x1b'
	lacks "$(as_first ravi message email)" $'\x1b'
	as_first "script -qc 'ravi message email' /dev/null" </dev/null >/tmp/out 2>&1 || true
	lacks "$(cat /tmp/out)" $'\x1b[2J'
}

# ---- waiting ----

test_wait_for_a_code() {
	mail "Your verification code is 111111." subject="Old code"
	waits one --from noreply@example.com --code
	mail "Your lunch is ready. 222222 portions." from=cook@example.com
	mail "Your verification code is 333333." from=noreply@example.com.evil.test
	mail "Your verification code is 482913. It is good for 10 minutes." from="Example <noreply@example.com>"
	equal 0 "$(ended one)"
	equal 482913 "$(cat /tmp/one)"
	check_contract
}

test_wait_for_a_link() {
	waits two --subject "*verify*" --link example.com
	mail "" subject="Please verify" html='<p>Hello</p><a href="https://examp1e.com/verify?t=evil">Verify</a>'
	mail "" subject="Please verify" \
		html='<p>Welcome!</p><a href="https://login.example.com/verify?token=abc123">Verify your address</a><a href="https://example.com/unsubscribe">Unsubscribe</a>'
	equal 0 "$(ended two)"
	equal "https://login.example.com/verify?token=abc123" "$(cat /tmp/two)"
}

test_wait_for_a_domain() {
	waits domain --from example.com --code
	# Cut where an address can be no longer it would end in the domain.
	mail "Your verification code is 222222." from="$(printf 'x%.0s' {1..242})@example.com.evil.test"
	mail "Your verification code is 333333." from=noreply@example.com.evil.test
	mail "Your verification code is 444444." from=noreply@notexample.com
	mail "Your verification code is 482913." from="Example <noreply@login.example.com>"
	equal 0 "$(ended domain)"
	equal 482913 "$(cat /tmp/domain)"
}

test_html_has_words() {
	mail "" subject=Words html='<style>x</style><p>Only <b>in HTML</b></p>'
	contains "$(as_first ravi message email --human)" "Only in HTML"
}

test_wait_for_an_sms() {
	waits three --sms --code
	mail "Your verification code is 333333."
	sms "G-271828 is your Google verification code."
	equal 0 "$(ended three)"
	equal 271828 "$(cat /tmp/three)"
}

test_wait_prints_the_message() {
	waits four --email --subject report
	mail "the body" subject="Weekly Report"
	equal 0 "$(ended four)"
	equal "the body" "$(jq -r .text_content /tmp/four)"
	waits five --sms --json --code
	sms "Your login code: 904417"
	equal 0 "$(ended five)"
	equal 904417 "$(jq -r .code /tmp/five)"
}

# 3 when nothing came; what the agent sends itself does not count.
test_wait_times_out() {
	waits six --timeout 4 --code
	mail "Your verification code is 555555." direction=outgoing
	equal 3 "$(ended six)"
	contains "$(cat /tmp/six.err)" "within 4 s"
}

test_since() {
	mail "Your verification code is 616161." subject=Since
	equal 616161 "$(as_first ravi inbox wait --since 5m --code --timeout 10 --subject Since --email)"
	expect 2 as_first ravi inbox wait --since yesterday --code
	expect 2 as_first ravi inbox wait --code --link
}

# The service's clock is an hour ahead, then behind.
test_clocks_that_differ() {
	local skew
	for skew in 3600 -3600; do
		contract set clock_skew=$skew >/dev/null
		waits "skew$skew" --code --timeout 30
		mail "Your verification code is 70${skew#-}."
		equal 0 "$(ended "skew$skew")"
		equal "70${skew#-}" "$(cat "/tmp/skew$skew")"
	done
	contract set clock_skew=0 >/dev/null
}

# Pages, doubled rows, ids as text; a service that is out of order for a while, or says to wait.
test_wait_goes_on() {
	contract set lists=paged page_size=3 duplicate_rows=true text_ids=true >/dev/null
	waits seven --code --timeout 60
	contract fault kind=html-502 path=email-messages times=4 >/dev/null
	contract fault kind=429-seconds seconds=2 path=email-messages times=1 >/dev/null
	contract fault kind=reset path=/api/messages/ times=2 >/dev/null
	mail "Your verification code is 818283."
	equal 0 "$(ended seven)"
	equal 818283 "$(cat /tmp/seven)"
	contract set lists=array page_size=50 duplicate_rows=false text_ids=false >/dev/null
	check_contract
}

# The one kind is out of order: the other is known from its own beginning.
test_wait_knows_each_kind() {
	contract fault kind=reset path=^/api/messages/ times=0 >/dev/null
	waits kinds --code --timeout 60
	mail "Your verification code is 272727."
	equal 0 "$(ended kinds)"
	equal 272727 "$(cat /tmp/kinds)"
	contract faults/clear >/dev/null
}

# A page that is gone in this moment is not the end, nor that nothing came.
test_wait_goes_on_after_a_page_that_is_gone() {
	waits gone --email --code --timeout 60
	contract fault kind=status status=404 path=email-messages times=2 >/dev/null
	mail "Your verification code is 282828."
	equal 0 "$(ended gone)"
	equal 282828 "$(cat /tmp/gone)"
	contract fault kind=status status=404 path=email-messages times=0 >/dev/null
	expect 6 as_first ravi inbox wait --email --timeout 3 --interval 1
	contract faults/clear >/dev/null
}

test_wait_ends_where_it_is_refused() {
	waits eight --code --timeout 60
	contract fault kind=status status=401 path=email-messages times=0 >/dev/null
	equal 5 "$(ended eight)"
	contract faults/clear >/dev/null
	contract refuse >/dev/null
	expect 6 as_first ravi inbox wait --timeout 3 --interval 1
	contract accept >/dev/null
}

# Nobody knows then what was there before: a mail of the meantime does not count, and it is said how it would.
test_wait_that_begins_late_says_so() {
	local waiting
	contract fault kind=status status=404 path=email-messages times=0 >/dev/null
	contract log/clear >/dev/null
	as_first ravi inbox wait --email --code --timeout 12 --interval 1 >/tmp/late 2>&1 &
	waiting=$!
	eventually 10 bash -c "[[ \$('$CONTRACT/control' '$(served control)' log | grep -c email-messages) -gt 0 ]]"
	mail "Your verification code is 292929." from=late@late.test
	contract faults/clear >/dev/null
	expect 3 wait $waiting
	contains "$(cat /tmp/late)" "say --since"
	equal 292929 "$(as_first ravi inbox wait --email --from late.test --code --since 1m --timeout 5)"
}

# One row of the list, nine megabytes of it: the others are listed, and what is missing is told.
test_a_mail_that_is_too_large_hides_no_other() {
	local id said
	mail before subject=before-it
	id=$(contract mail identity=first text=nine-bytes repeat=1000000 subject=large | jq .id)
	mail after subject=after-it
	said=$(as_first ravi message email 2>/tmp/large.err)
	equal 1 "$(jq '[.[] | select(.subject == "before-it")] | length' <<<"$said")"
	equal 1 "$(jq '[.[] | select(.subject == "after-it")] | length' <<<"$said")"
	equal 0 "$(jq '[.[] | select(.subject == "large")] | length' <<<"$said")"
	contains "$(cat /tmp/large.err)" "message $id is larger than 8 MiB and is left out"
	refused 6 "larger than 8 MiB" as_first ravi message email "$id"
}

run_tests
