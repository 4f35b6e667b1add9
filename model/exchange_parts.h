/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_EXCHANGE_PARTS_H
#define MODEL_EXCHANGE_PARTS_H

#include "model/exchange.h"

/*
 * What the files exchange_*.c share.  Private to model/: everything here is used through
 * exchange.h.
 */
#define EXCHANGE_NONE SIZE_MAX
#define EXCHANGE_WORKSPACE_ID "__WORKSPACE_ID__"
#define EXCHANGE_BASE_ENVIRONMENT_ID "__BASE_ENVIRONMENT_ID__"
#define EXCHANGE_TYPE_MAX 64	/* bytes of a type; a longer one is kept beside, not as the type */

/* One resource of the file on its way to a document. */
struct exchange_entry {
	struct json *doc;
	enum kind kind;
	struct bytes id;	/* .p NULL: missing, or no id a document can have */
	struct bytes parent;	/* .p NULL: null, missing or no string */
	const char *type_note;	/* its type had to be decided here; NULL: the file says it */
	size_t parent_at;	/* entry of that id, or EXCHANGE_NONE */
	size_t home;		/* which workspace of the set, once cut */
	bool in_circle;		/* its parents lead back to it */
	bool has_base;		/* its workspace has a base environment */
	bool doubled;		/* an earlier entry has this id */
};

/* exchange_detect.c: what a file is that is no export of format 3 or 4; NULL when it may be. */
const char *exchange_detect_text(struct bytes file);
/* The same of a tree; the sentence is static or in the arena.  WK_NOMEM. */
enum wk_status exchange_detect_tree(struct arena *arena, const struct json *root,
				    const char **sentence_out);
/* A sentence with %s and numbers, in the arena; NULL when that is full. */
const char *exchange_detect_say(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * exchange_type.c: `_type` of an export to `type` of a document and back.  Reversible for every
 * `_type` of 1 to EXCHANGE_TYPE_MAX characters of [A-Za-z0-9_-], but for those that are a
 * document's type as it stands ("Request"), which are taken for it.
 * .p NULL: no such type can be.
 */
enum wk_status exchange_type_import(struct arena *arena, struct bytes export_type,
				    struct bytes *type_out);
/* Appends the `_type` of a type. */
enum wk_status exchange_type_export(struct bytes type, struct buf *out);

/* exchange_docs.c: makes the documents of `resources` (an array). */
enum wk_status exchange_docs_read(struct arena *arena, const struct json *resources,
				  struct exchange_entry **entries_out, size_t *count_out);

/* exchange_cut.c: cuts the entries into workspaces. */
enum wk_status exchange_cut(struct arena *arena, struct exchange_entry *entries, size_t count,
			    struct bytes title, struct exchange_set *out);

/* exchange_index.c: finds ids.  The first of equal ids counts. */
struct exchange_index {
	struct exchange_index_row {
		struct bytes id;
		size_t at;
	} *rows;
	size_t count;
};
/* Room for `max` rows. */
enum wk_status exchange_index_init(struct arena *arena, size_t max, struct exchange_index *out);
void exchange_index_add(struct exchange_index *index, struct bytes id, size_t at);
/* To be called once, after the last add and before the first find. */
void exchange_index_sort(struct exchange_index *index);
/* EXCHANGE_NONE: no such id. */
size_t exchange_index_find(const struct exchange_index *index, struct bytes id);

/* Whether a document may have this id: 1 to DOC_ID_MAX bytes of UTF-8 without controls. */
bool exchange_index_is_id(struct bytes id);
/* Whether an id only stands for one that the importer makes: __REQ_1__, __WORKSPACE_ID__. */
bool exchange_index_is_placeholder(struct bytes id);

/* exchange_yaml_scalar.c: what a plain scalar is in the YAML 1.2 core schema; text is borrowed. */
enum wk_status exchange_yaml_scalar(struct arena *arena, struct bytes text, struct json *out);

#endif
