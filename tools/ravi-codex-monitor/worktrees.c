/* SPDX-License-Identifier: MIT */
/* Which of the daemon's worktrees is bound to which identity, and binding those that are named after one. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "choice/worktree.h"
#include "monitor.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/jsonout.h"
#include "util/process.h"
#include "util/spawn.h"
#include "util/table.h"

#define GIT_CONFIG   RAVI_BINDIR "/ravi-git-config"
#define BIND_SECONDS 30

/* One line of the report. */
struct workspace {
	const char *name, *kind, *path;
	const char *branch; /* NULL: none */
	bool is_bound;
	struct worktree_binding binding;
	char trouble[REASON_MAX]; /* "": none */
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The identity that the workspace is named after: by its name, or by its folder's. NULL: none. */
static const char *namesake(const struct ring *ring, const struct workspace *w)
{
	const char *const names[] = {w->name, last_part(w->path)};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ring_profile_auto profile = {0};

		if (identity_name_check(names[i], NULL) == 0 &&
		    ring_read_profile(ring, names[i], &profile, NULL) == 0)
			return names[i];
	}
	return NULL;
}

static void look(struct workspace *w)
{
	char git[PATH_MAX];
	struct reason why = {0};
	int r;

	snprintf(git, sizeof(git), "%s/.git", w->path);
	if (access(git, F_OK) < 0) {
		snprintf(w->trouble, sizeof(w->trouble), "%s is no git worktree", w->path);
		return;
	}
	r = worktree_find(git, &w->binding, &why);
	w->is_bound = r > 0;
	if (r < 0)
		snprintf(w->trouble, sizeof(w->trouble), "%s", why.text);
}

static void bind_to(struct workspace *w, const char *identity)
{
	const char *const argv[] = {
	    "ravi-git-config", "bind", w->path, "--identity", identity, NULL};
	struct spawn what = {.path = GIT_CONFIG,
	    .argv = argv,
	    .envp = (const char *const *)environ,
	    .input = -1,
	    .with_errors = true};
	char said[REASON_MAX] = "";
	size_t len;
	int status;
	int r = spawn_collect(
	    &what, deadline_in(BIND_SECONDS * 1000), said, sizeof(said) - 1, &len, &status);

	said[len] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (r < 0)
		snprintf(w->trouble, sizeof(w->trouble), GIT_CONFIG ": %s", strerror(-r));
	else if (status != 0)
		snprintf(w->trouble, sizeof(w->trouble), "%s", said);
	else
		look(w);
}

static void add_row(struct table *table, const struct workspace *w)
{
	table_add(table, w->name);
	table_add(table, w->kind);
	table_add(table, w->is_bound ? w->binding.identity : NULL);
	table_add(table, w->path);
	table_add(table, w->trouble);
}

static void add_json(struct jsonout *j, const struct workspace *w)
{
	jsonout_open(j, NULL, '{');
	jsonout_text(j, "name", w->name);
	jsonout_text(j, "kind", w->kind);
	jsonout_text(j, "path", w->path);
	jsonout_text(j, "branch", w->branch);
	jsonout_text(j, "identity", w->is_bound ? w->binding.identity : NULL);
	jsonout_text(j, "trouble", *w->trouble ? w->trouble : NULL);
	jsonout_close(j, '}');
}

static bool read_workspace(const json_t *entry, struct workspace *w)
{
	*w = (struct workspace){
	    .name = json_string_value(json_object_get(entry, "name")),
	    .kind = json_string_value(json_object_get(entry, "kind")),
	    .path = json_string_value(json_object_get(entry, "path")),
	    .branch =
		json_string_value(json_object_get(json_object_get(entry, "worktree"), "branch")),
	};
	if (!w->kind)
		w->kind = "main";
	return w->name && w->path && *w->path == '/';
}

/* Goes through workspaces.json, binds what is to be bound, and reports. */
static int go_through(const struct monitor *m, const json_t *workspaces, const struct ring *ring,
    struct table *table, struct jsonout *j)
{
	const json_t *entry;
	bool trouble = false;
	size_t i;

	json_array_foreach(workspaces, i, entry)
	{
		struct workspace w;
		const char *identity;

		if (!read_workspace(entry, &w))
			continue;
		look(&w);
		identity = m->bind && !*w.trouble ? namesake(ring, &w) : NULL;
		/* A binding to another says nothing: git gives a new worktree the main one's. */
		if (identity && !(w.is_bound && strcmp(w.binding.identity, identity) == 0))
			bind_to(&w, identity);
		trouble = trouble || *w.trouble;
		add_row(table, &w);
		add_json(j, &w);
	}
	return trouble ? EXIT_FAILED : EXIT_DONE;
}

int monitor_worktrees(void *values, int argc, char **argv)
{
	table_auto table = table_make("NAME", "KIND", "IDENTITY", "FOLDER", "TROUBLE", NULL);
	const struct monitor *m = values;
	json_auto_t *workspaces = NULL;
	char data_dir[PATH_MAX];
	struct reason why = {0};
	jsonout_auto j = {0};
	struct ring ring;
	int r = process_expect_children(), status;

	(void)argc, (void)argv;
	if (r == 0)
		r = ring_find(&ring, &why);
	if (r == 0)
		r = monitor_data_dir(m, data_dir, &why);
	if (r == 0)
		r = monitor_read_json(data_dir, "workspaces.json", &workspaces, &why);
	if (r == 0 && !workspaces)
		r = reason_set(&why, -ENOENT,
		    "%s/workspaces.json is not there: the daemon has no workspaces yet, or another "
		    "--data-dir",
		    data_dir);
	if (r < 0)
		return cli_fail(r, &why);
	jsonout_open(&j, NULL, '[');
	status = go_through(m, workspaces, &ring, &table, &j);
	jsonout_close(&j, ']');
	r = m->json ? jsonout_print(&j) : table_print(&table);
	return r < 0 ? cli_fail(r, NULL) : status;
}
