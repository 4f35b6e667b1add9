/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told, as JSON: the account, the exchange with the server, groups and problems. */
#include "store/status.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json.h"
#include "store/docs_private.h"

#define NS_PER_MS 1000000

struct status {
	struct store *store;
	struct status_sync sync;
	void (*on_change)(void *arg);
	void *on_change_arg;
};

enum wk_status status_open(struct store *s, struct status **status_out)
{
	struct status *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return WK_NOMEM;
	x->store = s;
	*status_out = x;
	return WK_OK;
}

void status_close(struct status *x)
{
	free(x);
}

struct status_sync *status_sync(struct store *s)
{
	return &s->status->sync;
}

void status_changed(struct store *s)
{
	if (s->status != NULL && s->status->on_change != NULL)
		s->status->on_change(s->status->on_change_arg);
}

void status_on_change(struct store *s, void (*fn)(void *arg), void *arg)
{
	s->status->on_change = fn;
	s->status->on_change_arg = arg;
}

/* --- JSON, member by member; the first failure is kept --- */

struct writer {
	struct buf *out;
	enum wk_status st;
	bool first;
};

static void raw(struct writer *w, const char *text)
{
	if (w->st == WK_OK)
		w->st = buf_append_str(w->out, text);
}

static void begin(struct writer *w, const char *bracket)
{
	raw(w, bracket);
	w->first = true;
}

static void end(struct writer *w, const char *bracket)
{
	raw(w, bracket);
	w->first = false;
}

static void comma(struct writer *w)
{
	if (!w->first)
		raw(w, ",");
	w->first = false;
}

static void key(struct writer *w, const char *name)
{
	comma(w);
	if (w->st == WK_OK)
		w->st = buf_printf(w->out, "\"%s\":", name);
}

static void text(struct writer *w, const char *name, struct bytes value)
{
	key(w, name);
	if (value.p == NULL)
		raw(w, "null");
	else if (w->st == WK_OK)
		w->st = json_write_string(value, w->out);
}

static void string(struct writer *w, const char *name, const char *value)
{
	text(w, name, value == NULL ? bytes_of(NULL, 0) : bytes_str(value));
}

static void number(struct writer *w, const char *name, int64_t value)
{
	key(w, name);
	if (w->st == WK_OK)
		w->st = buf_printf(w->out, "%lld", (long long)value);
}

static void boolean(struct writer *w, const char *name, bool value)
{
	key(w, name);
	raw(w, value ? "true" : "false");
}

static void moment(struct writer *w, const char *name, int64_t wall_ms)
{
	char iso[25];

	if (wall_ms == 0) {
		string(w, name, NULL);
		return;
	}
	clock_iso8601(wall_ms, iso);
	string(w, name, iso);
}

static void setting(struct writer *w, struct store *s, const char *name, enum store_setting which)
{
	SCOPED(buf_fini) struct buf value = BUF_INIT(4096);

	if (store_setting_get(s, which, &value) == WK_OK && value.n > 0)
		text(w, name, buf_bytes(&value));
	else
		string(w, name, NULL);
}

/* --- what is told --- */

static const char *state_text(const struct doc *doc)
{
	static const char *const texts[] = { "clean", "pending", "invalid", "conflict" };

	return texts[docs_state(doc)];
}

static void put_sync(struct writer *w, const struct status_sync *sync)
{
	key(w, "sync");
	begin(w, "{");
	boolean(w, "running", sync->running);
	boolean(w, "online", sync->online);
	moment(w, "lastContact", sync->last_contact_ms);
	moment(w, "nextTry", sync->next_try_ms);
	string(w, "problem", sync->problem[0] == '\0' ? NULL : sync->problem);
	end(w, "}");
}

/* The name people see: the directory's, else the Workspace's. */
static void put_group(struct writer *w, struct store *s, const struct group *g)
{
	struct node *root;
	struct bytes name;

	comma(w);
	begin(w, "{");
	string(w, "id", g->id);
	if (g->dir == NULL || tree_place(s->tree, g->dir, &root, &name) != WK_OK)
		name = bytes_str(g->name);
	text(w, "name", name);
	number(w, "documents", (int64_t)g->live);
	number(w, "pending", (int64_t)g->pending);
	number(w, "invalid", (int64_t)g->invalid);
	moment(w, "synced", g->synced_ms);
	boolean(w, "onServer", g->on_server);
	boolean(w, "lost", g->lost);
	end(w, "}");
}

static void put_problem(struct writer *w, struct store *s, struct node *node, const char *id,
			const char *state, const char *reason)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(1024 * 1024);

	if (node == NULL || tree_path(s->tree, node, &path) != WK_OK)
		buf_clear(&path);
	comma(w);
	begin(w, "{");
	text(w, "path", path.n > 0 ? buf_bytes(&path) : bytes_of(NULL, 0));
	string(w, "id", id);
	string(w, "state", state);
	string(w, "reason", reason);
	end(w, "}");
}

static void put_problems(struct writer *w, struct store *s)
{
	struct node *node;
	const char *why;

	key(w, "problems");
	begin(w, "[");
	for (size_t i = 0; i < s->docs->group_count; i++) {
		const struct group *g = s->docs->groups[i];

		for (size_t k = 0; k < g->doc_count; k++) {
			const struct doc *doc = g->docs[k];

			if (doc->removed || (doc->problem == NULL && !doc->conflict))
				continue;
			put_problem(w, s, doc->node, doc->id,
				    doc->unplaced && !doc->invalid ? "unplaced" : state_text(doc),
				    doc->problem != NULL ? doc->problem
							 : "the other side of a double change");
		}
	}
	for (size_t at = 0; s->settle != NULL && settle_stray(s->settle, &at, &node, &why);)
		put_problem(w, s, node, NULL, "local", why);
	end(w, "]");
}

enum wk_status status_write(struct store *s, struct buf *json_out)
{
	size_t before = json_out->n;
	struct writer w = { json_out, WK_OK, true };

	begin(&w, "{");
	setting(&w, s, "server", SETTING_SERVER_URL);
	setting(&w, s, "account", SETTING_EMAIL);
	put_sync(&w, &s->status->sync);
	key(&w, "groups");
	begin(&w, "[");
	for (size_t i = 0; i < s->docs->group_count; i++)
		put_group(&w, s, s->docs->groups[i]);
	end(&w, "]");
	put_problems(&w, s);
	end(&w, "}");
	raw(&w, "\n");
	if (w.st != WK_OK)
		json_out->n = before;
	return w.st;
}

/* A directory of nested children tells of itself, not of the document whose children they are. */
static const struct doc *doc_of(const struct node *node)
{
	const struct doc *doc = node->doc;

	return doc != NULL && (doc->node == node || doc->file == node) ? doc : NULL;
}

static const char *stray_reason(struct store *s, const struct node *node)
{
	struct node *stray;
	const char *why;

	for (size_t at = 0; settle_stray(s->settle, &at, &stray, &why);)
		if (stray == node)
			return why;
	return NULL;
}

static void put_doc(struct writer *w, struct store *s, const struct doc *doc)
{
	string(w, "kind", "document");
	string(w, "id", doc->id);
	string(w, "type", doc->type);
	string(w, "state", state_text(doc));
	string(w, "version", doc->agreed.version[0] == '\0' ? NULL : doc->agreed.version);
	string(w, "author", doc->author == 0 ? NULL : docs_author(s->docs, doc));
	moment(w, "created", doc->created_ms);
	moment(w, "modified", doc->modified_ms);
	string(w, "error", doc->problem);
}

static void put_scratch(struct writer *w, struct store *s, const struct node *node)
{
	string(w, "kind",
	       node->group != NULL ? "group" : S_ISDIR(node->mode) ? "directory" : "scratch");
	string(w, "id", node->group != NULL ? node->group->id : NULL);
	string(w, "type", NULL);
	string(w, "state", "local");
	string(w, "version", NULL);
	string(w, "author", NULL);
	moment(w, "created", node->btime_ns / NS_PER_MS);
	moment(w, "modified", node->mtime_ns / NS_PER_MS);
	string(w, "error", stray_reason(s, node));
}

enum wk_status status_write_path(struct store *s, struct bytes path, struct buf *json_out)
{
	size_t before = json_out->n;
	struct writer w = { json_out, WK_OK, true };
	struct node *node;
	const struct doc *doc;
	enum wk_status st = tree_resolve(s->tree, path, &node);

	if (st != WK_OK)
		return st;
	doc = doc_of(node);
	begin(&w, "{");
	text(&w, "path", path);
	if (doc != NULL)
		put_doc(&w, s, doc);
	else
		put_scratch(&w, s, node);
	end(&w, "}");
	raw(&w, "\n");
	if (w.st != WK_OK)
		json_out->n = before;
	return w.st;
}
