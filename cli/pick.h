/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PICK_H
#define CLI_PICK_H

#include "store/docs.h"

/*
 * A workspace as a person names it: its group's id, or its name.  On failure `message_out` says for
 * people why, and the result is the exit code: SAY_DECIDE when several have that name.
 */
#define PICK_MESSAGE 512
int pick_group(struct store *store, struct bytes named, struct group **group_out,
	       char message_out[PICK_MESSAGE]);

#endif
