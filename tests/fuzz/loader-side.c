/* SPDX-License-Identifier: MIT */
/* The loader's main in this process: main.c of ravi-load without what it does to its own process. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "fuzz.h"
#include "task.h"
#include "util/file.h"

static void do_task(const char *const *argv, struct task *task)
{
	const char *user = argv[2];

	for (size_t i = 3; argv[i]; i++)
		task->into_session |= !strcmp(argv[i], "--into-session");
	if (!strcmp(argv[1], "--load"))
		task->record->error = task_load(task, user);
	else if (!strcmp(argv[1], "--end"))
		task->record->error = task_end(task, user);
	else if (!strcmp(argv[1], "--release"))
		task->record->error = task_release(task, user);
	else if (!strcmp(argv[1], "--deny"))
		task->record->error = task_deny(task, user);
	else
		task->record->error = task_sweep(task);
}

void loader_main(const char *const *argv, int out)
{
	struct conf conf = {.timeout = 3, .reach = REACH_USER, .keep = 5};
	struct loader_record record = {.magic = LOADER_MAGIC};
	audit_batch_auto events = {0};
	struct task task = {
	    .conf = &conf, .deadline = deadline_in(3000), .record = &record, .events = &events};

	do_task(argv, &task);
	MUST(record.error <= 0);
	MUST(memchr(record.text, '\0', sizeof(record.text)) && *record.text);
	if (out >= 0)
		file_write_fd(out, &record, sizeof(record));
	audit_flush(&events);
}
