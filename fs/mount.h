/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include "base/scoped.h"
#include "base/status.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A store shown as a file system.  One thread, the one that runs the store's loop,
 * answers the kernel and owns everything here; nothing it does waits for anything but memory.
 *
 * Order of a life, all on that thread:
 *	mount_helper_start()	first thing in the process that will serve
 *	store_open(), mount_start(), loop_run() ... on_unmounted, loop_stop()
 *	mount_free(), store_close()
 */
struct mount;
struct mount_helper;

/*
 * The process that makes other people's changes through the mount, so that programs which
 * watch directories are told.  It is this program, started anew, so that it has nothing of what this
 * one holds in memory: main() calls mount_helper_main() before anything else, which returns
 * unless the process is such a helper.
 *
 * Call mount_helper_start() in the process (after any daemon's fork) and on the thread that will run
 * the loop: the helper ends with that thread.  It keeps nothing that was open but its own
 * socket; its 0, 1 and 2 are /dev/null.  While a mount has it, it is started again when it ends.
 */
void mount_helper_main(int argc, char **argv);
enum wk_status mount_helper_start(struct mount_helper **helper_out);
/* Ends it.  Only for a helper that mount_start() did not take over. */
void mount_helper_free(struct mount_helper *helper);
DEFINE_SCOPED_FREE(struct mount_helper, mount_helper_free)

struct mount_params {
	const char *mountpoint; /* an empty directory, or what a killed mount left there */
	struct store *store;
	struct mount_helper *helper; /* taken over on success; NULL: changes show, unannounced */
	bool noperm;		     /* modes are kept and shown, not enforced */
	bool allow_other;
	bool debug;	     /* libfuse's trace on stderr (it names files: never in a log) */
	const char *options; /* more for -o, "a,b=c"; NULL */
	/* The mount is gone (mount_stop(), or fusermount3 -u by anybody); everything is settled and
	 * handed to the store.  On the loop; called once.  Here the owner stops the loop. */
	void (*on_unmounted)(void *arg);
	void *arg;
};

/*
 * Mounts, and answers from the next turn of the loop on.  `reason` gets a sentence for people when
 * it fails.  WK_NOT_FOUND: the mountpoint, /dev/fuse or fusermount3 is missing.  WK_INVALID: the
 * mountpoint is no directory, or an option is wrong.  WK_EXISTS: it is not empty.  WK_BUSY:
 * something is mounted there. WK_DENIED: not allowed to.
 */
enum wk_status mount_start(const struct mount_params *params, struct mount **mount_out,
			   char *reason, size_t reason_size);
/* Whether the kernel's first request was answered: from then on every path in it is. */
bool mount_is_ready(const struct mount *mount);
/* Calls fn(arg) once, on the loop, when it is. */
void mount_on_ready(struct mount *mount, void (*fn)(void *arg), void *arg);
/*
 * Begins to unmount and returns; the loop must go on running until on_unmounted.  Where
 * programs still hold files open, the mount is detached: they get ENOTCONN from then on.
 */
void mount_stop(struct mount *mount);
/* After on_unmounted (before it: cuts the connection).  The store stays open. */
void mount_free(struct mount *mount);
DEFINE_SCOPED_FREE(struct mount, mount_free)

#endif
