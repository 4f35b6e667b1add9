/* SPDX-License-Identifier: Apache-2.0 */
/* The account's key pair at work. */
#include "store/keyring.h"

#include <stdlib.h>

#include "crypto/rsa.h"

struct keyring {
	struct rsa_private *private_key;
	struct rsa_public *public_key;
};

enum wk_status keyring_new(struct store *s, struct keyring **out)
{
	SCOPED(keyring_free_scoped) struct keyring *k = calloc(1, sizeof *k);
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(65536);
	enum wk_status st;

	if (!k)
		return WK_NOMEM;
	st = store_setting_get(s, SETTING_PRIVATE_KEY, &jwk);
	if (st == WK_OK)
		st = rsa_private_parse(buf_bytes(&jwk), &k->private_key);
	if (st == WK_OK)
		st = rsa_public_of(k->private_key, &k->public_key);
	if (st != WK_OK)
		return st;
	*out = take(&k);
	return WK_OK;
}

void keyring_free(struct keyring *k)
{
	if (!k)
		return;
	rsa_private_free(k->private_key);
	rsa_public_free(k->public_key);
	free(k);
}

enum wk_status keyring_open_link(const struct keyring *k, struct bytes link_hex,
				 struct group_key **key_out)
{
	return link_open(k->private_key, link_hex, key_out);
}

enum wk_status keyring_seal_link(const struct keyring *k, const struct group_key *key,
				 struct buf *link_hex_out)
{
	return link_seal(k->public_key, key, link_hex_out);
}
