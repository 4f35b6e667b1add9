/* SPDX-License-Identifier: Apache-2.0 */
/* Counts upcalls, and writes the counts as JSON. */
#include "fs/stats.h"

#include "base/scoped.h"
#include "store/rows.h"

#include <linux/fuse.h>

/* Named as in the protocol; those without a name here are never asked by a kernel that we know. */
static const char *const names[STATS_OPCODES] = {
    [FUSE_LOOKUP] = "lookup",
    [FUSE_FORGET] = "forget",
    [FUSE_GETATTR] = "getattr",
    [FUSE_SETATTR] = "setattr",
    [FUSE_READLINK] = "readlink",
    [FUSE_SYMLINK] = "symlink",
    [FUSE_MKNOD] = "mknod",
    [FUSE_MKDIR] = "mkdir",
    [FUSE_UNLINK] = "unlink",
    [FUSE_RMDIR] = "rmdir",
    [FUSE_RENAME] = "rename",
    [FUSE_LINK] = "link",
    [FUSE_OPEN] = "open",
    [FUSE_READ] = "read",
    [FUSE_WRITE] = "write",
    [FUSE_STATFS] = "statfs",
    [FUSE_RELEASE] = "release",
    [FUSE_FSYNC] = "fsync",
    [FUSE_SETXATTR] = "setxattr",
    [FUSE_GETXATTR] = "getxattr",
    [FUSE_LISTXATTR] = "listxattr",
    [FUSE_REMOVEXATTR] = "removexattr",
    [FUSE_FLUSH] = "flush",
    [FUSE_INIT] = "init",
    [FUSE_OPENDIR] = "opendir",
    [FUSE_READDIR] = "readdir",
    [FUSE_RELEASEDIR] = "releasedir",
    [FUSE_FSYNCDIR] = "fsyncdir",
    [FUSE_GETLK] = "getlk",
    [FUSE_SETLK] = "setlk",
    [FUSE_SETLKW] = "setlkw",
    [FUSE_ACCESS] = "access",
    [FUSE_CREATE] = "create",
    [FUSE_INTERRUPT] = "interrupt",
    [FUSE_BMAP] = "bmap",
    [FUSE_DESTROY] = "destroy",
    [FUSE_IOCTL] = "ioctl",
    [FUSE_POLL] = "poll",
    [FUSE_BATCH_FORGET] = "batch_forget",
    [FUSE_FALLOCATE] = "fallocate",
    [FUSE_READDIRPLUS] = "readdirplus",
    [FUSE_RENAME2] = "rename2",
    [FUSE_LSEEK] = "lseek",
    [FUSE_COPY_FILE_RANGE] = "copy_file_range",
    [FUSE_SYNCFS] = "syncfs",
    [FUSE_TMPFILE] = "tmpfile",
    [52] = "statx",
};

void stats_count(struct stats *s, uint32_t opcode, bool by_helper)
{
	if (opcode < STATS_OPCODES)
		s->upcalls[opcode]++;
	if (opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET || opcode == FUSE_INTERRUPT)
		return;
	s->total++;
	if (by_helper)
		s->by_helper++;
}

enum wk_status stats_write(const struct stats *s, const struct rows *rows, struct buf *json_out)
{
	enum wk_status st = buf_printf(json_out, "{\n  \"upcalls\": {\n    \"total\": %llu",
				       (unsigned long long)s->total);

	for (size_t i = 0; i < STATS_OPCODES && st == WK_OK; i++)
		if (names[i])
			st = buf_printf(json_out, ",\n    \"%s\": %llu", names[i],
					(unsigned long long)s->upcalls[i]);
	if (st != WK_OK)
		return st;
	return buf_printf(
	    json_out,
	    "\n  },\n  \"helper_upcalls\": %llu,\n"
	    "  \"changes_announced\": %llu,\n  \"changes_direct\": %llu,\n"
	    "  \"entries_invalidated\": %llu,\n  \"inodes_invalidated\": %llu,\n"
	    "  \"saves_closed\": %llu,\n  \"commits\": %llu,\n  \"dirty_bytes\": %zu\n}\n",
	    (unsigned long long)s->by_helper, (unsigned long long)s->changes_announced,
	    (unsigned long long)s->changes_direct, (unsigned long long)s->entries_invalidated,
	    (unsigned long long)s->inodes_invalidated, (unsigned long long)s->saves_closed,
	    (unsigned long long)rows_commits(rows), rows_dirty_bytes(rows));
}
