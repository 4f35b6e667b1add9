/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_KEYRING_H
#define STORE_KEYRING_H

#include "crypto/secret.h"
#include "store/store.h"

/*
 * The account's key pair, read once from the store, for the links of groups.
 * After keyring_new() it needs no store: any thread, one at a time.
 */
struct keyring;
/* WK_NOT_FOUND: the store has no account keys (never logged in). */
enum wk_status keyring_new(struct store *s, struct keyring **out);
void keyring_free(struct keyring *k);
DEFINE_SCOPED_FREE(struct keyring, keyring_free)

/* A link: a group's key sealed for this account, 512 hex digits.  WK_TAMPERED, WK_CORRUPT. */
enum wk_status keyring_open_link(const struct keyring *k, struct bytes link_hex,
				 struct group_key **key_out);
enum wk_status keyring_seal_link(const struct keyring *k, const struct group_key *key,
				 struct buf *link_hex_out);

#endif
