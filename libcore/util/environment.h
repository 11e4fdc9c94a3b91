/* SPDX-License-Identifier: MIT */
/*
 * The variables that carry tokens. A wrapper takes all of them out of its environment before it puts in
 * the one that its program needs: what it inherited is somebody else's, and whatever it hands on reaches
 * every command that a model runs.
 */
#ifndef RAVI_ENVIRONMENT_H
#define RAVI_ENVIRONMENT_H

/* Takes them out of this process's environment: 0 or -ENOMEM. */
int environment_drop_tokens(void);

#endif
