/* SPDX-License-Identifier: MIT */
/*
 * tools/ravi-keyctl: the program itself, run as an agent on a ring in the real kernel. Each test builds the
 * ring that it needs, as root, for a uid that nobody else has. Without root, or without a keyring, skipped.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "ring/build.h"
#include "ring/keyctl.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/when.h"

#define PROGRAM "tools/ravi-keyctl/ravi-keyctl"
#define USER    "kctest"
#define FIRST   "payments-agent" /* the default identity */
#define SECOND  "reports-agent"
#define DAY     86400

struct world {
	int program;
	uid_t uid;
	int32_t ring;
	bool is_login; /* the ring is linked into the session keyring, too, as a login has it */
	struct ring_content content;
};

/* What a run of the program left. */
struct ran {
	int code;
	struct buf out, err;
};

#define ran_auto __attribute__((cleanup(ran_free))) struct ran

static void ran_free(struct ran *ran)
{
	buf_free(&ran->out);
	buf_free(&ran->err);
}

static void content_free(struct ring_content *content)
{
	for (size_t i = 0; i < content->count; i++)
		buf_free(&content->items[i].value);
	free(content->items);
	*content = (struct ring_content){0};
}

static void put(struct world *world, const char *identity, const char *name, const void *value,
    size_t len, time_t expires)
{
	struct ring_content *content = &world->content;
	struct ring_item *item;

	content->items = reallocarray(content->items, content->count + 1, sizeof(*content->items));
	assert_non_null(content->items);
	item = &content->items[content->count++];
	*item = (struct ring_item){.expires = expires};
	ring_key_description(identity, name, item->description);
	assert_int_equal(buf_add(&item->value, value, len), 0);
}

static void put_text(struct world *world, const char *identity, const char *name, const char *value)
{
	put(world, identity, name, value, strlen(value), 0);
}

static void put_profile(
    struct world *world, const char *identity, int revision, int keys, const char *more)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "name=%s\nuser=" USER "\nuid=%u\nemail=a@agents.example.org\nuuid=1-2-3\n"
	    "revision=%d\nkeys=%d\nloaded=2026-11-27T02:18:00Z\n%s",
	    identity ? identity : FIRST, world->uid, revision, keys, more);
	put_text(world, identity, RING_PROFILE, text);
}

/* Puts the content into the ring (a new one, unless there is one) and forgets it. */
static void load(struct world *world)
{
	struct reason why = {0};
	int r = ring_build(USER, world->ring, &world->content, &world->ring, &why);

	if (r == 0)
		r = ring_reach_user(world->ring, world->uid, true, &why);
	if (r < 0)
		fail_msg("%s", why.text);
	content_free(&world->content);
}

/* Two secrets of the default identity. */
static void load_usual(struct world *world)
{
	put_text(world, NULL, "GH_TOKEN", "ghp_one");
	put_text(world, NULL, "OTHER", "o t h e r");
	put_profile(world, NULL, 7, 2, "");
	load(world);
}

static void become_agent(const struct world *world)
{
	if (keyctl_join_session_keyring(NULL) < 0 ||
	    (world->is_login && keyctl_link(world->ring, KEY_SPEC_SESSION_KEYRING) < 0))
		_exit(89);
	if (setgroups(0, NULL) < 0 || setresgid(world->uid, world->uid, world->uid) < 0 ||
	    setresuid(world->uid, world->uid, world->uid) < 0)
		_exit(90);
}

static void read_back(int fd, struct buf *out)
{
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(fd, 1 << 20, out), 0);
}

/* Runs the program as the agent, after `prepare` has done something as it. */
static void run_prepared(const struct world *world, void (*prepare)(void), struct ran *ran,
    const char *const *argv, const char *const *envp)
{
	fd_auto out = memfd_create("out", MFD_CLOEXEC);
	fd_auto err = memfd_create("err", MFD_CLOEXEC);
	int status;
	pid_t pid;

	assert_true(out >= 0 && err >= 0);
	pid = fork();
	if (pid == 0) {
		become_agent(world);
		if (prepare)
			prepare();
		if (dup2(out, 1) < 0 || dup2(err, 2) < 0)
			_exit(91);
		fexecve(
		    world->program, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)envp);
		_exit(92);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	ran->code = WEXITSTATUS(status);
	read_back(out, &ran->out);
	read_back(err, &ran->err);
}

/* AddressSanitizer would take the core limit away itself. */
static const char *const plain[] = {"PATH=/usr/bin:/bin", "ASAN_OPTIONS=disable_coredump=0", NULL};

#define ARGV(...)              ((const char *const[]){"ravi-keyctl", __VA_ARGS__, NULL})
#define run(world, ran, ...)   run_prepared(world, NULL, ran, ARGV(__VA_ARGS__), plain)

#define assert_out(ran, text)  assert_string_equal(buf_text(&(ran)->out), text)
#define assert_says(ran, text) assert_non_null(strstr(buf_text(&(ran)->err), text))

/* ---- before and after each test ---- */

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	/* Of no user, and not of another run of this test that is going on. */
	world->uid = 3000000u + (uid_t)getpid();
	world->program = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	*state = world;
	return world->program < 0 ? -1 : 0;
}

static void empty_user_keyring(void)
{
	keyctl_clear(KEY_SPEC_USER_KEYRING);
}

static int tear_down(void **state)
{
	struct world *world = *state;
	pid_t pid;

	if (geteuid() == 0) {
		pid = fork();
		if (pid == 0) {
			become_agent(world);
			empty_user_keyring();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	if (world->ring)
		ring_end(world->ring, NULL);
	content_free(&world->content);
	close(world->program);
	free(world);
	return 0;
}

/* The test's world, or no test. */
static struct world *world_of(void **state)
{
	if (geteuid() != 0 || keyctl_get_keyring_ID(KEY_SPEC_THREAD_KEYRING, 1) < 0)
		skip();
	return *state;
}

/* ---- print ---- */

static void test_print_gives_the_bytes(void **state)
{
	struct world *world = world_of(state);
	/* Around the sizes of buffers, and the most that a key holds. */
	static const size_t sizes[] = {1, 63, 64, 1023, 1024, 2047, 2048, 4096, 32767};
	char value[32767];

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (char)(i * 7);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		ran_auto ran = {0};

		put(world, NULL, "BYTES", value, sizes[i], 0);
		put_profile(world, NULL, 1, 1, "");
		load(world);
		run(world, &ran, "print", "bytes");
		assert_int_equal(ran.code, EXIT_DONE);
		assert_int_equal(ran.out.len, sizes[i]);
		assert_memory_equal(ran.out.data, value, sizes[i]);
		assert_int_equal(ran.err.len, 0);
	}
}

static void test_print_says_what_is_missing(void **state)
{
	struct world *world = world_of(state);
	const struct timespec second = {.tv_sec = 1, .tv_nsec = 200000000};
	ran_auto none = {0};
	ran_auto missing = {0};
	ran_auto invalid = {0};
	ran_auto expired = {0};

	run(world, &none, "print", "GH_TOKEN");
	assert_int_equal(none.code, EXIT_NO_RING);
	put_text(world, NULL, "GH_TOKEN", "ghp_one");
	put(world, NULL, "SHORT", "s", 1, time(NULL) + 1);
	put_profile(world, NULL, 1, 2, "");
	load(world);
	run(world, &missing, "print", "GH_TOKENS");
	assert_int_equal(missing.code, EXIT_NOT_FOUND);
	assert_says(&missing, "GH_TOKENS");
	run(world, &invalid, "print", "@profile");
	assert_int_equal(invalid.code, EXIT_USAGE);
	nanosleep(&second, NULL);
	run(world, &expired, "print", "SHORT");
	assert_int_equal(expired.code, EXIT_NOT_FOUND);
	assert_says(&expired, "expired");
	assert_int_equal(missing.out.len + invalid.out.len + expired.out.len, 0);
}

/*
 * The kernel collects what has expired minutes later (/proc/sys/kernel/keys/gc_delay), and tells no name of it
 * until then: a ring that keeps it is not as long as its record says.
 */
static void test_what_has_expired_leaves_at_the_next_load(void **state)
{
	struct world *world = world_of(state);
	const struct timespec second = {.tv_sec = 1, .tv_nsec = 200000000};
	int32_t serials[4];

	put_text(world, NULL, "GH_TOKEN", "ghp_one");
	put(world, NULL, "SHORT", "s", 1, time(NULL) + 1);
	put_profile(world, NULL, 1, 2, "");
	load(world);
	nanosleep(&second, NULL);
	assert_int_equal(keyctl_read(world->ring, (char *)serials, sizeof(serials)), 3 * 4);
	put_text(world, NULL, "GH_TOKEN", "ghp_two");
	put_profile(world, NULL, 2, 1, "");
	load(world);
	assert_int_equal(keyctl_read(world->ring, (char *)serials, sizeof(serials)), 2 * 4);
}

static void test_an_ended_ring_gives_nothing(void **state)
{
	struct world *world = world_of(state);
	ran_auto ran = {0};

	load_usual(world);
	assert_int_equal(ring_end(world->ring, NULL), 0);
	run(world, &ran, "print", "GH_TOKEN");
	assert_int_equal(ran.code, EXIT_NO_RING);
	assert_int_equal(ran.out.len, 0);
}

static void test_each_identity_has_its_own(void **state)
{
	static const char *const named[] = {"RAVI_IDENTITY=" SECOND, NULL};
	struct world *world = world_of(state);
	const struct {
		const char *const *argv, *const *envp;
		const char *out;
	} cases[] = {
	    {ARGV("print", "GH_TOKEN"), plain, "ghp_one"},
	    {ARGV("print", "GH_TOKEN", "--identity", FIRST), plain, "ghp_one"},
	    {ARGV("print", "GH_TOKEN", "--identity", SECOND), plain, "ghp_two"},
	    {ARGV("print", "GH_TOKEN"), named, "ghp_two"},
	    {ARGV("print", "GH_TOKEN", "--identity", FIRST), named, "ghp_one"},
	};
	ran_auto unknown = {0};
	ran_auto fallback = {0};

	put_text(world, SECOND, "GH_TOKEN", "ghp_two");
	put_profile(world, SECOND, 3, 1, "");
	load_usual(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ran_auto ran = {0};

		run_prepared(world, NULL, &ran, cases[i].argv, cases[i].envp);
		assert_int_equal(ran.code, EXIT_DONE);
		assert_out(&ran, cases[i].out);
	}
	run(world, &unknown, "print", "GH_TOKEN", "--identity", "nobody-here");
	assert_int_equal(unknown.code, EXIT_NOT_FOUND);
	/* What the second does not have is not taken from the first. */
	run(world, &fallback, "print", "OTHER", "--identity", SECOND);
	assert_int_equal(fallback.code, EXIT_NOT_FOUND);
	assert_int_equal(unknown.out.len + fallback.out.len, 0);
}

/* ---- what an agent, or what it runs, can plant ---- */

static void plant_keys(void)
{
	add_key("user", "ravi:GH_TOKEN", "planted", 7, KEY_SPEC_USER_KEYRING);
	add_key("user", "ravi:GH_TOKEN", "planted", 7, KEY_SPEC_SESSION_KEYRING);
	add_key("user", "ravi:GH_TOKEN", "planted", 7, KEY_SPEC_PROCESS_KEYRING);
}

/* A ring of another name, before or behind the real one in @u: it must be passed over. */
static void plant_rings(void)
{
	static const char *const names[] = {"ravi:aaa", "ravi:zzz", "ravi:root"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int32_t ring = add_key("keyring", names[i], NULL, 0, KEY_SPEC_USER_KEYRING);

		add_key("user", "ravi:GH_TOKEN", "planted", 7, ring);
		keyctl_setperm(ring, RING_MASK);
	}
}

/* One of the real one's name displaces its link: then there is none, and it is said how to mend that. */
static void displace_ring(void)
{
	int32_t ring = add_key("keyring", RING_PREFIX USER, NULL, 0, KEY_SPEC_USER_KEYRING);

	add_key("user", "ravi:GH_TOKEN", "planted", 7, ring);
	keyctl_setperm(ring, RING_MASK);
}

static void revoke_session(void)
{
	keyctl_revoke(KEY_SPEC_SESSION_KEYRING);
}

static void leave_namespace(void)
{
	if (unshare(CLONE_NEWUSER) < 0)
		_exit(93);
}

static void test_nothing_planted_wins(void **state)
{
	struct world *world = world_of(state);
	void (*const plants[])(void) = {plant_keys, plant_rings, revoke_session};

	load_usual(world);
	for (size_t i = 0; i < sizeof(plants) / sizeof(*plants); i++) {
		ran_auto ran = {0};

		run_prepared(world, plants[i], &ran, ARGV("print", "GH_TOKEN"), plain);
		assert_int_equal(ran.code, EXIT_DONE);
		assert_out(&ran, "ghp_one");
	}
}

static void test_a_displaced_ring_is_said(void **state)
{
	struct world *world = world_of(state);
	ran_auto print = {0};
	ran_auto status = {0};

	load_usual(world);
	run_prepared(world, displace_ring, &print, ARGV("print", "GH_TOKEN"), plain);
	assert_int_equal(print.code, EXIT_NO_RING);
	assert_int_equal(print.out.len, 0);
	assert_says(&print, "keyctl unlink ");
	run(world, &status, "status");
	assert_int_equal(status.code, EXIT_NO_RING);
	assert_non_null(strstr(buf_text(&status.out), "not the real ring"));
	assert_non_null(strstr(buf_text(&status.out), "keyctl unlink "));
}

static void test_a_user_namespace_still_finds_it(void **state)
{
	struct world *world = world_of(state);
	ran_auto ran = {0};
	ran_auto status = {0};

	load_usual(world);
	world->is_login = true;
	run_prepared(world, leave_namespace, &ran, ARGV("print", "GH_TOKEN"), plain);
	if (ran.code == 93)
		skip(); /* this kernel gives users none */
	assert_int_equal(ran.code, EXIT_DONE);
	assert_out(&ran, "ghp_one");
	/* Without the login's session keyring there is another @u, and status knows. */
	world->is_login = false;
	run_prepared(world, leave_namespace, &status, ARGV("status"), plain);
	assert_int_equal(status.code, EXIT_NO_RING);
	assert_non_null(strstr(buf_text(&status.out), "user namespace of its own"));
}

/* ---- list and status ---- */

static void test_list_names_and_never_tells(void **state)
{
	struct world *world = world_of(state);
	char expires[WHEN_TEXT], more[128], lines[128];
	time_t soon = time(NULL) + DAY;
	ran_auto list = {0};
	ran_auto json = {0};
	ran_auto status = {0};

	when_format(soon, expires);
	/* GONE has expired, and the kernel has forgotten it; the profile has not. */
	snprintf(more, sizeof(more), "expires/TIMED=%s\n", expires);
	put_text(world, NULL, "PLAIN", "secret-1");
	put(world, NULL, "TIMED", "secret-2", 8, soon);
	put_text(world, SECOND, "GH_TOKEN", "secret-3");
	put_profile(world, SECOND, 3, 1, "");
	strcat(more, "expires/GONE=2020-01-01T00:00:00Z\n");
	put_profile(world, NULL, 7, 3, more);
	load(world);
	run(world, &list, "list");
	snprintf(lines, sizeof(lines),
	    "GONE\texpired 2020-01-01T00:00:00Z\nPLAIN\nTIMED\texpires %s\n", expires);
	assert_out(&list, lines);
	run(world, &json, "list", "--json", "--identity", SECOND);
	assert_out(&json,
	    "{\n  \"user\": \"" USER "\",\n  \"identity\": \"" SECOND "\",\n  \"keys\": [\n    {\n"
	    "      \"name\": \"GH_TOKEN\",\n      \"expires_dt\": null,\n      \"state\": "
	    "\"live\"\n"
	    "    }\n  ]\n}\n");
	run(world, &status, "status", "--json");
	assert_int_equal(status.code, EXIT_DONE);
	assert_non_null(strstr(buf_text(&status.out), "GONE of " FIRST ": expired"));
	assert_non_null(strstr(buf_text(&status.out), "\"name\": \"" SECOND "\""));
	assert_null(strstr(buf_text(&status.out), "secret-"));
}

static void test_status_says_what_tools_act_as(void **state)
{
	static const char *const named[] = {"RAVI_IDENTITY=" SECOND, NULL};
	static const char *const seeded[] = {"RAVI_IDENTITY=no-vault", NULL};
	static const char *const invalid[] = {"RAVI_IDENTITY=No Name", NULL};
	struct world *world = world_of(state);
	ran_auto first = {0};
	ran_auto second = {0};
	ran_auto third = {0};
	ran_auto none = {0};

	put_profile(world, SECOND, 3, 0, "");
	load_usual(world);
	run(world, &first, "status");
	assert_non_null(
	    strstr(buf_text(&first.out), "acts as    " FIRST " (this user's default)\n"));
	run_prepared(world, NULL, &second, ARGV("status", "--json"), named);
	assert_non_null(strstr(buf_text(&second.out), "\"identity\": \"" SECOND "\""));
	assert_non_null(strstr(buf_text(&second.out), "\"because\": \"RAVI_IDENTITY\""));
	/* All identities are shown, whichever is meant. */
	assert_non_null(strstr(buf_text(&second.out), "\"name\": \"" FIRST "\""));
	run_prepared(world, NULL, &third, ARGV("status"), seeded);
	assert_non_null(
	    strstr(buf_text(&third.out), "no-vault (RAVI_IDENTITY), whose secrets are not"));
	run_prepared(world, NULL, &none, ARGV("status"), invalid);
	assert_non_null(strstr(buf_text(&none.out), "cannot be told: RAVI_IDENTITY: "));
}

static void test_status_says_why_there_is_none(void **state)
{
	struct world *world = world_of(state);
	ran_auto ran = {0};

	run(world, &ran, "status");
	assert_int_equal(ran.code, EXIT_NO_RING);
	assert_non_null(strstr(buf_text(&ran.out), "ring       none\n"));
	assert_non_null(strstr(buf_text(&ran.out), "has no user name"));
}

static void test_status_counts(void **state)
{
	struct world *world = world_of(state);
	ran_auto ran = {0};

	put_text(world, NULL, "GH_TOKEN", "ghp_one");
	put_profile(world, NULL, 7, 2, "");
	load(world);
	run(world, &ran, "status");
	assert_int_equal(ran.code, EXIT_DONE);
	assert_non_null(strstr(buf_text(&ran.out), "the ring holds 1 of the 2 secrets of " FIRST));
	assert_non_null(strstr(buf_text(&ran.out), "ravi reload " USER));
}

/* ---- exec ---- */

static void test_exec_fills_one_environment(void **state)
{
	static const char *const before[] = {"TOKEN=old", "KEPT=kept", "TOKENS=kept", NULL};
	struct world *world = world_of(state);
	ran_auto env = {0};
	ran_auto arguments = {0};

	load_usual(world);
	run_prepared(world, NULL, &env,
	    ARGV("exec", "-e", "TOKEN=gh_token", "-e", "other", "--", "/usr/bin/env"), before);
	assert_out(&env, "KEPT=kept\nTOKENS=kept\nTOKEN=ghp_one\nOTHER=o t h e r\n");
	assert_int_equal(env.code, EXIT_DONE);
	run(world, &arguments, "exec", "-e", "GH_TOKEN", "--", "sh", "-c",
	    "echo \"$#,$1,$2\"; exit 7", "sh", "-e", "a b");
	assert_out(&arguments, "2,-e,a b\n");
	assert_int_equal(arguments.code, 7);
}

static void test_exec_all(void **state)
{
	static const char *const nothing[] = {NULL};
	struct world *world = world_of(state);
	ran_auto ran = {0};

	put_text(world, SECOND, "HIDDEN", "x");
	put_profile(world, SECOND, 3, 1, "");
	load_usual(world);
	run_prepared(world, NULL, &ran,
	    ARGV("exec", "--all", "-e", "OTHER=GH_TOKEN", "--", "/usr/bin/env"), nothing);
	assert_int_equal(ran.code, EXIT_DONE);
	assert_out(&ran, "GH_TOKEN=ghp_one\nOTHER=ghp_one\n");
}

/* Nothing is run unless everything that was asked for is there. */
static void test_exec_refuses(void **state)
{
	struct world *world = world_of(state);
	const struct {
		const char *const *argv;
		int code;
		const char *says;
	} cases[] = {
	    {ARGV("exec", "-e", "A=GH_TOKEN", "-e", "MISSING", "--", "echo", "ran"), EXIT_NOT_FOUND,
		"MISSING"},
	    {ARGV("exec", "-e", "A=NUL", "--", "echo", "ran"), EXIT_FAILED, "NUL byte"},
	    {ARGV("exec", "-e", "9A=GH_TOKEN", "--", "echo", "ran"), EXIT_USAGE, "-e 9A="},
	    {ARGV("exec", "-e", "A-B=GH_TOKEN", "--", "echo", "ran"), EXIT_USAGE, "-e A-B="},
	    {ARGV("exec", "-e", "A=", "--", "echo", "ran"), EXIT_USAGE, "-e A="},
	    {ARGV("exec", "-e", "=GH_TOKEN", "--", "echo", "ran"), EXIT_USAGE, "-e =GH_TOKEN"},
	    {ARGV("exec", "--", "echo", "ran"), EXIT_USAGE, "--all"},
	    {ARGV("exec", "-e", "GH_TOKEN"), EXIT_USAGE, "usage"},
	    {ARGV("exec", "--all", "--", "echo", "ran"), EXIT_FAILED, "NUL byte"},
	    {ARGV("exec", "-e", "GH_TOKEN", "--", "/no/such/command"), 127, "/no/such/command"},
	    {ARGV("exec", "-e", "GH_TOKEN", "--", "/etc/passwd"), 126, "/etc/passwd"},
	};

	put_text(world, NULL, "GH_TOKEN", "ghp_one");
	put(world, NULL, "NUL", "a\0b", 3, 0);
	put_profile(world, NULL, 7, 2, "");
	load(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ran_auto ran = {0};

		run_prepared(world, NULL, &ran, cases[i].argv, plain);
		assert_int_equal(ran.code, cases[i].code);
		assert_int_equal(ran.out.len, 0);
		assert_says(&ran, cases[i].says);
	}
}

static void test_exec_all_wants_a_whole_ring(void **state)
{
	struct world *world = world_of(state);
	ran_auto ran = {0};

	put_text(world, NULL, "GH_TOKEN", "ghp_one");
	put_profile(world, NULL, 7, 2, "");
	load(world);
	run(world, &ran, "exec", "--all", "--", "echo", "ran");
	assert_int_equal(ran.code, EXIT_NOT_FOUND);
	assert_int_equal(ran.out.len, 0);
	assert_says(&ran, "1 of the 2 secrets");
}

static void limit_core(void)
{
	struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 1 << 20};

	setrlimit(RLIMIT_CORE, &limit);
}

/* The command can be debugged (its files in /proc are its user's) and has the limit that we had. */
static void test_exec_gives_back_limits(void **state)
{
	struct world *world = world_of(state);
	char wanted[64];
	ran_auto ran = {0};

	load_usual(world);
	run_prepared(world, limit_core, &ran,
	    ARGV("exec", "-e", "GH_TOKEN", "--", "sh", "-c",
		"ulimit -S -c; ulimit -H -c; stat -c %u /proc/self/environ"),
	    plain);
	snprintf(wanted, sizeof(wanted), "8\n2048\n%u\n", world->uid);
	assert_out(&ran, wanted);
}

/* ---- while the ring is being changed ---- */

#define ROTATED 24

static void load_revision(struct world *world, int revision)
{
	char value[16], name[16];

	snprintf(value, sizeof(value), "%d", revision);
	for (int i = 0; i < ROTATED; i++) {
		snprintf(name, sizeof(name), "N%02d", i);
		put_text(world, NULL, name, value);
	}
	put_profile(world, NULL, revision, ROTATED, "");
	load(world);
}

/* All values are those of one revision. */
static void assert_one_revision(struct buf *out)
{
	char *cursor = out->data, *line, *first = NULL;
	int count = 0;

	while ((line = strsep(&cursor, "\n")) && *line) {
		const char *value = strchr(line, '=');

		assert_non_null(value);
		if (!first)
			first = line;
		assert_string_equal(value, strchr(first, '='));
		count++;
	}
	assert_int_equal(count, ROTATED);
}

static void test_exec_never_mixes_revisions(void **state)
{
	static const char *const nothing[] = {NULL};
	struct world *world = world_of(state);
	/* Longer than a reader takes with sanitizers on a busy machine, or it would never see a whole ring. */
	const struct timespec pause = {.tv_nsec = 10000000};
	pid_t pid;

	load_revision(world, 1);
	pid = fork();
	if (pid == 0) {
		for (int revision = 2; getppid() != 1; revision++) {
			load_revision(world, revision);
			nanosleep(&pause, NULL);
		}
		_exit(0);
	}
	assert_true(pid > 0);
	for (int i = 0; i < 200; i++) {
		ran_auto ran = {0};

		run_prepared(
		    world, NULL, &ran, ARGV("exec", "--all", "--", "/usr/bin/env"), nothing);
		assert_int_equal(ran.code, EXIT_DONE);
		assert_one_revision(&ran.out);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_print_gives_the_bytes),
	    TEST(test_print_says_what_is_missing),
	    TEST(test_what_has_expired_leaves_at_the_next_load),
	    TEST(test_an_ended_ring_gives_nothing),
	    TEST(test_each_identity_has_its_own),
	    TEST(test_nothing_planted_wins),
	    TEST(test_a_displaced_ring_is_said),
	    TEST(test_a_user_namespace_still_finds_it),
	    TEST(test_list_names_and_never_tells),
	    TEST(test_status_says_why_there_is_none),
	    TEST(test_status_says_what_tools_act_as),
	    TEST(test_status_counts),
	    TEST(test_exec_fills_one_environment),
	    TEST(test_exec_all),
	    TEST(test_exec_refuses),
	    TEST(test_exec_all_wants_a_whole_ring),
	    TEST(test_exec_gives_back_limits),
	    TEST(test_exec_never_mixes_revisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
