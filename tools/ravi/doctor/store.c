/* SPDX-License-Identifier: MIT */
/* ravi doctor on vaults that are at home at a service: are their copies here kept in line with it? */
#include <config.h>

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/paths.h"
#include "doctor.h"
#include "machine/wallet.h"
#include "sync/base.h"
#include "sync/state.h"
#include "util/cleanup.h"
#include "util/when.h"

static bool runs(const char *unit)
{
	const char *const argv[] = {"/usr/bin/systemctl", "is-active", "--quiet", unit, NULL};
	char said[64];

	return doctor_run(argv, said, sizeof(said)) == 0;
}

static void check_module(struct doctor *d)
{
	char path[PATH_MAX];

	if (!conf_has_remote_store(&d->conf)) {
		doctor_ok(d, NULL, "the vaults are at home on this machine");
		return;
	}
	snprintf(path, sizeof(path), "%s/store_%s.so", PATH_STORE_MODULES, d->conf.store);
	if (strchr(d->conf.store, '/') || access(path, R_OK) < 0) {
		doctor_bad(d, PATH_CONF,
		    "store = %.40s: there is no such store, so no change leaves this machine",
		    d->conf.store);
		doctor_remedy(d, "store = service or directory in " PATH_CONF);
	}
	if (!d->conf.service_url) {
		doctor_bad(d, PATH_CONF, "store = %.40s, and no service is configured", d->conf.store);
		doctor_remedy(d, "ravi init --service https://api.ravi.id");
	}
}

static void check_units(struct doctor *d)
{
	if (!conf_has_remote_store(&d->conf))
		return;
	if (!doctor_has_systemd() || runs("ravi-sync.timer") || runs("ravi-sync-watch.service"))
		return;
	doctor_warn(d, "ravi-sync.timer",
	    "it does not run: what others change at the service comes here with a login alone");
	doctor_remedy(d, "systemctl enable --now ravi-sync.timer ravi-sync.path");
}

struct copies {
	struct doctor *d;
	struct wallet wallet;
};

/* Whether this machine has a key for it at the service. Where that is not to be seen, other checks say so. */
static bool is_at_home_there(
    const struct copies *copies, const char *identity, char uuid[VAULT_UUID_TEXT])
{
	char name[SECRET_NAME_MAX + 1];
	buf_auto key = {0};
	vault_auto vault = NULL;

	if (machine_vault(&copies->d->machine, identity, NULL, &vault, NULL) < 0)
		return true;
	snprintf(uuid, VAULT_UUID_TEXT, "%s", vault_uuid(vault));
	wallet_name(WALLET_IDENTITY, uuid, name);
	return wallet_get(&copies->wallet, name, copies->d->conf.service_url, &key, NULL) == 0;
}

static int look_at_copy(void *opaque, const char *identity)
{
	struct copies *copies = opaque;
	struct doctor *d = copies->d;
	char uuid[VAULT_UUID_TEXT];
	buf_auto trouble = {0};
	char age[64];
	int64_t seconds;

	/* Never compared: at home here, or made a moment ago. */
	if (base_age(identity, &seconds, NULL) < 0)
		return 0;
	when_describe_ago(seconds, age, sizeof(age));
	if (!is_at_home_there(copies, identity, uuid)) {
		doctor_warn(d, identity,
		    "its copy was compared with the service %s, and this machine has no key "
		    "for it "
		    "there now: nothing comes from there, and what is changed here stays here",
		    age);
		doctor_remedy(d, "ravi identity adopt %s", uuid);
	} else if (seconds > d->conf.offline_max) {
		doctor_bad(d, identity,
		    "its copy was compared with the service %s: offline_max is over, and logins "
		    "fail",
		    age);
		doctor_remedy(d, "ravi sync --identity %s", identity);
	} else if (state_read(identity, STATE_TROUBLE, &trouble) == 0) {
		doctor_warn(d, identity, "its copy of %s serves: %s", age, buf_text(&trouble));
		doctor_remedy(d, "ravi sync --identity %s", identity);
	}
	return 0;
}

static void check_copies(struct doctor *d)
{
	struct copies copies = {.d = d};
	struct reason why = {0};
	int r;

	if (!d->opened || !conf_has_remote_store(&d->conf))
		return;
	r = wallet_open(&d->machine, &copies.wallet, &why);
	if (r < 0)
		doctor_bad(d, PATH_HOST_VAULT, "%s", why.text);
	else if (store_directory.list(d->machine.store, look_at_copy, &copies, &why) < 0)
		doctor_bad(d, PATH_VAULTS, "%s", why.text);
	wallet_close(&copies.wallet);
}

const struct doctor_check doctor_store[] = {
    {"store-module", "the store that ravi.conf names is there", check_module},
    {"store-units", "copies of vaults are kept in line with the service", check_units},
    {"store-copies", "the service was reached about every copy", check_copies},
    {0},
};
