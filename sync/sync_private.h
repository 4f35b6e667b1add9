/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_PRIVATE_H
#define SYNC_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "net/api.h"
#include "store/envelopes.h"
#include "store/keyring.h"
#include "sync/sync.h"

/*
 * What the files of sync/ share.  Two kinds of functions: those named step_* run on the
 * thread that owns the store and touch it; all others run on the exchanging thread and
 * reach the store only through sync_step().
 */

/* Why a pass is made; or'ed together while one waits. */
#define WAKE_OUTGOING 1u	/* something new waits to be sent */
#define WAKE_HEADS 2u		/* the poll saw a head move */
#define WAKE_FULL 4u		/* everything: start, and after any failure */
#define WAKE_NOW 8u		/* the server is back, or somebody asked: a backoff ends */

struct sync {
	struct store *store;
	struct loop *loop;
	struct sync_params params;
	struct api *api;		/* the exchanging thread's */
	struct api *poll_api;		/* the polling thread's */
	struct keyring *keyring;
	char account_id[CONTEXT_ID_MAX + 1];
	bool hide_names;
	struct arena *arena;		/* the exchanging thread's: one answer at a time */
	struct map *envelopes;		/* group id -> struct sealing; the exchanging thread's */
	int64_t deadline_ms;		/* monotonic; 0: none */
	char alert[160];		/* the last one, "" when none; the store's thread's */
	bool threaded;
	pthread_t exchanger, poller;

	pthread_mutex_t lock;		/* guards all below */
	pthread_cond_t changed;
	unsigned wake;
	bool stop;
	bool pass_running;
	uint64_t passes;		/* finished */
	struct sync_counts counts;
};

/* A group as the exchanging thread sees it: a copy, and what never changes while the store is open. */
struct sync_group {
	struct group *group;		/* to hand back to steps; not to be read */
	const struct group_key *key;
	char id[CONTEXT_ID_MAX + 1];
	char name[WIRE_NAME_MAX + 1];
	char parent_id[CONTEXT_ID_MAX + 1];	/* its Workspace, or "" */
	uint64_t seq;
	char mark[33];
	bool on_server, lost, mixed;
	bool has_outgoing;
	struct wire_head head;		/* what the server said last; mark points to head_mark */
	char head_mark[33];
	bool head_known;
};
struct sync_groups {
	struct sync_group *items;
	size_t count;
};

/* Runs fn(arg) where the store may be touched, and waits for it. */
enum wk_status sync_step(struct sync *s, loop_fn *fn, void *arg);
/* Everything written so far is durable when it returns. */
enum wk_status sync_flush(struct sync *s);
bool sync_is_stopping(struct sync *s);
void sync_count(struct sync *s, uint64_t pushes, uint64_t pushed, uint64_t taken);
/* What seals and opens a group's documents, kept for the next time. */
enum wk_status sync_envelopes(struct sync *s, const struct sync_group *g,
			      struct envelopes **out);
/* Tells who asked for it how far a long pass is. */
void sync_tell_progress(struct sync *s, const struct sync_group *g, size_t done, size_t total);
/* Says a sentence in status: an alert that stays until the engine starts anew. */
void sync_report(struct sync *s, enum wk_status st, const char *problem);

/* pass.c: everything once; reasons as above.  report: how it went, for status. */
enum wk_status sync_pass(struct sync *s, unsigned reasons);
void sync_report_pass(struct sync *s, const struct api *api, enum wk_status st,
		      int64_t next_try_ms);
/* threads.c */
void sync_stop_threads(struct sync *s);

/* groups.c: what groups there are, here and there.  Frees with sync_groups_fini. */
enum wk_status sync_groups_list(struct sync *s, struct sync_groups *out);
void sync_groups_fini(struct sync_groups *g);
/* Asks the server's list first; heads stand beside the groups then. */
enum wk_status sync_groups_exchange(struct sync *s, struct sync_groups *out);
/* Makes a group that was made here on the server, once it has something to send. */
enum wk_status sync_group_ensure(struct sync *s, struct sync_group *g);
/* Reads a group's cursor and state again. */
enum wk_status sync_group_refresh(struct sync *s, struct sync_group *g);

/* pull.c: changes since the cursor, to the end. */
enum wk_status sync_pull(struct sync *s, struct sync_group *g);
/* The same for resources that came another way; cursor NULL: it stays. */
enum wk_status sync_apply_page(struct sync *s, struct sync_group *g,
			       const struct wire_resource *items, size_t count,
			       const struct wire_head *cursor);
/* resync.c: compares a listing; used when the cursor's mark is unknown. */
enum wk_status sync_resync(struct sync *s, struct sync_group *g);
/* push.c: all that waits.  WK_CONFLICT: pull, then again. */
enum wk_status sync_push(struct sync *s, struct sync_group *g);

/* One resource from the server, opened (open.c) and then applied (apply.c). */
struct opened {
	const struct wire_resource *wire;
	struct envelopes_opened env;
	enum wk_status st;		/* WK_OK: json is good; else why it is not usable */
	const struct json *json;	/* in the chunk's arena; NULL for tombstones */
	struct bytes text;
	const struct arrival_chain *chain;
	size_t chain_count;
};
/* WK_NOMEM: nothing is known of it; any other fault of the resource is in out->st. */
enum wk_status opened_make(struct envelopes *envelopes, const struct sync_group *g,
			   struct arena *arena, const struct wire_resource *w, struct opened *out);

/* Applies opened resources to the store in one transaction; cursor may be NULL. */
struct apply_chunk {
	struct sync *sync;
	struct group *group;
	struct opened *items;
	size_t count;
	const struct wire_head *cursor;
	struct arena *arena;
	enum wk_status st;
	size_t taken, given_back, forged, unreadable, stale;
	size_t forked;			/* of those taken: agreed before, and not followed */
};
void apply_step(void *apply_chunk);

#endif
