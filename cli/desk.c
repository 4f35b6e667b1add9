/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a store, here or in a mount's process. */
#include "cli/desk.h"

#include <stdio.h>

#include "cli/answer.h"
#include "cli/say.h"

#define TREE_MAX (512u * 1024 * 1024)

void desk_fini(struct desk *d)
{
	control_client_fini(&d->client);
	buf_fini(&d->answer);
	arena_free(d->arena);
	d->arena = NULL;
	session_fini(&d->session);
}

int desk_open(const struct session_options *o, const char *verb, struct desk *d)
{
	enum wk_status st;
	int code = session_choose(o, &d->session);

	if (code == SAY_DONE)
		code = session_require_store(&d->session);
	if (code != SAY_DONE)
		return code;
	st = control_client_open(d->session.dir, &d->client);
	d->mounted = st == WK_OK;
	if (d->mounted)
		return SAY_DONE;
	if (st != WK_NOT_FOUND)
		return say_status(st, "reach the mount of this account");
	d->arena = arena_new(TREE_MAX);
	if (!d->arena)
		return say_status(WK_NOMEM, "open the local store");
	code = session_ask(o, &d->session);
	return code == SAY_DONE ? session_open(&d->session, verb) : code;
}

static int ask_here(struct desk *d, struct bytes question, const char *doing,
		    const struct json **answer_out)
{
	struct json *root = NULL;
	struct bytes message;
	bool ok = false;
	int64_t code = SAY_FAILED;
	enum wk_status st;

	arena_reset(d->arena);
	buf_clear(&d->answer);
	st = json_parse(d->arena, question, &root, NULL);
	if (st == WK_OK)
		st = answer_question(d->session.store, root, &d->answer);
	if (st == WK_OK)
		st = json_parse(d->arena, buf_bytes(&d->answer), &root, NULL);
	if (st != WK_OK)
		return say_status(st, "%s", doing);
	if (!json_get_bool(root, "ok", &ok) || !ok) {
		message = json_get_str(root, "message");
		(void)json_get_int64(root, "exit", &code);
		say_error("%.*s", (int)(message.n & 0xffff), (const char *)message.p);
		return (int)code;
	}
	*answer_out = root;
	return SAY_DONE;
}

int desk_ask(struct desk *d, struct bytes question, const char *doing,
	     const struct json **answer_out)
{
	enum wk_status st;

	if (!d->mounted)
		return ask_here(d, question, doing, answer_out);
	st = control_client_ask(&d->client, question, answer_out);
	return st == WK_OK ? SAY_DONE : control_client_say(&d->client, st, doing);
}
