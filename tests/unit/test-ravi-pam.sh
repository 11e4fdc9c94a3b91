#!/bin/sh
# SPDX-License-Identifier: MIT
# ravi-pam against the real pam-auth-update, in a root of its own with a debconf database of its own: what
# enable puts into the stacks, disable takes out; what edited files keep out is said; status follows includes.
set -u
LC_ALL=C
export LC_ALL
ravi_pam=${top_builddir-.}/tools/ravi-pam/ravi-pam
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
root=$work/root pamd=$work/root/etc/pam.d n=0 plan=21

if ! command -v pam-auth-update >/dev/null && [ ! -x /usr/sbin/pam-auth-update ]; then
	echo "1..0 # SKIP this system has no pam-auth-update"
	exit 0
fi
PATH=$PATH:/usr/sbin

# check NAME COMMAND...: ok when the command succeeds.
check() {
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then echo "ok $n - $name"; else echo "not ok $n - $name"; fi
}

# run WANTED-CODE ARGUMENT...: runs ravi-pam, keeps what it says.
run() {
	wanted=$1
	shift
	"$ravi_pam" "$@" --root "$root" >"$work/said" 2>&1
	code=$?
	[ "$code" -eq "$wanted" ] && return 0
	sed "s/^/# exit $code: /" "$work/said"
	return 1
}

says() {
	grep -q -F -e "$1" "$work/said"
}

has() {
	grep -q -E "$2" "$pamd/$1"
}

lacks() {
	! has "$@"
}

status_is() {
	"$ravi_pam" status --root "$root" | grep -q -E "^$1 +$2 +$3\$"
}

# configured VARIABLE: what configure chose for it.
configured() {
	printf 'include %s/Makefile\nshow:\n\t@echo $(%s)\n' "${top_builddir-.}" "$1" |
		MAKEFLAGS='' make -s --no-print-directory -f - show
}

fresh() {
	rm -rf "$root" "$work/debconf"
	mkdir -p "$work/debconf" "$pamd" "$root/var/lib/pam" "$root/usr/share/pam-configs" "$root/usr/lib/pam.d"
	pamdir=$(configured pamdir)
	profile=$(configured pamconfigsdir)/ravi
	mkdir -p "$root$pamdir" "$root${profile%/*}"
	: >"$root$pamdir/pam_ravi.so"
	cp "${srcdir-.}/conf/pam-configs/ravi" "$root$profile"
	# pam-auth-update looks in one place, whatever prefix this build has.
	cp "${srcdir-.}/conf/pam-configs/ravi" /usr/share/pam-configs/unix "$root/usr/share/pam-configs/"
	cp /usr/share/pam/common-* "$pamd"
	DEBIAN_FRONTEND=noninteractive pam-auth-update --root "$root" --package --force >/dev/null 2>&1
	cat >"$pamd/sshd" <<-'EOF'
		@include common-auth
		@include common-account
		session required pam_loginuid.so # pam_ravi.so in a comment
		session [success=ok default=bad] \
		  pam_keyinit.so force revoke
		@include common-session
	EOF
	printf 'session optional pam_keyinit.so revoke\nsession required pam_unix.so\n' >"$pamd/runuser"
	printf 'session include runuser\n' >"$pamd/runuser-l"
	printf '@include common-account\n@include common-session-noninteractive\n%s\n' \
		'-session optional pam_keyinit.so force revoke' >"$root/usr/lib/pam.d/systemd-user"
	cp -r "$pamd" "$work/before"
}

# Neither the answers nor the locks of the system's own database.
cat >"$work/debconf.conf" <<EOF
Config: config
Templates: templates

Name: config
Driver: File
Filename: $work/debconf/config.dat

Name: templates
Driver: File
Filename: $work/debconf/templates.dat
EOF
DEBCONF_SYSTEMRC=$work/debconf.conf
export DEBCONF_SYSTEMRC
echo "1..$plan"

fresh
check "status finds no line in fresh stacks" run 1 status
check "status says no" status_is sshd no no
check "enable does it" run 0 enable
check "the session line is optional" has common-session '^session\s+optional\s+pam_ravi\.so\s*$'
check "sudo and cron get it too" has common-session-noninteractive '^session\s+optional\s+pam_ravi\.so\s*$'
check "account denies and never locks out" \
	has common-account '^account\s+\[perm_denied=die acct_expired=die default=ignore\]\s+pam_ravi\.so\s*$'
check "auth is left alone" lacks common-auth pam_ravi
check "status follows @include and continued lines" status_is sshd common-session common-account
check "status knows a pam_keyinit that comes later, and vendor stacks" \
	status_is systemd-user 'common-session-noninteractive\*' common-account
check "runuser is left out and said so" status_is runuser no -
check "enable --runuser adds its line" run 0 enable --runuser
run 0 enable --runuser
check "and adds it once" test "$(grep -c pam_ravi "$pamd/runuser")" = 1
had=$(stat -c %i "$pamd/runuser")
run 0 enable --runuser
check "a file that has its line is not written again" test "$had" = "$(stat -c %i "$pamd/runuser")"
check "runuser -l has it through its include" status_is runuser-l runuser -
check "disable does it" run 0 disable
rm -f "$pamd"/*.pam-old "$work/before"/*.pam-old
check "and nothing of it is left" diff -r "$work/before" "$pamd"

fresh
chmod 666 "$pamd/runuser"
run 0 enable
check "a file of runuser's that is not ours to write keeps nothing from going" run 0 disable

fresh
sed -i 's/^# here are the per-package modules.*/&\nsession required pam_env.so/' "$pamd/common-session"
check "enable fails where common-session was edited by hand" run 1 enable
check "and says the line and the file" says "to the end of $pamd/common-session:"
printf 'session optional pam_ravi.so\n' >>"$pamd/common-session"
check "disable names the lines that were added by hand" run 1 disable
check "with their file" says "out of $pamd/common-session"
