/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs stat */
#include <stdio.h>

#include "cli/desk.h"
#include "cli/mounts.h"
#include "cli/paths.h"
#include "cli/say.h"
#include "cli/text.h"

#define QUESTION_MAX (6 * PATH_MAX + 64)

static void print_people(const struct json *stat)
{
	for (uint32_t i = 0; stat->type == JSON_OBJECT && i < stat->count; i++) {
		const struct json_member *m = &stat->members[i];
		char key[TEXT_MAX], value[TEXT_MAX];

		if (m->value.type != JSON_STRING)
			continue;
		(void)text_safe(m->key, key);
		(void)printf("%-10s%s\n", key, text_safe(m->value.text, value));
	}
}

/*
 * A path in the mount of the chosen store (or, with no account chosen, of whichever mount it is in) is
 * cut at the mountpoint; any other is taken from the mount's root.
 */
static int open_for(const struct session_options *o, const char *typed, struct desk *desk,
		    const char **inside_out, char absolute[PATH_MAX])
{
	char dir[PATH_MAX];
	const char *inside = NULL;
	bool found = paths_absolute(typed, absolute) == WK_OK &&
		     mounts_find(absolute, dir, &inside) == WK_OK;

	*inside_out = found ? inside : typed;
	if (found && !o->account && !o->server &&
	    control_client_open(dir, &desk->client) == WK_OK) {
		desk->mounted = true;
		return SAY_DONE;
	}
	return desk_open(o, "stat", desk);
}

static int ask(struct desk *desk, const char *inside, const struct json **stat_out)
{
	SCOPED(buf_fini) struct buf question = BUF_INIT(QUESTION_MAX);
	const struct json *answer = NULL;
	enum wk_status st;
	int code;

	while (*inside == '/')
		inside++;
	st = buf_append_str(&question, "{\"op\":\"stat\",\"path\":");
	if (st == WK_OK)
		st = json_write_string(bytes_str(inside), &question);
	if (st == WK_OK)
		st = buf_append_char(&question, '}');
	if (st != WK_OK)
		return say_status(st, "ask about that path");
	code = desk_ask(desk, buf_bytes(&question), "show what stands behind that path", &answer);
	if (code == SAY_DONE)
		*stat_out = json_get(answer, "stat");
	return code;
}

int stat_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(desk_fini) struct desk desk = DESK_INIT;
	SCOPED(buf_fini) struct buf text = BUF_INIT(CONTROL_CLIENT_LINE_MAX);
	struct session_options o = SESSION_OPTIONS_INIT;
	const struct option_entry entries[] = {
		SESSION_ENTRY_JSON(&o),
		SESSION_ENTRY_ACCOUNT(&o),
		SESSION_ENTRY_SERVER(&o),
		SESSION_ENTRIES_PASSPHRASE(&o),
	};
	char absolute[PATH_MAX];
	const struct json *stat = NULL;
	const char *inside;
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	code = open_for(&o, operands.items[0], &desk, &inside, absolute);
	if (code == SAY_DONE)
		code = ask(&desk, inside, &stat);
	if (code != SAY_DONE)
		return code;
	if (!stat)
		return say_status(WK_CORRUPT, "read the answer");
	if (!o.json) {
		print_people(stat);
		return SAY_DONE;
	}
	if (json_write_pretty(stat, &text) != WK_OK)
		return say_status(WK_NOMEM, "write the answer");
	(void)fwrite(text.p, 1, text.n, stdout);
	return SAY_DONE;
}
