/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DESK_H
#define CLI_DESK_H

#include "cli/control_client.h"
#include "cli/session.h"

/*
 * Where a verb asks about a store (cli/answer.h): the mount's process when there is one, which
 * needs no passphrase; else the store itself, opened here.
 */
struct desk {
	struct session session;
	struct control_client client;
	bool mounted;
	struct buf answer;	/* secret; of the store opened here */
	struct arena *arena;
};
#define DESK_INIT                                                                                  \
	{ .session = SESSION_INIT, .client = CONTROL_CLIENT_INIT,                                  \
	  .answer = BUF_SECRET_INIT(CONTROL_CLIENT_LINE_MAX) }
void desk_fini(struct desk *d);

/* Says what is wrong; returns an exit code. */
int desk_open(const struct session_options *o, const char *verb, struct desk *d);
/* The answer lives until the next call.  Says what is wrong; returns an exit code. */
int desk_ask(struct desk *d, struct bytes question, const char *doing,
	     const struct json **answer_out);

#endif
