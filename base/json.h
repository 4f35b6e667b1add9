/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * JSON trees (RFC 8259), read with yajl.  Nothing is lost in a tree: numbers
 * keep their text, members their order, a member that stands twice stands
 * twice; strings are UTF-8 with lone surrogates as WTF-8.  Trees live in the
 * arena they were made in and borrow nothing from the text.
 */
enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json_member;

struct json {
	enum json_type type;
	uint32_t count;			/* elements or members */
	uint32_t room;			/* allocated elements or members */
	union {
		struct bytes text;	/* number (as written) or string (decoded) */
		struct json *items;	/* JSON_ARRAY */
		struct json_member *members;	/* JSON_OBJECT */
	};
};

struct json_member {
	struct bytes key;
	struct json value;
};

#define JSON_DEPTH_MAX 64
#define JSON_REASON_MAX 96

/* Where and why a text is not JSON: for people.  Lines and columns count from 1. */
struct json_error {
	unsigned line;
	unsigned column;
	char reason[JSON_REASON_MAX];	/* "a comma or } is missing"; quotes nothing of the text */
};

/*
 * Reads one JSON value and nothing but white space after it.  `error` may be
 * NULL.  WK_INVALID: not JSON, or not UTF-8.  WK_LIMIT: deeper than
 * JSON_DEPTH_MAX.  WK_NOMEM: the arena is full.
 */
enum wk_status json_parse(struct arena *arena, struct bytes text,
			  struct json **root_out, struct json_error *error);

/* Two-space indent as JSON.stringify(v, null, 2) lays it out, with a final newline.  These
 * write nothing when they fail: WK_LIMIT (the buffer's, or deeper than JSON_DEPTH_MAX), WK_NOMEM. */
enum wk_status json_write_pretty(const struct json *v, struct buf *out);
/* No white space. */
enum wk_status json_write(const struct json *v, struct buf *out);
/* One string with its quotes; a lone surrogate is written as \udXXX. */
enum wk_status json_write_string(struct bytes text, struct buf *out);

/* The value of the last member named key; NULL if there is none or v is no object (or NULL). */
struct json *json_get(const struct json *v, const char *key);
/* The same, only if it is a string; otherwise .p is NULL. */
struct bytes json_get_str(const struct json *v, const char *key);
/* Integer that fits (1, -2, 3.0, 1e3 count; 1.5 does not). */
bool json_as_int64(const struct json *v, int64_t *out);
bool json_get_int64(const struct json *v, const char *key, int64_t *out);
/* JSON_TRUE / JSON_FALSE only. */
bool json_get_bool(const struct json *v, const char *key, bool *out);

/* Makers: each returns NULL when the arena is full.  Bytes and values are copied shallowly:
 * texts must live as long as the arena (arena_copy them if not). */
struct json *json_new(struct arena *arena, enum json_type type);
struct json *json_new_str(struct arena *arena, struct bytes text);
struct json *json_new_int(struct arena *arena, int64_t value);
/* Sets the last member of that name or appends one (value copied in, key copied whole); WK_NOMEM. */
enum wk_status json_set(struct arena *arena, struct json *object, const char *key,
			const struct json *value);
enum wk_status json_set_str(struct arena *arena, struct json *object, const char *key,
			    struct bytes text);
enum wk_status json_set_int(struct arena *arena, struct json *object, const char *key,
			    int64_t value);
enum wk_status json_set_bool(struct arena *arena, struct json *object, const char *key,
			     bool value);
/* Appends a member even when the key stands there already. */
enum wk_status json_append_member(struct arena *arena, struct json *object, struct bytes key,
				  const struct json *value);
enum wk_status json_append(struct arena *arena, struct json *array, const struct json *value);
/* Removes every member of that name, keeping the order of the rest. */
void json_remove(struct json *object, const char *key);
/* Deep copy into an arena; NULL when it is full or v is deeper than JSON_DEPTH_MAX. */
struct json *json_copy(struct arena *arena, const struct json *v);

/* Same value: numbers by text, objects without regard to order (last of double members).  May
 * also say no when memory runs out. */
bool json_equal(const struct json *a, const struct json *b);

#endif
