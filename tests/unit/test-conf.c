/* SPDX-License-Identifier: MIT */
/* libcore/config: ravi.conf and the PAM line's arguments through one table; who wins, what is refused. */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/conf.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	char argument[128]; /* conf=PATH of a file in it */
	struct buf unknown; /* what was reported: "WHERE:KEY " each */
	struct conf conf;
	struct reason why;
};

/* ravi.conf must belong to root: whoever runs this as somebody else cannot make one. */
static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){0};
	scratch_make(&f.scratch);
	snprintf(f.argument, sizeof(f.argument), "conf=%s/ravi.conf", f.scratch.path);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	conf_free(&f->conf);
	buf_free(&f->unknown);
	scratch_remove(&f->scratch);
	return 0;
}

static void report(void *context, const char *where, const char *key)
{
	struct fixture *f = context;
	const char *name = strrchr(where, '/');

	buf_addf(&f->unknown, "%s:%s ", name ? name + 1 : where, key);
}

static int load(struct fixture *f, const char *file, int argc, const char *const *argv)
{
	const char *with_file[8] = {NULL};
	int count = 0;

	for (; count < argc; count++)
		with_file[count] = argv[count];
	if (file) {
		if (geteuid() != 0)
			skip();
		scratch_write(&f->scratch, "ravi.conf", 0644, file);
		with_file[count++] = f->argument;
	}
	conf_free(&f->conf);
	buf_reset(&f->unknown);
	f->why = (struct reason){0};
	return conf_load(&f->conf, count, with_file, report, f, &f->why);
}

static void test_defaults_of_an_empty_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "", 0, NULL), 0);
	assert_false(f->conf.debug);
	assert_false(f->conf.quiet);
	assert_int_equal(f->conf.timeout, 3);
	assert_int_equal(f->conf.reach, REACH_USER);
	assert_int_equal(f->conf.keep, 5);
	assert_null(f->conf.domain);
}

static void test_the_file_says_everything(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f,
			     "# a comment\n"
			     "debug = yes\n"
			     "  quiet=on\r\n"
			     "\n"
			     "timeout = 10\n"
			     "reach = session\n"
			     "domain = agents.example.org\n"
			     "keep = 0",
			     0, NULL),
	    0);
	assert_true(f->conf.debug);
	assert_true(f->conf.quiet);
	assert_int_equal(f->conf.timeout, 10);
	assert_int_equal(f->conf.reach, REACH_SESSION);
	assert_string_equal(f->conf.domain, "agents.example.org");
	assert_int_equal(f->conf.keep, 0);
	assert_string_equal(buf_text(&f->unknown), "");
}

static void test_arguments_win_wherever_they_stand(void **state)
{
	static const char *const argv[] = {"timeout=7", "debug", "quiet=no"};
	struct fixture *f = *state;

	/* conf= comes last here, and the file is still read before the arguments. */
	assert_int_equal(load(f, "timeout = 10\nquiet = yes\nreach = session\n", 3, argv), 0);
	assert_int_equal(f->conf.timeout, 7);
	assert_true(f->conf.debug);
	assert_false(f->conf.quiet);
	assert_int_equal(f->conf.reach, REACH_SESSION);
}

static void test_unknown_keys_are_reported_and_ignored(void **state)
{
	static const char *const argv[] = {"use_first_pass", "colour=red", "timeout=7"};
	struct fixture *f = *state;

	assert_int_equal(load(f, "later = 1\nconf = /etc/other\ntimeout = 9\n", 3, argv), 0);
	assert_string_equal(buf_text(&f->unknown),
	    "ravi.conf:later ravi.conf:conf PAM argument:use_first_pass PAM argument:colour ");
	assert_int_equal(f->conf.timeout, 7);
}

static void test_bad_values_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *file, *words;
	} cases[] = {
	    {"debug = yes\ntimeout = 0\n", "ravi.conf line 2: timeout takes a number from 1 to 60"},
	    {"timeout = 61\n", "line 1: timeout"},
	    {"timeout = 3s\n", "line 1: timeout"},
	    {"timeout =\n", "line 1: timeout"},
	    {"\n\nreach = all\n", "line 3: reach"},
	    {"debug = maybe\n", "line 1: debug"},
	    {"domain =\n", "line 1: domain"},
	    {"just words\n", "line 1: \"just words\" is not key = value"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(load(f, cases[i].file, 0, NULL), -EINVAL);
		if (!strstr(f->why.text, cases[i].words))
			fail_msg("case %zu: %s", i, f->why.text);
	}
}

static void test_bad_arguments_are_refused(void **state)
{
	static const char *const bad[] = {"timeout=0", "timeout", "timeout=", "reach=all",
	    "debug=maybe", "conf=relative.conf", "conf=/nonexistent/ravi.conf", "conf="};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_true(load(f, NULL, 1, &bad[i]) < 0);
		assert_true(strlen(f->why.text) > 10);
	}
}

static void test_the_file_must_be_roots(void **state)
{
	struct fixture *f = *state;
	const char *const argument = f->argument;

	assert_int_equal(load(f, "debug = yes\n", 0, NULL), 0);
	assert_int_equal(fchmodat(f->scratch.dir, "ravi.conf", 0664, 0), 0);
	assert_int_equal(load(f, NULL, 1, &argument), -EACCES);
	assert_int_equal(fchmodat(f->scratch.dir, "ravi.conf", 0644, 0), 0);
	assert_int_equal(fchownat(f->scratch.dir, "ravi.conf", 1, 1, 0), 0);
	assert_int_equal(load(f, NULL, 1, &argument), -EACCES);
	assert_int_equal(renameat(f->scratch.dir, "ravi.conf", f->scratch.dir, "real"), 0);
	assert_int_equal(symlinkat("real", f->scratch.dir, "ravi.conf"), 0);
	assert_int_equal(load(f, NULL, 1, &argument), -ELOOP);
}

static void test_odd_files(void **state)
{
	struct fixture *f = *state;
	const char *const argument = f->argument;
	buf_auto big = {0};

	if (geteuid() != 0)
		skip();
	assert_int_equal(
	    file_replace(f->scratch.dir, "ravi.conf", 0644, false, "debug\0= yes\n", 12, NULL), 0);
	assert_int_equal(load(f, NULL, 1, &argument), -EINVAL);
	assert_non_null(strstr(f->why.text, "NUL"));
	while (big.len <= CONF_FILE_MAX)
		buf_add_text(&big, "# more\n");
	assert_int_equal(load(f, buf_text(&big), 0, NULL), -EFBIG);
}

/* `path` below the source tree; make check says in srcdir where that is. */
static void read_source(const char *path, struct buf *text)
{
	const char *folder = getenv("srcdir");
	char name[PATH_MAX], line[1024];
	FILE *file;

	snprintf(name, sizeof(name), "%s/%s", folder ? folder : ".", path);
	file = fopen(name, "re");
	assert_non_null(file);
	buf_add_text(text, "\n");
	while (fgets(line, sizeof(line), file))
		buf_add_text(text, line);
	fclose(file);
}

static void test_every_key_is_described(void **state)
{
	buf_auto sample = {0};
	buf_auto page = {0};
	char wanted[64];

	(void)state;
	read_source("conf/ravi.conf", &sample);
	read_source("conf/ravi.conf.5.in", &page);
	for (const struct option_row *row = conf_table; row->name; row++) {
		if (!strcmp(row->name, "conf"))
			continue;
		snprintf(wanted, sizeof(wanted), "\n#%s = ", row->name);
		if (!strstr(buf_text(&sample), wanted))
			fail_msg("conf/ravi.conf lacks %s", row->name);
		snprintf(wanted, sizeof(wanted), "\n.It Cm %s\n", row->name);
		if (!strstr(buf_text(&page), wanted))
			fail_msg("conf/ravi.conf.5.in lacks %s", row->name);
	}
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_defaults_of_an_empty_file),
	    EACH(test_the_file_says_everything),
	    EACH(test_arguments_win_wherever_they_stand),
	    EACH(test_unknown_keys_are_reported_and_ignored),
	    EACH(test_bad_values_are_refused_with_their_line),
	    EACH(test_bad_arguments_are_refused),
	    EACH(test_the_file_must_be_roots),
	    EACH(test_odd_files),
	    cmocka_unit_test(test_every_key_is_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
