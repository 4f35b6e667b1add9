/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/*
 * Random bytes for identifiers, versions and jitter, from the kernel's
 * generator; keys and ivs come from crypto/.  Never fails (the process ends if
 * the kernel has no generator).  Any thread.
 */
void rand_bytes(uint8_t *out, size_t n);
/* 0 <= result < bound, bound > 0. */
uint64_t rand_below(uint64_t bound);

#endif
