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
	const char *names;		/* "show", "hide" or NULL: as it was, at first "hide" */
};

/* --names: what the server is told of the names of workspaces and documents. */
#define ENROL_ENTRY_NAMES(variable)                                                                \
	{ 0, "names", "show|hide", "whether the server sees names (for apps that list them)",      \
	  NULL, (variable), NULL }
/* An exit code; SAY_DONE for NULL. */
int enrol_check_names(const char *names);

/*
 * Makes the store, or fills the open one (s->store), and remembers the account.  Says what is wrong;
 * returns an exit code.
 */
int enrol_store(struct session *s, const struct enrol *e);

#endif
