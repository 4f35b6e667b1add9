/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of documents and groups: fixed order, integers big-endian, strings with a two-byte
 * length, a format number first.  A document's row also says where its file stood when it
 * was last settled, so that what a user moved just before a crash is settled after it.
 */
#include "store/docs_private.h"

#include <stdlib.h>

#define FORMAT 1

enum {
	FLAG_PENDING = 1,
	FLAG_REMOVED = 2,
	FLAG_AGREED_REMOVED = 4,
	FLAG_CONFLICT = 8,
	FLAG_UNPLACED = 16,
	FLAG_INVALID = 32,
	FLAG_HELD = 64,
	FLAG_HAS_AGREED = 128,
	FLAG_HAS_SEEN = 256,
	FLAG_SHOWN = 512,
	FLAG_STALE = 1024,
	FLAG_TEXT_HAS_ID = 2048,
	FLAG_HAS_PARENT = 4096
};

struct writer {
	struct buf *out;
	enum wk_status st;
};

static void put(struct writer *w, const void *data, size_t n)
{
	if (w->st == WK_OK)
		w->st = buf_append(w->out, data, n);
}

static void put_int(struct writer *w, uint64_t value)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (56 - 8 * i));
	put(w, bytes, sizeof(bytes));
}

static void put_text(struct writer *w, struct bytes text)
{
	uint8_t n[2] = { (uint8_t)(text.n >> 8), (uint8_t)text.n };

	if (text.n > UINT16_MAX) {
		w->st = WK_LIMIT;
		return;
	}
	put(w, n, sizeof(n));
	put(w, text.p, text.n);
}

static void put_str(struct writer *w, const char *text)
{
	put_text(w, bytes_str(text == NULL ? "" : text));
}

struct reader {
	struct bytes left;
	bool bad;
};

static struct bytes get(struct reader *r, size_t n)
{
	struct bytes got = bytes_of(r->left.p, n);

	if (r->bad || n > r->left.n) {
		r->bad = true;
		return bytes_of(NULL, 0);
	}
	r->left = bytes_of(r->left.p + n, r->left.n - n);
	return got;
}

static uint64_t get_int(struct reader *r)
{
	struct bytes b = get(r, 8);
	uint64_t value = 0;

	for (size_t i = 0; i < b.n; i++)
		value = value << 8 | b.p[i];
	return value;
}

static struct bytes get_text(struct reader *r)
{
	struct bytes n = get(r, 2);

	return n.n == 2 ? get(r, (size_t)n.p[0] << 8 | n.p[1]) : n;
}

/* Copies a text into a fixed array; what does not fit is no row of ours. */
static void get_array(struct reader *r, char *out, size_t size)
{
	struct bytes text = get_text(r);

	if (text.n >= size) {
		r->bad = true;
		return;
	}
	if (text.n > 0)
		memcpy(out, text.p, text.n);
	out[text.n] = '\0';
}

static uint64_t flags_of(const struct doc *doc)
{
	return (doc->pending ? FLAG_PENDING : 0) | (doc->removed ? FLAG_REMOVED : 0) |
	       (doc->agreed_removed ? FLAG_AGREED_REMOVED : 0) |
	       (doc->conflict ? FLAG_CONFLICT : 0) | (doc->unplaced ? FLAG_UNPLACED : 0) |
	       (doc->invalid ? FLAG_INVALID : 0) | (doc->held ? FLAG_HELD : 0) |
	       (doc->has_agreed ? FLAG_HAS_AGREED : 0) | (doc->has_seen ? FLAG_HAS_SEEN : 0) |
	       (doc->shown ? FLAG_SHOWN : 0) | (doc->stale ? FLAG_STALE : 0) |
	       (doc->text_has_id ? FLAG_TEXT_HAS_ID : 0) |
	       (doc->parent_id != NULL ? FLAG_HAS_PARENT : 0);
}

static void set_flags(struct doc *doc, uint64_t flags)
{
	doc->pending = flags & FLAG_PENDING;
	doc->removed = flags & FLAG_REMOVED;
	doc->agreed_removed = flags & FLAG_AGREED_REMOVED;
	doc->conflict = flags & FLAG_CONFLICT;
	doc->unplaced = flags & FLAG_UNPLACED;
	doc->invalid = flags & FLAG_INVALID;
	doc->held = flags & FLAG_HELD;
	doc->has_agreed = flags & FLAG_HAS_AGREED;
	doc->has_seen = flags & FLAG_HAS_SEEN;
	doc->shown = flags & FLAG_SHOWN;
	doc->stale = flags & FLAG_STALE;
	doc->text_has_id = flags & FLAG_TEXT_HAS_ID;
}

static uint64_t ino_of(const struct node *node)
{
	return node == NULL ? 0 : node->ino;
}

static void put_place(struct docs *d, struct writer *w, const struct doc *doc)
{
	struct bytes name = bytes_of(NULL, 0);
	uint64_t dir_ino = 0;
	struct node *dir;

	if (!settle_stood_at(doc, &dir_ino, &name) && doc->node != NULL &&
	    tree_place(d->tree, doc->node, &dir, &name) == WK_OK)
		dir_ino = dir->ino;
	put_int(w, dir_ino);
	put_text(w, name);
}

enum wk_status docs_row_save(struct docs *d, const struct doc *doc)
{
	struct writer w = { &d->row, WK_OK };

	buf_clear(&d->row);
	put_int(&w, FORMAT);
	put_int(&w, (uint64_t)doc->group->number);
	put_str(&w, doc->id);
	put_str(&w, doc->type);
	put_int(&w, flags_of(doc));
	put_str(&w, doc->parent_id);
	put_int(&w, (uint64_t)doc->created_ms);
	put_int(&w, (uint64_t)doc->modified_ms);
	put_int(&w, doc->size);
	put_int(&w, RENDER_VERSION);
	put_int(&w, doc->agreed.n);
	put(&w, doc->agreed.digest, DIGEST_SIZE);
	put_str(&w, doc->agreed.version);
	put(&w, doc->sent_digest, DIGEST_SIZE);
	put_int(&w, doc->generation);
	put_int(&w, doc->sent_generation);
	put_int(&w, doc->past_count);
	put_str(&w, docs_author(d, doc));
	put_str(&w, doc->problem);
	put_int(&w, ino_of(doc->node));
	put_int(&w, ino_of(doc->file));
	put_int(&w, ino_of(doc->children));
	put_place(d, &w, doc);
	if (w.st != WK_OK)
		return w.st;
	return rows_put(d->rows, ROWS_DOC, doc->number, 0, buf_bytes(&d->row));
}

/* Remembers, for settling, a document that does not stand where it stood. */
static enum wk_status note_place(struct docs *d, struct doc *doc, uint64_t ino, uint64_t dir_ino,
				 struct bytes name)
{
	struct bytes now = bytes_of(NULL, 0);
	struct node *dir = NULL;
	struct docs_moved *m;
	size_t room;

	if (dir_ino == 0 || doc->removed)
		return WK_OK;
	if (doc->node != NULL && tree_place(d->tree, doc->node, &dir, &now) == WK_OK &&
	    dir->ino == dir_ino && bytes_equal(now, name))
		return WK_OK;
	if (d->moved_count == d->moved_room) {
		room = d->moved_room == 0 ? 16 : 2 * d->moved_room;
		m = reallocarray(d->moved, room, sizeof(*m));
		if (m == NULL)
			return WK_NOMEM;
		d->moved = m;
		d->moved_room = room;
	}
	m = &d->moved[d->moved_count];
	*m = (struct docs_moved){ doc, dir_ino, ino, bytes_dup(name) };
	if (m->name == NULL)
		return WK_NOMEM;
	d->moved_count++;
	return WK_OK;
}

static enum wk_status load_rest(struct docs *d, struct doc *doc, struct reader *r, uint64_t flags,
				struct bytes parent)
{
	struct bytes author, problem, digest, name;
	uint64_t ino[3], dir_ino, render;
	enum wk_status st;

	set_flags(doc, flags);
	doc->created_ms = (int64_t)get_int(r);
	doc->modified_ms = (int64_t)get_int(r);
	doc->size = get_int(r);
	render = get_int(r);
	doc->agreed.n = get_int(r);
	digest = get(r, DIGEST_SIZE);
	if (digest.n == DIGEST_SIZE)
		memcpy(doc->agreed.digest, digest.p, DIGEST_SIZE);
	get_array(r, doc->agreed.version, sizeof(doc->agreed.version));
	digest = get(r, DIGEST_SIZE);
	if (digest.n == DIGEST_SIZE)
		memcpy(doc->sent_digest, digest.p, DIGEST_SIZE);
	doc->generation = get_int(r);
	doc->sent_generation = get_int(r);
	doc->past_count = (uint32_t)get_int(r);
	author = get_text(r);
	problem = get_text(r);
	for (int i = 0; i < 3; i++)
		ino[i] = get_int(r);
	dir_ino = get_int(r);
	name = get_text(r);
	if (r->bad || r->left.n != 0)
		return WK_CORRUPT;
	doc->node = ino[0] == 0 ? NULL : tree_node(d->tree, ino[0]);
	doc->file = ino[1] == 0 ? NULL : tree_node(d->tree, ino[1]);
	doc->children = ino[2] == 0 ? NULL : tree_node(d->tree, ino[2]);
	if (render != RENDER_VERSION)
		doc->size = UINT64_MAX;	/* rendered again when all are loaded */
	st = docs_set_author(d, doc, author);
	if (st == WK_OK && (flags & FLAG_HAS_PARENT))
		st = docs_set_parent(d, doc, parent);
	if (st == WK_OK && problem.n > 0 && (doc->problem = bytes_dup(problem)) == NULL)
		st = WK_NOMEM;
	return st != WK_OK ? st : note_place(d, doc, ino[0], dir_ino, name);
}

enum wk_status docs_row_load(struct docs *d, int64_t number, struct bytes row)
{
	struct reader r = { row, false };
	bool known = get_int(&r) == FORMAT;
	int64_t group_number = (int64_t)get_int(&r);
	struct bytes id = get_text(&r), type = get_text(&r);
	uint64_t flags = get_int(&r);
	struct bytes parent = get_text(&r);
	struct group *g = NULL;
	struct doc *doc;
	enum wk_status st;

	for (size_t i = 0; i < d->group_count && g == NULL; i++)
		if (d->groups[i]->number == group_number)
			g = d->groups[i];
	if (r.bad || !known || g == NULL)
		return WK_CORRUPT;
	st = docs_new(d, g, id, type, number, &doc);
	if (st != WK_OK)
		return st == WK_INVALID ? WK_CORRUPT : st;
	docs_uncount(doc);
	st = load_rest(d, doc, &r, flags, parent);
	docs_count(doc);
	return st;
}

enum wk_status docs_row_save_group(struct docs *d, const struct group *g)
{
	SCOPED(buf_fini) struct buf row = BUF_SECRET_INIT(DOCS_ROW_MAX);
	struct writer w = { &row, WK_OK };

	put_int(&w, FORMAT);
	put_str(&w, g->id);
	put_str(&w, g->name);
	put(&w, g->key->k, KEY_SIZE);
	put_int(&w, (g->on_server ? 1 : 0) | (g->lost ? 2 : 0) | (g->mixed ? 4 : 0));
	put_int(&w, g->seq);
	put_str(&w, g->mark);
	put_int(&w, (uint64_t)g->synced_ms);
	put_int(&w, ino_of(g->dir));
	put_int(&w, ino_of(g->unplaced));
	if (w.st != WK_OK)
		return w.st;
	return rows_put(d->rows, ROWS_GROUP, g->number, 0, buf_bytes(&row));
}

enum wk_status docs_row_load_group(struct docs *d, int64_t number, struct bytes row)
{
	struct reader r = { row, false };
	bool known = get_int(&r) == FORMAT;
	struct bytes id = get_text(&r), name = get_text(&r), key = get(&r, KEY_SIZE);
	SCOPED(group_key_free_scoped) struct group_key *own = group_key_new();
	struct group *g;
	uint64_t flags;
	enum wk_status st;

	if (own == NULL)
		return WK_NOMEM;
	if (r.bad || !known)
		return WK_CORRUPT;
	memcpy(own->k, key.p, KEY_SIZE);
	st = docs_add_group(d, id, name, own, number, &g);
	if (st != WK_OK)
		return st == WK_INVALID ? WK_CORRUPT : st;
	own = NULL;
	flags = get_int(&r);
	g->on_server = flags & 1;
	g->lost = flags & 2;
	g->mixed = flags & 4;
	g->seq = get_int(&r);
	get_array(&r, g->mark, sizeof(g->mark));
	g->synced_ms = (int64_t)get_int(&r);
	g->dir = tree_node(d->tree, get_int(&r));
	g->unplaced = tree_node(d->tree, get_int(&r));
	return r.bad || r.left.n != 0 ? WK_CORRUPT : WK_OK;
}
