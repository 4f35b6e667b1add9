/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/config.h"
#include "cli/options.h"
#include "cli/passphrase.h"
#include "store/store.h"

/*
 * The account a verb works on and, once opened, its local store.  Each function says what is wrong
 * and returns an exit code (cli/say.h).
 */
struct session_options {
	const char *account, *server;
	struct passphrase_source source;
	bool json;
};
#define SESSION_OPTIONS_INIT { .source = { .fd = -1 } }

/* Rows of an option table. */
#define SESSION_ENTRY_ACCOUNT(o)                                                                   \
	{ 0, "account", "EMAIL", "use this account", NULL, &(o)->account, NULL }
#define SESSION_ENTRY_SERVER(o)                                                                    \
	{ 0, "server", "URL", "use this server", NULL, &(o)->server, NULL }
#define SESSION_ENTRIES_PASSPHRASE(o)                                                              \
	{ 0, "passphrase-file", "FILE", "read the passphrase from the first line of FILE", NULL,   \
	  &(o)->source.file, NULL },                                                               \
	{ 0, "passphrase-fd", "N", "read it from descriptor N", NULL, NULL, &(o)->source.fd },     \
	{ 0, "passphrase-command", "COMMAND", "read it from the output of a shell command", NULL,  \
	  &(o)->source.command, NULL }
#define SESSION_ENTRY_JSON(o) { 0, "json", NULL, "print JSON", &(o)->json, NULL, NULL }

struct session {
	struct config_account account;
	char dir[PATH_MAX];	/* of the store */
	struct passphrase passphrase;
	struct loop *loop;
	struct store *store;
};
#define SESSION_INIT { .loop = NULL }
/* Closes the store and wipes. */
void session_fini(struct session *s);

/* Fills account and dir from the options and the remembered accounts. */
int session_choose(const struct session_options *o, struct session *s);
/* The same for an account that is named: it need not be known yet. */
int session_name(const struct session_options *o, const char *email, struct session *s);
/* session_choose() done: SAY_LOCKED when this device has no store of it. */
int session_require_store(const struct session *s);
/* Asks for the passphrase. */
int session_ask(const struct session_options *o, struct session *s);
/* Opens the store with the passphrase that was asked for.  verb: for the owner's line. */
int session_open(struct session *s, const char *verb);
/* The same in one: choose, require, ask, open. */
int session_start(const struct session_options *o, const char *verb, struct session *s);

/* The owner's line of this process, for store_params. */
void session_owner_line(const char *what, char out[256]);
/* Says who holds the store. */
int session_say_busy(const struct session *s, const char *owner);

#endif
