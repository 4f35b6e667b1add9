/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ENROL_H
#define CLI_ENROL_H

#include "cli/session.h"
#include "crypto/account.h"

/*
 * What signup and login have in common: an account's keys and session into the local store.
 */
struct enrol {
	struct bytes account_id, first_name, last_name;
	const struct account_keys *keys;
	const char *session_id;		/* 64 hex digits */
};

/*
 * Makes the store, or fills the open one (s->store), and remembers the account.  Says what is wrong;
 * returns an exit code.
 */
int enrol_store(struct session *s, const struct enrol *e);

#endif
