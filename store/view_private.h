/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_VIEW_PRIVATE_H
#define STORE_VIEW_PRIVATE_H

#include <sys/stat.h>

#include "base/loop.h"
#include "store/docs_private.h"
#include "store/view.h"

/*
 * What the files view*.c share: view.c has the queue, view_step.c finds the next change
 * that brings a document's file nearer to the document, view_apply.c makes it.
 */
#define VIEW_STEPS_MAX 32	/* of one document in a row: more means that somebody works against it */

struct view_item {		/* a document whose place or bytes must be looked at */
	struct doc *doc;
	char *name;		/* of the document; NULL: not known to have changed */
	size_t name_n;
	unsigned steps;
	int depth;
	bool late;		/* a removed directory that waits for what is in it to leave */
	bool reads_name;	/* its name may have changed before the store was opened */
	bool retried;
	bool done;
};

enum view_aim {			/* what a directory is made for, and what is moved */
	VIEW_AIM_DOC,
	VIEW_AIM_GROUP,
	VIEW_AIM_CHILDREN,
	VIEW_AIM_UNPLACED
};

struct view_work {
	struct view_change change;	/* first: what the observer sees */
	enum view_aim aim;
	struct group *group;
	struct view_item *item;		/* NULL: not for one document */
};

struct view_list {
	struct view_item **items;
	size_t count, room;
};

struct view {
	struct store *store;
	struct docs *docs;
	struct tree *tree;
	struct view_observer observer;
	bool has_observer;
	struct view_list fresh, batch, blocked;
	size_t at;			/* in batch */
	struct view_work *current;	/* handed over, not yet applied */
	struct view_work *cancelled;	/* done, still readable by the observer */
	bool busy;
	struct loop_timer *timer;	/* hands over the next change */
	uint64_t empty_ino;		/* a directory that may have become needless */
	uint32_t uid, gid;
};

enum view_step { VIEW_DONE, VIEW_WORK, VIEW_BLOCKED, VIEW_LATE };

/* view_step.c */
enum view_step view_step(struct view *v, struct view_item *item, struct view_work *work);
/* Whether the directory of that inode is of no more use; then *work removes it. */
bool view_step_empty(struct view *v, uint64_t ino, struct view_work *work);
/* Whether a document stands where it should, as far as its parents say. */
bool view_step_is_placed(struct view *v, struct doc *doc);

/* view_apply.c */
enum wk_status view_do(struct view *v, struct view_work *work);

#endif
