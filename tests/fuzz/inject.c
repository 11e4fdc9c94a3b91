/* SPDX-License-Identifier: MIT */
/*
 * Logins, rotations and sweeps in which one in N of all system and library calls fails, in the module and in
 * the loader's libraries, or the loader dies at one of them; the manner is that of pam-u2f's fuzzing. What
 * must hold after each stands in scene.c. The seed says what fails: the same one makes the same run.
 *
 *	inject [FIRST [COUNT]]	those seeds; RAVI_SEEDS is how many `make check` runs. Prints TAP
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "chance.h"
#include "fuzz.h"
#include "kernel.h"
#include "scene.h"

#define SEEDS   1500
#define HANDLES 3
#define STEPS   8

static unsigned long seed;

/* A MUST that does not hold, or a crash: say which seed it was. */
static void on_abort(int number)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "seed %lu\n", seed);

	chance_one_in(0);
	if (write(2, text, (size_t)len) < 0)
		return;
	kernel_print(stderr);
	signal(number, SIG_DFL);
	raise(number);
}

static void choose_fate(void)
{
	static const uint8_t garbage[600] = "sh: 1: not found";

	/* Mostly it works, so far as its calls do. */
	calls_loader_fate(chance_below(3) ? FATE_WORKS : (enum loader_fate)chance_below(FATES),
	    garbage, 1 + chance_below(sizeof(garbage)));
}

static void do_step(struct pam_handle *handle)
{
	const char *argument = "debug";
	const char **argv = &argument;
	int argc = (int)chance_below(2);

	choose_fate();
	switch (chance_below(8)) {
	case 0:
		scene_account(handle, argc, argv);
		break;
	case 1:
		scene_refresh(handle, argc, argv);
		break;
	case 2:
		scene_rotate();
		break;
	case 3:
		scene_sweep();
		break;
	case 4:
		scene_close(handle, argc, argv);
		break;
	default:
		/* From the caller's session, or from none. */
		if (chance_below(2))
			kernel_host_session(chance_below(2) ? HUMAN_UID : 0);
		scene_open(handle, argc, argv);
	}
}

/* A rate for each seed: from one call in 5 to one in 400, and none at all. */
static void run(void)
{
	static const uint32_t rates[] = {0, 5, 12, 25, 50, 100, 200, 400};
	struct pam_handle handles[HANDLES] = {
	    {.user = AGENT_NAME}, {.user = AGENT_NAME}, {.user = HUMAN_NAME}};

	chance_seed(seed);
	scene_reset();
	chance_one_in(rates[chance_below(sizeof(rates) / sizeof(*rates))]);
	for (int i = 0; i < STEPS; i++)
		do_step(&handles[chance_below(HANDLES)]);
	scene_end(handles, HANDLES);
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("RAVI_SEEDS");
	unsigned long first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	unsigned long count = argc > 1 ? 1 : wanted ? strtoul(wanted, NULL, 10) : SEEDS;

	if (argc > 2)
		count = strtoul(argv[2], NULL, 10);
	signal(SIGABRT, on_abort);
	scene_make();
	for (seed = first; seed < first + count; seed++)
		run();
	scene_unmake();
	printf("ok 1 - %lu runs, %lu calls failed\n", count, chance_failed());
	printf(
	    "%sok 2 - calls did fail\n1..2\n", chance_failed() > count || argc > 1 ? "" : "not ");
	return 0;
}
