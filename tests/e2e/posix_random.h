/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the random tests (posix_diff.c, posix_fsx.c) share: numbers from a seed, so that a run can
 * be repeated, and the barrier at which the script that runs them remounts.
 */
#ifndef POSIX_RANDOM_H
#define POSIX_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state;

static inline uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* 0 to n - 1 */
static inline size_t random_below(size_t n)
{
	return (size_t)((random_next() >> 16) % n);
}

static inline void random_seed(const char *text)
{
	random_state = strtoull(text, NULL, 10) * 0x9e3779b97f4a7c15u + 0x1234567;
	for (int i = 0; i < 10; i++)
		(void)random_next();
}

/* Says "barrier" and waits for a line; nothing of the mount may be open. */
static inline void barrier(void)
{
	char line[16];

	printf("barrier\n");
	(void)fflush(stdout);
	if (!fgets(line, sizeof line, stdin))
		exit(2);
}

#endif
