/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub's thread sleeps until something moved or the next deadline.  Waking a
 * waiter too often is harmless: it looks at the heads again and waits on.
 */
#include "server/hub.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define GATHER_MS 10
#define MOVED_MAX 1024

struct hub {
	pthread_t thread;
	pthread_mutex_t mutex;	/* guards what follows */
	pthread_cond_t wake;
	struct hub_waiter *waiters;
	size_t waiting;
	uint64_t moves;
	int64_t flush_ms;	/* when what moved is told; 0: nothing moved */
	int64_t groups[MOVED_MAX], accounts[MOVED_MAX];
	size_t group_count, account_count;
	bool is_all;		/* more moved than the lists hold */
	bool is_ended, is_stopping;
};

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool concerns(const struct hub *hub, const struct hub_waiter *w)
{
	if (hub->is_all || w->is_due)
		return true;
	for (size_t i = 0; i < hub->group_count; i++)
		if (bsearch(&hub->groups[i], w->groups, w->count, sizeof *w->groups, compare))
			return true;
	for (size_t i = 0; i < hub->account_count; i++)
		if (hub->accounts[i] == w->account_n)
			return true;
	return false;
}

/* Takes out everybody who is to be woken now.  The mutex is held. */
static struct hub_waiter *collect(struct hub *hub, int64_t now_ms)
{
	bool is_flush = hub->flush_ms && now_ms >= hub->flush_ms;
	struct hub_waiter *woken = NULL, **at = &hub->waiters;

	while (*at) {
		struct hub_waiter *w = *at;

		if (hub->is_ended || w->deadline_ms <= now_ms || (is_flush && concerns(hub, w))) {
			*at = w->next;
			w->next = woken;
			woken = w;
			hub->waiting--;
		} else {
			at = &w->next;
		}
	}
	if (is_flush) {
		hub->flush_ms = 0;
		hub->group_count = hub->account_count = 0;
		hub->is_all = false;
	}
	return woken;
}

static int64_t next_ms(const struct hub *hub)
{
	int64_t next = hub->flush_ms ? hub->flush_ms : INT64_MAX;

	for (const struct hub_waiter *w = hub->waiters; w; w = w->next)
		if (w->deadline_ms < next)
			next = w->deadline_ms;
	return next;
}

static void sleep_until(struct hub *hub, int64_t at_ms)
{
	struct timespec t = { .tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000 };

	if (at_ms == INT64_MAX)
		pthread_cond_wait(&hub->wake, &hub->mutex);
	else
		pthread_cond_timedwait(&hub->wake, &hub->mutex, &t);
}

static void *hub_main(void *arg)
{
	struct hub *hub = arg;

	pthread_mutex_lock(&hub->mutex);
	while (!hub->is_stopping) {
		struct hub_waiter *woken = collect(hub, clock_mono_ms());

		if (!woken) {
			sleep_until(hub, next_ms(hub));
			continue;
		}
		pthread_mutex_unlock(&hub->mutex);
		while (woken) {
			struct hub_waiter *next = woken->next;	/* wake() gives the waiter away */

			woken->wake(woken);
			woken = next;
		}
		pthread_mutex_lock(&hub->mutex);
	}
	pthread_mutex_unlock(&hub->mutex);
	return NULL;
}

enum wk_status hub_new(struct hub **out)
{
	struct hub *hub = calloc(1, sizeof *hub);
	pthread_condattr_t attr;

	if (!hub)
		return WK_NOMEM;
	pthread_mutex_init(&hub->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&hub->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&hub->thread, NULL, hub_main, hub) != 0) {
		free(hub);
		return WK_NOMEM;
	}
	*out = hub;
	return WK_OK;
}

void hub_free(struct hub *hub)
{
	if (!hub)
		return;
	pthread_mutex_lock(&hub->mutex);
	hub->is_stopping = true;
	pthread_cond_signal(&hub->wake);
	pthread_mutex_unlock(&hub->mutex);
	pthread_join(hub->thread, NULL);
	pthread_cond_destroy(&hub->wake);
	pthread_mutex_destroy(&hub->mutex);
	free(hub);
}

uint64_t hub_moves(struct hub *hub)
{
	uint64_t moves;

	pthread_mutex_lock(&hub->mutex);
	moves = hub->moves;
	pthread_mutex_unlock(&hub->mutex);
	return moves;
}

/* Something is to be told within GATHER_MS.  The mutex is held. */
static void gather(struct hub *hub)
{
	if (hub->flush_ms)
		return;
	hub->flush_ms = clock_mono_ms() + GATHER_MS;
	pthread_cond_signal(&hub->wake);
}

void hub_wait(struct hub *hub, struct hub_waiter *w, uint64_t moves)
{
	pthread_mutex_lock(&hub->mutex);
	w->next = hub->waiters;
	hub->waiters = w;
	hub->waiting++;
	w->is_due = hub->moves != moves;
	if (w->is_due)
		gather(hub);
	pthread_cond_signal(&hub->wake);
	pthread_mutex_unlock(&hub->mutex);
}

size_t hub_waiting(struct hub *hub)
{
	size_t n;

	pthread_mutex_lock(&hub->mutex);
	n = hub->waiting;
	pthread_mutex_unlock(&hub->mutex);
	return n;
}

/* Adds to a list of what moved, once.  The mutex is held. */
static void note(struct hub *hub, int64_t *list, size_t *count, int64_t n)
{
	hub->moves++;
	gather(hub);
	for (size_t i = 0; i < *count; i++)
		if (list[i] == n)
			return;
	if (*count == MOVED_MAX)
		hub->is_all = true;
	else
		list[(*count)++] = n;
}

void hub_moved(struct hub *hub, int64_t group_n)
{
	pthread_mutex_lock(&hub->mutex);
	note(hub, hub->groups, &hub->group_count, group_n);
	pthread_mutex_unlock(&hub->mutex);
}

void hub_joined(struct hub *hub, int64_t account_n)
{
	pthread_mutex_lock(&hub->mutex);
	note(hub, hub->accounts, &hub->account_count, account_n);
	pthread_mutex_unlock(&hub->mutex);
}

void hub_end(struct hub *hub)
{
	pthread_mutex_lock(&hub->mutex);
	hub->is_ended = true;
	pthread_cond_signal(&hub->wake);
	pthread_mutex_unlock(&hub->mutex);
}
