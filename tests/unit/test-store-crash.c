/* SPDX-License-Identifier: MIT */
/*
 * libcore/store: writers of the directory store are killed at random moments, thousands of times. After
 * each kill the document is whole, it is not older than the last write that was acknowledged, the next
 * writer is not held up by a dead one's lock, and nothing but one temporary file is left behind.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scratch.h"
#include "store/store.h"

#define WRITERS      3
#define KILLS        3000
#define SECONDS      15 /* enough is enough on a slow disk; at least KILLS_LEAST by then */
#define KILLS_LEAST  1000
#define LIFE         3000 /* microseconds that a writer lives at most between two kills */
#define FILLER_LEAST 512  /* 32-bit words */

static const struct store_operations *const op = &store_directory;

/* What the writers tell the test, in shared memory: it survives them. */
struct ledger {
	struct writer {
		_Atomic uint32_t acknowledged; /* the highest number whose put returned 0 */
		_Atomic bool putting;
	} writers[WRITERS];
};

/* Document n: n, then a filler whose length and content follow from n, so that a torn one shows. */
static void document_make(uint32_t n, struct buf *document)
{
	uint32_t word = n, count = FILLER_LEAST + n * 977 % 8192;

	buf_add(document, &n, sizeof(n));
	for (uint32_t i = 0; i < count; i++) {
		word = word * 1664525 + 1013904223;
		buf_add(document, &word, sizeof(word));
	}
}

/* The number of a whole document; the test fails when it is torn. */
static bool document_read(const struct buf *document, uint32_t *n)
{
	buf_auto whole = {0};

	if (document->len < sizeof(*n))
		return false;
	memcpy(n, document->data, sizeof(*n));
	document_make(*n, &whole);
	return whole.len == document->len && !memcmp(whole.data, document->data, whole.len);
}

static bool store_number(struct store *store, uint32_t *n, struct buf *document)
{
	return op->get(store, "crash", document, NULL) == 0 && document_read(document, n);
}

/* Writes until it is killed; ends by itself only when something is wrong. */
static void write_for_ever(const char *path, struct writer *self)
{
	struct store *store;

	if (op->open(path, &store, NULL) < 0)
		_exit(1);
	for (;;) {
		buf_auto old = {0}, new = {0};
		uint32_t n;
		int r;

		if (!store_number(store, &n, &old))
			_exit(2);
		document_make(n + 1, &new);
		self->putting = true;
		r = op->put(store, "crash", &old, &new, NULL);
		self->putting = false;
		if (r == 0)
			self->acknowledged = n + 1;
		else if (r != -ESTALE)
			_exit(3);
	}
}

static pid_t start_writer(const char *path, struct writer *self)
{
	pid_t pid;

	self->putting = false;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
		write_for_ever(path, self);
	}
	return pid;
}

static void kill_writer(pid_t pid)
{
	int status = 0;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* One that ended by itself found something wrong. */
	assert_true(WIFSIGNALED(status));
}

static uint32_t below(uint32_t bound)
{
	uint32_t n;

	assert_int_equal(getrandom(&n, sizeof(n), 0), sizeof(n));
	return n % bound;
}

static void check_document(struct store *store, struct ledger *ledger)
{
	uint32_t least = 0, n;
	buf_auto document = {0};

	/* First what was acknowledged, then what is there: the others go on writing. */
	for (int i = 0; i < WRITERS; i++)
		if (ledger->writers[i].acknowledged > least)
			least = ledger->writers[i].acknowledged;
	assert_true(store_number(store, &n, &document));
	assert_true(n >= least);
}

static void test_killed_writers(void **state)
{
	struct ledger *ledger =
	    mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const time_t end = time(NULL) + SECONDS;
	int kills = 0, in_the_middle = 0;
	struct scratch scratch;
	pid_t writers[WRITERS];
	struct store *store;
	buf_auto first = {0};

	(void)state;
	assert_true(ledger != MAP_FAILED);
	scratch_make(&scratch);
	assert_int_equal(op->open(scratch.path, &store, NULL), 0);
	document_make(1, &first);
	assert_int_equal(op->put(store, "crash", NULL, &first, NULL), 0);
	for (int i = 0; i < WRITERS; i++)
		writers[i] = start_writer(scratch.path, &ledger->writers[i]);
	while (kills < KILLS && (kills < KILLS_LEAST || time(NULL) < end)) {
		uint32_t victim = below(WRITERS);

		usleep(below(LIFE));
		kill_writer(writers[victim]);
		kills++;
		in_the_middle += ledger->writers[victim].putting;
		check_document(store, ledger);
		assert_true(scratch_count(&scratch, "") <= 3);
		writers[victim] = start_writer(scratch.path, &ledger->writers[victim]);
	}
	for (int i = 0; i < WRITERS; i++)
		kill_writer(writers[i]);
	check_document(store, ledger);
	print_message("# %d kills, %d inside a put, document %u acknowledged\n", kills,
	    in_the_middle, ledger->writers[0].acknowledged);
	/* Otherwise the kills hit nothing worth hitting, and this test proves nothing. */
	assert_true(in_the_middle > kills / 10);
	op->close(store);
	scratch_remove(&scratch);
	munmap(ledger, sizeof(*ledger));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_killed_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
