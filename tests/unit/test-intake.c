/* SPDX-License-Identifier: MIT */
/*
 * tools/ravi-load/intake.c with a child that somebody has taken over: it has parsed the agent's files, as the
 * agent. Root waits for nothing that such a child can hold back.
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harvest.h"
#include "unit.h"
#include "util/file.h"

static enum { SILENT, STAYS, FLOODS, TALKS } manner;

/* The child, in the place of the real one (harvest.c). */
int harvest(const struct intake *intake, int out)
{
	static const char garbage[65536];

	(void)intake;
	/* The test's own guard is the parent's. */
	alarm(0);
	switch (manner) {
	case SILENT:
		pause();
		break;
	case STAYS:
		close(out);
		pause();
		break;
	case FLOODS:
		while (file_write_fd(out, garbage, sizeof(garbage)) == 0)
			;
		pause();
		break;
	case TALKS:
		file_write_fd(out, garbage, 1);
		break;
	}
	return 0;
}

static int take_in(int64_t milliseconds)
{
	const struct intake intake = {
	    .user = "nobody", .uid = geteuid(), .deadline = deadline_in(milliseconds)};
	struct reason why;

	/* A test that hangs is a failed test. */
	alarm(60);
	return intake_run(&intake, &why);
}

static void test_one_that_says_nothing_is_killed(void **state)
{
	(void)state;
	manner = SILENT;
	assert_int_equal(take_in(100), -ETIMEDOUT);
}

static void test_one_that_has_said_all_and_stays_is_killed(void **state)
{
	(void)state;
	manner = STAYS;
	assert_int_equal(take_in(100), -ETIMEDOUT);
}

static void test_one_that_never_ends_to_talk_is_killed(void **state)
{
	(void)state;
	manner = FLOODS;
	assert_int_equal(take_in(30000), -EFBIG);
}

/* What it says is looked at only for who is an agent: "nobody" never is. */
static void test_one_that_ends_is_waited_for(void **state)
{
	(void)state;
	manner = TALKS;
	assert_int_equal(take_in(30000), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_that_says_nothing_is_killed),
	    cmocka_unit_test(test_one_that_has_said_all_and_stays_is_killed),
	    cmocka_unit_test(test_one_that_never_ends_to_talk_is_killed),
	    cmocka_unit_test(test_one_that_ends_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
