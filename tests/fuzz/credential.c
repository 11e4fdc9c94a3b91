/* SPDX-License-Identifier: MIT */
/* What git says to a credential helper, from addresses that others wrote. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "request.h"
#include "util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	request_auto request = {0};
	struct reason why = {0};
	fd_auto fd = memfd_create("fuzz", MFD_CLOEXEC);
	int r;

	MUST(fd >= 0 && (!size || write(fd, data, size) == (ssize_t)size));
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	r = request_read(fd, &request, &why);
	MUST(r == 0 || r == -EPERM);
	if (r < 0) {
		MUST(*why.text);
		return 0;
	}
	MUST(request.protocol && *request.protocol);
	for (const char *c = request.protocol; *c; c++)
		MUST(*c != '\n' && *c != '\r');
	for (const char *c = request.host ? request.host : ""; *c; c++)
		MUST(*c != '\n' && *c != '\r');
	return 0;
}
