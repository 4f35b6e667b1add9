/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphers for keys that seal envelopes (contract in envelope.h). */
#include <stdlib.h>

#include "crypto/sealer_private.h"

static enum wk_status sealer_new(const uint8_t key[KEY_SIZE], struct sealer **out)
{
	SCOPED(sealer_free_scoped) struct sealer *s = calloc(1, sizeof *s);
	enum wk_status st;

	if (!s)
		return WK_NOMEM;
	st = gcm_new(key, &s->gcm);
	if (st == WK_OK)
		*out = take(&s);
	return st;
}

enum wk_status sealer_for_group(const struct group_key *key, struct sealer **out)
{
	return sealer_new(key->k, out);
}

enum wk_status sealer_for_account(const struct account_key *key, struct sealer **out)
{
	return sealer_new(key->k, out);
}

enum wk_status sealer_for_enc(const struct enc_key *key, struct sealer **out)
{
	return sealer_new(key->k, out);
}

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	gcm_free(s->gcm);
	free(s);
}
