/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"

/* Borrowed bytes: valid until the call returns unless a contract says more. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

/*
 * A growable byte buffer with a maximum.  Everything that takes bytes from
 * outside grows one of these, so nothing from outside can grow memory without
 * bound.  `p` has no NUL behind it unless buf_cstr() was called.
 *
 * A buffer made with BUF_SECRET_INIT wipes its memory whenever it gives it up
 * (growing included).  Document content goes through such buffers; keys do not:
 * they live in crypto/secret.h's locked memory.
 *
 * Not safe for use by two threads at once.
 */
struct buf {
	uint8_t *p;
	size_t n;	/* bytes used */
	size_t cap;	/* bytes allocated */
	size_t max;	/* bytes it may ever hold */
	bool secret;
};

#define BUF_INIT(max_bytes) { .p = NULL, .n = 0, .cap = 0, .max = (max_bytes), .secret = false }
#define BUF_SECRET_INIT(max_bytes)                                                                 \
	{ .p = NULL, .n = 0, .cap = 0, .max = (max_bytes), .secret = true }

/* Frees (and for a secret buffer wipes) the memory; the buffer is empty and usable again. */
void buf_fini(struct buf *b);
/* Forgets the content, keeps the memory (a secret buffer wipes what was used). */
void buf_clear(struct buf *b);

/* Each appends, or returns WK_LIMIT (over max) or WK_NOMEM and changes nothing. */
enum wk_status buf_append(struct buf *b, const void *data, size_t n);
enum wk_status buf_append_str(struct buf *b, const char *text);
enum wk_status buf_append_char(struct buf *b, char c);
enum wk_status buf_printf(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Makes room for n more bytes and returns where they go: write there, then add to b->n. */
enum wk_status buf_reserve(struct buf *b, size_t n, uint8_t **room_out);
/* Puts a NUL behind the content (not counted in n) and returns it as text. */
enum wk_status buf_cstr(struct buf *b, const char **text_out);
/* Moves the content out: *to's own is freed first. */
void buf_move(struct buf *to, struct buf *from);

static inline struct bytes buf_bytes(const struct buf *b)
{
	return (struct bytes){ b->p, b->n };
}

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

static inline struct bytes bytes_str(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

/* Not constant in time: for public bytes only (secrets: secret_equal). */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool bytes_equal_str(struct bytes a, const char *text)
{
	return bytes_equal(a, bytes_str(text));
}

/* A NUL-terminated copy; NULL when out of memory.  The caller frees it. */
char *bytes_dup(struct bytes a);

#endif
