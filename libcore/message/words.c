/* SPDX-License-Identifier: MIT */
/*
 * The tables of words and how text is compared with them. Words are stored folded (small letters, NFKC). Where a
 * word must begin or end in the text is in its marks: "^code" at a word's beginning, "code$" at its end,
 * "^code$" alone; without a mark anywhere, for scripts that write without blanks.
 */
#include <config.h>

#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

static const char *const code_words[] = {
    /* English, and the many languages that borrow it */
    "code$", "^codes$", "^passcode", "^otp$", "^pin$", "^one-time", "^one time", "^2fa$", "^two-factor",
    "^verification", "^verify", "^authenticat", "^sign in", "^sign-in", "^log in", "^login", "^confirm",
    "^security number$", "^token$",
    /* German, Dutch, Scandinavian, Finnish */
    "^bestätig", "^einmalpasswort", "^einmalkennwort", "^anmeld", "^tan$", "^mtan$", "^verificatie",
    "^inloggen", "^bevestig", "^engangskod", "^engangskode", "^verifisering", "^verifier", "kod$", "kode$",
    "koden$", "^bekräft", "^bekræft", "^bekreft", "koodi$", "koodisi$", "^vahvist", "^kertakäyttö",
    /* French, Spanish, Portuguese, Italian, Romanian */
    "^vérification", "^connexion", "^código", "^codigo", "^verificación", "^verificação", "^verificar",
    "^confirmación", "^clave$", "^contraseña de un solo uso", "^senha", "^codice", "^verifica", "^accesso",
    "^codul$", "^cod$", "^cod de",
    /* Polish, Czech, Slovak, Croatian, Hungarian, Turkish */
    "^kod", "^weryfikac", "^potwierdz", "^kód", "^ověř", "^overen", "^overov", "^potvrd", "^potvrzen", "^hitelesít",
    "^ellenőrz", "kódja$", "^megerősít", "^doğrulama", "^onay", "^şifre", "^giriş",
    /* Russian, Ukrainian, Bulgarian, Greek */
    "^код", "^пароль", "^подтвержд", "^підтвердж", "^потвържд", "^κωδικ", "^επαλήθευσ",
    /* Chinese, Japanese, Korean */
    "验证码", "驗證碼", "校验码", "动态码", "动态密码", "确认码", "確認碼", "验证", "認証", "確認コード", "コード",
    "ワンタイム", "暗証番号", "인증", "확인 코드", "코드", "보안코드",
    /* Arabic, Hebrew, Hindi, Thai, Vietnamese, Indonesian */
    "رمز", "كود", "קוד", "סיסמה חד", "कोड", "ओटीपी", "รหัส", "^mã ", "^xác minh", "^xác nhận", "^kode",
    "^verifikasi",
    NULL,
};

/* Codes that are none: taken out before the words above are looked for. */
static const char *const other_codes[] = {
    "^promo code", "^promotion code", "^promotional code", "^discount code", "^coupon code", "^gift code",
    "^voucher code", "^referral code", "^zip code", "^zipcode", "^postal code", "^postcode", "^area code",
    "^country code", "^qr code", "^qr-code", "^barcode", "^source code", "^dress code", "^error code",
    "^gutscheincode", "^rabattcode", "^aktionscode", "^code promo", "^code postal", "^código postal",
    "^código de descuento", "^código promocional", "^codice sconto", "^codice postale", "^kod rabatowy",
    "^kod pocztowy", "^промокод", "优惠码", "優惠碼", "クーポンコード", "할인 코드",
    NULL,
};

static const char *const number_words[] = {
    "^order", "^invoice", "^receipt", "^ticket", "^case$", "^reference", "^ref$", "^ref.", "^booking",
    "^tracking", "^account ending", "^ending in", "^ending with", "^card", "^call", "^tel$", "^tel.",
    "^phone", "^fax", "^suite$", "^street$", "^p.o. box", "^po box", "©", "^copyright", "^all rights",
    "^bestell", "^rechnung", "^vorgang", "^kundennummer", "^endet auf", "^telefon", "^commande", "^facture",
    "^pedido", "^factura", "^fatura", "^ordine", "^fattura", "^zamówieni", "^заказ", "订单", "訂單", "注文",
    "주문", "^promo code", "^promotion", "^discount", "^coupon", "^voucher", "^gutschein", "^rabatt",
    "^referral", "^zip code", "^postal", "^postcode", "优惠", "クーポン",
    NULL,
};

static const char *const unit_words[] = {
    "^sec", "^min", "^hour", "^day", "^week", "^month", "^year", "^sek", "^stunde", "^tag", "^heure",
    "^jour", "^hora", "^día", "^dia", "^ore$", "^godzin", "^мин", "^час", "分", "秒", "小时", "時間", "분",
    "^usd", "^eur", "^gbp", "^dollar", "^euro", "$", "€", "£", "¥", "₽", "%", "元", "円", "원",
    NULL,
};

static const char *const verification_words[] = {
    "verif", "confirm", "^activat", "^validat", "^magic", "^sign in", "^sign-in", "^signin", "^log in",
    "^login", "^log-in", "^reset", "^set password", "^accept", "^join", "^invit", "^auth", "^token",
    "^complete", "^otp", "^bestätig", "^anmelden", "^aktivier", "^passwort", "^vérifi", "^activer",
    "^connexion", "^activar", "^acceder", "^attiva", "^accedi", "^potwierdz", "^aktywuj", "^подтверд",
    "^активир", "^войти", "验证", "驗證", "确认", "確認", "激活", "認証", "ログイン", "인증", "확인", "로그인",
    "^doğrula", "^onayla", "^aktive", "تأكيد", "تحقق", "אימות", "^xác ",
    NULL,
};

static const char *const footer_words[] = {
    "unsubscri", "^opt out", "^opt-out", "^optout", "^preferences", "^privacy", "^terms", "^policy",
    "^policies", "^legal", "^imprint", "^impressum", "^datenschutz", "^abmelden", "^abbestell", "^help",
    "^support", "^faq", "^contact", "^hilfe", "^kontakt", "^about", "^careers", "^blog", "^app store",
    "^google play", "^view in browser", "^view online", "^view this email", "^report", "^not you", "^wasn't you",
    "^se désabonner", "^désinscri", "^darse de baja", "^cancelar", "^отписаться", "退订", "配信停止", "수신거부",
    NULL,
};

static bool is_letter(ucs4_t c)
{
	return uc_is_alnum(c);
}

/* The letters just before and behind a place in UTF-8 text; 0 at its ends. */
static ucs4_t before(const char *text, const char *at)
{
	ucs4_t c = 0;

	return u8_prev(&c, (const uint8_t *)at, (const uint8_t *)text) ? c : 0;
}

static ucs4_t behind(const char *at)
{
	ucs4_t c = 0;

	return u8_next(&c, (const uint8_t *)at) ? c : 0;
}

/* One word of a table, its marks taken off. */
struct word {
	const char *text;
	size_t len;
	bool begins;
	bool ends;
};

static struct word word_of(const char *entry)
{
	struct word word = {.begins = entry[0] == '^'};

	word.text = entry + (word.begins ? 1 : 0);
	word.len = strlen(word.text);
	/* "$" alone is a dollar. */
	word.ends = word.len > 1 && word.text[word.len - 1] == '$';
	if (word.ends)
		word.len--;
	return word;
}

static bool fits(const struct word *word, const char *text, const char *at)
{
	return !(word->begins && is_letter(before(text, at))) &&
	    !(word->ends && is_letter(behind(at + word->len)));
}

/* Where a word of the table is in the text, and how long; NULL when none is. */
static const char *find(const char *text, const char *const *table, size_t *len)
{
	const char *end = text + strlen(text);

	for (; *table; table++) {
		const struct word word = word_of(*table);

		for (const char *at = text;
		     (at = memmem(at, (size_t)(end - at), word.text, word.len)); at++) {
			if (!fits(&word, text, at))
				continue;
			*len = word.len;
			return at;
		}
	}
	return NULL;
}

static bool speaks(const char *text, const char *const *table)
{
	size_t len = 0;

	return find(text, table, &len) != NULL;
}

/* Blanks in the place of the word, wherever it stands. */
static void blank(char *text, size_t len, const struct word *word)
{
	char *at = text, *end = text + len;

	while ((at = memmem(at, (size_t)(end - at), word->text, word->len))) {
		if (fits(word, text, at))
			memset(at, ' ', word->len);
		at++;
	}
}

bool words_speak_of_code(const char *folded)
{
	buf_auto rest = {0};

	if (buf_add_text(&rest, folded) < 0 || !rest.len)
		return false;
	for (const char *const *entry = other_codes; *entry; entry++) {
		const struct word word = word_of(*entry);

		blank(rest.data, rest.len, &word);
	}
	return speaks(buf_text(&rest), code_words);
}

bool words_end_in_code(const char *folded)
{
	const size_t len = strlen(folded);
	const char *near = folded + (len > WORDS_NEAR ? len - WORDS_NEAR : 0);

	/* From a whole word on. */
	if (near > folded && strchr(near, ' '))
		near = strchr(near, ' ');
	return words_speak_of_code(near);
}

bool words_speak_of_number(const char *folded)
{
	return speaks(folded, number_words);
}

bool words_begin_with_unit(const char *folded)
{
	folded += strspn(folded, " -");
	for (const char *const *entry = unit_words; *entry; entry++) {
		const struct word word = word_of(*entry);

		if (strncmp(folded, word.text, word.len) == 0 &&
		    !(word.ends && is_letter(behind(folded + word.len))))
			return true;
	}
	return false;
}

bool words_speak_of_verification(const char *folded)
{
	return speaks(folded, verification_words);
}

bool words_speak_of_footer(const char *folded)
{
	return speaks(folded, footer_words);
}

static int add_letter(struct buf *out, ucs4_t c)
{
	uint8_t bytes[6];
	const int digit = uc_decimal_value(c);
	const int len = digit >= 0 ? -1 : u8_uctomb(bytes, c, sizeof(bytes));

	if (digit >= 0)
		return buf_add_char(out, (char)('0' + digit));
	if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cf))
		return 0;
	if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs))
		return buf_add_char(out, ' ');
	return len > 0 ? buf_add(out, bytes, (size_t)len) : 0;
}

/* What libunistring gave us, wiped when it is given back. */
struct letters {
	uint8_t *data;
	size_t len;
};

static void free_letters(struct letters *l)
{
	if (l->data)
		wipe(l->data, l->len);
	free(l->data);
}
#define letters_auto __attribute__((cleanup(free_letters))) struct letters

static int mend(const char *text, size_t len, struct buf *out)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + len;

	while (at < end) {
		ucs4_t c = 0;
		const int step = u8_mbtouc(&c, at, (size_t)(end - at));

		buf_add(out, at, c == 0xFFFD ? 0 : (size_t)step);
		if (c == 0xFFFD)
			buf_add_text(out, "\xEF\xBF\xBD");
		/* A full-width comma or colon has its blank in it: NFKC would make "1，5" a number. */
		if (c > 0xFF00 && c < 0xFF66 && !uc_is_alnum(c))
			buf_add_char(out, ' ');
		at += step;
	}
	return out->error;
}

int words_plain(const char *text, size_t len, struct buf *out)
{
	buf_auto mended = {0};
	letters_auto all = {0};
	int rc = mend(text, len, &mended);

	if (rc < 0 || mended.len == 0)
		return rc;
	all.data = u8_normalize(UNINORM_NFKC, (const uint8_t *)mended.data, mended.len, NULL, &all.len);
	if (!all.data)
		return -ENOMEM;
	for (size_t at = 0; at < all.len;) {
		ucs4_t c = 0;

		at += (size_t)u8_mbtouc(&c, all.data + at, all.len - at);
		rc = c ? add_letter(out, c) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

int words_fold(const char *plain, size_t len, struct buf *out)
{
	letters_auto all = {0};

	if (len == 0)
		return buf_add(out, "", 0);
	all.data = u8_casefold((const uint8_t *)plain, len, NULL, UNINORM_NFKC, NULL, &all.len);
	return all.data ? buf_add(out, all.data, all.len) : -ENOMEM;
}
