/* SPDX-License-Identifier: Apache-2.0 */
/* Where a feed stands: (sequence, mark), inside other messages and alone. */
#include "wire/head.h"

#define MARK_DIGITS 32

enum wk_status head_read(const struct json *v, struct wire_head *out)
{
	struct wire_head m;
	enum wk_status st;

	if (!v || v->type != JSON_OBJECT)
		return WK_CORRUPT;
	st = field_read_uint(v, "seq", &m.seq);
	if (st != WK_OK)
		return st;
	if (m.seq == 0)
		st = field_read_text(v, "mark", FIELD_TEXT, 0, &m.mark);
	else
		st = field_read_text(v, "mark", FIELD_HEX, MARK_DIGITS, &m.mark);
	if (st == WK_OK)
		*out = m;
	return st;
}

void head_members(struct writer *w, const struct wire_head *m)
{
	writer_int(w, "seq", (int64_t)m->seq);
	writer_text(w, "mark", m->mark);
}

void head_write(struct writer *w, const char *key, const struct wire_head *m)
{
	writer_open(w, key, '{');
	head_members(w, m);
	writer_close(w, '}');
}

enum wk_status wire_head_write(const struct wire_head *m, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	head_write(&w, NULL, m);
	return writer_end(&w);
}
