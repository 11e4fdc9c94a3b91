/* SPDX-License-Identifier: MIT */
/* libcore/sshkey: OpenSSH's formats, judged by the real ssh-keygen where there is one. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "scratch.h"
#include "sshkey/sign.h"
#include "sshkey/wire.h"
#include "unit.h"
#include "util/spawn.h"

#define EMAIL "first@agents.test"

/* ---- encodings ---- */

static void test_base64_both_ways(void **state)
{
	/* RFC 4648 section 10, and the two characters that it leaves out. */
	static const struct {
		const char *plain, *text;
	} cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_auto text = {0};
		buf_auto plain = {0};

		base64_add(&text, cases[i].plain, strlen(cases[i].plain), 0);
		assert_string_equal(buf_text(&text), cases[i].text);
		assert_int_equal(base64_decode(cases[i].text, strlen(cases[i].text), &plain), 0);
		assert_string_equal(buf_text(&plain), cases[i].plain);
	}
}

static void test_base64_knows_its_characters(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		const char text[4] = {'A', 'A', 'A', (char)c};
		bool good = (c < 128 && isalnum(c)) || c == '+' || c == '/' || c == '=';
		buf_auto out = {0};

		assert_int_equal(base64_decode(text, 4, &out), good ? 0 : -EBADMSG);
	}
}

static void test_base64_is_strict(void **state)
{
	static const char *const bad[] = {"A", "Zg",
	    "Zg=", "Zg===", "Zh==", "Zm9=", "====", "=Zg=", "Zg==Zg==", "Zm 9", "Zm9v=", "Z-9_"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buf_auto out = {0};

		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), &out), -EBADMSG);
	}
}

static void test_armor_lines_are_as_wide_as_openssh_has_them(void **state)
{
	uint8_t data[105] = {0}; /* two full lines of 70 */
	buf_auto text = {0};
	buf_auto back = {0};

	(void)state;
	armor_add(&text, "X", data, sizeof(data));
	assert_int_equal(
	    text.len, strlen("-----BEGIN X-----\n") + 71 * 2 + strlen("-----END X-----\n"));
	assert_int_equal(armor_decode(text.data, text.len, "X", &back), 0);
	assert_int_equal(back.len, sizeof(data));
	buf_reset(&back);
	assert_int_equal(armor_decode(text.data, text.len, "Y", &back), -EBADMSG);
	buf_add_text(&text, "more");
	assert_int_equal(armor_decode(text.data, text.len, "X", &back), -EBADMSG);
}

/* ---- keys ---- */

static void make_key_for(const char *comment, struct buf *text, struct sshkey *key)
{
	assert_int_equal(sshkey_make(comment, text, NULL), 0);
	assert_int_equal(sshkey_parse(text->data, text->len, key, NULL), 0);
}

static void make_key(struct buf *text, struct sshkey *key)
{
	make_key_for(EMAIL, text, key);
}

static void test_a_made_key_is_read_again(void **state)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	buf_auto text = {0};
	buf_auto other = {0};
	sshkey_auto key, second;

	(void)state;
	make_key(&text, &key);
	make_key(&other, &second);
	crypto_sign_seed_keypair(public, secret, key.seed);
	assert_memory_equal(public, key.public, sizeof(public));
	assert_memory_not_equal(key.seed, second.seed, sizeof(key.seed));
	assert_true(text.len < SSHKEY_TEXT_MAX);
}

static void test_cut_keys_are_damaged(void **state)
{
	buf_auto text = {0};
	sshkey_auto key, cut;

	(void)state;
	make_key(&text, &key);
	/* The last newline may be missing: a prompt and `ravi secrets set` take it off. */
	assert_int_equal(sshkey_parse(text.data, text.len - 1, &cut, NULL), 0);
	for (size_t len = 0; len + 1 < text.len; len++) {
		struct reason why;

		assert_int_equal(sshkey_parse(text.data, len, &cut, &why), -EBADMSG);
		assert_non_null(strstr(why.text, "ssh-keygen -t ed25519"));
	}
}

/* Any flipped bit is found, but in the seed, which signing compares with the public half. */
static void test_changed_keys_are_refused(void **state)
{
	buf_auto text = {0};
	buf_auto blob = {0};
	sshkey_auto key, changed;
	size_t taken = 0;

	(void)state;
	make_key_for("", &text, &key);
	assert_int_equal(armor_decode(text.data, text.len, "OPENSSH PRIVATE KEY", &blob), 0);
	for (size_t bit = 0; bit < blob.len * 8; bit++) {
		buf_auto again = {0};

		blob.data[bit / 8] ^= (char)(1 << bit % 8);
		armor_add(&again, "OPENSSH PRIVATE KEY", blob.data, blob.len);
		if (sshkey_parse(again.data, again.len, &changed, NULL) == 0) {
			taken++;
			assert_memory_equal(changed.public, key.public, sizeof(key.public));
		}
		blob.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_int_equal(taken, sizeof(key.seed) * 8);
}

static void test_public_lines(void **state)
{
	static const char *const bad[] = {"", "ssh-ed25519", "ssh-ed25519 ", "ssh-rsa AAAA",
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "ssh-ed25519 !", "ssh-ed25519  AAAA"};
	uint8_t public[SSHKEY_PUBLIC_SIZE];
	buf_auto text = {0};
	buf_auto line = {0};
	sshkey_auto key;

	(void)state;
	make_key(&text, &key);
	sshkey_add_public(key.public, &line);
	assert_int_equal(sshkey_parse_public(line.data, line.len, public), 0);
	assert_memory_equal(public, key.public, sizeof(public));
	buf_add_text(&line, " a comment\n");
	assert_int_equal(sshkey_parse_public(line.data, line.len, public), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(sshkey_parse_public(bad[i], strlen(bad[i]), public), -EBADMSG);
}

static void test_no_signature_with_halves_of_two_keys(void **state)
{
	buf_auto text = {0};
	buf_auto armored = {0};
	sshkey_auto key;
	struct reason why;

	(void)state;
	make_key(&text, &key);
	key.public[0] ^= 1;
	assert_int_equal(sshkey_sign(&key, "git", "x", 1, &armored, &why), -EBADMSG);
	assert_int_equal(armored.len, 0);
}

/* ---- the real ssh-keygen ---- */

/* Runs it in the scratch folder, `input` (or NULL) as its stdin; returns its exit status. */
static int keygen(
    struct scratch *scratch, const char *input, struct buf *out, const char *const *argv)
{
	static const char *const environment[] = {"LC_ALL=C", NULL};
	fd_auto in = input ? openat(scratch->dir, input, O_RDONLY | O_CLOEXEC) : -1;
	const struct spawn what = {.path = SSH_KEYGEN,
	    .argv = argv,
	    .envp = environment,
	    .input = in,
	    .with_errors = true};
	size_t len;
	int status;

	if (access(SSH_KEYGEN, X_OK) < 0)
		skip();
	assert_int_equal(fchdir(scratch->dir), 0);
	buf_reset(out);
	assert_non_null(buf_reserve(out, 4096));
	assert_int_equal(
	    spawn_collect(&what, deadline_in(10000), out->data, 4095, &len, &status), 0);
	out->len = len;
	out->data[len] = '\0';
	return status;
}

#define KEYGEN(scratch, input, out, ...)                                                           \
	keygen(scratch, input, out, (const char *const[]){"ssh-keygen", __VA_ARGS__, NULL})

static int set_up(void **state)
{
	struct scratch *scratch = malloc(sizeof(*scratch));

	assert_non_null(scratch);
	scratch_make(scratch);
	*state = scratch;
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(chdir("/"), 0);
	scratch_remove(*state);
	free(*state);
	return 0;
}

static void test_ssh_keygen_reads_our_key(void **state)
{
	buf_auto text = {0};
	buf_auto line = {0};
	buf_auto out = {0};
	sshkey_auto key;

	make_key(&text, &key);
	sshkey_add_public(key.public, &line);
	scratch_write(*state, "key", 0600, text.data);
	assert_int_equal(KEYGEN(*state, NULL, &out, "-y", "-f", "key"), 0);
	buf_add_text(&line, " " EMAIL "\n");
	assert_string_equal(buf_text(&out), buf_text(&line));
	assert_int_equal(KEYGEN(*state, NULL, &out, "-l", "-f", "key"), 0);
	assert_non_null(strstr(out.data, EMAIL " (ED25519)"));
}

static void test_we_read_what_ssh_keygen_makes(void **state)
{
	static const struct {
		const char *type, *phrase;
		int result;
	} cases[] = {{"ed25519", "", 0}, {"ed25519", "secret phrase", -EPROTONOSUPPORT},
	    {"ecdsa", "", -EPROTONOSUPPORT}};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct file_rule rule = {
		    .owner = geteuid(), .forbidden = FILE_SECRET, .max = SSHKEY_TEXT_MAX};
		buf_auto text = {0};
		buf_auto line = {0};
		buf_auto out = {0};
		struct reason why;
		sshkey_auto key;

		unlinkat(scratch->dir, "key", 0);
		assert_int_equal(KEYGEN(scratch, NULL, &out, "-q", "-t", cases[i].type, "-N",
				     cases[i].phrase, "-C", "a comment", "-f", "key"),
		    0);
		assert_int_equal(file_read(scratch->dir, "key", &rule, &text, NULL), 0);
		assert_int_equal(sshkey_parse(text.data, text.len, &key, &why), cases[i].result);
		if (cases[i].result)
			continue;
		assert_int_equal(KEYGEN(scratch, NULL, &out, "-y", "-f", "key"), 0);
		sshkey_add_public(key.public, &line);
		assert_memory_equal(out.data, line.data, line.len);
	}
}

static int verify(struct scratch *scratch, const char *namespace, struct buf *out)
{
	return KEYGEN(scratch, "message", out, "-Y", "verify", "-n", namespace, "-f", "signers",
	    "-I", EMAIL, "-s", "message.sig");
}

static void test_ssh_keygen_verifies_our_signature(void **state)
{
	const char *message = "tree 0\nauthor first\n";
	buf_auto text = {0};
	buf_auto line = {0};
	buf_auto armored = {0};
	buf_auto out = {0};
	sshkey_auto key;

	make_key(&text, &key);
	sshkey_add_signer(key.public, EMAIL, &line);
	buf_add_char(&line, '\n');
	assert_int_equal(sshkey_sign(&key, "git", message, strlen(message), &armored, NULL), 0);
	scratch_write(*state, "signers", 0644, line.data);
	scratch_write(*state, "message", 0644, message);
	scratch_write(*state, "message.sig", 0644, armored.data);
	assert_int_equal(verify(*state, "git", &out), 0);
	assert_non_null(strstr(out.data, "Good \"git\" signature for " EMAIL));
	/* Another purpose, another message: bad. */
	assert_int_not_equal(verify(*state, "file", &out), 0);
	scratch_write(*state, "message", 0644, "tree 1\nauthor first\n");
	assert_int_not_equal(verify(*state, "git", &out), 0);
}

static void test_our_signature_is_ssh_keygens(void **state)
{
	struct scratch *scratch = *state;
	const struct file_rule rule = {.owner = geteuid(), .max = 4096};
	buf_auto text = {0};
	buf_auto armored = {0};
	buf_auto theirs = {0};
	buf_auto out = {0};
	sshkey_auto key;

	make_key(&text, &key);
	scratch_write(scratch, "key", 0600, text.data);
	scratch_write(scratch, "message", 0644, "same");
	assert_int_equal(
	    KEYGEN(scratch, NULL, &out, "-q", "-Y", "sign", "-n", "git", "-f", "key", "message"),
	    0);
	assert_int_equal(file_read(scratch->dir, "message.sig", &rule, &theirs, NULL), 0);
	assert_int_equal(sshkey_sign(&key, "git", "same", 4, &armored, NULL), 0);
	assert_string_equal(buf_text(&armored), buf_text(&theirs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_base64_both_ways),
	    cmocka_unit_test(test_base64_knows_its_characters),
	    cmocka_unit_test(test_base64_is_strict),
	    cmocka_unit_test(test_armor_lines_are_as_wide_as_openssh_has_them),
	    cmocka_unit_test(test_a_made_key_is_read_again),
	    cmocka_unit_test(test_cut_keys_are_damaged),
	    cmocka_unit_test(test_changed_keys_are_refused),
	    cmocka_unit_test(test_public_lines),
	    cmocka_unit_test(test_no_signature_with_halves_of_two_keys),
	    cmocka_unit_test_setup_teardown(test_ssh_keygen_reads_our_key, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_we_read_what_ssh_keygen_makes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_ssh_keygen_verifies_our_signature, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_our_signature_is_ssh_keygens, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("sshkey", tests, NULL, NULL);
}
