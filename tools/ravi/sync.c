/* SPDX-License-Identifier: MIT */
/*
 * ravi sync: the copies of vaults here and the service that they are at home at are brought in line, once or
 * for as long as the program runs; running sessions see what has come.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "config/paths.h"
#include "home.h"
#include "lease.h"
#include "sync/wanted.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/report.h"

#define BACKOFF_MAX 900 /* s between two rounds while the service is not reached */
#define PASSES_MAX  10  /* over the wishes */
#define SETTLE      50  /* ms: wishes come in bunches */

struct sync_values {
	const char *identity;
	bool all, over, wanted, watch, json;
	long interval;
};

#define ROW(member) .name = #member, .offset = offsetof(struct sync_values, member)

const struct option_row sync_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .argument = "ID", .help = "this identity alone"},
    {ROW(all), .kind = OPTION_FLAG, .help = "every identity of this machine (the default)"},
    {ROW(over), .kind = OPTION_FLAG,
	.help = "put the copy here in the place of what the service has, which was refused"},
    {ROW(wanted), .kind = OPTION_FLAG,
	.help = "those that a login or an agent's write has asked for"},
    {ROW(watch), .kind = OPTION_FLAG,
	.help = "go on: look again every --interval, and at once for "
		"those that are asked for"},
    {ROW(interval), .kind = OPTION_NUMBER, .argument = "SECONDS", .min = 1, .max = 86400,
	.help = "between two looks of --watch (default 60)"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print what was done as JSON"},
    {0},
};

#undef ROW

struct syncing {
	const struct sync_values *values;
	struct context context;
	struct sync sync;
	struct report out;
	struct timespec since; /* wishes that were noted before it have been tried */
	unsigned tried;
	unsigned count; /* identities that are at home at the service */
	bool is_quiet;  /* what stayed as it was is not told */
	bool is_down;   /* the service: nothing more is asked of it */
	int code;
};

#define syncing_auto __attribute__((cleanup(syncing_free))) struct syncing

static void syncing_free(struct syncing *s)
{
	sync_close(&s->sync);
	context_close(&s->context);
	report_free(&s->out);
}

/* ---- one identity ---- */

static void tell(struct syncing *s, const char *identity, const struct synced *synced)
{
	unsigned long long revision = synced->revision;

	jsonout_open(&s->out.j, NULL, '{');
	jsonout_text(&s->out.j, "identity", identity);
	jsonout_number(&s->out.j, "revision", (int64_t)revision);
	jsonout_bool(&s->out.j, "taken", synced->is_taken);
	jsonout_bool(&s->out.j, "pushed", synced->is_pushed);
	jsonout_bool(&s->out.j, "fork", synced->is_fork);
	jsonout_close(&s->out.j, '}');
	if (synced->is_fork && synced->is_pushed)
		report_say(&s->out,
		    "%s: both had changed; what was changed here was changed again in the "
		    "service's, "
		    "now revision %llu",
		    identity, revision);
	else if (synced->is_taken)
		report_say(&s->out, "%s: took revision %llu", identity, revision);
	else if (synced->is_pushed)
		report_say(&s->out, "%s: brought revision %llu to the service", identity, revision);
	else if (!s->is_quiet)
		report_say(&s->out, "%s: revision %llu, as at the service", identity, revision);
}

/* With a tombstone on both sides nobody here asks for it any more. */
static void forget_deleted(struct syncing *s, const char *identity)
{
	vault_auto vault = NULL;
	struct reason why = {0};
	bool had = false;
	int r = machine_vault(&s->context.machine, identity, NULL, &vault, &why);

	if (r == 0)
		r = home_forget(&s->context, identity, vault_uuid(vault), &had, &why);
	if (r < 0)
		cli_note("the key of %s for the service stays behind: %s", identity, why.text);
	else if (had)
		report_say(&s->out, "%s: it is deleted, and this machine has forgotten its key",
		    identity);
}

/* Of many identities nobody would know which one it is; the service's own trouble is that of all. */
static int fail_about(const char *identity, int error, struct reason *why)
{
	if (!fetch_is_down(error) && !strstr(why->text, identity))
		reason_prefix(why, error, "%s: ", identity);
	return context_fail(error, why);
}

/* One identity's trouble keeps it from no other; the service's own does. */
static int sync_one(void *opaque, const char *identity)
{
	struct syncing *s = opaque;
	struct reason why = {0};
	struct synced synced;
	int r;

	if (s->is_down)
		return 0;
	s->sync.account.deadline = deadline_in(s->context.conf.service_timeout * 1000);
	r = home_meet(&s->context, &s->sync, identity, &synced, &why);
	if (r == 1) {
		home_note_keyless(&s->context, identity);
		return 0;
	}
	s->count++;
	if (r < 0) {
		s->code = fail_about(identity, r, &why);
		s->is_down = fetch_is_down(r);
		return 0;
	}
	tell(s, identity, &synced);
	if (synced.state == AGENT_DELETED)
		forget_deleted(s, identity);
	return 0;
}

/* ---- which ---- */

/* Names, each ended by a NUL: a meeting may read the wallet anew, so it is walked to its end before. */
static int add_named(void *context, const char *name, const struct buf *value)
{
	char identity[IDENTITY_NAME_MAX + 1];

	(void)value;
	return wallet_read_name(WALLET_NAMED, name, identity) < 0
		   ? 0
		   : buf_add(context, identity, strlen(identity) + 1);
}

/* Those that were adopted and have no copy yet. */
static int sync_without_copy(struct syncing *s, struct reason *why)
{
	buf_auto names = {0};
	int r = wallet_each(&s->sync.account.wallet, WALLET_NAMED, add_named, &names);

	for (const char *name = names.data; r == 0 && name && name < names.data + names.len;
	     name += strlen(name) + 1) {
		buf_auto copy = {0};

		r = store_directory.get(s->context.machine.store, name, &copy, why);
		if (r == -ENOENT)
			r = sync_one(s, name);
	}
	return r;
}

static int sync_all(struct syncing *s, struct reason *why)
{
	int r = store_directory.list(s->context.machine.store, sync_one, s, why);

	return r < 0 ? r : sync_without_copy(s, why);
}

static void take_lease(struct syncing *s, const char *identity)
{
	struct reason why = {0};
	int r;

	if (s->is_down)
		return;
	s->sync.account.deadline = deadline_in(s->context.conf.service_timeout * 1000);
	r = lease_take(&s->context, &s->sync, identity, false, &why);
	if (r == 0)
		return;
	s->code = fail_about(identity, r, &why);
	s->is_down = fetch_is_down(r);
}

/* A wish for what is gone, or at home here alone, is none. One that failed stays, but for a lease that another has. */
static bool is_settled(const struct syncing *s, const struct wish *wish)
{
	if (s->is_down)
		return false;
	return s->code == EXIT_DONE || s->code == EXIT_NOT_FOUND ||
	       (wish->what == WANTED_LEASE && s->code == EXIT_REFUSED);
}

static int sync_wish(void *opaque, const struct wish *wish)
{
	struct syncing *s = opaque;
	int before = s->code;

	/* It was tried already, and nobody has asked again. */
	if (wish->noted.tv_sec < s->since.tv_sec ||
	    (wish->noted.tv_sec == s->since.tv_sec && wish->noted.tv_nsec < s->since.tv_nsec))
		return 0;
	s->tried++;
	s->code = EXIT_DONE;
	if (wish->what == WANTED_LEASE)
		take_lease(s, wish->identity);
	else
		sync_one(s, wish->identity);
	if (is_settled(s, wish))
		wanted_grant(wish);
	if (s->code == EXIT_DONE)
		s->code = before;
	return 0;
}

/* Again while there are new ones: who noted them may not be heard while this runs. */
static int sync_wishes(struct syncing *s, struct reason *why)
{
	int r = 0;

	for (int pass = 0; pass < PASSES_MAX && r == 0 && !s->is_down; pass++) {
		struct timespec begun;

		clock_gettime(CLOCK_REALTIME_COARSE, &begun);
		s->tried = 0;
		r = wanted_each(sync_wish, s, why);
		if (!s->tried)
			break;
		s->since = begun;
	}
	return r;
}

static int sync_named(struct syncing *s, struct reason *why)
{
	char identity[IDENTITY_NAME_MAX + 1];
	int r = 0;

	/* One without a copy is not among those that context_identity knows. */
	if (s->values->identity && identity_name_check(s->values->identity, NULL) == 0)
		snprintf(identity, sizeof(identity), "%s", s->values->identity);
	else
		r = context_identity(s->values->identity, identity, why);
	if (r < 0)
		return r;
	s->sync.over = s->values->over;
	sync_one(s, identity);
	if (!s->count && s->code == EXIT_DONE)
		report_say(&s->out, "%s is at home on this machine alone", identity);
	return 0;
}

static int open_all(struct syncing *s, struct reason *why)
{
	int r = context_open(&s->context, why);

	return r < 0
		   ? r
		   : sync_open(&s->context.conf, &s->context.machine, FETCH_COMMAND, &s->sync, why);
}

/* Everything is opened anew: settings and keys change while a watch goes on. */
static int round_of(const struct sync_values *values, bool wanted, bool is_quiet)
{
	syncing_auto s = {
	    .values = values, .out = report_begin(values->json, 0), .is_quiet = is_quiet};
	struct reason why = {0};
	int r = open_all(&s, &why);

	jsonout_open(&s.out.j, "identities", '[');
	if (r == 0 && wanted)
		r = sync_wishes(&s, &why);
	else if (r == 0 && values->identity)
		r = sync_named(&s, &why);
	else if (r == 0)
		r = sync_all(&s, &why);
	/* A wish may be for more than a meeting. */
	if (r == 0 && !wanted && !values->identity)
		r = sync_wishes(&s, &why);
	if (r < 0)
		return context_fail(r, &why);
	if (!s.count && !is_quiet && !values->identity && s.code == EXIT_DONE)
		report_say(&s.out, "no identity of this machine is at home at the service");
	jsonout_close(&s.out.j, ']');
	return report_print(&s.out) < 0 ? EXIT_FAILED : s.code;
}

/* ---- watching ---- */

/* A quarter more or less: machines that were started together do not ask together. */
static int with_jitter(long seconds)
{
	long span = seconds * 1000 / 2;
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), 0) < 0)
		random = 0;
	return (int)(seconds * 1000 - span / 2 + (long)(random % (unsigned)(span + 1)));
}

static long back_off(long pause, long interval, bool is_down)
{
	if (!is_down)
		return interval;
	pause = 2 * pause < BACKOFF_MAX ? 2 * pause : BACKOFF_MAX;
	return pause < interval ? interval : pause;
}

static void drain(int fd)
{
	char events[4096];

	poll(NULL, 0, SETTLE);
	while (read(fd, events, sizeof(events)) > 0)
		;
}

static int watch_wishes(struct reason *why)
{
	fd_auto dir = wanted_open(why);
	fd_auto fd = dir < 0 ? dir : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (dir < 0)
		return dir;
	if (fd < 0 || inotify_add_watch(fd, PATH_SYNC_WANTED, IN_CREATE | IN_CLOSE_WRITE) < 0)
		return reason_errno(why, -errno, "watching %s", PATH_SYNC_WANTED);
	return take_fd(&fd);
}

static int watch(const struct sync_values *values)
{
	struct reason why = {0};
	fd_auto wishes = watch_wishes(&why);
	long pause = values->interval;
	struct deadline next = {0};

	if (wishes < 0)
		return context_fail(wishes, &why);
	for (bool wanted = false;;) {
		struct pollfd poll_for = {.fd = wishes, .events = POLLIN};
		int code = round_of(values, wanted, true);

		/* What no waiting mends. */
		if (code == EXIT_USAGE)
			return code;
		fflush(stdout);
		/* Wishes, however many, move no round over all. */
		if (!wanted) {
			pause = back_off(pause, values->interval, code == EXIT_UNREACHABLE);
			next = deadline_in(with_jitter(pause));
		}
		wanted = poll(&poll_for, 1, deadline_left(next)) > 0;
		if (wanted)
			drain(wishes);
		wanted = wanted && deadline_left(next);
	}
}

int run_sync(void *opaque, int argc, char **argv)
{
	struct sync_values *values = opaque;
	struct reason why = {0};
	int r = context_need_root("bring vaults in line with the service", &why);

	(void)argc;
	(void)argv;
	if (r < 0)
		return cli_fail(r, &why);
	if (!!values->identity + values->all + values->wanted > 1)
		return cli_usage("say one of --identity, --all and --wanted");
	if (values->over && (!values->identity || values->watch))
		return cli_usage("--over goes with --identity, once");
	if (values->interval && !values->watch)
		return cli_usage("--interval goes with --watch");
	if (values->watch && values->json)
		return cli_usage("--watch goes on and on, and prints no one JSON document");
	if (!values->interval)
		values->interval = 60;
	return values->watch ? watch(values) : round_of(values, values->wanted, values->wanted);
}
