/* SPDX-License-Identifier: MIT */
/*
 * filtered ERRNO CALL[,CALL...] COMMAND [ARGUMENT...]: runs a command to which the kernel answers those system
 * calls with that error, as a container's seccomp profile, an old kernel or a full quota does. It holds for
 * everything that the command starts.
 *
 *	CALL	add_key, keyctl, request_key; keyctl:N is the one operation N of it (keyctl.h)
 */
#include <config.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS_MAX 16

static const struct {
	const char *name;
	int error;
} errors[] = {
    {"ENOSYS", ENOSYS},
    {"EPERM", EPERM},
    {"EDQUOT", EDQUOT},
    {"ENOMEM", ENOMEM},
    {"EACCES", EACCES},
};

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
    {"add_key", SYS_add_key},
    {"keyctl", SYS_keyctl},
    {"request_key", SYS_request_key},
};

struct program {
	struct sock_filter code[4 * CALLS_MAX + 8];
	unsigned short len;
};

static void add(struct program *p, struct sock_filter instruction)
{
	p->code[p->len++] = instruction;
}

static void load(struct program *p, size_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

/* Unless what was loaded is `value`, the next `skip` instructions are passed over. */
static void unless(struct program *p, unsigned value, unsigned char skip)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
}

static void answer(struct program *p, unsigned action)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* "keyctl" or "keyctl:11"; 0, or -1 when there is no such call. */
static int add_call(struct program *p, char *word, int error)
{
	char *operation = strchr(word, ':');

	if (operation)
		*operation++ = '\0';
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(word, calls[i].name) != 0)
			continue;
		load(p, offsetof(struct seccomp_data, nr));
		unless(p, calls[i].number, operation ? 3 : 1);
		if (operation) {
			/* The low half of the first argument; x86-64 and arm64 are little-endian. */
			load(p, offsetof(struct seccomp_data, args));
			unless(p, (unsigned)atoi(operation), 1);
		}
		answer(p, SECCOMP_RET_ERRNO | (unsigned)error);
		return 0;
	}
	return -1;
}

static int find_error(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (!strcmp(name, errors[i].name))
			return errors[i].error;
	return -1;
}

int main(int argc, char **argv)
{
	struct program program = {0};
	struct sock_fprog filter = {.filter = program.code};
	int error = argc > 3 ? find_error(argv[1]) : -1;
	char *rest = argv[2], *word;

	if (error < 0) {
		fputs("Usage: filtered ERRNO CALL[,CALL...] COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	for (int i = 0; i < CALLS_MAX && (word = strsep(&rest, ",")); i++)
		if (add_call(&program, word, error) < 0) {
			fprintf(stderr, "filtered: no such call: %s\n", word);
			return 2;
		}
	answer(&program, SECCOMP_RET_ALLOW);
	filter.len = program.len;
	/* As root, without no_new_privs: su and sudo work on. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
		perror("filtered");
		return 1;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
