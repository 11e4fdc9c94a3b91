/* SPDX-License-Identifier: MIT */
/*
 * ravi-load: opens an agent's vaults and puts what is in them into its kernel ring. Started by pam_ravi at
 * an agent's first login, by `ravi` after a change, and by the sweep. It answers with one record of fixed
 * size (ring/loader.h) where its descriptor 1 is a pipe, with a line of text elsewhere.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "fetch/down.h"
#include "sync/wanted.h"
#include "task.h"
#include "util/cli.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/spawn.h"
#include "util/takeover.h"
#include "vault/vault.h"

#define FINISH_TIME 500 /* milliseconds that the audit trail may hold up who waits for it */

struct values {
	const char *load, *end, *release, *deny;
	bool sweep, into_session;
	const char *reach, *conf;
	struct option_list settings;
	long within; /* milliseconds; 0: what ravi.conf says */
};

#define ROW(member, flag) .name = flag, .offset = offsetof(struct values, member)

static const struct option_row options[] = {
    {ROW(load, "load"), .kind = OPTION_TEXT, .argument = "USER",
	.help = "build or refresh the ring of a user with a living session"},
    {ROW(end, "end"), .kind = OPTION_TEXT, .argument = "USER",
	.help = "end it, unless a session lives or the identity lingers"},
    {ROW(release, "release"), .kind = OPTION_TEXT, .argument = "USER",
	.help = "end it in any case"},
    {ROW(deny, "deny"), .kind = OPTION_TEXT, .argument = "USER",
	.help = "note in the audit trail that a login was denied"},
    {ROW(sweep, "sweep"), .kind = OPTION_FLAG, .help = "end every ring without a living session"},
    {ROW(into_session, "into-session"), .kind = OPTION_FLAG,
	.help = "with --load: link the ring into the inherited session ring too"},
    {ROW(reach, "reach"), .kind = OPTION_TEXT, .argument = "user|session",
	.help = "instead of what ravi.conf says"},
    {ROW(conf, "conf"), .kind = OPTION_TEXT, .argument = "PATH", .help = "another ravi.conf"},
    {ROW(settings, "set"), .kind = OPTION_LIST, .argument = "KEY=VALUE",
	.help = "instead of what ravi.conf says for this key; may be given again"},
    {ROW(within, "within"), .kind = OPTION_NUMBER, .argument = "MILLISECONDS", .min = 1,
	.max = INT_MAX, .help = "the time there is, instead of ravi.conf's timeout"},
    {0},
};

static void report_unknown(void *context, const char *where, const char *key)
{
	(void)context;
	syslog(LOG_ERR, "%s: unknown option %s, ignored", where, key);
}

/* The settings, with what the PAM line said about them on top. */
static int load_conf(const struct values *values, struct conf *conf, struct reason *why)
{
	char reach[32], path[4096];
	const char *argv[2 + OPTION_LIST_MAX];
	int argc = 0;

	if (values->conf) {
		snprintf(path, sizeof(path), "conf=%s", values->conf);
		argv[argc++] = path;
	}
	if (values->reach) {
		snprintf(reach, sizeof(reach), "reach=%s", values->reach);
		argv[argc++] = reach;
	}
	for (size_t i = 0; i < values->settings.count; i++)
		argv[argc++] = values->settings.items[i];
	return conf_load(conf, argc, argv, report_unknown, NULL, why);
}

static int say_task(struct task *task, const struct values *values)
{
	if (values->load)
		return task_load(task, values->load);
	if (values->end)
		return task_end(task, values->end);
	if (values->release)
		return task_release(task, values->release);
	if (values->deny)
		return task_deny(task, values->deny);
	return task_sweep(task);
}

static int do_task(struct task *task, const struct values *values)
{
	struct loader_record *record = task->record;
	conf_auto conf = {0};
	struct reason why = {0};
	int r = load_conf(values, &conf, &why);

	/* A ring ends whatever became of the settings meanwhile: the bad value has its default. */
	if (r < 0 && !values->load)
		syslog(LOG_ERR, "%s", why.text);
	else if (r < 0) {
		snprintf(record->text, sizeof(record->text), "%s", why.text);
		return r;
	}
	task->conf = &conf;
	task->deadline = deadline_in(values->within ? values->within : conf.timeout * 1000);
	r = say_task(task, values);
	/* `ravi` that reloads a ring sees to wishes itself, or is the one that does. */
	task->wants_sync = conf_has_remote_store(&conf) && (values->into_session || values->end) &&
			   (task->wants_sync || wanted_is_any()) &&
			   down_check(conf.service_url, &why) == 0;
	task->conf = NULL;
	return r;
}

static bool is_waited_for(void)
{
	struct stat st;

	return fstat(STDOUT_FILENO, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* The record to who waits for it, at an end that is closed then; words to a person or a journal. */
static int answer(const struct loader_record *record)
{
	if (is_waited_for()) {
		fd_auto nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

		file_write_fd(STDOUT_FILENO, record, sizeof(*record));
		if (nothing < 0 || dup2(nothing, STDOUT_FILENO) < 0)
			close(STDOUT_FILENO);
	} else if (record->error)
		cli_note("%s", record->text);
	else
		puts(record->text);
	return cli_exit_code(record->error);
}

/*
 * Whether we end when we are told to. Who stops the unit of a login that is over, or of one whose program was done at
 * once, tells all that is left in it, and the trail would lack what happened last.
 */
static void heed_end(bool heeds)
{
	signal(SIGTERM, heeds ? SIG_DFL : SIG_IGN);
	signal(SIGHUP, heeds ? SIG_DFL : SIG_IGN);
}

/* What is left to do with the answer given; a service that is down is not asked anew by every login. */
static void finish(const struct task *task)
{
	struct reason why = {0};

	audit_flush(task->events);
	heed_end(true);
	if (task->wants_sync && wanted_start(&why) < 0)
		syslog(LOG_WARNING, "%s", why.text);
}

/*
 * The same in a child, for which no login waits, nor for a disk that does not answer. The trail's lock goes
 * along: who looks into the trail when the login goes on finds there what happened. The child outlives us, as
 * init's: left as the login program's own, it would be found by the wait(2) for another one of its children.
 *
 * We wait for it, a moment, where no login goes on: a container may end with the login program, and all that is in it.
 * And where the login program is init itself.
 */
static void finish_aside(const struct task *task, bool goes_on)
{
	fd_auto pidfd = -1;
	pid_t pid;

	audit_hold(task->events);
	heed_end(false);
	pid = fork();
	if (pid <= 0)
		finish(task);
	if (pid == 0)
		_exit(EXIT_DONE);
	if (pid < 0 || (goes_on && getppid() != 1))
		return;
	pidfd = pidfd_open(pid, 0);
	if (pidfd >= 0 && spawn_ends(pidfd, deadline_in(FINISH_TIME)))
		spawn_reap(pid);
}

static int run(void *context, int argc, char **argv)
{
	const struct values *values = context;
	struct loader_record record = {.magic = LOADER_MAGIC};
	audit_batch_auto events = {0};
	struct task task = {
	    .into_session = values->into_session, .record = &record, .events = &events};
	bool is_login = is_waited_for();
	int code;

	(void)argc, (void)argv;
	if (!!values->load + !!values->end + !!values->release + !!values->deny + values->sweep !=
	    1)
		return cli_usage("one of --load, --end, --release, --deny and --sweep is wanted");
	openlog("ravi-load", LOG_PID, LOG_AUTHPRIV);
	record.error = do_task(&task, values);
	if (record.error)
		syslog(LOG_ERR, "%s", record.text);
	/* Whatever the trail's disk and the network do: a login that has its answer does not fail any more. */
	code = answer(&record);
	if (is_login && (events.lines.len || task.wants_sync))
		finish_aside(&task, values->load && !record.error);
	else
		finish(&task);
	return code;
}

static const struct cli_command commands[] = {
    {.name = "",
	.summary = "Puts an agent's tokens into its kernel ring, or ends the ring.",
	.options = options,
	.run = run},
    {0},
};

static const struct cli_program program = {
    .name = "ravi-load",
    .summary = "Puts an agent's tokens into its kernel ring, or ends the ring.",
    .commands = commands,
    .see = "ravi-load(8), pam_ravi(8), ravi(7)",
};

int main(int argc, char **argv)
{
	struct reason why;
	int r;

	r = process_take_over(&why);
	if (r == 0)
		r = process_guard(&why);
	if (r < 0)
		return cli_fail(r, &why);
	vault_memory_init();
	return cli_main(&program, argc, argv);
}
