/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks; the wall clock can be stopped for tests. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t frozen_ms;

int64_t clock_wall_ns(void)
{
	struct timespec t;
	int64_t frozen = atomic_load(&frozen_ms);

	if (frozen)
		return frozen * 1000000;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_wall_ms(void)
{
	return clock_wall_ns() / 1000000;
}

int64_t clock_mono_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

void clock_freeze_wall_ms(int64_t wall_ms)
{
	atomic_store(&frozen_ms, wall_ms);
}

void clock_iso8601(int64_t wall_ms, char text_out[25])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	int ms = (int)(wall_ms % 1000);
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	/* Years past 9999 would not fit; nothing here is that far off. */
	if (!gmtime_r(&seconds, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099) {
		(void)snprintf(text_out, 25, "%s", "1970-01-01T00:00:00.000Z");
		return;
	}
	(void)snprintf(text_out, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		       (unsigned)(tm.tm_year + 1900) % 10000U,
		       (unsigned)(tm.tm_mon + 1) % 100U, (unsigned)tm.tm_mday % 100U,
		       (unsigned)tm.tm_hour % 100U, (unsigned)tm.tm_min % 100U,
		       (unsigned)tm.tm_sec % 100U, (unsigned)ms % 1000U);
}
