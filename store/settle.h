/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SETTLE_H
#define STORE_SETTLE_H

#include "store/docs.h"

/*
 * From files to documents: decides, when saves are complete, which file is which document, and
 * what each document's text is now.  Once for all settled changes of a group together, never per
 * operation, in this order, each step finished for all documents before the next:
 *  1. the file at a document's agreed path whose text carries the `_id` its text carried;
 *  2. the file on its inode;
 *  3. a file whose text carries its `_id`, oldest inode first;
 *  4. the file at its agreed path, whatever it carries.
 * Files left over are new documents; documents left over are removed after the grace time.
 */
#define SETTLE_QUIET_MS 2000		/* without a write, text that parses is complete */
#define SETTLE_QUIET_TEXT_MS 10000	/* for kinds whose file is text */
#define SETTLE_GRACE_MS 10000		/* before a missing file is a removed document */

/* A save of this node is complete: fsync, rename onto a name, last writer closed. */
void settle_complete(struct settle *s, struct node *node);
/* Settles everything now, grace time included when `removals`: before unmount and in tests. */
enum wk_status settle_now(struct settle *s, bool removals);
/* Whether anything waits to be settled. */
bool settle_is_idle(const struct settle *s);

/* The pure part: matches agreed documents with files, by the four steps. */
struct settle_agreed {
	struct bytes id;
	struct bytes path;		/* agreed path, in the group */
	uint64_t ino;			/* its inode */
	bool text_had_id;		/* its text carried its `_id` */
};
struct settle_file {
	struct bytes path;
	uint64_t ino;
	struct bytes text_id;		/* `_id` in its text; .n 0: none */
};
/* file_of[i] (room for agreed_count): index of the file of agreed[i], or -1. */
enum wk_status settle_match(const struct settle_agreed *agreed, size_t agreed_count,
			    const struct settle_file *files, size_t file_count, int64_t *file_of);

#endif
