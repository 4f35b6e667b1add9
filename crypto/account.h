/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ACCOUNT_H
#define CRYPTO_ACCOUNT_H

#include "crypto/envelope.h"
#include "crypto/kdf.h"
#include "crypto/rsa.h"

/*
 * An account's keys: made at signup, recovered at login.
 *
 *	passphrase -> SEC_PWD_Enc -seals-> SYM_Account -seals-> PRV_Account
 *
 * The two envelopes carry `ad` 'W' 'A' 1, purpose (length byte and text
 * "SYM_Account" or "PRV_Account"), account id (length byte and text), generation
 * (4 bytes big-endian); envelopes of stock apps carry none, and open too.
 */
struct account_material {	/* what signup sends; every text NUL-terminated */
	char id[CONTEXT_ID_MAX + 1];	/* act_ and 64 hex digits */
	char salt_enc[65], salt_auth[65], salt_key[65];
	char verifier[2 * 256 + 1];
	struct buf public_jwk, enc_private, enc_symmetric;
};
void account_material_fini(struct account_material *m);

struct account_keys {
	struct account_key *symmetric;
	struct rsa_private *private_key;
};
void account_keys_fini(struct account_keys *k);

/* Both inputs sanitized (kdf.h); *out may be anything.  Takes about 150 ms. */
enum wk_status account_make(struct bytes email, struct bytes passphrase,
			    struct account_material *out, struct account_keys *keys_out);
/*
 * Opens what whoami answered; envelopes of any generation open.  WK_TAMPERED: wrong
 * passphrase, the server's envelopes are not this account's, or public_jwk is not the
 * public half of the private key.  WK_CORRUPT: something is not of its form at all.
 */
enum wk_status account_open(const struct enc_key *key, struct bytes account_id,
			    struct bytes enc_symmetric, struct bytes enc_private,
			    struct bytes public_jwk, struct account_keys *keys_out);

#endif
