/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include "store/docs_private.h"

/*
 * Where documents stand in the tree.  Repairs are views, not writes, and every client
 * computes the same: a cycle of parents is cut at its member with the greatest (modified, id),
 * which shows in the group's root; what has no fitting parent shows in Unplaced.
 * Private to store/.
 */
#define PLACE_DEPTH_MAX 128

enum place_where {
	PLACE_ROOT,		/* the Workspace: the group's directory is the document */
	PLACE_TOP,		/* in the group's directory */
	PLACE_BELOW,		/* in the directory of *parent_out */
	PLACE_UNPLACED,		/* *why_out says why */
	PLACE_NOWHERE		/* cannot be shown; *why_out says why */
};

enum place_where place_of(struct docs *d, struct doc *doc, struct doc **parent_out,
			  const char **why_out);

/* Whether `file_name` is a name this document may have when its own is `name`. */
bool place_name_fits(const struct doc *doc, struct bytes name, struct bytes file_name);
/* A free name in dir (dir NULL: nothing is taken); the document's own present name counts as free.
 * WK_UNSUPPORTED, WK_INVALID: no file can be called that. */
enum wk_status place_name(struct docs *d, const struct doc *doc, struct bytes name,
			  struct node *dir, char out[TREE_NAME_MAX + 1]);
/* What the directory of its children is called beside a file of this name; false: none can be. */
bool place_children_name(const struct doc *doc, struct bytes file_name,
			 char out[TREE_NAME_MAX + 1]);
/* The document's name, from its text. */
enum wk_status place_doc_name(struct docs *d, const struct doc *doc, struct buf *name_out);

#endif
