/* SPDX-License-Identifier: MIT */
/* ravi identity trust: whom this machine believes about an identity that it has never seen. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "commands.h"
#include "config/paths.h"
#include "context.h"
#include "line.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/report.h"
#include "util/text.h"

#define TRUSTED_FILE_MAX (256 << 10) /* bytes; what vault_trust_read takes */

struct trust_values {
	const char *min_revision;
	bool json;
};

const struct option_row trust_options[] = {
    {.name = "min-revision",
	.kind = OPTION_TEXT,
	.argument = "N",
	.offset = offsetof(struct trust_values, min_revision),
	.help = "refuse a first document that is older than revision N"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct trust_values, json),
	.help = "print JSON"},
    {0},
};

/* Under the lock: another one may be writing the same file. */
static int write_line(
    const char *identity, const struct signer *signer, uint64_t min_revision, struct reason *why)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = TRUSTED_FILE_MAX};
	const char *name = strrchr(PATH_TRUSTED, '/') + 1;
	fd_auto lock = agent_lock(why);
	fd_auto dir = -1;
	buf_auto text = {0};
	int r;

	if (lock < 0)
		return lock;
	dir = dir_open(AT_FDCWD, RAVI_CONFDIR, 0, why);
	if (dir < 0)
		return dir == -ENOENT
			   ? reason_set(why, dir, RAVI_CONFDIR " is missing; run: ravi init")
			   : dir;
	r = file_read(dir, name, &rule, &text, why);
	if (r < 0 && r != -ENOENT)
		return r;
	r = vault_trust_add(&text, identity, signer, min_revision, why);
	if (r < 0)
		return reason_prefix(why, r, PATH_TRUSTED ": ");
	return file_replace(dir, name, 0644, true, text.data, text.len, why);
}

/* From the first document on, the copy held here says who may sign. */
static void note_held(const char *identity, const char *signer)
{
	char path[sizeof(PATH_VAULTS) + IDENTITY_NAME_MAX + 8];

	snprintf(path, sizeof(path), PATH_VAULTS "/%s.age", identity);
	if (access(path, F_OK) == 0)
		cli_note("%s is here already, and its own list says who may sign it; to add to "
			 "that: ravi "
			 "vault signers add %s --identity %s",
		    identity, signer, identity);
}

static int check_arguments(const struct trust_values *values, int argc, char **argv,
    struct signer *signer, uint64_t *min_revision)
{
	struct enrolment enrolment;
	struct reason why = {0};
	buf_auto line = {0};
	bool whole;

	if (identity_name_check(argv[0], &why) < 0)
		return cli_usage("%s", why.text);
	*min_revision = 0;
	if (values->min_revision &&
	    text_number(values->min_revision, 10, 1, VAULT_REVISION_MAX, min_revision) < 0)
		return cli_usage("--min-revision takes a number from 1 to 2^53 - 1");
	if (line_read(argc - 1, argv + 1, &line, &why) < 0)
		return cli_fail(-EIO, &why);
	if (enrolment_signer(buf_text(&line), &enrolment, &whole, &why) < 0)
		return cli_usage("%s", why.text);
	*signer = enrolment.signer;
	return EXIT_DONE;
}

int run_identity_trust(void *opaque, int argc, char **argv)
{
	const struct trust_values *values = opaque;
	report_auto out = report_begin(values->json, 0);
	char name[SIGNER_TEXT];
	struct reason why = {0};
	struct signer signer;
	uint64_t min_revision;
	int r = context_need_root("say whom this machine trusts", &why), code;

	if (r < 0)
		return cli_fail(r, &why);
	code = check_arguments(opaque, argc, argv, &signer, &min_revision);
	if (code != EXIT_DONE)
		return code;
	signer_format(&signer, name);
	r = write_line(argv[0], &signer, min_revision, &why);
	audit("identity-trust", context_result(r), "identity", argv[0], "signer", name, "by",
	    context_uid().text, NULL);
	if (r < 0)
		return context_fail(r, &why);
	report_say(&out, "%s: documents signed by %s are taken as its first here", argv[0], name);
	jsonout_text(&out.j, "status", "trusted");
	jsonout_text(&out.j, "identity", argv[0]);
	jsonout_text(&out.j, "signer", name);
	jsonout_number(&out.j, "min_revision", (int64_t)min_revision);
	note_held(argv[0], name);
	return report_print(&out) < 0 ? EXIT_FAILED : EXIT_DONE;
}
