/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONTROL_CLIENT_H
#define CLI_CONTROL_CLIENT_H

#include "base/json.h"
#include "base/scoped.h"

/*
 * Talks to the mount process of a store (cli/control.h): one JSON line out, one JSON line back.
 */
struct control_client {
	int fd;			/* -1: not open */
	struct buf line;	/* secret: the last answer, and what came behind it */
	size_t line_end;
	struct arena *arena;	/* the last answer's tree */
	int exit_code;		/* of the last refusal */
	char message[512];	/* of the last refusal, for people */
};
#define CONTROL_CLIENT_INIT { .fd = -1, .line = BUF_SECRET_INIT(CONTROL_CLIENT_LINE_MAX) }
#define CONTROL_CLIENT_LINE_MAX (40u * 1024 * 1024)

/* WK_NOT_FOUND: no mount of this store is running. */
enum wk_status control_client_open(const char *store_dir, struct control_client *c);
void control_client_fini(struct control_client *c);

/*
 * Asks and waits for the answer, whose tree (may be NULL) lives until the next call.  WK_DENIED: the mount
 * refused, message says why.  WK_OFFLINE: it went away.
 */
enum wk_status control_client_ask(struct control_client *c, struct bytes request,
				  const struct json **answer_out);
/* Waits for another line; WK_NOT_FOUND: the mount's process has ended. */
enum wk_status control_client_next(struct control_client *c, const struct json **answer_out);
/* Says what a failed call means; returns the exit code. */
int control_client_say(const struct control_client *c, enum wk_status st, const char *doing);

#endif
