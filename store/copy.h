/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "model/merge.h"
#include "store/docs.h"

/*
 * Conflict copies: the side of a merge that lost, kept as an ordinary document beside the other.
 * Its id is the type's prefix and 32 hex digits of HMAC(group subkey, `_id`, digest of the losing values), so
 * every client that meets the same conflict makes the same copy, once.
 */

/*
 * Adds the copy `NAME (conflict, AUTHOR, DATE)`, pending, unless it was ever made before.  author is
 * an account id; the name has the e-mail address where that is one's own, else the id's beginning.
 */
enum wk_status copy_add(struct docs *d, struct arena *arena, const struct doc *doc,
			const struct merge_result *merged, struct bytes author);

#endif
