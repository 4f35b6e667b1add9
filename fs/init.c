/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of operations, and what is agreed with the kernel.
 *
 * open, opendir, flush and release's relatives: ENOSYS tells the kernel once that nobody here
 * wants to know, and it never asks again; content, locks and unlinked files in use hang on the
 * inode's lookup count alone.  CREATE stays: only with it can a file be made with mode 0444 and be
 * written by the one who made it.  Its RELEASE comes all the same and is answered.
 *
 * Locks, extended attributes, ioctl, poll, access and bmap have no function here, which
 * libfuse answers with ENOSYS too: locks are then the kernel's own.
 */
#include <errno.h>

#include "fs/ops.h"

static void no_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	(void)fuse_reply_err(req, ENOSYS);
}

static void release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	(void)fuse_reply_err(req, 0);
}

void ops_init(void *userdata, struct fuse_conn_info *conn)
{
	struct mount *m = userdata;

	/*
	 * The cache changes only when we say so.  With AUTO_INVAL_DATA a changed mtime would throw
	 * pages away; ATOMIC_O_TRUNC leaves truncation to OPEN, which is never sent.
	 * HANDLE_KILLPRIV would make clearing setuid bits our work.  Splicing needs pipes and saves
	 * nothing for content that is made or unsealed here.
	 */
	conn->want &=
	    ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_ATOMIC_O_TRUNC |
			FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_HANDLE_KILLPRIV | FUSE_CAP_SPLICE_READ |
			FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_POSIX_LOCKS |
			FUSE_CAP_FLOCK_LOCKS | FUSE_CAP_IOCTL_DIR | FUSE_CAP_READDIRPLUS_AUTO |
			FUSE_CAP_EXPORT_SUPPORT);
	/* Attributes are in memory here, so a listing always carries them. */
	conn->want |= conn->capable &
		      (FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_READDIRPLUS |
		       FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_ASYNC_READ | FUSE_CAP_CACHE_SYMLINKS |
		       FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT);
	conn->max_write = FS_MAX_WRITE;
	conn->time_gran = 1;
	m->ready = true;
}

const struct fuse_lowlevel_ops ops_table = {
    .init = ops_init,
    .lookup = ops_lookup,
    .forget = ops_lookup_forget,
    .forget_multi = ops_lookup_forget_multi,
    .getattr = ops_attr_get,
    .setattr = ops_attr_set,
    .statfs = ops_attr_statfs,
    .open = no_open,
    .opendir = no_open,
    .flush = no_open,
    .release = release,
    .releasedir = release,
    .readdir = ops_dir_read,
    .readdirplus = ops_dir_read_plus,
    .mkdir = ops_dir_make,
    .rmdir = ops_dir_remove,
    .create = ops_name_create,
    .mknod = ops_name_mknod,
    .unlink = ops_name_unlink,
    .rename = ops_name_rename,
    .symlink = ops_link_symlink,
    .link = ops_link_make,
    .readlink = ops_link_read,
    .read = ops_file_read,
    .write = ops_file_write,
    .fsync = ops_file_fsync,
    .fsyncdir = ops_file_fsync,
    .fallocate = ops_file_fallocate,
    .lseek = ops_file_seek,
    .copy_file_range = ops_file_copy,
};
