/* SPDX-License-Identifier: MIT */
/* The keys of the fuzz targets: always the same, for the corpora are sealed to them. */
#ifndef RAVI_FIXED_HOST_H
#define RAVI_FIXED_HOST_H

#include "vault/host.h"

#define FUZZ_IDENTITY "AGE-SECRET-KEY-1FJ4XEWCM42PM66CA9YXJUKF4XMA52Y246VU034LEGPKMXVLE7Z3SGHC86C"

/* That identity, and the signer of the seed 0, 1, 2 ... 31. */
const struct host *fuzz_host(void);

#endif
