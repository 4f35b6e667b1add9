/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable buffers.  Capacity doubles, but never past the maximum; a secret
 * buffer is moved by hand instead of realloc(), which would leave a copy of the
 * old content in freed memory.
 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

static void release(const struct buf *b)
{
	if (b->secret && b->p)
		explicit_bzero(b->p, b->cap);
	free(b->p);
}

void buf_fini(struct buf *b)
{
	release(b);
	b->p = NULL;
	b->n = 0;
	b->cap = 0;
}

void buf_clear(struct buf *b)
{
	if (b->secret && b->n > 0)
		explicit_bzero(b->p, b->n);
	b->n = 0;
}

/* need is at most max + 1: a NUL behind full content has room. */
static enum wk_status grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 64;
	uint8_t *p;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > b->max)
		cap = need > b->max ? need : b->max;
	if (!b->secret) {
		p = realloc(b->p, cap);
		if (!p)
			return WK_NOMEM;
	} else {
		p = malloc(cap);
		if (!p)
			return WK_NOMEM;
		if (b->n > 0)
			memcpy(p, b->p, b->n);
		release(b);
	}
	b->p = p;
	b->cap = cap;
	return WK_OK;
}

static enum wk_status reserve(struct buf *b, size_t n, size_t nul, uint8_t **room_out)
{
	enum wk_status st;

	if (n > b->max || b->n > b->max - n || b->n + n > SIZE_MAX - nul)
		return WK_LIMIT;
	if (b->cap < b->n + n + nul || !b->p) {
		st = grow(b, b->n + n + nul ? b->n + n + nul : 1);
		if (st != WK_OK)
			return st;
	}
	*room_out = b->p + b->n;
	return WK_OK;
}

enum wk_status buf_reserve(struct buf *b, size_t n, uint8_t **room_out)
{
	return reserve(b, n, 0, room_out);
}

enum wk_status buf_append(struct buf *b, const void *data, size_t n)
{
	uint8_t *room;
	enum wk_status st;

	if (n == 0)
		return WK_OK;
	st = buf_reserve(b, n, &room);
	if (st != WK_OK)
		return st;
	memcpy(room, data, n);
	b->n += n;
	return WK_OK;
}

enum wk_status buf_append_str(struct buf *b, const char *text)
{
	return buf_append(b, text, strlen(text));
}

enum wk_status buf_append_char(struct buf *b, char c)
{
	return buf_append(b, &c, 1);
}

enum wk_status buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	uint8_t *room;
	enum wk_status st;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	st = n < 0 ? WK_INVALID : reserve(b, (size_t)n, 1, &room);
	if (st == WK_OK) {
		(void)vsnprintf((char *)room, (size_t)n + 1, format, again);
		b->n += (size_t)n;
	}
	va_end(again);
	return st;
}

enum wk_status buf_cstr(struct buf *b, const char **text_out)
{
	uint8_t *room;
	enum wk_status st = reserve(b, 0, 1, &room);

	if (st != WK_OK)
		return st;
	*room = '\0';
	*text_out = (const char *)b->p;
	return WK_OK;
}

void buf_move(struct buf *to, struct buf *from)
{
	release(to);
	*to = *from;
	from->p = NULL;
	from->n = 0;
	from->cap = 0;
}

char *bytes_dup(struct bytes a)
{
	char *copy = malloc(a.n + 1);

	if (!copy)
		return NULL;
	if (a.n > 0)
		memcpy(copy, a.p, a.n);
	copy[a.n] = '\0';
	return copy;
}
