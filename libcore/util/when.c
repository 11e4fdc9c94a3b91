/* SPDX-License-Identifier: MIT */
/* Points in time and durations: see when.h. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"
#include "util/when.h"

void when_format(time_t when, char text[WHEN_TEXT])
{
	struct tm tm;

	if (!gmtime_r(&when, &tm) || !strftime(text, WHEN_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(text, "1970-01-01T00:00:00Z");
}

/* "Z", "+hh:mm" or "-hh:mm" into seconds east of UTC. */
static int parse_offset(const char *text, long *offset)
{
	unsigned hours, minutes;
	char sign;
	int end = 0;

	if (!strcmp(text, "Z") || !strcmp(text, "z")) {
		*offset = 0;
		return 0;
	}
	if (sscanf(text, "%c%2u:%2u%n", &sign, &hours, &minutes, &end) != 3 || text[end] ||
	    end != 6)
		return -EINVAL;
	if ((sign != '+' && sign != '-') || hours > 23 || minutes > 59)
		return -EINVAL;
	*offset = (sign == '-' ? -1 : 1) * (long)(hours * 3600 + minutes * 60);
	return 0;
}

/* The `count` digits at `text`, at least `min` and at most `max`: false when they are none. */
static bool digits(const char *text, size_t count, int min, int max, int *out)
{
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		*out = 10 * *out + (text[i] - '0');
	}
	return *out >= min && *out <= max;
}

/* Days since 1970-01-01 of a date of 1970 or later; a year begins in March here, so that a leap day is its last. */
static int64_t days_since_1970(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Without strptime and timegm, which read the time zone first: every reader of a ring comes here. */
int when_parse(const char *text, time_t *when)
{
	int year, month, day, hour, minute, second;
	const char *rest;
	long offset;

	if (strlen(text) < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' '))
		return -EINVAL;
	/* Nothing of ours is older than 1970. 60 is a leap second's. */
	if (!digits(text, 4, 1969, 9999, &year) || !digits(text + 5, 2, 1, 12, &month) ||
	    !digits(text + 8, 2, 1, days_in(year, month), &day) || text[4] != '-' || text[7] != '-')
		return -EINVAL;
	if (!digits(text + 11, 2, 0, 23, &hour) || !digits(text + 14, 2, 0, 59, &minute) ||
	    !digits(text + 17, 2, 0, 60, &second) || text[13] != ':' || text[16] != ':')
		return -EINVAL;
	rest = text + 19;
	if (*rest == '.') {
		if (!isdigit((unsigned char)rest[1]))
			return -EINVAL;
		rest++;
		rest += strspn(rest, "0123456789");
	}
	if (parse_offset(rest, &offset) < 0)
		return -EINVAL;
	*when = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second -
		offset;
	return *when >= 0 ? 0 : -EINVAL;
}

int when_duration(const char *text, int64_t *seconds)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	const uint64_t most = 100ull * 366 * 86400; /* a hundred years is for ever */
	size_t len = strlen(text);
	uint64_t number, factor = 1;
	char digits[20];

	if (!len || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len + 1);
	if (!isdigit((unsigned char)digits[len - 1])) {
		factor = 0;
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (units[i].unit == digits[len - 1])
				factor = units[i].seconds;
		digits[len - 1] = '\0';
	}
	if (!factor || text_number(digits, 10, 1, most / factor, &number) < 0)
		return -EINVAL;
	*seconds = (int64_t)(number * factor);
	return 0;
}

int when_expiry(const char *text, time_t now, time_t *when, struct reason *why)
{
	int64_t seconds;

	if (when_duration(text, &seconds) == 0) {
		*when = now + seconds;
		return 0;
	}
	if (when_parse(text, when) < 0)
		return reason_set(why, -EINVAL,
		    "\"%s\" is no expiry; say a duration (90s, 15m, 12h, 30d, 2w) or a time "
		    "(2027-01-31T00:00:00Z)",
		    text);
	if (*when <= now)
		return reason_set(why, -EINVAL, "the expiry %s has passed already", text);
	return 0;
}

int when_past(const char *text, time_t now, time_t *when, struct reason *why)
{
	int64_t seconds;

	if (when_duration(text, &seconds) == 0) {
		*when = now > seconds ? now - seconds : 1;
		return 0;
	}
	if (when_parse(text, when) == 0)
		return 0;
	return reason_set(why, -EINVAL,
	    "\"%s\" is no time; say how long ago (90s, 15m, 2h, 3d, 2w) or a time (2027-01-31T00:00:00Z)",
	    text);
}

void when_describe(int64_t seconds, char *text, size_t size)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
	size_t i = 0;
	int64_t count;

	while (i + 1 < sizeof(units) / sizeof(*units) && seconds < 2 * units[i].seconds)
		i++;
	count = seconds / units[i].seconds;
	snprintf(text, size, "%lld %s%s", (long long)count, units[i].name, count == 1 ? "" : "s");
}

void when_describe_ago(int64_t seconds, char *text, size_t size)
{
	char words[32];

	when_describe(seconds, words, sizeof(words));
	if (seconds == INT64_MAX)
		snprintf(text, size, "later than now by this machine's clock");
	else
		snprintf(text, size, "%s ago", words);
}
