/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolic and hard links: of scratch files only. */
#include <errno.h>

#include "fs/entry.h"
#include "fs/errno.h"
#include "fs/names.h"
#include "fs/ops.h"

void ops_link_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	struct mount *m = mount_of(req);
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct tree_new what = {
	    .mode = S_IFLNK | 0777, .uid = who->uid, .gid = who->gid, .target = bytes_str(target)};
	/* Which ends the request when there is none. */
	struct node *dir = entry_node(req, parent), *node;
	enum wk_status st;
	int error;

	if (!dir)
		return;
	if (dir->mode & S_ISGID)
		what.gid = dir->gid;
	error = names_check_link(m, dir, name);
	if (!error) {
		st = tree_make(m->tree, dir, bytes_str(name), &what, 0, &node);
		if (st == WK_OK) {
			entry_reply(req, dir, node);
			return;
		}
		error = errno_of(ERRNO_NAME, st);
	}
	(void)fuse_reply_err(req, error);
}

void ops_link_make(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	struct mount *m = mount_of(req);
	struct node *node = entry_node(req, ino), *dir;
	int error;

	if (!node)
		return;
	dir = entry_node(req, parent);
	if (!dir)
		return;
	error = node->doc || S_ISDIR(node->mode) ? EPERM : names_check_link(m, dir, name);
	if (!error)
		error = errno_of(ERRNO_NAME,
				 tree_attach(m->tree, node, dir, bytes_str(name), false, 0));
	if (error)
		(void)fuse_reply_err(req, error);
	else
		entry_reply(req, dir, node);
}

void ops_link_read(fuse_req_t req, fuse_ino_t ino)
{
	struct mount *m = mount_of(req);
	struct node *node = entry_node(req, ino);
	const char *target;
	enum wk_status st;

	if (!node)
		return;
	if (!S_ISLNK(node->mode)) {
		(void)fuse_reply_err(req, EINVAL);
		return;
	}
	st = tree_target(m->tree, node, &m->reply);
	if (st == WK_OK)
		st = buf_cstr(&m->reply, &target);
	if (st == WK_OK)
		(void)fuse_reply_readlink(req, target);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_DATA, st));
	buf_clear(&m->reply);
}
