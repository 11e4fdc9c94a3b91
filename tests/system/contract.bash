# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The contract server for system tests; sourced after lib.sh.
CONTRACT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../contract" && pwd)
SERVED=/tmp/contract.txt

# start_contract [SWITCH...]: starts it and has ravi.conf name it.
start_contract() {
	mkdir -p /var/contract
	"$CONTRACT/serve" --folder /var/contract "$@" </dev/null >"$SERVED" 2>/tmp/contract.log &
	eventually 20 grep -qx ready "$SERVED"
	configure_service "$(served service_url)"
}

# configure_service URL
configure_service() {
	sed -i '/^service_/d' /etc/ravi/ravi.conf
	printf '%s\n' "service_url = $1" "service_ca = $(served service_ca)" "service_timeout = 20" >>/etc/ravi/ravi.conf
}

# What it printed under that name.
served() {
	sed -n "s/^$1=//p" "$SERVED"
}

# contract COMMAND [NAME=VALUE...]
contract() {
	"$CONTRACT/control" "$(served control)" "$@"
}

# How many requests went to a path that begins with PREFIX [METHOD] since the log was cleared.
requests() {
	contract log | jq --arg path "$1" --arg method "${2-}" \
		'[.[] | select((.path | startswith($path)) and ($method == "" or .method == $method))] | length'
}

# No request may have broken the contract.
check_contract() {
	equal "[]" "$(contract violations | jq -c .)"
}

log_in() {
	ravi auth login >/dev/null 2>&1
}
