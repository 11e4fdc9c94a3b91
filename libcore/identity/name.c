/* SPDX-License-Identifier: MIT */
/* What names may look like: see name.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "identity/name.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

int user_name_check(const char *name, struct reason *why)
{
	size_t len = strlen(name);

	if (!len || len > USER_NAME_MAX || !strchr(LOWER "_", *name) ||
	    strspn(name, LOWER DIGITS "_-") != len)
		return reason_set(why, -EINVAL,
		    "\"%.40s\" is no OS user name for an agent: [a-z_][a-z0-9_-], at most %d "
		    "characters",
		    name, USER_NAME_MAX);
	return 0;
}

int identity_name_check(const char *name, struct reason *why)
{
	size_t len = strlen(name);

	if (len < IDENTITY_NAME_MIN || len > IDENTITY_NAME_MAX ||
	    strspn(name, LOWER DIGITS ".-") != len || strchr(".-", name[0]) ||
	    strchr(".-", name[len - 1]) || strstr(name, "..") || strstr(name, "--"))
		return reason_set(why, -EINVAL,
		    "\"%.40s\" is no identity name: %d to %d of a-z, 0-9, '.' and '-', a letter or "
		    "digit at "
		    "both ends, no \"..\" or \"--\"",
		    name, IDENTITY_NAME_MIN, IDENTITY_NAME_MAX);
	return 0;
}

/* RFC 1123 host name of at least two labels. */
int domain_check(const char *domain, struct reason *why)
{
	const char *label = domain;
	int labels = 0;

	for (;;) {
		size_t len = strcspn(label, ".");

		if (!len || len > 63 || strspn(label, LOWER DIGITS "-") < len || *label == '-' ||
		    label[len - 1] == '-')
			break;
		labels++;
		if (!label[len]) {
			if (labels < 2 || strlen(domain) > 253)
				break;
			return 0;
		}
		label += len + 1;
	}
	return reason_set(
	    why, -EINVAL, "\"%.80s\" is no mail domain; say one like agents.example.org", domain);
}

int email_check(const char *address, struct reason *why)
{
	const char *at = strchr(address, '@');
	char local[IDENTITY_NAME_MAX + 1] = "";

	if (!at || strlen(address) > EMAIL_MAX)
		return reason_set(why, -EINVAL, "\"%.80s\" is no mail address", address);
	if ((size_t)(at - address) < sizeof(local))
		memcpy(local, address, (size_t)(at - address));
	if (identity_name_check(local, NULL) < 0)
		return reason_set(why, -EINVAL,
		    "\"%.80s\": the part before @ must be %d to %d of a-z, 0-9, '.' and '-', a "
		    "letter or "
		    "digit at both ends, no \"..\" or \"--\"",
		    address, IDENTITY_NAME_MIN, IDENTITY_NAME_MAX);
	return domain_check(at + 1, why);
}

int phone_check(const char *number, struct reason *why)
{
	size_t len = strlen(number);

	if (len < 3 || len > PHONE_MAX || *number != '+' || number[1] == '0' ||
	    strspn(number + 1, DIGITS) != len - 1)
		return reason_set(why, -EINVAL,
		    "\"%.40s\" is no phone number; say it as E.164 has it: +15551234567", number);
	return 0;
}

int secret_name_fold(const char *name, char folded[SECRET_NAME_MAX + 1], struct reason *why)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len && i < SECRET_NAME_MAX; i++)
		folded[i] =
		    name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
	folded[len < SECRET_NAME_MAX ? len : SECRET_NAME_MAX] = '\0';
	if (!len || len > SECRET_NAME_MAX || !strchr(UPPER, *folded) ||
	    strspn(folded, UPPER DIGITS "_") != len)
		return reason_set(why, -EINVAL,
		    "\"%.40s\" is no name for a secret: a letter, then letters, digits and '_', at "
		    "most %d",
		    name, SECRET_NAME_MAX);
	return 0;
}
