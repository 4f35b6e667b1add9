/* SPDX-License-Identifier: Apache-2.0 */
/* Names: making, removing and moving them. */
#include <errno.h>
#include <stdio.h>

#include "fs/entry.h"
#include "fs/errno.h"
#include "fs/incoming.h"
#include "fs/names.h"
#include "fs/ops.h"
#include "fs/virtual.h"

static enum wk_status make_file(struct mount *m, struct node *dir, const char *name, mode_t mode,
				const struct fuse_ctx *who, struct node **node_out)
{
	struct tree_new what = {.mode = S_IFREG | (mode & 07777u),
				.uid = who->uid,
				.gid = dir->mode & S_ISGID ? dir->gid : who->gid};

	return tree_make(m->tree, dir, bytes_str(name), &what, 0, node_out);
}

/*
 * The kernel asks for a file to be made when it believes that there is none.  Where one has
 * appeared meanwhile, it is opened as it would be had the kernel known, O_TRUNC included.
 */
static enum wk_status open_existing(struct mount *m, struct node *dir, const char *name, int flags,
				    struct node **node_out)
{
	struct node *node = tree_lookup(m->tree, dir, bytes_str(name));
	struct tree_attributes empty = {.set = TREE_SET_SIZE, .size = 0};

	if (!node || !S_ISREG(node->mode) || (flags & O_EXCL) || !entry_is_there(node))
		return WK_EXISTS;
	*node_out = node;
	return flags & O_TRUNC ? tree_set(m->tree, node, &empty, 0) : WK_OK;
}

void ops_name_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		     struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct node *dir = entry_node(req, parent), *node;
	enum wk_status st;
	int error;

	if (!dir)
		return;
	error = names_check_file(m, dir, name);
	if (error) {
		(void)fuse_reply_err(req, error);
		return;
	}
	st = make_file(m, dir, name, mode, fuse_req_ctx(req), &node);
	if (st == WK_EXISTS)
		st = open_existing(m, dir, name, fi->flags, &node);
	if (st == WK_OK)
		entry_reply_create(req, node, fi);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_NAME, st));
}

void ops_name_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	struct mount *m = mount_of(req);
	struct node *dir, *node;
	enum wk_status st;
	int error;

	(void)rdev;
	if (incoming_mknod(req, parent, name))
		return;
	dir = entry_node(req, parent);
	if (!dir)
		return;
	error = (mode & S_IFMT) && !S_ISREG(mode) ? EPERM : names_check_file(m, dir, name);
	if (error) {
		(void)fuse_reply_err(req, error);
		return;
	}
	st = make_file(m, dir, name, mode, fuse_req_ctx(req), &node);
	if (st == WK_OK)
		entry_reply(req, dir, node);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_NAME, st));
}

void ops_name_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *dir;

	if (incoming_remove(req, parent, name, false))
		return;
	dir = entry_node(req, parent);
	if (dir)
		(void)fuse_reply_err(
		    req, errno_of(ERRNO_REMOVE,
				  tree_unlink(mount_of(req)->tree, dir, bytes_str(name), 0)));
}

static int check_rename(struct mount *m, struct node *dir, const char *name, struct node *to_dir,
			const char *to_name, unsigned flags)
{
	struct node *node = tree_lookup(m->tree, dir, bytes_str(name));
	struct node *other = tree_lookup(m->tree, to_dir, bytes_str(to_name));
	int error = 0;

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return EINVAL;
	if (!node)
		return ENOENT;
	if (to_dir->ino == TREE_ROOT_INO && strcmp(to_name, VIRTUAL_DIR_NAME) == 0)
		return EPERM;
	error = names_check_move(m, node, to_dir, to_name);
	if (!error && (flags & RENAME_EXCHANGE) && other)
		error = names_check_move(m, other, dir, name);
	return error;
}

static void settle_saved(struct mount *m, struct node *dir, const char *name)
{
	struct node *node = tree_lookup(m->tree, dir, bytes_str(name));

	if (node && S_ISREG(node->mode))
		settle_complete(store_settle(m->store), node);
}

void ops_name_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent,
		     const char *to_name, unsigned flags)
{
	struct mount *m = mount_of(req);
	struct node *dir, *to_dir;
	int error;

	if (incoming_rename(req, parent, name, to_parent, to_name))
		return;
	dir = entry_node(req, parent);
	if (!dir)
		return;
	to_dir = entry_node(req, to_parent);
	if (!to_dir)
		return;
	error = check_rename(m, dir, name, to_dir, to_name, flags);
	if (!error) {
		enum wk_status st =
		    tree_rename(m->tree, dir, bytes_str(name), to_dir, bytes_str(to_name), flags);
		error = errno_of(ERRNO_RENAME, st);
		if (st == WK_EXISTS && !(flags & RENAME_NOREPLACE))
			error = ENOTEMPTY;
	}
	/* Moved onto its name: whatever was written is complete. */
	if (!error) {
		settle_saved(m, to_dir, to_name);
		if (flags & RENAME_EXCHANGE)
			settle_saved(m, dir, name);
	}
	(void)fuse_reply_err(req, error);
}
