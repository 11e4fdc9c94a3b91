/* SPDX-License-Identifier: MIT */
/* What ravi-keyctl status has found out, for a person and for a program. */
#include <config.h>

#include <errno.h>
#include <stdio.h>

#include "status.h"
#include "util/cli.h"
#include "util/when.h"

static const char *place_word(enum ring_place place)
{
	return place == RING_IN_USER ? "user" : "session";
}

static const char *place_name(enum ring_place place)
{
	return place == RING_IN_USER ? "@u" : "@s";
}

static bool is_taken(const struct status *status, const struct ring_sight *sight)
{
	return status->has_ring && sight->id == status->ring.id &&
	       sight->place == status->ring.place;
}

/* Why this one: the first real one in @u, then in @s. */
static const char *sight_word(const struct status *status, const struct ring_sight *sight)
{
	if (is_taken(status, sight))
		return "taken";
	return sight->real ? "real" : "not-real";
}

static size_t told_problems(const struct status *status)
{
	return status->problem_count < STATUS_PROBLEMS_MAX ? status->problem_count
							   : STATUS_PROBLEMS_MAX;
}

static void print_rings(const struct status *status)
{
	for (size_t i = 0; i < status->sight_count; i++) {
		const struct ring_sight *sight = &status->sights[i];

		printf("%-10s %d %s in %s: %s\n", i ? "" : "sees", sight->id, sight->description,
		    place_name(sight->place), sight_word(status, sight));
	}
	if (!status->has_ring)
		printf("%-10s none\n", "ring");
	else
		printf("%-10s ravi:%s (%d), the first real one: %s\n", "ring", status->ring.user,
		    status->ring.id,
		    status->ring.place == RING_IN_USER
			? "in @u, which every process of this user has"
			: "in @s, which this login alone has");
}

static void print_identity(const struct inventory *inventory)
{
	const struct ring_profile *profile = &inventory->profile;
	char loaded[WHEN_TEXT];

	when_format(profile->loaded, loaded);
	printf("%-10s %s%s\n", "identity", profile->name, profile->is_default ? " (default)" : "");
	printf("  %-8s %s\n", "e-mail", *profile->email ? profile->email : "none");
	printf("  %-8s %s\n", "phone", *profile->phone ? profile->phone : "none");
	printf("  %-8s %s\n", "uuid", profile->uuid);
	printf("  %-8s revision %llu, loaded %s\n", "vault", (unsigned long long)profile->revision,
	    loaded);
	printf("  %-8s %zu of %u\n", "secrets", inventory->count, profile->keys);
	for (size_t i = 0; i < inventory->count; i++) {
		char expiry[KEY_EXPIRY_TEXT];

		key_expiry_describe(&inventory->keys[i], expiry);
		printf("    %s%s%s\n", inventory->keys[i].name, *expiry ? ": " : "", expiry);
	}
}

/* What --which is to the other tools. */
static void print_choice(const struct choice *choice)
{
	char because[CHOICE_BECAUSE_MAX];

	choice_because(choice, because);
	printf("%-10s %s (%s)%s\n", "acts as", choice->identity, because,
	    choice->is_carried ? "" : ", whose secrets are not in this ring");
}

int status_print_text(const struct status *status)
{
	size_t told = told_problems(status);

	printf("%-10s %s (uid %u)\n", "user", *status->user ? status->user : "?", status->uid);
	print_rings(status);
	if (status->has_choice)
		print_choice(&status->choice);
	for (size_t i = 0; i < status->identity_count; i++)
		print_identity(&status->identities[i]);
	for (size_t i = 0; i < told; i++)
		printf("%-10s %s\n  %-8s %s\n", "problem", status->problems[i].what, "mend",
		    status->problems[i].remedy);
	if (told < status->problem_count)
		printf("%-10s and %zu more\n", "problem", status->problem_count - told);
	return fflush(stdout) ? -errno : 0;
}

static void json_sight(
    struct jsonout *j, const struct status *status, const struct ring_sight *sight)
{
	char mask[16];

	snprintf(mask, sizeof(mask), "%08x", sight->mask);
	jsonout_open(j, NULL, '{');
	jsonout_number(j, "id", sight->id);
	jsonout_text(j, "description", sight->description);
	jsonout_number(j, "owner", sight->owner);
	jsonout_text(j, "mask", mask);
	jsonout_text(j, "place", place_word(sight->place));
	jsonout_text(j, "state", sight_word(status, sight));
	jsonout_close(j, '}');
}

static void json_identity(struct jsonout *j, const struct inventory *inventory)
{
	const struct ring_profile *profile = &inventory->profile;

	jsonout_open(j, NULL, '{');
	jsonout_text(j, "name", profile->name);
	jsonout_bool(j, "default", profile->is_default);
	jsonout_text(j, "email", *profile->email ? profile->email : NULL);
	jsonout_text(j, "phone", *profile->phone ? profile->phone : NULL);
	jsonout_text(j, "uuid", profile->uuid);
	jsonout_number(j, "revision", (int64_t)profile->revision);
	jsonout_when(j, "loaded_dt", profile->loaded);
	jsonout_number(j, "key_count", profile->keys);
	jsonout_open(j, "keys", '[');
	for (size_t i = 0; i < inventory->count; i++)
		key_json(j, &inventory->keys[i]);
	jsonout_close(j, ']');
	jsonout_close(j, '}');
}

static void json_ring(struct jsonout *j, const struct status *status)
{
	if (!status->has_ring) {
		jsonout_text(j, "ring", NULL);
		return;
	}
	jsonout_open(j, "ring", '{');
	jsonout_number(j, "id", status->ring.id);
	jsonout_text(j, "place", place_word(status->ring.place));
	jsonout_close(j, '}');
}

static void json_choice(struct jsonout *j, const struct choice *choice)
{
	char because[CHOICE_BECAUSE_MAX];

	choice_because(choice, because);
	jsonout_open(j, "acts_as", '{');
	jsonout_text(j, "identity", choice->identity);
	jsonout_text(j, "because", because);
	jsonout_bool(j, "carried", choice->is_carried);
	jsonout_close(j, '}');
}

int status_print_json(const struct status *status)
{
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "user", *status->user ? status->user : NULL);
	jsonout_number(&j, "uid", status->uid);
	json_ring(&j, status);
	if (status->has_choice)
		json_choice(&j, &status->choice);
	jsonout_open(&j, "rings", '[');
	for (size_t i = 0; i < status->sight_count; i++)
		json_sight(&j, status, &status->sights[i]);
	jsonout_close(&j, ']');
	jsonout_open(&j, "identities", '[');
	for (size_t i = 0; i < status->identity_count; i++)
		json_identity(&j, &status->identities[i]);
	jsonout_close(&j, ']');
	jsonout_open(&j, "problems", '[');
	for (size_t i = 0; i < told_problems(status); i++) {
		jsonout_open(&j, NULL, '{');
		jsonout_text(&j, "problem", status->problems[i].what);
		jsonout_text(&j, "remedy", status->problems[i].remedy);
		jsonout_close(&j, '}');
	}
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	return jsonout_print(&j);
}
