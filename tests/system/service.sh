#!/bin/bash
# SPDX-License-Identifier: MIT
# This machine and the Ravi service: ravi-fetch, the login, identities that are here and there. The service is
# the contract server, which sees what is sent to it. Run by tests/run.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/contract.bash
. "$(dirname "$0")/contract.bash"

LIBEXEC=/usr/libexec/ravi

start_syslog
enable_pam
ravi init --domain agents.test >/dev/null
start_contract --empty device_pending=1

# What there is of an identity at the service: its members as JSON.
there() {
	contract identities | jq -c --arg name "$1" '[.[] | select(.name == $name)]'
}

# refuses STATUS WORDS COMMAND...: it must exit so, and say these words.
refuses() {
	local wanted=$1 words=$2 got=0
	shift 2
	"$@" >/tmp/stdout 2>/tmp/out || got=$?
	[[ $got -eq $wanted ]] || fail "exit status $got, not $wanted: $*: $(cat /tmp/out)"
	contains "$(cat /tmp/out)" "$words"
}

is_there() {
	[[ $(there "$1" | jq length) == 1 ]]
}

# ---- what it is ----

test_nothing_but_ravi_fetch_has_libcurl() {
	local program
	for program in /usr/bin/ravi "$LIBEXEC"/ravi-load "$LIBEXEC"/ravi-broker /usr/bin/ravi-keyctl \
		"$(find /lib /usr/lib -name pam_ravi.so | head -n 1)"; do
		lacks "$(ldd "$program")" libcurl
		lacks "$(ldd "$program")" libssl
	done
	contains "$(ldd "$LIBEXEC/ravi-fetch")" libcurl
}

test_init_makes_its_user() {
	local line
	line=$(getent passwd ravi-fetch)
	contains "$line" ":/:/usr/sbin/nologin"
	contains "$(ravi init)" "kept  the OS user ravi-fetch"
	equal "u ravi-fetch" "$(grep -oE '^u ravi-fetch' /usr/lib/sysusers.d/ravi.conf)"
}

# While it waits for an answer.
test_it_has_no_privileges() {
	local pid status
	contract fault kind=hang times=1 >/dev/null
	timeout 60 ravi auth login >/dev/null 2>&1 &
	eventually 10 pgrep -x ravi-fetch >/dev/null
	pid=$(pgrep -x ravi-fetch)
	eventually 10 grep -q '^Seccomp:.2' "/proc/$pid/status"
	status=$(cat "/proc/$pid/status")
	contains "$status" "$(printf 'Uid:\t%s\t%s\t%s\t%s' "$(id -u ravi-fetch)"{,,,})"
	contains "$status" "$(printf 'NoNewPrivs:\t1')"
	contains "$status" "$(printf 'CapEff:\t0000000000000000')"
	contains "$status" "$(printf 'CapPrm:\t0000000000000000')"
	contains "$status" "$(printf 'Groups:\t \n')"
	equal 0 "$(wc -c <"/proc/$pid/environ")"
	kill -KILL "$pid"
	wait || true
}

# ---- without a login ----

test_without_a_login() {
	refuses 3 "ravi auth login" ravi auth status
	equal false "$(expect 3 ravi auth status --json 2>/dev/null | jq .authenticated)"
	refuses 5 "ravi auth login" ravi identity create --name not-yet
	expect 3 ravi identity show not-yet 2>/dev/null
	equal 0 "$(requests /api/identities/)"
}

# ---- the login ----

test_login_fails_in_words() {
	contract set device_outcome=denied >/dev/null
	refuses 5 "denied" ravi auth login
	contract set device_outcome=expired >/dev/null
	refuses 1 "expired" ravi auth login
	contract set device_outcome=no-error >/dev/null
	refuses 1 "(400)" ravi auth login
	contract set device_outcome=success device_page=javascript:alert >/dev/null
	refuses 6 "no page and code" ravi auth login
	contract set device_page=http://localhost.evil.test/device >/dev/null
	refuses 6 "no page and code" ravi auth login
	contract set device_page=https://ravi.id/device >/dev/null
	expect 3 ravi auth status --offline 2>/dev/null
}

# A service that says "not now" for longer than the code is good is not waited for: the login ends with the code.
test_login_ends_with_the_code() {
	contract set expires_in=2 >/dev/null
	contract fault kind=429-seconds seconds=3000 path=token times=1 >/dev/null
	refuses 1 "expired" timeout 60 ravi auth login
	contract set expires_in=900 >/dev/null
}

# What a login gets is the account's key, and nothing else is taken for one.
test_login_takes_no_key_of_another_kind() {
	contract set wrong_kind=true >/dev/null
	refuses 6 "gave no key" ravi auth login
	contract set wrong_kind=false >/dev/null
	expect 3 ravi auth status --offline 2>/dev/null
}

# Network errors and 5xx on the way, a slow_down, a poll that is held.
test_login_survives_the_network() {
	contract log/clear >/dev/null
	contract set device_slow_down=0 device_hold=300 device_page=https://api.ravi.app/api/auth/device/verify/ >/dev/null
	contract fault kind=reset path=token times=1 >/dev/null
	contract fault kind=html-502 path=token times=1 >/dev/null
	contract fault kind=truncated path=token times=1 skip=0 >/dev/null
	ravi auth login --json >/tmp/out 2>/tmp/err
	equal '{"authenticated":true,"email":"owner@example.org"}' "$(jq -c '{authenticated, email}' /tmp/out)"
	contains "$(cat /tmp/err)" "https://ravi.id/device and enter the code"
	contract set device_hold=0 >/dev/null
	contains "$(ravi auth status)" "owner@example.org"
	equal true "$(ravi auth status --json | jq .verified)"
	check_contract
}

test_login_waits_when_told_to_slow_down() {
	contract log/clear >/dev/null
	ravi auth logout >/dev/null 2>&1
	contract set device_slow_down=1 >/dev/null
	log_in
	contract set device_slow_down=0 >/dev/null
	check_contract
	[[ $(contract log | jq '[.[] | select(.path | endswith("token/")) | .at] | .[2] - .[1] >= 5500') == true ]]
}

test_a_second_login_makes_no_second_key() {
	local before
	before=$(contract keys | jq length)
	refuses 1 "ravi auth logout" ravi auth login
	equal "$before" "$(contract keys | jq length)"
}

test_keys_are_in_no_file() {
	local key
	key=$(contract keys | jq -r '.[0].kind')
	equal management "$key"
	expect 1 grep -rlaE 'ravi_(mgmt|id)_' /etc/ravi /var/lib/ravi /run
	equal 700 "$(stat -c %a /var/lib/ravi/host)"
	equal 600 "$(stat -c %a /var/lib/ravi/host/host.age)"
}

# ---- identities ----

test_create_here_and_there() {
	contract log/clear >/dev/null
	ravi identity create --name payments-agent --email payments-agent --provision-phone --json >/tmp/out
	equal payments-agent@raviapp.com "$(jq -r .inbox /tmp/out)"
	equal "$(there payments-agent | jq -r '.[0].uuid')" "$(jq -r .uuid /tmp/out)"
	equal "$(there payments-agent | jq -r '.[0].phone')" "$(jq -r .phone /tmp/out)"
	equal 1 "$(there payments-agent | jq length)"
	# The key is this host's.
	equal "$(hostname)" "$(contract keys | jq -r --arg uuid "$(jq -r .uuid /tmp/out)" \
		'[.[] | select(.identity == $uuid and .label != "")][0].label')"
	check_contract
}

# The agent has its own key, and nobody else's.
test_the_agent_has_its_key() {
	local key
	key=$(su - payments-agent -c 'ravi-keyctl print RAVI_IDENTITY_KEY')
	contains "$key" ravi_id_
	contains "$(su - payments-agent -c 'ravi-keyctl status')" "$(ravi identity show payments-agent --json | jq -r .phone)"
	lacks "$(su - payments-agent -c 'ravi-keyctl list')" ACCOUNT
}

test_list_says_where() {
	contract identity name=elsewhere local=elsewhere >/dev/null
	ravi identity create --name local-agent --local >/dev/null
	ravi identity list --json >/tmp/out
	equal '[true,true]' "$(jq -c '.[] | select(.name == "payments-agent") | [.here, .service]' /tmp/out)"
	equal '[true,false]' "$(jq -c '.[] | select(.name == "local-agent") | [.here, .service]' /tmp/out)"
	equal '[false,true]' "$(jq -c '.[] | select(.name == "elsewhere") | [.here, .service]' /tmp/out)"
	ravi identity list >/tmp/out
	grep -qE '^payments-agent .*here, service' /tmp/out
	grep -qE '^elsewhere .* service ' /tmp/out
	equal null "$(ravi identity list --offline --json | jq '.[0].service')"
}

# The key that is made for an identity lies in its ring: another kind never does.
test_adopt_takes_no_key_of_another_kind() {
	contract identity name=kindly local=kindly >/dev/null
	contract set wrong_kind=true >/dev/null
	refuses 6 "(they begin with ravi_id_); it is not used" ravi identity adopt kindly
	contract set wrong_kind=false >/dev/null
	expect 3 ravi identity show kindly 2>/dev/null
	ravi identity adopt kindly >/dev/null
	[[ $(su - kindly -c 'ravi-keyctl print RAVI_IDENTITY_KEY') == ravi_id_* ]]
	ravi identity delete kindly >/dev/null 2>&1
}

test_adopt() {
	local uuid
	uuid=$(there elsewhere | jq -r '.[0].uuid')
	refuses 3 "" ravi identity adopt nobody
	ravi identity adopt elsewhere >/tmp/out
	equal "$uuid" "$(ravi identity show elsewhere --json | jq -r .uuid)"
	contains "$(su - elsewhere -c 'ravi-keyctl print RAVI_IDENTITY_KEY')" ravi_id_
	# Again: nothing is made twice, not even a key.
	equal 1 "$(contract keys | jq --arg uuid "$uuid" --arg host "$(hostname)" '[.[] | select(.identity == $uuid and .label == $host)] | length')"
	ravi identity adopt "$uuid" >/tmp/out
	equal 1 "$(contract keys | jq --arg uuid "$uuid" --arg host "$(hostname)" '[.[] | select(.identity == $uuid and .label == $host)] | length')"
	# A name that can be none here.
	uuid=$(contract identity "name=Sarah Johnson" | jq -r .uuid)
	refuses 1 "--name" ravi identity adopt "$uuid"
	ravi identity adopt "$uuid" --name sarah >/tmp/out
	equal "$uuid" "$(ravi identity show sarah --json | jq -r .uuid)"
}

# What is there with that address and was not made here is nobody's to take over by creating it.
test_create_takes_nothing_over() {
	contract identity name=taken local=taken >/dev/null
	refuses 1 "ravi identity adopt" ravi identity create --name taken --email taken
	equal 1 "$(there taken | jq length)"
	expect 3 ravi identity show taken 2>/dev/null
}

# ---- what breaks off ----

# The service made it, and its answer was lost: it is there once, and here.
test_a_lost_answer_makes_no_second_identity() {
	contract fault kind=lost-answer method=POST path=^/api/identities/$ >/dev/null
	ravi identity create --name lost-one --email lost-one >/tmp/out
	equal 1 "$(there lost-one | jq length)"
	equal "$(there lost-one | jq -r '.[0].uuid')" "$(ravi identity show lost-one --json | jq -r .uuid)"
}

# The same, and nothing more could be asked; without an address to know it by, too.
test_create_goes_on_where_it_was() {
	local address
	for address in "--email resumed" ""; do
		name=resumed${address:+-2}
		contract fault kind=lost-answer method=POST path=^/api/identities/$ times=1 >/dev/null
		contract fault kind=html-502 method=GET path=^/api/identities/$ skip=1 times=3 >/dev/null
		# shellcheck disable=SC2086
		refuses 6 "say the same command again" ravi identity create --name "$name" $address
		expect 3 ravi identity show "$name" 2>/dev/null
		contract faults/clear >/dev/null
		# shellcheck disable=SC2086
		ravi identity create --name "$name" $address >/dev/null
		equal 1 "$(there "$name" | jq length)"
		equal "$(there "$name" | jq -r '.[0].uuid')" "$(ravi identity show "$name" --json | jq -r .uuid)"
	done
}

# Killed in the middle of it.
test_killed_while_it_creates() {
	contract fault kind=delay ms=3000 method=POST path=^/api/identities/$ times=1 >/dev/null
	timeout -s KILL 1.5 ravi identity create --name killed --email killed >/dev/null 2>&1 || true
	eventually 10 is_there killed
	ravi identity create --name killed --email killed >/dev/null
	equal 1 "$(there killed | jq length)"
}

# The request was sent and is on its way still: it is waited for, not said twice. No address tells them apart here.
test_a_request_on_its_way_is_not_repeated() {
	contract fault kind=delay ms=4000 method=POST path=^/api/identities/$ times=1 >/dev/null
	timeout -s KILL 1.5 ravi identity create --name on-its-way >/dev/null 2>&1 || true
	ravi identity create --name on-its-way >/dev/null
	equal 1 "$(there on-its-way | jq length)"
	equal "$(there on-its-way | jq -r '.[0].uuid')" "$(ravi identity show on-its-way --json | jq -r .uuid)"
}

# Nobody says whether it was made, and it is not listed.
test_an_unknown_outcome_is_refused() {
	sed -i 's/^service_timeout.*/service_timeout = 3/' /etc/ravi/ravi.conf
	contract fault kind=reset method=POST path=^/api/identities/$ times=1 >/dev/null
	refuses 6 "ask-again" ravi identity create --name unknown-one --email unknown-one
	contract log/clear >/dev/null
	refuses 6 "ask-again" ravi identity create --name unknown-one --email unknown-one
	equal 0 "$(requests /api/identities/ POST)"
	# It comes as soon as it is there.
	contract identity name=unknown-one local=unknown-one >/dev/null
	ravi identity create --name unknown-one --email unknown-one >/dev/null
	equal 0 "$(requests /api/identities/ POST)"
	contract fault kind=reset method=POST path=^/api/identities/$ times=1 >/dev/null
	refuses 6 "ask-again" ravi identity create --name never-made --email never-made
	ravi identity create --name never-made --email never-made --ask-again >/dev/null
	equal 1 "$(there never-made | jq length)"
	configure_service "$(served service_url)"
}

# One that was there before is not what was asked for, whatever its address says.
test_a_resume_takes_nothing_over() {
	sed -i 's/^service_timeout.*/service_timeout = 3/' /etc/ravi/ravi.conf
	contract identity name=others local=same-part domain=example.org >/dev/null
	contract fault kind=reset method=POST path=^/api/identities/$ times=1 >/dev/null
	refuses 6 "ask-again" ravi identity create --name same-part --email same-part@raviapp.com
	refuses 6 "ask-again" ravi identity create --name same-part --email same-part
	expect 3 ravi identity show same-part 2>/dev/null
	configure_service "$(served service_url)"
}

test_two_at_once_make_one() {
	contract fault kind=delay ms=1500 method=POST path=^/api/identities/$ times=2 >/dev/null
	ravi identity create --name twice >/tmp/out.1 2>&1 &
	ravi identity create --name twice >/tmp/out.2 2>&1 || true
	wait $! || true
	contract faults/clear >/dev/null
	equal 1 "$(there twice | jq length)"
	equal "$(there twice | jq -r '.[0].uuid')" "$(ravi identity show twice --json | jq -r .uuid)"
}

test_no_phone_to_be_had() {
	contract set upstream=false >/dev/null
	refuses 6 "say the same command again" ravi identity create --name no-phone --email no-phone --provision-phone
	contract set upstream=true >/dev/null
	contract fault kind=lost-answer path=provision-phone times=1 >/dev/null
	ravi identity create --name no-phone --email no-phone --provision-phone >/tmp/out
	contains "$(ravi identity show no-phone)" "$(there no-phone | jq -r '.[0].phone')"
	equal 1 "$(there no-phone | jq length)"
}

test_no_plan() {
	contract set paid=false >/dev/null
	refuses 5 "plan" ravi identity create --name unpaid --email unpaid
	contract set paid=true >/dev/null
	equal 0 "$(there unpaid | jq length)"
	expect 3 ravi identity show unpaid 2>/dev/null
	! id unpaid 2>/dev/null
}

# Nothing of it is here, and it is gone on with: the OS user could not be made.
test_a_failure_here_is_gone_on_with() {
	useradd --uid 0 --non-unique --no-create-home half 2>/dev/null
	refuses 5 "" ravi identity create --name half --email half
	userdel -f half 2>/dev/null || true
	equal 1 "$(there half | jq length)"
	expect 3 ravi identity show half 2>/dev/null
	ravi identity create --name half --email half >/dev/null
	equal 1 "$(there half | jq length)"
}

test_an_older_service() {
	contract set generation=B >/dev/null
	refuses 1 "email_identifier" ravi identity create --name older --email older
	equal 0 "$(there older | jq length)"
	ravi identity create --name older --email older --contract b >/dev/null
	equal 1 "$(there older | jq length)"
	contract set generation=C >/dev/null
}

# ---- the service is not there ----

test_down() {
	contract refuse >/dev/null
	refuses 6 "refuses connections" ravi auth status
	expect 6 ravi identity list >/tmp/out 2>/tmp/err
	contains "$(cat /tmp/out)" payments-agent
	expect 0 ravi auth status --offline >/tmp/out
	contains "$(cat /tmp/out)" "not asked"
	# Logins do not ask.
	equal one "$(su - payments-agent -c 'echo one')"
	contract accept >/dev/null
}

test_a_certificate_that_does_not_hold() {
	local name
	for name in wrong_host self_signed expired; do
		configure_service "$(served "${name}_url")"
		refuses 6 "certificate of localhost" ravi auth login
	done
	configure_service "$(served service_url)"
}

# The same service: one slash at the end of its address is as good as none.
test_a_slash_changes_no_service() {
	configure_service "$(served service_url)/"
	ravi auth status >/dev/null
	configure_service "$(served service_url)"
}

# A key is for the service that it was made at.
test_a_key_goes_to_no_other_host() {
	contract log/clear >/dev/null
	session sarah abroad
	configure_service "https://127.0.0.1:$(served service_url | grep -oE '[0-9]+$')"
	refuses 5 "service_url says" ravi auth status
	refuses 5 "" ravi identity create --name other-host
	# A ring from before has it still.
	contains "$(in_session abroad ravi-keyctl print RAVI_IDENTITY_KEY)" ravi_id_
	expect 5 in_session abroad ravi message email >/tmp/out
	contains "$(cat /tmp/out)" "is not sent to https://127.0.0.1"
	end_session abroad
	# No login gets it either.
	expect 3 su - sarah -c 'ravi-keyctl print RAVI_IDENTITY_KEY' 2>/dev/null
	configure_service "$(served service_url)"
	equal 0 "$(contract log | jq length)"
	sed -i 's/^service_url.*/service_url = http:\/\/service.example.org/' /etc/ravi/ravi.conf
	refuses 1 "https" ravi auth status
	configure_service "$(served service_url)"
}

# ---- a ravi-fetch that has gone wrong ----

# hostile SCRIPT: puts it in the place of ravi-fetch.
hostile() {
	[[ -e $LIBEXEC/ravi-fetch.real ]] || mv "$LIBEXEC/ravi-fetch" "$LIBEXEC/ravi-fetch.real"
	printf '#!/bin/bash\n%s\n' "$1" >"$LIBEXEC/ravi-fetch"
	chmod 755 "$LIBEXEC/ravi-fetch"
}

test_whatever_ravi_fetch_says() {
	local script
	for script in 'exit 1' 'kill -KILL $$' 'echo garbage >&0; exit' 'read -r x; echo "{}" >&0' \
		'read -r x; echo "{\"error\": 7}" >&0' 'read -r x; head -c 1000 /dev/urandom >&0; echo >&0' \
		'read -r x; echo "{\"error\":0,\"status\":200,\"wait\":0,\"result\":[{\"uuid\":\"../../etc\"}]}" >&0' \
		'read -r x; while :; do printf %65536s >&0; done'; do
		hostile "$script"
		rc=0
		timeout 60 ravi identity list >/tmp/out 2>/tmp/err || rc=$?
		[[ $rc == 1 || $rc == 6 ]] || fail "$script: $rc $(cat /tmp/err)"
		contains "$(cat /tmp/out)" payments-agent
	done
	# It says nothing: until the deadline and no longer.
	sed -i 's/^service_timeout.*/service_timeout = 2/' /etc/ravi/ravi.conf
	hostile 'sleep 100'
	expect 6 timeout 30 ravi auth status >/dev/null 2>/tmp/err
	# Words that move a terminal do not get to one.
	hostile 'read -r x; printf "{\"error\":-113,\"status\":0,\"wait\":0,\"text\":\"\\\\u001b[2Jgone\"}\n" >&0'
	expect 6 ravi auth status 2>/tmp/err >/dev/null
	lacks "$(cat /tmp/err)" $'\033'
	mv "$LIBEXEC/ravi-fetch.real" "$LIBEXEC/ravi-fetch"
	configure_service "$(served service_url)"
}

# Everybody sees argv, and a proxy's URL may have a password in it.
test_no_password_on_argv() {
	echo "service_proxy = http://user:pass-of-proxy@127.0.0.1:1" >>/etc/ravi/ravi.conf
	hostile 'echo "$*" >/tmp/argv; read -r x; echo "$x" >/tmp/request; exit 1'
	expect 1 ravi auth status 2>/dev/null
	contains "$(cat /tmp/argv)" "--url"
	lacks "$(cat /tmp/argv)" pass-of-proxy
	contains "$(cat /tmp/request)" pass-of-proxy
	mv "$LIBEXEC/ravi-fetch.real" "$LIBEXEC/ravi-fetch"
	refuses 6 "" ravi auth status
	lacks "$(cat /tmp/out)" pass-of-proxy
	configure_service "$(served service_url)"
}

# ---- leaving ----

test_a_deleted_identity_leaves_no_key() {
	ravi identity create --name goer --email goer >/dev/null
	ravi auth status --json >/tmp/before
	refuses 0 "forgotten its key of goer" ravi identity delete goer
	equal 1 "$(($(jq .identities /tmp/before) - $(ravi auth status --json | jq .identities)))"
}

test_a_revoked_key() {
	contract fault kind=status status=401 path=master times=1 >/dev/null
	expect 5 ravi auth status --json >/tmp/out 2>/dev/null
	equal '[false,false]' "$(jq -c '[.authenticated, .verified]' /tmp/out)"
}

test_logout() {
	contract set key_revocation=true >/dev/null
	session payments-agent one
	contains "$(in_session one ravi-keyctl print RAVI_IDENTITY_KEY)" ravi_id_
	ravi auth logout >/tmp/out 2>/tmp/err
	contains "$(cat /tmp/out)" "revoked   the key of the identity $(ravi identity show payments-agent --json | jq -r .uuid)"
	contains "$(cat /tmp/out)" "forgotten the key of the account"
	contains "$(cat /tmp/err)" "still good at the service"
	expect 3 in_session one ravi-keyctl print RAVI_IDENTITY_KEY 2>/dev/null
	end_session one
	expect 3 ravi auth status --offline 2>/dev/null
	# The identities stay.
	contains "$(ravi identity list)" payments-agent
	check_contract_but_open_questions
}

# DELETE of a key is a guess, and said to be one.
check_contract_but_open_questions() {
	equal "[]" "$(contract violations | jq -c '[.[] | select(.path | startswith("/api/auth/keys") | not)]')"
}

test_import() {
	contract reset >/dev/null
	key=$(contract management-key | jq -r .key)
	contract identity name=imported local=imported >/tmp/identity
	jq -n --arg key "$key" --slurpfile i /tmp/identity \
		'{management_key: $key, identity_key: $i[0].key, identity_uuid: $i[0].uuid, user_email: "owner@example.org"}' >/tmp/config.json
	ravi auth import /tmp/config.json >/tmp/out 2>/tmp/err
	contains "$(cat /tmp/out)" "management key"
	contains "$(cat /tmp/out)" "$(jq -r .uuid /tmp/identity)"
	equal true "$(ravi auth status --json | jq .verified)"
	# The same account again; another one only where it is asked for.
	equal "management_key null identity_key $(jq -r .uuid /tmp/identity)" \
		"$(ravi auth import /tmp/config.json --json 2>/dev/null | jq -r '[.imported[] | .key, .identity_uuid // "null"] | join(" ")')"
	contract management-key | jq '{management_key: .key, user_email: "other@example.org"}' >/tmp/other.json
	refuses 1 "--replace" ravi auth import /tmp/other.json
	contains "$(ravi auth status)" "owner@example.org"
	ravi auth import --replace /tmp/other.json >/dev/null 2>&1
	contains "$(ravi auth status)" "other@example.org"
	# Of one whose file does not say whose it is the one before says nothing.
	contract management-key | jq '{management_key: .key}' >/tmp/other.json
	ravi auth import --replace /tmp/other.json >/dev/null 2>&1
	equal null "$(ravi auth status --json | jq .email)"
	ravi auth import --replace /tmp/config.json >/dev/null 2>&1
	ravi identity adopt imported >/dev/null
	equal "$(jq -r .key /tmp/identity)" "$(su - imported -c 'ravi-keyctl print RAVI_IDENTITY_KEY')"
	ravi auth logout >/dev/null 2>&1
	# A key that the service does not know is not kept.
	echo '{"management_key": "ravi_mgmt_0123456789"}' >/tmp/config.json
	refuses 5 "" ravi auth import /tmp/config.json
	echo '{"management_key": "rvt_a.b.c"}' >/tmp/config.json
	refuses 1 "" ravi auth import /tmp/config.json
	expect 3 ravi auth status --offline 2>/dev/null
}

# ---- contract A ----

test_contract_a() {
	contract reset generation=A >/dev/null
	log_in
	contract identity name=legacy local=legacy >/dev/null
	ravi identity adopt legacy >/dev/null
	# Its access token has run out: it is renewed, and the new refresh token kept.
	contract set access_expired=true >/dev/null
	equal true "$(ravi auth status --json | jq .verified)"
	contract set access_expired=true >/dev/null
	equal true "$(ravi auth status --json | jq .verified)"
	check_contract
	# Several at once: one renews, the others take what it got.
	contract set access_expired=true >/dev/null
	contract log/clear >/dev/null
	for _ in 1 2 3; do
		ravi auth status >/dev/null 2>>/tmp/renewing &
	done
	wait
	equal "" "$(cat /tmp/renewing)"
	equal 1 "$(requests /api/auth/token/refresh/)"
	check_contract
	refuses 5 "not the account's PIN" ravi auth unlock <<<654321
	refuses 1 "" ravi auth unlock <<<12
	contract set encryption=swapped >/dev/null
	refuses 5 "" ravi auth unlock <<<123456
	contract set encryption=absent >/dev/null
	refuses 1 "nothing to unlock" ravi auth unlock <<<123456
	contract set encryption=on >/dev/null
	ravi auth unlock <<<123456 >/tmp/out
	contains "$(cat /tmp/out)" unlocked
	ravi auth logout >/tmp/out 2>&1
	contains "$(cat /tmp/out)" "revoked   the key of the account"
	check_contract
	# Without a refresh token it is over when it has run out.
	contract tokens | jq '{access_token: .access}' >/tmp/auth.json
	ravi auth import /tmp/auth.json >/dev/null 2>&1
	contract set access_expired=true >/dev/null
	refuses 5 "log in again" ravi auth status
	contract set access_expired=false >/dev/null
}

run_tests
