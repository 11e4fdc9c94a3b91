/* SPDX-License-Identifier: MIT */
/*
 * A login, and what it costs: a process that just began calls pam_start and pam_open_session, as a login
 * program does, and prints how long that took and what it left in the process.
 *
 *	login [OPTION]... CONFDIR SERVICE USER
 *	  --known     look the user up first, before the clock starts: as every login program does
 *	  --memory    print "KIB MAPS LIBRARIES" that the stack has added to the process, and their names
 *	  --hold N    open N sessions, print how long the last took, and close them when the input ends
 *
 * Prints the nanoseconds from before pam_start until pam_open_session has returned. Ends with 1 when a stack
 * says anything but PAM_SUCCESS or PAM_IGNORE (with `[default=ok]`, libpam hands on what a module says).
 */
#include <config.h>

#include <link.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "util/cleanup.h"

#define SESSIONS_MAX 500 /* the module takes 999 of one process */

struct login {
	const char *confdir, *service, *user;
	bool known, memory, holds;
	size_t count; /* sessions */
	pam_handle_t *handles[SESSIONS_MAX];
	int code; /* what the last open returned */
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* To a question for a password an answer, to all else nothing. */
static int converse(
    int count, const struct pam_message **messages, struct pam_response **responses, void *context)
{
	(void)context;
	*responses = calloc((size_t)count, sizeof(**responses));
	if (!*responses)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			(*responses)[i].resp = strdup("bench");
	return PAM_SUCCESS;
}

/* KiB that are this process's alone, and the number of its maps. */
static void weigh(long *kib, long *maps)
{
	file_auto smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	long found;

	*kib = *maps = 0;
	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "Private_Clean: %ld", &found) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &found) == 1)
			*kib += found;
		*maps += !strncmp(line, "VmFlags:", strlen("VmFlags:"));
	}
}

static int count_library(struct dl_phdr_info *info, size_t size, void *count)
{
	(void)size;
	if (*info->dlpi_name)
		++*(size_t *)count;
	return 0;
}

struct naming {
	size_t skip;
};

static int name_library(struct dl_phdr_info *info, size_t size, void *context)
{
	struct naming *naming = context;
	const char *slash = strrchr(info->dlpi_name, '/');

	(void)size;
	if (!*info->dlpi_name)
		return 0;
	if (naming->skip)
		naming->skip--;
	else
		printf(" %s", slash ? slash + 1 : info->dlpi_name);
	return 0;
}

static int open_session(struct login *login, size_t i)
{
	const struct pam_conv conv = {converse, NULL};

	if (pam_start_confdir(login->service, login->user, &conv, login->confdir,
		&login->handles[i]) != PAM_SUCCESS)
		return -1;
	login->code = pam_open_session(login->handles[i], PAM_SILENT);
	return login->code == PAM_SUCCESS || login->code == PAM_IGNORE ? 0 : -1;
}

static void close_sessions(struct login *login, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		pam_close_session(login->handles[i], PAM_SILENT);
		pam_end(login->handles[i], PAM_SUCCESS);
	}
}

static int weigh_login(struct login *login)
{
	long kib_before, maps_before, kib, maps;
	struct naming naming = {0};
	size_t after = 0;

	/* Twice: the first look itself takes memory. */
	weigh(&kib_before, &maps_before);
	weigh(&kib_before, &maps_before);
	dl_iterate_phdr(count_library, &naming.skip);
	if (open_session(login, 0) < 0)
		return -1;
	weigh(&kib, &maps);
	dl_iterate_phdr(count_library, &after);
	printf("%ld %ld %zu", kib - kib_before, maps - maps_before, after - naming.skip);
	dl_iterate_phdr(name_library, &naming);
	putchar('\n');
	return 0;
}

static int time_login(struct login *login)
{
	char text[256];
	int64_t took = 0;

	for (size_t i = 0; i < login->count; i++) {
		int64_t before = now();

		if (open_session(login, i) < 0)
			return -1;
		took = now() - before;
	}
	printf("%lld\n", (long long)took);
	fflush(stdout);
	while (login->holds && read(STDIN_FILENO, text, sizeof(text)) > 0)
		;
	return 0;
}

static int parse(int argc, char **argv, struct login *login)
{
	int i = 1;

	*login = (struct login){.count = 1};
	for (; i < argc && !strncmp(argv[i], "--", 2); i++) {
		if (!strcmp(argv[i], "--known"))
			login->known = true;
		else if (!strcmp(argv[i], "--memory"))
			login->memory = true;
		else if (!strcmp(argv[i], "--hold") && i + 1 < argc) {
			login->holds = true;
			login->count = strtoul(argv[++i], NULL, 10);
		} else
			return -1;
	}
	if (argc - i != 3 || !login->count || login->count > SESSIONS_MAX)
		return -1;
	login->confdir = argv[i];
	login->service = argv[i + 1];
	login->user = argv[i + 2];
	return 0;
}

int main(int argc, char **argv)
{
	static struct login login;
	int r;

	if (parse(argc, argv, &login) < 0) {
		fputs("Usage: login [--known] [--memory] [--hold N] CONFDIR SERVICE USER\n", stderr);
		return 2;
	}
	if (login.known && !getpwnam(login.user))
		return 1;
	r = login.memory ? weigh_login(&login) : time_login(&login);
	if (r < 0)
		fprintf(stderr, "login: %s for %s: %s\n", login.service, login.user,
		    pam_strerror(login.handles[0], login.code));
	close_sessions(&login, r < 0 ? 0 : login.count);
	return r < 0;
}
