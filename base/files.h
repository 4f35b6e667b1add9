/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/buf.h"

/* Small files of our own and of the user, by path.  Any thread. */

/* Appends the whole file; WK_LIMIT when it does not fit, WK_NOT_FOUND, WK_DENIED, WK_IO. */
enum wk_status files_read(const char *path, struct buf *out);
/* The same from a descriptor, to its end. */
enum wk_status files_read_fd(int fd, struct buf *out);
/* Replaces the file as a whole (temp, fsync, rename, fsync of the directory), with exactly this
 * mode.  Only when the last of these fails is the new content there without WK_OK. */
enum wk_status files_write(const char *path, struct bytes content, unsigned mode);
/* Makes the directory and its parents; those made get mode 0700.  WK_EXISTS: something that is
 * no directory is in the way. */
enum wk_status files_mkdirs(const char *path);

/* All of it, whatever write() takes at once. */
enum wk_status files_write_fd(int fd, struct bytes content);

/*
 * One process at a time: locks the file `path` (made if missing) and writes the
 * owner's line into it.  WK_BUSY: another process holds it, and its line (as far
 * as it fits) is in owner_out.  The lock ends when *fd_out is closed or the process ends.
 */
enum wk_status files_lock(const char *path, const char *owner_line, int *fd_out,
			  char *owner_out, size_t owner_size);

/* The status for the current errno. */
enum wk_status files_errno_status(int error_number);

#endif
