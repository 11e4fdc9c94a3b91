/* SPDX-License-Identifier: MIT */
/*
 * libcore/choice: what git's configuration says (git itself is asked, too, where there is one), which
 * worktree a folder or a GIT_DIR belongs to, and whose token is taken from a ring in the real kernel.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "choice/choice.h"
#include "choice/gitconfig.h"
#include "choice/worktree.h"
#include "ring/build.h"
#include "ring/keyctl.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/spawn.h"

#define GIT    "/usr/bin/git"
#define USER   "chtest"
#define FIRST  "payments-agent" /* the default identity */
#define SECOND "reports-agent"
#define SEEDED "ci.bot-2" /* a name without a vault */

/* ---- a folder for each test, which is the working directory, too ---- */

struct world {
	char top[64];
	struct ring ring;
};

static void make(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void write_file(const char *path, const char *text)
{
	fd_auto fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
}

/* What git takes for a git dir of its own. */
static void make_git_dir(const char *path)
{
	char name[PATH_MAX];

	make(path);
	snprintf(name, sizeof(name), "%s/HEAD", path);
	write_file(name, "ref: refs/heads/main\n");
	snprintf(name, sizeof(name), "%s/objects", path);
	make(name);
	snprintf(name, sizeof(name), "%s/refs", path);
	make(name);
}

static void bind_to(const char *git_dir, const char *identity)
{
	char path[PATH_MAX], text[128];

	snprintf(path, sizeof(path), "%s/" WORKTREE_CONFIG, git_dir);
	snprintf(text, sizeof(text), "[ravi]\n\tidentity = %s\n", identity);
	write_file(path, text);
}

/* main/.git, a linked worktree `linked` of it, and the submodule lib/dep in both. */
static void make_repository(void)
{
	make("main");
	make_git_dir("main/.git");
	make("main/.git/modules");
	make("main/.git/modules/lib");
	make_git_dir("main/.git/modules/lib/dep");
	make("main/dep");
	write_file("main/dep/.git", "gitdir: ../.git/modules/lib/dep\n");
	make("main/.git/worktrees");
	make("main/.git/worktrees/linked");
	write_file("main/.git/worktrees/linked/HEAD", "ref: refs/heads/other\n");
	write_file("main/.git/worktrees/linked/commondir", "../..\n");
	make("main/.git/worktrees/linked/modules");
	make_git_dir("main/.git/worktrees/linked/modules/dep");
	make("linked");
	make("linked/sub");
	make("linked/dep");
	write_file("linked/dep/.git", "gitdir: ../../main/.git/worktrees/linked/modules/dep\n");
	write_file("linked/.git", "gitdir: ../main/.git/worktrees/linked\n");
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){.top = "/tmp/ravi-unit-XXXXXX"};
	if (!mkdtemp(world.top) || chdir(world.top) < 0)
		return -1;
	unsetenv("GIT_DIR");
	unsetenv("RAVI_IDENTITY");
	*state = &world;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (world->ring.id)
		ring_end(world->ring.id, NULL);
	if (chdir("/") < 0)
		return -1;
	return nftw(world->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the syntax ---- */

static const struct config_case {
	const char *text;
	int r;
	const char *value;
	unsigned line; /* of the fault */
	bool git_differs;
} config_cases[] = {
    {"", 0, NULL, 0, false},
    {"[ravi]\n\tidentity = one\n", 1, "one", 0, false},
    {"[ravi]\nidentity=one", 1, "one", 0, false},
    {"[RaVi]\r\n\tIDENTITY\t=  one \t\r\n", 1, "one", 0, false},
    {"\xef\xbb\xbf[ravi] identity = one\n", 1, "one", 0, false},
    {"# c\n; c\n\n  [ravi] # c\n identity = one ; c\n", 1, "one", 0, false},
    {"[ravi]\nidentity = one\nidentity = two\n[ravi]\nidentity = three\n", 1, "three", 0, false},
    {"[ravi]\nidentity = \"o\"n\"e\"\n", 1, "one", 0, false},
    {"[ravi]\nidentity = o\\\nne\n", 1, "one", 0, false},
    {"[ravi]\nidentity = \\\n  one\n", 1, "one", 0, false},
    {"[ravi]\nidentity = \" one # \" # c\n", 1, " one # ", 0, false},
    {"[ravi]\nidentity = \"a\\tb\\\\c\\\"d\"\n", 1, "a\tb\\c\"d", 0, false},
    {"[ravi]\nidentity = two words\n", 1, "two words", 0, false},
    {"[ravi]\nidentity =\n", 1, "", 0, false},
    {"[ravi]\nidentity = \"\"\n", 1, "", 0, false},
    {"[ravi]\nidentity = one\\", 1, "one", 0, false},
    {"[core]\n\tbare = false\n[user]\n\tname = A\n[ravi]\n\tidentity = one\n", 1, "one", 0, false},
    {"[core]\n\tbare\n[ravi]\n\tidentity = one\n", 1, "one", 0, false},
    {"[include]\n\tpath = elsewhere\n[ravi]\n\tidentity = one\n", 1, "one", 0, false},
    /* Other sections and keys. */
    {"[ravi \"x\"]\nidentity = one\n", 0, NULL, 0, false},
    {"[ravi \"\"]\nidentity = one\n", 0, NULL, 0, false},
    {"[ravi.x]\nidentity = one\n", 0, NULL, 0, false},
    {"[ravi-x]\nidentity = one\n[ravi]\nidentities = two\n", 0, NULL, 0, false},
    {"[x \"]\"]\na = b\n[y \"a\\\"b\\\\\"]\nc = d\n[ravi]\nidentity=one\n", 1, "one", 0, false},
    {"[raviraviraviraviraviraviraviraviraviravi]\nidentity = one\n", 0, NULL, 0, false},
    {"[core]\nidentity = one\n", 0, NULL, 0, false},
    {"# [ravi]\n# identity = one\n", 0, NULL, 0, false},
    /* What git refuses. */
    {"[ravi]\nidentity = one\n[ravi\n", -EINVAL, NULL, 3, false},
    {"[ravi]\nidentity = \"one\n", -EINVAL, NULL, 2, false},
    {"[ravi]\nidentity = \"one", -EINVAL, NULL, 2, false},
    {"[ravi]\nidentity = o\\ne\\x\n", -EINVAL, NULL, 2, false},
    {"[ravi]\nidentity one\n", -EINVAL, NULL, 2, false},
    {"[ravi]\n1identity = one\n", -EINVAL, NULL, 2, false},
    {"[ravi]\nidenti_ty = one\n", -EINVAL, NULL, 2, false},
    {"[ra vi]\nidentity = one\n", -EINVAL, NULL, 1, false},
    {"[ravi \"x]\nidentity = one\n", -EINVAL, NULL, 1, false},
    {"[ravi \"x\" ]\nidentity = one\n", -EINVAL, NULL, 1, false},
    {"[ravi]\nidentity = one\n=\n", -EINVAL, NULL, 3, false},
    {"<<<<<<< HEAD\n[ravi]\nidentity = one\n", -EINVAL, NULL, 1, false},
    /* For git a key alone is true; no identity is called so. */
    {"[ravi]\nidentity\n", -EINVAL, NULL, 2, true},
};

static void test_the_syntax(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(config_cases) / sizeof(*config_cases); i++) {
		const struct config_case *c = &config_cases[i];
		buf_auto value = {0};
		unsigned line = 0;
		int r = gitconfig_last(c->text, strlen(c->text), "ravi", "identity", &value, &line);

		if (r != c->r || (c->value && strcmp(buf_text(&value), c->value)) ||
		    (r < 0 && line != c->line))
			fail_msg("case %zu gives %d \"%s\" line %u", i, r, buf_text(&value), line);
	}
	/* A NUL would end a name early. */
	{
		static const char text[] = "[ravi]\nidentity = one\0two\n";
		buf_auto value = {0};
		unsigned line;

		assert_int_equal(
		    gitconfig_last(text, sizeof(text) - 1, "ravi", "identity", &value, &line),
		    -EINVAL);
	}
}

static void test_git_reads_it_the_same(void **state)
{
	static const char *const argv[] = {"git", "config", "--no-includes", "--file", "config",
	    "-z", "--get", "ravi.identity", NULL};
	const struct spawn what = {.path = GIT, .argv = argv, .input = -1};

	(void)state;
	if (access(GIT, X_OK) < 0)
		skip();
	for (size_t i = 0; i < sizeof(config_cases) / sizeof(*config_cases); i++) {
		const struct config_case *c = &config_cases[i];
		char out[256] = "";
		size_t len;
		int status;

		if (c->git_differs)
			continue;
		write_file("config", c->text);
		assert_int_equal(
		    spawn_collect(&what, deadline_in(10000), out, sizeof(out) - 1, &len, &status),
		    0);
		/* 1: no such key. 3, 128: the file is invalid. */
		if (c->r == 1   ? status != 0 || strcmp(out, c->value)
		    : c->r == 0 ? status != 1
				: status < 2)
			fail_msg("git gives status %d \"%s\" for case %zu", status, out, i);
	}
}

/* Every text cut anywhere, and with a byte changed, ends with a result and no fault. */
static void test_damaged_texts_do_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(config_cases) / sizeof(*config_cases); i++) {
		size_t len = strlen(config_cases[i].text);

		for (size_t cut = 0; cut <= len; cut++) {
			free_auto char *text = malloc(cut + 1);
			buf_auto value = {0};
			unsigned line;

			assert_non_null(text);
			memcpy(text, config_cases[i].text, cut);
			if (cut)
				text[cut / 2] ^= 0x20;
			assert_in_range(
			    gitconfig_last(text, cut, "ravi", "identity", &value, &line) + EINVAL,
			    0, EINVAL + 1);
		}
	}
}

/* ---- worktrees ---- */

static void expect_binding(const char *git_dir, int r, const char *identity)
{
	struct worktree_binding binding;
	struct reason why = {0};
	int got = worktree_find(git_dir, &binding, &why);

	if (got != r || strcmp(binding.identity, identity ? identity : ""))
		fail_msg("%d \"%s\" %s", got, binding.identity, why.text);
	if (r < 0)
		assert_int_not_equal(strlen(why.text), 0);
}

static void expect_in(const char *folder, int r, const char *identity)
{
	fd_auto here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(here >= 0);
	assert_int_equal(chdir(folder), 0);
	expect_binding(NULL, r, identity);
	assert_int_equal(fchdir(here), 0);
}

static void test_each_worktree_has_its_own(void **state)
{
	(void)state;
	make_repository();
	expect_in(".", 0, NULL);
	expect_in("main", 0, NULL);
	bind_to("main/.git", FIRST);
	bind_to("main/.git/worktrees/linked", SECOND);
	expect_in(".", 0, NULL);
	expect_in("main", 1, FIRST);
	expect_in("main/.git", 1, FIRST);
	expect_in("main/.git/refs", 1, FIRST);
	expect_in("linked", 1, SECOND);
	expect_in("linked/sub", 1, SECOND);
	expect_in("main/.git/worktrees/linked", 1, SECOND);
	assert_int_equal(unlink("main/.git/worktrees/linked/" WORKTREE_CONFIG), 0);
	expect_in("linked", 0, NULL);
}

static void test_a_submodule_is_its_worktrees(void **state)
{
	(void)state;
	make_repository();
	bind_to("main/.git", FIRST);
	bind_to("main/.git/worktrees/linked", SECOND);
	expect_in("main/dep", 1, FIRST);
	expect_in("linked/dep", 1, SECOND);
	expect_binding("main/.git/modules/lib/dep", 1, FIRST);
	bind_to("main/.git/modules/lib/dep", "own-agent");
	expect_in("main/dep", 1, "own-agent");
	/* A folder called modules makes no submodule. */
	make("main/modules");
	make("main/modules/x");
	make_git_dir("main/modules/x/.git");
	expect_in("main/modules/x", 0, NULL);
}

static void test_a_repository_inside_another_has_nothing_of_it(void **state)
{
	(void)state;
	make_repository();
	bind_to("main/.git", FIRST);
	make("main/nested");
	make_git_dir("main/nested/.git");
	expect_in("main/nested", 0, NULL);
	/* What git passes over is passed over. */
	make("main/plain");
	make("main/plain/.git");
	expect_in("main/plain", 1, FIRST);
}

static void test_git_dir_names_it(void **state)
{
	(void)state;
	make_repository();
	bind_to("main/.git", FIRST);
	bind_to("main/.git/worktrees/linked", SECOND);
	expect_binding("main/.git", 1, FIRST);
	expect_binding("linked/.git", 1, SECOND);
	setenv("GIT_DIR", "main/.git/worktrees/linked", 1);
	expect_binding(NULL, 1, SECOND);
	setenv("GIT_DIR", ".", 1);
	expect_in("main/.git", 1, FIRST);
	/* A clone that is being made in a bound worktree acts for that worktree. */
	make_git_dir("fresh.git");
	setenv("GIT_DIR", "../fresh.git", 1);
	expect_in("linked", 1, SECOND);
	expect_binding("fresh.git", 0, NULL);
	setenv("GIT_DIR", "no/such", 1);
	expect_in("linked", -ENOENT, NULL);
	setenv("GIT_DIR", "", 1);
	expect_in("linked", 1, SECOND);
}

static void test_what_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	make_repository();
	write_file("main/.git/" WORKTREE_CONFIG, "[ravi]\nidentity = \"one\n");
	expect_in("main", -EBADMSG, NULL);
	bind_to("main/.git", "No Name");
	expect_in("main", -EINVAL, NULL);
	bind_to("main/.git", "");
	expect_in("main", -EINVAL, NULL);
	assert_int_equal(unlink("main/.git/" WORKTREE_CONFIG), 0);
	make("main/.git/" WORKTREE_CONFIG);
	expect_in("main", -EBADMSG, NULL);
	assert_int_equal(rmdir("main/.git/" WORKTREE_CONFIG), 0);
	/* A FIFO must not make it wait. */
	assert_int_equal(mkfifo("main/.git/" WORKTREE_CONFIG, 0644), 0);
	expect_in("main", -EBADMSG, NULL);
	assert_int_equal(unlink("main/.git/" WORKTREE_CONFIG), 0);
	write_file("linked/.git", "gitdir: ../main/.git/worktrees/gone\n");
	expect_in("linked", -ENOENT, NULL);
	write_file("linked/.git", "gitdir ../main/.git\n");
	expect_in("linked", -EBADMSG, NULL);
	write_file("linked/.git", "");
	expect_in("linked", -EBADMSG, NULL);
}

static void test_sizes_are_limited(void **state)
{
	buf_auto text = {0};

	(void)state;
	make_repository();
	buf_add_text(&text, "[ravi]\nidentity = " FIRST "\n#");
	while (text.len <= WORKTREE_CONFIG_MAX)
		buf_add_char(&text, 'x');
	write_file("main/.git/" WORKTREE_CONFIG, text.data);
	expect_in("main", -EFBIG, NULL);
	write_file("linked/.git", text.data);
	expect_in("linked", -EFBIG, NULL);
}

static void test_another_users_binding_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_repository();
	bind_to("main/.git", FIRST);
	assert_int_equal(chown("main/.git/" WORKTREE_CONFIG, 4242, 4242), 0);
	expect_in("main", -EACCES, NULL);
	/* Without a binding in it, what belongs to somebody else is no concern of ours. */
	write_file("main/.git/" WORKTREE_CONFIG, "[core]\n\tbare = false\n");
	expect_in("main", 0, NULL);
	/* Ours, but another user's .git file leads there. */
	bind_to("main/.git/worktrees/linked", SECOND);
	assert_int_equal(chown("linked/.git", 4242, 4242), 0);
	expect_in("linked", -EACCES, NULL);
	/* All ours, but another user's link leads there. */
	assert_int_equal(unlink("main/.git/" WORKTREE_CONFIG), 0);
	bind_to("main/.git", FIRST);
	make("planted");
	assert_int_equal(symlink("../main/.git", "planted/.git"), 0);
	expect_in("planted", 1, FIRST);
	assert_int_equal(lchown("planted/.git", 4242, 4242), 0);
	expect_in("planted", -EACCES, NULL);
}

/* ---- rings ---- */

static void put(struct ring_content *content, const char *identity, const char *name,
    const char *value, time_t expires)
{
	struct ring_item *item;

	content->items = reallocarray(content->items, content->count + 1, sizeof(*content->items));
	assert_non_null(content->items);
	item = &content->items[content->count++];
	*item = (struct ring_item){.expires = expires};
	ring_key_description(identity, name, item->description);
	assert_int_equal(buf_add_text(&item->value, value), 0);
}

static void put_profile(struct ring_content *content, const char *identity, const char *more)
{
	char text[256];

	snprintf(text, sizeof(text), "name=%s\nuser=" USER "\nuid=0\nrevision=1\nkeys=1\n%s",
	    identity ? identity : FIRST, more);
	put(content, identity, RING_PROFILE, text, 0);
}

/* Builds the ring of the content and forgets that. */
static void load(struct world *world, struct ring_content *content)
{
	struct reason why = {0};

	if (ring_build(USER, world->ring.id, content, &world->ring.id, &why) < 0)
		fail_msg("%s", why.text);
	strcpy(world->ring.user, USER);
	for (size_t i = 0; i < content->count; i++)
		buf_free(&content->items[i].value);
	free(content->items);
	*content = (struct ring_content){0};
}

static struct world *ring_world(void **state)
{
	if (geteuid() != 0 || keyctl_get_keyring_ID(KEY_SPEC_THREAD_KEYRING, 1) < 0)
		skip();
	return *state;
}

/* Key, vault and value of the token that `identity` (NULL: nobody asked) gets; NULL: none. */
static void expect_token(
    struct world *world, const char *identity, const char *key, bool in_default, const char *value)
{
	choice_token_auto token = {0};
	struct reason why = {0};
	struct choice choice;
	int r;

	assert_int_equal(choice_make(&world->ring, identity, NULL, &choice, &why), 0);
	r = choice_github_token(&world->ring, &choice, &token, &why);
	if (!key) {
		assert_int_equal(r, -ENOKEY);
		assert_non_null(strstr(why.text, choice.identity));
		return;
	}
	if (r < 0)
		fail_msg("%s", why.text);
	assert_string_equal(token.key, key);
	assert_string_equal(buf_text(&token.value), value);
	assert_true(token.in_default == in_default);
}

static void test_the_order_of_wishes(void **state)
{
	struct world *world = ring_world(state);
	struct ring_content content = {0};
	struct choice choice;

	put_profile(&content, SECOND, "");
	put_profile(&content, NULL, "");
	load(world, &content);
	make_repository();
	bind_to("main/.git", SECOND);
	bind_to("main/.git/worktrees/linked", SEEDED);

	assert_int_equal(choice_make(&world->ring, NULL, NULL, &choice, NULL), 0);
	assert_int_equal(choice.source, CHOICE_DEFAULT);
	assert_string_equal(choice.identity, FIRST);
	assert_true(choice.is_default && choice.is_carried);

	assert_int_equal(chdir("main"), 0);
	assert_int_equal(choice_make(&world->ring, NULL, NULL, &choice, NULL), 0);
	assert_int_equal(choice.source, CHOICE_WORKTREE);
	assert_string_equal(choice.identity, SECOND);
	assert_true(!choice.is_default && choice.is_carried);
	assert_non_null(strstr(choice.config, "/main/.git/" WORKTREE_CONFIG));

	setenv("RAVI_IDENTITY", FIRST, 1);
	assert_int_equal(choice_make(&world->ring, NULL, NULL, &choice, NULL), 0);
	assert_int_equal(choice.source, CHOICE_ENVIRONMENT);
	assert_true(choice.is_default && choice.is_carried);
	assert_string_equal(choice.identity, FIRST);

	assert_int_equal(choice_make(&world->ring, SEEDED, NULL, &choice, NULL), 0);
	assert_int_equal(choice.source, CHOICE_OPTION);
	assert_true(!choice.is_default && !choice.is_carried);

	assert_int_equal(choice_make(&world->ring, "Not a name", NULL, &choice, NULL), -EINVAL);
	assert_int_equal(choice_make(&world->ring, "", NULL, &choice, NULL), -EINVAL);
	setenv("RAVI_IDENTITY", "../x", 1);
	assert_int_equal(choice_make(&world->ring, NULL, NULL, &choice, NULL), -EINVAL);
	/* A binding that cannot be read is asked for neither of them, and nobody is taken instead. */
	write_file(".git/" WORKTREE_CONFIG, "[ravi");
	assert_int_equal(choice_make(&world->ring, SECOND, NULL, &choice, NULL), 0);
	unsetenv("RAVI_IDENTITY");
	assert_int_equal(choice_make(&world->ring, NULL, NULL, &choice, NULL), -EBADMSG);
}

static void test_a_vault_of_its_own(void **state)
{
	struct world *world = ring_world(state);
	struct ring_content content = {0};
	const char *identity = "";
	struct choice choice;

	put_profile(&content, SECOND, "");
	put_profile(&content, NULL, "");
	load(world, &content);
	assert_int_equal(choice_vault(&world->ring, NULL, &choice, &identity, NULL), 0);
	assert_null(identity);
	assert_int_equal(choice_vault(&world->ring, FIRST, &choice, &identity, NULL), 0);
	assert_null(identity);
	assert_int_equal(choice_vault(&world->ring, SECOND, &choice, &identity, NULL), 0);
	assert_string_equal(identity, SECOND);
	assert_int_equal(choice_vault(&world->ring, SEEDED, &choice, &identity, NULL), -ENOKEY);
}

static void test_whose_token(void **state)
{
	struct world *world = ring_world(state);
	struct ring_content content = {0};

	put_profile(&content, SECOND, "");
	put_profile(&content, NULL, "");
	put(&content, NULL, "OTHER", "x", 0);
	load(world, &content);
	expect_token(world, NULL, NULL, false, NULL);

	put_profile(&content, SECOND, "");
	put_profile(&content, NULL, "");
	put(&content, NULL, "CODEX_MONITOR_GH_TOKEN", "shared", 0);
	load(world, &content);
	expect_token(world, NULL, "CODEX_MONITOR_GH_TOKEN", false, "shared");
	expect_token(world, SECOND, NULL, false, NULL);
	expect_token(world, SEEDED, NULL, false, NULL);

	put_profile(&content, SECOND, "");
	put_profile(&content, NULL, "");
	put(&content, NULL, "CODEX_MONITOR_GH_TOKEN", "shared", 0);
	put(&content, NULL, "GITHUB_TOKEN", "github", 0);
	put(&content, NULL, "CODEX_MONITOR_GH_TOKEN_REPORTS_AGENT", "seed-second", 0);
	put(&content, NULL, "CODEX_MONITOR_GH_TOKEN_CI_BOT_2", "seed-bot", 0);
	load(world, &content);
	expect_token(world, NULL, "GITHUB_TOKEN", false, "github");
	expect_token(world, SECOND, "CODEX_MONITOR_GH_TOKEN_REPORTS_AGENT", true, "seed-second");
	expect_token(world, SEEDED, "CODEX_MONITOR_GH_TOKEN_CI_BOT_2", true, "seed-bot");

	put_profile(&content, SECOND, "");
	put_profile(&content, NULL, "");
	put(&content, NULL, "GITHUB_TOKEN", "github", 0);
	put(&content, NULL, "GH_TOKEN", "own-first\r\n\n", 0);
	put(&content, SECOND, "GH_TOKEN", "own-second\n", 0);
	put(&content, NULL, "CODEX_MONITOR_GH_TOKEN_REPORTS_AGENT", "seed-second", 0);
	put(&content, NULL, "CODEX_MONITOR_GH_TOKEN_PAYMENTS_AGENT", "seed-first", 0);
	load(world, &content);
	expect_token(world, NULL, "GH_TOKEN", false, "own-first");
	expect_token(world, FIRST, "GH_TOKEN", false, "own-first");
	expect_token(world, SECOND, "GH_TOKEN", false, "own-second");
	expect_token(world, SEEDED, NULL, false, NULL);
}

static void test_what_is_no_token(void **state)
{
	static const char *const values[] = {
	    "\n", "two\nlines", "two words", "bell\a", "caf\xc3\xa9", "cr\rin it"};
	struct world *world = ring_world(state);
	struct ring_content content = {0};
	struct choice choice;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		choice_token_auto token = {0};
		struct reason why = {0};

		put_profile(&content, NULL, "");
		put(&content, NULL, "GH_TOKEN", values[i], 0);
		put(&content, NULL, "GITHUB_TOKEN", "good", 0);
		load(world, &content);
		assert_int_equal(choice_make(&world->ring, NULL, NULL, &choice, NULL), 0);
		assert_int_equal(
		    choice_github_token(&world->ring, &choice, &token, &why), -EBADMSG);
		assert_null(strstr(why.text, values[i]));
	}
}

static void test_expiry(void **state)
{
	const struct timespec second = {.tv_sec = 1, .tv_nsec = 200000000};
	struct world *world = ring_world(state);
	struct ring_content content = {0};
	choice_token_auto token = {0};
	struct reason why = {0};
	report_auto text = report_begin(false, CHOICE_EXPLAIN_WIDTH);
	struct choice choice;

	put_profile(&content, NULL, "expires/GH_TOKEN=2037-01-31T00:00:00Z\n");
	put(&content, NULL, "GH_TOKEN", "later", 2116972800);
	load(world, &content);
	assert_int_equal(choice_make(&world->ring, NULL, NULL, &choice, NULL), 0);
	assert_int_equal(choice_github_token(&world->ring, &choice, &token, NULL), 0);
	assert_int_equal(token.expires, 2116972800);
	choice_explain(&choice, &token, &text);
	assert_string_equal(buf_text(&text.lines),
	    "identity:  " FIRST "\nbecause:   this user's default\n"
	    "token:     GH_TOKEN in the vault of " FIRST "\n"
	    "expires:   2037-01-31T00:00:00Z\n");

	put_profile(&content, NULL, "");
	put(&content, NULL, "GH_TOKEN", "soon", time(NULL) + 1);
	load(world, &content);
	nanosleep(&second, NULL);
	assert_int_equal(choice_github_token(&world->ring, &choice, &token, &why), -EKEYEXPIRED);
	assert_non_null(strstr(why.text, "expired"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	    TEST(test_the_syntax),
	    TEST(test_git_reads_it_the_same),
	    TEST(test_damaged_texts_do_no_harm),
	    TEST(test_each_worktree_has_its_own),
	    TEST(test_a_submodule_is_its_worktrees),
	    TEST(test_a_repository_inside_another_has_nothing_of_it),
	    TEST(test_git_dir_names_it),
	    TEST(test_what_cannot_be_read_is_an_error),
	    TEST(test_sizes_are_limited),
	    TEST(test_another_users_binding_is_refused),
	    TEST(test_the_order_of_wishes),
	    TEST(test_a_vault_of_its_own),
	    TEST(test_whose_token),
	    TEST(test_what_is_no_token),
	    TEST(test_expiry),
#undef TEST
	};

	return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
