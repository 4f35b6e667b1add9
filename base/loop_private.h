/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOOP_PRIVATE_H
#define BASE_LOOP_PRIVATE_H

#include "base/loop.h"

#include <stddef.h>

/* What loop.c and loop_timer.c share and nobody else needs. */

/*
 * The timers of one loop.  `heap` holds those that are set, earliest first;
 * there is always room in it for all there are, so that setting cannot fail.
 */
struct loop_timers {
	struct loop_timer *all;
	struct loop_timer **heap;
	size_t set;
	size_t made;
	size_t room;
	uint64_t settings; /* counts settings: equal times run in this order */
};

void loop_timers_fini(struct loop_timers *timers);
/* When the earliest is due, by clock_mono_us(); INT64_MAX when none is set. */
int64_t loop_timers_next_us(const struct loop_timers *timers);
/* Runs what is due, but nothing that is set meanwhile; tells whether anything ran. */
bool loop_timers_run(struct loop_timers *timers);

struct loop_timers *loop_timers_of(struct loop *loop);

#endif
