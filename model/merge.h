/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MERGE_H
#define MODEL_MERGE_H

#include "base/json.h"

/*
 * Three-way merge of documents: a pure function, so that every client that
 * merges the same three gets the same bytes.  By key path; array elements by
 * identity (`id`, `_id`, else name for rows that have one, cookies by domain, path and key);
 * structure and order exempt; equal insertions count once.  Never in conflict: modified (max),
 * created (base), parentId, the name, metaSortKey, *PropertyOrder (later `modified`, then greater
 * author id), cookies (the later).  Any other double change: the later edit's value keeps the file,
 * and the other side is the loser that the caller keeps as a copy.
 */
struct merge_side {
	const struct json *doc;
	int64_t modified_ms;
	struct bytes author;	/* account id; breaks ties */
};

struct merge_result {
	struct json *doc;	/* what the file becomes */
	bool equals_theirs;	/* nothing to push */
	/* The losing side's whole document when some value was changed on both sides, else NULL. */
	struct json *loser;
	bool loser_is_ours;
	/*
	 * The values that lost, as one JSON value: what the copy's id is derived from.  An
	 * object of paths, the same (member order too) whichever side is called ours; NULL
	 * without a loser.
	 */
	struct json *lost_values;
};

/*
 * base may be NULL (taken as {}).  Results live in the arena and borrow nothing.  The documents
 * are objects.  Later is: greater modified_ms, then greater author, then greater JSON text.  A side
 * that is the base to the byte (member order included) changes nothing: the result is the other.
 * equals_theirs is to the byte too.  WK_NOMEM.
 */
enum wk_status merge_documents(struct arena *arena, const struct json *base,
			       const struct merge_side *theirs, const struct merge_side *ours,
			       struct merge_result *out);

#endif
