#!/bin/sh
# SPDX-License-Identifier: MIT
#
# libcore/age and the `age` program read each other's files and keys. Prints TAP.
#
#	tests/system/age-interop.sh [BUILD-FOLDER]	(default: the current folder)
set -eu

tool=$(cd "${1:-.}" && pwd)/tests/unit/age-tool
count=0

for program in age age-keygen; do
	if ! command -v "$program" >/dev/null; then
		echo "1..0 # SKIP $program is not installed"
		exit 0
	fi
done
if [ ! -x "$tool" ]; then
	echo "Bail out! $tool is missing; run make check-programs in the build folder"
	exit 1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
# shellcheck source=terminal.bash
. "$(dirname "$0")/terminal.bash"
cd "$folder"

# check NAME COMMAND...: one line of TAP, the command's words behind it when it fails.
check() {
	name=$1
	shift
	count=$((count + 1))
	if "$@" >output 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' output
	fi
}

ours_to_age() { # [-a]
	"$tool" encrypt "$@" "$recipient" <plain >sealed && age -d -i key <sealed >opened &&
		cmp plain opened
}

age_to_ours() { # [-a]
	age "$@" -r "$recipient" <plain >sealed && "$tool" decrypt key <sealed >opened &&
		cmp plain opened
}

# Several recipients, made by one side and opened with each key by the other.
each_opens() { # DECRYPT-COMMAND...
	for key in key other ours; do
		"$@" "$key" <sealed >opened && cmp plain opened || return 1
	done
}

ours_for_three() {
	"$tool" encrypt "$recipient" "$other" "$ours" <plain >sealed && each_opens age -d -i
}

age_for_three() {
	age -r "$recipient" -r "$other" -r "$ours" <plain >sealed && each_opens "$tool" decrypt
}

refused() {
	! "$@" >opened && test ! -s opened
}

refused_by_age() {
	rm -f opened
	! typed "$(cat wrong)" age -d -o opened sealed && test ! -s opened
}

same_text() { # TEXT COMMAND...
	wanted=$1
	shift
	test "$("$@")" = "$wanted"
}

age-keygen -o key 2>/dev/null
age-keygen -o other 2>/dev/null
recipient=$(age-keygen -y key)
other=$(age-keygen -y other)
"$tool" keygen >ours
ours=$("$tool" recipient ours)

check "the recipient of age-keygen's identity" same_text "$recipient" "$tool" recipient key
check "age-keygen's recipient of our identity" same_text "$ours" age-keygen -y ours

for size in 0 1 47 48 49 65535 65536 65537 131072 1000000; do
	head -c "$size" /dev/urandom >plain
	check "age opens ours, $size bytes" ours_to_age
	check "age opens ours in armor, $size bytes" ours_to_age -a
	check "we open age's, $size bytes" age_to_ours
	check "we open age's in armor, $size bytes" age_to_ours -a
done

check "age opens ours with each of three keys" ours_for_three
check "we open age's with each of three keys" age_for_three

"$tool" encrypt "$recipient" <plain >sealed
check "age refuses ours without the right key" refused age -d -i other sealed
age -r "$recipient" <plain >sealed
check "we refuse age's without the right key" refused "$tool" decrypt other <sealed
head -c 10 plain | age -r "$recipient" >sealed
echo more >>sealed
check "we refuse age's with something added" refused "$tool" decrypt key <sealed

ours_to_age_by_passphrase() { # [-a]
	"$tool" lock words "$@" <plain >sealed && rm -f opened &&
		typed "$(cat words)" age -d -o opened sealed && cmp plain opened
}

age_to_ours_by_passphrase() { # [-a]
	rm -f sealed
	typed "$(cat words)" age -p "$@" -o sealed plain && "$tool" unlock words <sealed >opened &&
		cmp plain opened
}

# An identity file under a passphrase, as recovery keys may be: age asks and opens what the identity opens.
age_with_our_locked_key() {
	"$tool" lock words -a <key >locked && "$tool" encrypt "$recipient" <plain >sealed && rm -f opened &&
		typed "$(cat words)" age -d -i locked -o opened sealed && cmp plain opened
}

echo 'correct horse battery staple' >words
echo 'wrong horse' >wrong
head -c 100000 /dev/urandom >plain
check "age opens ours with the passphrase" ours_to_age_by_passphrase
check "age opens ours with the passphrase, in armor" ours_to_age_by_passphrase -a
check "we open age's with the passphrase" age_to_ours_by_passphrase
check "we open age's with the passphrase, in armor" age_to_ours_by_passphrase -a
check "age takes an identity that we put under a passphrase" age_with_our_locked_key
"$tool" lock words <plain >sealed
check "we refuse another passphrase" refused "$tool" unlock wrong <sealed
check "age refuses another passphrase for ours" refused_by_age
check "no key opens what has a passphrase" refused "$tool" decrypt key <sealed

echo "1..$count"
