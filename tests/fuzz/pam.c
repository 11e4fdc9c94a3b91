/* SPDX-License-Identifier: MIT */
/*
 * The whole of pam_sm_open_session, and what comes before and after it, on a machine whose files and whose
 * loader say anything. The bytes are parted by lines "%%": the arguments of the PAM line, one a line;
 * ravi.conf; the entry of the agent; the record of its ring; what the loader says (empty: it is the real one);
 * and the rest decides what fails (chance.h).
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "chance.h"
#include "config/paths.h"
#include "fuzz.h"
#include "scene.h"

#define PARTS    6
#define ARGS_MAX 8
#define MARK     "\n%%\n"

struct part {
	const uint8_t *data;
	size_t size;
};

static void take_apart(const uint8_t *data, size_t size, struct part parts[PARTS])
{
	for (size_t i = 0; i < PARTS; i++) {
		const uint8_t *mark =
		    i + 1 < PARTS && size ? memmem(data, size, MARK, sizeof(MARK) - 1) : NULL;

		parts[i].data = data;
		parts[i].size = mark ? (size_t)(mark - data) : size;
		data += parts[i].size + (mark ? sizeof(MARK) - 1 : 0);
		size -= parts[i].size + (mark ? sizeof(MARK) - 1 : 0);
	}
}

static int make_arguments(const struct part *part, struct buf *text, const char *argv[ARGS_MAX])
{
	char *cursor, *word;
	int argc = 0;

	fuzz_text(part->data, part->size, text);
	cursor = text->data;
	/* A timeout of another length would be another promise. */
	while (argc < ARGS_MAX && (word = strsep(&cursor, "\n")))
		if (*word && strncmp(word, "timeout", 7) != 0)
			argv[argc++] = word;
	return argc;
}

static void set_file(const char *path, const struct part *part)
{
	if (part->size)
		scene_file(path, part->data, part->size);
}

static void make_once(void)
{
	static bool made;

	if (made)
		return;
	scene_make();
	atexit(scene_unmake);
	made = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pam_handle handle = {.user = AGENT_NAME}, human = {.user = HUMAN_NAME};
	const char *argv[ARGS_MAX];
	struct part parts[PARTS];
	buf_auto text = {0};
	int argc;

	/* A line "timeout" in ravi.conf, too. */
	if (size && memmem(data, size, "timeout", 7))
		return 0;
	make_once();
	scene_reset();
	take_apart(data, size, parts);
	argc = make_arguments(&parts[0], &text, argv);
	set_file(PATH_CONF, &parts[1]);
	set_file(PATH_AGENTS "/" AGENT_NAME, &parts[2]);
	scene_ring_record(parts[3].data, parts[3].size);
	if (parts[4].size)
		calls_loader_fate(
		    FATE_BABBLES, parts[4].data, parts[4].size < 4096 ? parts[4].size : 4096);
	chance_bytes(parts[5].data, parts[5].size);
	chance_one_in(parts[5].size ? 16 : 0);
	scene_any_open(&handle, argc, argv);
	scene_any_open(&human, argc, argv);
	chance_one_in(0);
	pam_side_end(&handle);
	pam_side_end(&human);
	return 0;
}
