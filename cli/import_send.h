/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_IMPORT_SEND_H
#define CLI_IMPORT_SEND_H

#include "cli/desk.h"
#include "cli/progress.h"
#include "model/exchange.h"

/*
 * An import's two ways into a store: opened here, or through a mount's process.  Each function says what
 * is wrong and returns an exit code.
 */
#define IMPORT_SEND_ID 160

/* Takes one workspace in; `into` NULL: a new one.  Its group's id is in group_id_out. */
int import_send_workspace(struct desk *d, const struct exchange_workspace *w, const char *into,
			  struct progress *bar, char group_id_out[IMPORT_SEND_ID]);
/* Maps the ids of a set, kept where they are free. */
int import_send_map_ids(struct desk *d, struct arena *arena, struct exchange_set *set, bool keep);
/* Waits until what was taken in is on the server. */
int import_send_upload(struct desk *d, struct progress *bar);

#endif
