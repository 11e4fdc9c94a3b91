/* SPDX-License-Identifier: MIT */
/* The contract server of tests/contract, started for a test program and told what to do. */
#ifndef RAVI_TEST_CONTRACT_H
#define RAVI_TEST_CONTRACT_H

#include <jansson.h>
#include <stdbool.h>

struct contract; /* one running server */

/* NULL: there is no Node.js or no openssl here. Anything else that goes wrong ends the program. */
struct contract *contract_start(void);
void contract_stop(struct contract *contract);

/* What it printed: "service_url", "management_key", ... */
const char *contract_value(const struct contract *contract, const char *name);

/* A command of its control port, with JSON (NULL: none): what it says. It must take it. */
json_t *contract_tell(const struct contract *contract, const char *command, const char *json);

/* How many requests the log has since it was cleared; those that `path` begins with, NULL for all. */
size_t contract_count(const struct contract *contract, const char *path);

/* Fails the test when a request broke the contract since the log was cleared, and says how. */
void contract_check(const struct contract *contract);

#endif
