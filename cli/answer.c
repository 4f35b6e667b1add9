/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about a store. */
#include "cli/answer.h"

#include <stdio.h>

#include "cli/pick.h"
#include "cli/say.h"
#include "model/doc.h"
#include "store/settle.h"
#include "store/status.h"

#define PAGE_BYTES (1u << 20)
#define PAGE_DOCS 500
#define TEXT_ROOM (DOC_MAX + DOC_MAX / 8)

enum wk_status answer_refuse(struct buf *out, int exit_code, const char *message)
{
	enum wk_status st;

	buf_clear(out);
	st = buf_printf(out, "{\"ok\":false,\"exit\":%d,\"message\":", exit_code);
	if (st == WK_OK)
		st = json_write_string(bytes_str(message), out);
	return st == WK_OK ? buf_append_char(out, '}') : st;
}

enum wk_status answer_refuse_status(struct buf *out, enum wk_status st, const char *doing)
{
	char text[512];

	say_format(st, doing, text, sizeof text);
	return answer_refuse(out, say_exit_of(st), text);
}

/* One answer is one line: line feeds between JSON tokens become blanks (in strings there are none). */
static void put_on_one_line(struct buf *out)
{
	while (out->n > 0 && out->p[out->n - 1] == '\n')
		out->n--;
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == '\n')
			out->p[i] = ' ';
}

static enum wk_status tell_status(struct store *store, const struct json *question,
				  struct buf *out)
{
	enum wk_status st = buf_append_str(out, "{\"ok\":true,\"status\":");

	(void)question;
	if (st == WK_OK)
		st = status_write(store, out);
	put_on_one_line(out);
	return st == WK_OK ? buf_append_char(out, '}') : st;
}

static enum wk_status tell_stat(struct store *store, const struct json *question, struct buf *out)
{
	enum wk_status st = buf_append_str(out, "{\"ok\":true,\"stat\":");

	if (st == WK_OK)
		st = status_write_path(store, json_get_str(question, "path"), out);
	if (st == WK_NOT_FOUND)
		return answer_refuse(out, SAY_FAILED, "there is no such file in the mount.");
	put_on_one_line(out);
	return st == WK_OK ? buf_append_char(out, '}') : st;
}

static enum wk_status put_setting(struct store *store, enum store_setting key, const char *name,
				  struct buf *out)
{
	SCOPED(buf_fini) struct buf value = BUF_INIT(4096);
	enum wk_status st = store_setting_get(store, key, &value);

	if (st == WK_NOT_FOUND)
		st = WK_OK;
	if (st == WK_OK)
		st = buf_printf(out, "\"%s\":", name);
	if (st == WK_OK)
		st = json_write_string(buf_bytes(&value), out);
	return st == WK_OK ? buf_append_char(out, ',') : st;
}

static enum wk_status tell_account(struct store *store, const struct json *question,
				   struct buf *out)
{
	SCOPED(buf_fini) struct buf session = BUF_SECRET_INIT(256);
	enum wk_status st = buf_append_str(out, "{\"ok\":true,\"account\":{");

	(void)question;
	if (st == WK_OK)
		st = put_setting(store, SETTING_EMAIL, "email", out);
	if (st == WK_OK)
		st = put_setting(store, SETTING_ACCOUNT_ID, "id", out);
	if (st == WK_OK)
		st = put_setting(store, SETTING_SERVER_URL, "server", out);
	if (st == WK_OK)
		st = put_setting(store, SETTING_FIRST_NAME, "firstName", out);
	if (st == WK_OK)
		st = put_setting(store, SETTING_LAST_NAME, "lastName", out);
	if (st != WK_OK)
		return st;
	if (store_setting_get(store, SETTING_SESSION, &session) != WK_OK)
		buf_clear(&session);
	return buf_printf(out, "\"session\":%s}}", session.n ? "true" : "false");
}

static enum wk_status tell_taken(struct store *store, const struct json *question,
				 struct buf *out)
{
	const struct json *ids = json_get(question, "ids");
	enum wk_status st = buf_append_str(out, "{\"ok\":true,\"taken\":[");

	if (!ids || ids->type != JSON_ARRAY || ids->count > ANSWER_IDS_MAX)
		return WK_INVALID;
	for (uint32_t i = 0; i < ids->count && st == WK_OK; i++) {
		const struct json *id = &ids->items[i];
		bool taken = id->type == JSON_STRING && docs_is_taken(store_docs(store), id->text);

		st = buf_printf(out, "%s%s", i ? "," : "", taken ? "true" : "false");
	}
	return st == WK_OK ? buf_append_str(out, "]}") : st;
}

/* Appends documents from index *at on, at least one if there is one, until the page is full. */
static enum wk_status fill_page(struct docs *docs, const struct group *g, size_t *at,
				struct buf *out)
{
	const struct doc *doc;
	size_t shown = 0;
	enum wk_status st = WK_OK;

	for (; st == WK_OK && (doc = docs_at(docs, g, *at)); ++*at) {
		SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(TEXT_ROOM);

		if (doc->removed)
			continue;
		if (shown >= PAGE_DOCS || (shown && out->n > PAGE_BYTES))
			break;
		st = docs_text(docs, doc, DOCS_LOCAL, &text);
		if (st == WK_OK && shown++)
			st = buf_append_char(out, ',');
		if (st == WK_OK)
			st = buf_append(out, text.p, text.n);
	}
	return st;
}

static enum wk_status tell_export(struct store *store, const struct json *question,
				  struct buf *out)
{
	char message[PICK_MESSAGE];
	struct docs *docs = store_docs(store);
	struct group *g = NULL;
	int64_t from = 0;
	size_t at;
	int code;
	enum wk_status st = WK_OK;

	if (!json_get_int64(question, "from", &from) || from < 0)
		return WK_INVALID;
	if (from == 0)		/* what was just saved belongs to it */
		st = settle_now(store_settle(store), false);
	if (st != WK_OK)
		return st;
	code = pick_group(store, json_get_str(question, "group"), &g, message);
	if (code != SAY_DONE)
		return answer_refuse(out, code, message);
	at = (size_t)from;
	st = buf_printf(out, "{\"ok\":true,\"group\":\"%s\",\"docs\":[", g->id);
	if (st == WK_OK)
		st = fill_page(docs, g, &at, out);
	if (st == WK_OK)
		st = buf_printf(out, "],\"next\":%zu,\"more\":%s}", at,
				docs_at(docs, g, at) ? "true" : "false");
	return st;
}

static const struct {
	const char *op;
	enum wk_status (*tell)(struct store *store, const struct json *question, struct buf *out);
	const char *doing;
} questions[] = {
	{ "status", tell_status, "show the status" },
	{ "stat", tell_stat, "show what stands behind that path" },
	{ "account", tell_account, "show the account" },
	{ "taken", tell_taken, "look up ids" },
	{ "export", tell_export, "read the workspace" },
};

enum wk_status answer_question(struct store *store, const struct json *question, struct buf *out)
{
	struct bytes op = json_get_str(question, "op");

	for (size_t i = 0; op.p && i < ARRAY_LEN(questions); i++) {
		enum wk_status st;

		if (!bytes_equal_str(op, questions[i].op))
			continue;
		st = questions[i].tell(store, question, out);
		return st == WK_OK ? st : answer_refuse_status(out, st, questions[i].doing);
	}
	return WK_NOT_FOUND;
}
