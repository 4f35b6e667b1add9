/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/loop.h"
#include "crypto/secret.h"
#include "store/rows.h"

/*
 * One account's local store, open and unlocked: the directory DIR holds store.db and
 * the lock file, which names the process that has it.  Everything in store/ is owned by one
 * thread, the one that runs the loop; other threads reach it with loop_call() and loop_post().
 *
 * Parts, each with a header of its own: rows (sealed tables), tree (inodes and names, content),
 * docs (groups, documents, what waits to be sent), settle (files to documents), view
 * (documents to files), status.
 */
struct store;
struct tree;
struct docs;
struct view;
struct settle;

struct store_params {
	const char *dir;		/* made 0700 if missing */
	struct loop *loop;
	struct bytes passphrase;	/* sanitized (crypto/kdf.h) */
	const struct account_key *account;	/* or NULL: opens it where the passphrase fails */
	uint32_t slot_memory_kib;	/* 0: calibrated; tests ask for less */
	const char *owner_line;		/* "wakefs mount /home/ann/Workspaces (process 4711)" */
	bool read_only_tree;		/* leave the tree unloaded: for settings only */
};

/* WK_EXISTS: there is one already.  WK_BUSY: another process has it (its line in owner_out). */
enum wk_status store_create(const struct store_params *p, char *owner_out, size_t owner_size,
			    struct store **store_out);
/* WK_NOT_FOUND: none there.  WK_DENIED: the passphrase does not open it.  WK_BUSY as above.
 * WK_CORRUPT: damaged; WK_UNSUPPORTED: made by a newer version. */
enum wk_status store_open(const struct store_params *p, char *owner_out, size_t owner_size,
			  struct store **store_out);
/* Settles nothing; commits what is left.  The status is that of the last commit. */
enum wk_status store_close(struct store *s);
bool store_exists(const char *dir);

struct rows *store_rows(struct store *s);
struct tree *store_tree(struct store *s);
struct docs *store_docs(struct store *s);
struct view *store_view(struct store *s);
struct settle *store_settle(struct store *s);
struct loop *store_loop(struct store *s);

/* Replaces the passphrase slot (the store is open). */
enum wk_status store_set_passphrase(struct store *s, struct bytes passphrase,
				    uint32_t slot_memory_kib);

/* Writes the account slot, by which the account key opens the store: after a passphrase that was
 * changed elsewhere, say. */
enum wk_status store_set_account_key(struct store *s, const struct account_key *account);

enum store_setting {
	SETTING_ACCOUNT_ID = 1,
	SETTING_EMAIL,
	SETTING_SERVER_URL,
	SETTING_SESSION,	/* hex of the session id; "" when logged out */
	SETTING_ACCOUNT_KEY,	/* SYM_Account, 32 bytes */
	SETTING_PRIVATE_KEY,	/* PRV_Account, JWK text */
	SETTING_HIDE_NAMES,	/* "1" (default) or "0": names go up as n/a */
	SETTING_FIRST_NAME,
	SETTING_LAST_NAME	/* (keys below 1 are the parts' own) */
};
/* Appends; WK_NOT_FOUND when never set. */
enum wk_status store_setting_get(struct store *s, enum store_setting key, struct buf *out);
enum wk_status store_setting_put(struct store *s, enum store_setting key, struct bytes value);

#endif
