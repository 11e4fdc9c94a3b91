/* SPDX-License-Identifier: MIT */
/*
 * Every system and library call of the module and of the loader's libraries, as the linker puts them in the
 * place of the real ones (-Wl,--wrap; room.mk has the list): each may fail when chance says so, and the loader
 * may die at it. Files are real and lie below a folder of the test's own; keys, ids, users, processes and
 * time are made up.
 */
#ifndef RAVI_FUZZ_CALLS_H
#define RAVI_FUZZ_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define AGENT_NAME "fuzzed"
#define AGENT_UID  5001u
#define HUMAN_NAME "human"
#define HUMAN_UID  5002u

/* Absolute paths below /etc/ravi, /var/lib/ravi and /run/ravi become paths in this folder. */
void calls_below(const char *folder);

/* Where `path` is in truth; `to` holds 512 bytes. */
const char *calls_path(const char *path, char *to);

/* Milliseconds that have passed since the start, all of them waited for. */
int64_t calls_time(void);

/* ---- the loader, which runs within this process ---- */

enum loader_fate {
	FATE_WORKS,
	FATE_DIES,  /* at one of its calls */
	FATE_HANGS, /* before it has done anything */
	FATE_LINGERS /* it answers, and does not end */,
	FATE_BABBLES, /* other bytes than a record */
	FATE_SILENT,  /* it ends without a word */
	FATES
};

/* What becomes of the next ones; with bytes, what FATE_BABBLES says. */
void calls_loader_fate(enum loader_fate fate, const uint8_t *bytes, size_t size);

/* The main of the loader: does what its arguments say and answers on `out`. Given by loader-side.c. */
void loader_main(const char *const *argv, int out);

/* Time, log and owners of files are as at the start. */
void calls_forget(void);

/* ---- what must not be left behind ---- */

/* Descriptors that are open, and blocks that are allocated, in the host of the login. */
unsigned calls_open_descriptors(void);
unsigned calls_blocks(void);

/* Lines that the loader has sent to syslog. */
unsigned calls_syslog_lines(void);

#endif
