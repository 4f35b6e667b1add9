/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

#include "base/buf.h"
#include "base/scoped.h"

/*
 * Token buckets by network address: login and signup calls cost one token, a
 * wrong proof ten.  Any thread.
 */
struct limits;

/* rate: tokens a second; ten seconds' worth may be used at once.  0: no limit.  WK_NOMEM. */
enum wk_status limits_new(unsigned rate, struct limits **out);
void limits_free(struct limits *l);
DEFINE_SCOPED_FREE(struct limits, limits_free)

/* Takes `cost` tokens of that address (binary, 4 or 16 bytes); false: it has none left. */
bool limits_take(struct limits *l, struct bytes address, unsigned cost, int64_t now_ms);

#endif
