/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content.  It passes through one secret buffer on its way to the kernel, and comes out of the
 * request's on its way in.  A write goes to memory and its reply says so, but for one that leaves
 * more than the store's limit waiting for the disk: its reply, and so its writer, waits.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "fs/entry.h"
#include "fs/errno.h"
#include "fs/held.h"
#include "fs/ops.h"
#include "fs/virtual.h"

/* How much one request copies between files; the caller goes on from there. */
#define COPY_AT_ONCE (8u * 1024 * 1024)

/* A regular file, or NULL after an error reply. */
static struct node *file_node(fuse_req_t req, fuse_ino_t ino)
{
	struct node *node = entry_node(req, ino);

	if (!node || S_ISREG(node->mode))
		return node;
	(void)fuse_reply_err(req, S_ISDIR(node->mode) ? EISDIR : EINVAL);
	return NULL;
}

void ops_file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		   struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct node *node;
	enum wk_status st;

	(void)fi;
	if (virtual_is(ino)) {
		virtual_read(req, ino, size, offset);
		return;
	}
	node = file_node(req, ino);
	if (!node)
		return;
	st = tree_read(m->tree, node, (uint64_t)offset, size, &m->reply);
	if (st == WK_OK) {
		node->fetched = true;
		(void)fuse_reply_buf(req, (const char *)m->reply.p, m->reply.n);
	} else {
		(void)fuse_reply_err(req, errno_of(ERRNO_DATA, st));
	}
	buf_clear(&m->reply);
}

static bool is_over_limit(const struct mount *m)
{
	return rows_dirty_bytes(m->rows) > ROWS_DIRTY_MAX;
}

void ops_file_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct node *node = file_node(req, ino);
	enum wk_status st;

	(void)fi;
	if (!node)
		return;
	st = tree_write(m->tree, node, (uint64_t)offset, bytes_of(data, size), 0);
	if (st != WK_OK)
		(void)fuse_reply_err(req, errno_of(ERRNO_DATA, st));
	else if (is_over_limit(m))
		held_until_durable(req, (int64_t)size);
	else
		(void)fuse_reply_write(req, size);
}

void ops_file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct node *node;

	(void)datasync;
	(void)fi;
	if (virtual_is(ino)) {
		(void)fuse_reply_err(req, 0);
		return;
	}
	node = entry_node(req, ino);
	if (!node)
		return;
	if (S_ISREG(node->mode) && node->written)
		settle_complete(store_settle(m->store), node);
	held_until_durable(req, -1);
}

void ops_file_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
			struct fuse_file_info *fi)
{
	struct node *node = file_node(req, ino);

	(void)fi;
	if (!node)
		return;
	if (offset < 0 || length <= 0) {
		(void)fuse_reply_err(req, EINVAL);
		return;
	}
	(void)fuse_reply_err(
	    req, errno_of(ERRNO_DATA, tree_fallocate(mount_of(req)->tree, node, mode,
						     (uint64_t)offset, (uint64_t)length)));
}

void ops_file_seek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
		   struct fuse_file_info *fi)
{
	struct node *node = file_node(req, ino);
	uint64_t found;
	enum wk_status st;

	(void)fi;
	if (!node)
		return;
	if (offset < 0 || (whence != SEEK_DATA && whence != SEEK_HOLE)) {
		(void)fuse_reply_err(req, offset < 0 ? ENXIO : EINVAL);
		return;
	}
	st = tree_seek(mount_of(req)->tree, node, (uint64_t)offset, whence == SEEK_DATA, &found);
	if (st == WK_OK)
		(void)fuse_reply_lseek(req, (off_t)found);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_SEEK, st));
}

static enum wk_status copy(struct mount *m, struct node *from, uint64_t from_offset,
			   struct node *to, uint64_t to_offset, size_t length, size_t *copied_out)
{
	enum wk_status st = WK_OK;
	size_t done = 0;

	while (done < length && st == WK_OK) {
		size_t step = length - done < FS_MAX_WRITE ? length - done : FS_MAX_WRITE;

		st = tree_read(m->tree, from, from_offset + done, step, &m->reply);
		step = m->reply.n;
		if (st == WK_OK && step > 0)
			st = tree_write(m->tree, to, to_offset + done, buf_bytes(&m->reply), 0);
		buf_clear(&m->reply);
		if (st == WK_OK)
			done += step;
		if (step == 0)
			break;
	}
	*copied_out = done;
	return done > 0 ? WK_OK : st;
}

void ops_file_copy(fuse_req_t req, fuse_ino_t from, off_t from_offset,
		   struct fuse_file_info *from_fi, fuse_ino_t to, off_t to_offset,
		   struct fuse_file_info *to_fi, size_t length, int flags)
{
	struct mount *m = mount_of(req);
	struct node *source, *target;
	enum wk_status st;
	size_t copied;

	(void)from_fi;
	(void)to_fi;
	if (virtual_is(from)) {
		(void)fuse_reply_err(req, EOPNOTSUPP);
		return;
	}
	source = file_node(req, from);
	if (!source)
		return;
	target = file_node(req, to);
	if (!target)
		return;
	if (flags != 0 || from_offset < 0 || to_offset < 0) {
		(void)fuse_reply_err(req, EINVAL);
		return;
	}
	st = copy(m, source, (uint64_t)from_offset, target, (uint64_t)to_offset,
		  length < COPY_AT_ONCE ? length : COPY_AT_ONCE, &copied);
	source->fetched = true;
	if (st != WK_OK)
		(void)fuse_reply_err(req, errno_of(ERRNO_DATA, st));
	else if (is_over_limit(m))
		held_until_durable(req, (int64_t)copied);
	else
		(void)fuse_reply_write(req, copied);
}
