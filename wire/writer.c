/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text, member by member, with a status that sticks. */
#include "wire/writer.h"

#include <inttypes.h>

void writer_begin(struct writer *w, struct buf *out)
{
	*w = (struct writer){ .out = out, .start = out->n, .st = WK_OK };
}

enum wk_status writer_end(struct writer *w)
{
	if (w->st != WK_OK)
		w->out->n = w->start;
	return w->st;
}

/* Comma and key: what stands before any value. */
static void lead(struct writer *w, const char *key)
{
	if (w->st == WK_OK && w->comma)
		w->st = buf_append_char(w->out, ',');
	if (w->st == WK_OK && key) {
		w->st = json_write_string(bytes_str(key), w->out);
		if (w->st == WK_OK)
			w->st = buf_append_char(w->out, ':');
	}
	w->comma = true;
}

void writer_open(struct writer *w, const char *key, char bracket)
{
	lead(w, key);
	if (w->st == WK_OK)
		w->st = buf_append_char(w->out, bracket);
	w->comma = false;
}

void writer_close(struct writer *w, char bracket)
{
	if (w->st == WK_OK)
		w->st = buf_append_char(w->out, bracket);
	w->comma = true;
}

void writer_text(struct writer *w, const char *key, struct bytes text)
{
	lead(w, key);
	if (w->st == WK_OK)
		w->st = json_write_string(text.p ? text : bytes_of("", 0), w->out);
}

void writer_str(struct writer *w, const char *key, const char *text)
{
	writer_text(w, key, bytes_str(text));
}

void writer_nullable(struct writer *w, const char *key, struct bytes text)
{
	if (text.p)
		writer_text(w, key, text);
	else
		writer_json(w, key, bytes_str("null"));
}

void writer_int(struct writer *w, const char *key, int64_t value)
{
	lead(w, key);
	if (w->st == WK_OK)
		w->st = buf_printf(w->out, "%" PRId64, value);
}

void writer_bool(struct writer *w, const char *key, bool value)
{
	writer_json(w, key, bytes_str(value ? "true" : "false"));
}

void writer_json(struct writer *w, const char *key, struct bytes json)
{
	lead(w, key);
	if (w->st == WK_OK)
		w->st = buf_append(w->out, json.p, json.n);
}

void writer_fields(struct writer *w, const struct field *table, size_t count, const void *message)
{
	for (size_t i = 0; i < count; i++) {
		struct bytes text;

		memcpy(&text, (const uint8_t *)message + table[i].offset, sizeof text);
		if (table[i].kind == FIELD_OPTIONAL && !text.p)
			continue;
		if (table[i].kind == FIELD_NULLABLE)
			writer_nullable(w, table[i].key, text);
		else
			writer_text(w, table[i].key, text);
	}
}
