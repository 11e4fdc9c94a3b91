/* SPDX-License-Identifier: MIT */
/* The passphrase of a recovery key: see passphrase.h. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "age/age.h"
#include "passphrase.h"
#include "prompt.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/text.h"

#define SHORT 16 /* characters; below, trying all likely ones is no great work */

static int read_line(struct buf *passphrase, struct reason *why)
{
	int r = file_read_fd(STDIN_FILENO, AGE_PASSPHRASE_MAX + 2, passphrase);

	if (r == -EFBIG)
		return reason_set(why, -EINVAL, "stdin holds more than one passphrase");
	if (r < 0)
		return reason_errno(why, r, "reading stdin");
	buf_cut(passphrase, strcspn(buf_text(passphrase), "\r\n"));
	return 0;
}

static int ask(const char *prompt, struct buf *passphrase, struct reason *why)
{
	int r = isatty(STDIN_FILENO) ? prompt_secret(prompt, AGE_PASSPHRASE_MAX, passphrase, why)
				     : read_line(passphrase, why);

	if (r == 0 && !passphrase->len)
		return reason_set(why, -EINVAL,
		    "the passphrase is empty; type one, or give it as the first line of stdin");
	return r;
}

int passphrase_new(struct buf *passphrase, struct reason *why)
{
	buf_auto again = {0};
	int r = ask("Passphrase of the recovery key (not shown): ", passphrase, why);

	if (r == 0 && isatty(STDIN_FILENO))
		r = prompt_secret("The same again (not shown): ", AGE_PASSPHRASE_MAX, &again, why);
	if (r < 0)
		return r;
	if (isatty(STDIN_FILENO) &&
	    !text_equal_secret(passphrase->data, passphrase->len, again.data, again.len))
		return reason_set(
		    why, -EINVAL, "the two passphrases are not the same; say it again");
	if (passphrase->len < SHORT)
		cli_note("the passphrase is shorter than %d characters: who finds the file can try "
			 "many; several words are better",
		    SHORT);
	return 0;
}

int passphrase_of(const char *path, struct buf *passphrase, struct reason *why)
{
	buf_auto prompt = {0};

	buf_addf(&prompt, "Passphrase of %s (not shown): ", path);
	return ask(buf_text(&prompt), passphrase, why);
}
