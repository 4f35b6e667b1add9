/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's timers: a binary heap by time, then by order of setting. */
#include "base/loop_private.h"

#include <stdlib.h>

#include "base/clock.h"

#define NOT_SET SIZE_MAX

struct loop_timer {
	struct loop_timers *owner;
	struct loop_timer *previous, *next;
	loop_fn *fn;
	void *arg;
	int64_t due_us;
	uint64_t setting;
	size_t at; /* in the heap; NOT_SET */
};

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due_us < b->due_us || (a->due_us == b->due_us && a->setting < b->setting);
}

static void place(struct loop_timers *t, size_t at, struct loop_timer *timer)
{
	t->heap[at] = timer;
	timer->at = at;
}

static void sift_up(struct loop_timers *t, size_t at, struct loop_timer *timer)
{
	while (at > 0 && is_before(timer, t->heap[(at - 1) / 2])) {
		place(t, at, t->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(t, at, timer);
}

static void sift_down(struct loop_timers *t, size_t at, struct loop_timer *timer)
{
	for (size_t child; (child = 2 * at + 1) < t->set; at = child) {
		if (child + 1 < t->set && is_before(t->heap[child + 1], t->heap[child]))
			child++;
		if (!is_before(t->heap[child], timer))
			break;
		place(t, at, t->heap[child]);
	}
	place(t, at, timer);
}

enum wk_status loop_timer_new(struct loop *loop, loop_fn *fn, void *arg,
			      struct loop_timer **timer_out)
{
	struct loop_timers *t = loop_timers_of(loop);
	struct loop_timer *timer;

	if (t->made == t->room) {
		size_t room = t->room ? t->room * 2 : 16;
		struct loop_timer **heap = reallocarray(t->heap, room, sizeof(struct loop_timer *));

		if (!heap)
			return WK_NOMEM;
		t->heap = heap;
		t->room = room;
	}
	timer = calloc(1, sizeof *timer);
	if (!timer)
		return WK_NOMEM;
	*timer = (struct loop_timer){
		.owner = t, .next = t->all, .fn = fn, .arg = arg, .at = NOT_SET
	};
	if (t->all)
		t->all->previous = timer;
	t->all = timer;
	t->made++;
	*timer_out = timer;
	return WK_OK;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	loop_timer_clear(timer);
	if (timer->previous)
		timer->previous->next = timer->next;
	else
		timer->owner->all = timer->next;
	if (timer->next)
		timer->next->previous = timer->previous;
	timer->owner->made--;
	free(timer);
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	const int64_t longest_ms = INT64_MAX / 4000;
	struct loop_timers *t = timer->owner;

	loop_timer_clear(timer);
	if (delay_ms < 0)
		delay_ms = 0;
	else if (delay_ms > longest_ms)
		delay_ms = longest_ms;
	timer->due_us = clock_mono_us() + delay_ms * 1000;
	timer->setting = t->settings++;
	sift_up(t, t->set++, timer);
}

void loop_timer_clear(struct loop_timer *timer)
{
	struct loop_timers *t = timer->owner;
	size_t at = timer->at;
	struct loop_timer *moved;

	if (at == NOT_SET)
		return;
	timer->at = NOT_SET;
	moved = t->heap[--t->set];
	if (moved == timer)
		return;
	if (at > 0 && is_before(moved, t->heap[(at - 1) / 2]))
		sift_up(t, at, moved);
	else
		sift_down(t, at, moved);
}

bool loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->at != NOT_SET;
}

void loop_timers_fini(struct loop_timers *t)
{
	while (t->all)
		loop_timer_free(t->all);
	free(t->heap);
}

int64_t loop_timers_next_us(const struct loop_timers *t)
{
	return t->set > 0 ? t->heap[0]->due_us : INT64_MAX;
}

bool loop_timers_run(struct loop_timers *t)
{
	const uint64_t settings = t->settings;
	int64_t now;
	bool any = false;

	if (t->set == 0)
		return false;
	now = clock_mono_us();
	while (t->set > 0 && t->heap[0]->due_us <= now && t->heap[0]->setting < settings) {
		struct loop_timer *timer = t->heap[0];

		/* Cleared first: fn may set it again, or free it. */
		loop_timer_clear(timer);
		timer->fn(timer->arg);
		any = true;
	}
	return any;
}
