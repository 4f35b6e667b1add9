/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONTROL_H
#define CLI_CONTROL_H

#include "store/store.h"

/*
 * The control socket of a mount's process: DIR/control.sock in the store's directory, for the same
 * user only, JSON lines both ways.  Served on the loop, so that a request may touch the store; what
 * takes long is done in steps.  Questions are those of cli/answer.h, and:
 *
 *	{"op":"info"}			{"ok":true,"mountpoint":P,"pid":N}
 *	{"op":"session","session":HEX,"account_id":ID}	{"ok":true}
 *	{"op":"import-begin","into":G?}	{"ok":true}
 *	{"op":"import-docs","docs":[...]}	{"ok":true}
 *	{"op":"import-end"}		{"ok":true,"done":N,"total":N}... the last with "group":ID
 *	{"op":"umount"}			{"ok":true} and, when all is written, {"ok":true,"pending":N}
 */
struct control;

struct control_host {
	const char *dir;
	const char *mountpoint;
	struct store *store;
	/* Begins to leave. */
	void (*stop)(void *arg);
	/* Takes a new session.  WK_CONFLICT: it is another account's. */
	enum wk_status (*renew)(void *arg, struct bytes session, struct bytes account_id);
	void *arg;
};

/* The texts are borrowed.  A socket that a killed process left is replaced (the caller has the lock). */
enum wk_status control_open(const struct control_host *host, struct control **out);
/* Takes the socket away and leaves the loop; before the store is closed. */
void control_detach(struct control *c);
/* Tells those who asked to leave that it is done, and frees.  `failed`: the store could not be written. */
void control_finish(struct control *c, size_t pending, bool failed);

#endif
