/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From text to tree, with yajl.
 *
 * The text is copied into the arena as a whole, and every number and every
 * string without an escape points into that copy; only strings with escapes are
 * copied a second time.  The children of containers that are still open wait on
 * a stack; when a container ends, its children move to the arena in one piece
 * of exactly their size.
 *
 * What yajl 2.1 does not do for us, and how it is done here:
 * - It replaces the escape of a lone surrogate by '?': such escapes become their
 *   three-byte form in the copy before yajl sees it.  It must then not check
 *   UTF-8 itself; that is done before, strictly.
 * - It takes a string that is not closed for nothing when it stands behind the
 *   value: what is behind the value is looked at here.
 * - It takes VT and FF for white space: a text with either is refused.
 * - It does not survive a failed allocation, and does not wipe: it allocates
 *   from a pool that is reserved before the parse and wiped behind it.
 * - Its error positions are approximate: json_explain() finds the exact one.
 */
#include <stdalign.h>
#include <stdlib.h>

#include <yajl/yajl_parse.h>

#include "base/json_private.h"
#include "base/utf8.h"

/*
 * yajl's needs: its handle and lexer (below 1 KiB); a stack of states, 128 bytes,
 * which grows only below JSON_DEPTH_MAX levels; and two buffers of 2 KiB, for the
 * string being decoded and for a token that the text's end cuts off, which double
 * until they hold it.  Both parts of the text do not overlap, and each buffer is
 * the newest piece while it grows, so growing takes no second place.
 */
#define POOL_FIXED ((size_t)32 * 1024)
#define POOL_PER_BYTE 4

struct pool {
	uint8_t *p;
	size_t used;
	size_t size;
	size_t last; /* where the newest piece begins: that one can grow in place */
};

struct reader {
	struct arena *arena;
	struct bytes copy;
	struct json_member *stack;
	size_t used, room;
	size_t open[JSON_DEPTH_MAX]; /* for each open container, where it stands on the stack */
	unsigned depth;
	struct bytes key;
	enum wk_status st;
};

#define PIECE_HEAD alignof(max_align_t)

static void *pool_alloc(void *ctx, size_t n)
{
	struct pool *pool = ctx;
	size_t need = PIECE_HEAD + ((n + PIECE_HEAD - 1) & ~(PIECE_HEAD - 1));

	if (need > pool->size - pool->used)
		return NULL;
	pool->last = pool->used;
	memcpy(pool->p + pool->last, &n, sizeof n);
	pool->used += need;
	return pool->p + pool->last + PIECE_HEAD;
}

static void *pool_realloc(void *ctx, void *piece, size_t n)
{
	struct pool *pool = ctx;
	uint8_t *old = piece, *fresh;
	size_t old_n;

	if (!old)
		return pool_alloc(ctx, n);
	memcpy(&old_n, old - PIECE_HEAD, sizeof old_n);
	if (n <= old_n)
		return old;
	if (old == pool->p + pool->last + PIECE_HEAD) {
		pool->used = pool->last;
		return pool_alloc(ctx, n);
	}
	fresh = pool_alloc(ctx, n);
	if (fresh)
		memcpy(fresh, old, old_n);
	return fresh;
}

static void pool_free(void *ctx, void *piece)
{
	(void)ctx;
	(void)piece;
}

static void pool_fini(struct pool *pool)
{
	if (pool->p)
		explicit_bzero(pool->p, pool->used);
	free(pool->p);
}

static int fail(struct reader *r, enum wk_status st)
{
	r->st = st;
	return 0;
}

static enum wk_status grow_stack(struct reader *r)
{
	size_t room = r->room ? r->room * 2 : 64;
	struct json_member *stack;

	/* What does not fit the arena later need not be collected now. */
	if (r->used > arena_left(r->arena) / sizeof(struct json))
		return WK_NOMEM;
	stack = reallocarray(r->stack, room, sizeof *stack);
	if (!stack)
		return WK_NOMEM;
	r->stack = stack;
	r->room = room;
	return WK_OK;
}

static int push(struct reader *r, struct json value)
{
	if (r->used == r->room) {
		r->st = grow_stack(r);
		if (r->st != WK_OK)
			return 0;
	}
	r->stack[r->used++] = (struct json_member){ .key = r->key, .value = value };
	return 1;
}

/* The text as it may stay: in the copy, or brought into the arena. */
static int keep(struct reader *r, const unsigned char *p, size_t n, struct bytes *out)
{
	if (p >= r->copy.p && p <= r->copy.p + r->copy.n) {
		*out = bytes_of(p, n);
		return 1;
	}
	*out = arena_copy(r->arena, bytes_of(p, n));
	return out->p ? 1 : fail(r, WK_NOMEM);
}

static int on_null(void *ctx)
{
	return push(ctx, (struct json){ .type = JSON_NULL });
}

static int on_boolean(void *ctx, int value)
{
	return push(ctx, (struct json){ .type = value ? JSON_TRUE : JSON_FALSE });
}

static int on_text(struct reader *r, enum json_type type, const unsigned char *p, size_t n)
{
	struct json value = { .type = type };

	return keep(r, p, n, &value.text) && push(r, value);
}

static int on_number(void *ctx, const char *p, size_t n)
{
	return on_text(ctx, JSON_NUMBER, (const unsigned char *)p, n);
}

static int on_string(void *ctx, const unsigned char *p, size_t n)
{
	return on_text(ctx, JSON_STRING, p, n);
}

static int on_key(void *ctx, const unsigned char *p, size_t n)
{
	struct reader *r = ctx;

	return keep(r, p, n, &r->key);
}

static int begin(struct reader *r, enum json_type type)
{
	if (r->depth == JSON_DEPTH_MAX)
		return fail(r, WK_LIMIT);
	r->open[r->depth++] = r->used;
	return push(r, (struct json){ .type = type });
}

static int on_begin_object(void *ctx)
{
	return begin(ctx, JSON_OBJECT);
}

static int on_begin_array(void *ctx)
{
	return begin(ctx, JSON_ARRAY);
}

static int on_end(void *ctx)
{
	struct reader *r = ctx;
	size_t at = r->open[--r->depth];
	const struct json_member *children = r->stack + at + 1;
	struct json *v = &r->stack[at].value;
	size_t n = r->used - at - 1;

	r->used = at + 1;
	if (n == 0)
		return 1;
	if (n > UINT32_MAX)
		return fail(r, WK_NOMEM);
	v->count = (uint32_t)n;
	v->room = (uint32_t)n;
	if (v->type == JSON_OBJECT) {
		v->members = arena_alloc(r->arena, n * sizeof *v->members);
		if (!v->members)
			return fail(r, WK_NOMEM);
		memcpy(v->members, children, n * sizeof *v->members);
		return 1;
	}
	v->items = arena_alloc(r->arena, n * sizeof *v->items);
	if (!v->items)
		return fail(r, WK_NOMEM);
	for (size_t i = 0; i < n; i++)
		v->items[i] = children[i].value;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_begin_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_begin_array,
	.yajl_end_array = on_end,
};

/* The code unit of a \uXXXX that stands at p; -1 if none does. */
static int32_t escaped_unit(const uint8_t *p, const uint8_t *end)
{
	int32_t unit = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		uint8_t c = p[i];

		if (c >= '0' && c <= '9')
			unit = unit << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			unit = unit << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return unit;
}

/* Rewrites lone surrogates' escapes in place; returns the new length. */
static size_t replace_lone_surrogates(uint8_t *text, size_t n)
{
	const uint8_t *from = text, *end = text + n;
	uint8_t *to = text;

	while (from < end) {
		const uint8_t *escape = memchr(from, '\\', (size_t)(end - from));
		size_t plain = (size_t)((escape ? escape : end) - from), taken;
		int32_t unit, next;

		if (to != from)
			memmove(to, from, plain);
		to += plain;
		from += plain;
		if (!escape)
			break;
		unit = escaped_unit(from, end);
		next = (unit & 0xfc00) == 0xd800 ? escaped_unit(from + 6, end) : -1;
		if (unit >= 0xd800 && unit <= 0xdfff && (next & 0xfc00) != 0xdc00) {
			to += utf8_encode((uint32_t)unit, to);
			from += 6;
			continue;
		}
		/* A pair is passed over as a whole, anything else with what it escapes. */
		taken = next >= 0 ? 12 : 2;
		if (taken > (size_t)(end - from))
			taken = (size_t)(end - from);
		memmove(to, from, taken);
		to += taken;
		from += taken;
	}
	return (size_t)(to - text);
}

static bool is_blank(struct bytes text, size_t from)
{
	for (size_t i = from; i < text.n; i++)
		if (text.p[i] != ' ' && text.p[i] != '\t' && text.p[i] != '\n' && text.p[i] != '\r')
			return false;
	return true;
}

static enum wk_status run_yajl(struct reader *r)
{
	SCOPED(pool_fini) struct pool pool = { .p = NULL };
	yajl_alloc_funcs memory = { pool_alloc, pool_realloc, pool_free, &pool };
	yajl_handle parser;
	yajl_status outcome;

	if (r->copy.n > (SIZE_MAX - POOL_FIXED) / POOL_PER_BYTE)
		return WK_LIMIT;
	pool.size = POOL_FIXED + r->copy.n * POOL_PER_BYTE;
	pool.p = malloc(pool.size);
	if (!pool.p)
		return WK_NOMEM;
	parser = yajl_alloc(&callbacks, &memory, r);
	if (!parser)
		return WK_NOMEM;
	(void)yajl_config(parser, yajl_dont_validate_strings, 1);
	(void)yajl_config(parser, yajl_allow_trailing_garbage, 1);
	outcome = yajl_parse(parser, r->copy.p, r->copy.n);
	if (outcome == yajl_status_ok) {
		size_t end = yajl_get_bytes_consumed(parser);

		outcome = yajl_complete_parse(parser);
		if (outcome == yajl_status_ok && !is_blank(r->copy, end))
			outcome = yajl_status_error;
	}
	yajl_free(parser);
	if (outcome == yajl_status_ok)
		return WK_OK;
	return r->st != WK_OK ? r->st : WK_INVALID;
}

static bool is_plausible(struct bytes text)
{
	return text.n > 0 && utf8_is_valid(text) && !memchr(text.p, '\v', text.n) &&
	       !memchr(text.p, '\f', text.n) && !(text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0);
}

static void free_stack(struct reader *r)
{
	free(r->stack);
}

static enum wk_status read_tree(struct arena *arena, struct bytes text, struct json **root_out)
{
	SCOPED(free_stack) struct reader r = { .arena = arena };
	uint8_t *copy = arena_alloc(arena, text.n);
	struct json *root;
	enum wk_status st;

	if (!copy)
		return WK_NOMEM;
	memcpy(copy, text.p, text.n);
	r.copy = bytes_of(copy, replace_lone_surrogates(copy, text.n));
	st = run_yajl(&r);
	if (st != WK_OK)
		return st;
	root = arena_alloc(arena, sizeof *root);
	if (!root)
		return WK_NOMEM;
	*root = r.stack[0].value;
	*root_out = root;
	return WK_OK;
}

enum wk_status json_parse(struct arena *arena, struct bytes text, struct json **root_out,
			  struct json_error *error)
{
	enum wk_status st = WK_INVALID, found;

	if (is_plausible(text))
		st = read_tree(arena, text, root_out);
	if (st != WK_INVALID && st != WK_LIMIT)
		return st;
	found = json_explain(text, error);
	if (found != WK_OK)
		return found;
	/* Not seen in any fuzzing: yajl alone finds fault with it. */
	if (error)
		*error = (struct json_error){ .line = 1, .column = 1, .reason = "not JSON" };
	return st;
}
