/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_ERRNO_H
#define FS_ERRNO_H

#include "base/status.h"

/*
 * The one table from statuses to what a program sees.  What a status means depends on the
 * operation: a limit is a name's length here and a file's size there.
 */
enum errno_op {
	ERRNO_ATTR,   /* lookup, getattr, setattr, statfs */
	ERRNO_NAME,   /* create, mknod, mkdir, symlink, link */
	ERRNO_REMOVE, /* unlink, rmdir */
	ERRNO_RENAME,
	ERRNO_DATA, /* read, write, fsync, fallocate, copy_file_range */
	ERRNO_SEEK,
	ERRNO_OPS
};

/* 0 for WK_OK; never 0 for another. */
int errno_of(enum errno_op op, enum wk_status st);

#endif
