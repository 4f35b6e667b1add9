/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_OPS_H
#define FS_OPS_H

#include "fs/mount_private.h"

/*
 * The operations of libfuse's low-level interface, in files by what they are about.  Each answers
 * its request before it returns, but for fsync and a write at the store's dirty limit, whose
 * replies come when the disk has it (fs/held.h).
 */
extern const struct fuse_lowlevel_ops ops_table;

void ops_init(void *userdata, struct fuse_conn_info *conn);

void ops_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void ops_lookup_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count);
void ops_lookup_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets);

void ops_attr_get(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void ops_attr_set(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		  struct fuse_file_info *fi);
void ops_attr_statfs(fuse_req_t req, fuse_ino_t ino);
/* FUSE_STATX, which libfuse 3.14 does not know: the whole request, answered on the descriptor. */
void ops_attr_statx(struct mount *m, struct bytes request);

void ops_dir_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		  struct fuse_file_info *fi);
void ops_dir_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi);
void ops_dir_make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void ops_dir_remove(fuse_req_t req, fuse_ino_t parent, const char *name);

void ops_name_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		     struct fuse_file_info *fi);
void ops_name_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev);
void ops_name_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void ops_name_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent,
		     const char *to_name, unsigned flags);

void ops_link_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void ops_link_make(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);
void ops_link_read(fuse_req_t req, fuse_ino_t ino);

void ops_file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		   struct fuse_file_info *fi);
void ops_file_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		    struct fuse_file_info *fi);
void ops_file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void ops_file_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
			struct fuse_file_info *fi);
void ops_file_seek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
		   struct fuse_file_info *fi);
void ops_file_copy(fuse_req_t req, fuse_ino_t from, off_t from_offset,
		   struct fuse_file_info *from_fi, fuse_ino_t to, off_t to_offset,
		   struct fuse_file_info *to_fi, size_t length, int flags);

#endif
