/* SPDX-License-Identifier: MIT */
/* libcore/vault: the enrolment line, who may open and write a vault, and whom /etc/ravi/trusted names. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "forge.h"
#include "scratch.h"
#include "unit.h"
#include "vault/enrol.h"
#include "vault/vault.h"

#define NOW 1800000000

static struct enrolment some_enrolment(void)
{
	struct host host = forge_host();
	struct enrolment enrolment;

	enrolment_of(&host, &enrolment);
	return enrolment;
}

/* ---- the line ---- */

static void test_a_line_comes_back(void **state)
{
	const struct enrolment made = some_enrolment();
	char line[ENROLMENT_TEXT], again[ENROLMENT_TEXT];
	struct enrolment read = {0};
	buf_auto blanks = {0};

	(void)state;
	enrolment_format(&made, line);
	assert_int_equal(strlen(line), sizeof(line) - 1);
	assert_int_equal(enrolment_parse(line, &read, NULL), 0);
	assert_memory_equal(&made, &read, sizeof(made));
	enrolment_format(&read, again);
	assert_string_equal(line, again);
	/* As it comes out of a mail or a terminal. */
	buf_addf(&blanks, "  %.11s \t%s\r\n", line, line + 12);
	assert_int_equal(enrolment_parse(buf_text(&blanks), &read, NULL), 0);
	assert_memory_equal(&made, &read, sizeof(made));
}

/* Fixed, so that the form cannot change unnoticed; the fingerprint was made with b2sum(1). */
#define RECIPIENT   "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
#define SIGNER      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define FINGERPRINT "1596-d8fb-25cf-9510-93fd-39ac-806f-e964"

static void test_the_form_is_fixed(void **state)
{
	static const char line[] = "ravi-host/1 " RECIPIENT " " SIGNER " " FINGERPRINT;
	char text[ENROLMENT_TEXT];
	struct enrolment enrolment;
	struct reason why = {0};

	(void)state;
	if (enrolment_parse(line, &enrolment, &why) < 0)
		fail_msg("%s", why.text);
	enrolment_format(&enrolment, text);
	assert_string_equal(text, line);
}

static void assert_refused(const char *line, const char *words)
{
	struct enrolment enrolment;
	struct reason why = {0};
	int r = enrolment_parse(line, &enrolment, &why);

	if (r != -EINVAL || !strstr(why.text, words))
		fail_msg("\"%s\": %d, %s", line, r, why.text);
}

static void test_what_is_no_line(void **state)
{
	buf_auto text = {0};

	(void)state;
	assert_refused("", "not an enrolment line");
	assert_refused(" \n", "not an enrolment line");
	assert_refused("ravi-host/1", "not an enrolment line");
	assert_refused(
	    "ravi-host/2 " RECIPIENT " " SIGNER " " FINGERPRINT, "not an enrolment line");
	assert_refused("ravi-host/1 " RECIPIENT " " SIGNER, "not an enrolment line");
	assert_refused(
	    "ravi-host/1 " RECIPIENT " " SIGNER " " FINGERPRINT " more", "not an enrolment line");
	assert_refused(
	    "ravi-host/1 " RECIPIENT "," SIGNER "," FINGERPRINT, "not an enrolment line");
	assert_refused("ravi-host/1 age1x " SIGNER " " FINGERPRINT, "damaged");
	assert_refused("ravi-host/1 " RECIPIENT " 00 " FINGERPRINT, "damaged");
	assert_refused("ravi-host/1 " RECIPIENT " " SIGNER " 0000", "fingerprint");
	buf_add_text(&text, "ravi-host/1 " RECIPIENT " " SIGNER " " FINGERPRINT);
	while (text.len < ENROLMENT_LINE_MAX)
		buf_add_char(&text, ' ');
	assert_refused(buf_text(&text), "longer");
}

static void test_halves_of_two_lines_are_found(void **state)
{
	const struct enrolment a = some_enrolment(), b = some_enrolment();
	const struct enrolment mixed = {.recipient = a.recipient, .signer = b.signer};
	char line[ENROLMENT_TEXT], print[ENROLMENT_PRINT_TEXT];

	(void)state;
	enrolment_format(&mixed, line);
	enrolment_print(&a, print);
	memcpy(line + sizeof(line) - sizeof(print), print, sizeof(print));
	assert_refused(line, "fingerprint");
	enrolment_print(&b, print);
	memcpy(line + sizeof(line) - sizeof(print), print, sizeof(print));
	assert_refused(line, "fingerprint");
}

static void test_every_mistyped_character_is_found(void **state)
{
	static const char line[] = "ravi-host/1 " RECIPIENT " " SIGNER " " FINGERPRINT;
	struct enrolment enrolment;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(line); i++) {
		char text[sizeof(line)];

		memcpy(text, line, sizeof(line));
		text[i] = text[i] == '0' ? '2' : '0';
		assert_int_equal(enrolment_parse(text, &enrolment, NULL), -EINVAL);
	}
}

static void test_a_secret_is_never_repeated(void **state)
{
	struct host host = forge_host();
	char secret[AGE_IDENTITY_TEXT], line[ENROLMENT_TEXT * 2];
	struct enrolment enrolment;
	struct reason why = {0};
	bool whole;

	(void)state;
	age_identity_format(&host.age, secret);
	assert_int_equal(enrolment_recipient(secret, &enrolment, &whole, &why), -EINVAL);
	assert_null(strstr(why.text, secret + 20));
	snprintf(line, sizeof(line), "ravi-host/1 %s " SIGNER " " FINGERPRINT, secret);
	assert_int_equal(enrolment_parse(line, &enrolment, &why), -EINVAL);
	assert_null(strstr(why.text, secret + 20));
	assert_int_equal(enrolment_signer(secret, &enrolment, &whole, &why), -EINVAL);
	assert_null(strstr(why.text, secret + 20));
}

static void test_one_half_is_enough_where_it_is(void **state)
{
	const struct enrolment made = some_enrolment();
	char line[ENROLMENT_TEXT], recipient[AGE_RECIPIENT_TEXT], signer[SIGNER_TEXT];
	struct enrolment read;
	bool whole;

	(void)state;
	enrolment_format(&made, line);
	age_recipient_format(&made.recipient, recipient);
	signer_format(&made.signer, signer);
	assert_int_equal(enrolment_recipient(line, &read, &whole, NULL), 0);
	assert_true(whole);
	assert_memory_equal(&made, &read, sizeof(made));
	assert_int_equal(enrolment_recipient(recipient, &read, &whole, NULL), 0);
	assert_false(whole);
	assert_memory_equal(&made.recipient, &read.recipient, sizeof(made.recipient));
	assert_int_equal(enrolment_signer(signer, &read, &whole, NULL), 0);
	assert_false(whole);
	assert_memory_equal(&made.signer, &read.signer, sizeof(made.signer));
	assert_int_equal(enrolment_recipient(signer, &read, &whole, NULL), -EINVAL);
	assert_int_equal(enrolment_signer(recipient, &read, &whole, NULL), -EINVAL);
	assert_int_equal(enrolment_signer("", &read, &whole, NULL), -EINVAL);
}

/* Anybody could open what is sealed to such a point. */
static void test_a_point_of_low_order_is_no_recipient(void **state)
{
	static const struct age_recipient low = {.point = {1}};
	char text[AGE_RECIPIENT_TEXT];
	struct enrolment enrolment;
	struct reason why = {0};
	bool whole;

	(void)state;
	age_recipient_format(&low, text);
	assert_int_equal(enrolment_recipient(text, &enrolment, &whole, &why), -EINVAL);
	assert_non_null(strstr(why.text, "no usable key"));
}

/* ---- who may open and write it ---- */

static void test_recipients_come_and_go(void **state)
{
	struct host here = forge_host(), there = forge_host();
	vault_auto vault = forge_vault(&here, FORGE_NAME);
	vault_auto opened = NULL;
	vault_auto refused = NULL;
	struct vault_members members;
	buf_auto before = {0}, with = {0}, without = {0};

	(void)state;
	forge_set(vault, "A", "x", NOW, 5);
	forge_seal(vault, &here, &before);
	assert_int_equal(vault_add_recipient(vault, &there.age.recipient, NULL), 0);
	assert_int_equal(vault_add_recipient(vault, &there.age.recipient, NULL), 1);
	forge_seal(vault, &here, &with);
	assert_int_equal(vault_remove_recipient(vault, &there.age.recipient, NOW, NULL), 0);
	forge_seal(vault, &here, &without);
	opened = forge_open(&there, &with);
	vault_members(opened, &members);
	assert_int_equal(members.recipient_count, 2);
	assert_memory_equal(
	    &members.recipients[1], &there.age.recipient, sizeof(there.age.recipient));
	assert_int_equal(vault_open(&there, before.data, before.len, &refused, NULL), -ENOKEY);
	assert_int_equal(vault_open(&there, without.data, without.len, &refused, NULL), -ENOKEY);
}

static void test_nobody_is_not_enough(void **state)
{
	struct host here = forge_host(), there = forge_host();
	vault_auto vault = forge_vault(&here, FORGE_NAME);
	struct reason why = {0};

	(void)state;
	assert_int_equal(vault_remove_recipient(vault, &there.age.recipient, NOW, &why), -ENOKEY);
	assert_int_equal(vault_remove_recipient(vault, &here.age.recipient, NOW, &why), -EPERM);
	assert_int_equal(vault_remove_signer(vault, &there.signer, &why), -ENOKEY);
	assert_int_equal(vault_remove_signer(vault, &here.signer, &why), -EPERM);
}

static void test_lists_have_a_largest_size(void **state)
{
	struct host here = forge_host();
	vault_auto vault = forge_vault(&here, FORGE_NAME);
	buf_auto sealed = {0};

	(void)state;
	for (size_t i = 1; i < AGE_RECIPIENTS_MAX; i++) {
		const struct enrolment one = some_enrolment();

		assert_int_equal(vault_add_recipient(vault, &one.recipient, NULL), 0);
		if (i < VAULT_SIGNERS_MAX)
			assert_int_equal(vault_add_signer(vault, &one.signer, NULL), 0);
	}
	{
		const struct enrolment one = some_enrolment();
		struct reason why = {0};

		assert_int_equal(vault_add_recipient(vault, &one.recipient, &why), -E2BIG);
		assert_int_equal(vault_add_signer(vault, &one.signer, &why), -E2BIG);
	}
	forge_seal(vault, &here, &sealed);
}

static void test_a_signer_that_was_taken_off_is_a_stranger(void **state)
{
	const struct vault_trust none = {0};
	struct host here = forge_host(), there = forge_host();
	vault_auto vault = forge_vault(&here, FORGE_NAME);
	vault_auto both = NULL;
	vault_auto held = NULL;
	vault_auto next = NULL;
	vault_auto again = NULL;
	buf_auto sealed = {0}, other = {0};

	(void)state;
	assert_int_equal(vault_add_recipient(vault, &there.age.recipient, NULL), 0);
	assert_int_equal(vault_add_signer(vault, &there.signer, NULL), 0);
	forge_seal(vault, &here, &sealed);
	both = forge_open(&there, &sealed);
	held = forge_open(&there, &sealed);
	forge_set(both, "A", "there", NOW, 5);
	forge_seal(both, &there, &other);
	next = forge_open(&here, &other);
	assert_int_equal(vault_accept(next, held, FORGE_NAME, &none, NULL), 0);
	assert_int_equal(vault_remove_signer(vault, &there.signer, NULL), 0);
	forge_seal(vault, &here, &sealed);
	again = forge_open(&here, &sealed);
	assert_int_equal(vault_accept(next, again, FORGE_NAME, &none, NULL), -EKEYREJECTED);
}

/* ---- what who was taken off has seen ---- */

static int last_removed(void *context, const struct vault_removed *removed)
{
	*(struct vault_removed *)context = *removed;
	return 0;
}

static bool was_seen(const struct vault *vault, const char *name)
{
	vault_secret_auto secret = {0};
	struct vault_removed removed = {0};

	vault_each_removed(vault, last_removed, &removed);
	assert_int_equal(vault_get(vault, name, &secret, NULL), 0);
	return vault_secret_was_seen(&secret, removed.revision);
}

static void test_what_was_seen_has_to_be_rotated(void **state)
{
	struct host here = forge_host(), there = forge_host();
	vault_auto vault = forge_vault(&here, FORGE_NAME);
	vault_auto read = NULL;
	struct vault_removed removed = {0};
	buf_auto sealed = {0};

	(void)state;
	forge_set(vault, "OLD", "x", NOW, 5);
	forge_set(vault, "ROTATED", "x", NOW, 5);
	assert_int_equal(vault_add_recipient(vault, &there.age.recipient, NULL), 0);
	forge_seal(vault, &here, &sealed);
	assert_int_equal(vault_remove_recipient(vault, &there.age.recipient, NOW + 9, NULL), 0);
	forge_seal(vault, &here, &sealed);
	forge_set(vault, "ROTATED", "y", NOW + 10, 5);
	forge_set(vault, "NEW", "x", NOW + 10, 5);
	forge_seal(vault, &here, &sealed);
	read = forge_open(&here, &sealed);
	vault_each_removed(read, last_removed, &removed);
	assert_int_equal(removed.revision, 1);
	assert_int_equal(removed.when, NOW + 9);
	assert_memory_equal(&removed.recipient, &there.age.recipient, sizeof(there.age.recipient));
	assert_true(was_seen(read, "OLD"));
	assert_false(was_seen(read, "ROTATED"));
	assert_false(was_seen(read, "NEW"));
	/* A value that comes back is known all the same. */
	forge_set(read, "ROTATED", "x", NOW + 20, 5);
	assert_true(was_seen(read, "ROTATED"));
	forge_set(read, "OLD", "x", NOW + 20, 5);
	assert_true(was_seen(read, "OLD"));
	/* Who comes back is no longer who was taken off. */
	assert_int_equal(vault_add_recipient(read, &there.age.recipient, NULL), 0);
	assert_int_equal(vault_each_removed(read, last_removed, &removed), 0);
	removed.revision = 99;
	vault_each_removed(read, last_removed, &removed);
	assert_int_equal(removed.revision, 99);
}

/* A document of a version that kept no such record. */
static void test_what_is_not_on_record_counts_as_seen(void **state)
{
	struct host here = forge_host();
	json_t *root = forge_honest(&here);
	vault_auto vault = NULL;
	vault_secret_auto secret = {0};
	buf_auto sealed = {0};

	(void)state;
	json_object_del(json_object_get(json_object_get(root, "secrets"), "GH_TOKEN"), "since");
	forge_tree(&here, root, &sealed);
	json_decref(root);
	vault = forge_open(&here, &sealed);
	assert_int_equal(vault_get(vault, "GH_TOKEN", &secret, NULL), 0);
	assert_int_equal(secret.since, 0);
	assert_true(vault_secret_was_seen(&secret, 1));
}

static void test_the_record_has_a_largest_size(void **state)
{
	struct host here = forge_host();
	vault_auto vault = forge_vault(&here, FORGE_NAME);
	vault_auto read = NULL;
	struct enrolment last = {0};
	struct vault_removed removed = {0};
	buf_auto sealed = {0};

	(void)state;
	forge_seal(vault, &here, &sealed);
	for (int i = 0; i < VAULT_REMOVED_MAX + 3; i++) {
		last = some_enrolment();
		assert_int_equal(vault_add_recipient(vault, &last.recipient, NULL), 0);
		assert_int_equal(vault_remove_recipient(vault, &last.recipient, NOW, NULL), 0);
	}
	forge_seal(vault, &here, &sealed);
	read = forge_open(&here, &sealed);
	vault_each_removed(read, last_removed, &removed);
	assert_memory_equal(&removed.recipient, &last.recipient, sizeof(last.recipient));
}

/* ---- /etc/ravi/trusted ---- */

static void test_a_trusted_line_is_added(void **state)
{
	const struct enrolment a = some_enrolment(), b = some_enrolment();
	const struct host host = {.signer = {.key = {7}}};
	struct vault_trust trust;
	struct scratch scratch;
	buf_auto text = {0};

	(void)state;
	assert_int_equal(vault_trust_add(&text, "agent", &a.signer, 0, NULL), 0);
	assert_int_equal(vault_trust_add(&text, "agent", &b.signer, 12, NULL), 0);
	assert_int_equal(vault_trust_add(&text, "other", &b.signer, 40, NULL), 0);
	buf_add_text(&text, "# a comment, and a line that is not ended");
	assert_int_equal(vault_trust_add(&text, "agent", &b.signer, 0, NULL), 0);
	scratch_make(&scratch);
	scratch_write(&scratch, "trusted", 0644, buf_text(&text));
	assert_int_equal(
	    vault_trust_read(scratch.dir, "trusted", geteuid(), "agent", &host, &trust, NULL), 0);
	assert_int_equal(trust.count, 3);
	assert_memory_equal(&trust.signers[1], &a.signer, sizeof(a.signer));
	assert_memory_equal(&trust.signers[2], &b.signer, sizeof(b.signer));
	assert_int_equal(trust.min_revision, 0);
	assert_int_equal(
	    vault_trust_read(scratch.dir, "trusted", geteuid(), "other", &host, &trust, NULL), 0);
	assert_int_equal(trust.count, 2);
	assert_int_equal(trust.min_revision, 40);
	assert_non_null(
	    strstr(buf_text(&text), "\n# a comment, and a line that is not ended\nagent "));
	scratch_remove(&scratch);
}

/* One more could be written and not read, and then nobody would be believed about the identity. */
static void test_no_more_trusted_lines_than_can_be_read(void **state)
{
	const struct host host = {.signer = {.key = {7}}};
	struct enrolment last, more = some_enrolment();
	struct vault_trust trust;
	struct scratch scratch;
	struct reason why = {0};
	buf_auto text = {0};

	(void)state;
	for (size_t i = 1; i < VAULT_SIGNERS_MAX; i++) {
		last = some_enrolment();
		assert_int_equal(vault_trust_add(&text, "agent", &last.signer, 0, NULL), 0);
		assert_int_equal(vault_trust_add(&text, "other", &last.signer, 0, NULL), 0);
	}
	assert_int_equal(vault_trust_add(&text, "agent", &more.signer, 0, &why), -E2BIG);
	assert_non_null(strstr(why.text, "agent has 15 signers there"));
	/* One that is there may change. */
	assert_int_equal(vault_trust_add(&text, "agent", &last.signer, 7, NULL), 0);
	scratch_make(&scratch);
	scratch_write(&scratch, "trusted", 0644, buf_text(&text));
	assert_int_equal(
	    vault_trust_read(scratch.dir, "trusted", geteuid(), "agent", &host, &trust, &why), 0);
	assert_int_equal(trust.count, VAULT_SIGNERS_MAX);
	assert_int_equal(trust.min_revision, 7);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_line_comes_back),
	    cmocka_unit_test(test_the_form_is_fixed),
	    cmocka_unit_test(test_what_is_no_line),
	    cmocka_unit_test(test_halves_of_two_lines_are_found),
	    cmocka_unit_test(test_every_mistyped_character_is_found),
	    cmocka_unit_test(test_a_secret_is_never_repeated),
	    cmocka_unit_test(test_one_half_is_enough_where_it_is),
	    cmocka_unit_test(test_a_point_of_low_order_is_no_recipient),
	    cmocka_unit_test(test_recipients_come_and_go),
	    cmocka_unit_test(test_nobody_is_not_enough),
	    cmocka_unit_test(test_lists_have_a_largest_size),
	    cmocka_unit_test(test_a_signer_that_was_taken_off_is_a_stranger),
	    cmocka_unit_test(test_what_was_seen_has_to_be_rotated),
	    cmocka_unit_test(test_what_is_not_on_record_counts_as_seen),
	    cmocka_unit_test(test_the_record_has_a_largest_size),
	    cmocka_unit_test(test_a_trusted_line_is_added),
	    cmocka_unit_test(test_no_more_trusted_lines_than_can_be_read),
	};

	vault_memory_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
