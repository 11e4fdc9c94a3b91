/* SPDX-License-Identifier: MIT */
/*
 * Asking for a secret without echo: see prompt.h. Signals are held back while the terminal is changed, and
 * watched through a signalfd that is never read: when one comes the terminal is restored, then the signal
 * is let through and does what it always does. No handler runs.
 *
 * The terminal reads byte by byte, because by lines the kernel cuts at 4,095 bytes, and tokens are longer.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "prompt.h"
#include "util/cleanup.h"
#include "util/file.h"

/* Takes the last character, in UTF-8 perhaps several bytes, off the answer. */
static void erase_one(struct buf *answer)
{
	size_t len = answer->len;

	while (len && ((unsigned char)answer->data[len - 1] & 0xc0) == 0x80)
		len--;
	buf_cut(answer, len ? len - 1 : 0);
}

/*
 * 1 at the end of the line, 0 when it goes on, or -errno. What is longer than `max` is read to its end all the
 * same, and not kept: the rest would be shown by the terminal, and be the shell's next command.
 */
static int take_byte(
    char byte, const struct termios *terminal, size_t max, struct buf *answer, bool *too_long)
{
	const cc_t c = (cc_t)byte;

	if (c == '\n' || c == '\r' || c == terminal->c_cc[VEOF])
		return *too_long ? -EFBIG : 1;
	if (c == terminal->c_cc[VKILL]) {
		buf_cut(answer, 0);
		*too_long = false;
	} else if (*too_long) {
		return 0;
	} else if (c == terminal->c_cc[VERASE] || c == '\b' || c == 0x7f) {
		erase_one(answer);
	} else if (answer->len == max) {
		*too_long = true;
	} else {
		return buf_add_char(answer, byte);
	}
	return 0;
}

/* -EINTR: a signal waits. */
static int read_line(
    int tty, int signals, const struct termios *terminal, size_t max, struct buf *answer)
{
	struct pollfd wait[2] = {{.fd = tty, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	bool too_long = false;
	int r = 0;

	while (r == 0) {
		char byte;
		ssize_t got;

		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (wait[1].revents)
			return -EINTR;
		if (!wait[0].revents)
			continue;
		got = read(tty, &byte, 1);
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		r = take_byte(byte, terminal, max, answer, &too_long);
		wipe(&byte, sizeof(byte));
	}
	return r < 0 ? r : 0;
}

static int ask(int tty, int signals, const char *text, size_t max, struct buf *answer)
{
	struct termios terminal, quiet;
	int r;

	if (tcgetattr(tty, &terminal) < 0)
		return -errno;
	quiet = terminal;
	quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) < 0)
		return -errno;
	r = file_write_fd(tty, text, strlen(text));
	if (r == 0)
		r = read_line(tty, signals, &terminal, max, answer);
	file_write_fd(tty, "\n", 1);
	if (tcsetattr(tty, TCSAFLUSH, &terminal) < 0 && r == 0)
		r = -errno;
	return r;
}

int prompt_secret(const char *text, size_t max, struct buf *answer, struct reason *why)
{
	static const int held[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};
	fd_auto tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	fd_auto signals = -1;
	sigset_t set, before;
	int r;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++)
		sigaddset(&set, held[i]);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (tty < 0 || signals < 0)
		return reason_errno(why, -errno, "asking on the terminal");
	do {
		buf_reset(answer);
		sigprocmask(SIG_BLOCK, &set, &before);
		r = ask(tty, signals, text, max, answer);
		/* Here a signal that came ends us, or stops us until we are to ask again. */
		sigprocmask(SIG_SETMASK, &before, NULL);
	} while (r == -EINTR);
	if (r == -EFBIG)
		return reason_set(why, r, "what was typed is longer than %zu bytes", max);
	return r < 0 ? reason_errno(why, r, "asking on the terminal") : 0;
}
