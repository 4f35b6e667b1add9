/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: GETATTR, SETATTR, STATFS, and STATX, which tells the time of birth. */
#include <assert.h>
#include <errno.h>
#include <linux/fuse.h>
#include <linux/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fs/entry.h"
#include "fs/errno.h"
#include "fs/ops.h"
#include "fs/virtual.h"

/* Not a word about the real disk: what df and installers need is that there is room. */
#define STATFS_BLOCK 4096
#define STATFS_BLOCKS ((fsblkcnt_t)1 << 28)
#define STATFS_FILES ((fsfilcnt_t)1 << 32)

static enum wk_status stat_of(struct mount *m, uint64_t ino, struct stat *out)
{
	const struct node *node;

	if (virtual_is(ino))
		return virtual_stat(m->virtual, ino, out);
	node = tree_node(m->tree, ino);
	if (!node)
		return WK_NOT_FOUND;
	entry_stat(m, node, out);
	return WK_OK;
}

void ops_attr_get(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat attr;
	enum wk_status st = stat_of(mount_of(req), ino, &attr);

	(void)fi;
	if (st == WK_OK)
		(void)fuse_reply_attr(req, &attr, FS_FOREVER);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_ATTR, st));
}

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct tree_attributes attributes_of(const struct stat *attr, int to_set)
{
	struct tree_attributes a = {.set = 0};
	int64_t now = clock_wall_ns();

	if (to_set & FUSE_SET_ATTR_MODE) {
		a.set |= TREE_SET_MODE;
		a.mode = attr->st_mode & 07777u;
	}
	if (to_set & FUSE_SET_ATTR_UID) {
		a.set |= TREE_SET_UID;
		a.uid = attr->st_uid;
	}
	if (to_set & FUSE_SET_ATTR_GID) {
		a.set |= TREE_SET_GID;
		a.gid = attr->st_gid;
	}
	if (to_set & FUSE_SET_ATTR_SIZE) {
		a.set |= TREE_SET_SIZE;
		a.size = (uint64_t)attr->st_size;
	}
	if (to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW)) {
		a.set |= TREE_SET_ATIME;
		a.atime_ns = to_set & FUSE_SET_ATTR_ATIME_NOW ? now : ns_of(attr->st_atim);
	}
	if (to_set & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW)) {
		a.set |= TREE_SET_MTIME;
		a.mtime_ns = to_set & FUSE_SET_ATTR_MTIME_NOW ? now : ns_of(attr->st_mtim);
	}
	if (to_set & FUSE_SET_ATTR_CTIME) {
		a.set |= TREE_SET_CTIME;
		a.ctime_ns = ns_of(attr->st_ctim);
	}
	return a;
}

void ops_attr_set(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		  struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct node *node = entry_node(req, ino);
	struct tree_attributes a = attributes_of(attr, to_set);
	enum wk_status st;
	struct stat now;

	(void)fi;
	if (!node)
		return;
	st = tree_set(m->tree, node, &a, 0);
	if (st != WK_OK) {
		(void)fuse_reply_err(req, errno_of(ERRNO_ATTR, st));
		return;
	}
	entry_stat(m, node, &now);
	(void)fuse_reply_attr(req, &now, FS_FOREVER);
}

void ops_attr_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct mount *m = mount_of(req);
	fsfilcnt_t used = (fsfilcnt_t)tree_count(m->tree);
	bool full = rows_health(m->rows) == WK_FULL;
	struct statvfs v = {
	    .f_bsize = STATFS_BLOCK,
	    .f_frsize = STATFS_BLOCK,
	    .f_blocks = STATFS_BLOCKS,
	    .f_bfree = full ? 0 : STATFS_BLOCKS / 2,
	    .f_bavail = full ? 0 : STATFS_BLOCKS / 2,
	    .f_files = STATFS_FILES,
	    .f_ffree = STATFS_FILES - used,
	    .f_favail = STATFS_FILES - used,
	    .f_namemax = TREE_NAME_MAX,
	};

	(void)ino;
	(void)fuse_reply_statfs(req, &v);
}

/* The protocol's structs as of version 7.39, which the system's header may not have yet. */
struct wire_time {
	int64_t sec;
	uint32_t nsec;
	int32_t reserved;
};

struct wire_statx_out {
	struct fuse_out_header header;
	uint64_t attr_valid;
	uint32_t attr_valid_nsec;
	uint32_t flags;
	uint64_t spare[2];
	uint32_t mask;
	uint32_t blksize;
	uint64_t attributes;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint16_t mode;
	uint16_t spare0;
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;
	uint64_t attributes_mask;
	struct wire_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare2[14];
};
static_assert(sizeof(struct wire_statx_out) == sizeof(struct fuse_out_header) + 32 + 256,
	      "struct fuse_statx_out");

static struct wire_time wire_time(struct timespec t)
{
	return (struct wire_time){.sec = t.tv_sec, .nsec = (uint32_t)t.tv_nsec};
}

static void fill_statx(const struct mount *m, const struct stat *s, struct wire_statx_out *out)
{
	const struct node *node = virtual_is(s->st_ino) ? NULL : tree_node(m->tree, s->st_ino);

	out->attr_valid = (uint64_t)FS_FOREVER;
	out->mask = STATX_BASIC_STATS | (node ? STATX_BTIME : 0);
	out->blksize = (uint32_t)s->st_blksize;
	out->nlink = (uint32_t)s->st_nlink;
	out->uid = s->st_uid;
	out->gid = s->st_gid;
	out->mode = (uint16_t)s->st_mode;
	out->ino = s->st_ino;
	out->size = (uint64_t)s->st_size;
	out->blocks = (uint64_t)s->st_blocks;
	out->atime = wire_time(s->st_atim);
	out->ctime = wire_time(s->st_ctim);
	out->mtime = wire_time(s->st_mtim);
	if (node)
		out->btime = (struct wire_time){.sec = node->btime_ns / 1000000000,
						.nsec = (uint32_t)(node->btime_ns % 1000000000)};
}

void ops_attr_statx(struct mount *m, struct bytes request)
{
	struct fuse_in_header in;
	struct wire_statx_out out = {.header = {.len = sizeof out.header}};
	enum wk_status st;
	struct stat attr;

	if (request.n < sizeof in)
		return;
	memcpy(&in, request.p, sizeof in);
	out.header.unique = in.unique;
	st = stat_of(m, in.nodeid, &attr);
	if (st == WK_OK) {
		fill_statx(m, &attr, &out);
		out.header.len = sizeof out;
	} else {
		out.header.error = -errno_of(ERRNO_ATTR, st);
	}
	/* ENOENT: the program was interrupted and waits no more. */
	if (write(fuse_session_fd(m->session), &out, out.header.len) < 0 && errno != ENOENT)
		log_warn("a statx request could not be answered (errno %d)", errno);
}
