/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include "base/buf.h"
#include "wire/field.h"

/*
 * Writes JSON text member by member.  The first failure sticks, the calls after
 * it do nothing, and writer_end() gives it and takes back what was appended.
 * `key` is NULL inside an array and at the top.
 */
struct writer {
	struct buf *out;
	size_t start;
	enum wk_status st;
	bool comma;
};

void writer_begin(struct writer *w, struct buf *out);
enum wk_status writer_end(struct writer *w);

void writer_open(struct writer *w, const char *key, char bracket);	/* '{' or '[' */
void writer_close(struct writer *w, char bracket);			/* '}' or ']' */
void writer_text(struct writer *w, const char *key, struct bytes text);	/* .p NULL: "" */
void writer_str(struct writer *w, const char *key, const char *text);
void writer_nullable(struct writer *w, const char *key, struct bytes text); /* .p NULL: null */
void writer_int(struct writer *w, const char *key, int64_t value);
void writer_bool(struct writer *w, const char *key, bool value);
/* JSON text made elsewhere, as it is. */
void writer_json(struct writer *w, const char *key, struct bytes json);
void writer_fields(struct writer *w, const struct field *table, size_t count,
		   const void *message);

#endif
