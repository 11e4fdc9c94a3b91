#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The public age test kit against libcore/age: every vector that concerns X25519, passphrases, armor,
# header and payload, its failure class and what it releases. Prints TAP.
#
#	tests/unit/age-kit.sh [BUILD-FOLDER]	(default: the current folder)
#
# The kit is the npm package cctv-age, a JavaScript module that holds the vectors; it is fetched into a
# temporary folder and unpacked there by node.
set -eu

package=cctv-age@0.2.0
digest=d5f88601a5abfac9ea82ef3eb820bba8f780a40bae78e112113da7a4a7b41552d8f87b9ff8a9226bcf51c9bc7fba818d0a6977d528008e2408785398e0adcd7b
fetch=$(cd "$(dirname "$0")/.." && pwd)/npm-fetch
kit=$(cd "${1:-.}" && pwd)/tests/unit/age-kit
expected=125 # vectors of this version that concern us: none may get lost on the way

for program in npm node; do
	if ! command -v "$program" >/dev/null; then
		echo "1..0 # SKIP $program is not installed"
		exit 0
	fi
done
if [ ! -x "$kit" ]; then
	echo "Bail out! $kit is missing; run make check-programs in the build folder"
	exit 1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
said=$("$fetch" "$folder/kit" "$package" "$digest") || {
	# Out of reach says nothing about the code; who runs this sees it among the skipped ones.
	[ $? -eq 75 ] && echo "1..0 # SKIP $said" && exit 0
	echo "not ok 1 - $said"
	echo "1..1"
	exit 1
}
cd "$folder"
mkdir -p node_modules
mv kit/package node_modules/cctv-age

cat >unpack.mjs <<'SCRIPT'
import * as vectors from 'cctv-age';
import { mkdirSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

mkdirSync('vectors');
for (const [name, bytes] of Object.entries(vectors)) {
	const vector = Buffer.from(bytes);
	const end = vector.indexOf('\n\n') + 1;
	const head = vector.toString('utf8', 0, end);
	const rest = vector.subarray(end + 1);
	const plain = head.replace(/^compressed: zlib\n/m, '');
	const file = plain === head ? rest : inflateSync(rest);
	writeFileSync(`vectors/${name}`, Buffer.concat([Buffer.from(`${plain}\n`), file]));
}
SCRIPT
node unpack.mjs

count=0
for vector in vectors/*; do
	name=${vector#vectors/}
	status=0
	"$kit" "$vector" >output 2>&1 || status=$?
	case $status in
	0) count=$((count + 1)) && echo "ok $count - age vector $name" ;;
	77) echo "# left out: $name: $(cat output)" ;;
	*) count=$((count + 1)) && echo "not ok $count - age vector $name" && sed 's/^/# /' output ;;
	esac
done
verdict=ok
[ "$count" -eq "$expected" ] || verdict="not ok"
echo "$verdict $((count + 1)) - $count of the $expected age vectors that concern us were run"
echo "1..$((count + 1))"
