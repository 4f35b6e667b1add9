/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/scoped.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The event loop of the thread that owns a state: descriptors, timers, and work
 * posted by other threads.  The owner is the thread that calls loop_run() (or,
 * before that, the one that made it).  Everything here is called by the owner,
 * except loop_post(), loop_call() and loop_stop(), which any thread may call.
 */
struct loop;
struct loop_timer;

typedef void loop_fn(void *arg);
typedef void loop_fd_fn(void *arg, short revents);

enum wk_status loop_new(struct loop **loop_out);
/* Frees it with its timers; calls that still wait are cancelled, posted work is dropped.  Nobody
 * may begin to use it any more. */
void loop_free(struct loop *loop);
DEFINE_SCOPED_FREE(struct loop, loop_free)

/* Runs until loop_stop(), at once if that came before; work posted before the stop has run when
 * it returns. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Runs what is ready now, waiting at most wait_ms (-1: for ever) for the first.  Not from a
 * function that the loop called. */
void loop_run_once(struct loop *loop, int wait_ms);

/* Calls fn when `events` (POLLIN, POLLOUT) or an error show on fd, as long as they do; one
 * registration a descriptor.  WK_EXISTS, WK_NOMEM. */
enum wk_status loop_add_fd(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *arg);
void loop_remove_fd(struct loop *loop, int fd);
/*
 * Before it sleeps, the loop asks `poll_fn` for spin_us microseconds whether
 * there is work (it returns true when it did some): a busy FUSE channel is then
 * served without a wake-up.  spin_us = 0 turns it off.  It only spins after activity.
 */
void loop_set_spin(struct loop *loop, unsigned spin_us, bool (*poll_fn)(void *arg), void *arg);

/* A timer made once and set as often as needed; fn runs once for each setting. */
enum wk_status loop_timer_new(struct loop *loop, loop_fn *fn, void *arg,
			      struct loop_timer **timer_out);
/* Also from its own fn.  Not behind loop_free(), which frees every timer. */
void loop_timer_free(struct loop_timer *timer);
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms);	/* replaces an earlier setting */
void loop_timer_clear(struct loop_timer *timer);
bool loop_timer_is_set(const struct loop_timer *timer);

/* Any thread: fn(arg) runs on the owner, in the order posted.  WK_NOMEM; WK_CANCELLED: the loop
 * has ended.  On either fn will not be run. */
enum wk_status loop_post(struct loop *loop, loop_fn *fn, void *arg);
/* Any other thread: the same, and returns when it has run.  WK_CANCELLED: the loop has ended
 * (fn was not and will not be run). */
enum wk_status loop_call(struct loop *loop, loop_fn *fn, void *arg);

#endif
