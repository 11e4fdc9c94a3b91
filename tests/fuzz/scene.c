/* SPDX-License-Identifier: MIT */
/* See scene.h. */
#include <config.h>

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "chance.h"
#include "config/paths.h"
#include "fuzz.h"
#include "identity/agent.h"
#include "kernel.h"
#include "ring/loader.h"
#include "ring/ring.h"
#include "ring/session.h"
#include "scene.h"
#include "util/cleanup.h"
#include "vault/vault.h"

#define IDENTITY  "fuzzed-agent"
#define RING      RING_PREFIX AGENT_NAME
#define PROFILE   RING_PREFIX RING_PROFILE
#define VAULT     PATH_VAULTS "/" IDENTITY ".age"
#define REVISIONS 2
#define TIMEOUT   3000 /* milliseconds, the default */
/* What a call takes beyond its timeout when it has to wait for the death of the loader. */
#define SLACK 50

static struct {
	char folder[64];
	struct buf sealed[REVISIONS];
	int revision; /* of the vault that is there, from 0 */
	char entry[256];
	unsigned blocks; /* of our own */
} scene;

/* ---- the machine ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st, (void)type, (void)walk;
	return remove(path);
}

/* By calls that never fail. */
static void remove_all(const char *path)
{
	char place[512];

	nftw(calls_path(path, place), remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(const char *path, mode_t mode)
{
	char place[512];

	MUST(mkdir(calls_path(path, place), mode) == 0);
}

void scene_file(const char *path, const void *data, size_t size)
{
	char place[512];
	FILE *file;

	calls_path(path, place);
	unlink(place);
	if (!data)
		return;
	/* By calls that never fail. */
	file = fopen(place, "w");
	MUST(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
	MUST(chmod(place, 0600) == 0);
}

static void set_secret(struct vault *vault, const char *name, int revision)
{
	char value[32];
	struct vault_change change = {.name = name, .value = value, .keep = 1};

	snprintf(value, sizeof(value), "%s of revision %d", name, revision + 1);
	change.len = strlen(value);
	MUST(vault_set(vault, &change, 1800000000, NULL) == 0);
}

/* Both revisions have three secrets, one of them another. */
static void make_vaults(void)
{
	const struct vault_profile profile = {.name = IDENTITY};
	vault_auto vault = NULL;
	struct host host;

	MUST(host_generate(&host) == 0 && host_save(&host, NULL) == 0);
	MUST(vault_create(&profile, &host, NULL, &vault, NULL) == 0);
	for (int i = 0; i < REVISIONS; i++) {
		set_secret(vault, "FIRST", i);
		set_secret(vault, "SECOND", i);
		set_secret(vault, i ? "NEW" : "OLD", i);
		if (i)
			MUST(vault_delete(vault, "OLD", NULL) == 0);
		MUST(vault_seal(vault, &host, &scene.sealed[i], NULL) == 0);
	}
	host_wipe(&host);
}

void scene_make(void)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(scene.folder, sizeof(scene.folder), "%s/ravi-scene.XXXXXX", base);
	MUST(mkdtemp(scene.folder));
	calls_below(scene.folder);
	kernel_reset();
	vault_memory_init();
	make_folder(RAVI_CONFDIR, 0755);
	make_folder(RAVI_STATEDIR, 0755);
	make_folder(PATH_VAULTS, 0700);
	make_folder(PATH_AGENTS, 0755);
	make_vaults();
	snprintf(scene.entry, sizeof(scene.entry),
	    "uid=%u\nidentities=" IDENTITY "\nstate=active\nlinger=no\n", AGENT_UID);
	scene.blocks = calls_blocks();
}

void scene_unmake(void)
{
	for (int i = 0; i < REVISIONS; i++)
		buf_free(&scene.sealed[i]);
	remove_all(scene.folder);
}

static void set_revision(int revision)
{
	scene.revision = revision;
	scene_file(VAULT, scene.sealed[revision].data, scene.sealed[revision].len);
}

void scene_reset(void)
{
	chance_one_in(0);
	calls_loader_fate(FATE_WORKS, NULL, 0);
	kernel_reset();
	remove_all(RAVI_RUNDIR);
	remove_all(PATH_AUDIT);
	remove_all(PATH_AUDIT_COPY);
	calls_forget();
	scene_file(PATH_CONF, NULL, 0);
	scene_file(PATH_AGENTS "/" AGENT_NAME, scene.entry, strlen(scene.entry));
	set_revision(0);
}

/* ---- what is in a ring ---- */

static bool has_value(const struct kernel_key *ring, const char *name, int revision)
{
	char description[64], value[64];
	const struct kernel_key *key;

	snprintf(description, sizeof(description), RING_PREFIX "%s", name);
	snprintf(value, sizeof(value), "%s of revision %d", name, revision + 1);
	key = kernel_in(ring, description);
	return key && !key->revoked && key->len == strlen(value) &&
	       !memcmp(key->payload, value, key->len) && key->uid == 0 && key->mask == RING_MASK;
}

/* Whether it holds just that revision, with the profile. */
static bool holds(const struct kernel_key *ring, int revision)
{
	char line[32];
	const struct kernel_key *profile = kernel_in(ring, PROFILE);

	snprintf(line, sizeof(line), "\nrevision=%d\n", revision + 1);
	return profile && ring->count == 4 && has_value(ring, "FIRST", revision) &&
	       has_value(ring, "SECOND", revision) &&
	       has_value(ring, revision ? "NEW" : "OLD", revision) &&
	       memmem(profile->payload, profile->len, line, strlen(line)) &&
	       memmem(profile->payload, profile->len, "\nkeys=3\n", 8);
}

/* What a reader takes for whole is of one revision. */
static void check_profile(const struct kernel_key *ring)
{
	const struct kernel_key *profile = kernel_in(ring, PROFILE);
	static const char changing[] = RING_PROFILE_CHANGING "=yes\n";

	if (!profile || profile->revoked ||
	    (profile->len >= sizeof(changing) - 1 &&
		!memcmp(profile->payload, changing, sizeof(changing) - 1)))
		return;
	MUST(holds(ring, 0) || holds(ring, 1));
}

static bool read_record(struct session_ring *ring)
{
	char place[512], text[128] = "";
	FILE *file = fopen(calls_path(PATH_RINGS "/" AGENT_NAME, place), "r");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[len] = '\0';
	if (file)
		fclose(file);
	return sscanf(text, "ring=%d\nuid=%u\nkeys=%u\n", &ring->id, &ring->uid, &ring->keys) == 3;
}

static void check_rings(void)
{
	const struct kernel_key *in_user = kernel_in_user(AGENT_UID, RING);
	const struct kernel_key *in_session = kernel_in_session(RING), *recorded = NULL;
	const struct kernel_key *profile;
	struct session_ring record = {0};

	if (read_record(&record))
		recorded = kernel_key(record.id);
	if (in_user) {
		MUST(in_user->uid == 0 && in_user->mask == RING_MASK);
		check_profile(in_user);
		/* A ring in reach is one that the last close, or the sweep, knows of. */
		MUST(in_user == recorded);
	}
	if (in_session)
		check_profile(in_session);
	/* What a warm login takes for whole. */
	profile = kernel_in(recorded, PROFILE);
	if (profile && !profile->revoked && recorded->uid == 0 &&
	    !strcmp(recorded->description, RING) && recorded->count == record.keys)
		MUST(holds(recorded, 0) || holds(recorded, 1));
}

/* ---- what the host was like, and is ---- */

struct before {
	struct kernel_ids ids;
	unsigned descriptors, blocks, errors, about_conf;
	mode_t mask;
	sigset_t signals;
	int64_t time;
};

static unsigned blocks_of(const struct pam_handle *handle)
{
	return calls_blocks() - (handle->data ? 1 : 0);
}

static void look(const struct pam_handle *handle, struct before *before)
{
	before->ids = *kernel_ids(KERNEL_HOST);
	before->descriptors = calls_open_descriptors();
	before->blocks = blocks_of(handle);
	before->errors = handle->errors;
	before->about_conf = handle->about_conf;
	before->mask = umask(0);
	umask(before->mask);
	sigprocmask(SIG_BLOCK, NULL, &before->signals);
	before->time = calls_time();
}

static bool ids_are_lost(const struct pam_handle *handle)
{
	return strstr(handle->last, "of the login process could not be restored");
}

/*
 * One line says why, and nothing is said for nothing. Settings that cannot be read are told each time; sessions
 * of agents fail for that alone.
 */
static void check_log(const struct pam_handle *handle, const struct before *before, int code)
{
	unsigned lines = handle->errors - before->errors;
	bool about_conf = handle->about_conf > before->about_conf;
	bool good = code == PAM_SUCCESS || code == PAM_IGNORE || code == PAM_PERM_DENIED;

	if (lines != (good ? 0 : 1) && !(about_conf && lines == 0))
		fprintf(stderr, "%s: returned %d, %u lines, the last: %s\n", handle->user, code,
		    lines, handle->last);
	MUST(lines == (good ? 0 : 1) || (about_conf && lines == 0));
}

static void check_host(const struct pam_handle *handle, const struct before *before, int code)
{
	struct before now;

	look(handle, &now);
	/* The one thing that cannot be made good is told. */
	if (memcmp(&now.ids, &before->ids, sizeof(now.ids)) != 0) {
		if (code != PAM_SESSION_ERR || !ids_are_lost(handle))
			fprintf(stderr, "ids are lost; returned %d: %s\n", code, handle->last);
		MUST(code == PAM_SESSION_ERR && ids_are_lost(handle));
		*kernel_ids(KERNEL_HOST) = before->ids;
	}
	MUST(now.descriptors == before->descriptors);
	MUST(now.blocks == before->blocks);
	MUST(now.mask == before->mask);
	MUST(!memcmp(&now.signals, &before->signals, sizeof(now.signals)));
	MUST(now.time - before->time <= TIMEOUT + SLACK);
	check_log(handle, before, code);
}

static bool is_one_of(int code, const int *codes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code == codes[i])
			return true;
	fprintf(stderr, "returned %d\n", code);
	return false;
}

#define ONE_OF(code, ...)                                                                          \
	is_one_of(                                                                                 \
	    code, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static bool is_agent(const struct pam_handle *handle)
{
	return !strcmp(handle->user, AGENT_NAME);
}

/* ---- the calls ---- */

static int call(struct pam_handle *handle,
    int (*function)(pam_handle_t *pamh, int flags, int argc, const char **argv), int flags,
    int argc, const char **argv)
{
	struct before before;
	int code;

	look(handle, &before);
	code = function(handle, flags, argc, argv);
	check_host(handle, &before, code);
	check_rings();
	return code;
}

int scene_account(struct pam_handle *handle, int argc, const char **argv)
{
	int code = call(handle, pam_sm_acct_mgmt, 0, argc, argv);

	if (is_agent(handle))
		MUST(ONE_OF(code, PAM_SUCCESS, PAM_PERM_DENIED, PAM_SYSTEM_ERR));
	else
		MUST(ONE_OF(code, PAM_IGNORE, PAM_SYSTEM_ERR));
	return code;
}

int scene_open(struct pam_handle *handle, int argc, const char **argv)
{
	int code = call(handle, pam_sm_open_session, 0, argc, argv);
	const struct kernel_key *ring = kernel_in_session(RING);

	if (!is_agent(handle)) {
		MUST(ONE_OF(code, PAM_IGNORE, PAM_SESSION_ERR));
		return code;
	}
	MUST(ONE_OF(code, PAM_SUCCESS, PAM_SESSION_ERR));
	if (code == PAM_SUCCESS)
		MUST(ring && (holds(ring, 0) || holds(ring, 1)));
	return code;
}

int scene_close(struct pam_handle *handle, int argc, const char **argv)
{
	int code = call(handle, pam_sm_close_session, 0, argc, argv);

	MUST(ONE_OF(code, PAM_SUCCESS, PAM_SESSION_ERR));
	return code;
}

int scene_refresh(struct pam_handle *handle, int argc, const char **argv)
{
	int code = call(handle, pam_sm_setcred, PAM_REFRESH_CRED, argc, argv);

	MUST(ONE_OF(code, PAM_SUCCESS, PAM_IGNORE, PAM_CRED_ERR));
	return code;
}

void scene_ring_record(const void *data, size_t size)
{
	char place[512];

	if (!size)
		return;
	mkdir(calls_path(RAVI_RUNDIR, place), 0711);
	mkdir(calls_path(PATH_RINGS, place), 0700);
	scene_file(PATH_RINGS "/" AGENT_NAME, data, size);
}

static int any_call(struct pam_handle *handle,
    int (*function)(pam_handle_t *pamh, int flags, int argc, const char **argv), int argc,
    const char **argv)
{
	struct before before, now;
	int code;

	look(handle, &before);
	code = function(handle, 0, argc, argv);
	look(handle, &now);
	if (memcmp(&now.ids, &before.ids, sizeof(now.ids)) != 0) {
		MUST(code == PAM_SESSION_ERR && ids_are_lost(handle));
		*kernel_ids(KERNEL_HOST) = before.ids;
	}
	MUST(now.descriptors == before.descriptors);
	MUST(now.time - before.time <= TIMEOUT + SLACK);
	return code;
}

void scene_any_open(struct pam_handle *handle, int argc, const char **argv)
{
	unsigned errors = handle->errors + handle->about_conf;
	int code = any_call(handle, pam_sm_acct_mgmt, argc, argv);

	MUST(ONE_OF(code, PAM_SUCCESS, PAM_IGNORE, PAM_PERM_DENIED, PAM_SYSTEM_ERR));
	code = any_call(handle, pam_sm_open_session, argc, argv);
	MUST(ONE_OF(code, PAM_SUCCESS, PAM_IGNORE, PAM_SESSION_ERR));
	/* Something was said. */
	MUST(code != PAM_SESSION_ERR || handle->errors + handle->about_conf > errors);
	code = any_call(handle, pam_sm_close_session, argc, argv);
	MUST(ONE_OF(code, PAM_SUCCESS, PAM_SESSION_ERR));
}

static int ask_loader(enum loader_task task, const char *user)
{
	const struct loader_request request = {.task = task, .user = user};
	struct loader_record record;
	struct reason why = {0};
	int r = loader_ask(&request, deadline_in(TIMEOUT), &record, &why);

	MUST(r == 0 || *why.text);
	check_rings();
	return r;
}

/* Another revision is stored, and the ring told. */
void scene_rotate(void)
{
	set_revision(1 - scene.revision);
	ask_loader(LOADER_LOAD, AGENT_NAME);
}

void scene_sweep(void)
{
	ask_loader(LOADER_SWEEP, NULL);
}

void scene_end(struct pam_handle *handles, size_t count)
{
	struct pam_handle last = {.user = AGENT_NAME};

	chance_one_in(0);
	calls_loader_fate(FATE_WORKS, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		if (handles[i].data)
			MUST(scene_close(&handles[i], 0, NULL) == PAM_SUCCESS);
		pam_side_end(&handles[i]);
	}
	/* Where a close failed, the record is dead when the process is: they all end now. */
	remove_all(PATH_SESSIONS "/" AGENT_NAME);
	MUST(ask_loader(LOADER_SWEEP, NULL) == 0);
	MUST(!kernel_in_user(AGENT_UID, RING));
	kernel_host_session(0);
	/* No key of the agent's is left, in nobody's keyrings. */
	MUST(kernel_count(RING_PREFIX) == 0);
	MUST(scene_account(&last, 0, NULL) == PAM_SUCCESS);
	MUST(scene_open(&last, 0, NULL) == PAM_SUCCESS);
	MUST(holds(kernel_in_session(RING), scene.revision));
	MUST(scene_close(&last, 0, NULL) == PAM_SUCCESS);
	MUST(kernel_count(RING_PREFIX) == 0);
	MUST(calls_blocks() == scene.blocks);
}
