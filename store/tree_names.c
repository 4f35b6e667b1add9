/* SPDX-License-Identifier: Apache-2.0 */
/* Names come and go: make, attach, unlink, rmdir. */
#include <stdlib.h>

#include "base/clock.h"
#include "store/tree_private.h"

enum wk_status tree_check_name(const struct node *dir, struct bytes name)
{
	if (!S_ISDIR(dir->mode) || name.n == 0 || memchr(name.p, '/', name.n) ||
	    memchr(name.p, '\0', name.n) || bytes_equal_str(name, ".") ||
	    bytes_equal_str(name, ".."))
		return WK_INVALID;
	if (name.n > TREE_NAME_MAX)
		return WK_LIMIT;
	return dir->nlink == 0 ? WK_NOT_FOUND : WK_OK;
}

enum wk_status tree_check_replace(const struct node *node, const struct dentry *target)
{
	if (!target)
		return WK_OK;
	if (S_ISDIR(node->mode) != S_ISDIR(target->node->mode))
		return WK_EXISTS;
	return S_ISDIR(target->node->mode) && !tree_is_empty(target->node) ? WK_EXISTS : WK_OK;
}

bool tree_is_beneath(const struct node *dir, const struct node *top)
{
	while (dir && dir != top)
		dir = dir->parent;
	return dir == top;
}

static void free_scoped(struct dentry **d)
{
	free(*d);
}

static void touch_dir(struct node *dir, int64_t now)
{
	dir->mtime_ns = now;
	dir->ctime_ns = now;
}

/* --- making --- */

static void discard(struct tree *t, struct node *node)
{
	tree_index_remove_node(t, node);
	tree_free_node(node);
}

/* A node with its row and, for a symlink, its content. */
static enum wk_status make_node(struct tree *t, const struct tree_new *what, struct node **out)
{
	struct node *node;
	enum wk_status st;

	if (S_ISLNK(what->mode) && (what->target.n == 0 || what->target.n > 4095))
		return what->target.n == 0 ? WK_INVALID : WK_LIMIT;
	st = tree_new_node(t, what, &node);
	if (st != WK_OK)
		return st;
	st = tree_row_put_node(t, node);
	if (st == WK_OK && S_ISLNK(what->mode))
		st = tree_put_block(t, node->ino, 0, what->target);
	if (st != WK_OK) {
		discard(t, node);
		return st;
	}
	*out = node;
	return WK_OK;
}

enum wk_status tree_make_unnamed(struct tree *t, const struct tree_new *what,
				 struct node **node_out)
{
	TREE_CHANGE(t);

	return make_node(t, what, node_out);
}

static enum wk_status make_named(struct tree *t, struct node *dir, struct bytes name,
				 const struct tree_new *what, struct node **node_out)
{
	SCOPED(free_scoped) struct dentry *d = NULL;
	const int64_t now = clock_wall_ns();
	struct node *node;
	enum wk_status st;
	TREE_CHANGE(t);

	st = make_node(t, what, &node);
	if (st != WK_OK)
		return st;
	st = tree_index_new_name(t, dir, name, node, &d);
	if (st == WK_OK)
		st = tree_row_take_cookie(t, &d->cookie);
	if (st == WK_OK)
		st = tree_row_put_name(t, d);
	if (st == WK_OK)
		st = tree_row_put_touched(t, dir, now, now);
	if (st != WK_OK) {
		discard(t, node);
		return st;
	}
	tree_index_link(t, take(&d));
	touch_dir(dir, now);
	*node_out = node;
	return WK_OK;
}

enum wk_status tree_make(struct tree *t, struct node *dir, struct bytes name,
			 const struct tree_new *what, unsigned flags, struct node **node_out)
{
	struct node *node = NULL;
	enum wk_status st = tree_check_name(dir, name);

	if (st == WK_OK && tree_index_find(t, dir, name))
		st = WK_EXISTS;
	if (st == WK_OK)
		st = make_named(t, dir, name, what, &node);
	if (st != WK_OK)
		return st;
	*node_out = node;
	tree_tell(t, TREE_NAMED, node, dir, name, flags);
	return WK_OK;
}

/* --- attaching --- */

/* What stood there before is in *target; it has lost this name when this returns. */
static enum wk_status attach(struct tree *t, struct node *node, struct node *dir,
			     struct bytes name, struct dentry *target)
{
	SCOPED(free_scoped) struct dentry *d = NULL;
	const int64_t now = clock_wall_ns();
	enum wk_status st = tree_index_new_name(t, dir, name, node, &d);

	if (st == WK_OK)
		st = tree_row_take_cookie(t, &d->cookie);
	if (st == WK_OK)
		st = tree_row_put_name(t, d);
	if (st == WK_OK)
		st = tree_row_put_touched(t, node, 0, now);
	if (st == WK_OK)
		st = tree_row_put_touched(t, dir, now, now);
	if (st == WK_OK && target)
		st = tree_row_delete_name(t, target);
	if (st == WK_OK && target)
		st = tree_row_put_touched(t, target->node, 0, now);
	if (st != WK_OK)
		return st;
	tree_index_link(t, take(&d));
	node->ctime_ns = now;
	touch_dir(dir, now);
	if (target) {
		target->node->ctime_ns = now;
		if (S_ISDIR(target->node->mode))
			target->node->nlink = 0;
		tree_index_unlink(t, target);
	}
	return WK_OK;
}

enum wk_status tree_attach(struct tree *t, struct node *node, struct node *dir, struct bytes name,
			   bool replace, unsigned flags)
{
	struct dentry *target;
	struct node *replaced;
	enum wk_status st = tree_check_name(dir, name);

	if (st != WK_OK)
		return st;
	if (S_ISDIR(node->mode) && (node->names || tree_is_beneath(dir, node)))
		return WK_INVALID;
	target = tree_index_find(t, dir, name);
	if (target && !replace)
		return WK_EXISTS;
	if (target && target->node == node)
		return WK_OK;
	st = tree_check_replace(node, target);
	if (st != WK_OK)
		return st;
	replaced = target ? target->node : NULL;

	TREE_CHANGE(t);
	st = attach(t, node, dir, name, target);
	if (st != WK_OK)
		return st;
	if (replaced)
		tree_tell(t, TREE_UNNAMED, replaced, dir, name, flags);
	tree_tell(t, TREE_NAMED, node, dir, name, flags);
	if (replaced)
		tree_release(t, replaced);
	return WK_OK;
}

/* --- removing --- */

static enum wk_status detach(struct tree *t, struct dentry *d)
{
	const int64_t now = clock_wall_ns();
	struct node *dir = d->dir, *node = d->node;
	enum wk_status st = tree_row_put_touched(t, dir, now, now);

	if (st == WK_OK)
		st = tree_row_put_touched(t, node, 0, now);
	if (st == WK_OK)
		st = tree_row_delete_name(t, d);
	if (st != WK_OK)
		return st;
	tree_index_unlink(t, d);
	if (S_ISDIR(node->mode))
		node->nlink = 0;
	node->ctime_ns = now;
	touch_dir(dir, now);
	return WK_OK;
}

static enum wk_status remove_name(struct tree *t, struct dentry *d, struct bytes name,
				  unsigned flags)
{
	struct node *dir = d->dir, *node = d->node;
	enum wk_status st;
	TREE_CHANGE_FREEING(t);

	st = detach(t, d);
	if (st != WK_OK)
		return st;
	tree_tell(t, TREE_UNNAMED, node, dir, name, flags);
	tree_release(t, node);
	return WK_OK;
}

enum wk_status tree_unlink(struct tree *t, struct node *dir, struct bytes name, unsigned flags)
{
	uint8_t copy[TREE_NAME_MAX];
	struct dentry *d = tree_index_find(t, dir, name);

	if (!d)
		return WK_NOT_FOUND;
	if (S_ISDIR(d->node->mode))
		return WK_INVALID;
	/* The caller's bytes may be the entry's own (from tree_next or tree_place). */
	memcpy(copy, name.p, name.n);
	return remove_name(t, d, bytes_of(copy, name.n), flags);
}

enum wk_status tree_rmdir(struct tree *t, struct node *dir, struct bytes name, unsigned flags)
{
	uint8_t copy[TREE_NAME_MAX];
	struct dentry *d = tree_index_find(t, dir, name);

	if (!d)
		return WK_NOT_FOUND;
	if (!S_ISDIR(d->node->mode))
		return WK_INVALID;
	if (!tree_is_empty(d->node))
		return WK_EXISTS;
	memcpy(copy, name.p, name.n);
	return remove_name(t, d, bytes_of(copy, name.n), flags);
}
