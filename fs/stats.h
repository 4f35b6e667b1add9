/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_STATS_H
#define FS_STATS_H

#include <stdint.h>

#include "base/buf.h"

/*
 * What the mount has cost so far, counted by opcode of the FUSE protocol
 * (Linux: include/uapi/linux/fuse.h).  Requests for `.wakefs/stats` itself are not counted,
 * so that reading it does not change it.
 */
#define STATS_OPCODES 64

struct rows;

struct stats {
	uint64_t upcalls[STATS_OPCODES];
	uint64_t total;	    /* what a program waited for: not FORGET, BATCH_FORGET, INTERRUPT */
	uint64_t by_helper; /* of total: our own, for changes by others */
	uint64_t changes_announced; /* by others, made through the mount */
	uint64_t changes_direct;    /* by others, made in the tree */
	uint64_t entries_invalidated, inodes_invalidated;
	uint64_t saves_closed; /* last writers seen to close */
};

void stats_count(struct stats *s, uint32_t opcode, bool by_helper);
/* One JSON object with a final newline. */
enum wk_status stats_write(const struct stats *s, const struct rows *rows, struct buf *json_out);

#endif
