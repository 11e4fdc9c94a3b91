/* SPDX-License-Identifier: MIT */
/*
 * What was built, from the outside: the module gives libpam its five entry points and nothing else, it and
 * the programs link what they may and no more, and the linker hardened them. Prints TAP.
 */
#include <config.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

#define MODULE "modules/pam_ravi/.libs/pam_ravi.so"

static int count;

static void ok(bool good, const char *what, const char *about)
{
	printf("%sok %d - %s: %s\n", good ? "" : "not ", ++count, about, what);
}

static const char *const exported[] = {"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt",
    "pam_sm_open_session", "pam_sm_close_session"};

/* One of each room that is linked in, and the entry point that we do not have. */
static const char *const hidden[] = {"pam_sm_chauthtok", "login_begin", "login_open", "conf_load",
    "conf_table", "agent_load", "join_for_agent", "session_lock", "loader_run", "spawn_collect",
    "audit_format", "buf_add", "wipe", "ring_describe"};

static void check_exports(void)
{
	void *module = dlopen("./" MODULE, RTLD_NOW | RTLD_LOCAL);

	ok(module, "loads with every symbol bound", MODULE);
	if (!module) {
		printf("# %s\n", dlerror());
		return;
	}
	for (size_t i = 0; i < sizeof(exported) / sizeof(*exported); i++)
		ok(dlsym(module, exported[i]), exported[i], "exported");
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		ok(!dlsym(module, hidden[i]), hidden[i], "not exported");
	dlclose(module);
}

/* Whether `allowed`, words that each follow a blank, has this library. */
static bool is_allowed(const char *library, size_t len, const char *allowed)
{
	const char *at = allowed;

	while ((at = strchr(at, ' '))) {
		at++;
		if (!strncmp(at, library, len) && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* What readelf says about a file. */
static FILE *read_elf(const char *options, const char *path)
{
	char command[512];

	snprintf(command, sizeof(command), "LC_ALL=C readelf %s %s 2>&1", options, path);
	return popen(command, "r");
}

/* Every NEEDED library is one of `allowed` (" libc libpam"); those of the sanitizers come on top. */
static void check_needed(const char *path, const char *allowed)
{
	FILE *elf = read_elf("-d -W", path);
	char line[512], unwanted[512] = "";
	int needed = 0;

	while (elf && fgets(line, sizeof(line), elf)) {
		const char *name = strstr(line, "(NEEDED)") ? strchr(line, '[') : NULL;
		size_t len = name ? strcspn(++name, ".]") : 0;

		if (!name)
			continue;
		needed++;
		if (!is_allowed(name, len, " libasan libubsan libgcc_s ld-linux-x86-64") &&
		    !is_allowed(name, len, allowed))
			snprintf(unwanted, sizeof(unwanted), "%.*s", (int)len, name);
	}
	if (elf)
		pclose(elf);
	ok(needed && !*unwanted, "links what it may and no more", path);
	if (*unwanted)
		printf("# %s is not one of:%s\n", unwanted, allowed);
}

static bool elf_says(const char *options, const char *path, const char *first, const char *second)
{
	FILE *elf = read_elf(options, path);
	bool found = false;
	char line[512];

	while (elf && fgets(line, sizeof(line), elf))
		found |= strstr(line, first) && (!second || strstr(line, second));
	if (elf)
		pclose(elf);
	return found;
}

static void check_hardening(const char *path)
{
#ifdef WITH_SANITIZERS
	(void)path, (void)elf_says; /* built for tests, and not hardened */
#else
	ok(elf_says("-l -W", path, "GNU_RELRO", NULL), "has RELRO", path);
	ok(elf_says("-d -W", path, "(FLAGS", "NOW"), "binds at start", path);
	ok(elf_says("-l -W", path, "GNU_STACK", "RW ") &&
		!elf_says("-l -W", path, "GNU_STACK", "RWE"),
	    "has no executable stack", path);
	ok(!elf_says("-l -W", path, "LOAD ", "RWE"), "has nothing writable and executable", path);
	ok(!elf_says("-d -W", path, "(TEXTREL)", NULL), "has no text relocation", path);
	ok(elf_says("-h -W", path, "Type:", "DYN"), "is position independent", path);
	ok(!elf_says("-d -W", path, "(RPATH)", NULL) && !elf_says("-d -W", path, "(RUNPATH)", NULL),
	    "has no library path of its own", path);
#endif
}

/* What a program may link; those that are not here are readers of the ring. */
static const struct {
	const char *program, *allowed;
} more[] = {
    {"ravi", " libc libjansson libsodium"},
    {"ravi-load", " libc libjansson libsodium"},
    {"ravi-broker", " libc libjansson libsodium"},
#ifdef WITH_SANITIZERS
    /* libvault's, for the allocator that wipes: what is never called is left out of other builds. */
    {"ravi-fetch", " libc libcurl libjansson libsodium libunistring libxml2"},
#else
    {"ravi-fetch", " libc libcurl libjansson libunistring libxml2"},
#endif
    {"ravi-ssh-sign", " libc libsodium"},
    {"ravi-codex", " libc libjansson libsodium"},
    {"ravi-codex-monitor", " libc libjansson libsodium"},
};

static const char *allowed_for(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		if (!strcmp(more[i].program, name))
			return more[i].allowed;
	return " libc";
}

int main(void)
{
	static char programs[] = PROGRAMS;
	char *next = programs;
	const char *path;

	/* Paths are below the folder that was built in, where make runs its tests. */
	check_exports();
	check_needed(MODULE, " libc libpam");
	ok(elf_says("-d -W", MODULE, "(NEEDED)", "libpam.so"), "needs libpam", MODULE);
	check_hardening(MODULE);
	while ((path = strsep(&next, " "))) {
		if (!*path)
			continue;
		check_needed(path, allowed_for(path));
		check_hardening(path);
	}
	printf("1..%d\n", count);
	return 0;
}
