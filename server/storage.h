/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_STORAGE_H
#define SERVER_STORAGE_H

#include "base/arena.h"
#include "crypto/digest.h"
#include "wire/message.h"

/*
 * What the server keeps, behind one table of functions, so that everything else
 * is the same on every database.  Backends: storage_sqlite.h.
 *
 * Everything happens in a transaction.  A reading one sees one state of the
 * database from its begin to its end.  A writing one may hold several requests:
 * each is bracketed by mark() and keep() or undo(), so that one that fails leaves
 * no trace and does not hurt the others.  Nothing is durable before commit()
 * returns WK_OK.
 *
 * Accounts and groups are named by numbers inside (account_n, group_n > 0), ids outside.
 *
 * Threads: any thread may have a reading transaction; one thread at a time has a
 * writing one.  A transaction is used by the thread that began it.
 *
 * Statuses common to all: WK_IO, WK_FULL, WK_NOMEM, WK_CORRUPT (the database says
 * what it cannot say).  Others are named where they may come.
 */
#define STORAGE_VERSION 16	/* bytes; 32 hex digits on the wire */
#define STORAGE_MARK 16
#define STORAGE_SECRET 32

struct storage_account {
	int64_t n;
	struct wire_signup told;	/* as signed up with */
	uint8_t verifier[256];
	int64_t created_ms;
};

struct storage_session {
	int64_t account_n;
	struct bytes account_id;
	int64_t created_ms, used_ms;
};

struct storage_head {
	int64_t group_n;
	uint64_t seq;
	uint8_t mark[STORAGE_MARK];	/* zeros at seq 0 */
};

struct storage_group {
	struct wire_group told;		/* encSymmetricKey: the asking account's; mark: hex */
	struct storage_head head;
	bool is_strict;
};

/* One push of one resource. */
struct storage_put {
	int64_t group_n, account_n;
	struct bytes id, type, name, enc_content;
	struct bytes ad;		/* binary, of enc_content */
	const uint8_t *inner;		/* HASH_SIZE */
	const uint8_t *digest;		/* DIGEST_SIZE */
	struct bytes seen_version;	/* as sent */
	const uint8_t *mark;		/* STORAGE_MARK: drawn for this commit */
	int64_t last_edited_ms;
	bool removed;
	/* An app: a push that loses is kept as a side revision of this session (HASH_SIZE). */
	const uint8_t *app_session;
};

enum storage_outcome {
	STORAGE_CREATED,	/* there was none of that id */
	STORAGE_UPDATED,
	STORAGE_ALREADY,	/* the newest revision has this very envelope; nothing was written */
	STORAGE_CONFLICT	/* the newest revision is not the one seen; it stays */
};
struct storage_put_result {
	enum storage_outcome outcome;
	uint8_t version[STORAGE_VERSION];	/* the newest after the put */
	uint64_t seq;	/* of the newest revision that counts; a conflict: of the one that won */
	/* A conflict: what won. */
	bool is_removed;
	int64_t last_edited_ms;
};

struct storage_light {		/* a resource without its content */
	struct bytes id, type;
	uint8_t version[STORAGE_VERSION];
	uint8_t digest[DIGEST_SIZE];
	uint64_t seq;
	bool removed;
};

/* Rows are borrowed until the function returns.  WK_CANCELLED: no more rows, and no failure. */
typedef enum wk_status storage_resource_fn(void *arg, const struct wire_resource *row);
typedef enum wk_status storage_light_fn(void *arg, const struct storage_light *row);
typedef enum wk_status storage_group_fn(void *arg, const struct storage_group *row);
typedef enum wk_status storage_head_fn(void *arg, struct bytes id, const struct storage_head *row);

struct storage;
struct storage_tx;

struct storage_changes {
	int64_t group_n;
	uint64_t after_seq;
	unsigned limit;
	bool sides;
};

struct storage_ops {
	/* Ends everything; no transaction is open. */
	void (*close)(struct storage *s);

	/* --- transactions --- */
	enum wk_status (*begin)(struct storage *s, bool is_write, struct storage_tx **tx_out);
	/* Both end the transaction.  commit: on failure nothing of it is stored. */
	enum wk_status (*commit)(struct storage_tx *tx);
	void (*abort)(struct storage_tx *tx);
	/* One request inside a writing transaction. */
	enum wk_status (*mark)(struct storage_tx *tx);
	enum wk_status (*keep)(struct storage_tx *tx);
	/* WK_OK: what came since mark() is gone.  Anything else: abort the whole. */
	enum wk_status (*undo)(struct storage_tx *tx);

	/* The database's own secret for a purpose; made once, the same for all processes. */
	enum wk_status (*secret)(struct storage_tx *tx, const char *purpose,
				 uint8_t secret_out[STORAGE_SECRET]);

	/* --- accounts and sessions --- */
	/* WK_EXISTS: the address or the id is taken; nothing was changed.  email is sanitized. */
	enum wk_status (*account_add)(struct storage_tx *tx, const struct storage_account *a);
	/* WK_NOT_FOUND.  Texts are copied to the arena. */
	enum wk_status (*account_by_email)(struct storage_tx *tx, struct bytes email,
					   struct arena *arena, struct storage_account *out);
	enum wk_status (*account_by_n)(struct storage_tx *tx, int64_t account_n,
				       struct arena *arena, struct storage_account *out);
	enum wk_status (*session_add)(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
				      int64_t account_n, int64_t now_ms);
	/* WK_NOT_FOUND.  The id is copied to the arena. */
	enum wk_status (*session_find)(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
				       struct arena *arena, struct storage_session *out);
	enum wk_status (*session_touch)(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
					int64_t now_ms);
	enum wk_status (*session_end)(struct storage_tx *tx, const uint8_t hash[HASH_SIZE]);
	/* Removes sessions begun before created_ms or last used before used_ms. */
	enum wk_status (*sessions_expire)(struct storage_tx *tx, int64_t created_ms,
					  int64_t used_ms);

	/* --- groups --- */
	/*
	 * Makes the group with a link for the account.  WK_EXISTS: the id is taken, by a
	 * group that is not exactly this one made by this account (that is WK_OK again).
	 * WK_LIMIT: the account has WIRE_GROUPS_MAX.
	 */
	enum wk_status (*group_add)(struct storage_tx *tx, int64_t account_n,
				    const struct wire_group *told, int64_t now_ms,
				    int64_t *group_n_out);
	/* The group's number, if the account has a link to it: else WK_NOT_FOUND.
	 * WK_DENIED: it is disabled. */
	enum wk_status (*group_find)(struct storage_tx *tx, int64_t account_n, struct bytes id,
				     int64_t *group_n_out);
	/* WK_NOT_FOUND as above; disabled ones are given.  Texts go to the arena. */
	enum wk_status (*group_get)(struct storage_tx *tx, int64_t account_n, struct bytes id,
				    struct arena *arena, struct storage_group *out);
	/* The account's groups, oldest first. */
	enum wk_status (*groups)(struct storage_tx *tx, int64_t account_n, storage_group_fn *fn,
				 void *arg);
	/* The heads of the account's groups. */
	enum wk_status (*heads)(struct storage_tx *tx, int64_t account_n, storage_head_fn *fn,
				void *arg);
	enum wk_status (*head)(struct storage_tx *tx, int64_t group_n, struct storage_head *out);
	enum wk_status (*group_disable)(struct storage_tx *tx, int64_t group_n);
	/* Whether each resource of `part` is in `whole` too; how many `part` has. */
	enum wk_status (*group_is_subset)(struct storage_tx *tx, int64_t part, int64_t whole,
					  bool *is_subset_out, uint64_t *count_out);
	/* Removes the account's links, and every group that has no link then. */
	enum wk_status (*account_reset)(struct storage_tx *tx, int64_t account_n);

	/* --- resources --- */
	/*
	 * Compare and swap: stores it as the newest revision if the newest is the one seen
	 * (or there is none and none was seen).  The group's row is locked, so that its
	 * sequence never skips a commit.  WK_LIMIT: the group has WIRE_RESOURCES_MAX.
	 */
	enum wk_status (*put)(struct storage_tx *tx, const struct storage_put *put,
			      struct storage_put_result *out);
	/* Stores the newest revision again under a new version, for a client that dropped it. */
	enum wk_status (*revive)(struct storage_tx *tx, int64_t group_n, struct bytes id,
				 const uint8_t mark[STORAGE_MARK]);
	/* Whether a revision of that sequence was committed with that mark. */
	enum wk_status (*mark_known)(struct storage_tx *tx, int64_t group_n, uint64_t seq,
				     const uint8_t mark[STORAGE_MARK], bool *known_out);
	/* By seq, each resource once at its newest, with its chain since after_seq (none from 0). */
	enum wk_status (*changes)(struct storage_tx *tx, const struct storage_changes *what,
				  storage_resource_fn *fn, void *arg);
	/* The mark of one revision: WK_NOT_FOUND. */
	enum wk_status (*mark_of)(struct storage_tx *tx, int64_t group_n, uint64_t seq,
				  uint8_t mark_out[STORAGE_MARK]);
	/* By id, ids greater than after (as bytes). */
	enum wk_status (*listing)(struct storage_tx *tx, int64_t group_n, struct bytes after,
				  unsigned limit, storage_light_fn *fn, void *arg);
	/* By seq. */
	enum wk_status (*lights)(struct storage_tx *tx, int64_t group_n, storage_light_fn *fn,
				 void *arg);
	/* The newest revision of one, with the chain of at most chain_max before it.
	 * WK_NOT_FOUND. */
	enum wk_status (*fetch)(struct storage_tx *tx, int64_t group_n, struct bytes id,
				unsigned chain_max, storage_resource_fn *fn, void *arg);
	/* One revision by its sequence.  WK_NOT_FOUND. */
	enum wk_status (*revision)(struct storage_tx *tx, int64_t group_n, uint64_t seq,
				   storage_resource_fn *fn, void *arg);
	/* Newest first, side revisions among them. */
	enum wk_status (*revisions)(struct storage_tx *tx, int64_t group_n, struct bytes id,
				    unsigned limit, storage_resource_fn *fn, void *arg);
};

/* What a backend's own struct begins with. */
struct storage {
	const struct storage_ops *ops;
};

#endif
