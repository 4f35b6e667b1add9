/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_VIRTUAL_H
#define FS_VIRTUAL_H

#include "fs/mount_private.h"

/*
 * `.wakefs/` in the mount's root: files that are made when they are looked at.  Each is a
 * snapshot with an exact size, made at the first getattr or read; when its source changes
 * and the kernel has seen it since, the kernel is told to ask again (at most 20 times a second).
 *
 * Beside them a hidden directory, which no listing shows and where only the helper may make
 * files: complete new versions on their way to their names.
 */
#define VIRTUAL_DIR_NAME ".wakefs"
#define VIRTUAL_HIDDEN_NAME ".in"
#define VIRTUAL_DIR_INO FS_VIRTUAL_BASE
#define VIRTUAL_HIDDEN_INO (FS_VIRTUAL_BASE + 1)
#define VIRTUAL_FILE_INO (FS_VIRTUAL_BASE + 16)

enum virtual_file { VIRTUAL_STATUS, VIRTUAL_STATS, VIRTUAL_CONFLICTS, VIRTUAL_LOG, VIRTUAL_FILES };

struct virtual;

enum wk_status virtual_new(struct mount *m, struct virtual **virtual_out);
/* Before loop_free(). */
void virtual_free(struct virtual *v);

static inline bool virtual_is(uint64_t ino)
{
	return ino >= FS_VIRTUAL_BASE;
}

/* The source of this file has changed. */
void virtual_changed(struct virtual *v, enum virtual_file which);
/* WK_NOT_FOUND: no such inode.  The attributes may be cached for ever from now on. */
enum wk_status virtual_stat(struct virtual *v, uint64_t ino, struct stat *out);

void virtual_lookup(fuse_req_t req, uint64_t parent, const char *name);
void virtual_list(fuse_req_t req, uint64_t ino, size_t size, off_t offset, bool plus);
void virtual_read(fuse_req_t req, uint64_t ino, size_t size, off_t offset);

#endif
