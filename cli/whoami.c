/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs whoami */
#include <stdio.h>

#include "cli/desk.h"
#include "cli/say.h"
#include "cli/text.h"
#include "net/api.h"

#define ANSWER_ARENA (4u * 1024 * 1024)

/* What the server says of the session; a mount has it checked all the time. */
static const char *check_session(struct desk *d, const char *server)
{
	SCOPED(api_free_scoped) struct api *api = NULL;
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ANSWER_ARENA);
	SCOPED(buf_fini) struct buf session = BUF_SECRET_INIT(256);
	struct wire_whoami who;
	const char *text;
	enum wk_status st = arena ? api_new(server, &api) : WK_NOMEM;

	if (st == WK_OK)
		st = store_setting_get(d->session.store, SETTING_SESSION, &session);
	if (st == WK_OK)
		st = buf_cstr(&session, &text);
	if (st == WK_OK)
		st = http_set_session(api_http(api), text);
	if (st == WK_OK)
		st = api_whoami(api, arena, &who);
	if (st == WK_OK)
		return "good";
	if (st == WK_DENIED)
		return "ended";
	return st == WK_OFFLINE || st == WK_BUSY ? "not checked, server not reached"
						 : "not checked";
}

static void print_line(const char *label, struct bytes value)
{
	char safe[TEXT_MAX];

	if (value.n)
		(void)printf("%-10s%s\n", label, text_safe(value, safe));
}

static void print_people(const struct json *account, const char *session)
{
	struct bytes first = json_get_str(account, "firstName");
	struct bytes last = json_get_str(account, "lastName");
	char safe[TEXT_MAX];

	print_line("account", json_get_str(account, "email"));
	if (first.n || last.n) {
		(void)printf("%-10s%s", "name", text_safe(first, safe));
		(void)printf("%s%s\n", first.n && last.n ? " " : "", text_safe(last, safe));
	}
	print_line("id", json_get_str(account, "id"));
	print_line("server", json_get_str(account, "server"));
	print_line("session", bytes_str(session));
}

static int print_json(struct arena *arena, const struct json *account, const char *session)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(65536);
	struct json *copy = json_copy(arena, account);

	if (!copy || json_set_str(arena, copy, "session", bytes_str(session)) != WK_OK ||
	    json_write_pretty(copy, &text) != WK_OK)
		return say_status(WK_NOMEM, "write the answer");
	(void)fwrite(text.p, 1, text.n, stdout);
	return SAY_DONE;
}

int whoami_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(desk_fini) struct desk desk = DESK_INIT;
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(ANSWER_ARENA);
	struct session_options o = SESSION_OPTIONS_INIT;
	const struct option_entry entries[] = {
		SESSION_ENTRY_JSON(&o),
		SESSION_ENTRY_ACCOUNT(&o),
		SESSION_ENTRY_SERVER(&o),
		SESSION_ENTRIES_PASSPHRASE(&o),
	};
	const struct json *answer = NULL, *account;
	const char *session = "logged out";
	struct operands operands;
	bool has_session = false;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	if (!arena)
		return say_status(WK_NOMEM, "show the account");
	code = desk_open(&o, "whoami", &desk);
	if (code == SAY_DONE)
		code = desk_ask(&desk, bytes_str("{\"op\":\"account\"}"), "show the account",
				&answer);
	if (code != SAY_DONE)
		return code;
	account = json_get(answer, "account");
	if (json_get_bool(account, "session", &has_session) && has_session)
		session = desk.mounted ? "in use by the mount"
				       : check_session(&desk, desk.session.account.server);
	if (o.json)
		return print_json(arena, account, session);
	print_people(account, session);
	return SAY_DONE;
}
