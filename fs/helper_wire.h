/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_HELPER_WIRE_H
#define FS_HELPER_WIRE_H

#include <limits.h>
#include <stdint.h>

/*
 * What the mount and its helper say to each other, one struct a message over a socket pair
 * (SOCK_SEQPACKET) that nobody else has.  Paths are relative to the mount's root, without a leading
 * slash.
 */
enum helper_kind {
	HELPER_SETUP,  /* path: the mountpoint; device: its st_dev */
	HELPER_PUT,    /* mknod in the hidden directory as `hidden`, renamed to path/name */
	HELPER_MKDIR,  /* path/name */
	HELPER_MOVE,   /* from_path/from_name to path/name */
	HELPER_REMOVE, /* path/name */
	HELPER_RMDIR,  /* path/name */
	HELPER_WATCH,  /* path: a directory */
	HELPER_SYNC,   /* writes back what mappings hold */
	HELPER_UNMOUNT,
	HELPER_DETACH /* lazily */
};

#define HELPER_NAME_MAX 256
#define HELPER_TEXT_MAX (2 * PATH_MAX + 3 * HELPER_NAME_MAX)

/* Behind it: path, name, from_path, from_name, hidden, each with its NUL. */
struct helper_job {
	uint32_t kind;
	uint32_t id;
	uint64_t device;
};

struct helper_message {
	struct helper_job job;
	char texts[HELPER_TEXT_MAX];
};

enum helper_reply_kind {
	HELPER_DONE,	 /* of job `id`, with an errno; watches: wd */
	HELPER_CLOSED,	 /* a writer closed `name` in the directory of wd */
	HELPER_UNWATCHED /* wd is no more */
};

struct helper_reply {
	uint32_t kind;
	uint32_t id;
	int32_t error;
	int32_t wd;
	char name[HELPER_NAME_MAX];
};

#endif
