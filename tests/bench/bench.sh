#!/bin/bash
# SPDX-License-Identifier: MIT
# bench.sh BUILD [--quick] [PART...]: what pam-ravi costs, each figure beside its peer in the same run, as the table
# that the README has. Started by `make bench` (tests/run --bench) in the private mounts of the tests.
#
#   login    pam_open_session in a process that just began: no agent, a further login, a first one
#   memory   what a login adds to the login process: memory, maps, libraries
#   print    reading a secret, whole processes
#   set      storing a secret, whole processes, on this machine's disk
#   broker   the same by an agent, through the broker, and by root
#   start    what ravi-codex, ravi-gh and git-credential-ravi put in front of a program
#   rotate   storing a secret while 1, 100 and 1,000 sessions of the agent live
#   store    vaults at the service: the login that loads a copy, the first fetch, waiting for a message
#   scale    the first login, `secrets set` and `identity create` with 10, 1,000 and 10,000 identities
#
# --quick measures too little to be told, and small numbers of everything: for the test of this script.
# What a row is compared with is measured in turn with it (tests/bench/interleave.c): a busy machine slows both. What
# takes turns is of about one size, where a difference of microseconds is told: behind a program that takes a hundred
# times as long, the processor's caches are empty, and both are slower by more than their difference.
# shellcheck source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
# shellcheck source=../system/contract.bash
. "$(dirname "$0")/../system/contract.bash"
set -e
shift

PARTS=(login memory print set broker start rotate store scale)
INTERLEAVE=$BUILT/bench/interleave
LOGIN=$BUILT/bench/login
PAM=/tmp/pam
LAB=/tmp/lab
QUICK=0
[[ ${1-} != --quick ]] || { QUICK=1; shift; }

# rounds NUMBER: that many, or few.
rounds() {
	if [[ $QUICK == 1 ]]; then echo 2; else echo "$1"; fi
}

note() {
	echo "bench: $*" >&2
}

# ---- what is measured ----

# begin: a new set of commands that take turns.
begin() {
	SPECIFICATION=$LAB/specification RESULTS=$LAB/results
	: >"$SPECIFICATION"
	: >"$LAB/absent"
}

# whole LABEL COMMAND...; inside LABEL COMMAND...; INPUT=FILE is the command's standard input.
whole() {
	local label=$1
	shift
	printf '%s\twhole\t%s\t%s\n' "$label" "${INPUT:-/dev/null}" "$*" >>"$SPECIFICATION"
}

inside() {
	local label=$1
	shift
	printf '%s\tinside\t/dev/null\t%s\n' "$label" "$*" >>"$SPECIFICATION"
}

# absent LABEL WHY: a peer that cannot be measured here has its row, which says so.
absent() {
	printf '%s\t%s\n' "$1" "$2" >>"$LAB/absent"
}

# with LABEL FILE: whether the peer's FILE is here; when not, its row says so.
with() {
	[[ -n $(type -P "$2" || true) || -e $2 ]] && return
	absent "$1" "$2 is not installed"
	return 1
}

# measure ROUNDS [COMMAND...]: runs them in turn, by COMMAND where it is given.
measure() {
	local rounds=$1
	shift
	"$@" "$INTERLEAVE" "$rounds" <"$SPECIFICATION" >"$RESULTS"
}

# ---- the table ----

title() {
	printf '\n### %s\n\n' "$1"
	echo "| what | median | p10 to p90 | beside | median | ratio | more | wanted |"
	echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
}

# row LABEL PEER [WANTED]: WANTED is "+MICROSECONDS" more than the peer, or "xRATIO" of it, at most; or
# "MICROSECONDS" in all.
row() {
	awk -F '\t' -v label="$1" -v peer="$2" -v wanted="${3-}" '
		function ms(ns) { return sprintf("%.*f ms", ns < 9995000 ? 3 : 1, ns / 1e6) }
		FILENAME ~ /absent$/ { why[$1] = $2; next }
		$2 == "failed" { why[$1] = "fails (exit status " $3 ")"; next }
		{ median[$1] = $2; low[$1] = $3; high[$1] = $4 }
		function verdict(is, most, text) { return text (is <= most ? "" : ": missed") }
		END {
			if (!(label in median)) {
				printf "| %s | | | %s | | | %s | |\n", label, peer,
					label in why ? why[label] : "was not measured"
				exit
			}
			head = sprintf("| %s | %s | %.3f to %.3f", label, ms(median[label]), low[label] / 1e6, high[label] / 1e6)
			if (peer == "") {
				printf "%s | | | | | |\n", head
				exit
			}
			if (!(peer in median)) {
				printf "%s | %s | | | %s | |\n", head, peer, peer in why ? why[peer] : "was not measured"
				exit
			}
			more = median[label] - median[peer]
			ratio = median[label] / median[peer]
			most = substr(wanted, 2) + 0
			if (wanted ~ /^\+/)
				told = verdict(more, most * 1000, sprintf("at most %.3f ms more", most / 1000))
			else if (wanted ~ /^x/)
				told = verdict(ratio, most, "at most " most)
			else if (wanted != "")
				told = verdict(median[label], wanted * 1000, sprintf("at most %.0f ms", wanted / 1000))
			printf "%s | %s | %s | %.2f | %s%s | %s |\n", head, peer, ms(median[peer]), ratio,
				more < 0 ? "" : "+", ms(more), told
		}' "$LAB/absent" "$RESULTS"
}

# ---- the machine ----

# Peers that are not on this machine are installed in the private mounts, and gone with them.
install_peers() {
	local top
	top=$(dirname "$0")/../..
	[[ $QUICK == 0 && -n $("$top/tools/packages" --missing bench) ]] || return 0
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	note "installing peers: $("$top/tools/packages" --missing bench | paste -sd' ')"
	"$top/tools/packages" --install bench >/tmp/peers.log 2>&1 ||
		note "not all peers could be installed: $(tail -n 1 /tmp/peers.log)"
	# Their profiles would be in every login here.
	pam-auth-update --package --remove fscrypt gnome-keyring >/dev/null 2>&1 || true
}

# stack NAME LINE...: a PAM service of that name, with these modules in its session.
stack() {
	local name=$1
	shift
	printf 'session %s\n' "$@" >"$PAM/$name"
}

# hold USER NUMBER: that many sessions of USER stay open, in processes of a hundred, each in a host that has a
# session ring of its own, until `release`.
hold() {
	local user=$1 left=$2 number fifo=$LAB/hold
	[[ -p $fifo ]] || mkfifo "$fifo"
	[[ -n ${HOLD-} ]] || exec {HOLD}<>"$fifo"
	while [[ $left -gt 0 ]]; do
		number=$((left < 100 ? left : 100))
		left=$((left - number))
		: >"$LAB/held"
		keyctl session - "$LOGIN" --hold "$number" "$PAM" pam_ravi "$user" <"$fifo" >"$LAB/held" 2>/dev/null {HOLD}>&- &
		HOLDERS+=($!)
		eventually 60 test -s "$LAB/held"
	done
}

release() {
	exec {HOLD}>&-
	unset HOLD
	wait "${HOLDERS[@]}" || true
	HOLDERS=()
}

# fill IDENTITY COUNT: that many secrets of 1 KiB.
fill() {
	local i
	for ((i = 1; i <= $2; i++)); do
		head -c 768 /dev/urandom | base64 -w0 | ravi secrets set "KEY_$i" --identity "$1" >/dev/null
	done
}

# on_disk FOLDER: it lies on this machine's disk from here on.
on_disk() {
	mkdir -p "$1" "/mnt$1"
	cp -a "$1/." "/mnt$1/"
	mount --bind "/mnt$1" "$1"
}

set_up_machine() {
	mkdir -p "$PAM" "$LAB"
	chmod 755 "$PAM" "$LAB"
	install_peers
	start_syslog
	enable_pam >/dev/null
	# There fsync(2) takes the time that it takes, and open(2) no more: the mounts of the tests open a file twice.
	on_disk /var/lib/ravi
	on_disk /etc
	ravi init --domain agents.test >/dev/null
	ravi identity create --name agent >/dev/null
	printf %s one | ravi secrets set TOKEN --identity agent >/dev/null
	useradd -m human
	# libpam loads the modules of `other`, too.
	stack other "required pam_deny.so"
	stack pam_permit "required pam_permit.so"
	stack pam_keyinit "required pam_keyinit.so"
	stack pam_ravi "[default=ok] pam_ravi.so"
}

age_key() {
	rm -f "$LAB/age.key"
	age-keygen -o "$LAB/age.key" 2>/dev/null
	age-keygen -y "$LAB/age.key" >"$LAB/age.recipient"
	head -c 20480 /dev/urandom | base64 -w0 | age -R "$LAB/age.recipient" -o "$LAB/secrets.age"
	printf %s one | age -R "$LAB/age.recipient" -o "$LAB/secret.age"
	chmod 644 "$LAB"/age.* "$LAB"/*.age
}

# ---- the parts ----

NOBODY="a login of somebody who is no agent"
KNOWN="the same, where the user was looked up before"
FURTHER="a further login of an agent"
FIRST="an agent's first login, 20 secrets of 1 KiB"

login_peers() {
	local security
	security=$(dirname "$(find /lib/*/security /usr/lib/*/security -name pam_permit.so | head -n 1)")
	stack exec-true "required pam_exec.so /bin/true"
	inside "pam_exec of /bin/true" "$LOGIN" "$PAM" exec-true human
	if with "pam_exec of age -d" age; then
		age_key
		stack exec-age "required pam_exec.so $(type -P age) -d -i $LAB/age.key -o /dev/null $LAB/secrets.age"
		inside "pam_exec of age -d" "$LOGIN" "$PAM" exec-age human
	fi
	if with pam_fscrypt "$security/pam_fscrypt.so"; then
		stack fscrypt "[default=ok] pam_fscrypt.so"
		fscrypt setup --quiet --force >/dev/null 2>&1 || true
		inside pam_fscrypt "$LOGIN" "$PAM" fscrypt human
	fi
	if with pam_gnome_keyring "$security/pam_gnome_keyring.so"; then
		stack gnome-keyring "[default=ok] pam_gnome_keyring.so auto_start"
		inside pam_gnome_keyring "$LOGIN" "$PAM" gnome-keyring human
	fi
}

part_login() {
	fill agent 19 # and TOKEN
	# Somebody's ring is alive while the login of others is measured, as on a machine where agents work.
	ravi identity create --name warm >/dev/null
	fill warm 20
	hold warm 1
	begin
	inside "$NOBODY" "$LOGIN" "$PAM" pam_ravi human
	inside pam_permit "$LOGIN" "$PAM" pam_permit human
	inside "$KNOWN" "$LOGIN" --known "$PAM" pam_ravi human
	inside "pam_permit, looked up before" "$LOGIN" --known "$PAM" pam_permit human
	inside "$FURTHER" "$LOGIN" "$PAM" pam_ravi warm
	inside pam_keyinit "$LOGIN" "$PAM" pam_keyinit human
	measure "$(rounds 400)"
	title "pam_open_session in a process that just began"
	row "$NOBODY" pam_permit +30
	row "$NOBODY" pam_keyinit
	row "$KNOWN" "pam_permit, looked up before" +30
	row "$FURTHER" pam_permit +100
	row "$FURTHER" pam_keyinit
	begin
	inside "$FIRST" "$LOGIN" "$PAM" pam_ravi agent
	inside pam_permit "$LOGIN" "$PAM" pam_permit human
	measure "$(rounds 200)"
	row "$FIRST" pam_permit +3000
	begin
	inside "$FIRST" "$LOGIN" "$PAM" pam_ravi agent
	login_peers
	measure "$(rounds 100)"
	row "$FIRST" "pam_exec of /bin/true"
	row "$FIRST" "pam_exec of age -d"
	row "$FIRST" pam_fscrypt
	row "$FIRST" pam_gnome_keyring
	release
}

# weigh WHAT SERVICE USER
weigh() {
	local numbers kib maps libraries names
	if ! numbers=$("$LOGIN" --memory "$PAM" "$2" "$3"); then
		echo "| $1 | fails | | |"
		return
	fi
	read -r kib maps libraries names <<<"$numbers"
	echo "| $1 | $kib KiB | $maps | $libraries: $names |"
}

part_memory() {
	begin
	login_peers
	hold agent 1
	printf '\n### What a login adds to the login process\n\n'
	echo "| what | memory of its own | maps | libraries |"
	echo "| --- | --- | --- | --- |"
	weigh "pam_permit" pam_permit human
	weigh "pam_keyinit" pam_keyinit human
	weigh "pam_ravi, $NOBODY" pam_ravi human
	weigh "pam_ravi, $FURTHER" pam_ravi agent
	release
	weigh "pam_ravi, an agent's first login" pam_ravi agent
	[[ ! -e $PAM/fscrypt ]] || weigh pam_fscrypt fscrypt human
	[[ ! -e $PAM/gnome-keyring ]] || weigh pam_gnome_keyring gnome-keyring human
	awk -F '\t' '{print "| " $1 " | " $2 " | | |"}' "$LAB/absent"
}

PRINT="ravi-keyctl print"

# Commands that make a store of pass, with one secret, below $HOME.
make_pass_store() {
	cat <<'EOF'
exec </dev/null 2>/dev/null
gpg --batch --quiet --passphrase '' --quick-generate-key bench@agents.test default default never
pass init bench@agents.test && echo one | pass insert -e token
EOF
}

# Commands that make the stores of the others, with the same secret.
make_stores() {
	cat <<'EOF'
exec </dev/null 2>/dev/null
keyctl add user plain one @u >~/plain.id
age-keygen -o ~/age.key && printf one | age -r "$(age-keygen -y ~/age.key)" -o ~/secret.age
mkdir -p ~/.config/gh
printf 'github.com:\n    user: agent\n    oauth_token: one\n' >~/.config/gh/hosts.yml
chmod 600 ~/.config/gh/hosts.yml
EOF
}

# as_user AGENT COMMAND...: runs it as that agent, in a session of its own, with the stores that it has.
as_user() {
	local user=$1
	shift
	su - "$user" -c "export SYSTEMD_CREDENTIAL_SECRET=$LAB/host.secret; $(printf '%q ' "$@") <$SPECIFICATION"
}

print_peers() {
	local home=/home/agent
	! with "age -d" age || whole "age -d" age -d -i $home/age.key $home/secret.age
	! with "pass show" pass || whole "pass show" pass show token
	! with "gh auth token" gh || whole "gh auth token" gh auth token
	with "systemd-creds decrypt" systemd-creds || return 0
	# Its key is root's. Here the agent may read one, so that both are measured in the same session.
	printf one | SYSTEMD_CREDENTIAL_SECRET=$LAB/host.secret systemd-creds encrypt --with-key=host \
		--name=token - "$LAB/token.cred" 2>/dev/null || true
	chown agent "$LAB/host.secret" "$LAB/token.cred" || true
	whole "systemd-creds decrypt" systemd-creds decrypt --name=token "$LAB/token.cred" -
}

part_print() {
	local peer
	su - agent -c "$(make_stores)" || true
	su - agent -c "$(make_pass_store)" >/dev/null || true
	begin
	whole "$PRINT" ravi-keyctl print TOKEN
	whole "keyctl print" keyctl print "$(cat /home/agent/plain.id)"
	measure "$(rounds 300)" as_user agent
	title "Reading a secret, whole processes"
	row "$PRINT" "keyctl print" x1.15
	begin
	whole "$PRINT" ravi-keyctl print TOKEN
	print_peers
	measure "$(rounds 100)" as_user agent
	for peer in "age -d" "pass show" "systemd-creds decrypt" "gh auth token"; do
		row "$PRINT" "$peer"
	done
}

SET="ravi secrets set"

# The least that a durable write takes: a file that is synced, and its folder.
durable_write() {
	cat >"$LAB/durable-write" <<-'EOF'
		#!/bin/sh
		exec dd if=/dev/zero of=/var/lib/ravi/durable bs=4k count=1 conv=fsync status=none
	EOF
	chmod 755 "$LAB/durable-write"
	whole "dd of 4 KiB with fsync" "$LAB/durable-write"
}

part_set() {
	begin
	whole "$SET, no session" ravi secrets set BENCH value-{} --identity agent
	durable_write
	if with "pass insert" pass; then
		mkdir -p /var/lib/ravi/root
		HOME=/var/lib/ravi/root bash -c "$(make_pass_store)" >/dev/null || true
		INPUT=$LAB/input whole "pass insert" env HOME=/var/lib/ravi/root pass insert -f -e bench
		echo value >"$LAB/input"
	fi
	measure "$(rounds 60)"
	title "Storing a secret, whole processes, on disk"
	row "$SET, no session" "dd of 4 KiB with fsync"
	row "$SET, no session" "pass insert"
}

# An agent's live session has the value in its ring when the command is done, whoever stores it. Both are started by
# setpriv, so that they can take turns; fewer than the broker takes of one agent in a minute.
part_broker() {
	local broker
	echo 'agent_write = BENCH' >>/etc/ravi/ravi.conf
	/usr/libexec/ravi/ravi-broker --listen 2>"$LAB/broker.log" &
	broker=$!
	eventually 10 test -S /run/ravi/broker.sock
	ravi identity create --name writer >/dev/null
	printf %s one | ravi secrets set BENCH --identity writer >/dev/null
	hold writer 1
	begin
	whole "$SET by the agent, through the broker" setpriv --reuid writer --regid writer --clear-groups \
		ravi secrets set BENCH value-{} --identity writer
	whole "$SET by root" setpriv --reuid 0 --regid 0 --clear-groups ravi secrets set BENCH value-{} --identity writer
	durable_write
	measure "$(rounds 40)"
	title "Storing a secret as an agent, on disk, a session alive"
	row "$SET by the agent, through the broker" "$SET by root"
	row "$SET by the agent, through the broker" "dd of 4 KiB with fsync"
	release
	kill "$broker"
}

# A login of codex's that is good for a day.
codex_login() {
	local token
	token=$(printf '{"sub":"bench","exp":%d}' $(($(date +%s) + 86400)) | base64 -w0 | tr '+/' '-_' | tr -d =)
	printf '{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"id_token":"e30.%s.c2ln","access_token":"e30.%s.c2ln","refresh_token":"r","account_id":"a"},"last_refresh":"%s"}' \
		"$token" "$token" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
}

# Each in front of a program that does nothing, beside that program alone: what it runs is not what is measured.
part_start() {
	local name
	useradd -m starter
	for name in codex gh; do
		cp /bin/true "$LAB/$name"
		printf '%s = %s\n' "$name" "$LAB/$name" >>/etc/ravi/ravi.conf
	done
	for name in starter keyed; do
		ravi identity create --name "$name" --user starter >/dev/null
	done
	printf one | ravi secrets set GH_TOKEN --identity starter >/dev/null
	printf one | ravi secrets set CODEX_API_KEY --identity keyed >/dev/null
	codex_login | ravi secrets set CODEX_SESSION_TOKEN --identity starter >/dev/null
	printf 'https://x:one@github.com\n' >"$LAB/credentials"
	chmod 644 "$LAB/credentials"
	printf 'protocol=https\nhost=github.com\n\n' >"$LAB/asked"
	begin
	whole "the same program alone" "$LAB/codex" exec x
	whole "ravi-codex with an API key" ravi-codex --identity keyed exec x
	whole "ravi-codex with a login" ravi-codex --identity starter exec x
	whole "ravi-gh" ravi-gh --identity starter -- api user
	INPUT=$LAB/asked whole "git-credential-ravi get" git-credential-ravi --identity starter get
	INPUT=$LAB/asked whole "git credential-store get" git credential-store --file "$LAB/credentials" get
	measure "$(rounds 100)" as_user starter
	title "Starting a program with a token, whole processes"
	for name in "ravi-codex with an API key" "ravi-codex with a login" ravi-gh; do
		row "$name" "the same program alone"
	done
	row "git-credential-ravi get" "git credential-store get"
}

# live NUMBER: an agent with that many sessions.
live() {
	ravi identity create --name "live-$1" >/dev/null
	printf %s one | ravi secrets set BENCH --identity "live-$1" >/dev/null
	hold "live-$1" "$1"
}

part_rotate() {
	local numbers=(1 100 1000) number
	[[ $QUICK == 0 ]] || numbers=(1 3 9)
	begin
	for number in "${numbers[@]}"; do
		live "$number"
		whole "$SET, live sessions: $number" ravi secrets set BENCH value-{} --identity "live-$number"
		inside "a further login, live sessions: $number" "$LOGIN" "$PAM" pam_ravi "live-$number"
	done
	measure "$(rounds 60)"
	title "Rotation, while sessions of one agent live"
	for number in "${numbers[@]}"; do
		row "$SET, live sessions: $number" "$SET, live sessions: 1"
	done
	for number in "${numbers[@]}"; do
		row "a further login, live sessions: $number" "a further login, live sessions: 1"
	done
	release
}

COPY="an agent's first login, store = service, fresh copy"

# A script that puts the copy back to the one in $LAB/older.age, which a machine has that heard nothing since, and
# runs its arguments: all of the vault is fetched, opened, verified and stored then, as the first time.
make_older() {
	cp /var/lib/ravi/vaults/far.age "$LAB/older.age"
	cat >"$LAB/with-older" <<-EOF
		#!/bin/sh
		cp "$LAB/older.age" /var/lib/ravi/vaults/far.age
		cp "$LAB/older.age" /var/lib/ravi/sync/far.age
		exec "\$@"
	EOF
	chmod 755 "$LAB/with-older"
}

# What one request of the service costs: the same value, by curl with the agent's key.
curl_peer() {
	local key
	key=$(su - far -c 'ravi-keyctl print RAVI_IDENTITY_KEY')
	printf 'header = "Authorization: Bearer %s"\ncacert = "%s"\nurl = "%s/api/secrets/?key=RAVI_VAULT"\noutput = /dev/null\nsilent\nfail\n' \
		"$key" "$(served service_ca)" "$(served service_url)" >"$LAB/curlrc"
	whole "curl of the same vault" curl -K "$LAB/curlrc"
}

# Milliseconds from the moment that a mail is there until the command that waits for it has ended, once each.
wait_once() {
	local came ended
	ravi inbox wait --identity far --timeout 30 --code >"$LAB/code" &
	# Anywhere within an interval.
	sleep "$((RANDOM % 2 + 1)).$((RANDOM % 900 + 100))"
	came=$(contract mail identity=far subject="Your code" text="Your code is 482913" | jq -r .created_dt)
	wait $!
	ended=$(date +%s%N)
	[[ $(cat "$LAB/code") == 482913 ]]
	echo $((ended - $(date -d "$came" +%s%N)))
}

measure_waiting() {
	local i count
	count=$(rounds 20)
	for ((i = 0; i < count; i++)); do
		wait_once
	done | sort -n | awk -v label="ravi inbox wait, after a mail came" '
		{ all[NR] = $1 }
		END { printf "%s\t%d\t%d\t%d\t%d\n", label, all[int((NR + 1) / 2)], all[int((NR + 9) / 10)], all[int((NR * 9 + 9) / 10)], all[1] }' >"$RESULTS"
	: >"$LAB/absent"
	row "ravi inbox wait, after a mail came" "" 2200000
	awk -F '\t' '{ printf "\nThe slowest of nine in ten took %.2f s; wanted: one interval of 2 s and 0.2 s at most.\n", $4 / 1e9 }' "$RESULTS"
}

part_store() {
	start_contract --empty
	log_in
	cp /etc/ravi/ravi.conf "$LAB/directory.conf"
	echo 'store = service' >>/etc/ravi/ravi.conf
	ravi identity create --name far >/dev/null
	fill far 20
	ravi sync --identity far >/dev/null
	stack service "[default=ok] pam_ravi.so"
	stack directory "[default=ok] pam_ravi.so conf=$LAB/directory.conf"
	make_older
	printf %s news | ravi secrets set KEY_1 --identity far >/dev/null
	begin
	# What a login leaves to be done when it has ended does not meet the next one.
	inside "$COPY" "$LOGIN" "$PAM" service far
	whole "ravi sync, nothing new" ravi sync --identity far
	inside "the same, store = directory" "$LOGIN" "$PAM" directory far
	with "curl of the same vault" curl && curl_peer
	whole "a vault is fetched, 20 secrets, TLS on loopback" "$LAB/with-older" ravi sync --identity far
	measure "$(rounds 100)"
	title "Vaults at the service"
	row "$COPY" "the same, store = directory" x1.1
	row "a vault is fetched, 20 secrets, TLS on loopback" "curl of the same vault" 60000
	row "ravi sync, nothing new" "curl of the same vault"
	measure_waiting
	contract stop >/dev/null || true
	cp "$LAB/directory.conf" /etc/ravi/ravi.conf
	sed -i '/^service_/d' /etc/ravi/ravi.conf
}

# fill_up COUNT: so many identities in all, 31 an OS user, without a sync for each: nothing is measured meanwhile.
fill_up() {
	local have number user
	have=$(find /var/lib/ravi/vaults -name '*.age' | wc -l)
	umount /var/lib/ravi 2>/dev/null || true
	mount -t tmpfs -o mode=755 bench /var/lib/ravi
	cp -a /mnt/var/lib/ravi/. /var/lib/ravi/
	for ((number = have; number < $1; number++)); do
		user=many$((number / 31))
		id "$user" >/dev/null 2>&1 || useradd -M "$user"
		echo "--name many-$number --user $user"
	done | xargs -r -L 1 ravi identity create >/dev/null
	cp -a /var/lib/ravi/. /mnt/var/lib/ravi/
	umount /var/lib/ravi
	mount --bind /mnt/var/lib/ravi /var/lib/ravi
	sync -f /var/lib/ravi
}

# scale_at COUNT: measured beside what does not know of identities, so that the sizes can be compared.
scale_at() {
	fill_up "$1"
	useradd -M "carrier$1"
	ravi identity create --name "carrier-$1" --user "carrier$1" >/dev/null
	begin
	inside "an agent's first login, $1 identities" "$LOGIN" "$PAM" pam_ravi agent
	inside pam_keyinit "$LOGIN" "$PAM" pam_keyinit human
	whole "$SET, $1 identities" ravi secrets set BENCH value-{} --identity agent
	whole "ravi identity create, $1 identities" ravi identity create --name "new-$1-{}" --user "carrier$1"
	durable_write
	measure "$(rounds 29)"
	row "an agent's first login, $1 identities" pam_keyinit
	row "$SET, $1 identities" "dd of 4 KiB with fsync"
	row "ravi identity create, $1 identities" "dd of 4 KiB with fsync"
}

part_scale() {
	local sizes=(10 1000 10000) size
	[[ $QUICK == 0 ]] || sizes=(5 10 15)
	title "With many identities"
	for size in "${sizes[@]}"; do
		scale_at "$size"
	done
}

if [[ $# -eq 0 ]]; then set -- "${PARTS[@]}"; fi
for part; do
	[[ " ${PARTS[*]} " == *" $part "* ]] || { note "there is no part $part: ${PARTS[*]}"; exit 2; }
done
set_up_machine
for part; do
	note "$part"
	"part_$part"
done
