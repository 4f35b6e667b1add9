/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_ENTRY_H
#define FS_ENTRY_H

#include "fs/mount_private.h"

/*
 * Handing nodes to the kernel.  Each reply that carries an entry raises the node's lookup count
 * first and takes it back when the reply did not arrive; FORGET drops it.
 */
void entry_stat(const struct mount *m, const struct node *node, struct stat *out);
/* An entry and its attributes, both believed for ever.  Counts nothing. */
void entry_fill(const struct mount *m, const struct node *node, struct fuse_entry_param *out);

void entry_reply(fuse_req_t req, struct node *dir, struct node *node);
/* Nothing of that name; forever: the kernel may remember that. */
void entry_reply_none(fuse_req_t req, bool forever);
void entry_reply_create(fuse_req_t req, struct node *node, struct fuse_file_info *fi);

/* The tree's node, or NULL after an error reply (ENOENT; EPERM for virtual files). */
struct node *entry_node(fuse_req_t req, fuse_ino_t ino);

/*
 * Ask before the kernel gets a node.  False: its document is gone, and with it the bytes of a file
 * that the kernel did not know; the name goes soon.  The kernel must not remember that.
 */
bool entry_is_there(const struct node *node);

void entry_hold(struct node *node);
void entry_drop(struct mount *m, struct node *node, uint64_t count);
/* Forgets that the kernel knew anything: it is gone. */
void entry_drop_all(struct mount *m);

/* Whether the kernel may hold this directory, and so names in it. */
bool entry_is_known(const struct node *dir);

#endif
