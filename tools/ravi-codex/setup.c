/* SPDX-License-Identifier: MIT */
/* ravi-codex setup: see setup.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "prepare.h"
#include "setup.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/report.h"

#define CONFIG     "config.toml"
#define CONFIG_MAX (1u << 20) /* bytes */

/*
 * codex 0.169 writes the exported variables of the shell into a file that everybody may read, for as long
 * as a session runs; and hands all of its environment to the commands of the model unless it is told not to.
 */
const struct toml_setting setup_settings[] = {
    {"features", "shell_snapshot", "false"},
    {"shell_environment_policy", "ignore_default_excludes", "false"},
    {0},
};

int setup_read(const struct place *place, struct buf *text, struct reason *why)
{
	const struct file_rule rule = {
	    .owner = geteuid(), .forbidden = FILE_PUBLIC, .max = CONFIG_MAX};
	int r = file_read(place->home_fd, CONFIG, &rule, text, why);

	return r == -ENOENT ? 0 : r;
}

bool setup_keeps_elsewhere(const struct buf *text)
{
	static const struct toml_setting in_file[] = {
	    {"", "cli_auth_credentials_store", "\"file\""},
	    {"", "cli_auth_credentials_store", "'file'"},
	};

	return toml_look(text, &in_file[0]) == TOML_CONFLICT &&
	       toml_look(text, &in_file[1]) == TOML_CONFLICT;
}

static int refuse(const struct place *place, const struct toml_setting *setting, struct reason *why)
{
	return reason_set(why, -EEXIST,
	    "%s/" CONFIG " says something else in [%s]; nothing was changed. The line that it "
	    "should have there: %s = %s",
	    place->home, setting->section, setting->key, setting->value);
}

/* All of them, or nothing. 1: the text was changed. */
static int edit(const struct place *place, struct buf *text, struct reason *why)
{
	int changed = 0;

	if (setup_keeps_elsewhere(text))
		return reason_set(why, -EEXIST,
		    "%s/" CONFIG " has codex keep its login elsewhere than in auth.json, so that "
		    "it finds none; nothing was changed. Take cli_auth_credentials_store out, or "
		    "set it to \"file\"",
		    place->home);
	for (const struct toml_setting *s = setup_settings; s->section; s++) {
		enum toml_state state = toml_look(text, s);
		buf_auto next = {0};

		if (state == TOML_CONFLICT)
			return refuse(place, s, why);
		if (state == TOML_SET)
			continue;
		if (toml_add(text, s, &next) < 0)
			return reason_errno(why, next.error, "editing " CONFIG);
		/* Not so where the file ends within a string: codex does not take that one either. */
		if (toml_look(&next, s) != TOML_SET)
			return refuse(place, s, why);
		buf_move(text, &next);
		changed = 1;
	}
	return changed;
}

static int set_up(struct place *place, const char *identity, struct reason *why)
{
	buf_auto text = {0};
	struct stat st;
	mode_t mode = 0600;
	int r = place_find(place, identity, false, why);

	if (r == -ENORING && !identity)
		r = place_find_home(place, why);
	if (r == 0)
		r = place_open_home(place, deadline_in(PREPARE_MILLISECONDS), why);
	if (r == 0)
		r = setup_read(place, &text, why);
	if (r == 0)
		r = edit(place, &text, why);
	if (r != 1)
		return r;
	if (fstatat(place->home_fd, CONFIG, &st, AT_SYMLINK_NOFOLLOW) == 0)
		mode = st.st_mode & 0777;
	r = file_replace(place->home_fd, CONFIG, mode, true, text.data, text.len, why);
	return r < 0 ? r : 1;
}

int run_setup(void *values, int argc, char **argv)
{
	const struct request *request = values;
	report_auto out = report_begin(request->json, 0);
	place_auto place = PLACE_NONE;
	struct reason why = {0};
	int r;

	(void)argc, (void)argv;
	r = set_up(&place, request->identity, &why);
	if (r < 0)
		return cli_fail(r, &why);
	report_say(&out, "%s/" CONFIG " %s", place.home,
	    r ? "was changed: codex keeps tokens out of snapshots and model commands"
	      : "is as it should be");
	jsonout_text(&out.j, "home", place.home);
	jsonout_bool(&out.j, "changed", r == 1);
	r = report_print(&out);
	return r < 0 ? cli_fail(r, NULL) : EXIT_DONE;
}
