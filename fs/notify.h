/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

#include "base/buf.h"

#include <stdint.h>

struct fuse_session;

/*
 * Telling the kernel to forget.  It takes locks of its own for that, which a program that waits for
 * our answer may hold; so one thread does nothing else, and the loop never waits for it.
 * Calls come from the loop's thread and are carried out in order.
 */
struct notify;

enum wk_status notify_new(struct fuse_session *session, struct notify **notify_out);
/* Ends the thread; what still waits is dropped.  The connection must be served or dead meanwhile.
 */
void notify_free(struct notify *n);

/* A name in a directory; both are dropped silently when out of memory or unknown to the kernel. */
void notify_entry(struct notify *n, uint64_t dir_ino, struct bytes name);
/* Attributes and pages of a file, or the listing of a directory. */
void notify_inode(struct notify *n, uint64_t ino);

#endif
