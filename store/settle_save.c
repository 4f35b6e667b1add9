/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a saved text does to its document.
 *
 * The base of a save is the version that was read for it.  If the document went on since, the
 * save is merged with what came; what was saved stays what the path shows unless the merge is
 * clean, and the other side stays as a conflict copy.
 */
#include "store/settle_private.h"

#include "model/merge.h"
#include "store/copy.h"

#define NS_PER_MS 1000000

/* How much two values differ, by leaves; only for choosing between two bases. */
static size_t distance(const struct json *a, const struct json *b)
{
	size_t sum = 0;

	if (a->type != b->type)
		return 1;
	if (a->type == JSON_OBJECT) {
		for (uint32_t i = 0; i < a->count; i++) {
			SCOPED(scoped_free) char *key = bytes_dup(a->members[i].key);
			const struct json *other = key == NULL ? NULL : json_get(b, key);

			sum += other == NULL ? 1 : distance(&a->members[i].value, other);
		}
		return sum + (b->count > a->count ? b->count - a->count : 0);
	}
	if (a->type == JSON_ARRAY) {
		uint32_t n = a->count < b->count ? a->count : b->count;

		for (uint32_t i = 0; i < n; i++)
			sum += distance(&a->items[i], &b->items[i]);
		return sum + (a->count > n ? a->count - n : b->count - n);
	}
	return !json_equal(a, b);
}

struct save {
	struct settle *s;
	struct arena *arena;
	struct doc *doc;
	struct node *file;
	const struct doc_place *place;
	struct bytes text;
	struct json *local, *seen;	/* NULL: no such text */
	struct json *base, *ours;
	bool merged;		/* the document is now more than what the file says */
};

static enum wk_status parse(struct save *v, const struct json *old, struct json **out,
			    struct json_error *error)
{
	struct doc_place place = *v->place;
	struct doc_head head;

	/* A user who did not move the file did not say anything about its name and parent. */
	if (place.name.p == NULL && old != NULL && doc_read_head(old, &head) == WK_OK)
		place.parent_id = head.parent_id;
	return doc_parse(v->arena, v->text, &place, old, out, error);
}

static enum wk_status choose_base(struct save *v, const struct settle_doc *was,
				  struct json_error *error)
{
	bool in_place = was == NULL || v->file->ino == was->file_ino;
	struct json *other = NULL;
	enum wk_status st;

	v->base = v->local;
	if (v->seen != NULL && (v->local == NULL || (was != NULL && was->stale) || v->doc->stale ||
				(!in_place && was != NULL && !was->fetched)))
		v->base = v->seen;
	st = parse(v, v->base, &v->ours, error);
	if (st != WK_OK || v->base != v->local || v->seen == NULL || in_place)
		return st;
	/* Both versions were read: the nearer one is what was edited. */
	st = parse(v, v->seen, &other, error);
	if (st == WK_OK && distance(other, v->seen) < distance(v->ours, v->local)) {
		v->base = v->seen;
		v->ours = other;
	}
	return st;
}

static bool same_but_time(struct arena *arena, const struct json *a, const struct json *b)
{
	struct json *x = json_copy(arena, a), *y = json_copy(arena, b);

	return x != NULL && y != NULL && json_set_int(arena, x, "modified", 0) == WK_OK &&
	       json_set_int(arena, y, "modified", 0) == WK_OK && json_equal(x, y);
}

static bool renders_to(struct save *v, const struct json *json)
{
	return docs_render(v->s->docs, json) == WK_OK &&
	       bytes_equal(buf_bytes(&v->s->docs->rendered), v->text);
}

/* Ours against what came since the base. */
static enum wk_status merge(struct save *v, struct json **next_out)
{
	SCOPED(buf_fini) struct buf me = BUF_INIT(256);
	struct docs *d = v->s->docs;
	struct merge_result r = { 0 };
	struct bytes author = bytes_str(docs_author(d, v->doc));
	struct merge_side theirs = { v->local, v->doc->modified_ms, author };
	struct merge_side ours = { v->ours, v->place->modified_ms, bytes_of(NULL, 0) };
	enum wk_status st = store_setting_get(v->s->store, SETTING_ACCOUNT_ID, &me);

	if (st != WK_OK && st != WK_NOT_FOUND)
		return st;
	ours.author = buf_bytes(&me);
	st = merge_documents(v->arena, v->base, &theirs, &ours, &r);
	if (st != WK_OK)
		return st;
	*next_out = r.doc;
	if (r.loser == NULL)
		return WK_OK;
	*next_out = v->ours;
	r = (struct merge_result){ .doc = v->ours, .loser = v->local };
	return copy_add(d, v->arena, v->doc, &r, author);
}

static enum wk_status take_text(struct save *v)
{
	struct docs *d = v->s->docs;
	struct json *next = v->ours;
	struct doc *made = NULL;
	enum wk_status st = WK_OK;
	bool show;

	if (v->local == NULL)
		return docs_create(d, v->doc->group, v->ours, false, &made);
	if (v->base != v->local && !same_but_time(v->arena, v->base, v->local))
		st = merge(v, &next);
	if (st != WK_OK)
		return st;
	/* The file must change only when it does not mean what the document now is. */
	show = next != v->ours && !same_but_time(v->arena, next, v->ours);
	v->merged = show;
	if (!show)
		v->doc->stale = false;
	if (!same_but_time(v->arena, next, v->local) || v->doc->removed)
		return docs_edit(d, v->doc, next, show);
	if (show) {
		v->doc->stale = true;
		v->doc->shown = false;
		return view_queue(d->store->view, v->doc, bytes_of(NULL, 0));
	}
	return WK_OK;
}

static enum wk_status load(struct save *v)
{
	struct docs *d = v->s->docs;
	enum wk_status st = docs_tree(d, v->arena, v->doc, DOCS_LOCAL, &v->local);

	if (st == WK_OK || st == WK_NOT_FOUND)
		st = docs_tree(d, v->arena, v->doc, DOCS_SEEN, &v->seen);
	return st == WK_NOT_FOUND ? WK_OK : st;
}

/* Who goes on in the file that was saved goes on from what it says, not from the merge. */
static enum wk_status set_seen(struct save *v)
{
	enum wk_status st;

	if (!v->merged)
		return docs_forget_text(v->s->docs, v->doc, DOCS_SEEN);
	st = docs_put_text(v->s->docs, v->doc, DOCS_SEEN, v->ours);
	if (st == WK_OK)
		v->doc->has_seen = true;
	return st;
}

/* The text's own `_id`, for the next match. */
static bool carries_id(struct arena *arena, struct bytes text, const struct doc *doc)
{
	char id[DOC_ID_MAX + 1];

	return kind_info(doc->kind)->text_key == NULL &&
	       doc_text_id(arena, text, id) == WK_OK && strcmp(id, doc->id) == 0;
}

enum wk_status settle_save(struct settle *s, struct doc *doc, struct node *file,
			   const struct settle_doc *was, const struct doc_place *place,
			   struct json_error *error)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(DOCS_ARENA_MAX);
	struct save v = { .s = s, .arena = arena, .doc = doc, .file = file, .place = place };
	enum wk_status st;

	if (arena == NULL)
		return WK_NOMEM;
	st = tree_read_all(s->tree, file, &text);
	if (st != WK_OK)
		return st;
	v.text = buf_bytes(&text);
	st = load(&v);
	if (st == WK_OK)
		st = choose_base(&v, was, error);
	if (st == WK_OK)
		st = take_text(&v);
	if (st == WK_OK)
		st = set_seen(&v);
	if (st == WK_OK)
		doc->text_has_id = carries_id(arena, v.text, doc);
	return st;
}

enum wk_status settle_move(struct settle *s, struct doc *doc, const struct doc_place *place)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(DOCS_ARENA_MAX);
	struct json *json = NULL, *before;
	enum wk_status st;

	if (arena == NULL)
		return WK_NOMEM;
	st = docs_tree(s->docs, arena, doc, DOCS_LOCAL, &json);
	if (st != WK_OK)
		return st;
	before = json_copy(arena, json);
	if (before == NULL)
		return WK_NOMEM;
	st = doc_set_place(arena, json, place);
	if (st != WK_OK || same_but_time(arena, before, json))
		return st;
	return docs_edit(s->docs, doc, json, false);
}

enum wk_status settle_unify(struct settle *s, struct doc *doc, struct node *file)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX);
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(DOCS_ARENA_MAX);
	struct save v = { .s = s, .arena = arena, .doc = doc, .file = file };
	struct json *json = NULL;
	enum wk_status st = WK_OK;

	file->written = false;
	if (file->rendered || doc->stale || doc->removed)
		return WK_OK;
	if (arena == NULL)
		return WK_NOMEM;
	st = tree_read_all(s->tree, file, &text);
	if (st == WK_OK)
		st = docs_tree(s->docs, arena, doc, DOCS_LOCAL, &json);
	if (st != WK_OK)
		return st;
	v.text = buf_bytes(&text);
	if (renders_to(&v, json))
		st = tree_set_rendered(s->tree, file, text.n, file->mtime_ns);
	docs_wipe(s->docs);
	return st;
}
