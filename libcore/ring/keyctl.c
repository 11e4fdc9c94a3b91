/* SPDX-License-Identifier: MIT */
/* One system call each: see keyctl.h. */
#include <config.h>

#include <sys/syscall.h>
#include <unistd.h>

#include "ring/keyctl.h"

/* The kernel takes five arguments of a register's size; what an operation has no use for, it ignores. */
static long call(long operation, long first, long second, long third, long fourth)
{
	return syscall(SYS_keyctl, operation, first, second, third, fourth);
}

int32_t add_key(
    const char *type, const char *description, const void *payload, size_t len, int32_t keyring)
{
	return (int32_t)syscall(SYS_add_key, type, description, payload, len, keyring);
}

int32_t request_key(const char *type, const char *description, const char *callout, int32_t keyring)
{
	return (int32_t)syscall(SYS_request_key, type, description, callout, keyring);
}

int32_t keyctl_get_keyring_ID(int32_t id, int create)
{
	return (int32_t)call(KEYCTL_GET_KEYRING_ID, id, create, 0, 0);
}

int32_t keyctl_join_session_keyring(const char *name)
{
	return (int32_t)call(KEYCTL_JOIN_SESSION_KEYRING, (long)name, 0, 0, 0);
}

long keyctl_describe(int32_t id, char *text, size_t size)
{
	return call(KEYCTL_DESCRIBE, id, (long)text, (long)size, 0);
}

long keyctl_read(int32_t id, char *value, size_t size)
{
	return call(KEYCTL_READ, id, (long)value, (long)size, 0);
}

long keyctl_search(int32_t keyring, const char *type, const char *description, int32_t into)
{
	return call(KEYCTL_SEARCH, keyring, (long)type, (long)description, into);
}

long keyctl_update(int32_t id, const void *payload, size_t len)
{
	return call(KEYCTL_UPDATE, id, (long)payload, (long)len, 0);
}

long keyctl_setperm(int32_t id, uint32_t mask)
{
	return call(KEYCTL_SETPERM, id, (long)mask, 0, 0);
}

long keyctl_set_timeout(int32_t id, unsigned seconds)
{
	return call(KEYCTL_SET_TIMEOUT, id, (long)seconds, 0, 0);
}

long keyctl_link(int32_t id, int32_t keyring)
{
	return call(KEYCTL_LINK, id, keyring, 0, 0);
}

long keyctl_unlink(int32_t id, int32_t keyring)
{
	return call(KEYCTL_UNLINK, id, keyring, 0, 0);
}

long keyctl_clear(int32_t keyring)
{
	return call(KEYCTL_CLEAR, keyring, 0, 0, 0);
}

long keyctl_revoke(int32_t id)
{
	return call(KEYCTL_REVOKE, id, 0, 0, 0);
}

long keyctl_invalidate(int32_t id)
{
	return call(KEYCTL_INVALIDATE, id, 0, 0, 0);
}
