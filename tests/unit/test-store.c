/* SPDX-License-Identifier: MIT */
/* libcore/store: compare and swap, names, file rules, and parallel writers of the directory store. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "store/store.h"
#include "util/text.h"

static const struct store_operations *const op = &store_directory;

struct fixture {
	struct scratch scratch;
	struct store *store;
};

static int setup(void **state)
{
	static struct fixture fixture;

	scratch_make(&fixture.scratch);
	*state = &fixture;
	return op->open(fixture.scratch.path, &fixture.store, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	op->close(f->store);
	scratch_remove(&f->scratch);
	return 0;
}

static int put(struct fixture *f, const char *name, const char *expected, const char *document,
    struct reason *why)
{
	buf_auto old = {0}, new = {0};

	buf_add_text(&new, document);
	if (!expected)
		return op->put(f->store, name, NULL, &new, why);
	buf_add_text(&old, expected);
	return op->put(f->store, name, &old, &new, why);
}

static int delete (struct fixture *f, const char *name, const char *expected)
{
	buf_auto old = {0};

	buf_add_text(&old, expected);
	return op->delete (f->store, name, &old, NULL);
}

static void assert_holds(struct fixture *f, const char *name, const char *document)
{
	buf_auto got = {0};

	assert_int_equal(op->get(f->store, name, &got, NULL), 0);
	assert_string_equal(buf_text(&got), document);
}

static void test_a_put_needs_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct reason why;
	buf_auto got = {0};

	assert_int_equal(op->get(f->store, "agent", &got, &why), -ENOENT);
	assert_int_equal(put(f, "agent", "one", "two", &why), -ESTALE);
	assert_non_null(strstr(why.text, "agent.age is gone"));
	assert_int_equal(put(f, "agent", NULL, "one", &why), 0);
	assert_holds(f, "agent", "one");
	assert_int_equal(put(f, "agent", NULL, "two", &why), -ESTALE);
	assert_non_null(strstr(why.text, "there already"));
	assert_int_equal(put(f, "agent", "on", "two", &why), -ESTALE);
	assert_int_equal(put(f, "agent", "onf", "two", &why), -ESTALE);
	assert_non_null(strstr(why.text, "try again"));
	assert_holds(f, "agent", "one");
	assert_int_equal(put(f, "agent", "one", "two", &why), 0);
	assert_holds(f, "agent", "two");
	assert_int_equal(scratch_count(&f->scratch, ""), 2); /* the document and the lock */
}

static void test_a_delete_needs_what_is_there(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(delete (f, "agent", "one"), -ENOENT);
	assert_int_equal(put(f, "agent", NULL, "one", NULL), 0);
	assert_int_equal(delete (f, "agent", "two"), -ESTALE);
	assert_holds(f, "agent", "one");
	assert_int_equal(delete (f, "agent", "one"), 0);
	assert_int_equal(delete (f, "agent", "one"), -ENOENT);
	assert_int_equal(put(f, "agent", NULL, "new", NULL), 0);
}

static int remember(void *context, const char *name)
{
	struct buf *seen = context;

	return buf_addf(seen, "%s ", name);
}

static int stop(void *context, const char *name)
{
	remember(context, name);
	return 7;
}

static void test_list_is_in_the_order_of_names(void **state)
{
	static const char *const names[] = {"agent.x", "zed", "agent", "agent-b", "abc"};
	struct fixture *f = *state;
	buf_auto seen = {0};

	assert_int_equal(op->list(f->store, remember, &seen, NULL), 0);
	assert_string_equal(buf_text(&seen), "");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(put(f, names[i], NULL, "x", NULL), 0);
	scratch_write(&f->scratch, "notes.txt", 0600, "not ours");
	scratch_write(&f->scratch, "UPPER.age", 0600, "not ours");
	scratch_write(&f->scratch, ".age", 0600, "not ours");
	assert_int_equal(op->list(f->store, remember, &seen, NULL), 0);
	assert_string_equal(buf_text(&seen), "abc agent agent-b agent.x zed ");
	buf_reset(&seen);
	assert_int_equal(op->list(f->store, stop, &seen, NULL), 7);
	assert_string_equal(buf_text(&seen), "abc ");
}

static void test_names_build_no_paths(void **state)
{
	static const char *const names[] = {
	    "", "a", "..", "../x", "a/b", "/etc", "Agent", "a..b", ".lock"};
	struct fixture *f = *state;
	buf_auto got = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(op->get(f->store, names[i], &got, NULL), -EINVAL);
		assert_int_equal(put(f, names[i], NULL, "x", NULL), -EINVAL);
		assert_int_equal(delete (f, names[i], "x"), -EINVAL);
	}
	assert_int_equal(scratch_count(&f->scratch, ""), 0);
}

static void test_documents_are_private(void **state)
{
	struct fixture *f = *state;
	struct reason why;
	struct stat st;
	buf_auto got = {0};

	assert_int_equal(put(f, "agent", NULL, "one", NULL), 0);
	assert_int_equal(fstatat(f->scratch.dir, "agent.age", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fchmodat(f->scratch.dir, "agent.age", 0640, 0), 0);
	assert_int_equal(op->get(f->store, "agent", &got, &why), -EACCES);
	assert_non_null(strstr(why.text, f->scratch.path));
	assert_int_equal(put(f, "agent", "one", "two", NULL), -EACCES);
	assert_int_equal(symlinkat("agent.age", f->scratch.dir, "other.age"), 0);
	assert_int_equal(op->get(f->store, "other", &got, &why), -ELOOP);
}

static void test_sizes(void **state)
{
	struct fixture *f = *state;
	struct reason why;
	buf_auto big = {0};

	assert_int_equal(put(f, "agent", NULL, "", &why), -EINVAL);
	assert_non_null(buf_reserve(&big, STORE_DOCUMENT_MAX + 1));
	memset(big.data, 'x', STORE_DOCUMENT_MAX + 1);
	big.len = STORE_DOCUMENT_MAX + 1;
	assert_int_equal(op->put(f->store, "agent", NULL, &big, &why), -EFBIG);
	buf_cut(&big, STORE_DOCUMENT_MAX);
	assert_int_equal(op->put(f->store, "agent", NULL, &big, &why), 0);
}

static void test_folders_are_checked(void **state)
{
	struct fixture *f = *state;
	struct store *other;
	struct reason why;

	assert_int_equal(op->open("/nonexistent/vaults", &other, &why), -ENOENT);
	assert_non_null(strstr(why.text, "ravi init"));
	assert_null(other);
	assert_int_equal(chmod(f->scratch.path, 0770), 0);
	assert_int_equal(op->open(f->scratch.path, &other, &why), -EACCES);
	assert_int_equal(chmod(f->scratch.path, 0700), 0);
}

/* One writer: gets, adds one, puts, again when another one was faster. */
static int count_up(const char *path, int times)
{
	struct store *store;
	int r = op->open(path, &store, NULL);

	while (r == 0 && times) {
		buf_auto old = {0}, new = {0};
		uint64_t n;

		r = op->get(store, "counter", &old, NULL);
		if (r == 0)
			r = text_number(buf_text(&old), 10, 0, 1000000, &n);
		if (r < 0)
			break;
		buf_addf(&new, "%llu", (unsigned long long)n + 1);
		r = op->put(store, "counter", &old, &new, NULL);
		times -= r == 0;
		if (r == -ESTALE)
			r = 0;
	}
	op->close(store);
	return r < 0;
}

static void test_parallel_writers_lose_nothing(void **state)
{
	enum { WRITERS = 8, TIMES = 40 };
	struct fixture *f = *state;
	pid_t writers[WRITERS];
	char sum[16];

	assert_int_equal(put(f, "counter", NULL, "0", NULL), 0);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		assert_true(writers[i] >= 0);
		if (!writers[i])
			_exit(count_up(f->scratch.path, TIMES));
	}
	for (int i = 0; i < WRITERS; i++) {
		int status = -1;

		assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
		assert_int_equal(status, 0);
	}
	snprintf(sum, sizeof(sum), "%d", WRITERS * TIMES);
	assert_holds(f, "counter", sum);
	assert_int_equal(scratch_count(&f->scratch, ""), 2);
}

static void test_a_held_lock_is_waited_for_and_named(void **state)
{
	struct fixture *f = *state;
	struct reason why;
	fd_auto held = -1;

	assert_int_equal(put(f, "agent", NULL, "one", NULL), 0);
	held = openat(f->scratch.dir, ".lock", O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(held, LOCK_EX | LOCK_NB), 0);
	assert_holds(f, "agent", "one"); /* readers do not wait */
	assert_int_equal(put(f, "agent", "one", "two", &why), -ETIMEDOUT);
	assert_non_null(strstr(why.text, "/.lock"));
	assert_int_equal(flock(held, LOCK_UN), 0);
	assert_int_equal(put(f, "agent", "one", "two", &why), 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_a_put_needs_what_is_there),
	    EACH(test_a_delete_needs_what_is_there),
	    EACH(test_list_is_in_the_order_of_names),
	    EACH(test_names_build_no_paths),
	    EACH(test_documents_are_private),
	    EACH(test_sizes),
	    EACH(test_folders_are_checked),
	    EACH(test_parallel_writers_lose_nothing),
	    EACH(test_a_held_lock_is_waited_for_and_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
