/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_FIELD_H
#define WIRE_FIELD_H

#include "base/json.h"

/*
 * How the messages of message.h are read and written: a table says which
 * members a struct's texts are, and readers and writers both follow it.
 * Private to wire/.
 */
enum field_kind {
	FIELD_TEXT,	/* a string of at most `max` bytes, required */
	FIELD_NULLABLE,	/* the same, or null, or missing: then .p is NULL */
	FIELD_OPTIONAL,	/* the same; written only where .p is not NULL */
	FIELD_HEX	/* exactly `max` hex digits */
};

struct field {
	const char *key;
	size_t offset;	/* of the struct bytes in the message */
	size_t max;
	enum field_kind kind;
};

/* Reads the texts of the table into *message.  WK_CORRUPT, WK_LIMIT: some may be set then. */
enum wk_status field_read(const struct json *v, const struct field *table, size_t count,
			  void *message);
/* One text by itself. */
enum wk_status field_read_text(const struct json *v, const char *key, enum field_kind kind,
			       size_t max, struct bytes *out);
/* A whole number that is not negative; WK_CORRUPT. */
enum wk_status field_read_uint(const struct json *v, const char *key, uint64_t *out);
enum wk_status field_read_int(const struct json *v, const char *key, int64_t *out);
enum wk_status field_read_bool(const struct json *v, const char *key, bool *out);
/* An array of at most max elements; its items are v->items. */
enum wk_status field_read_array(const struct json *v, const char *key, size_t max,
				const struct json **out);
/* n elements of `size` bytes, zeroed; a NULL-less pointer even for none. */
enum wk_status field_alloc(struct arena *arena, size_t n, size_t size, void *pointer_out);

#endif
