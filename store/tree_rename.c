/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renaming: each name that moves gets a new entry with a new cookie, so that a reader
 * of the directory sees the old one or the new one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/tree_private.h"

/* `from` is what moves; `target` (may be NULL) is replaced, or with exchange goes the other way. */
struct move {
	struct dentry *from, *target;
	struct node *from_dir, *to_dir;
	struct node *node, *other;	/* behind from and target */
	struct dentry *made, *made_back;
	bool exchange;
	int64_t now;
};

static void move_fini(struct move *m)
{
	free(m->made);
	free(m->made_back);
}

static enum wk_status check(const struct move *m, unsigned flags)
{
	if (m->target && (flags & RENAME_NOREPLACE))
		return WK_EXISTS;
	if (m->node == m->other)
		return WK_OK;
	if (!m->target && m->exchange)
		return WK_NOT_FOUND;
	if (S_ISDIR(m->node->mode) && tree_is_beneath(m->to_dir, m->node))
		return WK_INVALID;
	if (m->exchange && S_ISDIR(m->other->mode) && tree_is_beneath(m->from_dir, m->other))
		return WK_INVALID;
	if (m->exchange)
		return WK_OK;
	return tree_check_replace(m->node, m->target);
}

static enum wk_status write_name(struct tree *t, struct dentry *d)
{
	enum wk_status st = tree_row_take_cookie(t, &d->cookie);

	return st == WK_OK ? tree_row_put_name(t, d) : st;
}

static enum wk_status write_rows(struct tree *t, struct move *m)
{
	enum wk_status st = write_name(t, m->made);

	if (st == WK_OK && m->exchange)
		st = write_name(t, m->made_back);
	if (st == WK_OK)
		st = tree_row_delete_name(t, m->from);
	if (st == WK_OK)
		st = tree_row_put_touched(t, m->node, 0, m->now);
	if (st == WK_OK && m->target)
		st = tree_row_delete_name(t, m->target);
	if (st == WK_OK && m->target)
		st = tree_row_put_touched(t, m->other, 0, m->now);
	if (st == WK_OK)
		st = tree_row_put_touched(t, m->from_dir, m->now, m->now);
	if (st == WK_OK && m->to_dir != m->from_dir)
		st = tree_row_put_touched(t, m->to_dir, m->now, m->now);
	return st;
}

/* New names come before the old ones go: a directory never runs empty in between. */
static void change_memory(struct tree *t, struct move *m)
{
	tree_index_link(t, take(&m->made));
	if (m->exchange)
		tree_index_link(t, take(&m->made_back));
	tree_index_unlink(t, m->from);
	if (m->target)
		tree_index_unlink(t, m->target);
	if (m->target && !m->exchange && S_ISDIR(m->other->mode))
		m->other->nlink = 0;
	m->node->ctime_ns = m->now;
	if (m->other)
		m->other->ctime_ns = m->now;
	m->from_dir->mtime_ns = m->from_dir->ctime_ns = m->now;
	m->to_dir->mtime_ns = m->to_dir->ctime_ns = m->now;
}

static void tell(struct tree *t, const struct move *m, struct bytes from, struct bytes to,
		 unsigned flags)
{
	tree_tell(t, TREE_UNNAMED, m->node, m->from_dir, from, flags);
	if (m->other)
		tree_tell(t, TREE_UNNAMED, m->other, m->to_dir, to, flags);
	tree_tell(t, TREE_NAMED, m->node, m->to_dir, to, flags);
	if (m->exchange)
		tree_tell(t, TREE_NAMED, m->other, m->from_dir, from, flags);
}

static enum wk_status move(struct tree *t, struct move *m, struct bytes from, struct bytes to,
			   unsigned flags)
{
	enum wk_status st = tree_index_new_name(t, m->to_dir, to, m->node, &m->made);

	if (st == WK_OK && m->exchange)
		st = tree_index_new_name(t, m->from_dir, from, m->other, &m->made_back);
	if (st != WK_OK)
		return st;

	TREE_CHANGE(t);
	st = write_rows(t, m);
	if (st != WK_OK)
		return st;
	change_memory(t, m);
	tell(t, m, from, to, flags);
	if (m->other && !m->exchange)
		tree_release(t, m->other);
	return WK_OK;
}

enum wk_status tree_rename(struct tree *t, struct node *from_dir, struct bytes from,
			   struct node *to_dir, struct bytes to, unsigned flags)
{
	SCOPED(move_fini) struct move m = { .from_dir = from_dir, .to_dir = to_dir,
					    .exchange = (flags & RENAME_EXCHANGE) != 0,
					    .now = clock_wall_ns() };
	uint8_t copy[2][TREE_NAME_MAX];
	enum wk_status st;

	m.from = tree_index_find(t, from_dir, from);
	if (!m.from)
		return WK_NOT_FOUND;
	st = tree_check_name(to_dir, to);
	if (st != WK_OK)
		return st;
	m.target = tree_index_find(t, to_dir, to);
	m.node = m.from->node;
	m.other = m.target ? m.target->node : NULL;
	st = check(&m, flags);
	if (st != WK_OK || m.node == m.other)	/* two names of one file: rename(2) does nothing */
		return st;
	/* The caller's bytes may be an entry's own, which is freed before the hooks are told. */
	memcpy(copy[0], from.p, from.n);
	memcpy(copy[1], to.p, to.n);
	return move(t, &m, bytes_of(copy[0], from.n), bytes_of(copy[1], to.n), flags);
}
