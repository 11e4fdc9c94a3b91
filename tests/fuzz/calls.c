/* SPDX-License-Identifier: MIT */
/* See calls.h. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "chance.h"
#include "fuzz.h"
#include "kernel.h"

/* The linker's names for the real function, and for what stands in its place. */
#define REAL(type, name, ...)                                                                      \
	type __real_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

#define LOADER_PID 4242
#define FDS_MAX    1024
#define DIRS_MAX   16
#define OWNERS_MAX 64

struct block {
	struct block *next, **from; /* what points here */
	size_t size;
	enum kernel_process process;
	max_align_t content[];
};

static struct {
	char folder[256];
	int64_t now;
	unsigned syslog_lines;
	bool trace; /* RAVI_TRACE: say what fails */

	struct block *blocks; /* all of them */
	bool of_loader[FDS_MAX];
	DIR *dirs[DIRS_MAX];

	struct {
		ino_t inode;
		uid_t uid;
	} owners[OWNERS_MAX];
	size_t owner_count;

	/* of the loader that runs, or was the last to */
	enum loader_fate fate;
	const uint8_t *bytes;
	size_t size;
	int out, pidfd;
	bool ended, reaped;
	int status;
	jmp_buf death;
} world;

void calls_below(const char *folder)
{
	snprintf(world.folder, sizeof(world.folder), "%s", folder);
	world.trace = getenv("RAVI_TRACE") != NULL;
	calls_forget();
}

const char *calls_path(const char *path, char *to)
{
	static const struct {
		const char *from, *to;
	} places[] = {{RAVI_CONFDIR, "etc"}, {RAVI_STATEDIR, "lib"}, {RAVI_RUNDIR, "run"}};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		size_t len = strlen(places[i].from);

		if (strncmp(path, places[i].from, len) != 0 || (path[len] && path[len] != '/'))
			continue;
		MUST(snprintf(to, 512, "%s/%s%s", world.folder, places[i].to, path + len) < 512);
		return to;
	}
	return path;
}

int64_t calls_time(void)
{
	return world.now;
}

unsigned calls_syslog_lines(void)
{
	return world.syslog_lines;
}

void calls_forget(void)
{
	world.now = 0;
	world.syslog_lines = 0;
	world.owner_count = 0;
	world.out = -1;
	world.pidfd = -1;
	world.reaped = true;
}

static bool in_loader(void)
{
	return kernel_current() == KERNEL_LOADER;
}

static void die(int status)
{
	MUST(in_loader());
	world.status = status;
	longjmp(world.death, 1);
}

/* Fails this call, with one of `errors` (ended by 0); the loader may rather be killed here. */
static bool fails(const char *call, const int *errors)
{
	unsigned count = 0;

	if (!chance_fails())
		return false;
	if (world.trace)
		fprintf(stderr, "%s fails in the %s\n", call, in_loader() ? "loader" : "host");
	if (in_loader() && world.fate == FATE_DIES)
		die(SIGKILL);
	while (errors[count])
		count++;
	errno = errors[chance_below(count)];
	return true;
}

#define FAILS(...) fails(__func__, (const int[]){__VA_ARGS__, 0})

/* ---- memory ---- */

void *__real_malloc(size_t size);
void __real_free(void *pointer);

static void *block_make(size_t size)
{
	struct block *block;

	if (FAILS(ENOMEM))
		return NULL;
	block = __real_malloc(sizeof(*block) + size);
	MUST(block);
	block->size = size;
	block->process = kernel_current();
	block->next = world.blocks;
	block->from = &world.blocks;
	if (block->next)
		block->next->from = &block->next;
	world.blocks = block;
	return block->content;
}

static struct block *block_of(void *content)
{
	return (struct block *)(void *)((char *)content - offsetof(struct block, content));
}

static void block_free(struct block *block)
{
	*block->from = block->next;
	if (block->next)
		block->next->from = block->from;
	__real_free(block);
}

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *pointer);

void *__wrap_malloc(size_t size)
{
	return block_make(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *content = block_make(count * size);

	return content ? memset(content, 0, count * size) : NULL;
}

void *__wrap_realloc(void *pointer, size_t size)
{
	void *content = block_make(size);
	size_t old = pointer ? block_of(pointer)->size : 0;

	if (!content)
		return NULL;
	if (pointer) {
		memcpy(content, pointer, old < size ? old : size);
		block_free(block_of(pointer));
	}
	return content;
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	return __wrap_realloc(pointer, count * size);
}

char *__wrap_strdup(const char *text)
{
	char *copy = block_make(strlen(text) + 1);

	return copy ? strcpy(copy, text) : NULL;
}

void __wrap_free(void *pointer)
{
	if (pointer)
		block_free(block_of(pointer));
}

unsigned calls_blocks(void)
{
	unsigned count = 0;

	for (const struct block *b = world.blocks; b; b = b->next)
		count++;
	return count;
}

static void free_loaders_blocks(void)
{
	struct block *next;

	for (struct block *b = world.blocks; b; b = next) {
		next = b->next;
		if (b->process == KERNEL_LOADER)
			block_free(b);
	}
}

/* ---- descriptors ---- */

static int opened(int fd)
{
	MUST(fd < FDS_MAX);
	if (fd >= 0)
		world.of_loader[fd] = in_loader();
	return fd;
}

int __real_close(int fd);
int __wrap_close(int fd);

int __wrap_close(int fd)
{
	if (fd >= 0 && fd < FDS_MAX)
		world.of_loader[fd] = false;
	__real_close(fd);
	/* It is closed even then. */
	return FAILS(EIO, EINTR) ? -1 : 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	char place[512];

	MUST(!(flags & O_CREAT));
	if (FAILS(EMFILE, ENFILE, EIO, ENOMEM))
		return -1;
	return opened(__real_open(calls_path(path, place), flags));
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);

int __wrap_openat(int dir, const char *path, int flags, ...)
{
	char place[512];
	mode_t mode = 0;
	va_list rest;

	if (flags & O_CREAT) {
		va_start(rest, flags);
		mode = va_arg(rest, mode_t);
		va_end(rest);
		if (FAILS(ENOSPC, EROFS, EDQUOT))
			return -1;
	}
	if (FAILS(EMFILE, ENFILE, EIO, ENOMEM, EINTR))
		return -1;
	return opened(__real_openat(dir, calls_path(path, place), flags, mode));
}

REAL(ssize_t, read, int fd, void *to, size_t size)
{
	if (FAILS(EIO, EINTR))
		return -1;
	/* Less than was asked for is no error. */
	if (size > 1 && fd != world.out && chance_fails())
		size = 1 + chance_below((uint32_t)(size > 64 ? 64 : size));
	return __real_read(fd, to, size);
}

REAL(ssize_t, write, int fd, const void *from, size_t size)
{
	/* Its standard error is /dev/null. */
	if (fd == STDERR_FILENO && in_loader())
		return (ssize_t)size;
	if (FAILS(EIO, ENOSPC, EINTR, EDQUOT))
		return -1;
	if (size > 1 && fd != world.out && chance_fails())
		size = 1 + chance_below((uint32_t)(size > 64 ? 64 : size));
	return __real_write(fd, from, size);
}

static void note_owner(ino_t inode, uid_t uid)
{
	size_t i = 0;

	while (i < world.owner_count && world.owners[i].inode != inode)
		i++;
	if (i == OWNERS_MAX)
		i = world.owner_count = 0;
	world.owners[i].inode = inode;
	world.owners[i].uid = uid;
	if (i == world.owner_count)
		world.owner_count++;
}

uid_t __real_getuid(void);

/* Everything is root's, but for what was given away. */
REAL(int, fstat, int fd, struct stat *st)
{
	if (FAILS(EIO))
		return -1;
	if (__real_fstat(fd, st) < 0)
		return -1;
	if (st->st_uid == __real_getuid())
		st->st_uid = 0;
	for (size_t i = 0; i < world.owner_count; i++)
		if (world.owners[i].inode == st->st_ino)
			st->st_uid = world.owners[i].uid;
	return 0;
}

int __wrap_fchown(int fd, uid_t uid, gid_t gid);

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
	struct stat st;

	(void)gid;
	if (FAILS(EPERM, EIO))
		return -1;
	MUST(__real_fstat(fd, &st) == 0);
	note_owner(st.st_ino, uid);
	return 0;
}

REAL(int, fchmod, int fd, mode_t mode)
{
	return FAILS(EIO, EROFS) ? -1 : __real_fchmod(fd, mode);
}

REAL(int, mkdirat, int dir, const char *path, mode_t mode)
{
	char place[512];

	return FAILS(ENOSPC, EROFS, EIO) ? -1 : __real_mkdirat(dir, calls_path(path, place), mode);
}

REAL(int, unlinkat, int dir, const char *path, int flags)
{
	char place[512];
	struct stat st;

	if (FAILS(EROFS, EIO))
		return -1;
	/* The next file may have the same inode. */
	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && (flags & AT_REMOVEDIR))
		note_owner(st.st_ino, 0);
	return __real_unlinkat(dir, calls_path(path, place), flags);
}

REAL(int, symlinkat, const char *target, int dir, const char *path)
{
	return FAILS(ENOSPC, EROFS, EIO) ? -1 : __real_symlinkat(target, dir, path);
}

REAL(int, renameat2, int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return FAILS(ENOSPC, EROFS, EIO) ? -1 : __real_renameat2(from_dir, from, to_dir, to, flags);
}

REAL(ssize_t, readlink, const char *path, char *to, size_t size)
{
	char place[512];

	return FAILS(EIO, ENOMEM) ? -1 : __real_readlink(calls_path(path, place), to, size);
}

REAL(int, rename, const char *from, const char *to)
{
	char here[512], there[512];

	if (FAILS(ENOSPC, EROFS, EIO))
		return -1;
	return __real_rename(calls_path(from, here), calls_path(to, there));
}

REAL(ssize_t, pread, int fd, void *to, size_t size, off_t at)
{
	return FAILS(EIO) ? -1 : __real_pread(fd, to, size, at);
}

REAL(ssize_t, pwrite, int fd, const void *from, size_t size, off_t at)
{
	return FAILS(EIO, ENOSPC) ? -1 : __real_pwrite(fd, from, size, at);
}

REAL(int, ftruncate, int fd, off_t size)
{
	return FAILS(EIO) ? -1 : __real_ftruncate(fd, size);
}

REAL(int, fdatasync, int fd)
{
	return FAILS(EIO, ENOSPC) ? -1 : __real_fdatasync(fd);
}

REAL(int, fsync, int fd)
{
	return FAILS(EIO, ENOSPC) ? -1 : __real_fsync(fd);
}

REAL(int, flock, int fd, int how)
{
	return FAILS(EINTR, ENOLCK) ? -1 : __real_flock(fd, how);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);

int __wrap_fcntl(int fd, int command, ...)
{
	va_list rest;
	int argument;

	va_start(rest, command);
	argument = va_arg(rest, int);
	va_end(rest);
	if (FAILS(EMFILE))
		return -1;
	if (command == F_DUPFD_CLOEXEC)
		return opened(__real_fcntl(fd, command, argument));
	return __real_fcntl(fd, command, argument);
}

int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);

int __wrap_pipe2(int ends[2], int flags)
{
	if (FAILS(EMFILE, ENFILE) || __real_pipe2(ends, flags) < 0)
		return -1;
	opened(ends[0]);
	opened(ends[1]);
	return 0;
}

/* ---- folders ---- */

static DIR *dir_opened(DIR *dir)
{
	for (size_t i = 0; dir && in_loader() && i < DIRS_MAX; i++) {
		if (world.dirs[i])
			continue;
		world.dirs[i] = dir;
		break;
	}
	return dir;
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);

DIR *__wrap_opendir(const char *path)
{
	char place[512];
	DIR *dir;

	if (FAILS(EMFILE, ENOMEM, EIO))
		return NULL;
	dir = __real_opendir(calls_path(path, place));
	return dir_opened(dir);
}

DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);

DIR *__wrap_fdopendir(int fd)
{
	DIR *dir = FAILS(ENOMEM) ? NULL : __real_fdopendir(fd);

	/* Its descriptor is the folder's own now. */
	if (dir)
		world.of_loader[fd] = false;
	return dir_opened(dir);
}

struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);

struct dirent *__wrap_readdir(DIR *dir)
{
	return FAILS(EIO) ? NULL : __real_readdir(dir);
}

int __real_closedir(DIR *dir);
int __wrap_closedir(DIR *dir);

int __wrap_closedir(DIR *dir)
{
	for (size_t i = 0; i < DIRS_MAX; i++)
		if (world.dirs[i] == dir)
			world.dirs[i] = NULL;
	return __real_closedir(dir);
}

unsigned calls_open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < FDS_MAX; fd++)
		count += __real_fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* ---- time ---- */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, now);
	now->tv_sec = 1000000 + world.now / 1000;
	now->tv_nsec = world.now % 1000 * 1000000;
	return 0;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	world.now += time->tv_sec * 1000 + time->tv_nsec / 1000000 + 1;
	return 0;
}

/* Nothing happens while one waits: what is not there yet does not come. */
REAL(int, poll, struct pollfd *fds, nfds_t count, int timeout)
{
	int ready;

	if (FAILS(EINTR, ENOMEM))
		return -1;
	ready = __real_poll(fds, count, 0);
	MUST(ready != 0 || timeout >= 0); /* for ever */
	if (ready == 0)
		world.now += timeout;
	return ready;
}

/* ---- ids, users, keys ---- */

static int set_three(unsigned ids[3], const unsigned to[3])
{
	for (int i = 0; i < 3; i++)
		if (to[i] != (unsigned)-1)
			ids[i] = to[i];
	return 0;
}

static bool may_set(const unsigned ids[3], const unsigned to[3])
{
	if (kernel_ids(kernel_current())->uid[1] == 0)
		return true;
	for (int i = 0; i < 3; i++)
		if (to[i] != (unsigned)-1 && to[i] != ids[0] && to[i] != ids[1] && to[i] != ids[2])
			return false;
	return true;
}

static int set_ids(unsigned ids[3], unsigned real, unsigned effective, unsigned saved)
{
	const unsigned to[3] = {real, effective, saved};

	if (FAILS(EAGAIN, EPERM))
		return -1;
	if (!may_set(ids, to)) {
		errno = EPERM;
		return -1;
	}
	return set_three(ids, to);
}

int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved);
int __wrap_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int __wrap_getresgid(gid_t *real, gid_t *effective, gid_t *saved);
uid_t __wrap_geteuid(void);
uid_t __wrap_getuid(void);

int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return set_ids(kernel_ids(kernel_current())->uid, real, effective, saved);
}

static int get_ids(const unsigned ids[3], unsigned *real, unsigned *effective, unsigned *saved)
{
	if (FAILS(EPERM))
		return -1;
	*real = ids[0];
	*effective = ids[1];
	*saved = ids[2];
	return 0;
}

int __wrap_getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
	return get_ids(kernel_ids(kernel_current())->uid, real, effective, saved);
}

int __wrap_getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
	return get_ids(kernel_ids(kernel_current())->gid, real, effective, saved);
}

uid_t __wrap_getuid(void)
{
	return kernel_ids(kernel_current())->uid[0];
}

uid_t __wrap_geteuid(void)
{
	return kernel_ids(kernel_current())->uid[1];
}

static const struct passwd users[] = {
    {.pw_name = (char *)(uintptr_t) "root"},
    {.pw_name = (char *)(uintptr_t)AGENT_NAME, .pw_uid = AGENT_UID, .pw_gid = AGENT_UID},
    {.pw_name = (char *)(uintptr_t)HUMAN_NAME, .pw_uid = HUMAN_UID, .pw_gid = HUMAN_UID},
};

static const struct passwd *user_by(const char *name, uid_t uid)
{
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++)
		if (name ? !strcmp(users[i].pw_name, name) : users[i].pw_uid == uid)
			return &users[i];
	errno = 0;
	return NULL;
}

const struct passwd *__wrap_getpwnam(const char *name);
const struct passwd *__wrap_getpwuid(uid_t uid);
int __wrap_getpwuid_r(
    uid_t uid, struct passwd *entry, char *text, size_t size, struct passwd **found);

/* A directory that does not answer says so, or says that there is nobody of that name. */
const struct passwd *__wrap_getpwnam(const char *name)
{
	return FAILS(EIO, EMFILE, ENOENT) ? NULL : user_by(name, 0);
}

const struct passwd *__wrap_getpwuid(uid_t uid)
{
	return FAILS(EIO, ENOENT) ? NULL : user_by(NULL, uid);
}

int __wrap_getpwuid_r(
    uid_t uid, struct passwd *entry, char *text, size_t size, struct passwd **found)
{
	const struct passwd *pw;

	(void)text, (void)size;
	*found = NULL;
	if (FAILS(EIO, ENOMEM))
		return errno;
	pw = user_by(NULL, uid);
	if (pw) {
		*entry = *pw;
		*found = entry;
	}
	return 0;
}

long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	long a[5];
	va_list rest;

	va_start(rest, number);
	for (int i = 0; i < 5; i++)
		a[i] = va_arg(rest, long);
	va_end(rest);
	if (number == SYS_setresuid)
		return set_ids(kernel_ids(kernel_current())->uid, (unsigned)a[0], (unsigned)a[1],
		    (unsigned)a[2]);
	if (number == SYS_setresgid)
		return set_ids(kernel_ids(kernel_current())->gid, (unsigned)a[0], (unsigned)a[1],
		    (unsigned)a[2]);
	MUST(number == SYS_keyctl || number == SYS_add_key || number == SYS_request_key);
	if (FAILS(ENOSYS, EPERM, EDQUOT, ENOMEM, EACCES))
		return -1;
	if (number == SYS_request_key)
		return kernel_request_key((const char *)a[1]);
	if (number == SYS_add_key)
		return kernel_add_key((const char *)a[0], (const char *)a[1], (const void *)a[2],
		    (size_t)a[3], (int32_t)a[4]);
	return kernel_keyctl(a[0], (int32_t)a[1], a[2], a[3]);
}

int __wrap_prctl(int option, ...);
int __wrap_setrlimit(__rlimit_resource_t which, const struct rlimit *limit);

/* What the loader does to itself is not to be done to the test. */
int __wrap_prctl(int option, ...)
{
	(void)option;
	return FAILS(EPERM) ? -1 : 0;
}

int __wrap_setrlimit(__rlimit_resource_t which, const struct rlimit *limit)
{
	(void)which, (void)limit;
	return FAILS(EPERM) ? -1 : 0;
}

void __wrap_syslog(int priority, const char *format, ...);
void __wrap___syslog_chk(int priority, int flag, const char *format, ...);

void __wrap_syslog(int priority, const char *format, ...)
{
	(void)priority, (void)format;
	world.syslog_lines++;
}

void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority, (void)flag, (void)format;
	world.syslog_lines++;
}

/* ---- the loader as a process ---- */

void calls_loader_fate(enum loader_fate fate, const uint8_t *bytes, size_t size)
{
	world.fate = fate;
	world.bytes = bytes;
	world.size = size;
}

void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
pid_t __wrap_fork(void);

void __wrap__exit(int status)
{
	if (in_loader())
		die(status << 8);
	__real__exit(status);
}

pid_t __wrap_fork(void)
{
	errno = EAGAIN;
	return -1;
}

static void end_loader(void)
{
	world.ended = true;
	if (world.pidfd >= 0)
		MUST(__real_write(world.pidfd, &(uint64_t){1}, 8) == 8);
}

/* What its death leaves: nothing of its memory, its descriptors and its thread's keys. */
static void bury_loader(void)
{
	for (size_t i = 0; i < DIRS_MAX; i++)
		if (world.dirs[i])
			__wrap_closedir(world.dirs[i]);
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (world.of_loader[fd]) {
			__real_close(fd);
			world.of_loader[fd] = false;
		}
	free_loaders_blocks();
	kernel_end_loader();
	kernel_switch(KERNEL_HOST);
}

static void check_nothing_is_left(void)
{
	for (const struct block *b = world.blocks; b; b = b->next)
		MUST(b->process != KERNEL_LOADER);
	for (int fd = 0; fd < FDS_MAX; fd++)
		MUST(!world.of_loader[fd]);
}

static void run_loader(const char *const *argv)
{
	kernel_start_loader();
	kernel_switch(KERNEL_LOADER);
	if (setjmp(world.death) == 0) {
		loader_main(argv, world.out);
		check_nothing_is_left();
		world.status = 0;
	}
	bury_loader();
}

int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *files,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *files,
    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	(void)files, (void)attributes;
	MUST(!strcmp(path, RAVI_LIBEXECDIR "/ravi-load") && !*envp && !in_loader());
	if (FAILS(EAGAIN, ENOMEM, ENOENT))
		return errno;
	*pid = LOADER_PID;
	world.ended = world.reaped = false;
	world.status = 0;
	if (world.fate == FATE_BABBLES && world.size)
		MUST(__real_write(world.out, world.bytes, world.size) > 0);
	if (world.fate == FATE_WORKS || world.fate == FATE_DIES || world.fate == FATE_LINGERS)
		run_loader((const char *const *)argv);
	if (world.fate != FATE_HANGS && world.fate != FATE_LINGERS)
		end_loader();
	return 0;
}

int __wrap_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *files, int from, int to);
int __real_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *files, int from, int to);

int __wrap_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *files, int from, int to)
{
	if (FAILS(ENOMEM))
		return errno;
	if (to == 1)
		world.out = from;
	return __real_posix_spawn_file_actions_adddup2(files, from, to);
}

int __wrap_pidfd_open(pid_t pid, unsigned flags);
int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __wrap_kill(pid_t pid, int number);

int __wrap_pidfd_open(pid_t pid, unsigned flags)
{
	(void)flags;
	MUST(pid == LOADER_PID);
	/* The host may have taken the dead child away already. */
	if (FAILS(EMFILE, ENFILE, ENOMEM))
		return -1;
	if (world.ended && FAILS(ESRCH))
		return -1;
	world.pidfd = opened(eventfd(world.ended, EFD_CLOEXEC | EFD_NONBLOCK));
	MUST(world.pidfd >= 0);
	return world.pidfd;
}

int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags)
{
	(void)info, (void)flags;
	MUST(pidfd == world.pidfd && number == SIGKILL);
	if (!world.ended)
		world.status = SIGKILL;
	world.ended = true;
	return 0;
}

int __wrap_kill(pid_t pid, int number)
{
	MUST(pid == LOADER_PID && number == SIGKILL && !world.reaped);
	world.ended = true;
	world.status = SIGKILL;
	return 0;
}

/* Only who is dead is waited for: everything else would be for ever. */
pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
	(void)options;
	MUST(pid == LOADER_PID && world.ended);
	world.reaped = true;
	world.pidfd = -1;
	if (FAILS(ECHILD))
		return -1;
	*status = world.status;
	return pid;
}
