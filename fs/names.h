/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_NAMES_H
#define FS_NAMES_H

#include "fs/mount_private.h"

/*
 * What a name forbids.  Below a group, outside of directories that begin with a dot, a name with a
 * document's suffix is a document: it must be UTF-8, and it is a plain file with one name.
 * Each returns 0 or an errno.
 */

/* A new regular file: EILSEQ. */
int names_check_file(struct mount *m, struct node *dir, const char *name);
/* A symlink, or another name of a file: EPERM, EILSEQ. */
int names_check_link(struct mount *m, struct node *dir, const char *name);
/* `node` moved to dir/name: EPERM for a symlink or a file with several names, EILSEQ. */
int names_check_move(struct mount *m, const struct node *node, struct node *dir, const char *name);

#endif
