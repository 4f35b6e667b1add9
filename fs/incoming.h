/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_INCOMING_H
#define FS_INCOMING_H

#include "fs/helper_wire.h"
#include "fs/mount_private.h"

/*
 * Changes by others on their way into the mount (the view's observer).  Where the kernel does
 * not know the directory, the tree is changed and that is all.  Else the helper asks for
 * the change as any program would, and the tree changes when exactly that request arrives, so that
 * kernel and tree never differ and programs that watch get their events.
 *
 * A change that the helper cannot bring about in INCOMING_DEADLINE_MS, and those of a batch beyond
 * INCOMING_EVENTS_MAX but for one a directory, are made in the tree, and the kernel is told to
 * forget the name.
 */
#define INCOMING_DEADLINE_MS 2000
#define INCOMING_EVENTS_MAX 200

enum wk_status incoming_new(struct mount *m, struct incoming **incoming_out);
/* What still waits is made in the tree.  Before loop_free(). */
void incoming_free(struct incoming *in);

void incoming_answered(struct incoming *in, const struct helper_reply *reply);
void incoming_helper_gone(struct incoming *in);

/* Each returns false when the request is not the helper's; else it has answered it. */
bool incoming_mknod(fuse_req_t req, uint64_t parent, const char *name);
bool incoming_mkdir(fuse_req_t req, uint64_t parent, const char *name);
bool incoming_remove(fuse_req_t req, uint64_t parent, const char *name, bool directory);
bool incoming_rename(fuse_req_t req, uint64_t parent, const char *name, uint64_t to_parent,
		     const char *to_name);

#endif
