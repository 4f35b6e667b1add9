/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include "store/docs.h"

/*
 * From documents to files: changes that come from elsewhere (sync, import) and must
 * show in the tree.  Each becomes one view_change.  Without an observer it is applied to the tree at
 * once; with one (a mount), the observer is handed it and decides: where the kernel does not know the
 * place it calls view_apply() directly; else it has its helper ask for the change through the mount, and calls
 * view_apply() when that very request has arrived, so that kernel and tree never differ.
 *
 * A file never changes its bytes in place: VIEW_PUT makes a new node and puts it over the name.
 * The node it replaces keeps its old bytes (tree_freeze) while the kernel knows it.
 */
enum view_op {
	VIEW_PUT,	/* a complete new file at dir/name (replacing what is there) */
	VIEW_MKDIR,	/* a directory at dir/name */
	VIEW_MOVE,	/* from_dir/from_name to dir/name; a file or a directory */
	VIEW_REMOVE,	/* the file dir/name */
	VIEW_RMDIR	/* the (then empty) directory dir/name; left standing when scratch is in it */
};

struct view_change {
	enum view_op op;
	uint64_t dir_ino, from_dir_ino;
	char name[TREE_NAME_MAX + 1];
	char from_name[TREE_NAME_MAX + 1];
	struct doc *doc;
	uint64_t generation;		/* the document's, when it was queued */
	struct node *made;		/* VIEW_PUT after view_prepare() */
	struct view_change *next;	/* private */
};

/* observer->submit is called for each change, in order; it must end in view_apply() or
 * view_cancel(), later if it likes. */
struct view_observer {
	void *arg;
	void (*submit)(void *arg, struct view_change *change);
	/* The store itself has given a file this name in the tree: the kernel must forget what it
	 * holds of it.  NULL: nobody has to know. */
	void (*named)(void *arg, uint64_t dir_ino, const char *name);
};
void view_set_observer(struct view *v, const struct view_observer *observer);	/* NULL: none */

/* Hands over what is queued (after docs_take, docs_add, docs_edit, docs_remove with show). */
void view_run(struct view *v);
bool view_is_idle(const struct view *v);

/* VIEW_PUT and VIEW_MKDIR: makes the node (unnamed, complete, with its size and times); once. */
enum wk_status view_prepare(struct view *v, struct view_change *change, struct node **node_out);
/* Makes the change in the tree and frees it.  WK_CANCELLED: a user changed the place in
 * the meantime, so nothing was done; the document is settled anew. */
enum wk_status view_apply(struct view *v, struct view_change *change);
/* It cannot be done through the mount (deadline): it is done in the tree, and the observer must
 * invalidate what the kernel holds: *change is still valid until view_apply. */
void view_cancel(struct view *v, struct view_change *change);

#endif
