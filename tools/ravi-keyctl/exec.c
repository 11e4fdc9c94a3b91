/* SPDX-License-Identifier: MIT */
/*
 * ravi-keyctl exec: secrets in the environment of one command. They are put into a list of our own and
 * handed to exec, so that no copy lies in an environment of ours that something else could inherit.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "choice/choice.h"
#include "keyctl.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/nodump.h"
#include "util/program.h"

/* A ring that is being changed is whole again within milliseconds. */
#define TRIES    50
#define PAUSE_MS 20

#define DIGITS   "0123456789"
#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

struct environment {
	struct buf *entries; /* "VAR=value" each */
	size_t count;
};

#define environment_auto __attribute__((cleanup(environment_free))) struct environment

static void environment_free(struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++)
		buf_free(&environment->entries[i]);
	free(environment->entries);
	*environment = (struct environment){0};
}

/* The entry that sets the same variable as "VAR=...", or NULL. */
static struct buf *environment_find(const struct environment *environment, const char *entry)
{
	size_t len = strcspn(entry, "=");

	for (size_t i = 0; i < environment->count; i++) {
		const char *known = buf_text(&environment->entries[i]);

		if (!strncmp(known, entry, len) && known[len] == '=')
			return &environment->entries[i];
	}
	return NULL;
}

/* Takes the content of `entry` over; an earlier one of the same variable goes. */
static int environment_set(struct environment *environment, struct buf *entry)
{
	struct buf *known = environment_find(environment, buf_text(entry));
	struct buf *grown;

	if (!known) {
		grown = reallocarray(
		    environment->entries, environment->count + 1, sizeof(*environment->entries));
		if (!grown)
			return -ENOMEM;
		environment->entries = grown;
		known = &grown[environment->count++];
		*known = (struct buf){0};
	}
	buf_move(known, entry);
	return 0;
}

/* Puts the secret `name` (folded) into `environment` as `variable`. */
static int add_secret(struct environment *environment, const struct ring *ring,
    const char *identity, const char *variable, const char *name, struct reason *why)
{
	buf_auto value = {0};
	buf_auto entry = {0};
	int r = ring_read(ring, identity, name, &value, why);

	if (r < 0)
		return r;
	if (value.len && memchr(value.data, '\0', value.len))
		return reason_set(why, -EILSEQ,
		    "the value of %s has a NUL byte and cannot be a variable; use: ravi-keyctl "
		    "print %s",
		    name, name);
	buf_addf(&entry, "%s=", variable);
	buf_add(&entry, value.data, value.len);
	if (entry.error)
		return entry.error;
	return environment_set(environment, &entry);
}

/* One -e: VAR=NAME, or NAME for both. */
static int add_variable(struct environment *environment, const struct ring *ring,
    const char *identity, const char *wish, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1], variable[SECRET_NAME_MAX + 1] = "";
	size_t len = strcspn(wish, "=");
	int r;

	r = secret_name_fold(wish[len] ? wish + len + 1 : wish, folded, why);
	if (r < 0)
		return reason_prefix(why, r, "-e %s: ", wish);
	if (!wish[len])
		return add_secret(environment, ring, identity, folded, folded, why);
	if (!len || len >= sizeof(variable) || !strchr(LETTERS, *wish) ||
	    strspn(wish, LETTERS DIGITS) != len)
		return reason_set(why, -EINVAL,
		    "-e %s: a variable is letters, digits and _, at most %d, no digit first", wish,
		    SECRET_NAME_MAX);
	memcpy(variable, wish, len);
	return add_secret(environment, ring, identity, variable, folded, why);
}

static int add_all(struct environment *environment, const struct ring *ring, const char *identity,
    const struct inventory *inventory, struct reason *why)
{
	int r = 0;

	for (size_t i = 0; i < inventory->count && r == 0; i++) {
		const char *name = inventory->keys[i].name;

		if (inventory->keys[i].state == RING_KEY_LIVE)
			r = add_secret(environment, ring, identity, name, name, why);
	}
	return r;
}

/* Why the set could not be had: somebody changes it all the time, or a key of it is gone. */
static int refuse_set(
    const struct ring *ring, const struct inventory *inventory, bool all, struct reason *why)
{
	if (!all || inventory_is_whole(inventory))
		return reason_set(why, -EAGAIN,
		    "the ring ravi:%s was being changed each time it was read; try again, and if "
		    "that is no help, as root: ravi reload %s",
		    ring->user, ring->user);
	return reason_set(why, -ENOSECRET,
	    "the ring ravi:%s holds %zu of the %u secrets of %s; root puts them back with: "
	    "ravi reload %s",
	    ring->user, inventory->count, inventory->profile.keys, inventory->profile.name,
	    ring->user);
}

/* 1: a consistent set. 0: the ring was being changed. Or a negative errno. */
static int gather_once(const struct request *request, const struct ring *ring, const char *identity,
    struct inventory *inventory, struct environment *environment, struct reason *why)
{
	ring_profile_auto after = {0};
	int r;

	environment_free(environment);
	if (request->all)
		r = inventory_take(ring, identity, inventory, why);
	else
		r = ring_read_profile(ring, identity, &inventory->profile, why);
	if (r == 0 && request->all)
		r = add_all(environment, ring, identity, inventory, why);
	/* After --all: what is named wins. */
	for (size_t i = 0; i < request->variables.count && r == 0; i++)
		r = add_variable(environment, ring, identity, request->variables.items[i], why);
	if (r == 0)
		r = ring_read_profile(ring, identity, &after, why);
	if (r < 0)
		return r;
	return after.revision == inventory->profile.revision && !after.changing &&
	       !inventory->profile.changing && (!request->all || inventory_is_whole(inventory));
}

/*
 * A consistent set: the profile says the same revision before and after, and neither time that it is being
 * changed, and for --all every key that it counts was there. Else everything is read again.
 */
static int gather(const struct request *request, const struct ring *ring, const char *identity,
    struct inventory *inventory, struct environment *environment, struct reason *why)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	int r = 0;

	for (int i = 0; i < TRIES && r == 0; i++) {
		if (i)
			nanosleep(&pause, NULL);
		r = gather_once(request, ring, identity, inventory, environment, why);
		/* A key of --all can go between the listing and the reading: then list again. */
		if (r == -ENOSECRET && request->all && i + 1 < TRIES)
			r = 0;
	}
	if (r == 0)
		return refuse_set(ring, inventory, request->all, why);
	return r < 0 ? r : 0;
}

static void note_expired(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++) {
		char expiry[KEY_EXPIRY_TEXT];

		if (inventory->keys[i].state == RING_KEY_LIVE)
			continue;
		key_expiry_describe(&inventory->keys[i], expiry);
		cli_note("left out: %s (%s)", inventory->keys[i].name, expiry);
	}
}

/* Ours and, of the inherited environment, what we do not set; NULL when memory is short. */
static char **build_envp(const struct environment *environment)
{
	size_t inherited = 0, n = 0;
	char **envp;

	while (environ[inherited])
		inherited++;
	envp = calloc(inherited + environment->count + 1, sizeof(*envp));
	if (!envp)
		return NULL;
	for (size_t i = 0; i < inherited; i++)
		if (!environment_find(environment, environ[i]))
			envp[n++] = environ[i];
	for (size_t i = 0; i < environment->count; i++)
		envp[n++] = environment->entries[i].data;
	return envp;
}

/* Does not come back unless the command cannot be run. */
static int run_command(
    const struct environment *environment, char **argv, const struct rlimit *core)
{
	free_auto char **envp = build_envp(environment);
	int r = envp ? nodump_end(core) : -ENOMEM;

	if (r < 0)
		return cli_fail(r, NULL);
	execvpe(argv[0], argv, envp);
	r = errno;
	cli_note("%s cannot be run: %s", argv[0], strerror(r));
	return program_exit_code(r);
}

int run_exec(void *values, int argc, char **argv)
{
	const struct request *request = values;
	environment_auto environment = {0};
	inventory_auto inventory = {0};
	const char *identity;
	struct choice choice;
	struct reason why = {0};
	struct rlimit core;
	struct ring ring;
	int r;

	(void)argc;
	if (!request->all && !request->variables.count)
		return cli_usage("exec: say which secrets: -e VAR=NAME, -e NAME, or --all");
	r = nodump_begin(&core);
	if (r == 0)
		r = ring_find(&ring, &why);
	if (r == 0)
		r = choice_vault(&ring, request->identity, &choice, &identity, &why);
	if (r == 0)
		r = gather(request, &ring, identity, &inventory, &environment, &why);
	if (r < 0)
		return cli_fail(r, &why);
	if (request->all)
		note_expired(&inventory);
	return run_command(&environment, argv, &core);
}
