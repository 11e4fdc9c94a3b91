/* SPDX-License-Identifier: MIT */
/* libcore/sync/reapply: what changed on one side of a fork, made again on the other. */
#include <config.h>

#include "forge.h"
#include "sync/reapply.h"
#include "unit.h"

#define NOW  1795000000
#define KEEP 5

/* Three openings of one document, of which two go on by themselves. */
struct fork {
	struct host host;
	struct buf sealed;
	struct vault *base, *ours, *theirs;
};

static void begin(struct fork *f)
{
	vault_auto vault = NULL;

	*f = (struct fork){.host = forge_host()};
	vault = forge_vault(&f->host, FORGE_NAME);
	forge_set(vault, "SAME", "1", NOW, KEEP);
	forge_set(vault, "OURS", "1", NOW, KEEP);
	forge_set(vault, "BOTH", "1", NOW, KEEP);
	forge_set(vault, "GONE", "1", NOW, KEEP);
	forge_set(vault, "GONE_BUT_NEW", "1", NOW, KEEP);
	forge_seal(vault, &f->host, &f->sealed);
	f->base = forge_open(&f->host, &f->sealed);
	f->ours = forge_open(&f->host, &f->sealed);
	f->theirs = forge_open(&f->host, &f->sealed);
}

static void end(struct fork *f)
{
	vault_free(f->base);
	vault_free(f->ours);
	vault_free(f->theirs);
	buf_free(&f->sealed);
}

static int again(struct fork *f)
{
	const struct reapply what = {
	    .base = f->base, .ours = f->ours, .keep = KEEP, .now = NOW + 100};
	struct reason why = {0};
	int r = reapply(&what, f->theirs, &why);

	if (r < 0)
		fail_msg("%s", why.text);
	return r;
}

/* `version` 0: the current one. */
static void assert_value(
    const struct vault *vault, const char *name, uint64_t version, const char *value)
{
	vault_secret_auto secret = {0};
	struct reason why = {0};
	int r = version ? vault_get_version(vault, name, version, &secret, &why)
			: vault_get(vault, name, &secret, &why);

	if (!value) {
		assert_int_equal(r, -ENOKEY);
		return;
	}
	if (r < 0)
		fail_msg("%s: %s", name, why.text);
	assert_string_equal(secret.value.data, value);
}

static void test_secrets(void **state)
{
	struct fork f;

	(void)state;
	begin(&f);
	forge_set(f.ours, "OURS", "2", NOW + 10, KEEP);
	forge_set(f.ours, "OURS", "3", NOW + 11, KEEP);
	forge_set(f.ours, "BOTH", "ours", NOW + 12, KEEP);
	forge_set(f.ours, "NEW", "n", NOW + 13, KEEP);
	assert_int_equal(vault_delete(f.ours, "GONE", NULL), 0);
	assert_int_equal(vault_delete(f.ours, "GONE_BUT_NEW", NULL), 0);
	forge_set(f.theirs, "THEIRS", "t", NOW + 20, KEEP);
	forge_set(f.theirs, "BOTH", "theirs", NOW + 21, KEEP);
	forge_set(f.theirs, "GONE_BUT_NEW", "2", NOW + 22, KEEP);
	assert_true(again(&f) > 0);
	assert_value(f.theirs, "SAME", 0, "1");
	assert_value(f.theirs, "THEIRS", 0, "t");
	assert_value(f.theirs, "NEW", 0, "n");
	/* Each version, in its order. */
	assert_value(f.theirs, "OURS", 0, "3");
	assert_value(f.theirs, "OURS", 2, "2");
	/* Nobody's word is lost. */
	assert_value(f.theirs, "BOTH", 0, "ours");
	assert_value(f.theirs, "BOTH", 2, "theirs");
	assert_value(f.theirs, "GONE", 0, NULL);
	assert_value(f.theirs, "GONE_BUT_NEW", 0, "2");
	/* Said again, it changes nothing: a program that died in between goes on from here. */
	assert_int_equal(again(&f), 0);
	end(&f);
}

static void test_nothing_changed_here(void **state)
{
	struct fork f;

	(void)state;
	begin(&f);
	forge_set(f.theirs, "BOTH", "theirs", NOW + 21, KEEP);
	assert_int_equal(again(&f), 0);
	assert_value(f.theirs, "BOTH", 0, "theirs");
	end(&f);
}

static void test_members(void **state)
{
	struct host other = forge_host(), third = forge_host();
	struct vault_members members;
	struct fork f;

	(void)state;
	begin(&f);
	assert_int_equal(vault_add_recipient(f.ours, &other.age.recipient, NULL), 0);
	assert_int_equal(vault_add_signer(f.ours, &other.signer, NULL), 0);
	assert_int_equal(vault_add_recipient(f.theirs, &third.age.recipient, NULL), 0);
	assert_int_equal(again(&f), 2);
	vault_members(f.theirs, &members);
	assert_int_equal(members.recipient_count, 3);
	assert_int_equal(members.signer_count, 2);
	end(&f);
}

static void test_state_and_tombstone(void **state)
{
	struct fork f;

	(void)state;
	begin(&f);
	vault_set_state(f.ours, AGENT_DISABLED);
	assert_int_equal(again(&f), 1);
	assert_int_equal(vault_state(f.theirs), AGENT_DISABLED);
	/* A tombstone takes everything along, and takes nothing. */
	vault_clear(f.ours);
	vault_set_state(f.ours, AGENT_DELETED);
	assert_int_equal(again(&f), 1);
	assert_int_equal(vault_state(f.theirs), AGENT_DELETED);
	assert_int_equal(vault_secret_count(f.theirs), 0);
	vault_set_state(f.ours, AGENT_ACTIVE);
	forge_set(f.ours, "LATE", "1", NOW + 30, KEEP);
	assert_int_equal(again(&f), 0);
	assert_int_equal(vault_secret_count(f.theirs), 0);
	end(&f);
}

static void test_lease(void **state)
{
	struct host other = forge_host();
	struct vault_lease mine, theirs = {.holder = other.signer, .host = "other", .since = NOW};
	struct fork f;

	(void)state;
	begin(&f);
	mine = (struct vault_lease){.holder = f.host.signer, .host = "mine", .since = NOW};
	assert_int_equal(vault_set_lease(f.ours, &mine, NULL), 0);
	assert_int_equal(again(&f), 1);
	assert_true(vault_lease(f.theirs, &mine));
	assert_true(vault_lease_is(&mine, &f.host.signer));
	end(&f);

	/* Who was first at the service has it. */
	begin(&f);
	assert_int_equal(vault_set_lease(f.ours, &mine, NULL), 0);
	assert_int_equal(vault_set_lease(f.theirs, &theirs, NULL), 0);
	assert_int_equal(again(&f), 0);
	assert_true(vault_lease(f.theirs, &mine));
	assert_true(vault_lease_is(&mine, &other.signer));
	assert_string_equal(mine.host, "other");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_secrets),
	    cmocka_unit_test(test_nothing_changed_here),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_state_and_tombstone),
	    cmocka_unit_test(test_lease),
	};

	vault_memory_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
