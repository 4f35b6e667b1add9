/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_MOUNTPOINT_H
#define FS_MOUNTPOINT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The place of a mount and its connection, outside of FUSE itself.  Any thread. */

/*
 * Makes sure that `path` can be mounted on: an empty directory.  A dead mount left there
 * (ENOTCONN) is detached first.  Statuses and `reason` as mount_start().  *absolute_out is
 * malloc()ed.
 */
enum wk_status mountpoint_prepare(const char *path, char **absolute_out, char *reason,
				  size_t reason_size);
/* Takes away, lazily, what is mounted at this absolute path. */
bool mountpoint_detach(const char *absolute);
/* After a mount failed: says why as well as can be known. */
enum wk_status mountpoint_explain(const char *path, char *reason, size_t reason_size);
/* st_dev of the mount at this absolute path, without touching it; 0 when there is none. */
uint64_t mountpoint_device(const char *absolute);
/* Ends the connection of the FUSE mount that is at this absolute path: all that waits in it fails,
 * and it stays there, dead.  Where the kernel's fusectl file system is not mounted, only root can.
 */
void mountpoint_abort(const char *absolute, uint64_t device);

#endif
