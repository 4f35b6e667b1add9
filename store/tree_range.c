/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes, and what is asked of byte ranges: fallocate(2) and lseek(2) for data and holes. */
#include <fcntl.h>
#include <linux/falloc.h>

#include "base/clock.h"
#include "store/tree_private.h"

static void tell(struct tree *t, enum tree_touch what, struct node *node, unsigned flags)
{
	tree_tell(t, what, node, NULL, (struct bytes){ NULL, 0 }, flags);
}

/* --- attributes --- */

static enum wk_status set(struct tree *t, struct node *node, const struct tree_attributes *a,
			  unsigned flags)
{
	SCOPED(tree_change_end) struct rows *change = t->rows;
	enum wk_status st;

	if ((a->set & TREE_SET_SIZE) && a->size < node->size)
		rows_begin_freeing(change);
	else
		rows_begin(change);
	st = rows_admitted(change);
	if (st == WK_OK && (a->set & TREE_SET_SIZE)) {
		st = tree_set_size(t, node, a->size);
		if (st == WK_OK)
			st = tree_content_changed(t, node, flags);
	}
	if (st != WK_OK)
		return st;

	struct node as = *node;

	as.ctime_ns = a->set & TREE_SET_CTIME ? a->ctime_ns : clock_wall_ns();
	if (a->set & TREE_SET_MODE)
		as.mode = (node->mode & S_IFMT) | (a->mode & 07777u);
	if (a->set & TREE_SET_UID)
		as.uid = a->uid;
	if (a->set & TREE_SET_GID)
		as.gid = a->gid;
	if (a->set & TREE_SET_ATIME)
		as.atime_ns = a->atime_ns;
	if (a->set & TREE_SET_MTIME)
		as.mtime_ns = a->mtime_ns;
	st = tree_row_put_node(t, &as);
	if (st == WK_OK)
		*node = as;
	return st;
}

enum wk_status tree_set(struct tree *t, struct node *node, const struct tree_attributes *a,
			unsigned flags)
{
	enum wk_status st;

	if ((a->set & TREE_SET_SIZE) && !S_ISREG(node->mode))
		return WK_INVALID;
	st = set(t, node, a, flags);
	if (st != WK_OK)
		return st;
	if (a->set & TREE_SET_SIZE)
		tell(t, TREE_WRITTEN, node, flags);
	if (a->set & ~TREE_SET_SIZE)
		tell(t, TREE_ATTRIBUTES, node, flags);
	return WK_OK;
}

/* --- fallocate --- */

/* Zeros in one block, if it is there. */
static enum wk_status zero_part(struct tree *t, struct node *node, uint64_t from, uint64_t to)
{
	SCOPED(buf_fini) struct buf block = BUF_SECRET_INIT(TREE_BLOCK_SIZE);
	const uint64_t index = from / TREE_BLOCK_SIZE;
	const size_t at = (size_t)(from % TREE_BLOCK_SIZE), n = (size_t)(to - from);
	enum wk_status st;

	if (from == to)
		return WK_OK;
	st = tree_get_block(t, node->ino, index, &block);
	if (st == WK_NOT_FOUND || (st == WK_OK && block.n <= at))
		return WK_OK;
	if (st != WK_OK)
		return st;
	memset(block.p + at, 0, n < block.n - at ? n : block.n - at);
	return tree_put_block(t, node->ino, index, buf_bytes(&block));
}

static enum wk_status drop_blocks(struct tree *t, struct node *node, uint64_t from, uint64_t to)
{
	uint64_t present = tree_present(node);
	const bool sparse = tree_is_sparse(node);
	int64_t at = (int64_t)from;

	while (at < (int64_t)to) {
		enum wk_status st = WK_OK;

		if (sparse)
			st = rows_next(t->rows, ROWS_BLOCK, (int64_t)node->ino, at, &at);
		if (st == WK_NOT_FOUND || at >= (int64_t)to)
			break;
		if (st == WK_OK)
			st = rows_delete(t->rows, ROWS_BLOCK, (int64_t)node->ino, at);
		if (st != WK_OK)
			return st;
		present--;
		at++;
	}
	return tree_set_present(node, node->size, present);
}

static enum wk_status zero_range(struct tree *t, struct node *node, uint64_t from, uint64_t to)
{
	uint64_t first, last;
	enum wk_status st;

	if (to > node->size)
		to = node->size;
	if (from >= to)
		return WK_OK;
	first = tree_blocks(from);	/* the first whole block */
	last = to == node->size ? tree_blocks(to) : to / TREE_BLOCK_SIZE;
	if (first > last || from / TREE_BLOCK_SIZE == (to - 1) / TREE_BLOCK_SIZE) {
		if (first < last)	/* all of one block */
			return drop_blocks(t, node, first, last);
		return zero_part(t, node, from, to);
	}
	st = zero_part(t, node, from, first * TREE_BLOCK_SIZE);
	if (st == WK_OK && last * TREE_BLOCK_SIZE < to)
		st = zero_part(t, node, last * TREE_BLOCK_SIZE, to);
	return st == WK_OK ? drop_blocks(t, node, first, last) : st;
}

static enum wk_status allocate(struct tree *t, struct node *node, int mode, uint64_t offset,
			       uint64_t end)
{
	enum wk_status st;
	TREE_CHANGE_FREEING(t);

	st = rows_admitted(t->rows);
	if (st == WK_OK)
		st = tree_make_blocks(t, node);
	if (st == WK_OK && (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)))
		st = zero_range(t, node, offset, end);
	if (st == WK_OK && !(mode & FALLOC_FL_KEEP_SIZE) && end > node->size)
		st = tree_set_size(t, node, end);
	return st == WK_OK ? tree_content_changed(t, node, 0) : st;
}

enum wk_status tree_fallocate(struct tree *t, struct node *node, int mode, uint64_t offset,
			      uint64_t length)
{
	enum wk_status st;

	if (mode != 0 && mode != FALLOC_FL_KEEP_SIZE && mode != FALLOC_FL_ZERO_RANGE &&
	    mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) &&
	    mode != (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE))
		return WK_UNSUPPORTED;
	if (!S_ISREG(node->mode) || length == 0)
		return WK_INVALID;
	if (offset > TREE_FILE_MAX || length > TREE_FILE_MAX - offset)
		return WK_LIMIT;
	/* Nothing is set aside for what may be written later, so there is nothing to do. */
	if (mode == FALLOC_FL_KEEP_SIZE || (mode == 0 && offset + length <= node->size))
		return WK_OK;
	st = allocate(t, node, mode, offset, offset + length);
	if (st == WK_OK)
		tell(t, TREE_WRITTEN, node, 0);
	return st;
}

/* --- data and holes --- */

static enum wk_status seek_sparse(struct tree *t, const struct node *node, uint64_t offset,
				  bool data, uint64_t *found_out)
{
	const uint64_t blocks = tree_blocks(node->size);
	uint64_t want = offset / TREE_BLOCK_SIZE;

	for (;; want++) {
		int64_t index = 0;
		enum wk_status st = rows_next(t->rows, ROWS_BLOCK, (int64_t)node->ino,
					      (int64_t)want, &index);
		bool is_data = st == WK_OK && (uint64_t)index == want && want < blocks;

		if (st != WK_OK && st != WK_NOT_FOUND)
			return st;
		if (data && (st == WK_NOT_FOUND || (uint64_t)index >= blocks))
			return WK_NOT_FOUND;
		if (data)
			want = (uint64_t)index;
		if (data || !is_data)
			break;
	}
	*found_out = want * TREE_BLOCK_SIZE > offset ? want * TREE_BLOCK_SIZE : offset;
	if (*found_out > node->size)
		*found_out = node->size;
	return WK_OK;
}

enum wk_status tree_seek(struct tree *t, struct node *node, uint64_t offset, bool data,
			 uint64_t *found_out)
{
	if (!S_ISREG(node->mode))
		return WK_INVALID;
	if (offset >= node->size)
		return WK_NOT_FOUND;
	if (!node->rendered && tree_is_sparse(node))
		return seek_sparse(t, node, offset, data, found_out);
	*found_out = data ? offset : node->size;
	return WK_OK;
}
