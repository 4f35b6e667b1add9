/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_EXCHANGE_H
#define MODEL_EXCHANGE_H

#include "base/json.h"
#include "model/kind.h"

/*
 * Insomnia exports (formats 3 and 4, JSON or YAML) in and out.
 *
 * Every resource of the file becomes a document: `_type` becomes `type`, nothing else
 * changes; nothing is dropped.  The set is cut into workspaces, one resource group
 * each: by parent chain; what has no workspace in the file goes to a workspace made for the
 * file's title (unless the file has exactly one workspace, which then takes it).
 */
#define EXCHANGE_FILE_MAX (256u * 1024 * 1024)
#define EXCHANGE_DOCS_MAX 100000

struct exchange_note {		/* something a person should know of one resource */
	size_t doc;		/* index in its workspace */
	const char *text;	/* "its parent is not in the file", static */
};

struct exchange_workspace {
	struct json **docs;	/* [0] is the Workspace document */
	size_t count;
	struct exchange_note *notes;
	size_t note_count;
	bool made;		/* the Workspace was not in the file */
};

struct exchange_set {
	struct exchange_workspace *workspaces;
	size_t count;
	size_t doc_count;
};

/*
 * Reads an export.  title: for a workspace that must be made (the file's name);
 * empty or no UTF-8 makes it "Imported Workspace".
 * WK_UNSUPPORTED: another format; *sentence_out (static or in the arena) names what the file is
 * ("This is a Postman collection (v2.1); ...").  WK_INVALID: not readable as JSON or YAML;
 * *sentence_out says where and why.
 * WK_LIMIT: too large, too deep or too many documents; *sentence_out says which.
 * Documents may still lack an id or share one: exchange_map_ids comes next.
 */
enum wk_status exchange_parse(struct arena *arena, struct bytes file, struct bytes title,
			      struct exchange_set *out, const char **sentence_out);

/* Whether an id is taken already in the account, asked for each document when ids are kept. */
typedef bool exchange_is_taken(void *arg, struct bytes id);

/*
 * Gives new ids where needed: all of them (keep = false), or only those that are placeholders,
 * missing, doubled, no valid id, or taken; and maps parentId, requestId, protoFileId and ids in
 * template tags inside the set.  A doubled id: the first keeps it.  WK_NOMEM leaves the set half
 * mapped: it must not be used then.
 */
enum wk_status exchange_map_ids(struct arena *arena, struct exchange_set *set, bool keep,
				exchange_is_taken *is_taken, void *arg);

/* Appends a format-4 export of these documents, compact JSON with a final newline. */
enum wk_status exchange_write(struct arena *arena, const struct json *const *docs, size_t count,
			      int64_t date_ms, struct buf *out);

/* YAML to a JSON tree (YAML 1.2 core schema, as the client's own reader; anchors bounded). */
enum wk_status exchange_yaml_parse(struct arena *arena, struct bytes text, struct json **root_out,
				   struct json_error *error);

#endif
