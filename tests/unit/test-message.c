/* SPDX-License-Identifier: MIT */
/* libcore/message: codes and links in mails and SMS as real senders write them. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message/message.h"
#include "unit.h"

#define NONE NULL
#define SEVERAL "(several)"

struct sample {
	const char *subject;
	const char *text;
	const char *code; /* NONE, SEVERAL */
};

/* How many samples came out wrong; each is told. */
static int wrong_code(const struct sample *sample, const struct message *message)
{
	buf_auto code = {0};
	struct reason why = {""};
	const int rc = message_code(message, &code, &why);
	const char *found = rc == 0 ? buf_text(&code) : rc == -ENOTUNIQ ? SEVERAL : "(none)";
	const char *wanted = sample->code ? sample->code : "(none)";

	assert_true(rc == 0 || why.text[0]);
	if (strcmp(found, wanted) == 0)
		return 0;
	print_error("%s | %s: wanted %s, found %s\n", sample->subject, sample->text, wanted, found);
	return 1;
}

static void assert_code(const struct sample *sample, const struct message *message)
{
	assert_int_equal(wrong_code(sample, message), 0);
}

static void assert_codes(const struct sample *samples)
{
	int wrong = 0;

	for (; samples->subject; samples++)
		wrong += wrong_code(samples, &(struct message){samples->subject, samples->text, NULL});
	assert_int_equal(wrong, 0);
}

static void test_sms_in_many_languages(void **state)
{
	static const struct sample samples[] = {
	    {"", "G-482913 is your Google verification code.", "482913"},
	    {"", "Your Uber code is 4821. Never share this code.", "4821"},
	    {"", "<#> Your WhatsApp code: 482-913\nYou can also tap on this link to verify your phone: "
		 "v.whatsapp.com/482913\nDon't share this code with others\n4sgLq1p5sV6",
		"482913"},
	    {"", "Use 482913 as your Microsoft account security code", "482913"},
	    {"", "482913 is your Amazon OTP. Do not share it with anyone.", "482913"},
	    {"", "Your Twilio verification code is: 482913. It expires in 10 minutes.", "482913"},
	    {"", "Dein Bestätigungscode lautet 482 913. Er ist 15 Minuten gültig.", "482913"},
	    {"", "Ihre TAN: 482913 für den Auftrag über 1.250,00 EUR an DE89 3704", "482913"},
	    {"", "Votre code de vérification est le 48 29 13. Valable 10 minutes.", "482913"},
	    {"", "Tu código de verificación es 482913. No lo compartas con nadie.", "482913"},
	    {"", "Seu código de acesso é 4829. Válido por 5 minutos.", "4829"},
	    {"", "Il tuo codice di verifica è: 48291", "48291"},
	    {"", "Je verificatiecode is 482913", "482913"},
	    {"", "Din engångskod är 482913", "482913"},
	    {"", "Twój kod weryfikacyjny to 482913", "482913"},
	    {"", "Váš ověřovací kód je 482913.", "482913"},
	    {"", "Az ellenőrző kódod: 482913", "482913"},
	    {"", "Doğrulama kodunuz: 482913", "482913"},
	    {"", "Ваш код подтверждения: 482913. Никому не сообщайте его.", "482913"},
	    {"", "Ваш код 4829. Он действует 10 минут", "4829"},
	    {"", "Ο κωδικός επαλήθευσης είναι 482913", "482913"},
	    {"", "【支付宝】验证码482913，您正在登录，请勿泄露给他人。", "482913"},
	    {"", "您的验证码是：４８２９１３，5分钟内有效。", "482913"},
	    {"", "認証コード：482913\n有効期限は10分です。", "482913"},
	    {"", "[Web발신]\n인증번호 [482913]를 입력해주세요.", "482913"},
	    {"", "رمز التحقق الخاص بك هو ٤٨٢٩١٣", "482913"},
	    {"", "קוד האימות שלך: 482913", "482913"},
	    {"", "आपका ओटीपी 482913 है", "482913"},
	    {"", "รหัส OTP ของคุณคือ 482913", "482913"},
	    {"", "Mã xác minh của bạn là 482913", "482913"},
	    {"", "Kode verifikasi Anda adalah 482913", "482913"},
	    {NULL, NULL, NULL},
	};

	(void)state;
	assert_codes(samples);
}

static void test_a_bound_code_is_taken_before_any_other(void **state)
{
	static const struct sample samples[] = {
	    {"", "Your code is 111111.\n\n@example.com #482913", "482913"},
	    {"", "https://example.com: 482913 is your code\n\n@login.example.com #482913 @frame.example", "482913"},
	    {"", "Your code is 482913\n@example.com #12 34", "482913"},
	    {NULL, NULL, NULL},
	};

	(void)state;
	assert_codes(samples);
}

static void test_mails(void **state)
{
	static const struct sample samples[] = {
	    {"[GitHub] Please verify your device",
		"Hey octo!\n\nA sign in attempt requires further verification because we did not recognize your "
		"device. To complete the sign in, enter the verification code on the unrecognized device.\n\n"
		"Device: Chrome on Linux\nVerification code: 482913\n\nIf you did not attempt to sign in to your "
		"account, your password may be compromised. Visit https://github.com/settings/security to create "
		"a new, strong password.\n\nGitHub, Inc. 88 Colin P Kelly Jr Street, San Francisco, CA 94107",
		"482913"},
	    {"Your temporary ChatGPT verification code",
		"Enter this temporary verification code to continue:\n\n482913\n\nIf you were not trying to log "
		"in, please reset your password.\n\n© 2026 OpenAI, 1455 3rd Street, San Francisco, CA 94158",
		"482913"},
	    {"482913 is your Slack confirmation code", "Enter it in the window where you began: 482-913", "482913"},
	    {"Slack confirmation code: ABC-DEF", "Confirm your email address\n\nABC-DEF\n\nQuestions? We answer.",
		"ABC-DEF"},
	    {"Steam Guard", "Here is the Steam Guard code you need to login:\n\nK7F2M\n\nSteam Support", "K7F2M"},
	    {"Sign in to Notion", "Your login code\n\nsable-x7Gk2p\n\n", NONE},
	    {"Your login code", "Copy this code:\n\nx7Gk2pQ9\n", "x7Gk2pQ9"},
	    {"Activate your device", "Enter the code WDJB-MJHT at the address below\n\nWDJB-MJHT", "WDJB-MJHT"},
	    {"Dein Anmeldecode", "Hallo,\n\ndein Code: 4829-1357\n\nEr gilt bis 27.11.2026, 14:30 Uhr.", "48291357"},
	    {"Confirm your email", "Your code is 482913.\nOrder 99817263 of 2026-11-27, total $1299.00", "482913"},
	    {"Code", "1 2 3 4 5 6", "123456"},
	    {"Your one-time passcode", "Enter this code before 14:35 on 11/27/2026:\n\n\"2026\"", "2026"},
	    {NULL, NULL, NULL},
	};

	(void)state;
	assert_codes(samples);
}

static void test_other_numbers_are_no_codes(void **state)
{
	static const struct sample samples[] = {
	    {"Your order #482913 has shipped", "Track it: 1Z999AA10123456784. Total: 129.99 EUR", NONE},
	    {"Invoice 482913", "Please pay until 2026-12-24. Questions? Call 555-0100 or +1 415 555 2671.", NONE},
	    {"Black Friday", "Use promo code SAVE2026 and save 30%! © 2026 Shop", NONE},
	    {"Newsletter", "In 2026 we grew by 120000 users.", NONE},
	    {"Verify your email address", "Please follow the link: https://example.com/verify/482913", NONE},
	    {"Confirm your email", "It expires in 1440 minutes. © 2026 Example, CA 94107", NONE},
	    {"Login alert", "New login to the account ending in 4829 from 203.0.113.77 at 14:30:15", NONE},
	    {"Your code", "write to a482913@example.com or call (415) 555-2671", NONE},
	    {"", "", NONE},
	    {NULL, NULL, NULL},
	};

	(void)state;
	assert_codes(samples);
}

static void test_nothing_is_guessed(void **state)
{
	static const struct sample samples[] = {
	    {"Codes", "Your code is 482913.\nYour code is 771204.", SEVERAL},
	    {NULL, NULL, NULL},
	};

	(void)state;
	assert_codes(samples);
}

static const char html_mail[] =
    "<!DOCTYPE html><html><head><title>Code 999999</title><style>.a1234{color:#482911}</style></head><body>"
    "<div style='display:none'>Your login code</div><table><tr><td><h1>Sign&nbsp;in</h1>"
    "<p>Enter this code:</p><p style='font-size:2em'><b>482</b>&#8203;<b>913</b></p>"
    "<script>var code = 111111</script>"
    "<p>It expires in 10&nbsp;minutes.</p></td></tr></table><p>&copy; 2026 Example, PO Box 4711</p></body></html>";

static void test_html_alone(void **state)
{
	const struct sample sample = {"Sign in to Example", "(html)", "482913"};
	const struct sample cells = {"Your code", "(cells)", "482913"};

	(void)state;
	assert_code(&sample, &(struct message){sample.subject, "", html_mail});
	assert_code(&sample, &(struct message){sample.subject, "Your mail program shows no HTML.", html_mail});
	assert_code(&cells,
	    &(struct message){"Your code", NULL,
		"<table><tr><td>4</td><td>8</td><td>2</td><td>9</td><td>1</td><td>3</td></tr></table>"});
}

static void test_the_text_of_html(void **state)
{
	buf_auto text = {0};

	(void)state;
	assert_int_equal(message_html_text("<p>a <b>b</b>\n c<br>d</p><ul><li>e<li>f</ul>&amp;&eacute;", &text), 0);
	assert_string_equal(buf_text(&text), "a b c\nd\ne\nf\n&\xC3\xA9\n");
	buf_reset(&text);
	assert_int_equal(message_html_text("", &text), 0);
	assert_int_equal(message_html_text("<a <<<\x01\xff</", &text), 0);
}

/* As deep as a stranger likes: no stack is spent on it. */
static void test_html_without_bottom(void **state)
{
	buf_auto html = {0}, text = {0};

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add_text(&html, "<div>");
	assert_int_equal(message_html_text(buf_text(&html), &text), 0);
}

struct link_sample {
	const char *host;
	const char *html;
	const char *text;
	const char *link;
};

static void assert_links(const struct link_sample *samples)
{
	for (; samples->link; samples++) {
		buf_auto link = {0};
		struct reason why = {""};
		const struct message message = {"", samples->text, samples->html};
		const int rc = message_link(&message, samples->host, &link, &why);
		const char *found = rc == 0 ? buf_text(&link) : why.text;

		if (rc == 0 ? strcmp(found, samples->link) != 0 : !strstr(found, samples->link))
			fail_msg("%s | %s: wanted %s, found %s", samples->html, samples->text, samples->link, found);
	}
}

static void test_links(void **state)
{
	static const struct link_sample samples[] = {
	    {"example.com", "<a href='https://example.com/verify?t=a&amp;u=b'>Verify</a>", NULL,
		"https://example.com/verify?t=a&u=b"},
	    {"example.com", "<a href=' https://login.Example.com/x '>Confirm your email</a>"
			    "<a href='https://example.com/privacy'>Privacy</a>"
			    "<a href='https://example.com/'>Home</a>", NULL, "https://login.Example.com/x"},
	    {NULL, "<a href='https://example.com/x'>Bestätigen</a><a href='https://twitter.com/e'>Twitter</a>", NULL,
		"https://example.com/x"},
	    {"example.com", NULL, "Please confirm:\n\nhttps://example.com/c/123.\n\nHelp: https://example.com/help",
		"https://example.com/c/123"},
	    {"example.com", NULL, "(see https://example.com/verify/a_(b))", "https://example.com/verify/a_(b)"},
	    {"example.com", "<a href='https://example.com/a1'>here</a>", "https://example.com/a1",
		"https://example.com/a1"},
	    {"example.com:8443", NULL, "verify https://example.com:8443/v", "https://example.com:8443/v"},
	    {"example.com", "<a href='https://example.com/v'>メールアドレスを確認</a>"
			    "<a href='https://example.com/u'>配信停止</a>", NULL, "https://example.com/v"},
	    {NULL, NULL, NULL, NULL},
	};

	(void)state;
	assert_links(samples);
}

static void test_look_alikes_are_other_hosts(void **state)
{
	static const struct link_sample samples[] = {
	    {"example.com", "<a href='https://example.com.evil.test/verify'>Verify</a>", NULL,
		"no verification link on example.com; its links are on example.com.evil.test"},
	    {"example.com", "<a href='https://notexample.com/verify'>Verify</a>", NULL, "on notexample.com"},
	    {"example.com", "<a href='https://example.com@evil.test/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='https://evil.test\\@example.com/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='https:\\\\example.com/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='https://exаmple.com/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='https://xn--exmple-4nf.com/verify'>Verify</a>", NULL, "on xn--exmple-4nf.com"},
	    {"example.com", "<a href='https://example.com：443/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='https://example.com:444/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='http://example.com/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='javascript:https://example.com/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='//example.com/verify'>Verify</a>", NULL, "no https link"},
	    {"example.com", "<a href='https://example.com/verify'>https://bank.test/verify</a>", NULL, "no https link"},
	    {"example.com", NULL, "Verify https://example.com.evil.test/", "no verification link on example.com"},
	    {"example com", NULL, "x", "no name of a host"},
	    {"example.com:", NULL, "x", "no name of a host"},
	    {"", NULL, "x", "no name of a host"},
	    {NULL, NULL, NULL, NULL},
	};

	(void)state;
	assert_links(samples);
}

static void test_several_links_are_none(void **state)
{
	static const struct link_sample samples[] = {
	    {"example.com", "<a href='https://example.com/verify/1'>Verify</a><a href='https://example.com/verify/2'>"
			    "Verify</a>", NULL, "several links on example.com"},
	    {NULL, "<a href='https://a.test/verify'>Verify</a><a href='https://b.test/verify'>Verify</a>", NULL,
		"on a.test and b.test"},
	    {"example.com", "<a href='https://example.com/1'>a</a><a href='https://example.com/2'>b</a>", NULL,
		"several links on example.com"},
	    {"example.com", "<a href='https://example.com/unsubscribe?token=1'>Unsubscribe</a>", NULL,
		"no verification link on example.com"},
	    {NULL, NULL, NULL, NULL},
	};

	(void)state;
	assert_links(samples);
}

/* Bytes that were folded since it was set to 0: most of the work, and counted instead of timed. */
static size_t folded;

int __real_words_fold(const char *plain, size_t len, struct buf *out);
int __wrap_words_fold(const char *plain, size_t len, struct buf *out);

int __wrap_words_fold(const char *plain, size_t len, struct buf *out)
{
	folded += len;
	return __real_words_fold(plain, len, out);
}

/* A MiB of `piece`, with `front` before it. */
static void fill(struct buf *out, const char *front, const char *piece)
{
	buf_add_text(out, front);
	while (out->len < MESSAGE_PART_MAX)
		buf_add_text(out, piece);
}

/* One line of a MiB with a candidate in every ten bytes costs a small multiple of its length. */
static void test_work_grows_with_the_text_alone(void **state)
{
	static const char *const pieces[] = {
	    "code 48291 ", "123456, ", "promo code ", "A1B2C3 ", ") ", "コード123456 "};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		buf_auto text = {0}, out = {0};
		const struct message message = {"Your code", NULL, NULL};
		struct message one = message;

		fill(&text, "", pieces[i]);
		one.text = buf_text(&text);
		folded = 0;
		message_code(&one, &out, NULL);
		if (folded > 50 * (size_t)MESSAGE_PART_MAX)
			fail_msg("%s: %zu bytes were folded", pieces[i], folded);
	}
}

/* What a stranger may make quadratic is gone through once: these end at all only so. */
static void test_links_in_a_mebibyte_of_brackets(void **state)
{
	static const char *const pieces[] = {
	    ")", "(", "\n\n", "https://", ")https://example.com/", "\n\nhttps://example.com/a "};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		buf_auto text = {0}, out = {0};
		struct message one = {"", NULL, NULL};

		fill(&text, "https://example.com/verify", pieces[i]);
		one.text = buf_text(&text);
		message_link(&one, "example.com", &out, NULL);
	}
}

/* What lies beyond the part that is looked at is not found. */
static void test_a_part_is_cut(void **state)
{
	buf_auto text = {0}, out = {0};
	struct message one = {"", NULL, NULL};

	(void)state;
	fill(&text, "", "words ");
	buf_add_text(&text, " https://example.com/verify");
	one.text = buf_text(&text);
	assert_int_equal(message_link(&one, "example.com", &out, NULL), -ENOENT);
}

/* A code late in a long line is found as in a short one. */
static void test_a_long_line(void **state)
{
	buf_auto text = {0}, out = {0};
	struct message one = {"Hello", NULL, NULL};

	(void)state;
	while (text.len < 9000)
		buf_add_text(&text, "lorem ipsum ");
	buf_add_text(&text, "your verification code is 482913 and no other");
	one.text = buf_text(&text);
	assert_int_equal(message_code(&one, &out, NULL), 0);
	assert_string_equal(buf_text(&out), "482913");
}

/* A line speaks for what is near: an order's number some pages before takes nothing from a code. */
static void test_a_long_line_speaks_of_what_is_near(void **state)
{
	buf_auto text = {0}, out = {0};
	struct message one = {"Hello", NULL, NULL};

	(void)state;
	buf_add_text(&text, "we have your order number 7719203 here, ");
	while (text.len < 9000)
		buf_add_text(&text, "lorem ipsum ");
	buf_add_text(&text, "your verification code is 482913 and no other");
	one.text = buf_text(&text);
	assert_int_equal(message_code(&one, &out, NULL), 0);
	assert_string_equal(buf_text(&out), "482913");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sms_in_many_languages),
	    cmocka_unit_test(test_a_bound_code_is_taken_before_any_other),
	    cmocka_unit_test(test_mails),
	    cmocka_unit_test(test_other_numbers_are_no_codes),
	    cmocka_unit_test(test_nothing_is_guessed),
	    cmocka_unit_test(test_html_alone),
	    cmocka_unit_test(test_the_text_of_html),
	    cmocka_unit_test(test_html_without_bottom),
	    cmocka_unit_test(test_links),
	    cmocka_unit_test(test_look_alikes_are_other_hosts),
	    cmocka_unit_test(test_several_links_are_none),
	    cmocka_unit_test(test_work_grows_with_the_text_alone),
	    cmocka_unit_test(test_links_in_a_mebibyte_of_brackets),
	    cmocka_unit_test(test_a_part_is_cut),
	    cmocka_unit_test(test_a_long_line),
	    cmocka_unit_test(test_a_long_line_speaks_of_what_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
