/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop on poll(2), with an eventfd through which other threads wake it.
 *
 * 1. Only `posted`, its counts, `owner`, `ended` and `waiting` are shared, under
 *    `lock`; the atomics let the owner look without taking it.
 * 2. No function of the user runs under the lock.
 * 3. A registration that goes away while descriptors are served only loses its
 *    fd; the list is closed up before the next poll.  So indexes stay valid and
 *    a new registration with the same number gets no event of the old one.
 * 4. The end of loop_run() takes the last work and sets `ended` in one step:
 *    what was posted either runs or was refused.
 */
#include "base/loop_private.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"

/* How long a busy poll_fn may keep the other descriptors waiting. */
#define SPIN_TURN_US 1000

struct registration {
	int fd; /* -1: gone */
	short events;
	loop_fd_fn *fn;
	void *arg;
};

struct work {
	loop_fn *fn;
	void *arg;
};

struct work_list {
	struct work *items;
	size_t n, room;
};

struct loop {
	struct registration *fds;
	struct pollfd *polls; /* polls[0]: the eventfd; polls[i + 1]: fds[i] */
	size_t fd_n, fd_room;
	struct loop_timers timers;

	unsigned spin_us;
	bool (*spin_fn)(void *arg);
	void *spin_arg;
	bool was_active; /* the turn before found something to do */

	int wake_fd;
	atomic_bool has_posted;
	atomic_bool stopping;
	struct work_list running; /* the owner's */

	pthread_mutex_t lock;
	pthread_cond_t left;	 /* `waiting` has become 0 */
	struct work_list posted; /* lock */
	pthread_t owner;	 /* lock */
	bool ended;		 /* lock */
	size_t waiting;		 /* lock: threads in loop_call() */
};

struct call {
	struct loop *loop;
	struct call *next;
	loop_fn *fn;
	void *arg;
	pthread_cond_t done_cond;
	bool done, cancelled; /* loop->lock */
};

struct loop_timers *loop_timers_of(struct loop *loop)
{
	return &loop->timers;
}

enum wk_status loop_new(struct loop **loop_out)
{
	struct loop *loop = calloc(1, sizeof *loop);

	if (!loop)
		return WK_NOMEM;
	loop->polls = calloc(1, sizeof *loop->polls);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!loop->polls || loop->wake_fd < 0) {
		enum wk_status st = loop->polls ? files_errno_status(errno) : WK_NOMEM;

		scoped_close(&loop->wake_fd);
		free(loop->polls);
		free(loop);
		return st;
	}
	loop->polls[0] = (struct pollfd){ .fd = loop->wake_fd, .events = POLLIN };
	(void)pthread_mutex_init(&loop->lock, NULL);
	(void)pthread_cond_init(&loop->left, NULL);
	loop->owner = pthread_self();
	*loop_out = loop;
	return WK_OK;
}

static void run_call(void *arg)
{
	struct call *call = arg;

	call->fn(call->arg);
	(void)pthread_mutex_lock(&call->loop->lock);
	call->done = true;
	(void)pthread_cond_signal(&call->done_cond);
	(void)pthread_mutex_unlock(&call->loop->lock);
}

static void cancel_calls(struct loop *loop)
{
	(void)pthread_mutex_lock(&loop->lock);
	loop->ended = true;
	for (size_t i = 0; i < loop->posted.n; i++) {
		struct call *call = loop->posted.items[i].arg;

		if (loop->posted.items[i].fn != run_call)
			continue;
		call->cancelled = true;
		(void)pthread_cond_signal(&call->done_cond);
	}
	loop->posted.n = 0;
	while (loop->waiting > 0)
		(void)pthread_cond_wait(&loop->left, &loop->lock);
	(void)pthread_mutex_unlock(&loop->lock);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	cancel_calls(loop);
	loop_timers_fini(&loop->timers);
	(void)pthread_cond_destroy(&loop->left);
	(void)pthread_mutex_destroy(&loop->lock);
	(void)close(loop->wake_fd);
	free(loop->running.items);
	free(loop->posted.items);
	free(loop->polls);
	free(loop->fds);
	free(loop);
}

enum wk_status loop_add_fd(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *arg)
{
	for (size_t i = 0; i < loop->fd_n; i++)
		if (loop->fds[i].fd == fd)
			return WK_EXISTS;
	if (loop->fd_n == loop->fd_room) {
		size_t room = loop->fd_room ? loop->fd_room * 2 : 8;
		struct registration *fds = reallocarray(loop->fds, room, sizeof *fds);
		struct pollfd *polls;

		if (!fds)
			return WK_NOMEM;
		loop->fds = fds;
		polls = reallocarray(loop->polls, room + 1, sizeof *polls);
		if (!polls)
			return WK_NOMEM;
		loop->polls = polls;
		loop->fd_room = room;
	}
	loop->fds[loop->fd_n++] =
		(struct registration){ .fd = fd, .events = events, .fn = fn, .arg = arg };
	return WK_OK;
}

void loop_remove_fd(struct loop *loop, int fd)
{
	for (size_t i = 0; i < loop->fd_n; i++)
		if (loop->fds[i].fd == fd)
			loop->fds[i].fd = -1;
}

void loop_set_spin(struct loop *loop, unsigned spin_us, bool (*poll_fn)(void *arg), void *arg)
{
	loop->spin_us = spin_us;
	loop->spin_fn = poll_fn;
	loop->spin_arg = arg;
}

static void wake(struct loop *loop)
{
	/* It cannot fail but when the count is full, and then the loop wakes as well. */
	(void)eventfd_write(loop->wake_fd, 1);
}

/* Under the lock. */
static enum wk_status post_locked(struct loop *loop, loop_fn *fn, void *arg)
{
	struct work_list *list = &loop->posted;

	if (loop->ended)
		return WK_CANCELLED;
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		struct work *items = reallocarray(list->items, room, sizeof *items);

		if (!items)
			return WK_NOMEM;
		list->items = items;
		list->room = room;
	}
	list->items[list->n++] = (struct work){ .fn = fn, .arg = arg };
	if (!atomic_exchange(&loop->has_posted, true))
		wake(loop);
	return WK_OK;
}

enum wk_status loop_post(struct loop *loop, loop_fn *fn, void *arg)
{
	enum wk_status st;

	(void)pthread_mutex_lock(&loop->lock);
	st = post_locked(loop, fn, arg);
	(void)pthread_mutex_unlock(&loop->lock);
	return st;
}

enum wk_status loop_call(struct loop *loop, loop_fn *fn, void *arg)
{
	struct call call = { .loop = loop, .fn = fn, .arg = arg };
	enum wk_status st;

	(void)pthread_cond_init(&call.done_cond, NULL);
	(void)pthread_mutex_lock(&loop->lock);
	assert(!pthread_equal(loop->owner, pthread_self()));
	st = post_locked(loop, run_call, &call);
	if (st == WK_OK) {
		loop->waiting++;
		while (!call.done && !call.cancelled)
			(void)pthread_cond_wait(&call.done_cond, &loop->lock);
		if (--loop->waiting == 0)
			(void)pthread_cond_signal(&loop->left);
		if (call.cancelled)
			st = WK_CANCELLED;
	}
	(void)pthread_mutex_unlock(&loop->lock);
	(void)pthread_cond_destroy(&call.done_cond);
	return st;
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stopping, true);
	wake(loop);
}

/* Runs what has been posted so far; tells whether there was anything. */
static bool run_posted(struct loop *loop, bool last)
{
	struct work_list taken;

	if (!last && !atomic_load(&loop->has_posted))
		return false;
	(void)pthread_mutex_lock(&loop->lock);
	taken = loop->posted;
	loop->posted = loop->running;
	loop->posted.n = 0;
	loop->running = taken;
	atomic_store(&loop->has_posted, false);
	if (last)
		loop->ended = true;
	(void)pthread_mutex_unlock(&loop->lock);
	for (size_t i = 0; i < taken.n; i++)
		taken.items[i].fn(taken.items[i].arg);
	return taken.n > 0;
}

static size_t prepare_polls(struct loop *loop)
{
	size_t kept = 0;

	for (size_t i = 0; i < loop->fd_n; i++) {
		if (loop->fds[i].fd < 0)
			continue;
		loop->fds[kept] = loop->fds[i];
		loop->polls[++kept] = (struct pollfd){ .fd = loop->fds[i].fd,
						       .events = loop->fds[i].events };
	}
	loop->fd_n = kept;
	return kept;
}

static bool poll_fds(struct loop *loop, int wait_ms)
{
	size_t n = prepare_polls(loop);
	bool any = false;

	if (poll(loop->polls, n + 1, wait_ms) <= 0)
		return false;
	if (loop->polls[0].revents) {
		eventfd_t count;

		(void)eventfd_read(loop->wake_fd, &count);
	}
	/* A function called here may add descriptors, which may move both lists. */
	for (size_t i = 0; i < n; i++) {
		struct registration r = loop->fds[i];
		short revents = loop->polls[i + 1].revents;

		if (r.fd < 0 || !revents)
			continue;
		r.fn(r.arg, revents);
		any = true;
	}
	return any;
}

static bool must_wake(const struct loop *loop)
{
	return atomic_load(&loop->has_posted) || atomic_load(&loop->stopping);
}

/* Asks spin_fn until nothing has come for spin_us; tells whether anything came. */
static bool spin(struct loop *loop, int64_t until_us)
{
	int64_t start = clock_mono_us(), quiet_since = start, now = start;
	bool any = false;

	while (!must_wake(loop) && now < until_us && now - start < SPIN_TURN_US + loop->spin_us &&
	       now - quiet_since < loop->spin_us) {
		bool worked = loop->spin_fn(loop->spin_arg);

		now = clock_mono_us();
		if (worked)
			quiet_since = now;
		any = any || worked;
	}
	return any;
}

static int wait_until(const struct loop *loop, int64_t until_us)
{
	int64_t left_ms;

	if (must_wake(loop))
		return 0;
	if (until_us == INT64_MAX)
		return -1;
	left_ms = (until_us - clock_mono_us() + 999) / 1000;
	if (left_ms <= 0)
		return 0;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

void loop_run_once(struct loop *loop, int wait_ms)
{
	int64_t until = loop_timers_next_us(&loop->timers);
	bool spun = false, active;

	if (wait_ms >= 0 && (until == INT64_MAX || until > clock_mono_us() + wait_ms * 1000LL))
		until = clock_mono_us() + wait_ms * 1000LL;
	if (loop->spin_us > 0 && loop->was_active && wait_ms != 0)
		spun = spin(loop, until);
	active = poll_fds(loop, spun ? 0 : wait_until(loop, until));
	active = run_posted(loop, false) || active;
	active = loop_timers_run(&loop->timers) || active;
	loop->was_active = active || spun;
}

void loop_run(struct loop *loop)
{
	(void)pthread_mutex_lock(&loop->lock);
	loop->owner = pthread_self();
	loop->ended = false;
	(void)pthread_mutex_unlock(&loop->lock);
	while (!atomic_load(&loop->stopping))
		loop_run_once(loop, -1);
	(void)run_posted(loop, true);
	atomic_store(&loop->stopping, false);
}
