/* SPDX-License-Identifier: MIT */
/* The write itself: see write.h. */
#include <config.h>

#include <errno.h>
#include <time.h>

#include "machine/grow.h"
#include "machine/policy.h"
#include "sync/wanted.h"
#include "write.h"

static int set(struct writing *writing, struct vault *vault, struct reason *why)
{
	const struct broker_request *request = writing->request;
	const struct grow grow = {
	    .change =
		{
		    .name = request->name,
		    .value = request->value.data,
		    .len = request->value.len,
		    .expires = request->expires,
		    .note = request->has_note ? buf_text(&request->note) : NULL,
		    .keep = (unsigned)writing->conf->keep,
		    .by_agent = true,
		    .by = writing->agent->user,
		},
	    .base = request->base,
	    .from_none = request->has_base && !request->base,
	};
	time_t now = time(NULL);
	uint64_t version;
	int r;

	/* Whoever names no version means what it says, were it the same value with another expiry. */
	if (!request->has_base)
		return vault_set(vault, &grow.change, now, why);
	r = grow_vault(vault, &grow, now, &version, &writing->is_kept, why);
	if (r != -ESTALE)
		return r;
	/* For machine_update -ESTALE is a race that another try wins; this one none wins. */
	writing->stale = *why;
	writing->is_stale = true;
	return writing->is_kept ? 0 : 1;
}

static int change(void *opaque, struct vault *vault, struct reason *why)
{
	struct writing *writing = opaque;
	const struct broker_request *request = writing->request;
	vault_secret_auto current = {0};
	int r, has;

	writing->is_stale = false;
	if (vault_state(vault) != AGENT_ACTIVE)
		return reason_set(why, -EACCES, "identity %s is %s", vault_name(vault),
		    agent_state_word(vault_state(vault)));
	has = vault_get(vault, request->name, &current, why);
	if (has < 0 && has != -ENOKEY)
		return has;
	r = policy_check(writing->conf, vault_name(vault), broker_op_word(request->op),
	    request->name, has < 0 || current.by_agent, why);
	if (r < 0)
		return r;
	return request->op == BROKER_DELETE ? vault_delete(vault, request->name, why)
					    : set(writing, vault, why);
}

int write_secret(struct writing *writing, struct deadline deadline, struct reason *why)
{
	vault_secret_auto stored = {0};
	machine_auto machine = {0};
	vault_auto vault = NULL;
	int r = machine_open(&machine, why);

	if (r == 0)
		r = machine_update(&machine, writing->identity, change, writing, &vault, why);
	if (r < 0)
		return r;
	writing->is_stored = !writing->is_stale || writing->is_kept;
	if (writing->is_stored)
		wanted_ask(writing->conf, writing->identity);
	if (vault_get(vault, writing->request->name, &stored, NULL) == 0)
		writing->version = stored.version;
	writing->revision = vault_revision(vault);
	r = machine_refresh(
	    writing->agent->user, conf_reach_word(writing->conf->reach), deadline, why);
	if (r < 0)
		return r;
	return writing->is_stale ? reason_set(why, -ESTALE, "%s", writing->stale.text) : 0;
}
