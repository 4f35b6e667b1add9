/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts the documents of an export into workspaces: each goes where its chain of parents
 * ends.  What ends nowhere (no parent, a parent that is not in the file, a circle) goes to the
 * file's only workspace, or to one that is made; its parentId stays what it was.
 *
 * A made workspace has the id that exports use for "the workspace that imports this", so
 * that exchange_map_ids gives it an id and its children their parent.
 */
#include "model/exchange_parts.h"

#include "base/utf8.h"

#define NOTES_MAX 3	/* of one entry */

static enum wk_status link_parents(struct arena *arena, struct exchange_entry *entries,
				   size_t count)
{
	struct exchange_index index;
	enum wk_status st = exchange_index_init(arena, count, &index);

	if (st != WK_OK)
		return st;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].id.p)
			exchange_index_add(&index, entries[i].id, i);
	}
	exchange_index_sort(&index);
	for (size_t i = 0; i < count; i++) {
		if (entries[i].id.p)
			entries[i].doubled = exchange_index_find(&index, entries[i].id) != i;
		if (entries[i].kind != KIND_WORKSPACE && entries[i].parent.p)
			entries[i].parent_at = exchange_index_find(&index, entries[i].parent);
	}
	return WK_OK;
}

/*
 * Where the chain of parents that begins at `start` ends: a workspace's or an already known
 * home; EXCHANGE_NONE for none.  walk[i] is start + 1 while i is on this chain.
 */
static size_t find_home(struct exchange_entry *entries, size_t *walk, size_t start)
{
	size_t at = start;

	while (at != EXCHANGE_NONE && walk[at] == 0) {
		walk[at] = start + 1;
		if (entries[at].kind == KIND_WORKSPACE)
			return entries[at].home;
		at = entries[at].parent_at;
	}
	if (at == EXCHANGE_NONE)
		return EXCHANGE_NONE;
	if (walk[at] == start + 1) {
		for (size_t i = at; !entries[i].in_circle; i = entries[i].parent_at)
			entries[i].in_circle = true;
		return EXCHANGE_NONE;
	}
	return entries[at].home;
}

static enum wk_status find_homes(struct arena *arena, struct exchange_entry *entries, size_t count,
				 size_t *workspaces_out, bool *has_orphans_out)
{
	size_t *walk = arena_alloc(arena, (count + 1) * sizeof *walk);
	size_t workspaces = 0;

	if (!walk)
		return WK_NOMEM;
	*has_orphans_out = false;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].kind == KIND_WORKSPACE)
			entries[i].home = workspaces++;
	}
	for (size_t i = 0; i < count; i++) {
		size_t home;

		if (walk[i] != 0)
			continue;
		home = find_home(entries, walk, i);
		for (size_t at = i; at != EXCHANGE_NONE && walk[at] == i + 1 &&
		     entries[at].kind != KIND_WORKSPACE; at = entries[at].parent_at) {
			entries[at].home = home;
			walk[at] = SIZE_MAX;
		}
		*has_orphans_out |= home == EXCHANGE_NONE;
	}
	*workspaces_out = workspaces;
	return WK_OK;
}

static enum wk_status make_workspace(struct arena *arena, const struct exchange_entry *entries,
				     size_t count, struct bytes title, struct json **doc_out)
{
	struct json *doc = json_new(arena, JSON_OBJECT);
	const struct json none = { .type = JSON_NULL };
	int64_t created = 0, modified = 0;
	bool has_title = title.n > 0 && utf8_is_valid(title);
	struct bytes name = arena_copy(arena, has_title ? title : bytes_str("Imported Workspace"));
	enum wk_status st;

	if (!doc || !name.p)
		return WK_NOMEM;
	for (size_t i = 0; i < count; i++) {
		int64_t t;

		if (json_get_int64(entries[i].doc, "created", &t) && t > 0 &&
		    (created == 0 || t < created))
			created = t;
		if (json_get_int64(entries[i].doc, "modified", &t) && t > modified)
			modified = t;
	}
	st = json_set_str(arena, doc, "_id", bytes_str(EXCHANGE_WORKSPACE_ID));
	if (st == WK_OK)
		st = json_set_str(arena, doc, "type", bytes_str("Workspace"));
	if (st == WK_OK)
		st = json_set(arena, doc, "parentId", &none);
	if (st == WK_OK)
		st = json_set_int(arena, doc, "modified", modified);
	if (st == WK_OK)
		st = json_set_int(arena, doc, "created", created);
	if (st == WK_OK)
		st = json_set_str(arena, doc, "name", name);
	if (st == WK_OK)
		st = json_set_str(arena, doc, "description", bytes_str(""));
	if (st == WK_OK)
		st = json_set_str(arena, doc, "scope", bytes_str("collection"));
	if (st == WK_OK)
		*doc_out = doc;
	return st;
}

/* Tells each entry whether its workspace has a base environment: one right below it. */
static enum wk_status find_bases(struct arena *arena, struct exchange_entry *entries, size_t count,
				 size_t workspaces)
{
	bool *has_base = arena_alloc(arena, (workspaces + 1) * sizeof *has_base);

	if (!has_base)
		return WK_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct exchange_entry *e = &entries[i];

		if (e->kind == KIND_ENVIRONMENT &&
		    (e->parent_at == EXCHANGE_NONE ?
		     bytes_equal_str(e->parent, EXCHANGE_WORKSPACE_ID) :
		     entries[e->parent_at].kind == KIND_WORKSPACE))
			has_base[e->home] = true;
	}
	for (size_t i = 0; i < count; i++)
		entries[i].has_base = has_base[entries[i].home];
	return WK_OK;
}

static const char *place_note(const struct exchange_entry *entries, const struct exchange_entry *e)
{
	enum kind parent;

	if (e->kind == KIND_WORKSPACE)
		return NULL;
	if (!e->parent.p)
		return "it names no parent";
	if (e->parent_at == EXCHANGE_NONE) {
		if (bytes_equal_str(e->parent, EXCHANGE_WORKSPACE_ID))
			return NULL;
		if (bytes_equal_str(e->parent, EXCHANGE_BASE_ENVIRONMENT_ID))
			return e->has_base ? NULL : "its base environment is not in the file";
		return "its parent is not in the file";
	}
	if (e->in_circle)
		return "its parents form a circle";
	parent = entries[e->parent_at].kind;
	if (parent == KIND_REQUEST)
		return "its parent is a request";
	if (parent != KIND_OTHER && e->kind != KIND_OTHER && !kind_may_contain(parent, e->kind))
		return "its parent is of a kind that holds no such document";
	return NULL;
}

static size_t entry_notes(const struct exchange_entry *entries, const struct exchange_entry *e,
			  const char *texts[NOTES_MAX])
{
	size_t n = 0;

	if (e->type_note)
		texts[n++] = e->type_note;
	if (!e->id.p)
		texts[n++] = "its id is missing or not usable";
	else if (e->doubled)
		texts[n++] = "its id stands twice in the file";
	texts[n] = place_note(entries, e);
	return texts[n] ? n + 1 : n;
}

static enum wk_status alloc_workspaces(struct arena *arena, const struct exchange_entry *entries,
				       size_t count, struct exchange_set *set)
{
	const char *texts[NOTES_MAX];

	for (size_t i = 0; i < count; i++) {
		struct exchange_workspace *w = &set->workspaces[entries[i].home];

		w->count += entries[i].kind != KIND_WORKSPACE;
		w->note_count += entry_notes(entries, &entries[i], texts);
	}
	for (size_t i = 0; i < set->count; i++) {
		struct exchange_workspace *w = &set->workspaces[i];

		w->docs = arena_alloc(arena, (w->count + 1) * sizeof(struct json *));
		w->notes = arena_alloc(arena, (w->note_count + 1) * sizeof *w->notes);
		if (!w->docs || !w->notes)
			return WK_NOMEM;
		w->count = 1;
		w->note_count = 0;
	}
	return WK_OK;
}

static void fill_workspaces(const struct exchange_entry *entries, size_t count,
			    struct exchange_set *set)
{
	for (size_t i = 0; i < count; i++) {
		struct exchange_workspace *w = &set->workspaces[entries[i].home];
		size_t at = entries[i].kind == KIND_WORKSPACE ? 0 : w->count++;
		const char *texts[NOTES_MAX];
		size_t n = entry_notes(entries, &entries[i], texts);

		w->docs[at] = entries[i].doc;
		for (size_t k = 0; k < n; k++)
			w->notes[w->note_count++] = (struct exchange_note){ at, texts[k] };
	}
}

enum wk_status exchange_cut(struct arena *arena, struct exchange_entry *entries, size_t count,
			    struct bytes title, struct exchange_set *out)
{
	struct exchange_set set = { .doc_count = count };
	struct json *made = NULL;
	size_t orphans_home = 0;
	bool has_orphans;
	enum wk_status st = link_parents(arena, entries, count);

	if (st == WK_OK)
		st = find_homes(arena, entries, count, &set.count, &has_orphans);
	if (st != WK_OK)
		return st;
	if (set.count == 0 || (has_orphans && set.count > 1)) {
		st = make_workspace(arena, entries, count, title, &made);
		if (st != WK_OK)
			return st;
		orphans_home = set.count++;
		set.doc_count++;
	}
	for (size_t i = 0; i < count; i++) {
		if (entries[i].home == EXCHANGE_NONE)
			entries[i].home = orphans_home;
	}
	set.workspaces = arena_alloc(arena, set.count * sizeof *set.workspaces);
	if (!set.workspaces)
		return WK_NOMEM;
	st = find_bases(arena, entries, count, set.count);
	if (st == WK_OK)
		st = alloc_workspaces(arena, entries, count, &set);
	if (st != WK_OK)
		return st;
	fill_workspaces(entries, count, &set);
	if (made) {
		set.workspaces[orphans_home].docs[0] = made;
		set.workspaces[orphans_home].made = true;
	}
	*out = set;
	return WK_OK;
}
