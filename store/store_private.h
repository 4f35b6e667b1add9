/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "crypto/secret.h"
#include "crypto/slot.h"
#include "store/store.h"
#include "store/tree.h"

/*
 * How the parts of a store find each other, and how each is opened and closed.
 * Only store/ includes this.
 *
 * store_open() opens them in this order and fills in each pointer as soon as its part is
 * open: rows, tree, docs, view, settle, status.  It closes them the other way round.  A part
 * may use those before it while it opens and closes, and keeps `s` for later.
 */
struct status;

struct store {
	struct loop *loop;		/* borrowed */
	char *dir;
	char *path;			/* of store.db */
	int lock_fd;
	uint8_t id[STORE_ID_SIZE];
	struct local_key *key;
	struct row_sealer *sealer;
	uint32_t generation;		/* of the sealer */
	uint64_t seals_before;		/* sealed in this generation before the sealer was made */
	uint64_t seals_noted;		/* what the header says for them all: never too few */
	struct loop_timer *seals_timer;
	struct rows *rows;
	struct tree *tree;		/* this and the rest NULL with read_only_tree */
	struct docs *docs;
	struct view *view;
	struct settle *settle;
	struct status *status;
};

/* WK_OK: there is a finished store; WK_NOT_FOUND: none; others: it cannot be told. */
enum wk_status store_key_find(const char *path);
/* Makes the database with its header and a new key, over what an unfinished creation left. */
enum wk_status store_key_make(struct store *s, struct bytes passphrase, uint32_t memory_kib);
/* Reads the header and opens a slot: key, id and sealer are there then.  WK_DENIED. */
enum wk_status store_key_open(struct store *s, struct bytes passphrase,
			      const struct account_key *account);
/* Keeps the header's count of seals ahead while rows are open; and exact at the end. */
enum wk_status store_key_watch(struct store *s);
void store_key_unwatch(struct store *s);

/* Loads the tree; on an empty database makes the root. */
enum wk_status tree_open(struct rows *rows, struct loop *loop, struct tree **tree_out);
/* Frees it without a word to the hooks; rows stay open. */
void tree_close(struct tree *t);

enum wk_status docs_open(struct store *s, struct docs **docs_out);
void docs_close(struct docs *d);
enum wk_status view_open(struct store *s, struct view **view_out);
void view_close(struct view *v);
enum wk_status settle_open(struct store *s, struct settle **settle_out);
void settle_close(struct settle *x);
enum wk_status status_open(struct store *s, struct status **status_out);
void status_close(struct status *x);

#endif
