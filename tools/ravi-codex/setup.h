/* SPDX-License-Identifier: MIT */
/* What codex's config.toml should say, so that tokens stay out of files and out of what models run. */
#ifndef RAVI_SETUP_H
#define RAVI_SETUP_H

#include <stdbool.h>

#include "place.h"
#include "toml.h"

/* Ended by a NULL section. */
extern const struct toml_setting setup_settings[];

/* config.toml of CODEX_HOME, which is open: 0, with nothing in it when there is none; -errno. */
int setup_read(const struct place *place, struct buf *text, struct reason *why);

/* Whether it has codex keep its login elsewhere than in auth.json, which codex then does not even look at. */
bool setup_keeps_elsewhere(const struct buf *text);

#endif
