/* SPDX-License-Identifier: MIT */
/* That the service was not reached: see down.h. Three lines: when (CLOCK_MONOTONIC, ms), the URL, the words. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "config/paths.h"
#include "fetch/down.h"
#include "fetch/fetch.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/text.h"

void down_note(const char *url, const char *text)
{
	const char *name = strrchr(PATH_SERVICE_DOWN, '/') + 1;
	fd_auto dir = geteuid() == 0 ? dir_open(AT_FDCWD, RAVI_RUNDIR, 0, NULL) : -1;
	buf_auto out = {0};

	if (dir < 0)
		return;
	buf_addf(&out, "%" PRId64 "\n%s\n%s\n", deadline_now(), url, text);
	if (!out.error)
		file_replace(dir, name, 0644, false, out.data, out.len, NULL);
}

void down_forget(void)
{
	if (geteuid() == 0)
		unlink(PATH_SERVICE_DOWN);
}

int down_check(const char *url, struct reason *why)
{
	static const struct file_rule rule = {.owner = 0, .forbidden = FILE_PUBLIC, .max = 8192};
	buf_auto text = {0};
	char *cursor, *at, *where, *what;
	uint64_t noted;
	int64_t ago;

	if (file_read(AT_FDCWD, PATH_SERVICE_DOWN, &rule, &text, NULL) < 0 || !text.len)
		return 0;
	cursor = text.data;
	at = strsep(&cursor, "\n");
	where = strsep(&cursor, "\n");
	what = strsep(&cursor, "\n");
	if (!what || strcmp(where, url) || text_number(at, 10, 0, INT64_MAX, &noted) < 0)
		return 0;
	ago = deadline_now() - (int64_t)noted;
	if (ago < 0 || ago >= FETCH_DOWN_SECONDS * 1000)
		return 0;
	return reason_set(why, -EHOSTUNREACH, "%s (%d s ago; not tried again before %d s)", what,
	    (int)(ago / 1000), FETCH_DOWN_SECONDS);
}
