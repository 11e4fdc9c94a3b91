/* SPDX-License-Identifier: MIT */
/* ravi doctor on the machine around: swap, clock, /run, units and the broker. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "audit/verify.h"
#include "config/paths.h"
#include "doctor.h"
#include "swap.h"
#include "util/cleanup.h"
#include "util/when.h"

#define SYSTEMCTL   "/usr/bin/systemctl"
#define TIMEDATECTL "/usr/bin/timedatectl"

/* ---- swap ---- */

static void report_swap(void *opaque, const char *name)
{
	struct doctor *d = opaque;

	doctor_warn(d, name,
	    "swap that is not encrypted: tokens in the memory of programs, and codex's login on "
	    "tmpfs, can "
	    "get onto the disk");
	doctor_remedy(d,
	    "swapoff %s, and encrypt it (crypttab(5), with a random key) or use zram; take it out "
	    "of "
	    "/etc/fstab until then",
	    name);
}

static void check_swap(struct doctor *d)
{
	struct reason why = {0};

	if (swap_each_plain("/proc/swaps", "/sys", report_swap, d, &why) < 0) {
		doctor_warn(d, "/proc/swaps", "%s", why.text);
		doctor_remedy(d, "mount -t proc proc /proc");
	}
}

/* ---- clock ---- */

struct newest {
	struct doctor *doctor;
	time_t when;
	char name[IDENTITY_NAME_MAX + 1];
};

static int look_at_times(void *opaque, const char *name)
{
	struct newest *newest = opaque;
	vault_auto vault = NULL;

	if (machine_vault(&newest->doctor->machine, name, NULL, &vault, NULL) == 0 &&
	    vault_updated(vault) > newest->when) {
		newest->when = vault_updated(vault);
		strcpy(newest->name, name);
	}
	return 0;
}

static void check_clock(struct doctor *d)
{
	static const char *const argv[] = {
	    TIMEDATECTL, "show", "--property=NTPSynchronized", "--value", NULL};
	struct newest newest = {.doctor = d};
	char now_text[WHEN_TEXT], then[WHEN_TEXT], said[256];
	time_t now = time(NULL);
	struct stat st;

	if (d->opened)
		store_directory.list(d->machine.store, look_at_times, &newest, NULL);
	when_format(now, now_text);
	if (newest.when > now) {
		when_format(newest.when, then);
		doctor_bad(d, "clock", "it says %s, and the vault of %s was changed %s", now_text,
		    newest.name, then);
		doctor_remedy(d, "set the clock: date -s, or timedatectl set-ntp true");
	} else if (stat(PATH_LOADER, &st) == 0 && st.st_mtime > now) {
		when_format(st.st_mtime, then);
		doctor_bad(d, "clock", "it says %s, and ravi-load was built %s", now_text, then);
		doctor_remedy(d, "set the clock: date -s, or timedatectl set-ntp true");
	}
	/* In a container the clock is the host's. */
	if (!doctor_has_systemd() || access("/run/systemd/container", F_OK) == 0 ||
	    access(TIMEDATECTL, X_OK) < 0)
		return;
	if (doctor_run(argv, said, sizeof(said)) == 0 && !strncmp(said, "no", 2)) {
		doctor_warn(d, "clock", "it is not synchronised: secrets expire by it");
		doctor_remedy(d, "timedatectl set-ntp true");
	}
}

/* ---- /run ---- */

/* What lies on disk there outlives a boot, and codex's login gets onto the disk. */
static void check_run(struct doctor *d)
{
	struct statfs st;
	struct stat homes, run;

	if (statfs(RAVI_RUNDIR, &st) < 0)
		return;
	if (st.f_type != TMPFS_MAGIC && st.f_type != RAMFS_MAGIC) {
		doctor_bad(d, RAVI_RUNDIR,
		    "it is not on tmpfs: codex's logins get onto the disk, and records outlive a "
		    "boot");
		doctor_remedy(d, "mount -t tmpfs tmpfs /run at boot");
	}
	if (doctor_has_systemd() && stat(PATH_HOMES, &homes) == 0 && stat(RAVI_RUNDIR, &run) == 0 &&
	    homes.st_dev == run.st_dev) {
		doctor_warn(d, PATH_HOMES, "an agent can fill /run with what it puts there");
		doctor_remedy(d, "systemctl enable --now run-ravi-home.mount, which waits for the "
				 "next boot while "
				 "agents are logged in");
	}
}

/* ---- units ---- */

static bool unit_is(const char *question, const char *unit)
{
	const char *const argv[] = {SYSTEMCTL, question, "--quiet", unit, NULL};
	char said[64];

	return doctor_run(argv, said, sizeof(said)) == 0;
}

static void check_units(struct doctor *d)
{
	if (!doctor_has_systemd()) {
		doctor_ok(d, NULL, "systemd does not run this machine");
		return;
	}
	if (!unit_is("is-enabled", "ravi-sweep.timer") ||
	    !unit_is("is-active", "ravi-sweep.timer")) {
		doctor_warn(d, "ravi-sweep.timer",
		    "it does not run: rings of sessions that were killed live until the next "
		    "login");
		doctor_remedy(d, "systemctl enable --now ravi-sweep.timer");
	}
	if (unit_is("is-enabled", "ravi-broker.socket") &&
	    !unit_is("is-active", "ravi-broker.socket")) {
		doctor_bad(d, "ravi-broker.socket",
		    "it is enabled and does not run: agents cannot store secrets");
		doctor_remedy(d, "systemctl restart ravi-broker.socket");
	}
}

static void check_broker(struct doctor *d)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PATH_BROKER_SOCKET};
	fd_auto fd = -1;

	if (access(PATH_BROKER_SOCKET, F_OK) < 0) {
		doctor_ok(d, NULL, "no broker is set up: agents cannot store secrets themselves");
		return;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* EAGAIN: it is busy with others. */
	if (fd >= 0 &&
	    (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN))
		return;
	doctor_bad(d, PATH_BROKER_SOCKET, "nobody listens: agents cannot store secrets (%s)",
	    strerror(errno));
	doctor_remedy(d, doctor_has_systemd() ? "systemctl restart ravi-broker.socket"
					      : "start it again: " PATH_BROKER " --listen");
}

/* ---- audit trail ---- */

/* With a new host key every checkpoint there is has become one: they are one thing that is wrong. */
static void say_unsigned(struct doctor *d, const struct audit_report *report)
{
	const struct audit_finding *first = NULL;

	for (size_t i = report->count; i-- > 0;)
		if (report->findings[i].kind == AUDIT_UNSIGNED)
			first = &report->findings[i];
	if (!first)
		return;
	if (report->unsigned_checkpoints)
		doctor_bad(d, PATH_AUDIT,
		    "%" PRIu64 " of the %" PRIu64
		    " checkpoints of the audit trail are signed by another key than this machine's "
		    "host key",
		    report->unsigned_checkpoints, report->checkpoints);
	else
		doctor_bad(
		    d, first->file, "the audit trail is not as it was written: %s", first->text);
	doctor_remedy(d, "where the host key was replaced: ravi audit restart; else first compare "
			 "the trail with a copy or with syslog, and ask who was root");
}

static void check_audit(struct doctor *d)
{
	struct audit_report report = {0};
	struct reason why = {0};
	int r;

	/* The host key signs it; that it is missing is said elsewhere. */
	if (!d->opened)
		return;
	r = audit_verify(&audit_machine_trail, d->machine.host.signer.key, &report, &why);
	if (r == -ENOENT) {
		doctor_warn(
		    d, PATH_AUDIT, "there is no audit trail: nobody can tell what happened");
		doctor_remedy(d, "ravi init");
	} else if (r < 0) {
		doctor_bad(d, PATH_AUDIT, "it cannot be read: %s", why.text);
		doctor_remedy(d, "ravi audit verify");
	}
	if (r == 0)
		say_unsigned(d, &report);
	for (size_t i = 0; r == 0 && i < report.count; i++) {
		if (report.findings[i].kind == AUDIT_UNSIGNED)
			continue;
		doctor_bad(d, report.findings[i].file,
		    "the audit trail is not as it was written: %s", report.findings[i].text);
		doctor_remedy(d, "compare it with a copy or with syslog, ask who was root, then: "
				 "ravi audit restart");
	}
}

const struct doctor_check doctor_system[] = {
    {"system-swap", "no swap is open to who has the disk", check_swap},
    {"system-clock", "the clock is right, as far as can be told", check_clock},
    {"system-run", "/run is on tmpfs, and no agent can fill it", check_run},
    {"system-units", "the units run", check_units},
    {"system-broker", "the broker answers", check_broker},
    {"system-audit", "the audit trail is as it was written", check_audit},
    {0},
};
