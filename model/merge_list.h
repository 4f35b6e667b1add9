/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MERGE_LIST_H
#define MODEL_MERGE_LIST_H

#include "base/json.h"

/*
 * Objects and arrays as lists whose elements have an identity: what a merge goes by.  A
 * member's identity is its key, an element's what merge_list_identity chose; equal ones are told
 * apart by which of them they are.  Lists borrow from the trees and live in the arena.
 */
struct merge_slot {
	struct bytes key;
	size_t nth;		/* how many of the same key stand before it */
	size_t at;		/* place in its list */
	const struct json *value;
};

struct merge_list {
	struct merge_slot *slots;
	struct merge_slot **sorted;	/* by key, then place */
	size_t count;
};

enum merge_identity {
	MERGE_NO_IDENTITY,	/* the array is one value */
	MERGE_BY_ID_OR_NAME,	/* `id`, else `_id`, else `name` */
	MERGE_BY_NAME,
	MERGE_BY_COOKIE		/* domain, path, key */
};

/* The identity that fits all elements of the three arrays; each may be NULL (no such array). */
enum merge_identity merge_list_identity(const struct json *base, const struct json *theirs,
					const struct json *ours, bool is_cookies);

/* v may be NULL: an empty list. */
enum wk_status merge_list_of_object(struct arena *arena, const struct json *v,
				    struct merge_list *out);
enum wk_status merge_list_of_array(struct arena *arena, const struct json *v,
				   enum merge_identity by, struct merge_list *out);

/* The value of that identity; NULL: none. */
const struct json *merge_list_find(const struct merge_list *list, const struct merge_slot *like);
/* Whether what the list has of base stands in base's order. */
bool merge_list_keeps_order(const struct merge_list *list, const struct merge_list *base);

/*
 * Every identity of both lists once: in first's order, and those of second alone each behind
 * what stands before it in second.
 */
enum wk_status merge_list_join(struct arena *arena, const struct merge_list *first,
			       const struct merge_list *second,
			       const struct merge_slot ***order_out, size_t *count_out);

#endif
