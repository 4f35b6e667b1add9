/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs export */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "cli/desk.h"
#include "cli/say.h"
#include "cli/text.h"
#include "model/exchange.h"

#define ARENA_MAX ((size_t)8 << 30)
#define OUTPUT_MAX ((size_t)4 << 30)
#define QUESTION_MAX 65536

struct export {
	struct session_options options;
	const char *output;
	bool all;
	struct desk desk;
	struct arena *arena;
	const struct json **docs;
	size_t count, room;
	size_t groups;
};

static void export_fini(struct export *x)
{
	free(x->docs);
	desk_fini(&x->desk);
	arena_free(x->arena);
}

static enum wk_status keep(struct export *x, const struct json *doc)
{
	struct json *copy = json_copy(x->arena, doc);

	if (!copy)
		return WK_NOMEM;
	if (x->count == x->room) {
		size_t room = x->room ? 2 * x->room : 1024;
		const struct json **grown = reallocarray(x->docs, room, sizeof(const struct json *));

		if (!grown)
			return WK_NOMEM;
		x->docs = grown;
		x->room = room;
	}
	x->docs[x->count++] = copy;
	return WK_OK;
}

/* One page; *from is the next one's start, -1 after the last. */
static int read_page(struct export *x, struct bytes group, int64_t *from)
{
	SCOPED(buf_fini) struct buf question = BUF_INIT(QUESTION_MAX);
	const struct json *answer = NULL, *docs;
	bool more = false;
	enum wk_status st = buf_append_str(&question, "{\"op\":\"export\",\"group\":");
	int code;

	if (st == WK_OK)
		st = json_write_string(group, &question);
	if (st == WK_OK)
		st = buf_printf(&question, ",\"from\":%lld}", (long long)*from);
	if (st != WK_OK)
		return say_status(st, "ask for the workspace");
	code = desk_ask(&x->desk, buf_bytes(&question), "read the workspace", &answer);
	if (code != SAY_DONE)
		return code;
	docs = json_get(answer, "docs");
	if (!docs || docs->type != JSON_ARRAY || !json_get_bool(answer, "more", &more) ||
	    !json_get_int64(answer, "next", from))
		return say_status(WK_CORRUPT, "read the workspace");
	for (uint32_t i = 0; i < docs->count; i++)
		if (keep(x, &docs->items[i]) != WK_OK)
			return say_status(WK_NOMEM, "hold the workspace");
	if (!more)
		*from = -1;
	return SAY_DONE;
}

static int read_group(struct export *x, struct bytes group)
{
	int64_t from = 0;
	int code = SAY_DONE;

	while (code == SAY_DONE && from >= 0)
		code = read_page(x, group, &from);
	x->groups++;
	return code;
}

static int read_all(struct export *x)
{
	const struct json *answer = NULL, *groups;
	struct json *kept;
	int code = desk_ask(&x->desk, bytes_str("{\"op\":\"status\"}"), "list the workspaces",
			    &answer);

	if (code != SAY_DONE)
		return code;
	groups = json_get(json_get(answer, "status"), "groups");
	kept = groups && groups->type == JSON_ARRAY ? json_copy(x->arena, groups) : NULL;
	if (!kept)
		return say_status(WK_CORRUPT, "list the workspaces");
	for (uint32_t i = 0; i < kept->count && code == SAY_DONE; i++) {
		int64_t documents = 0;

		(void)json_get_int64(&kept->items[i], "documents", &documents);
		if (documents > 0)
			code = read_group(x, json_get_str(&kept->items[i], "id"));
	}
	return code;
}

static int write_out(struct export *x)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(OUTPUT_MAX);
	char shown[TEXT_MAX], docs[64], groups[64];
	enum wk_status st = exchange_write(x->arena, x->docs, x->count, clock_wall_ms(), &text);

	if (st != WK_OK)
		return say_status(st, "write the export");
	st = x->output ? files_write(x->output, buf_bytes(&text), 0600)
		       : files_write_fd(STDOUT_FILENO, buf_bytes(&text));
	(void)text_path(x->output ? x->output : "standard output", shown);
	if (st != WK_OK)
		return say_status(st, "write %s", shown);
	say_note("Wrote %s of %s to %s, NOT encrypted: keep it as you keep a secret.",
		 text_count(x->count, "document", docs), text_count(x->groups, "workspace", groups),
		 shown);
	return SAY_DONE;
}

int export_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(export_fini) struct export x = {
		.options = SESSION_OPTIONS_INIT, .desk = DESK_INIT,
	};
	const struct option_entry entries[] = {
		{ 0, "all", NULL, "every workspace", &x.all, NULL, NULL },
		{ 'O', "output", "FILE", "write FILE (mode 0600), not standard output", NULL,
		  &x.output, NULL },
		SESSION_ENTRY_ACCOUNT(&x.options),
		SESSION_ENTRY_SERVER(&x.options),
		SESSION_ENTRIES_PASSPHRASE(&x.options),
	};
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	if (x.all == (operands.count == 1)) {
		say_error("give one workspace, or --all.  See: wakefs export --help");
		return SAY_USAGE;
	}
	x.arena = arena_new(ARENA_MAX);
	if (!x.arena)
		return say_status(WK_NOMEM, "hold the workspace");
	code = desk_open(&x.options, "export", &x.desk);
	if (code == SAY_DONE)
		code = x.all ? read_all(&x) : read_group(&x, bytes_str(operands.items[0]));
	return code == SAY_DONE ? write_out(&x) : code;
}
