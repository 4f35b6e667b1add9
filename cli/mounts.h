/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MOUNTS_H
#define CLI_MOUNTS_H

#include <limits.h>

#include "base/buf.h"
#include "base/status.h"

/* The mounts of this user, by what their processes wrote into the stores' directories. */

/* Calls fn for each until it returns false.  The mountpoint may be left over from a killed process. */
typedef bool mounts_fn(void *arg, const char *store_dir, const char *mountpoint);
enum wk_status mounts_each(mounts_fn *fn, void *arg);

/* The store that is mounted at, or whose mount holds, an absolute path.  *inside_out (may be NULL) points into
 * `path` behind the mountpoint.  WK_NOT_FOUND. */
enum wk_status mounts_find(const char *path, char store_dir_out[PATH_MAX], const char **inside_out);

/* Whether a file system of ours is mounted at this absolute path (/proc/self/mountinfo). */
bool mounts_is_mounted(const char *mountpoint);
/* Appends the programs that keep the mount busy, "vim (process 12), bash (process 7)"; nothing when none is seen. */
enum wk_status mounts_holders(const char *mountpoint, struct buf *out);

#endif
