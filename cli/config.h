/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <limits.h>

#include "base/buf.h"
#include "crypto/kdf.h"

/*
 * The accounts that were used here, newest first, in $XDG_CONFIG_HOME/wakefs/config: addresses and
 * server URLs, nothing secret.  JSON: {"accounts":[{"email":"...","server":"..."}...]}.
 */
#define CONFIG_URL_MAX 1024
#define CONFIG_ACCOUNTS_MAX 32
#define CONFIG_SERVER "http://127.0.0.1:8743"	/* when none is given */

struct config_account {
	char email[EMAIL_MAX + 1];	/* sanitized */
	char server[CONFIG_URL_MAX + 1];	/* without a final '/' */
};
struct config {
	struct config_account items[CONFIG_ACCOUNTS_MAX];
	size_t count;
};

/* A missing file is an empty list.  WK_CORRUPT: the file is not of the form above. */
enum wk_status config_load(struct config *out);
/* Makes it the newest, and stores the list. */
enum wk_status config_remember(const struct config_account *account);
enum wk_status config_forget(const struct config_account *account);

/* The newest that agrees with what was given (each may be NULL); NULL: none does. */
const struct config_account *config_find(const struct config *c, const char *email,
					 const char *server);
/* From what was typed; WK_INVALID: no e-mail address.  WK_LIMIT: the URL is too long. */
enum wk_status config_account_init(struct config_account *out, const char *email,
				   const char *server);
/* The account's directory for its local store. */
enum wk_status config_store_dir(const struct config_account *account, char out[PATH_MAX]);

#endif
