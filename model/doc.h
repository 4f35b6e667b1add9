/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_DOC_H
#define MODEL_DOC_H

#include "base/json.h"
#include "model/kind.h"

/*
 * A document and its file.  Pure functions over JSON trees.
 *
 * A file holds exactly what its path and its stat do not say: `_id` first, then the
 * document's own members in its own order, without name (the kind's name_key),
 * parentId, type, created, modified.  For text kinds (openapi, proto) the file is the text member
 * alone.
 */
#define DOC_MAX (16u * 1024 * 1024)
#define RENDER_VERSION 1	/* of doc_render: a store re-renders sizes made by another */

struct doc_head {		/* borrows from the tree it was read from */
	struct bytes id;
	struct bytes type;
	struct bytes parent_id;	/* .p NULL: null or missing */
	struct bytes name;	/* .n 0 when missing; WTF-8 */
	enum kind kind;
	int64_t created_ms;	/* 0 when missing or no integer */
	int64_t modified_ms;
};

/* WK_CORRUPT: no object, or _id or type are no strings of 1 to DOC_ID_MAX bytes. */
enum wk_status doc_read_head(const struct json *doc, struct doc_head *out);

/* Appends the file's bytes.  WK_CORRUPT: as doc_read_head; WK_LIMIT: over the buffer's maximum. */
enum wk_status doc_render(struct arena *arena, const struct json *doc, struct buf *file_out);

/* What path and stat say of a file that is to become a document. */
struct doc_place {
	enum kind kind;
	struct bytes type;	/* KIND_OTHER only */
	struct bytes name;	/* .p NULL: leave as in `old` (a cut file name, or a dir file) */
	struct bytes parent_id;	/* .p NULL: null */
	int64_t created_ms, modified_ms;
	struct bytes id;	/* the id it must have, whatever the text says */
};

/*
 * The document that a file's text means.  `old` (may be NULL) is the document as
 * it was: members hidden from the file keep its value and form where `place` says the
 * same, text kinds keep all its other members.  Members doc_render hides that stand in the
 * text anyway are ignored.  Without `old` (or when it is of another type) a JSON kind gets
 * its head and the file's members, a text kind the defaults of doc_new.  WK_INVALID: the
 * text is no such document; *error (may be NULL) says where and why.  WK_LIMIT: over
 * DOC_MAX or JSON_DEPTH_MAX.
 */
enum wk_status doc_parse(struct arena *arena, struct bytes file, const struct doc_place *place,
			 const struct json *old, struct json **doc_out, struct json_error *error);

/* The `_id` that a file's text carries ("" for none, or none that can be an id).  WK_INVALID: not
 * JSON (the text of a text kind, as a rule); WK_LIMIT: too long or too deep. */
enum wk_status doc_text_id(struct arena *arena, struct bytes file, char id_out[DOC_ID_MAX + 1]);
/* Whether a JSON text has at least one field of this kind (else a new file is no document).  True
 * of kinds that have had no field but a name, and of text kinds; a lone description makes no
 * Request. */
bool doc_has_own_field(const struct json *doc, enum kind k);

/* A new document of a kind with the model's default fields, in model order. */
enum wk_status doc_new(struct arena *arena, const struct doc_place *place, struct json **doc_out);
/* Changes name, parentId and modified where they differ, in the members' old order; for moves and
 * renames.  WK_CORRUPT: doc has no head. */
enum wk_status doc_set_place(struct arena *arena, struct json *doc, const struct doc_place *place);

#endif
