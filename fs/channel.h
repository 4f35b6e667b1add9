/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_CHANNEL_H
#define FS_CHANNEL_H

#include "fs/mount_private.h"

/*
 * The session's descriptor on the loop.  After activity the loop asks it for CHANNEL_SPIN_US before
 * it sleeps: what an upcall costs is mostly the wake-up of the side that answers.
 */
#define CHANNEL_SPIN_US 75

enum wk_status channel_open(struct mount *m);
/* Answers what the kernel has asked so far. */
void channel_drain(struct mount *m);
void channel_close(struct mount *m);

#endif
