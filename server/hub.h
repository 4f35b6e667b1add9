/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_HUB_H
#define SERVER_HUB_H

#include "base/scoped.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who waits for which group to move.  A waiter holds no thread.  Moves are
 * gathered for 10 ms, then everybody concerned is woken in one batch, on the
 * hub's own thread and outside any transaction.
 */
struct hub;

struct hub_waiter {
	int64_t account_n;	/* woken too when that account gets a group */
	const int64_t *groups;	/* ascending; lives until wake() */
	size_t count;
	int64_t deadline_ms;	/* clock_mono_ms() */
	void (*wake)(struct hub_waiter *w);	/* on the hub's thread, once */
	/* the hub's: */
	struct hub_waiter *next;
	bool is_due;
};

enum wk_status hub_new(struct hub **out);
/* Nobody waits any more: hub_end() was called before. */
void hub_free(struct hub *hub);
DEFINE_SCOPED_FREE(struct hub, hub_free)

/* Grows with every move.  To be read before the heads are, and passed to hub_wait(). */
uint64_t hub_moves(struct hub *hub);
/* Waits; woken soon if anything moved since `moves`, or the hub has ended.  Any thread. */
void hub_wait(struct hub *hub, struct hub_waiter *w, uint64_t moves);
size_t hub_waiting(struct hub *hub);

/* Any thread. */
void hub_moved(struct hub *hub, int64_t group_n);
void hub_joined(struct hub *hub, int64_t account_n);
/* Wakes everybody, now and from now on. */
void hub_end(struct hub *hub);

#endif
