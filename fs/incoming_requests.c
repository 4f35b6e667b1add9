/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the helper asks for through the kernel.  Only the request that the current change expects is
 * carried out, in the tree and so in the kernel; any other is late or lost and refused.
 */
#include "fs/incoming_private.h"

#include <errno.h>

#include "fs/entry.h"
#include "fs/errno.h"
#include "fs/helper.h"
#include "fs/virtual.h"

static struct incoming *of_helper(fuse_req_t req)
{
	struct mount *m = mount_of(req);

	return helper_is(m->helper, fuse_req_ctx(req)) ? m->incoming : NULL;
}

static bool is_expected(const struct incoming *in, enum view_op op, uint64_t dir_ino,
			const char *name)
{
	const struct view_change *c = in->current.change;

	return c && !in->stuck && c->op == op && c->dir_ino == dir_ino &&
	       strcmp(c->name, name) == 0;
}

static enum wk_status prepare(struct incoming *in)
{
	struct node *node;
	enum wk_status st;

	if (in->current.made)
		return WK_OK;
	st = view_prepare(in->view, in->current.change, &node);
	if (st != WK_OK)
		return st;
	entry_hold(node);
	in->current.made = node;
	return WK_OK;
}

static enum wk_status apply(struct incoming *in)
{
	enum wk_status st = view_apply(in->view, take(&in->current.change));

	if (st == WK_OK)
		in->m->stats.changes_announced++;
	return st;
}

bool incoming_mknod(fuse_req_t req, uint64_t parent, const char *name)
{
	struct incoming *in = of_helper(req);
	const struct view_change *c = in ? in->current.change : NULL;
	enum wk_status st;

	if (!in)
		return false;
	if (!c || c->op != VIEW_PUT || parent != VIRTUAL_HIDDEN_INO || in->stuck ||
	    strcmp(name, in->current.hidden) != 0) {
		(void)fuse_reply_err(req, ECANCELED);
		return true;
	}
	st = prepare(in);
	if (st == WK_OK)
		entry_reply(req, tree_root(in->m->tree), in->current.made);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_NAME, st));
	return true;
}

bool incoming_mkdir(fuse_req_t req, uint64_t parent, const char *name)
{
	struct incoming *in = of_helper(req);
	struct node *made, *dir;
	enum wk_status st;

	if (!in)
		return false;
	if (!is_expected(in, VIEW_MKDIR, parent, name)) {
		(void)fuse_reply_err(req, ECANCELED);
		return true;
	}
	st = prepare(in);
	made = in->current.made;
	if (st == WK_OK)
		st = apply(in);
	dir = tree_node(in->m->tree, parent);
	if (st == WK_OK && dir)
		entry_reply(req, dir, made);
	else
		(void)fuse_reply_err(req, st == WK_OK ? ECANCELED : errno_of(ERRNO_NAME, st));
	return true;
}

bool incoming_remove(fuse_req_t req, uint64_t parent, const char *name, bool directory)
{
	struct incoming *in = of_helper(req);
	int error = ECANCELED;

	if (!in)
		return false;
	if (parent == VIRTUAL_HIDDEN_INO)
		error = 0;
	else if (is_expected(in, directory ? VIEW_RMDIR : VIEW_REMOVE, parent, name))
		error = errno_of(ERRNO_REMOVE, apply(in));
	(void)fuse_reply_err(req, error);
	return true;
}

bool incoming_rename(fuse_req_t req, uint64_t parent, const char *name, uint64_t to_parent,
		     const char *to_name)
{
	struct incoming *in = of_helper(req);
	const struct view_change *c = in ? in->current.change : NULL;
	bool expected = false;
	int error = ECANCELED;

	if (!in)
		return false;
	if (is_expected(in, VIEW_PUT, to_parent, to_name))
		expected = parent == VIRTUAL_HIDDEN_INO && in->current.made &&
			   strcmp(name, in->current.hidden) == 0;
	else if (is_expected(in, VIEW_MOVE, to_parent, to_name))
		expected = parent == c->from_dir_ino && strcmp(name, c->from_name) == 0;
	if (expected)
		error = errno_of(ERRNO_RENAME, apply(in));
	(void)fuse_reply_err(req, error);
	return true;
}
