/* SPDX-License-Identifier: MIT */
/* libcore/machine, the rule for what grew from a secret: on top of its base, or kept beside it. */
#include <config.h>

#include "forge.h"
#include "machine/grow.h"

#define NAME     "CODEX_SESSION_TOKEN"
#define CONFLICT NAME GROW_CONFLICT

static struct grow grow_of(const char *value, uint64_t base)
{
	return (struct grow){
	    .change = {.name = NAME, .value = value, .len = strlen(value), .keep = 5},
	    .base = base};
}

static void assert_value(const struct vault *vault, const char *name, const char *value)
{
	vault_secret_auto secret = {0};
	struct reason why = {0};

	if (vault_get(vault, name, &secret, &why) < 0)
		fail_msg("%s", why.text);
	assert_string_equal(buf_text(&secret.value), value);
}

/* The same value with an end, as another version. */
static void forge_expire(struct vault *vault, const char *name, time_t expires)
{
	const struct vault_change change = {
	    .name = name, .value = "first", .len = 5, .keep = 5, .expires = expires};

	assert_int_equal(vault_set(vault, &change, 1800000010, NULL), 0);
}

struct fixture {
	struct host host;
	struct vault *vault;
	uint64_t version;
	bool kept;
	struct reason why;
};

static void set_up(struct fixture *f)
{
	*f = (struct fixture){.host = forge_host()};
	f->vault = forge_vault(&f->host, FORGE_NAME);
	forge_set(f->vault, NAME, "first", 1800000000, 5);
}

static int grow(struct fixture *f, const struct grow *grow)
{
	f->why = (struct reason){0};
	return grow_vault(f->vault, grow, 1800000060, &f->version, &f->kept, &f->why);
}

static void test_it_goes_on_top_of_its_base(void **state)
{
	struct grow second = grow_of("second", 1);
	struct fixture f;

	(void)state;
	set_up(&f);
	assert_int_equal(grow(&f, &second), 0);
	assert_int_equal(f.version, 2);
	assert_value(f.vault, NAME, "second");
	/* Said again, because the answer did not arrive: nothing new, and no conflict. */
	assert_int_equal(grow(&f, &second), 1);
	assert_int_equal(f.version, 2);
	vault_free(f.vault);
}

static void test_a_newer_word_stays_and_nothing_is_lost(void **state)
{
	struct grow late = grow_of("late", 1);
	struct fixture f;

	(void)state;
	set_up(&f);
	forge_set(f.vault, NAME, "administrator's", 1800000030, 5);
	assert_int_equal(grow(&f, &late), -ESTALE);
	assert_true(f.kept);
	assert_non_null(strstr(f.why.text, CONFLICT));
	assert_value(f.vault, NAME, "administrator's");
	assert_value(f.vault, CONFLICT, "late");
	assert_int_equal(grow(&f, &late), -ESTALE);
	assert_false(f.kept);
	vault_free(f.vault);
}

/* A name as long as names get, which is what its own conflict would be called. */
static void test_a_conflict_is_never_the_secret_itself(void **state)
{
	char name[SECRET_NAME_MAX + 1], conflict[SECRET_NAME_MAX + 1];
	size_t stem = SECRET_NAME_MAX - strlen(GROW_CONFLICT);
	struct grow late = grow_of("late", 1);
	struct fixture f;

	(void)state;
	memset(name, 'A', stem);
	strcpy(name + stem, GROW_CONFLICT);
	snprintf(conflict, sizeof(conflict), "%.*s" GROW_CONFLICT, (int)stem - 1, name);
	set_up(&f);
	forge_set(f.vault, name, "login", 1800000000, 5);
	forge_set(f.vault, name, "administrator's", 1800000030, 5);
	late.change.name = name;
	assert_int_equal(grow(&f, &late), -ESTALE);
	assert_true(f.kept);
	assert_value(f.vault, name, "administrator's");
	assert_value(f.vault, conflict, "late");
	vault_free(f.vault);
}

static void test_what_was_deleted_does_not_come_back(void **state)
{
	struct grow late = grow_of("late", 1);
	vault_secret_auto secret = {0};
	struct fixture f;

	(void)state;
	set_up(&f);
	assert_int_equal(vault_delete(f.vault, NAME, NULL), 0);
	assert_int_equal(grow(&f, &late), -ESTALE);
	assert_int_equal(vault_get(f.vault, NAME, &secret, NULL), -ENOKEY);
	assert_value(f.vault, CONFLICT, "late");
	vault_free(f.vault);
}

static void test_an_administrators_conflict_stays(void **state)
{
	struct grow late = grow_of("late", 7);
	struct fixture f;

	(void)state;
	set_up(&f);
	forge_set(f.vault, CONFLICT, "administrator's", 1800000030, 5);
	late.change.by_agent = true;
	assert_int_equal(grow(&f, &late), -ESTALE);
	assert_false(f.kept);
	assert_value(f.vault, CONFLICT, "administrator's");
	vault_free(f.vault);
}

static void test_an_answer_that_was_lost_is_no_conflict(void **state)
{
	struct grow third = grow_of("third", 1);
	buf_auto sent = {0};
	struct fixture f;

	(void)state;
	set_up(&f);
	/* "second" grew from version 1, was stored, and its writer died before it heard so. */
	forge_set(f.vault, NAME, "second", 1800000030, 5);
	buf_add_text(&sent, "second");
	third.sent = &sent;
	assert_int_equal(grow(&f, &third), 0);
	assert_int_equal(f.version, 3);
	assert_value(f.vault, NAME, "third");
	vault_free(f.vault);
}

static void test_without_a_base_it_is_stored(void **state)
{
	struct grow any = grow_of("any", 0);
	struct fixture f;

	(void)state;
	set_up(&f);
	assert_int_equal(grow(&f, &any), 0);
	assert_value(f.vault, NAME, "any");
	assert_int_equal(vault_delete(f.vault, NAME, NULL), 0);
	assert_int_equal(grow(&f, &any), 0);
	assert_int_equal(f.version, 1);
	vault_free(f.vault);
}

static void test_what_grew_from_none_takes_nobodys_place(void **state)
{
	struct grow made = grow_of("made", 0);
	vault_secret_auto held = {0};
	struct fixture f;

	(void)state;
	set_up(&f);
	made.from_none = true;
	assert_int_equal(grow(&f, &made), -ESTALE);
	assert_true(f.kept);
	assert_value(f.vault, NAME, "first");
	assert_value(f.vault, CONFLICT, "made");
	/* What has expired is none. */
	forge_expire(f.vault, NAME, 1800000030);
	assert_int_equal(grow(&f, &made), 0);
	assert_int_equal(vault_get(f.vault, NAME, &held, NULL), 0);
	assert_int_equal(held.expires, 0);
	assert_int_equal(vault_delete(f.vault, NAME, NULL), 0);
	assert_int_equal(grow(&f, &made), 0);
	assert_value(f.vault, NAME, "made");
	vault_free(f.vault);
}

static void test_a_version_that_was_made_anew_is_another(void **state)
{
	struct grow late = grow_of("late", 1);
	buf_auto from = {0};
	struct fixture f;

	(void)state;
	set_up(&f);
	buf_add_text(&from, "first");
	late.from = &from;
	assert_int_equal(vault_delete(f.vault, NAME, NULL), 0);
	forge_set(f.vault, NAME, "administrator's", 1800000030, 5);
	assert_int_equal(grow(&f, &late), -ESTALE);
	assert_value(f.vault, NAME, "administrator's");
	assert_value(f.vault, CONFLICT, "late");
	assert_int_equal(vault_delete(f.vault, NAME, NULL), 0);
	forge_set(f.vault, NAME, "first", 1800000030, 5);
	assert_int_equal(grow(&f, &late), 0);
	assert_value(f.vault, NAME, "late");
	vault_free(f.vault);
}

static void test_an_end_that_was_set_stays(void **state)
{
	struct grow second = grow_of("second", 1);
	vault_secret_auto held = {0};
	struct fixture f;

	(void)state;
	set_up(&f);
	forge_expire(f.vault, NAME, 1900000000);
	second.base = 2;
	second.keeps_expiry = true;
	assert_int_equal(grow(&f, &second), 0);
	assert_int_equal(vault_get(f.vault, NAME, &held, NULL), 0);
	assert_int_equal(held.expires, 1900000000);
	vault_free(f.vault);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_it_goes_on_top_of_its_base),
	    cmocka_unit_test(test_a_newer_word_stays_and_nothing_is_lost),
	    cmocka_unit_test(test_a_conflict_is_never_the_secret_itself),
	    cmocka_unit_test(test_what_was_deleted_does_not_come_back),
	    cmocka_unit_test(test_an_administrators_conflict_stays),
	    cmocka_unit_test(test_an_answer_that_was_lost_is_no_conflict),
	    cmocka_unit_test(test_without_a_base_it_is_stored),
	    cmocka_unit_test(test_what_grew_from_none_takes_nobodys_place),
	    cmocka_unit_test(test_a_version_that_was_made_anew_is_another),
	    cmocka_unit_test(test_an_end_that_was_set_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
