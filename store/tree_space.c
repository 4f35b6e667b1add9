/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blocks a file has, and giving them back.  Most files are dense: blocks
 * 0 to the last, nothing to remember.  Files with holes count their blocks in a
 * span.  Cutting a big file is a matter of its size alone: the blocks past it are
 * stale, are never read, and are freed 8 MiB at a time on the loop; the row says
 * up to where, so that the work goes on after a restart.
 */
#include <stdlib.h>

#include "base/log.h"
#include "store/tree_private.h"

#define STEP_BLOCKS (8u * 1024 * 1024 / TREE_BLOCK_SIZE)
#define STEP_MS 20

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- holes --- */

uint64_t tree_present(const struct node *node)
{
	if (node->rendered)
		return 0;
	return tree_is_sparse(node) ? node->span->present : tree_blocks(node->size);
}

static enum wk_status need_span(struct node *node)
{
	if (!node->span)
		node->span = calloc(1, sizeof *node->span);
	return node->span ? WK_OK : WK_NOMEM;
}

static void drop_useless_span(struct node *node, uint64_t size)
{
	const struct span *span = node->span;

	if (!span || span->sparse || span->stale_end > tree_blocks(size))
		return;
	free(node->span);
	node->span = NULL;
}

enum wk_status tree_set_present(struct node *node, uint64_t size, uint64_t present)
{
	const bool sparse = present != tree_blocks(size);

	if (sparse) {
		enum wk_status st = need_span(node);

		if (st != WK_OK)
			return st;
	}
	if (node->span) {
		node->span->sparse = sparse;
		node->span->present = sparse ? present : 0;
	}
	drop_useless_span(node, size);
	return WK_OK;
}

uint64_t tree_allocated(struct tree *t, const struct node *node)
{
	(void)t;
	if (tree_is_sparse(node))
		return node->span->present * TREE_BLOCK_SIZE;
	return (node->size + 511) / 512 * 512;
}

/* --- freeing in steps --- */

static enum wk_status free_later(struct tree *t, struct freeing job)
{
	struct freeing *f = malloc(sizeof *f);

	if (!f)
		return WK_NOMEM;
	*f = job;
	f->next = t->freeing;
	t->freeing = f;
	if (!loop_timer_is_set(t->freeing_timer))
		loop_timer_set(t->freeing_timer, 0);
	return WK_OK;
}

/* One step from the top; what a live file has grown over is not touched. */
static enum wk_status step_dense(struct tree *t, struct freeing *f, bool *done)
{
	struct node *node = f->whole ? NULL : tree_node(t, f->ino);
	uint64_t first = node ? tree_block_end(node) : 0, from;
	enum wk_status st;

	*done = true;
	if (!f->whole && (!node || tree_stale_end(node) <= first))
		return WK_OK;
	if (node)
		f->at = at_most(f->at, tree_stale_end(node));
	from = f->at > first + STEP_BLOCKS ? f->at - STEP_BLOCKS : first;
	st = rows_delete_from(t->rows, ROWS_BLOCK, (int64_t)f->ino, (int64_t)from);
	if (st != WK_OK)
		return st;
	f->at = from;
	*done = from == first;
	if (node)
		node->span->stale_end = from;
	if (node && *done) {
		drop_useless_span(node, node->size);
		return tree_row_put_node(t, node);
	}
	return WK_OK;
}

static enum wk_status step_sparse(struct tree *t, struct freeing *f, bool *done)
{
	*done = false;
	for (unsigned i = 0; i < STEP_BLOCKS; i++) {
		int64_t index;
		enum wk_status st = rows_next(t->rows, ROWS_BLOCK, (int64_t)f->ino,
					      (int64_t)f->at, &index);

		if (st == WK_NOT_FOUND) {
			*done = true;
			return WK_OK;
		}
		if (st == WK_OK)
			st = rows_delete(t->rows, ROWS_BLOCK, (int64_t)f->ino, index);
		if (st != WK_OK)
			return st;
		f->at = (uint64_t)index + 1;
	}
	return WK_OK;
}

void tree_free_step(void *tree)
{
	struct tree *t = tree;
	struct freeing *f = t->freeing;
	bool done = true;
	enum wk_status st;
	TREE_CHANGE_FREEING(t);

	if (!f)
		return;
	st = f->sparse ? step_sparse(t, f, &done) : step_dense(t, f, &done);
	if (st == WK_OK && done && f->whole)
		st = tree_row_delete_node(t, f->ino);
	if (st != WK_OK)
		log_warn("tree: freeing waits for the next start: %s", wk_status_text(st));
	if (st != WK_OK || done) {
		t->freeing = f->next;
		free(f);
	}
	if (t->freeing)
		loop_timer_set(t->freeing_timer, STEP_MS);
}

void tree_free_freeing(struct tree *t)
{
	while (t->freeing) {
		struct freeing *f = t->freeing;

		t->freeing = f->next;
		free(f);
	}
}

enum wk_status tree_resume_freeing(struct tree *t, const struct node *node, bool whole)
{
	const uint64_t end = tree_block_end(node), stale = tree_stale_end(node);

	return free_later(t, (struct freeing){ .ino = node->ino, .whole = whole,
					       .sparse = whole && tree_is_sparse(node),
					       .at = whole && tree_is_sparse(node) ? 0 :
						     end > stale ? end : stale });
}

enum wk_status tree_drop_content(struct tree *t, struct node *node)
{
	enum wk_status st = WK_OK;
	uint64_t blocks;
	TREE_CHANGE_FREEING(t);

	if (!S_ISDIR(node->mode)) {
		blocks = tree_present(node);
		if (tree_stale_end(node) > blocks)
			blocks = tree_stale_end(node);
		if (blocks > STEP_BLOCKS)
			return tree_resume_freeing(t, node, true);
		if (blocks == 1 && !tree_is_sparse(node))
			st = rows_delete(t->rows, ROWS_BLOCK, (int64_t)node->ino, 0);
		else if (blocks > 0)
			st = rows_delete_from(t->rows, ROWS_BLOCK, (int64_t)node->ino, 0);
	}
	return st == WK_OK ? tree_row_delete_node(t, node->ino) : st;
}

/* --- shrinking and growing --- */

static enum wk_status count_from(struct tree *t, const struct node *node, uint64_t from,
				 uint64_t *count_out)
{
	int64_t index = (int64_t)from - 1;
	uint64_t count = 0;

	for (;; count++) {
		enum wk_status st = rows_next(t->rows, ROWS_BLOCK, (int64_t)node->ino, index + 1,
					      &index);

		if (st == WK_NOT_FOUND || (uint64_t)index >= tree_blocks(node->size))
			break;
		if (st != WK_OK)
			return st;
	}
	*count_out = count;
	return WK_OK;
}

static enum wk_status shrink_sparse(struct tree *t, struct node *node, uint64_t keep)
{
	uint64_t freed = node->span->present;
	enum wk_status st = keep > 0 ? count_from(t, node, keep, &freed) : WK_OK;

	if (st == WK_OK)
		st = rows_delete_from(t->rows, ROWS_BLOCK, (int64_t)node->ino, (int64_t)keep);
	if (st != WK_OK)
		return st;
	node->span->stale_end = 0;
	return tree_set_present(node, keep * TREE_BLOCK_SIZE, node->span->present - freed);
}

enum wk_status tree_shrink(struct tree *t, struct node *node, uint64_t keep)
{
	const uint64_t blocks = tree_blocks(node->size);
	const uint64_t end = blocks > tree_stale_end(node) ? blocks : tree_stale_end(node);
	enum wk_status st;

	if (end <= keep)
		return WK_OK;
	if (tree_is_sparse(node))
		return shrink_sparse(t, node, keep);
	if (end - keep <= STEP_BLOCKS) {
		st = end - keep == 1 ?
			     rows_delete(t->rows, ROWS_BLOCK, (int64_t)node->ino, (int64_t)keep) :
			     rows_delete_from(t->rows, ROWS_BLOCK, (int64_t)node->ino,
					      (int64_t)keep);
		if (st == WK_OK && node->span)
			node->span->stale_end = 0;
		if (st == WK_OK)
			drop_useless_span(node, keep * TREE_BLOCK_SIZE);
		return st;
	}
	st = need_span(node);
	if (st == WK_OK)
		st = free_later(t, (struct freeing){ .ino = node->ino, .at = end });
	if (st == WK_OK)
		node->span->stale_end = end;
	return st;
}

enum wk_status tree_stretch(struct tree *t, struct node *node, uint64_t first)
{
	const uint64_t blocks = tree_blocks(node->size);
	enum wk_status st;

	if (first <= blocks || tree_stale_end(node) <= blocks)
		return WK_OK;
	st = rows_delete_from(t->rows, ROWS_BLOCK, (int64_t)node->ino, (int64_t)blocks);
	if (st == WK_OK)
		node->span->stale_end = 0;
	return st;
}

/* The last block must not hold bytes past the end: growing again would show them. */
static enum wk_status cut_last(struct tree *t, struct node *node, uint64_t size)
{
	SCOPED(buf_fini) struct buf block = BUF_SECRET_INIT(TREE_BLOCK_SIZE);
	const uint64_t index = size / TREE_BLOCK_SIZE;
	const size_t n = (size_t)(size % TREE_BLOCK_SIZE);
	enum wk_status st;

	if (n == 0)
		return WK_OK;
	st = tree_get_block(t, node->ino, index, &block);
	if (st == WK_NOT_FOUND || (st == WK_OK && block.n <= n))
		return WK_OK;
	return st == WK_OK ? tree_put_block(t, node->ino, index, bytes_of(block.p, n)) : st;
}

enum wk_status tree_set_size(struct tree *t, struct node *node, uint64_t size)
{
	enum wk_status st = WK_OK;

	if (size > TREE_FILE_MAX)
		return WK_LIMIT;
	if (node->rendered && size == 0) {
		node->rendered = false;
		node->size = 0;
		return WK_OK;
	}
	st = tree_make_blocks(t, node);
	if (st != WK_OK || size == node->size)
		return st;
	if (size < node->size) {
		st = cut_last(t, node, size);
		if (st == WK_OK)
			st = tree_shrink(t, node, tree_blocks(size));
	} else {
		const uint64_t present = tree_present(node);

		st = tree_stretch(t, node, tree_blocks(size));
		if (st == WK_OK)
			st = tree_set_present(node, size, present);
	}
	if (st == WK_OK)
		node->size = size;
	return st;
}
