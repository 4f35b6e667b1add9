/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking into trees, building and changing them.  Containers grow by doubling
 * in the arena; what they outgrow stays there until the arena goes.
 */
#include "base/json.h"

#include <stdio.h>

static struct json_member *last_member(const struct json *v, struct bytes key)
{
	if (!v || v->type != JSON_OBJECT)
		return NULL;
	for (uint32_t i = v->count; i-- > 0;)
		if (bytes_equal(v->members[i].key, key))
			return &v->members[i];
	return NULL;
}

struct json *json_get(const struct json *v, const char *key)
{
	struct json_member *m = last_member(v, bytes_str(key));

	return m ? &m->value : NULL;
}

struct bytes json_get_str(const struct json *v, const char *key)
{
	const struct json *found = json_get(v, key);

	return found && found->type == JSON_STRING ? found->text : bytes_of(NULL, 0);
}

bool json_get_int64(const struct json *v, const char *key, int64_t *out)
{
	return json_as_int64(json_get(v, key), out);
}

bool json_get_bool(const struct json *v, const char *key, bool *out)
{
	const struct json *found = json_get(v, key);

	if (!found || (found->type != JSON_TRUE && found->type != JSON_FALSE))
		return false;
	*out = found->type == JSON_TRUE;
	return true;
}

struct json *json_new(struct arena *arena, enum json_type type)
{
	struct json *v = arena_alloc(arena, sizeof *v);

	if (v)
		v->type = type;
	return v;
}

struct json *json_new_str(struct arena *arena, struct bytes text)
{
	struct json *v = json_new(arena, JSON_STRING);

	if (v)
		v->text = text;
	return v;
}

struct json *json_new_int(struct arena *arena, int64_t value)
{
	struct json *v = json_new(arena, JSON_NUMBER);
	char text[24];
	int n = snprintf(text, sizeof text, "%lld", (long long)value);

	if (!v || n < 0)
		return NULL;
	v->text = arena_copy(arena, bytes_of(text, (size_t)n));
	return v->text.p ? v : NULL;
}

/* Room for one more element of a container, each of `size` bytes. */
static enum wk_status make_room(struct arena *arena, struct json *v, size_t size)
{
	const void *old = v->type == JSON_OBJECT ? (void *)v->members : (void *)v->items;
	uint32_t room = v->room ? v->room : 2;
	void *fresh;

	if (v->count < v->room)
		return WK_OK;
	if (room > UINT32_MAX / 2)
		return WK_NOMEM;
	room *= 2;
	fresh = arena_alloc(arena, room * size);
	if (!fresh)
		return WK_NOMEM;
	if (v->count > 0)
		memcpy(fresh, old, v->count * size);
	if (v->type == JSON_OBJECT)
		v->members = fresh;
	else
		v->items = fresh;
	v->room = room;
	return WK_OK;
}

enum wk_status json_append_member(struct arena *arena, struct json *object, struct bytes key,
				  const struct json *value)
{
	struct json_member added = { .key = key, .value = *value };
	enum wk_status st = make_room(arena, object, sizeof added);

	if (st == WK_OK)
		object->members[object->count++] = added;
	return st;
}

enum wk_status json_append(struct arena *arena, struct json *array, const struct json *value)
{
	struct json added = *value;
	enum wk_status st = make_room(arena, array, sizeof added);

	if (st == WK_OK)
		array->items[array->count++] = added;
	return st;
}

enum wk_status json_set(struct arena *arena, struct json *object, const char *key,
			const struct json *value)
{
	struct json_member *there = last_member(object, bytes_str(key));
	struct bytes kept;

	if (there) {
		there->value = *value;
		return WK_OK;
	}
	kept = arena_copy(arena, bytes_str(key));
	return kept.p ? json_append_member(arena, object, kept, value) : WK_NOMEM;
}

enum wk_status json_set_str(struct arena *arena, struct json *object, const char *key,
			    struct bytes text)
{
	return json_set(arena, object, key, &(struct json){ .type = JSON_STRING, .text = text });
}

enum wk_status json_set_int(struct arena *arena, struct json *object, const char *key,
			    int64_t value)
{
	const struct json *number = json_new_int(arena, value);

	return number ? json_set(arena, object, key, number) : WK_NOMEM;
}

enum wk_status json_set_bool(struct arena *arena, struct json *object, const char *key,
			     bool value)
{
	return json_set(arena, object, key,
			&(struct json){ .type = value ? JSON_TRUE : JSON_FALSE });
}

void json_remove(struct json *object, const char *key)
{
	uint32_t kept = 0;

	if (!object || object->type != JSON_OBJECT)
		return;
	for (uint32_t i = 0; i < object->count; i++)
		if (!bytes_equal_str(object->members[i].key, key))
			object->members[kept++] = object->members[i];
	object->count = kept;
}

static bool copy_into(struct arena *arena, struct json *to, const struct json *from,
		      unsigned depth);

static bool copy_text(struct arena *arena, struct bytes *to, struct bytes from)
{
	*to = arena_copy(arena, from);
	return to->p != NULL;
}

static bool copy_children(struct arena *arena, struct json *to, const struct json *from,
			  unsigned depth)
{
	bool object = from->type == JSON_OBJECT;
	void *room;

	to->count = from->count;
	to->room = from->count;
	if (from->count == 0)
		return true;
	room = arena_alloc(arena, from->count * (object ? sizeof *to->members : sizeof *to->items));
	if (!room)
		return false;
	if (object)
		to->members = room;
	else
		to->items = room;
	for (uint32_t i = 0; i < from->count; i++) {
		if (!object) {
			if (!copy_into(arena, &to->items[i], &from->items[i], depth + 1))
				return false;
		} else if (!copy_text(arena, &to->members[i].key, from->members[i].key) ||
			   !copy_into(arena, &to->members[i].value, &from->members[i].value,
				      depth + 1)) {
			return false;
		}
	}
	return true;
}

static bool copy_into(struct arena *arena, struct json *to, const struct json *from, unsigned depth)
{
	*to = (struct json){ .type = from->type };
	if (from->type == JSON_NUMBER || from->type == JSON_STRING)
		return copy_text(arena, &to->text, from->text);
	if (from->type != JSON_ARRAY && from->type != JSON_OBJECT)
		return true;
	return depth < JSON_DEPTH_MAX && copy_children(arena, to, from, depth);
}

struct json *json_copy(struct arena *arena, const struct json *v)
{
	struct json *copy = arena_alloc(arena, sizeof *copy);

	return copy && copy_into(arena, copy, v, 0) ? copy : NULL;
}
