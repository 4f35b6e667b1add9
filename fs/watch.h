/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_WATCH_H
#define FS_WATCH_H

#include "base/buf.h"
#include "base/scoped.h"

#include <stdint.h>

struct mount;
struct node;
struct helper_reply;

/*
 * Learning that the last writer of a document's file has closed it: without FLUSH and
 * RELEASE the kernel does not say so to us, but inotify's IN_CLOSE_WRITE says it to the helper,
 * which watches every directory that the kernel knows and that may hold documents.  A directory
 * whose own or whose ancestor's name begins with a dot (.git and the like) holds none.
 *
 * Where a watch cannot be had (limit, no helper), a save is complete after a quiet time instead.
 */
struct watch;

#define WATCH_MAX 8192

/* NULL when out of memory. */
struct watch *watch_new(struct mount *m);
void watch_free(struct watch *w);

/* The kernel now knows `node`, a directory in `dir`: watches it if it is new and worth it. */
void watch_directory(struct watch *w, const struct node *dir, struct node *node);
/* What the helper says of a watch. */
void watch_answered(struct watch *w, const struct helper_reply *reply);
void watch_closed(struct watch *w, int wd, struct bytes name);
void watch_ended(struct watch *w, int wd);
/* All watches are lost; they wait until there is another helper. */
void watch_helper_gone(struct watch *w);
void watch_again(struct watch *w);

#endif
