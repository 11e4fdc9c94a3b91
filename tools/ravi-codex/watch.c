/* SPDX-License-Identifier: MIT */
/* The process that writes back: see watch.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/client.h"
#include "store.h"
#include "util/cleanup.h"
#include "util/process.h"
#include "vault/vault.h"
#include "watch.h"

/* What it is called in ps(1), and how it knows itself. */
#define WATCH_NAME "ravi-codex-write-back"

/* Where it finds what it was handed. */
#define FD_FOLDER 3
#define FD_WATCH  4

/* Milliseconds. */
#define QUIET       30   /* after a change: codex may be writing on */
#define RETRY_FIRST 1000 /* the broker was not there; doubled each time */
#define RETRY_MAX   60000
#define TORN        2000  /* an old codex writes in place, without a sign that it is done */
#define IDLE        60000 /* to see that the folder is gone, should no event have told */
#define LOCK_WAIT   15000

/* ---- starting it ---- */

/* A clean exec: an environment of nothing, and of the descriptors only what it needs. */
static int spawn_watch(int folder, int watch, const char *identity)
{
	char name[] = WATCH_NAME, copy[IDENTITY_NAME_MAX + 1], *argv[] = {name, copy, NULL};
	char *envp[] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	pid_t pid;
	int r;

	strcpy(copy, identity);
	if (posix_spawn_file_actions_init(&files) || posix_spawnattr_init(&attributes))
		return -ENOMEM;
	r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	for (int fd = 0; r == 0 && fd <= 2; fd++)
		r = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, folder, FD_FOLDER);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, watch, FD_WATCH);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(&files, FD_WATCH + 1);
	if (r == 0)
		r = posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv, envp);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

/* Above the numbers that they will have there, so that neither lands on the other. */
static int lift(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, FD_WATCH + 1);

	return high < 0 ? -errno : high;
}

static int spawn_and_wait(int folder, int watch, const char *identity)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(-spawn_watch(folder, watch, identity));
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (pid < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/* Through a child that ends at once: codex gets no child that it knows nothing of. */
static int spawn_apart(const struct place *place, int watch)
{
	fd_auto high_folder = lift(place->folder_fd);
	fd_auto high_watch = lift(watch);
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	struct sigaction before;
	int r;

	if (high_folder < 0 || high_watch < 0)
		return -EMFILE;
	/* Whoever started us may ignore it: then a child leaves no status. codex gets it as it was. */
	if (sigaction(SIGCHLD, &standard, &before) < 0)
		return -errno;
	r = spawn_and_wait(high_folder, high_watch, place->choice.identity);
	if (sigaction(SIGCHLD, &before, NULL) < 0)
		return -errno;
	return r;
}

int watch_start(const struct place *place, struct reason *why)
{
	fd_auto watch = codex_lock_open(place->folder_fd, CODEX_LOCK_WATCH, false, why);
	int r;

	if (watch < 0)
		return watch;
	if (flock(watch, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : reason_errno(why, -errno, "locking watch");
	/* The lock is the description's: the new process has it from its first moment. */
	r = spawn_apart(place, watch);
	return r < 0 ? reason_errno(why, r, "starting the process that writes back") : 0;
}

bool watch_runs(const struct place *place)
{
	fd_auto watch = openat(
	    place->folder_fd, CODEX_LOCK_WATCH, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return watch >= 0 && flock(watch, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

bool watch_is_wanted(char **argv)
{
	return argv[0] && !strcmp(argv[0], WATCH_NAME);
}

/* ---- being it ---- */

struct watch {
	struct place place;
	int inotify;
	int lock;
	int running;
	int delay; /* until the next try; 0: nothing is owed */
};

/* Removed, with this process still holding it. */
static bool is_gone(const struct watch *watch)
{
	struct stat st;

	return fstat(watch->place.folder_fd, &st) < 0 || st.st_nlink == 0;
}

static int open_watch(struct watch *watch, const char *identity)
{
	struct place *place = &watch->place;
	int r;

	if (identity_name_check(identity, NULL) < 0)
		return -EINVAL;
	strcpy(place->choice.identity, identity);
	/* Without a ring it goes on: the broker knows who asks, and every identity has a name. */
	place->identity = place->choice.identity;
	ring_find(&place->ring, NULL);
	watch->lock = codex_lock_open(place->folder_fd, CODEX_LOCK, false, NULL);
	watch->running = codex_lock_open(place->folder_fd, CODEX_LOCK_RUNNING, false, NULL);
	watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->lock < 0 || watch->running < 0 || watch->inotify < 0)
		return -EIO;
	r = inotify_add_watch(watch->inotify, "/proc/self/fd/3",
	    IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR);
	return r < 0 ? -errno : 0;
}

/* Of our own doings there are events as well; only these files tell something. */
static bool tells(const struct inotify_event *event)
{
	return (event->mask & (IN_IGNORED | IN_Q_OVERFLOW)) ||
	       (event->len &&
		   (!strcmp(event->name, CODEX_FILE) || !strcmp(event->name, CODEX_LOCK_RUNNING)));
}

/* Takes off what has come: whether something of it tells anything. */
static bool drain(const struct watch *watch)
{
	char room[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool told = false;
	ssize_t got;

	while ((got = read(watch->inotify, room, sizeof(room))) > 0) {
		for (char *at = room; at < room + got;) {
			const struct inotify_event *event = (const void *)at;

			told = told || tells(event);
			at += sizeof(*event) + event->len;
		}
	}
	return told;
}

/* Until something tells, and then until it is quiet; or until the next try is due. */
static void wait_for_change(const struct watch *watch)
{
	struct deadline due = deadline_in(watch->delay ? watch->delay : IDLE);
	struct pollfd wait = {.fd = watch->inotify, .events = POLLIN};

	while (poll(&wait, 1, deadline_left(due)) > 0) {
		if (!drain(watch))
			continue;
		while (poll(&wait, 1, QUIET) > 0)
			drain(watch);
		return;
	}
}

/* Writes back what is owed; with `last`, answers whether nobody is left to owe anything. */
static bool work(struct watch *watch)
{
	struct reason why = {0};
	bool done = false;
	int r;

	if (codex_lock_take(watch->lock, LOCK_EX, deadline_in(LOCK_WAIT), NULL) < 0)
		return false;
	r = store_back(&watch->place, deadline_in(BROKER_MILLISECONDS), &why);
	if (r == 0)
		watch->delay = 0;
	else if (r == -EBADMSG)
		watch->delay = TORN;
	else
		watch->delay = watch->delay < RETRY_FIRST     ? RETRY_FIRST
			       : watch->delay < RETRY_MAX / 2 ? 2 * watch->delay
							      : RETRY_MAX;
	/* What is torn, or too large, and has no writer any more stays so. */
	if ((r == 0 || r == -EBADMSG || r == -EFBIG) &&
	    flock(watch->running, LOCK_EX | LOCK_NB) == 0) {
		done = true;
		flock(watch->running, LOCK_UN);
	}
	/* Who starts a codex holds the lock, and finds FD_WATCH free or taken: never about to be free. */
	if (!done)
		flock(watch->lock, LOCK_UN);
	return done;
}

int watch_main(int argc, char **argv)
{
	struct watch watch = {.place = {.home_fd = -1, .folder_fd = FD_FOLDER}};

	if (argc != 2 || process_protect() < 0 || chdir("/") < 0)
		return 1;
	vault_memory_init();
	if (open_watch(&watch, argv[1]) < 0)
		return 1;
	while (!is_gone(&watch) && !work(&watch))
		wait_for_change(&watch);
	return 0;
}
