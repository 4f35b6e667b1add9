/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Wall time: nanoseconds and milliseconds since 1970 UTC.  May jump either way. */
int64_t clock_wall_ns(void);
int64_t clock_wall_ms(void);
/* Never goes back; only differences mean anything. */
int64_t clock_mono_us(void);
int64_t clock_mono_ms(void);

/* For tests: wall time stands at this value until it is set again (0: run on). */
void clock_freeze_wall_ms(int64_t wall_ms);

/* Writes "2026-11-20T10:00:00.123Z" and a NUL (25 bytes) to text_out. */
void clock_iso8601(int64_t wall_ms, char text_out[25]);

#endif
