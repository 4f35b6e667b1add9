/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes.  A file is blocks of TREE_BLOCK_SIZE, each a row: one that is missing is
 * zeros, one that is short ends in zeros (up to the size of the file); none is ever longer than
 * the file.  A rendered file has no blocks until it is written to.
 */
#include "base/clock.h"
#include "store/tree_private.h"

#define RENDERING_KEPT_MS 200
#define RENDERING_KEPT_FROM (64u * 1024)	/* smaller ones are read in one piece */

/* --- blocks --- */

enum wk_status tree_get_block(struct tree *t, uint64_t ino, uint64_t index, struct buf *out)
{
	return rows_get(t->rows, ROWS_BLOCK, (int64_t)ino, (int64_t)index, out);
}

enum wk_status tree_put_block(struct tree *t, uint64_t ino, uint64_t index, struct bytes data)
{
	return rows_put(t->rows, ROWS_BLOCK, (int64_t)ino, (int64_t)index, data);
}

static enum wk_status append_zeros(struct buf *out, size_t n)
{
	uint8_t *room;
	enum wk_status st = buf_reserve(out, n, &room);

	if (st != WK_OK || n == 0)
		return st;
	memset(room, 0, n);
	out->n += n;
	return WK_OK;
}

/* n bytes from `from` on of a block, zeros where there are none. */
static enum wk_status read_block(struct tree *t, const struct node *node, uint64_t index,
				 size_t from, size_t n, struct buf *out)
{
	SCOPED(buf_fini) struct buf part = BUF_SECRET_INIT(TREE_BLOCK_SIZE);
	const bool whole = from == 0 && n == TREE_BLOCK_SIZE;
	const size_t before = out->n;
	size_t got;
	enum wk_status st = tree_get_block(t, node->ino, index, whole ? out : &part);

	if (st != WK_OK && st != WK_NOT_FOUND)
		return st;
	if (whole) {
		got = out->n - before;
	} else {
		got = part.n > from ? part.n - from : 0;
		got = got < n ? got : n;
		if (got > 0)
			st = buf_append(out, part.p + from, got);
		if (st != WK_OK && st != WK_NOT_FOUND)
			return st;
	}
	return append_zeros(out, n - got);
}

/* --- renderings --- */

void tree_forget_rendering(struct tree *t)
{
	t->rendering_of = NULL;
	t->rendering_doc = NULL;
	buf_fini(&t->rendering);
}

static void rendering_expired(void *arg)
{
	tree_forget_rendering(arg);
}

enum wk_status tree_start_timers(struct tree *t)
{
	enum wk_status st = loop_timer_new(t->loop, rendering_expired, t, &t->rendering_timer);

	return st == WK_OK ? loop_timer_new(t->loop, tree_free_step, t, &t->freeing_timer) : st;
}

void tree_stop_timers(struct tree *t)
{
	if (t->rendering_timer)
		loop_timer_free(t->rendering_timer);
	if (t->freeing_timer)
		loop_timer_free(t->freeing_timer);
	tree_free_freeing(t);
}

static enum wk_status render(struct tree *t, struct node *node)
{
	enum wk_status st;

	if (t->rendering_of == node && t->rendering_doc == node->doc &&
	    t->rendering.n == node->size)
		return WK_OK;
	tree_forget_rendering(t);
	if (!t->hooks.render)
		return WK_UNSUPPORTED;
	st = t->hooks.render(t->hooks.arg, node, &t->rendering);
	if (st != WK_OK) {
		tree_forget_rendering(t);
		return st;
	}
	t->rendering_of = node;
	t->rendering_doc = node->doc;
	return WK_OK;
}

static enum wk_status read_rendering(struct tree *t, struct node *node, uint64_t offset, size_t n,
				     struct buf *out)
{
	enum wk_status st = render(t, node);

	if (st != WK_OK)
		return st;
	if (offset < t->rendering.n) {
		size_t left = t->rendering.n - (size_t)offset;

		st = buf_append(out, t->rendering.p + offset, n < left ? n : left);
	}
	if (t->rendering.n < RENDERING_KEPT_FROM || offset + n >= t->rendering.n)
		tree_forget_rendering(t);
	else
		loop_timer_set(t->rendering_timer, RENDERING_KEPT_MS);
	return st;
}

/* --- reading --- */

static enum wk_status read_blocks(struct tree *t, const struct node *node, uint64_t offset,
				  size_t n, struct buf *out)
{
	enum wk_status st = WK_OK;

	while (n > 0 && st == WK_OK) {
		size_t from = (size_t)(offset % TREE_BLOCK_SIZE), part = TREE_BLOCK_SIZE - from;

		part = part < n ? part : n;
		st = read_block(t, node, offset / TREE_BLOCK_SIZE, from, part, out);
		offset += part;
		n -= part;
	}
	return st;
}

static enum wk_status read_some(struct tree *t, struct node *node, uint64_t offset, size_t n,
				struct buf *out)
{
	const size_t before = out->n;
	enum wk_status st;

	if (offset >= node->size)
		return WK_OK;
	if (n > node->size - offset)
		n = (size_t)(node->size - offset);
	st = node->rendered ? read_rendering(t, node, offset, n, out) :
			      read_blocks(t, node, offset, n, out);
	if (st != WK_OK && out->n > before) {
		explicit_bzero(out->p + before, out->n - before);
		out->n = before;
	}
	return st;
}

enum wk_status tree_read(struct tree *t, struct node *node, uint64_t offset, size_t n,
			 struct buf *out)
{
	enum wk_status st;

	if (!S_ISREG(node->mode))
		return WK_INVALID;
	st = read_some(t, node, offset, n, out);
	/* As relatime, but only in memory: a read costs no write. */
	if (st == WK_OK && (node->atime_ns <= node->mtime_ns || node->atime_ns <= node->ctime_ns))
		node->atime_ns = clock_wall_ns();
	return st;
}

enum wk_status tree_read_all(struct tree *t, struct node *node, struct buf *out)
{
	if (!S_ISREG(node->mode))
		return WK_INVALID;
	if (node->size > out->max - out->n)
		return WK_LIMIT;
	return read_some(t, node, 0, (size_t)node->size, out);
}

enum wk_status tree_target(struct tree *t, struct node *node, struct buf *out)
{
	return S_ISLNK(node->mode) ? read_some(t, node, 0, (size_t)node->size, out) : WK_INVALID;
}

/* --- writing --- */

enum wk_status tree_content_changed(struct tree *t, struct node *node, unsigned flags)
{
	const int64_t now = clock_wall_ns();

	node->mtime_ns = now;
	node->ctime_ns = now;
	if (!(flags & TREE_QUIET)) {
		node->written = true;
		node->touched_ms = clock_mono_ms();
	}
	return tree_row_put_node(t, node);
}

/* Lays data over one block.  has: whether the file had this block before. */
static enum wk_status write_block(struct tree *t, const struct node *node, uint64_t index,
				  size_t from, struct bytes data, bool *has)
{
	SCOPED(buf_fini) struct buf block = BUF_SECRET_INIT(TREE_BLOCK_SIZE);
	const uint64_t end = index * TREE_BLOCK_SIZE + from + data.n;
	const bool is_old = index < tree_blocks(node->size);
	enum wk_status st = WK_OK;

	*has = is_old && !tree_is_sparse(node);
	if (from == 0 && (data.n == TREE_BLOCK_SIZE || end >= node->size) &&
	    (!is_old || *has))
		return tree_put_block(t, node->ino, index, data);
	if (is_old) {
		st = tree_get_block(t, node->ino, index, &block);
		*has = st == WK_OK;
		if (st != WK_OK && st != WK_NOT_FOUND)
			return st;
	}
	st = WK_OK;
	if (block.n < from + data.n)
		st = append_zeros(&block, from + data.n - block.n);
	if (st != WK_OK)
		return st;
	memcpy(block.p + from, data.p, data.n);
	return tree_put_block(t, node->ino, index, buf_bytes(&block));
}

static enum wk_status write_blocks(struct tree *t, struct node *node, uint64_t offset,
				   struct bytes data)
{
	const uint64_t size = offset + data.n > node->size ? offset + data.n : node->size;
	uint64_t present = tree_present(node);
	enum wk_status st = tree_stretch(t, node, offset / TREE_BLOCK_SIZE);

	while (data.n > 0 && st == WK_OK) {
		size_t from = (size_t)(offset % TREE_BLOCK_SIZE), n = TREE_BLOCK_SIZE - from;
		bool has;

		n = n < data.n ? n : data.n;
		st = write_block(t, node, offset / TREE_BLOCK_SIZE, from, bytes_of(data.p, n),
				 &has);
		present += has ? 0 : 1;
		offset += n;
		data = bytes_of(data.p + n, data.n - n);
	}
	if (st == WK_OK)
		st = tree_set_present(node, size, present);
	if (st == WK_OK)
		node->size = size;
	return st;
}

enum wk_status tree_make_blocks(struct tree *t, struct node *node)
{
	enum wk_status st;

	if (!node->rendered)
		return WK_OK;
	st = render(t, node);
	if (st != WK_OK)
		return st;
	node->rendered = false;
	node->size = 0;
	st = write_blocks(t, node, 0, buf_bytes(&t->rendering));
	if (st != WK_OK) {
		node->rendered = true;
		node->size = t->rendering.n;
	}
	tree_forget_rendering(t);
	return st;
}

enum wk_status tree_freeze(struct tree *t, struct node *node)
{
	enum wk_status st;
	TREE_CHANGE(t);

	if (!node->rendered)
		return WK_OK;
	st = rows_admitted(t->rows);
	if (st == WK_OK)
		st = tree_make_blocks(t, node);
	return st == WK_OK ? tree_row_put_node(t, node) : st;
}

static enum wk_status write_change(struct tree *t, struct node *node, uint64_t offset,
				   struct bytes data, unsigned flags)
{
	enum wk_status st;
	TREE_CHANGE(t);

	st = rows_admitted(t->rows);
	if (st == WK_OK)
		st = tree_make_blocks(t, node);
	if (st == WK_OK)
		st = write_blocks(t, node, offset, data);
	return st == WK_OK ? tree_content_changed(t, node, flags) : st;
}

static void tell_written(struct tree *t, struct node *node, unsigned flags)
{
	tree_tell(t, TREE_WRITTEN, node, NULL, (struct bytes){ NULL, 0 }, flags);
}

enum wk_status tree_write(struct tree *t, struct node *node, uint64_t offset, struct bytes data,
			  unsigned flags)
{
	enum wk_status st;

	if (!S_ISREG(node->mode))
		return WK_INVALID;
	if (offset > TREE_FILE_MAX || data.n > TREE_FILE_MAX - offset)
		return WK_LIMIT;
	if (data.n == 0)
		return WK_OK;
	st = write_change(t, node, offset, data, flags);
	if (st == WK_OK)
		tell_written(t, node, flags);
	return st;
}

static enum wk_status replace_content(struct tree *t, struct node *node, struct bytes data,
				      unsigned flags)
{
	enum wk_status st;
	TREE_CHANGE(t);

	st = rows_admitted(t->rows);
	if (t->rendering_of == node)
		tree_forget_rendering(t);
	if (st == WK_OK && !node->rendered)
		st = tree_shrink(t, node, 0);
	if (st != WK_OK)
		return st;
	node->rendered = false;
	node->size = 0;
	st = write_blocks(t, node, 0, data);
	return st == WK_OK ? tree_content_changed(t, node, flags) : st;
}

enum wk_status tree_write_all(struct tree *t, struct node *node, struct bytes data,
			      unsigned flags)
{
	enum wk_status st;

	if (!S_ISREG(node->mode))
		return WK_INVALID;
	st = replace_content(t, node, data, flags);
	if (st == WK_OK)
		tell_written(t, node, flags);
	return st;
}

enum wk_status tree_set_rendered(struct tree *t, struct node *node, uint64_t size,
				 int64_t mtime_ns)
{
	enum wk_status st;
	TREE_CHANGE(t);

	if (!S_ISREG(node->mode))
		return WK_INVALID;
	if (size > TREE_RENDERING_MAX)
		return WK_LIMIT;
	st = rows_admitted(t->rows);
	if (t->rendering_of == node)
		tree_forget_rendering(t);
	if (st == WK_OK && !node->rendered)
		st = tree_shrink(t, node, 0);
	if (st != WK_OK)
		return st;
	node->rendered = true;
	node->size = size;
	node->mtime_ns = mtime_ns;
	node->ctime_ns = clock_wall_ns();
	return tree_row_put_node(t, node);
}
