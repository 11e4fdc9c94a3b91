#!/bin/bash
# SPDX-License-Identifier: MIT
# ravi-git-config and ravi-ssh-sign with the real git: whose commits they are, in which worktree, and signed.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2329 # the tests are found by name

# commit FOLDER: an empty commit in it; prints author and committer.
commit() {
	as first "cd '$1' && git commit -q --allow-empty -m x && git log -1 --format='%an <%ae> %cn <%ce>'"
}

ONE="first <first@agents.test> first <first@agents.test>"
TWO="other <other@agents.test> other <other@agents.test>"

# fresh NAME: a repository NAME of first's, with the linked worktrees NAME-a and NAME-b.
fresh() {
	as first "git init -q -b main $1 && cd $1 &&
		git -c user.name=x -c user.email=x@x commit -q --allow-empty -m start &&
		git worktree add -q ../$1-a && git worktree add -q ../$1-b"
}

# listed FILE: all that a configuration file says, each key's values in order. A key that stands alone is
# true; git writes no such lines.
listed() {
	[[ ! -e $1 ]] || git config --file "$1" --null --list | sort -zs -t $'\n' -k 1,1 | tr '\0' '\1' |
		sed 's/useconfigonly\x1/useconfigonly\ntrue\x1/; s/gpgsign\x1/gpgsign\ntrue\x1/'
}

test_machine_is_set_up() {
	set_up
	ravi identity create --name other --user first >/dev/null
}

# ---- one worktree, and no other ----

test_a_guides_way_changes_every_worktree() {
	fresh guide
	as first "git -C guide-a config user.email wrong@example.org"
	equal wrong@example.org "$(as first git -C guide-b config user.email)"
	equal wrong@example.org "$(as first git -C guide config user.email)"
}

test_each_worktree_commits_as_its_own_identity() {
	fresh repo
	contains "$(as first ravi-git-config bind repo-a)" "bound to first <first@agents.test>"
	as first ravi-git-config bind repo-b --identity other
	equal "$ONE" "$(commit repo-a)"
	equal "$TWO" "$(commit repo-b)"
	equal "" "$(as first git -C repo config user.email || true)"
	as first "git -C repo config user.name me && git -C repo config user.email me@example.org"
	equal "me <me@example.org> me <me@example.org>" "$(commit repo)"
	equal "$ONE" "$(commit repo-a)"
	equal other "$(as first git -C repo-b config ravi.identity)"
}

test_a_folder_inside_of_a_worktree_is_enough() {
	as first "mkdir -p repo-a/deep/er && cd repo-a/deep/er && ravi-git-config bind"
	equal "$ONE" "$(commit repo-a/deep/er)"
}

test_binding_again_changes_nothing() {
	local before
	before=$(cd /home/first/repo/.git && stat -c '%n %i %Y' config worktrees/*/config.worktree)
	as first ravi-git-config bind repo-a
	as first ravi-git-config bind repo-b
	equal "$before" "$(cd /home/first/repo/.git && stat -c '%n %i %Y' config worktrees/*/config.worktree)"
}

test_a_caller_that_ignores_its_children_changes_nothing() {
	fresh ignoring
	contains "$(as first env --ignore-signal=CHLD ravi-git-config bind ignoring)" "bound to first"
	# git refuses, and that is said in git's words.
	refused 1 "no git worktree" as first 'mkdir none && env --ignore-signal=CHLD ravi-git-config bind none'
}

test_only_our_helper_is_asked() {
	as first "git config --global credential.helper store"
	equal $'store\n\n/usr/bin/git-credential-ravi' \
		"$(as first 'git -C repo-a config --get-all credential.helper;
			git -C repo-a config --get-all credential.https://github.com.helper')"
	equal $'\n/usr/bin/git-credential-ravi' \
		"$(as first git -C repo-a config --get-all credential.https://gist.github.com.helper)"
	as first "rm .gitconfig"
}

test_each_worktree_has_its_own_token() {
	printf one-token | ravi secrets set GH_TOKEN -i first
	printf two-token | ravi secrets set GH_TOKEN -i other
	as first "git config --global credential.helper store"
	local name
	for name in a:one b:two; do
		contains "$(as first "cd repo-${name%:*} && printf 'protocol=https\nhost=github.com\n\n' |
			git credential fill | tee ~/filled | git credential approve; cat ~/filled; rm ~/filled")" "password=${name#*:}-token"
	done
	[[ ! -e /home/first/.git-credentials ]]
	as first "rm .gitconfig"
}

test_hosts_of_the_configuration_are_bound() {
	printf 'git_host = git.example.org:8443 username=agent\n' >>/etc/ravi/ravi.conf
	as first ravi-git-config bind repo-a
	equal $'\n/usr/bin/git-credential-ravi' \
		"$(as first git -C repo-a config --get-all credential.https://git.example.org:8443.helper)"
	expect 1 as first git -C repo-a config --get-all credential.https://github.com.helper
	sed -i /git_host/d /etc/ravi/ravi.conf
	as first ravi-git-config bind repo-a
	expect 1 as first git -C repo-a config --get-all credential.https://git.example.org:8443.helper
}

test_what_git_would_take_first_is_answered() {
	lacks "$(as first ravi-git-config show repo-a)" warning
	as first "git config --global author.email wrong@example.org"
	as first "git config --global committer.name wrong"
	contains "$(as first ravi-git-config show repo-a)" "author.email"
	as first ravi-git-config bind repo-a
	equal "$ONE" "$(commit repo-a)"
	lacks "$(as first ravi-git-config show repo-a)" warning
	as first rm .gitconfig
}

test_it_survives_a_move_and_goes_with_a_removal() {
	as first "git -C repo worktree move ../repo-a '../moved here'"
	equal "$ONE" "$(commit 'moved here')"
	as first "git -C repo worktree move '../moved here' ../repo-a"
	as first "git -C repo worktree add -q ../repo-c && ravi-git-config bind repo-c &&
		git -C repo worktree remove ../repo-c"
	[[ ! -e /home/first/repo/.git/worktrees/repo-c ]]
}

test_paths_with_blanks_and_newlines() {
	local name=$'two\nlines and blanks '
	as first "git init -q -b main '$name' && ravi-git-config bind '$name' --sign"
	equal "$ONE" "$(commit "$name")"
	equal G "$(as first "git -C '$name' log -1 --format=%G?")"
	equal "/home/first/$name" "$(as first "ravi-git-config show '$name' --json" | jq -r .worktree)"
	as first "ravi-git-config unbind '$name'"
}

test_the_main_worktree_can_be_bound_too() {
	fresh plain
	as first ravi-git-config bind plain --identity other
	equal "$TWO" "$(commit plain)"
	equal "" "$(as first git -C plain-a config user.email || true)"
}

test_many_at_once() {
	fresh many
	as first 'for i in 1 2 3 4 5 6; do git -C many worktree add -q ../many-$i; done
		for i in 1 2 3 4 5 6; do ravi-git-config bind many-$i & done
		for i in 1 2 3 4 5 6; do ravi-git-config bind many-a --identity other & done; wait'
	local i
	for i in 1 2 3 4 5 6; do
		equal "$ONE" "$(commit many-$i)"
	done
	equal "$TWO" "$(commit many-a)"
	as first ravi-git-config unbind many-a
	equal "" "$(listed /home/first/many/.git/worktrees/many-a/config.worktree)"
}

# ---- other kinds of repositories ----

test_a_bare_repository_stays_bare() {
	as first 'git clone -q --bare repo bare.git && git -C bare.git worktree add -q ../from-bare main'
	refused 1 "bare repository" as first ravi-git-config bind bare.git
	as first ravi-git-config bind from-bare --identity other
	equal "$TWO" "$(commit from-bare)"
	expect 1 as first git config --file bare.git/config core.bare
	equal true "$(as first git config --file bare.git/config.worktree core.bare)"
	equal "true false" "$(as first 'echo $(git -C bare.git rev-parse --is-bare-repository;
		git -C from-bare rev-parse --is-bare-repository)')"
}

test_a_submodule_and_its_own_worktrees() {
	as first 'git init -q -b main outer && cd outer &&
		git -c protocol.file.allow=always submodule --quiet add ../repo inner 2>&1 &&
		git -c user.name=x -c user.email=x@x commit -q -m sub &&
		git -C inner worktree add -q ../../from-inner'
	as first ravi-git-config bind from-inner --identity other
	equal "$TWO" "$(commit from-inner)"
	expect 1 as first git config --file outer/.git/modules/inner/config core.worktree
	equal ../../../inner "$(as first git config --file outer/.git/modules/inner/config.worktree core.worktree)"
	equal /home/first/outer/inner "$(as first git -C outer/inner rev-parse --show-toplevel)"
	as first ravi-git-config bind outer/inner
	equal "$ONE" "$(commit outer/inner)"
	equal "" "$(as first git -C outer config user.email || true)"
	as first git -C outer status --porcelain
}

test_submodules_that_the_binding_does_not_reach_are_noted() {
	local note="does not reach the submodules of /home/first/outer"
	contains "$(as first ravi-git-config bind outer 2>&1)" "$note"
	equal "" "$(as first ravi-git-config bind outer 2>&1 >/dev/null --json | grep -v "$note" || true)"
	lacks "$(as first ravi-git-config bind repo-a 2>&1)" submodules
	as first "ravi-git-config bind --user"
	lacks "$(as first ravi-git-config bind outer 2>&1)" submodules
	as first "git config --global --add credential.https://gist.github.com.helper '' &&
		git config --global --add credential.https://gist.github.com.helper store"
	contains "$(as first ravi-git-config bind outer 2>&1)" "$note"
	as first "rm .gitconfig && git config --global credential.helper ravi"
	lacks "$(as first ravi-git-config bind outer 2>&1)" submodules
	lacks "$(as first ravi-git-config show outer)" "another program"
	as first "rm .gitconfig && ravi-git-config unbind outer && ravi-git-config bind repo-a"
}

test_what_is_no_worktree_is_refused() {
	as first mkdir -p nothing
	refused 1 "no git worktree" as first ravi-git-config bind nothing
	refused 1 "No such file" as first ravi-git-config bind nowhere
	refused 1 "no folder" as first ravi-git-config bind .bashrc
	refused 1 "inside a git dir" as first ravi-git-config bind repo/.git
	refused 2 "not both" as first ravi-git-config bind repo --user
	refused 2 "unknown command" as first ravi-git-config bnid repo
}

# ---- other users ----

test_another_users_repository_is_left_alone() {
	chmod 755 /home/first
	local before
	before=$(cd /home/first/repo && find . -type f -printf '%p %T@\n' | sort)
	refused 5 "belongs to first (uid " as second ravi-git-config bind /home/first/repo-b
	refused 5 "you are second (uid " as second ravi-git-config bind /home/first/repo-b
	lacks "$(as second ravi-git-config bind /home/first/repo-b 2>&1 || true)" fatal
	refused 5 "belongs to first" as second ravi-git-config show /home/first/repo
	# Trusted by git, and still not ours to change.
	as second "git config --global --add safe.directory '*'"
	refused 5 "belongs to first" as second ravi-git-config bind /home/first/repo-b
	refused 5 "belongs to first" as second ravi-git-config unbind /home/first/repo-b
	equal other "$(as second ravi-git-config show /home/first/repo-b --json | jq -r .bound)"
	equal "$before" "$(cd /home/first/repo && find . -type f -printf '%p %T@\n' | sort)"
}

test_a_worktree_of_ones_own_in_anothers_repository() {
	as first "git init -q -b main --shared=all common && git -C common \
		-c user.name=x -c user.email=x@x commit -q --allow-empty -m start && chmod -R a+rwX common"
	as second "git -C /home/first/common worktree add -q ~/mine"
	refused 5 "extensions.worktreeConfig is not on" as second ravi-git-config bind mine
	as first "git -C common config extensions.worktreeConfig true"
	as second ravi-git-config bind mine
	equal second@agents.test "$(as second "cd mine && git commit -q --allow-empty -m x && git log -1 --format=%ae")"
	equal "" "$(as first git -C common config user.email || true)"
	as second rm .gitconfig
}

# ---- and back ----

# occupied FILE: a configuration that knows all that bind is going to replace.
occupied() {
	printf '%s\n' '; mine' '[user]' 'name = "Me  \"and\" mine "' 'email = me@example.org' \
		'useConfigOnly' 'signingkey = ~/.ssh/key' '[commit]' 'gpgsign' '[gpg]' 'format = openpgp' \
		'[credential]' 'helper = store' '[credential "https://github.com"]' 'helper = first' \
		'helper = "!f() { echo \"a;b\"; }; f"' 'helper =' 'helper = second\nline' 'username = me' \
		>"$1"
	chown first: "$1"
}

test_unbind_puts_back_what_was_there() {
	fresh back
	local file=/home/first/back/.git/worktrees/back-a/config.worktree before
	as first "git -C back config extensions.worktreeConfig true"
	occupied $file
	before=$(listed $file)
	as first ravi-git-config bind back-a --identity other --sign
	as first ravi-git-config bind back-a --identity first --sign
	equal "$ONE" "$(commit back-a)"
	contains "$(as first ravi-git-config unbind back-a)" "no longer bound"
	equal "$before" "$(listed $file)"
	contains "$(cat $file)" "; mine"
	[[ ! -e /home/first/back/.git/worktrees/back-a/ravi-allowed-signers ]]
	contains "$(as first ravi-git-config unbind back-a)" "was not bound"
	equal "$before" "$(listed $file)"
}

test_unbind_leaves_no_file_that_bind_made() {
	as first "ravi-git-config bind back-b --sign && ravi-git-config unbind back-b"
	[[ ! -e /home/first/back/.git/worktrees/back-b/config.worktree ]]
}

test_a_worktree_with_a_copy_of_the_binding_keeps_its_signers() {
	fresh copied
	as first "ravi-git-config bind copied --sign && git -C copied worktree add -q ../copied-c"
	local signers=/home/first/copied/.git/ravi-allowed-signers
	equal "$ONE" "$(commit copied-c)"
	equal G "$(as first "git -C copied-c log -1 --format=%G?")"
	contains "$(as first ravi-git-config unbind copied 2>&1)" "$signers stays"
	equal G "$(as first "git -C copied-c log -1 --format=%G?")"
	as first ravi-git-config bind copied-b --sign
	as first ravi-git-config unbind copied-c
	[[ ! -e $signers && ! -e /home/first/copied/.git/worktrees/copied-c/config.worktree ]]
	as first ravi-git-config bind copied --sign
	as first "git -C copied worktree add -q ../copied-d && ravi-git-config unbind copied-d"
	[[ -e $signers ]]
	equal G "$(as first "git -C copied-b log -1 --format=%G? copied-c")"
}

test_signing_ends_with_a_bind_without_it() {
	fresh ending
	as first "git config --global commit.gpgsign false && git config --global gpg.format openpgp"
	as first ravi-git-config bind ending-a --sign
	equal "ssh true" "$(as first 'echo $(git -C ending-a config gpg.format; git -C ending-a config commit.gpgsign)')"
	as first ravi-git-config bind ending-a
	equal "openpgp false" "$(as first 'echo $(git -C ending-a config gpg.format; git -C ending-a config commit.gpgsign)')"
	as first rm .gitconfig
}

test_killed_at_any_moment_it_can_go_on_and_go_back() {
	fresh killed
	local file=/home/first/killed/.git/worktrees/killed-a/config.worktree before delay
	as first "git -C killed config extensions.worktreeConfig true"
	occupied $file
	before=$(listed $file)
	session first a
	for delay in 0.02 0.03 0.04 0.05 0.06 0.07 0.08 0.09 0.1 0.12 0.14; do
		in_session a "cd; timeout -s KILL $delay ravi-git-config bind killed-a --sign; sleep 0.1;
			timeout -s KILL $delay ravi-git-config unbind killed-a; sleep 0.1;
			rm -f $file.lock; ravi-git-config bind killed-a --identity other" >/dev/null
		equal other "$(in_session a "cd; git -C killed-a config user.name")"
		in_session a "cd; ravi-git-config unbind killed-a" >/dev/null
		equal "$before" "$(listed $file)"
	done
	end_session a
}

# ---- the user's own configuration ----

test_the_users_own_configuration() {
	as first "git init -q -b main loose && git config --global user.email me@example.org"
	contains "$(as first ravi-git-config bind --user)" "the user first is bound to first"
	equal "$ONE" "$(commit loose)"
	equal "$TWO" "$(commit repo-b)"
	contains "$(as first ravi-git-config bind --user --identity other 2>&1)" "gh and codex go on"
	equal "$TWO" "$(commit loose)"
	equal "/usr/bin/git-credential-ravi --identity other" \
		"$(as first git -C loose config credential.https://github.com.helper)"
	refused 2 "for the default identity" as first ravi-git-config bind --user --sign --identity other
	as first ravi-git-config bind --user --sign
	equal "$ONE" "$(commit loose)"
	equal G "$(as first "git -C loose log -1 --format=%G?")"
	as first ravi-git-config unbind --user
	equal "user.email=me@example.org" "$(as first git config --global --list)"
	[[ ! -e /home/first/.ravi-allowed-signers ]]
	as first rm .gitconfig
}

test_the_other_file_of_the_users_configuration() {
	as first "mkdir -p .config/git && git config --file .config/git/config user.email me@example.org"
	as first ravi-git-config bind --user
	[[ ! -e /home/first/.gitconfig ]]
	equal first@agents.test "$(as first git config --file .config/git/config user.email)"
	as first ravi-git-config unbind --user
	equal "user.email=me@example.org" "$(as first git config --file .config/git/config --list)"
	as first rm -r .config
}

test_the_file_that_git_is_told_to_read_instead() {
	local there='export GIT_CONFIG_GLOBAL=$HOME/elsewhere;'
	as first "$there ravi-git-config bind --user"
	[[ ! -e /home/first/.gitconfig ]]
	equal first@agents.test "$(as first "$there git config --global user.email")"
	as first "$there ravi-git-config unbind --user"
	equal "" "$(as first "$there git config --global --list")"
	refused 2 "absolute path" as first GIT_CONFIG_GLOBAL=elsewhere ravi-git-config bind --user
	as first rm elsewhere
}

# ---- which identity ----

test_which_identity_is_decided_as_everywhere() {
	equal "$TWO" "$(as first RAVI_IDENTITY=other ravi-git-config bind repo-a >/dev/null; commit repo-a)"
	as first ravi-git-config bind repo-a >/dev/null
	equal "$TWO" "$(commit repo-a)"
	contains "$(as first ravi-git-config --which repo-a)" "ravi.identity in /home/first/repo/.git/worktrees/repo-a/config.worktree"
	contains "$(as first "cd repo-a && ravi-git-config --which")" other
	as first ravi-git-config bind repo-a --identity first >/dev/null
	equal "$ONE" "$(commit repo-a)"
}

test_an_identity_with_only_a_token_needs_an_address() {
	refused 3 "no GitHub token" as first ravi-git-config bind repo-a --identity third.agent --email a@b
	printf t | ravi secrets set CODEX_MONITOR_GH_TOKEN_THIRD_AGENT -i first
	refused 3 "--email ADDRESS" as first ravi-git-config bind repo-a --identity third.agent
	refused 3 "cannot sign" as first ravi-git-config bind repo-a --identity third.agent --email a@b --sign
	refused 2 "no mail address" as first "ravi-git-config bind repo-a --identity third.agent --email 'a b@c'"
	as first ravi-git-config bind repo-a --identity third.agent --email 1+third@users.noreply.github.com
	equal "third.agent <1+third@users.noreply.github.com>" "$(commit repo-a | sed 's/> .*/>/')"
	as first ravi-git-config bind repo-a --identity first
	equal "$ONE" "$(commit repo-a)"
}

test_without_a_ring_there_is_exit_status_4() {
	useradd -m human
	as human git init -q mine
	refused 4 "" as human ravi-git-config bind mine
	refused 4 "" as human ravi-git-config --which
	contains "$(as human ravi-git-config show mine)" "no identity"
}

# ---- show ----

test_show_says_what_holds_and_where_from() {
	as first ravi-git-config bind repo-b --identity other --sign
	local file=/home/first/repo/.git/worktrees/repo-b/config.worktree said
	said=$(as first ravi-git-config show repo-b)
	contains "$said" "other@agents.test (worktree: $file)"
	contains "$said" "/usr/bin/git-credential-ravi (worktree: $file)"
	contains "$said" "key::$(ravi identity show other --json | jq -r .ssh_public_key)"
	lacks "$said" warning
	equal "other other other@agents.test worktree $file true 0" "$(as first ravi-git-config show repo-b --json |
		jq -r '"\(.bound) \(.identity) \(.email.value) \(.email.scope) \(.email.origin) \(.signing) \(.warnings | length)"')"
}

test_show_warns_when_something_else_wins() {
	contains "$(as first GIT_AUTHOR_EMAIL=x@y ravi-git-config show repo-b)" "GIT_AUTHOR_EMAIL is set"
	contains "$(as first GIT_AUTHOR_EMAIL=x@y ravi-git-config bind repo-b --sign 2>&1)" "GIT_AUTHOR_EMAIL is set"
	contains "$(as first RAVI_IDENTITY=first ravi-git-config show repo-b)" "commits as other, but the identity here is first"
	contains "$(as first ravi-git-config show loose)" "commits as nobody"
	contains "$(as first ravi-git-config show loose)" "no helper"
	as first "git config --global credential.helper store"
	contains "$(as first ravi-git-config show loose)" "another program"
	lacks "$(as first ravi-git-config show repo-b)" "another program"
	as first rm .gitconfig
}

# ---- signatures ----

test_commits_and_tags_of_both_are_good() {
	as first "ravi-git-config bind repo-a --sign && ravi-git-config bind repo-b --identity other --sign"
	equal "$ONE" "$(commit repo-a)"
	equal "$TWO" "$(commit repo-b)"
	local who
	for who in a:first b:other; do
		contains "$(as first "unset SSH_AUTH_SOCK; git -C repo-${who%:*} log -1 --show-signature")" \
			"Good \"git\" signature for ${who#*:}@agents.test"
		as first "git -C repo-${who%:*} verify-commit HEAD && git -C repo-${who%:*} tag -m t tag-${who#*:} &&
			git -C repo-${who%:*} verify-tag tag-${who#*:}"
	done
	# Each worktree knows the other's signer: one user carries both.
	equal G "$(as first "git -C repo-a log -1 --format=%G? repo-b")"
}

test_a_tampered_commit_is_bad() {
	local hash
	hash=$(as first "cd repo-a && git cat-file commit HEAD | sed 's/^author first/author other/' |
		git hash-object -t commit -w --stdin")
	expect 1 as first "git -C repo-a verify-commit $hash"
	equal B "$(as first "git -C repo-a log -1 --format=%G? $hash")"
}

test_ssh_keygen_verifies_what_others_were_told() {
	ravi identity show other --json | jq -r .allowed_signers >/tmp/signers
	as first "cd repo-b && git cat-file commit HEAD" >/tmp/raw
	sed -n '/BEGIN SSH SIG/,/END SSH SIG/p' /tmp/raw | sed 's/^gpgsig //; s/^ //' >/tmp/raw.sig
	sed '/^gpgsig/,/END SSH SIG/d' /tmp/raw >/tmp/raw.text
	contains "$(ssh-keygen -Y verify -n git -f /tmp/signers -I other@agents.test -s /tmp/raw.sig </tmp/raw.text)" Good
}

test_it_signs_only_with_the_key_that_git_was_told() {
	as first "git -C repo-b cat-file commit HEAD >text && ravi-git-config show repo-b --json" |
		jq -r .signing_key.value | sed s/key::// >/home/first/key.pub
	chown first: /home/first/key.pub
	refused 5 "bind --sign" as first "cd repo-a && ravi-ssh-sign -Y sign -n git -f ~/key.pub ~/text"
	[[ ! -e /home/first/text.sig ]]
	as first "cd repo-b && ravi-ssh-sign -Y sign -n git -f ~/key.pub -U ~/text"
	contains "$(as first "ravi-ssh-sign -Y check-novalidate -n git -s text.sig <text")" Good
	refused 2 "needs -f" as first "ravi-ssh-sign -Y sign -n git text"
	refused 2 "say -Y" as first "ravi-ssh-sign -l"
	contains "$(as first "cd repo-b && ravi-ssh-sign --which")" other
	as first rm text text.sig key.pub
}

test_after_a_new_key_the_old_commits_stay_good() {
	as first "ravi-git-config bind repo-b --sign"
	ravi identity sign-key other >/dev/null
	refused 128 "ravi-git-config bind --sign" as first "cd repo-b && git commit -q --allow-empty -m x"
	contains "$(as first ravi-git-config show repo-b)" "another key"
	as first ravi-git-config bind repo-b --sign
	equal "$TWO" "$(commit repo-b)"
	equal "G G" "$(as first 'cd repo-b && echo $(git log -2 --format=%G?)')"
}

test_no_private_key_is_on_disk() {
	local key
	key=$(ravi secrets get SSH_SIGNING_KEY -i first | sed -n 4p)
	[[ ${#key} -gt 40 ]]
	if grep -rlF -- "$key" /home /tmp /run /var/lib/ravi /etc/ravi 2>/dev/null; then
		fail "the private key is there"
	fi
}

run_tests
