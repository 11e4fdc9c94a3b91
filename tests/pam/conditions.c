/* SPDX-License-Identifier: MIT */
/* What a host can be like, and whether the module left it like that: see host.h. */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "util/cleanup.h"

/* "1/2/3"; where fewer are given, the last one stands for the rest. */
static int parse_ids(const char *text, unsigned ids[3])
{
	int got = sscanf(text, "%u/%u/%u", &ids[0], &ids[1], &ids[2]);

	if (got < 1)
		return -1;
	for (int i = got; i < 3; i++)
		ids[i] = ids[i - 1];
	return 0;
}

static int step_uid(struct host *host, const char *argument)
{
	unsigned ids[3];

	(void)host;
	return parse_ids(argument, ids) < 0 ? -1 : setresuid(ids[0], ids[1], ids[2]);
}

static int step_gid(struct host *host, const char *argument)
{
	unsigned ids[3];

	(void)host;
	return parse_ids(argument, ids) < 0 ? -1 : setresgid(ids[0], ids[1], ids[2]);
}

static void *steal_children(void *nothing)
{
	for (;;)
		if (wait(NULL) < 0)
			usleep(500);
	return nothing;
}

static int step_sigchld(struct host *host, const char *argument)
{
	pthread_t thread;

	(void)host;
	if (!strcmp(argument, "ignore"))
		return signal(SIGCHLD, SIG_IGN) == SIG_ERR ? -1 : 0;
	if (!strcmp(argument, "steal"))
		return pthread_create(&thread, NULL, steal_children, NULL) ? -1 : 0;
	return -1;
}

static int step_closed(struct host *host, const char *argument)
{
	(void)host, (void)argument;
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	return 0;
}

static int set_limit(const char *argument, bool hard)
{
	static const struct {
		const char *name;
		__rlimit_resource_t which;
	} limits[] = {
	    {"fsize", RLIMIT_FSIZE},
	    {"nofile", RLIMIT_NOFILE},
	    {"as", RLIMIT_AS},
	    {"core", RLIMIT_CORE},
	    {"cpu", RLIMIT_CPU},
	    {"nproc", RLIMIT_NPROC},
	    {"data", RLIMIT_DATA},
	};
	const char *value = strchr(argument, '=');

	for (size_t i = 0; value && i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit limit;

		if (strncmp(argument, limits[i].name, (size_t)(value - argument)) != 0)
			continue;
		if (getrlimit(limits[i].which, &limit) < 0)
			return -1;
		limit.rlim_cur = strtoul(value + 1, NULL, 10);
		if (hard)
			limit.rlim_max = limit.rlim_cur;
		return setrlimit(limits[i].which, &limit);
	}
	return -1;
}

static int step_limit(struct host *host, const char *argument)
{
	(void)host;
	return set_limit(argument, false);
}

static int step_hard(struct host *host, const char *argument)
{
	(void)host;
	return set_limit(argument, true);
}

static int step_block(struct host *host, const char *argument)
{
	sigset_t all;

	(void)host, (void)argument;
	sigfillset(&all);
	return sigprocmask(SIG_BLOCK, &all, NULL);
}

static int step_alarm(struct host *host, const char *argument)
{
	(void)host;
	alarm((unsigned)atoi(argument));
	return 0;
}

static void on_tick(int number)
{
	(void)number;
}

/* A signal every millisecond, whose handler has system calls return EINTR. */
static int step_ticks(struct host *host, const char *argument)
{
	const struct itimerval each = {{0, 1000}, {0, 1000}};
	const struct sigaction action = {.sa_handler = on_tick};

	(void)host, (void)argument;
	return sigaction(SIGALRM, &action, NULL) < 0 ? -1 : setitimer(ITIMER_REAL, &each, NULL);
}

static int step_umask(struct host *host, const char *argument)
{
	(void)host;
	umask((mode_t)strtoul(argument, NULL, 8));
	return 0;
}

/* All descriptors but so many are in use. */
static int step_free(struct host *host, const char *argument)
{
	int spare[16], count = atoi(argument);

	(void)host;
	if (count < 0 || count > 16)
		return -1;
	for (int i = 0; i < count; i++)
		spare[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	for (int i = 0; i < count; i++)
		close(spare[i]);
	return 0;
}

static void *take_descriptors(void *nothing)
{
	for (;;)
		open("/dev/null", O_RDONLY | O_CLOEXEC);
	return nothing;
}

/* Another thread takes every descriptor that becomes free, as a busy server's do. */
static int step_hoard(struct host *host, const char *argument)
{
	pthread_t thread;

	(void)host, (void)argument;
	return pthread_create(&thread, NULL, take_descriptors, NULL) ? -1 : 0;
}

/* How often another thread saw ids that are not its own; system calls, as they are per thread. */
static volatile long looks, strange_looks;

static void *watch_ids(void *nothing)
{
	unsigned first[6], now[6];

	syscall(SYS_getresuid, &first[0], &first[1], &first[2]);
	syscall(SYS_getresgid, &first[3], &first[4], &first[5]);
	for (;;) {
		syscall(SYS_getresuid, &now[0], &now[1], &now[2]);
		syscall(SYS_getresgid, &now[3], &now[4], &now[5]);
		if (memcmp(first, now, sizeof(now)) != 0)
			strange_looks++;
		looks++;
	}
	return nothing;
}

static int step_watch(struct host *host, const char *argument)
{
	pthread_t thread;

	(void)host, (void)argument;
	return pthread_create(&thread, NULL, watch_ids, NULL) ? -1 : 0;
}

static int step_watched(struct host *host, const char *argument)
{
	(void)argument;
	fprintf(host->out, "watched %s, %ld strange\n", looks > 100 ? "well" : "too little",
	    strange_looks);
	return 0;
}

static void print_descriptors(FILE *out)
{
	dir_auto dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
			fprintf(out, " %s", entry->d_name);
}

static void print_signals(FILE *out)
{
	struct sigaction action;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++) {
		if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			fprintf(
			    out, " %d=%s", i, action.sa_handler == SIG_IGN ? "ignored" : "caught");
		if (sigismember(&blocked, i) > 0)
			fprintf(out, " %d=blocked", i);
	}
}

/* Everything of the host that the module has no business to change, in one line. */
static int step_state(struct host *host, const char *argument)
{
	struct itimerval timer;
	gid_t groups[64];
	uid_t u[3];
	gid_t g[3];
	mode_t mask = umask(0);
	char cwd[256];

	(void)argument;
	umask(mask);
	getitimer(ITIMER_REAL, &timer);
	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	fprintf(host->out, "state uid %u/%u/%u gid %u/%u/%u groups %d umask %o timer %s cwd %s fds",
	    u[0], u[1], u[2], g[0], g[1], g[2], getgroups(64, groups), mask,
	    timer.it_value.tv_sec || timer.it_value.tv_usec ? "runs" : "off",
	    getcwd(cwd, sizeof(cwd)));
	print_descriptors(host->out);
	fputs(" signals", host->out);
	print_signals(host->out);
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			fprintf(host->out, " %lx/%lx", limit.rlim_cur, limit.rlim_max);
	}
	fputc('\n', host->out);
	return 0;
}

const struct step condition_steps[] = {
    {"uid", step_uid, "setresuid REAL[/EFFECTIVE[/SAVED]]"},
    {"gid", step_gid, "setresgid, the same"},
    {"sigchld", step_sigchld, "ignore; or steal: a thread that waits for every child"},
    {"closed", step_closed, "descriptors 0 to 2 are closed"},
    {"limit", step_limit, "setrlimit NAME=NUMBER, the soft limit"},
    {"hard", step_hard, "setrlimit NAME=NUMBER, the hard limit, too"},
    {"free", step_free, "all descriptors but so many are in use"},
    {"hoard", step_hoard, "a thread takes every descriptor that becomes free"},
    {"block", step_block, "block every signal"},
    {"alarm", step_alarm, "one is pending for so many seconds"},
    {"ticks", step_ticks, "a signal every millisecond"},
    {"umask", step_umask, "set it, octal"},
    {"watch", step_watch, "a second thread that watches its own ids"},
    {"watched", step_watched, "print what it saw"},
    {"state", step_state, "print what the module must leave alone"},
    {0},
};
