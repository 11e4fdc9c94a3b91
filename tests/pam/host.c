/* SPDX-License-Identifier: MIT */
/* The host's calls into libpam: see host.h, and `host` without arguments for its steps. */
#include <config.h>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "util/cleanup.h"

#define OUT_DESCRIPTOR 10

static const struct {
	const char *word;
	int flag;
} flag_words[] = {
    {"silent", PAM_SILENT},
    {"establish", PAM_ESTABLISH_CRED},
    {"delete", PAM_DELETE_CRED},
    {"reinit", PAM_REINITIALIZE_CRED},
    {"refresh", PAM_REFRESH_CRED},
};

#define CODE(code) [code] = #code

static const char *const code_names[] = {
    CODE(PAM_SUCCESS),
    CODE(PAM_OPEN_ERR),
    CODE(PAM_SERVICE_ERR),
    CODE(PAM_SYSTEM_ERR),
    CODE(PAM_BUF_ERR),
    CODE(PAM_PERM_DENIED),
    CODE(PAM_SESSION_ERR),
    CODE(PAM_CRED_ERR),
    CODE(PAM_IGNORE),
    CODE(PAM_ABORT),
    CODE(PAM_MODULE_UNKNOWN),
};

/* Each message on a line, as a login program would show it. Nothing is ever asked of us. */
static int converse(
    int count, const struct pam_message **messages, struct pam_response **responses, void *context)
{
	const struct host *host = context;

	*responses = calloc((size_t)count, sizeof(**responses));
	if (!*responses)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		fprintf(host->out, "message: %s\n", messages[i]->msg);
	return PAM_SUCCESS;
}

static pam_handle_t *handle(const struct host *host)
{
	return host->handles[host->current];
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int parse_flags(const char *words, int *flags)
{
	*flags = 0;
	while (*words) {
		size_t len = strcspn(words, ","), i = 0;
		size_t known = sizeof(flag_words) / sizeof(*flag_words);

		while (i < known && (strlen(flag_words[i].word) != len ||
					strncmp(words, flag_words[i].word, len) != 0))
			i++;
		if (i == known)
			return -1;
		*flags |= flag_words[i].flag;
		words += len + (words[len] == ',');
	}
	return 0;
}

static int call(
    struct host *host, const char *name, int (*function)(pam_handle_t *, int), const char *argument)
{
	long before = now_ms();
	const char *code = NULL;
	int flags;

	if (parse_flags(argument, &flags) < 0)
		return -1;
	host->last = function(handle(host), flags);
	host->took = now_ms() - before;
	if (host->last >= 0 && (size_t)host->last < sizeof(code_names) / sizeof(*code_names))
		code = code_names[host->last];
	fprintf(host->out, "%s %s\n", name, code ? code : pam_strerror(handle(host), host->last));
	return 0;
}

static int step_auth(struct host *host, const char *argument)
{
	return call(host, "auth", pam_authenticate, argument);
}

static int step_acct(struct host *host, const char *argument)
{
	return call(host, "acct", pam_acct_mgmt, argument);
}

static int step_open(struct host *host, const char *argument)
{
	return call(host, "open", pam_open_session, argument);
}

static int step_close(struct host *host, const char *argument)
{
	return call(host, "close", pam_close_session, argument);
}

static int step_setcred(struct host *host, const char *argument)
{
	return call(host, "setcred", pam_setcred, argument);
}

static int step_start(struct host *host, const char *argument)
{
	const struct pam_conv conv = {converse, host};
	size_t next = host->count;

	if (next == HANDLES_MAX)
		return -1;
	if (pam_start_confdir("ravi-test", *argument ? argument : host->user, &conv, host->confdir,
		&host->handles[next]) != PAM_SUCCESS)
		return -1;
	host->current = next;
	host->count++;
	return 0;
}

static int step_handle(struct host *host, const char *argument)
{
	size_t number = (size_t)atoi(argument);

	if (number >= host->count)
		return -1;
	host->current = number;
	return 0;
}

static int step_took(struct host *host, const char *argument)
{
	(void)argument;
	fprintf(host->out, "took %ld\n", host->took);
	return 0;
}

/* The child's side of `run` and `root`. */
static void exec_command(const char *user, const char *command, int output)
{
	const struct passwd *pw = user ? getpwnam(user) : NULL;

	if (user && (!pw || initgroups(user, pw->pw_gid) < 0 ||
			setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
			setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0))
		_exit(126);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(output, 1);
	dup2(output, 2);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

/* Its end is seen by the pipe: the status may have been stolen. */
static int run_command(const struct host *host, const char *user, const char *command)
{
	int ends[2], writer, status = 0;
	char text[4096], last = '\n';
	ssize_t len;
	pid_t pid;

	fflush(host->out);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	/* 0 to 2 may be free, and the command gets its own there. */
	writer = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
	close(ends[1]);
	pid = fork();
	if (pid == 0)
		exec_command(user, command, writer);
	close(writer);
	while ((len = TEMP_FAILURE_RETRY(read(ends[0], text, sizeof(text)))) > 0) {
		fwrite(text, 1, (size_t)len, host->out);
		last = text[len - 1];
	}
	if (last != '\n')
		fputc('\n', host->out);
	close(ends[0]);
	if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) == pid && status != 0)
		fprintf(host->out, "status %d\n",
		    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

static int step_run(struct host *host, const char *argument)
{
	return run_command(host, host->user, argument);
}

static int step_root(struct host *host, const char *argument)
{
	return run_command(host, NULL, argument);
}

static const struct step pam_steps[] = {
    {"auth", step_auth, "pam_authenticate; this and the next four take flags: silent"},
    {"acct", step_acct, "pam_acct_mgmt"},
    {"open", step_open, "pam_open_session"},
    {"close", step_close, "pam_close_session"},
    {"setcred", step_setcred, "pam_setcred: establish, delete, reinit, refresh"},
    {"start", step_start, "pam_start: another handle, for USER or another user"},
    {"handle", step_handle, "back to the handle of this number, 0 the first"},
    {"took", step_took, "print the milliseconds that the last call took"},
    {"run", step_run, "run a command as USER in this session"},
    {"root", step_root, "run a command with the host's own ids"},
    {0},
};

static const struct step *find_step(const struct step *table, const char *name, size_t len)
{
	for (; table->name; table++)
		if (strlen(table->name) == len && !strncmp(table->name, name, len))
			return table;
	return NULL;
}

static int do_step(struct host *host, const char *text)
{
	size_t len = strcspn(text, ":");
	const struct step *step = find_step(pam_steps, text, len);

	if (!step)
		step = find_step(condition_steps, text, len);
	if (!step)
		return -1;
	return step->run(host, text[len] ? text + len + 1 : "");
}

static int usage(void)
{
	const struct step *const tables[] = {pam_steps, condition_steps};

	fputs("Usage: host CONFDIR USER STEP[:ARGUMENT]...\n", stderr);
	for (size_t i = 0; i < 2; i++)
		for (const struct step *step = tables[i]; step->name; step++)
			fprintf(stderr, "  %-10s %s\n", step->name, step->help);
	return 2;
}

int main(int argc, char **argv)
{
	struct host host = {0};
	int fd, r = 0;

	if (argc < 3)
		return usage();
	host.confdir = argv[1];
	host.user = argv[2];
	fd = fcntl(1, F_DUPFD_CLOEXEC, OUT_DESCRIPTOR);
	host.out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!host.out)
		return 1;
	setlinebuf(host.out);
	/* Now: its descriptor shall not come and go between two looks at the host's state. */
	openlog("host", LOG_PID | LOG_NDELAY, LOG_AUTH);
	r = step_start(&host, "");
	for (int i = 3; i < argc && r == 0; i++) {
		r = do_step(&host, argv[i]);
		if (r < 0)
			fprintf(host.out, "host: impossible: %s\n", argv[i]);
	}
	for (size_t i = 0; i < host.count; i++)
		pam_end(host.handles[i], host.last);
	fclose(host.out);
	return r < 0 ? 1 : 0;
}
