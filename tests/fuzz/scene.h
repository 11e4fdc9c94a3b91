/* SPDX-License-Identifier: MIT */
/*
 * One machine with one agent, made up: its host key, its vault in two revisions, logins of the agent and of
 * somebody else, rotations, sweeps; and what must hold after each, whatever failed meanwhile.
 */
#ifndef RAVI_FUZZ_SCENE_H
#define RAVI_FUZZ_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "pam-side.h"

/* Once: makes keys and vaults in a folder of its own. */
void scene_make(void);
void scene_unmake(void);

/* As after a boot: no session, no ring, the vault's first revision. */
void scene_reset(void);

/* A file of the machine in another state; NULL: none. Paths as in config/paths.h. */
void scene_file(const char *path, const void *data, size_t size);

/* /run/ravi/rings of the agent; size 0: none. */
void scene_ring_record(const void *data, size_t size);

/*
 * account, open and close where the machine's files may say anything: what the module returns is one of what it
 * may return, and the host is as it was.
 */
void scene_any_open(struct pam_handle *handle, int argc, const char **argv);

/* Each calls the module, or the loader, and then looks at everything. */
int scene_account(struct pam_handle *handle, int argc, const char **argv);
int scene_open(struct pam_handle *handle, int argc, const char **argv);
int scene_close(struct pam_handle *handle, int argc, const char **argv);
int scene_refresh(struct pam_handle *handle, int argc, const char **argv);
void scene_rotate(void);
void scene_sweep(void);

/*
 * Nothing fails any more: the sessions of these handles close, the sweep runs, and then no key of the agent's
 * is left; a login after that works as on the first day.
 */
void scene_end(struct pam_handle *handles, size_t count);

#endif
