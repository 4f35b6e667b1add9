/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONTROL_PRIVATE_H
#define CLI_CONTROL_PRIVATE_H

#include "base/json.h"
#include "cli/control.h"
#include "cli/intake.h"

/* What control.c and control_import.c share: one connection. */
#define CONTROL_LINE_MAX (40u * 1024 * 1024)

struct control_peer {
	struct control *control;
	struct control_peer *next;
	int fd;
	short events;		/* asked of the loop; 0: not registered */
	struct buf in, out;	/* secret */
	bool ended;		/* the other end has closed, or broke the rules */
	bool busy;		/* a request is under way in steps: no other is read */
	bool waits_for_end;	/* asked to leave */
	/* an import under way */
	struct arena *arena;
	struct json **docs;
	size_t doc_count, doc_room;
	struct group *into;
	struct intake *intake;
	struct loop_timer *timer;
};

struct control {
	struct control_host host;
	struct loop *loop;	/* NULL after control_detach() */
	int fd;
	struct control_peer *peers;
	size_t peer_count;
};

/* Sends what out holds and reads on; after a step of a long request. */
void control_peer_go_on(struct control_peer *p);

/* WK_NOT_FOUND: none of the import's requests. */
enum wk_status control_import_run(struct control_peer *p, const struct json *request,
				  struct buf *out);
void control_import_fini(struct control_peer *p);

#endif
