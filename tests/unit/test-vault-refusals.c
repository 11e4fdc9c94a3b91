/* SPDX-License-Identifier: MIT */
/* libcore/vault: every document that must be refused, each with its own errno and words. */
#include <config.h>

#include <stdlib.h>

#include "forge.h"
#include "unit.h"
#include "vault/vault.h"

static void assert_opens_as(
    const struct host *host, const struct buf *sealed, int error, const char *words)
{
	struct vault *vault = NULL;
	struct reason why = {0};
	int r = vault_open(host, sealed->data, sealed->len, &vault, &why);

	if (r != error || !strstr(why.text, words))
		fail_msg("want %d (%s), got %d (%s)", error, words, r, why.text);
	if (strstr(why.text, FORGE_VALUE))
		fail_msg("the reason tells the secret: %s", why.text);
	assert_int_equal(r < 0, vault == NULL);
	vault_free(vault);
}

/* Sets the member that `path` ("a.b.c") names to the JSON `value`; NULL takes it away. */
static void change(json_t *root, const char *path, const char *value)
{
	char parts[128], *rest = parts, *part;
	json_t *at = root;

	snprintf(parts, sizeof(parts), "%s", path);
	while ((part = strsep(&rest, ".")) && rest) {
		at = json_is_array(at) ? json_array_get(at, (size_t)atoi(part))
				       : json_object_get(at, part);
		assert_non_null(at);
	}
	if (value)
		assert_int_equal(
		    json_object_set_new(at, part, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
	else
		assert_int_equal(json_object_del(at, part), 0);
}

struct malformed {
	const char *path;
	const char *value;
	const char *words; /* NULL: the path */
};

#define GH "secrets.GH_TOKEN."

static const struct malformed malformed[] = {
    {"identity", "3", NULL},
    {"identity", NULL, NULL},
    {"identity.name", "\"Payments\"", NULL},
    {"identity.name", "null", NULL},
    {"identity.name", NULL, NULL},
    {"identity.uuid", "\"11111111-2222-3333-4444-55555555555\"", NULL},
    {"identity.uuid", "\"11111111-2222-3333-4444-55555555555A\"", NULL},
    {"identity.uuid", "\"111111112222-3333-4444-5555555555555\"", NULL},
    {"identity.email", "\"x\"", NULL},
    {"identity.email", NULL, NULL},
    {"identity.phone", "\"555\"", NULL},
    {"identity.phone", "15551234567", NULL},
    {"state", "\"gone\"", NULL},
    {"state", "1", NULL},
    {"state", NULL, NULL},
    {"revision", "0", NULL},
    {"revision", "-1", NULL},
    {"revision", "2.0", NULL},
    {"revision", "\"2\"", NULL},
    {"revision", "9007199254740992", NULL},
    {"revision", "1", "the first revision"},
    {"previous", "null", "the first revision"},
    {"previous", "\"ab\"", NULL},
    {"ancestors", "[\"ab\"]", NULL},
    {"ancestors", "[null]", NULL},
    {"ancestors", "{}", NULL},
    {"lease", "{}", NULL},
    {"lease", "{\"holder\": \"ab\", \"host\": \"h\", \"since\": \"2026-11-27T02:18:00Z\"}", NULL},
    {GH "plain", "1", NULL},
    {"previous", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", NULL},
    {"created", "\"2026-02-31T00:00:00Z\"", NULL},
    {"created", "\"2026-11-27 02:18:00Z\"", NULL},
    {"created", "\"2026-11-27T02:18:00+00:00\"", NULL},
    {"updated", "1800000000", NULL},
    {"updated", NULL, NULL},
    {"recipients", "[]", NULL},
    {"recipients", "{}", NULL},
    {"recipients", "[\"age1x\"]", NULL},
    {"recipients", "[3]", NULL},
    {"signers", "[]", NULL},
    {"signers", "[\"ab\"]", NULL},
    {"signers", "[null]", NULL},
    {"signers", NULL, NULL},
    {"removed", "{}", NULL},
    {"removed", "[3]", NULL},
    {"removed",
	"[{\"recipient\": \"age1x\", \"revision\": 1, \"removed\": "
	"\"2026-11-27T02:18:00Z\"}]",
	NULL},
    {"secrets", "[]", NULL},
    {"secrets", NULL, NULL},
    {"secrets.gh_token", "{}", "secret's name"},
    {"secrets.1A", "{}", "secret's name"},
    {"secrets.A", "3", "secrets.A."},
    {"secrets.A", "{}", "secrets.A."},
    {GH "text", NULL, "one value"},
    {GH "text", "\"\"", "one value"},
    {GH "text", "3", "one value"},
    {GH "base64", "\"YQ==\"", "one value"},
    {"secrets.SESSION.base64", "\"YQ\"", "one value"},
    {"secrets.SESSION.base64", "\"YR==\"", "one value"},
    {"secrets.SESSION.base64", "\"Y Q==\"", "one value"},
    {"secrets.SESSION.base64", "\"YQ===\"", "one value"},
    {"secrets.SESSION.base64", "\"_w==\"", "one value"},
    {GH "version", "0", NULL},
    {GH "version", NULL, NULL},
    {GH "created", NULL, NULL},
    {GH "updated", "\"yesterday\"", NULL},
    {GH "expires", "0", NULL},
    {GH "expires", NULL, NULL},
    {GH "since", "0", NULL},
    {GH "since", "\"2\"", NULL},
    {GH "note", "3", NULL},
    {GH "note", "\"\\u001b[31m\"", NULL},
    {GH "note", NULL, NULL},
    {GH "previous", "{}", NULL},
    {GH "previous", NULL, NULL},
    {GH "previous", "[1]", GH "previous."},
    {GH "previous.0.text", NULL, GH "previous."},
    {GH "previous.0.version", "\"1\"", GH "previous.version"},
    {GH "previous.0.updated", NULL, GH "previous.updated"},
    {GH "previous.0.expires", "false", GH "previous.expires"},
};

static void test_malformed_members(void **state)
{
	const struct host host = forge_host();
	json_auto_t *honest = forge_honest(&host);
	buf_auto sealed = {0};

	(void)state;
	forge_tree(&host, honest, &sealed);
	assert_opens_as(&host, &sealed, 0, "");
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		const struct malformed *m = &malformed[i];
		json_auto_t *root = json_deep_copy(honest);

		change(root, m->path, m->value);
		forge_tree(&host, root, &sealed);
		assert_opens_as(&host, &sealed, -EBADMSG, m->words ? m->words : m->path);
	}
}

static void test_malformed_json(void **state)
{
	static const struct {
		const char *json, *words;
	} cases[] = {
	    {"", "no valid JSON"},
	    {"[]", "no JSON object"},
	    {"{\"" FORGE_VALUE "\": ", "no valid JSON at line 1"},
	    {"{\"a\": \"" FORGE_VALUE "\" \"" FORGE_VALUE "\"}", "no valid JSON"},
	    {"{} {}", "no valid JSON"},
	    {"{\"a\": \"\xff\"}", "no valid JSON"},
	    {"{\"a\": \"\\u0000\"}", "no valid JSON"},
	    {"{\"a\": 99999999999999999999}", "no valid JSON"},
	    {"{\"a\": 1,\n \"a\": 1}", "twice (JSON line 2)"},
	    {"{\"" FORGE_VALUE "\": 1, \"" FORGE_VALUE "\": 2}", "twice"},
	    {"{\"secrets\": {\"A\": {\"text\": \"x\", \"te\\u0078t\": \"y\"}}}", "twice"},
	};
	const struct host host = forge_host();
	buf_auto sealed = {0}, deep = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		forge_text(&host, cases[i].json, strlen(cases[i].json), &sealed);
		assert_opens_as(&host, &sealed, -EBADMSG, cases[i].words);
	}
	for (int i = 0; i < 100000; i++)
		buf_add_text(&deep, "[");
	forge_text(&host, deep.data, deep.len, &sealed);
	assert_opens_as(&host, &sealed, -EBADMSG, "no valid JSON");
}

static void test_over_large(void **state)
{
	const struct host host = forge_host();
	json_auto_t *honest = forge_honest(&host), *many = json_deep_copy(honest);
	json_auto_t *heavy = json_deep_copy(honest), *big = json_deep_copy(honest);
	json_t *secret = json_object_get(json_object_get(honest, "secrets"), "GH_TOKEN"), *copy;
	buf_auto sealed = {0}, json = {0}, value = {0};
	char name[16];

	(void)state;
	while (value.len < VAULT_VALUE_MAX + 1)
		buf_add_char(&value, 'x');
	copy = json_deep_copy(secret);
	json_object_set_new(copy, "text", json_string(value.data));
	json_object_set(json_object_get(big, "secrets"), "BIG", copy);
	forge_tree(&host, big, &sealed);
	assert_opens_as(&host, &sealed, -EFBIG, "secrets.BIG. has 32768 bytes");

	buf_cut(&value, VAULT_VALUE_MAX);
	json_object_set_new(copy, "text", json_string(value.data));
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "HEAVY%d", i);
		json_object_set(json_object_get(heavy, "secrets"), name, copy);
	}
	json_decref(copy);
	forge_tree(&host, heavy, &sealed);
	assert_opens_as(&host, &sealed, -EFBIG, "bytes together");

	for (int i = 0; i < 511; i++) {
		snprintf(name, sizeof(name), "S%d", i);
		json_object_set(json_object_get(many, "secrets"), name, secret);
	}
	forge_tree(&host, many, &sealed);
	assert_opens_as(&host, &sealed, -EFBIG, "513 secrets");

	/* Blanks behind it are valid JSON: exactly 1 MiB is taken, a byte more is not. */
	json_dump_callback(honest, forge_dump, &json, 0);
	while (json.len < VAULT_DOCUMENT_MAX)
		buf_add_char(&json, ' ');
	forge_text(&host, json.data, json.len, &sealed);
	assert_opens_as(&host, &sealed, 0, "");
	buf_add_char(&json, ' ');
	forge_text(&host, json.data, json.len, &sealed);
	assert_opens_as(&host, &sealed, -EFBIG, "over-large");
}

/* The honest plaintext with the byte at `at` replaced. */
static void with_byte(const struct buf *plain, size_t at, char byte, struct buf *changed)
{
	buf_reset(changed);
	buf_add(changed, plain->data, plain->len);
	changed->data[at] = byte;
}

static void test_headers_and_signatures(void **state)
{
	const struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	buf_auto sealed = {0}, plain = {0}, changed = {0};
	const char *json;
	size_t start;

	(void)state;
	forge_seal(vault, &host, &sealed);
	forge_plaintext(&host, &sealed, &plain, &json);
	start = (size_t)(json - plain.data);
	for (size_t i = 0; i < start; i++) { /* every byte of the first line counts */
		struct vault *opened;
		struct reason why;
		int r;

		with_byte(&plain, i, plain.data[i] == 'f' ? 'e' : 'f', &changed);
		forge_sealed(&host, &changed, &sealed);
		r = vault_open(&host, sealed.data, sealed.len, &opened, &why);
		assert_true(r == -EBADMSG || r == -EKEYREJECTED);
	}
	with_byte(&plain, 11, '2', &changed);
	forge_sealed(&host, &changed, &sealed);
	assert_opens_as(&host, &sealed, -EBADMSG, "install a newer");
	with_byte(&plain, start - 2, 'A', &changed);
	forge_sealed(&host, &changed, &sealed);
	assert_opens_as(&host, &sealed, -EBADMSG, "first line");
	with_byte(&plain, plain.len - 2, ' ', &changed);
	forge_sealed(&host, &changed, &sealed);
	assert_opens_as(&host, &sealed, -EKEYREJECTED, "signature is wrong");
	for (size_t len = 0; len < start; len += 7) {
		buf_reset(&changed);
		buf_add(&changed, plain.data, len);
		forge_sealed(&host, &changed, &sealed);
		assert_opens_as(&host, &sealed, -EBADMSG, "first line");
	}
	assert_int_equal(buf_add_text(&sealed, "x"), 0);
	assert_opens_as(&host, &sealed, -EBADMSG, "");
}

static void test_a_signer_must_list_itself(void **state)
{
	const struct host host = forge_host(), other = forge_host();
	json_auto_t *root = forge_honest(&host);
	char signer[SIGNER_TEXT];
	buf_auto sealed = {0}, plain = {0};

	(void)state;
	/* A good document, signed by somebody else and sealed for this host. */
	{
		buf_auto json = {0};

		json_dump_callback(root, forge_dump, &json, 0);
		forge_signed(&other, json.data, json.len, &plain);
	}
	forge_sealed(&host, &plain, &sealed);
	assert_opens_as(&host, &sealed, -EKEYREJECTED, "not among the signers");
	/* The list stripped of its signer. */
	signer_format(&other.signer, signer);
	json_object_set_new(root, "signers", json_pack("[s]", signer));
	forge_tree(&host, root, &sealed);
	assert_opens_as(&host, &sealed, -EKEYREJECTED, "not among the signers");
}

/* Opens a document of the honest tree with this revision and, in "updated", this content. */
static struct vault *revision(const struct host *host, const json_t *honest, json_int_t number,
    const char *updated, const char *previous)
{
	json_auto_t *root = json_deep_copy(honest);
	buf_auto sealed = {0};

	json_object_set_new(root, "revision", json_integer(number));
	json_object_set_new(root, "updated", json_string(updated));
	if (previous)
		json_object_set_new(root, "previous", json_string(previous));
	forge_tree(host, root, &sealed);
	return forge_open(host, &sealed);
}

static void assert_accepts_as(const struct vault *incoming, const struct vault *held,
    const struct vault_trust *trust, int result, const char *words)
{
	struct reason why = {0};
	int r = vault_accept(incoming, held, FORGE_NAME, trust, &why);

	if (r != result || !strstr(why.text, words))
		fail_msg("want %d (%s), got %d (%s)", result, words, r, why.text);
}

static void test_revisions(void **state)
{
	static const char noon[] = "2027-01-15T12:00:00Z", night[] = "2027-01-15T00:00:00Z";
	const struct host host = forge_host();
	json_auto_t *honest = forge_honest(&host);
	vault_auto held = revision(&host, honest, 7, noon, NULL);
	vault_auto same = revision(&host, honest, 7, noon, NULL);
	vault_auto fork = revision(&host, honest, 7, night, NULL);
	vault_auto older = revision(&host, honest, 6, noon, NULL);
	vault_auto branch = revision(&host, honest, 8, noon, NULL);
	vault_auto ahead = revision(&host, honest, 9, noon, NULL);
	vault_auto far = revision(&host, honest, 7 + 1000000, noon, NULL);
	vault_auto too_far = revision(&host, honest, 8 + 1000000, noon, NULL);

	(void)state;
	assert_accepts_as(same, held, NULL, 1, "");
	assert_accepts_as(fork, held, NULL, -EUCLEAN, "two different documents have revision 7");
	assert_accepts_as(older, held, NULL, -ESTALE, "revision 6 and is older than revision 7");
	assert_accepts_as(branch, held, NULL, -EUCLEAN, "grew from another revision 7");
	assert_accepts_as(ahead, held, NULL, 0, "");
	assert_accepts_as(far, held, NULL, 0, "");
	assert_accepts_as(too_far, held, NULL, -ERANGE, "more than 1000000 ahead");
}

/* Two branches of `ours`, which goes on in another state; returns the other one, as it was before. */
static struct vault *branch_off(
    const struct host *host, struct vault *ours, enum agent_state state, struct buf *sealed)
{
	struct vault *theirs;

	forge_seal(ours, host, sealed);
	theirs = forge_open(host, sealed);
	vault_set_state(ours, state);
	forge_seal(ours, host, sealed);
	return theirs;
}

static void seal_often(
    const struct host *host, struct vault *vault, unsigned times, struct buf *sealed)
{
	while (times--)
		forge_seal(vault, host, sealed);
}

/* A copy that another machine went on from without what was written here, several revisions ago. */
static void test_forks_far_behind(void **state)
{
	const struct host host = forge_host();
	buf_auto sealed = {0};
	vault_auto ours = forge_vault(&host, FORGE_NAME);
	vault_auto theirs = branch_off(&host, ours, AGENT_DISABLED, &sealed);
	vault_auto early = NULL;

	(void)state;
	seal_often(&host, theirs, 5, &sealed);
	early = forge_open(&host, &sealed);
	assert_accepts_as(theirs, ours, NULL, -EUCLEAN, "grew from another revision 2");
	seal_often(&host, theirs, VAULT_ANCESTORS_MAX + 1, &sealed);
	assert_int_equal(vault_descent(theirs, early), DESCENT_PROVEN);
	/* Further back than a document tells it is not known, and the copy is kept aside. */
	seal_often(&host, theirs, 1, &sealed);
	assert_int_equal(vault_descent(theirs, early), DESCENT_UNKNOWN);
	assert_accepts_as(theirs, early, NULL, 0, "");
}

/* A deleted identity does not come back from a machine that did not know; another of its name may follow. */
static void test_a_tombstone_stays(void **state)
{
	const struct host host = forge_host();
	buf_auto sealed = {0};
	vault_auto ours = forge_vault(&host, FORGE_NAME);
	vault_auto theirs = branch_off(&host, ours, AGENT_DELETED, &sealed);
	vault_auto reborn = forge_vault(&host, FORGE_NAME);

	(void)state;
	seal_often(&host, theirs, 2, &sealed);
	assert_accepts_as(theirs, ours, NULL, -EUCLEAN, "grew from another revision 2");
	seal_often(&host, theirs, VAULT_ANCESTORS_MAX + 5, &sealed);
	assert_accepts_as(theirs, ours, NULL, -EUCLEAN, "was deleted here in revision 2");
	vault_continue(reborn, ours);
	seal_often(&host, reborn, 2, &sealed);
	assert_accepts_as(reborn, ours, NULL, 0, "");
	assert_int_equal(vault_descent(reborn, ours), DESCENT_PROVEN);
}

static void test_a_sealed_revision_follows(void **state)
{
	const struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_auto one = NULL;
	vault_auto two = NULL;
	vault_auto three = NULL;
	buf_auto sealed = {0};

	(void)state;
	forge_seal(vault, &host, &sealed);
	one = forge_open(&host, &sealed);
	forge_seal(vault, &host, &sealed);
	two = forge_open(&host, &sealed);
	forge_seal(two, &host, &sealed); /* from an opened one as well */
	three = forge_open(&host, &sealed);
	assert_accepts_as(vault, one, NULL, 0, "");
	assert_accepts_as(three, vault, NULL, 0, "");
	assert_accepts_as(three, one, NULL, 0, "");
	assert_accepts_as(one, three, NULL, -ESTALE, "older");
}

static void test_signers_of_the_held_copy_decide(void **state)
{
	const struct host host = forge_host(), other = forge_host();
	json_auto_t *honest = forge_honest(&host), *root = json_deep_copy(honest);
	const struct vault_trust trust = {.signers = {other.signer}, .count = 1};
	vault_auto held = revision(&host, honest, 7, "2027-01-15T12:00:00Z", NULL);
	vault_auto stranger = NULL;
	vault_auto both = NULL;
	vault_auto next = NULL;
	buf_auto sealed = {0}, json = {0}, plain = {0};
	char mine[SIGNER_TEXT], theirs[SIGNER_TEXT];

	(void)state;
	signer_format(&host.signer, mine);
	signer_format(&other.signer, theirs);
	/* It lists itself, and /etc/ravi/trusted has it: not for an identity that is known here. */
	json_object_set_new(root, "signers", json_pack("[s, s]", mine, theirs));
	json_object_set_new(root, "revision", json_integer(9));
	json_dump_callback(root, forge_dump, &json, 0);
	forge_signed(&other, json.data, json.len, &plain);
	forge_sealed(&host, &plain, &sealed);
	stranger = forge_open(&host, &sealed);
	assert_accepts_as(stranger, held, &trust, -EKEYREJECTED, theirs);
	/* A known signer lists it, then it may. */
	forge_text(&host, json.data, json.len, &sealed);
	both = forge_open(&host, &sealed);
	assert_accepts_as(both, held, &trust, 0, "");
	json_object_set_new(root, "revision", json_integer(11));
	buf_reset(&json);
	json_dump_callback(root, forge_dump, &json, 0);
	forge_signed(&other, json.data, json.len, &plain);
	forge_sealed(&host, &plain, &sealed);
	next = forge_open(&host, &sealed);
	assert_accepts_as(next, both, NULL, 0, "");
	assert_accepts_as(next, held, NULL, -EKEYREJECTED, "does not list");
}

static void test_wrong_identity(void **state)
{
	const struct host host = forge_host();
	const struct vault_trust trust = {.signers = {host.signer}, .count = 1};
	json_auto_t *honest = forge_honest(&host), *renamed = json_deep_copy(honest);
	json_auto_t *replaced = json_deep_copy(honest);
	vault_auto held = revision(&host, honest, 7, "2027-01-15T12:00:00Z", NULL);
	vault_auto other_name = NULL;
	vault_auto other_uuid = NULL;

	(void)state;
	change(renamed, "identity.name", "\"reports-agent\"");
	change(replaced, "identity.uuid", "\"11111111-2222-4333-8444-555555555555\"");
	other_name = revision(&host, renamed, 9, "2027-01-15T12:00:00Z", NULL);
	other_uuid = revision(&host, replaced, 9, "2027-01-15T12:00:00Z", NULL);
	assert_accepts_as(other_name, held, &trust, -ENOMSG, "that of reports-agent");
	assert_accepts_as(other_uuid, held, &trust, -ENOMSG, "11111111-2222");
	assert_accepts_as(other_name, NULL, &trust, -ENOMSG, "that of reports-agent");
	assert_accepts_as(other_uuid, NULL, &trust, 0, "");
}

static void test_the_first_document(void **state)
{
	const struct host host = forge_host(), other = forge_host();
	json_auto_t *honest = forge_honest(&host);
	struct vault_trust trust = {.signers = {other.signer}, .count = 1};
	vault_auto first = revision(&host, honest, 5000000, "2027-01-15T12:00:00Z", NULL);
	char signer[SIGNER_TEXT], line[192];

	(void)state;
	signer_format(&host.signer, signer);
	snprintf(line, sizeof(line),
	    "unknown signer %s; if that is a machine you trust, say: ravi identity "
	    "trust " FORGE_NAME,
	    signer);
	assert_accepts_as(first, NULL, &trust, -EKEYREJECTED, line);
	trust.signers[trust.count++] = host.signer;
	assert_accepts_as(first, NULL, &trust, 0, "");
	trust.min_revision = 5000000;
	assert_accepts_as(first, NULL, &trust, 0, "");
	trust.min_revision++;
	assert_accepts_as(first, NULL, &trust, -ESTALE, "at least 5000001");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_malformed_members),
	    cmocka_unit_test(test_malformed_json),
	    cmocka_unit_test(test_over_large),
	    cmocka_unit_test(test_headers_and_signatures),
	    cmocka_unit_test(test_a_signer_must_list_itself),
	    cmocka_unit_test(test_revisions),
	    cmocka_unit_test(test_forks_far_behind),
	    cmocka_unit_test(test_a_tombstone_stays),
	    cmocka_unit_test(test_a_sealed_revision_follows),
	    cmocka_unit_test(test_signers_of_the_held_copy_decide),
	    cmocka_unit_test(test_wrong_identity),
	    cmocka_unit_test(test_the_first_document),
	};

	vault_memory_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
