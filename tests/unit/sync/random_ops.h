/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RANDOM_OPS_H
#define RANDOM_OPS_H

/* What people do: to documents, as import and tools do, and to files, as a mount does. */
#include "random_lab.h"

static inline int64_t ops_now(struct lab *l)
{
	/* Clocks of different devices are not equal. */
	return clock_wall_ms() + below(l, 2000) - 1000;
}

static inline bool ops_is_folder(const struct doc *doc)
{
	return doc->kind == KIND_FOLDER || doc->kind == KIND_WORKSPACE;
}

/* Any live document; NULL: no luck. */
static inline struct doc *ops_pick(struct lab *l, const struct device *d, bool folders)
{
	struct group *g = lab_group(l, d);
	struct doc *fit[256];
	struct doc *doc;
	unsigned n = 0;

	for (size_t i = 0; g && n < 256 && (doc = docs_at(lab_docs(d), g, i)); i++)
		if (!doc->removed && ops_is_folder(doc) == folders)
			fit[n++] = doc;
	return n ? fit[below(l, n)] : NULL;
}

static inline void ops_put(struct lab *l, struct device *d, struct doc *doc, struct json *json)
{
	struct buf before = BUF_SECRET_INIT(1 << 24), after = BUF_SECRET_INIT(1 << 24);

	lab_ok(l, docs_text(lab_docs(d), doc, DOCS_LOCAL, &before));
	lab_ok(l, json_set_int(l->arena, json, "modified", ops_now(l)));
	lab_ok(l, json_write(json, &after));
	lab_ok(l, docs_edit(lab_docs(d), doc, json, true));
	lab_excuse(l, buf_bytes(&before), buf_bytes(&after));
	view_run(store_view(d->store));
	buf_fini(&before);
	buf_fini(&after);
}

/* A row of `headers` is changed, added, or removed; rows are told apart by id or by name. */
static inline void ops_change_rows(struct lab *l, struct json *json, const char *token)
{
	struct json *rows = json_get(json, "headers"), *row;
	const char *name = lab_text(l, "h", below(l, 6));
	bool has_ids = below(l, 2);

	if (!rows || rows->type != JSON_ARRAY) {
		rows = json_new(l->arena, JSON_ARRAY);
		lab_ok(l, json_set(l->arena, json, "headers", rows));
		rows = json_get(json, "headers");
	}
	if (rows->count > 0 && below(l, 3) == 0) {
		row = &rows->items[below(l, (unsigned)rows->count)];
		lab_ok(l, json_set_str(l->arena, row, "value", bytes_str(token)));
		return;
	}
	if (rows->count > 0 && below(l, 4) == 0) {
		size_t at = below(l, (unsigned)rows->count);

		rows->count--;
		memmove(&rows->items[at], &rows->items[at + 1],
			(rows->count - at) * sizeof rows->items[0]);
	}
	row = json_new(l->arena, JSON_OBJECT);
	if (has_ids)
		lab_ok(l, json_set_str(l->arena, row, "id", bytes_str(name)));
	lab_ok(l, json_set_str(l->arena, row, "name", bytes_str(name)));
	lab_ok(l, json_set_str(l->arena, row, "value", bytes_str(token)));
	lab_ok(l, json_append(l->arena, rows, row));
}

static inline void ops_change(struct lab *l, struct json *json)
{
	static const char *const fields[] = { "url", "description", "method" };
	const char *token = lab_token(l);

	switch (below(l, 5)) {
	case 0:
		ops_change_rows(l, json, token);
		break;
	case 1: {
		struct json *body = json_new(l->arena, JSON_OBJECT);

		lab_ok(l, json_set_str(l->arena, body, "mimeType", bytes_str("text/plain")));
		lab_ok(l, json_set_str(l->arena, body, "text", bytes_str(token)));
		lab_ok(l, json_set(l->arena, json, "body", body));
		break;
	}
	default:
		lab_ok(l, json_set_str(l->arena, json, fields[below(l, 3)], bytes_str(token)));
	}
}

static inline void ops_edit(struct lab *l, struct device *d)
{
	struct doc *doc = ops_pick(l, d, below(l, 5) == 0);
	struct json *json;

	if (!doc)
		return;
	json = lab_local(l, d, doc);
	ops_change(l, json);
	lab_trace(l, "edit %s, up to token %u", doc->id, l->tokens - 1);
	ops_put(l, d, doc, json);
}

static inline void ops_rename(struct lab *l, struct device *d)
{
	struct doc *doc = ops_pick(l, d, below(l, 2));
	const char *name = lab_text(l, "n", below(l, 8));
	struct json *json;

	if (!doc || doc->kind == KIND_WORKSPACE)
		return;
	json = lab_local(l, d, doc);
	lab_ok(l, json_set_str(l->arena, json, "name", bytes_str(name)));
	lab_trace(l, "rename %s to %s", doc->id, name);
	ops_put(l, d, doc, json);
}

static inline void ops_move(struct lab *l, struct device *d)
{
	struct doc *doc = ops_pick(l, d, below(l, 4) == 0), *to = ops_pick(l, d, true);
	struct json *json;

	if (!doc || !to || doc->kind == KIND_WORKSPACE || doc == to)
		return;
	json = lab_local(l, d, doc);
	lab_ok(l, json_set_str(l->arena, json, "parentId", bytes_str(to->id)));
	lab_trace(l, "move %s to %s", doc->id, to->id);
	ops_put(l, d, doc, json);
}

static inline void ops_create(struct lab *l, struct device *d)
{
	struct doc *parent = ops_pick(l, d, true), *made = NULL;
	bool folder = below(l, 3) == 0;
	struct json *json = NULL;
	char text[512];

	if (!parent)
		return;
	(void)snprintf(text, sizeof text,
		       "{\"_id\":\"%s_%u_%u\",\"type\":\"%s\",\"parentId\":\"%s\","
		       "\"modified\":%lld,\"created\":%lld,\"name\":\"n%04u.\","
		       "\"description\":\"%s\",\"metaSortKey\":-%u}",
		       folder ? "fld" : "req", (unsigned)l->seed, l->ids++,
		       folder ? "RequestGroup" : "Request", parent->id, (long long)ops_now(l),
		       (long long)ops_now(l), below(l, 8), lab_token(l), below(l, 100));
	lab_ok(l, json_parse(l->arena, bytes_str(text), &json, NULL));
	lab_ok(l, docs_add(lab_docs(d), lab_group(l, d), json, &made));
	lab_trace(l, "create %s in %s, token %u", made->id, parent->id, l->tokens - 1);
	view_run(store_view(d->store));
}

/* Children first, as `rm -r` does. */
static inline void ops_remove_below(struct lab *l, struct device *d, struct doc *doc, int depth)
{
	struct doc *child;

	for (size_t i = 0; depth < 16 && (child = docs_at(lab_docs(d), doc->group, i)); i++)
		if (!child->removed && child->parent_id && strcmp(child->parent_id, doc->id) == 0)
			ops_remove_below(l, d, child, depth + 1);
	if (doc->removed)
		return;
	lab_excuse_doc(l, d, doc);
	lab_ok(l, docs_remove(lab_docs(d), doc, true));
}

static inline void ops_remove(struct lab *l, struct device *d)
{
	struct doc *doc = ops_pick(l, d, below(l, 3) == 0);

	if (!doc || doc->kind == KIND_WORKSPACE)
		return;
	if (ops_is_folder(doc) && below(l, 2)) {
		lab_trace(l, "remove %s and what is in it", doc->id);
		ops_remove_below(l, d, doc, 0);
	} else {
		lab_trace(l, "remove %s", doc->id);
		lab_excuse_doc(l, d, doc);
		lab_ok(l, docs_remove(lab_docs(d), doc, true));
	}
	view_run(store_view(d->store));
}

/* --- through the files --- */

static inline void ops_settle(struct lab *l, struct device *d, bool removals)
{
	if (below(l, 4) == 0)
		return;		/* it waits for its time, while other things happen */
	lab_ok(l, settle_now(store_settle(d->store), removals));
	view_run(store_view(d->store));
}

static inline void ops_file_edit(struct lab *l, struct device *d)
{
	struct doc *doc = ops_pick(l, d, below(l, 6) == 0);
	struct buf before = BUF_SECRET_INIT(1 << 24), after = BUF_SECRET_INIT(1 << 24);
	struct tree *tree = store_tree(d->store);
	struct json *json = NULL;

	if (!doc || !doc->file)
		return;
	lab_ok(l, tree_read_all(tree, doc->file, &before));
	doc->file->fetched = true;
	lab_ok(l, json_parse(l->arena, buf_bytes(&before), &json, NULL));
	ops_change(l, json);
	lab_ok(l, below(l, 2) ? json_write_pretty(json, &after) : json_write(json, &after));
	lab_ok(l, tree_write_all(tree, doc->file, buf_bytes(&after), 0));
	lab_excuse(l, buf_bytes(&before), buf_bytes(&after));
	settle_complete(store_settle(d->store), doc->file);
	lab_trace(l, "write the file of %s, up to token %u", doc->id, l->tokens - 1);
	ops_settle(l, d, false);
	buf_fini(&before);
	buf_fini(&after);
}

static inline void ops_file_create(struct lab *l, struct device *d)
{
	struct doc *parent = ops_pick(l, d, true);
	struct tree_new what = { .mode = S_IFREG | 0644 };
	struct tree *tree = store_tree(d->store);
	struct node *node = NULL;
	char name[24], text[64];

	if (!parent || !parent->node)
		return;
	(void)snprintf(name, sizeof name, "n%04u..json", below(l, 8));
	if (tree_make(tree, parent->node, bytes_str(name), &what, 0, &node) != WK_OK)
		return;
	(void)snprintf(text, sizeof text, "{\"url\":\"%s\"}\n", lab_token(l));
	lab_ok(l, tree_write_all(tree, node, bytes_str(text), 0));
	settle_complete(store_settle(d->store), node);
	lab_trace(l, "new file %s in %s, token %u", name, parent->id, l->tokens - 1);
	ops_settle(l, d, false);
}

/* Where a document's file or directory stands. */
static inline bool ops_place(struct lab *l, struct device *d, struct doc *doc,
			     struct node **dir_out, char name_out[TREE_NAME_MAX + 1])
{
	struct bytes name;

	(void)l;
	if (!doc->node || tree_place(store_tree(d->store), doc->node, dir_out, &name) != WK_OK)
		return false;
	memcpy(name_out, name.p, name.n);
	name_out[name.n] = '\0';
	return true;
}

static inline void ops_file_remove(struct lab *l, struct device *d)
{
	struct doc *doc = ops_pick(l, d, false);
	char name[TREE_NAME_MAX + 1];
	struct node *dir;

	if (!doc || !ops_place(l, d, doc, &dir, name))
		return;
	lab_excuse_doc(l, d, doc);
	lab_ok(l, tree_unlink(store_tree(d->store), dir, bytes_str(name), 0));
	lab_trace(l, "rm the file of %s", doc->id);
	ops_settle(l, d, true);
}

static inline void ops_file_move(struct lab *l, struct device *d)
{
	struct doc *doc = ops_pick(l, d, below(l, 4) == 0), *to = ops_pick(l, d, true);
	char from[TREE_NAME_MAX + 1], name[TREE_NAME_MAX + 1];
	struct node *dir;

	if (!doc || !to || doc->kind == KIND_WORKSPACE || !to->node ||
	    !ops_place(l, d, doc, &dir, from))
		return;
	(void)snprintf(name, sizeof name, "n%04u.%s", below(l, 8),
		       ops_is_folder(doc) ? "" : ".json");
	if (tree_rename(store_tree(d->store), dir, bytes_str(from), to->node, bytes_str(name),
			RENAME_NOREPLACE) != WK_OK)
		return;
	settle_complete(store_settle(d->store), doc->node);
	lab_trace(l, "mv the file of %s into %s as %s", doc->id, to->id, name);
	ops_settle(l, d, true);
}

#endif
