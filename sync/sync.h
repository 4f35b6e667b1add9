/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "store/status.h"
#include "store/view.h"

/*
 * The engine that keeps a store and its server equal.  It has two threads: one exchanges (push, then
 * changes of groups that moved), one holds the long poll.  The store is touched only on the
 * loop's thread, in short steps.
 *
 * A pass: groups of the account (new ones are added, lost ones marked), then for each group
 * changes since its cursor until there are no more, then what waits to be sent; again while something
 * moved.  Retries back off with jitter from 1 s to 5 min; a change made here or a
 * moved head starts a pass at once.
 */
struct sync;

struct sync_params {
	struct store *store;
	/* Progress of a long pass, on the loop's thread; may be NULL. */
	void (*progress)(void *arg, const char *group_name, size_t done, size_t total);
	void *arg;
};

/* Reads server, session and keys from the store's settings.  WK_DENIED: logged out. */
enum wk_status sync_new(const struct sync_params *p, struct sync **out);
/* Starts the threads: runs until sync_free(). */
enum wk_status sync_start(struct sync *s);
/* Any thread: a pass now, whatever backoff runs. */
void sync_wake(struct sync *s);
/* Ends the threads (cancels what is under way) and frees.  NULL is allowed. */
void sync_free(struct sync *s);

/* One pass in the calling thread, which owns the store, with no loop running: for import, first sync,
 * and before unmount.  WK_OFFLINE, WK_DENIED: status_sync() has the sentence. */
enum wk_status sync_once(struct sync *s);
/* The same, giving up after this many milliseconds. */
enum wk_status sync_once_within(struct sync *s, int64_t limit_ms);

/* Any thread: requests but the long poll / pushes / documents pushed since start. */
struct sync_counts {
	uint64_t requests, polls, pushes, pushed, taken;
};
void sync_counts(const struct sync *s, struct sync_counts *out);

/* --- the pure part: what an envelope that arrives is (arrival.c) --- */
enum arrival {
	ARRIVAL_OURS,	/* what we have, or what we sent last */
	ARRIVAL_NEXT,	/* follows what we have */
	ARRIVAL_AFTER_SENT,	/* follows what we sent last, whose answer was lost */
	ARRIVAL_STALE,	/* was superseded here before */
	ARRIVAL_FORK,	/* anything else that is authentic */
	ARRIVAL_FORGED	/* removed says one thing and ad another, or ad names another place */
};
struct arrival_known {		/* what we hold; have = false: never seen */
	bool have;
	uint64_t n;
	uint8_t digest[DIGEST_SIZE];
	uint8_t sent_digest[DIGEST_SIZE];	/* zeros: nothing under way */
	bool was_superseded;			/* the arriving digest is among those superseded here */
};
struct arrival_chain {
	struct bytes ad;
	uint8_t inner[HASH_SIZE];
};
/* chain: revisions between, oldest first; ctx: of the arriving envelope (its ad, parsed). */
enum arrival arrival_judge(const struct arrival_known *known, const struct context *ctx,
			   const uint8_t digest[DIGEST_SIZE], const struct arrival_chain *chain,
			   size_t chain_count);

#endif
