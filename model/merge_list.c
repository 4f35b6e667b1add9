/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists with identities.  Looked up in sorted order, so that no choice of keys and no
 * number of equal ones makes a merge quadratic.
 *
 * An identity must fit every element of all three arrays, or elements of one side would find no
 * counterpart in another.  Rows often get their ids only when the app first saves them: where
 * the base has rows without ids, names are the better identity.
 */
#include "model/merge_list.h"

#include <stdlib.h>

static const struct json *id_of(const struct json *element)
{
	const struct json *id = json_get(element, "id");

	if (!id || (id->type != JSON_STRING && id->type != JSON_NUMBER))
		id = json_get(element, "_id");
	return id && (id->type == JSON_STRING || id->type == JSON_NUMBER) ? id : NULL;
}

static bool has_id(const struct json *element)
{
	return id_of(element) != NULL;
}

static bool has_name(const struct json *element)
{
	return json_get_str(element, "name").p != NULL;
}

static bool has_either(const struct json *element)
{
	return has_id(element) || has_name(element);
}

static bool has_cookie_key(const struct json *element)
{
	return json_get_str(element, "key").p != NULL;
}

static bool all_have(const struct json *array, bool (*has)(const struct json *))
{
	for (uint32_t i = 0; array && array->type == JSON_ARRAY && i < array->count; i++) {
		if (!has(&array->items[i]))
			return false;
	}
	return true;
}

enum merge_identity merge_list_identity(const struct json *base, const struct json *theirs,
					const struct json *ours, bool is_cookies)
{
	const struct json *const arrays[] = { base, theirs, ours };
	bool ids = true, names = true, either = true, cookies = is_cookies;

	for (size_t i = 0; i < ARRAY_LEN(arrays); i++) {
		ids &= all_have(arrays[i], has_id);
		names &= all_have(arrays[i], has_name);
		either &= all_have(arrays[i], has_either);
		cookies &= all_have(arrays[i], has_cookie_key);
	}
	if (cookies)
		return MERGE_BY_COOKIE;
	if (ids || (either && base && base->type == JSON_ARRAY && base->count > 0 &&
		    all_have(base, has_id)))
		return MERGE_BY_ID_OR_NAME;
	if (names)
		return MERGE_BY_NAME;
	return either ? MERGE_BY_ID_OR_NAME : MERGE_NO_IDENTITY;
}

static enum wk_status cookie_key(struct arena *arena, const struct json *cookie,
				 struct bytes *key_out)
{
	static const char *const parts[] = { "domain", "path", "key" };
	SCOPED(buf_fini) struct buf key = BUF_SECRET_INIT(SIZE_MAX / 2);
	enum wk_status st = WK_OK;

	for (size_t i = 0; st == WK_OK && i < ARRAY_LEN(parts); i++) {
		struct bytes part = json_get_str(cookie, parts[i]);

		st = buf_append(&key, part.p, part.n);
		if (st == WK_OK)
			st = buf_append_char(&key, 0);
	}
	if (st != WK_OK)
		return st;
	*key_out = arena_copy(arena, buf_bytes(&key));
	return key_out->p ? WK_OK : WK_NOMEM;
}

/* The first byte says which member it is, so that an id never equals a name. */
static enum wk_status element_key(struct arena *arena, const struct json *element,
				  enum merge_identity by, struct bytes *key_out)
{
	const struct json *id = by == MERGE_BY_ID_OR_NAME ? id_of(element) : NULL;
	struct bytes text = id ? id->text : json_get_str(element, "name");
	uint8_t *key;

	if (by == MERGE_BY_COOKIE)
		return cookie_key(arena, element, key_out);
	key = arena_alloc(arena, text.n + 1);
	if (!key)
		return WK_NOMEM;
	key[0] = !id ? 'n' : id->type == JSON_NUMBER ? '#' : 'i';
	if (text.n > 0)
		memcpy(key + 1, text.p, text.n);
	*key_out = bytes_of(key, text.n + 1);
	return WK_OK;
}

static int compare_keys(const struct merge_slot *a, const struct merge_slot *b)
{
	size_t n = a->key.n < b->key.n ? a->key.n : b->key.n;
	int order = n > 0 ? memcmp(a->key.p, b->key.p, n) : 0;

	return order != 0 ? order : (a->key.n > b->key.n) - (a->key.n < b->key.n);
}

static int compare_slots(const void *left, const void *right)
{
	const struct merge_slot *a = *(struct merge_slot *const *)left;
	const struct merge_slot *b = *(struct merge_slot *const *)right;
	int order = compare_keys(a, b);

	return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

static enum wk_status alloc_list(struct arena *arena, size_t count, struct merge_list *out)
{
	out->count = count;
	out->slots = arena_alloc(arena, (count + 1) * sizeof(struct merge_slot));
	out->sorted = arena_alloc(arena, (count + 1) * sizeof(struct merge_slot *));
	return out->slots && out->sorted ? WK_OK : WK_NOMEM;
}

static void sort_list(struct merge_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		list->slots[i].at = i;
		list->sorted[i] = &list->slots[i];
	}
	if (list->count > 1)
		qsort(list->sorted, list->count, sizeof(struct merge_slot *), compare_slots);
	for (size_t i = 1; i < list->count; i++) {
		if (bytes_equal(list->sorted[i]->key, list->sorted[i - 1]->key))
			list->sorted[i]->nth = list->sorted[i - 1]->nth + 1;
	}
}

enum wk_status merge_list_of_object(struct arena *arena, const struct json *v,
				    struct merge_list *out)
{
	struct merge_list list;
	enum wk_status st = alloc_list(arena, v && v->type == JSON_OBJECT ? v->count : 0, &list);

	if (st != WK_OK)
		return st;
	for (size_t i = 0; i < list.count; i++) {
		list.slots[i].key = v->members[i].key;
		list.slots[i].value = &v->members[i].value;
	}
	sort_list(&list);
	*out = list;
	return WK_OK;
}

enum wk_status merge_list_of_array(struct arena *arena, const struct json *v,
				   enum merge_identity by, struct merge_list *out)
{
	struct merge_list list;
	enum wk_status st = alloc_list(arena, v && v->type == JSON_ARRAY ? v->count : 0, &list);

	for (size_t i = 0; st == WK_OK && i < list.count; i++) {
		list.slots[i].value = &v->items[i];
		st = element_key(arena, &v->items[i], by, &list.slots[i].key);
	}
	if (st != WK_OK)
		return st;
	sort_list(&list);
	*out = list;
	return WK_OK;
}

static const struct merge_slot *find_slot(const struct merge_list *list,
					  const struct merge_slot *like)
{
	size_t low = 0;
	size_t high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct merge_slot *s = list->sorted[middle];
		int order = compare_keys(s, like);

		if (order < 0 || (order == 0 && s->nth < like->nth))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->count || compare_keys(list->sorted[low], like) != 0 ||
	    list->sorted[low]->nth != like->nth)
		return NULL;
	return list->sorted[low];
}

const struct json *merge_list_find(const struct merge_list *list, const struct merge_slot *like)
{
	const struct merge_slot *s = find_slot(list, like);

	return s ? s->value : NULL;
}

bool merge_list_keeps_order(const struct merge_list *list, const struct merge_list *base)
{
	size_t next = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct merge_slot *s = find_slot(base, &list->slots[i]);

		if (!s)
			continue;
		if (s->at < next)
			return false;
		next = s->at + 1;
	}
	return true;
}

/* A chain: node 0 is its head, then come first's slots, then those of second alone. */
struct node {
	const struct merge_slot *slot;
	size_t next;
};

enum wk_status merge_list_join(struct arena *arena, const struct merge_list *first,
			       const struct merge_list *second,
			       const struct merge_slot ***order_out, size_t *count_out)
{
	size_t room = first->count + second->count + 1;
	struct node *nodes = arena_alloc(arena, room * sizeof *nodes);
	const struct merge_slot **order = arena_alloc(arena, room * sizeof *order);
	size_t count = first->count + 1;
	size_t before = 0;
	size_t n = 0;

	if (!nodes || !order)
		return WK_NOMEM;
	for (size_t i = 0; i < first->count; i++) {
		nodes[i].next = i + 1;
		nodes[i + 1].slot = &first->slots[i];
	}
	for (size_t i = 0; i < second->count; i++) {
		const struct merge_slot *s = find_slot(first, &second->slots[i]);

		if (s) {
			before = s->at + 1;
			continue;
		}
		nodes[count] = (struct node){ &second->slots[i], nodes[before].next };
		nodes[before].next = count;
		before = count++;
	}
	for (size_t at = nodes[0].next; at != 0; at = nodes[at].next)
		order[n++] = nodes[at].slot;
	*order_out = order;
	*count_out = n;
	return WK_OK;
}
