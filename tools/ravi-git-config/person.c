/* SPDX-License-Identifier: MIT */
/* What git shall know about an identity: see person.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "person.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SIGNERS_MAX (256u << 10) /* bytes */

/* How the ring calls the identity. */
static const char *ring_name(const struct choice *choice)
{
	return choice->is_default ? NULL : choice->identity;
}

/* Commits may carry addresses that no identity of ours could have ("1+name@users.noreply.github.com"). */
static int check_address(const char *email, struct reason *why)
{
	const char *at = strchr(email, '@');
	size_t len = strlen(email);
	bool good = at && at != email && at[1] && !strchr(at + 1, '@') && len <= EMAIL_MAX;

	/* Blanks and <> end an address in a commit; the others mean something in allowed signers. */
	for (size_t i = 0; i < len && good; i++)
		good = email[i] > ' ' && email[i] < 0x7f && !strchr("<>\"'\\,*?!#", email[i]);
	return good ? 0
		    : reason_set(why, -EINVAL, "\"%.80s\" is no mail address for commits", email);
}

static int read_key(const struct ring *ring, const char *identity,
    uint8_t public[SSHKEY_PUBLIC_SIZE], struct reason *why)
{
	buf_auto text = {0};
	sshkey_auto key = {0};
	int r = ring_read(ring, identity, SSHKEY_SECRET, &text, why);

	if (r == 0)
		r = sshkey_parse(text.data, text.len, &key, why);
	if (r < 0)
		return reason_prefix(why, r, SSHKEY_SECRET ": ");
	memcpy(public, key.public, SSHKEY_PUBLIC_SIZE);
	return 0;
}

/* Not in the ring: then a token kept under its name shows that it is meant and no slip of the pen. */
static int check_named(const struct ring *ring, const struct person *person, struct reason *why)
{
	choice_token_auto token = {0};
	int r = choice_github_token(ring, &person->choice, &token, why);

	if (r < 0)
		return r;
	if (!*person->email)
		return reason_set(why, -ENOKEY,
		    "the agent %s has a token for %s but does not carry that identity, so its "
		    "address is not known; say it with --email ADDRESS, or as root: ravi identity "
		    "create --name %s --user %s",
		    ring->user, person->choice.identity, person->choice.identity, ring->user);
	return 0;
}

static int read_carried(const struct ring *ring, struct person *person, struct reason *why)
{
	const char *name = ring_name(&person->choice);
	ring_profile_auto profile = {0};
	int r = ring_read_profile(ring, name, &profile, why);

	if (r < 0)
		return r;
	if (!*person->email)
		strcpy(person->email, profile.email);
	if (!*person->email)
		return reason_set(why, -EINVAL,
		    "the identity %s has no mail address; say one with --email ADDRESS",
		    person->choice.identity);
	person->has_key = read_key(ring, name, person->key, &person->no_key) == 0;
	return 0;
}

/* For the user's own configuration: --identity, RAVI_IDENTITY or the default one, wherever this runs. */
static int choose_for_user(
    const struct ring *ring, const char *option, struct choice *choice, struct reason *why)
{
	const char *wanted = option ? option : secure_getenv("RAVI_IDENTITY");
	ring_profile_auto profile = {0};
	int r;

	if (wanted && *wanted)
		return choice_make(ring, option, NULL, choice, why);
	r = ring_read_profile(ring, NULL, &profile, why);
	return r < 0 ? r : choice_make(ring, profile.name, NULL, choice, why);
}

int person_choose(const struct ring *ring, const struct place *place, const char *option,
    const char *email, struct person *person, struct reason *why)
{
	int r = email ? check_address(email, why) : 0;

	*person = (struct person){0};
	if (r < 0)
		return r;
	if (email)
		strcpy(person->email, email);
	if (place->is_user)
		r = choose_for_user(ring, option, &person->choice, why);
	else
		r = choice_make(ring, option, place->git_dir, &person->choice, why);
	if (r < 0)
		return r;
	if (person->choice.is_carried)
		return read_carried(ring, person, why);
	reason_set(&person->no_key, 0, "this user does not carry the identity %s",
	    person->choice.identity);
	return check_named(ring, person, why);
}

/* ---- allowed signers ---- */

struct signers {
	const struct ring *ring;
	struct buf text;
};

/* A line that is there already is not added again. */
static void add_line(struct buf *text, const uint8_t public[SSHKEY_PUBLIC_SIZE], const char *email)
{
	buf_auto line = {0};

	sshkey_add_signer(public, email, &line);
	buf_add_char(&line, '\n');
	if (line.error)
		text->error = line.error;
	else if (!strstr(buf_text(text), line.data))
		buf_add(text, line.data, line.len);
}

/* An identity without an address or a usable key signs nothing: it is left out. */
static int add_signer(void *context, const struct ring_key *key)
{
	struct signers *signers = context;
	const char *identity = *key->identity ? key->identity : NULL;
	uint8_t public[SSHKEY_PUBLIC_SIZE];
	ring_profile_auto profile = {0};

	if (strcmp(key->name, RING_PROFILE) != 0)
		return 0;
	if (ring_read_profile(signers->ring, identity, &profile, NULL) == 0 && *profile.email &&
	    read_key(signers->ring, identity, public, NULL) == 0)
		add_line(&signers->text, public, profile.email);
	return 0;
}

static int read_signers(const char *path, struct buf *text, struct reason *why)
{
	const struct file_rule rule = {.owner = geteuid(), .max = SIGNERS_MAX};
	int r = file_read(AT_FDCWD, path, &rule, text, why);

	if (r < 0 && r != -ENOENT)
		return r;
	if (text->len && text->data[text->len - 1] != '\n')
		buf_add_char(text, '\n');
	return 0;
}

int person_write_signers(const struct ring *ring, const struct place *place,
    const struct person *person, struct reason *why)
{
	char path[PATH_MAX];
	struct signers signers = {.ring = ring};
	buf_auto text = {0};
	fd_auto dir = -1;
	size_t before;
	int r;

	strcpy(path, place->signers);
	r = read_signers(path, &signers.text, why);
	before = signers.text.len;
	if (r == 0)
		r = ring_each(ring, add_signer, &signers, why);
	buf_move(&text, &signers.text);
	if (r < 0)
		return r;
	add_line(&text, person->key, person->email);
	if (text.error)
		return reason_errno(why, text.error, "%s", place->signers);
	if (text.len == before)
		return 0;
	dir = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return reason_errno(why, -errno, "%s", path);
	strcpy(path, place->signers);
	return file_replace(dir, basename(path), 0644, false, text.data, text.len, why);
}
