/* SPDX-License-Identifier: MIT */
/* Stands in for a syslog daemon in the tests: every datagram to SOCKET becomes a line of FILE. */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char line[8192];
	int fd, out;

	if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	strcpy(address.sun_path, argv[1]);
	out = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (out < 0 || fd < 0)
		return 1;
	unlink(argv[1]);
	umask(0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return 1;
	for (;;) {
		ssize_t len = recv(fd, line, sizeof(line) - 1, 0);

		if (len < 0)
			return 1;
		line[len] = '\n';
		if (write(out, line, (size_t)len + 1) < 0)
			return 1;
	}
}
