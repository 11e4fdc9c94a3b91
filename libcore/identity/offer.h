/* SPDX-License-Identifier: MIT */
/* Names that a command line may go on with, for the shells' completions: a line each, nothing when unknown. */
#ifndef RAVI_OFFER_H
#define RAVI_OFFER_H

#include "util/buf.h"

/* The identities that the calling user carries; where that is no agent, all of this machine. */
void offer_identities(struct buf *out);

/* The OS users that are agents. */
void offer_agents(struct buf *out);

#endif
