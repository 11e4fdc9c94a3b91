# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A GitHub of the tests' own: its name leads to a loopback address of this run, where git-server.js has the
# repository org/repo. Sourced behind lib.sh.

GITHUB=/run/github
# Of this run: two at once must not meet on a port.
GITHUB_ADDRESS=127.77.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

serve_git() {
	node "$HERE/git-server.js" "$GITHUB" "$GITHUB_ADDRESS" "$1" >"$GITHUB/errors" 2>&1 &
	eventually 10 test -e "$GITHUB/up.$1"
}

# start_github TOKEN...: with those tokens known. Port 443 is github.com's and gist.github.com's.
start_github() {
	mkdir -p "$GITHUB/repos/org"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout "$GITHUB/key.pem" -out "$GITHUB/cert.pem" -subj /CN=github.test \
		-addext subjectAltName=DNS:github.com,DNS:gist.github.com,DNS:git.test 2>/dev/null
	printf '%s\n' "$@" >"$GITHUB/tokens"
	: >"$GITHUB/log"
	echo "$GITHUB_ADDRESS github.com gist.github.com git.test" >>/etc/hosts
	git config --system http.sslCAInfo "$GITHUB/cert.pem"
	git config --system init.defaultBranch main
	serve_git 443
}

# make_repository NAME: org/NAME.git on it, with one commit.
make_repository() {
	local bare=$GITHUB/repos/org/$1.git from
	from=$(mktemp -d)
	git init -q --bare "$bare"
	git -C "$from" init -q
	echo "$1" >"$from/README"
	git -C "$from" add README
	git -C "$from" -c user.name=root -c user.email=root@agents.test commit -qm "Begin $1"
	git -C "$from" push -q "$bare" main
	rm -rf "$from"
}

# Who has made requests since `forget_requests`: a line for each user:password, "-" for none.
requests_by() {
	cut -d' ' -f3 "$GITHUB/log" | sort -u
}

forget_requests() {
	: >"$GITHUB/log"
}

# bind USER WORKTREE IDENTITY: what `ravi-git-config bind` writes, by hand.
bind() {
	as "$1" "cd $2 && git config extensions.worktreeConfig true && git config --worktree ravi.identity $3 &&
		git config --worktree user.name $3 && git config --worktree user.email $3@agents.test &&
		git config --worktree credential.https://github.com.helper '' &&
		git config --worktree --add credential.https://github.com.helper /usr/bin/git-credential-ravi"
}
