/* SPDX-License-Identifier: Apache-2.0 */
/* Random identifiers. */
#include "base/rand.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rand_bytes(uint8_t *out, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(out, n, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			abort();
		}
		out += got;
		n -= (size_t)got;
	}
}

uint64_t rand_below(uint64_t bound)
{
	uint64_t v, limit = UINT64_MAX - UINT64_MAX % bound;

	do {
		rand_bytes((uint8_t *)&v, sizeof v);
	} while (v >= limit);
	return v % bound;
}
