/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs status: one line a workspace, and below it each of its files that needs a look. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/desk.h"
#include "cli/moment.h"
#include "cli/say.h"
#include "cli/text.h"

#define NAME_COLUMNS 14		/* at least */
#define NAME_COLUMNS_MAX 40
#define STATE_MAX 640
#define TROUBLE_MAX 512

static const struct json *member(const struct json *v, const char *key)
{
	return json_get(v, key);
}

static int64_t number(const struct json *v, const char *key)
{
	int64_t n = 0;

	return json_get_int64(v, key, &n) ? n : 0;
}

static bool flag(const struct json *v, const char *key)
{
	bool b = false;

	return json_get_bool(v, key, &b) && b;
}

/* "server not reached: ... for 5 min, next try in 40 s" */
static void describe_sync(const struct json *sync, char out[TROUBLE_MAX])
{
	struct bytes problem = json_get_str(sync, "problem");
	char safe[TEXT_MAX], age[32];
	int64_t at;
	size_t n;

	out[0] = '\0';
	if (!problem.p)
		return;
	n = (size_t)snprintf(out, TROUBLE_MAX, "%.300s", text_safe(problem, safe));
	if (flag(sync, "online"))
		return;
	if (n < TROUBLE_MAX && moment_read(json_get_str(sync, "lastContact"), &at))
		n += (size_t)snprintf(out + n, TROUBLE_MAX - n, ", last exchange %s ago",
				      text_age(clock_wall_ms() - at, age));
	if (n < TROUBLE_MAX && moment_read(json_get_str(sync, "nextTry"), &at))
		(void)snprintf(out + n, TROUBLE_MAX - n, ", next try in %s",
			       text_age(at - clock_wall_ms(), age));
}

static void describe_group(const struct json *g, const char *trouble, bool mounted,
			   char out[STATE_MAX])
{
	const int64_t pending = number(g, "pending");
	char age[32], count[64];
	int64_t at;

	if (flag(g, "lost"))
		(void)snprintf(out, STATE_MAX, "no longer open to you on the server; kept here");
	else if (pending)
		(void)snprintf(out, STATE_MAX, "%s wait%s%s%s%s",
			       text_count((uint64_t)pending, "change", count),
			       pending == 1 ? "s" : "", mounted ? "" : " for the next mount",
			       trouble[0] ? ": " : "", trouble);
	else if (trouble[0])
		(void)snprintf(out, STATE_MAX, "nothing waits; %s", trouble);
	else if (moment_read(json_get_str(g, "synced"), &at))
		(void)snprintf(out, STATE_MAX, "in sync (%s ago)",
			       text_age(clock_wall_ms() - at, age));
	else
		(void)snprintf(out, STATE_MAX, "nothing waits%s", mounted ? "" : "; not mounted");
}

static size_t count_columns(const struct json *groups)
{
	size_t columns = 0;
	char count[64];

	for (uint32_t i = 0; i < groups->count; i++) {
		(void)text_count((uint64_t)number(&groups->items[i], "documents"), "document",
				 count);
		if (strlen(count) > columns)
			columns = strlen(count);
	}
	return columns;
}

static size_t name_columns(const struct json *groups)
{
	size_t columns = NAME_COLUMNS;

	for (uint32_t i = 0; i < groups->count; i++) {
		size_t width = text_width(json_get_str(&groups->items[i], "name"));

		if (width > columns)
			columns = width < NAME_COLUMNS_MAX ? width : NAME_COLUMNS_MAX;
	}
	return columns;
}

/* The problems of one group (or, with an empty name, those whose group is not in the list). */
static void print_problems(const struct json *problems, struct bytes group, size_t indent)
{
	for (uint32_t i = 0; problems && i < problems->count; i++) {
		const struct json *p = &problems->items[i];
		struct bytes path = json_get_str(p, "path");
		char shown[TEXT_MAX], reason[TEXT_MAX];

		if (!path.p)
			path = json_get_str(p, "id");
		if (!path.p || path.n <= group.n || memcmp(path.p, group.p, group.n) != 0 ||
		    path.p[group.n] != '/')
			continue;
		path = bytes_of(path.p + group.n + 1, path.n - group.n - 1);
		(void)printf("%*s! %s  %s\n", (int)indent, "", text_safe(path, shown),
			     text_safe(json_get_str(p, "reason"), reason));
	}
}

/* Those that stand nowhere in the tree. */
static void print_placeless(const struct json *problems)
{
	for (uint32_t i = 0; problems && i < problems->count; i++) {
		const struct json *p = &problems->items[i];
		char shown[TEXT_MAX], reason[TEXT_MAX];

		if (!json_get_str(p, "path").p)
			(void)printf("! %s  %s\n", text_safe(json_get_str(p, "id"), shown),
				     text_safe(json_get_str(p, "reason"), reason));
	}
}

static void print_people(const struct json *status, bool mounted)
{
	const struct json *groups = member(status, "groups");
	const struct json *problems = member(status, "problems");
	char trouble[TROUBLE_MAX], state[STATE_MAX], name[TEXT_MAX], count[64];
	size_t columns, shown = 0;

	if (!groups || groups->type != JSON_ARRAY || (problems && problems->type != JSON_ARRAY))
		return;
	columns = name_columns(groups);
	describe_sync(member(status, "sync"), trouble);
	for (uint32_t i = 0; i < groups->count; i++) {
		const struct json *g = &groups->items[i];

		if (number(g, "documents") == 0 && number(g, "pending") == 0)
			continue;
		shown++;
		describe_group(g, trouble, mounted, state);
		text_put_padded(text_safe(json_get_str(g, "name"), name), columns);
		(void)printf(" %*s   %s\n", (int)count_columns(groups),
			     text_count((uint64_t)number(g, "documents"), "document", count),
			     state);
		print_problems(problems, json_get_str(g, "name"), columns + 2);
	}
	print_placeless(problems);
	if (shown == 0)
		(void)printf("There is no workspace yet.  Take one in with: wakefs import FILE%s%s\n",
			     trouble[0] ? "\nSync: " : "", trouble);
}

int status_verb(const struct verb *verb, int argc, char **argv)
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
	const struct json *answer = NULL;
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	code = desk_open(&o, "status", &desk);
	if (code == SAY_DONE)
		code = desk_ask(&desk, bytes_str("{\"op\":\"status\"}"), "show the status",
				&answer);
	if (code != SAY_DONE)
		return code;
	if (!o.json) {
		print_people(member(answer, "status"), desk.mounted);
		return SAY_DONE;
	}
	if (json_write_pretty(member(answer, "status"), &text) != WK_OK)
		return say_status(WK_NOMEM, "write the status");
	(void)fwrite(text.p, 1, text.n, stdout);
	return SAY_DONE;
}
