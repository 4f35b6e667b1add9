/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_HELPER_H
#define FS_HELPER_H

#include "fs/helper_wire.h"
#include "fs/mount_private.h"

/*
 * The mount's side of the helper.  Replies come on the loop: of watches to fs/watch.c, of
 * changes to fs/incoming.c, of unmounting to mount_unmount_answered().
 */

/* Registers it with the loop and tells it where the mount is. */
enum wk_status helper_attach(struct mount_helper *h, struct mount *m);
/* Before it is freed, or the mount is. */
void helper_detach(struct mount_helper *h);
/* NULL is dead too. */
bool helper_is_alive(const struct mount_helper *h);
/* Whether a request comes from it. */
bool helper_is(const struct mount_helper *h, const struct fuse_ctx *who);

struct helper_request {
	enum helper_kind kind;
	const char *path, *name, *from_path, *from_name, *hidden; /* NULL: "" */
};
/* WK_OFFLINE: it is dead.  WK_BUSY: too much waits there already.  WK_LIMIT: a path is too long. */
enum wk_status helper_send(struct mount_helper *h, const struct helper_request *request,
			   uint32_t *id_out);

#endif
