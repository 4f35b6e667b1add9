/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_DOCS_PRIVATE_H
#define STORE_DOCS_PRIVATE_H

#include "base/arena.h"
#include "base/map.h"
#include "store/docs.h"
#include "store/store_private.h"

/*
 * What docs*.c, place.c, view*.c and settle*.c share.  Only store/ includes this.
 *
 * A document's memory is one allocation: struct doc, then its key (its group's number
 * in eight bytes and its id), which the index borrows and whose second part doc->id points to.
 */
#define DOCS_ARENA_MAX ((size_t)1 << 30)
#define DOCS_GROUP_MAX 100000	/* documents in a group, tombstones not counted */
#define DOCS_ROW_MAX 8192

struct docs_moved {		/* found at load: stands elsewhere than when it was last settled */
	struct doc *doc;
	uint64_t dir_ino;
	uint64_t ino;
	char *name;
};

struct docs {
	struct store *store;
	struct rows *rows;
	struct tree *tree;
	struct group **groups;
	size_t group_count, group_room;
	struct map *groups_by_id;
	struct map *docs_by_key;
	struct map *strings;		/* interned: types without a kind, unknown parents' ids */
	struct map *authors_by_id;
	const char **authors;
	size_t author_count, author_room;
	int64_t last_doc, last_group;
	uint32_t visit;
	struct arena *arena;		/* for one call at a time; wiped after it */
	struct buf text, rendered, row;
	struct docs_moved *moved;
	size_t moved_count, moved_room;
	void (*on_outgoing)(void *arg);
	void *on_outgoing_arg;
};

/* A change of documents, to rows_end(), which must come.  Refused on a full disk before anything
 * is touched: in the middle it would leave memory and rows at odds. */
static inline enum wk_status docs_begin(struct docs *d)
{
	rows_begin(d->rows);
	return rows_admitted(d->rows);
}

/* Whether a user's save may stand in its file that is not settled yet. */
static inline bool docs_has_save(const struct doc *doc)
{
	return doc->settling != NULL && doc->file != NULL;
}

/* docs_row.c */
enum wk_status docs_row_save(struct docs *d, const struct doc *doc);
enum wk_status docs_row_load(struct docs *d, int64_t number, struct bytes row);
enum wk_status docs_row_save_group(struct docs *d, const struct group *g);
enum wk_status docs_row_load_group(struct docs *d, int64_t number, struct bytes row);

/* docs_index.c: what is in memory */
char *docs_intern(struct docs *d, struct bytes text);	/* NULL: out of memory */
enum wk_status docs_set_author(struct docs *d, struct doc *doc, struct bytes author);
enum wk_status docs_new(struct docs *d, struct group *g, struct bytes id, struct bytes type,
			int64_t number, struct doc **doc_out);
void docs_drop(struct docs *d, struct doc *doc);	/* only the newest of its group */
enum wk_status docs_set_parent(struct docs *d, struct doc *doc, struct bytes parent_id);
enum wk_status docs_set_problem(struct doc *doc, const char *problem);	/* NULL: none */
enum wk_status docs_add_group(struct docs *d, struct bytes id, struct bytes name,
			      struct group_key *key, int64_t number, struct group **group_out);
/* Around each change of a document: takes it out of its group's counts, and in again. */
void docs_uncount(struct doc *doc);
void docs_count(struct doc *doc);
/* The Workspace that counts: the oldest live one, by (created, id). */
void docs_pick_workspace(struct docs *d, struct group *g);
/* Seen in any group, as tombstone too? */
bool docs_was_seen(struct docs *d, struct bytes id);

/* docs_text.c */
enum wk_status docs_put_text(struct docs *d, const struct doc *doc, enum docs_text which,
			     const struct json *json);
/* The text as a tree in the arena.  WK_NOT_FOUND. */
enum wk_status docs_tree(struct docs *d, struct arena *arena, const struct doc *doc,
			 enum docs_text which, struct json **json_out);
/* d->rendered becomes the file's bytes. */
enum wk_status docs_render(struct docs *d, const struct json *json);
enum wk_status docs_render_hook(void *arg, struct node *node, struct buf *out);
void docs_wipe(struct docs *d);

/* docs_edit.c */
/* A new document made here.  show: the view makes its file (else the caller has one). */
enum wk_status docs_create(struct docs *d, struct group *g, const struct json *json, bool show,
			   struct doc **doc_out);
/* LOCAL becomes `json` (pending is the caller's); keeps SEEN for a file somebody read or edits. */
enum wk_status docs_set_local(struct docs *d, struct doc *doc, const struct json *json, bool show);
enum wk_status docs_unset_local(struct docs *d, struct doc *doc, bool show);
/* AGREED stands on its own from now on: LOCAL is about to go its own way, or must be sent again. */
enum wk_status docs_keep_agreed(struct docs *d, struct doc *doc);
enum wk_status docs_forget_text(struct docs *d, struct doc *doc, enum docs_text which);
void docs_tell_outgoing(struct docs *d, const struct doc *doc);
/* Deleted folders above a document that lives again live again too. */
enum wk_status docs_revive_parents(struct docs *d, struct doc *doc);

/* view.c: its place or bytes must be looked at.  name: of the document, .p NULL when not known to
 * have changed. */
enum wk_status view_queue(struct view *v, struct doc *doc, struct bytes name);

/* Tells the observer of a name that did not come by a change of the view. */
void view_tell_name(struct view *v, const struct node *dir, const char *name);

/* settle.c */
/* Where the document stood when it was last settled, if it may stand elsewhere now. */
bool settle_stood_at(const struct doc *doc, uint64_t *dir_ino_out, struct bytes *name_out);
/* Files that are no documents though their names say so, and why. */
bool settle_stray(struct settle *s, size_t *at, struct node **node_out, const char **why_out);

#endif
