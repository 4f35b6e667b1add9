/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_MOUNT_PRIVATE_H
#define FS_MOUNT_PRIVATE_H

#include <fuse_lowlevel.h>

#include "base/buf.h"
#include "fs/mount.h"
#include "fs/stats.h"
#include "store/settle.h"
#include "store/tree.h"
#include "store/view.h"

/*
 * What the files of fs/ share: the mount itself.  Everything in it belongs to the loop's
 * thread; the one other thread (fs/notify.c) has its own.
 *
 * Inode numbers up to FS_VIRTUAL_BASE are the tree's, which are the kernel's node ids as they
 * stand; those above are the virtual files' (fs/virtual.h).
 */
#define FS_VIRTUAL_BASE ((uint64_t)1 << 48)
#define FS_MAX_WRITE (1024u * 1024)
/* Seconds for which the kernel may believe us: until told otherwise. */
#define FS_FOREVER 1e9

struct virtual;
struct notify;
struct incoming;
struct watch;
struct held;

struct mount {
	struct store *store;
	struct tree *tree;
	struct rows *rows;
	struct loop *loop;

	char *mountpoint; /* absolute */
	uint64_t device;  /* st_dev of the mount; 0 when not known */
	struct fuse_session *session;
	struct fuse_buf request; /* wiped after each request */
	struct buf reply;	 /* secret; empty between requests */
	bool noperm;
	bool ready;	 /* INIT was answered */
	bool in_channel; /* the loop reads the session's descriptor */
	bool stopping;
	bool ended;
	void (*on_ready)(void *arg);
	void *on_ready_arg;
	void (*on_unmounted)(void *arg);
	void *arg;

	struct stats stats;
	struct virtual *virtual;
	struct notify *notify;
	struct mount_helper *helper;
	struct incoming *incoming;
	struct watch *watch;
	struct held *held; /* requests whose reply waits for the disk */
};

static inline struct mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* What the helper says of a step of unmounting (enum helper_kind); error is an errno. */
void mount_unmount_answered(struct mount *m, int step, int error);

/* The connection is gone or given up: settles, flushes, tells the owner.  Once. */
void mount_ended(struct mount *m);

#endif
