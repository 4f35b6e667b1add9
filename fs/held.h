/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_HELD_H
#define FS_HELD_H

#include "fs/mount_private.h"

/*
 * Requests whose reply waits for a commit.  Nothing else waits meanwhile, neither here nor, but
 * for the same file, in the kernel.
 */

/* Commits, then answers `written` bytes written, or plain success when it is < 0. */
void held_until_durable(fuse_req_t req, int64_t written);
/* Answers what still waits with EIO: the session is about to go. */
void held_give_up(struct mount *m);

#endif
