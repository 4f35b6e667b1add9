/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_INCOMING_PRIVATE_H
#define FS_INCOMING_PRIVATE_H

#include "fs/incoming.h"

/* What the queue (incoming.c) and the helper's requests (incoming_requests.c) share. */

struct map;

struct waiting {
	struct waiting *next;
	struct view_change *change;
};

struct incoming {
	struct mount *m;
	struct view *view;
	struct loop_timer *deadline, *rest;
	struct waiting *first, *last;

	struct {
		struct view_change *change; /* NULL: applied, or given up */
		struct node *made;
		uint32_t id;
		unsigned tries;
		char hidden[32];
	} current;
	bool busy; /* the helper has a job */
	bool stuck;
	bool pumping;
	uint64_t made_count;

	unsigned events;       /* of this batch */
	struct map *announced; /* inode numbers of directories with an event beyond the limit */
};

#endif
