/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-GCM over libgcrypt, whose cipher would take any iv length and short
 * tags, gives out plaintext before the tag is checked, and after an abandoned
 * message goes on where it stopped.  So: fixed sizes in the prototypes, a reset
 * before every message, and the output wiped when the tag is wrong.
 */
#include "crypto/gcm.h"

#include <gcrypt.h>
#include <stdlib.h>

struct gcm {
	gcry_cipher_hd_t cipher;
};

enum wk_status gcm_new(const uint8_t key[KEY_SIZE], struct gcm **gcm_out)
{
	SCOPED(gcm_free_scoped) struct gcm *g = calloc(1, sizeof *g);

	if (!g)
		return WK_NOMEM;
	if (gcry_cipher_open(&g->cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM,
			     GCRY_CIPHER_SECURE) ||
	    gcry_cipher_setkey(g->cipher, key, KEY_SIZE))
		return WK_NOMEM;
	*gcm_out = take(&g);
	return WK_OK;
}

void gcm_free(struct gcm *g)
{
	if (!g)
		return;
	gcry_cipher_close(g->cipher);
	free(g);
}

static bool begin(struct gcm *g, const uint8_t iv[GCM_IV], struct bytes ad)
{
	return !gcry_cipher_reset(g->cipher) && !gcry_cipher_setiv(g->cipher, iv, GCM_IV) &&
	       (ad.n == 0 || !gcry_cipher_authenticate(g->cipher, ad.p, ad.n));
}

enum wk_status gcm_seal(struct gcm *g, const uint8_t iv[GCM_IV], struct bytes ad,
			struct bytes plain, uint8_t *cipher_out, uint8_t tag_out[GCM_TAG])
{
	bool in_place = cipher_out == plain.p;

	if (!begin(g, iv, ad))
		return WK_UNSUPPORTED;
	if (plain.n > 0 && gcry_cipher_encrypt(g->cipher, cipher_out, plain.n,
					       in_place ? NULL : plain.p, in_place ? 0 : plain.n))
		return WK_UNSUPPORTED;
	return gcry_cipher_gettag(g->cipher, tag_out, GCM_TAG) ? WK_UNSUPPORTED : WK_OK;
}

enum wk_status gcm_open(struct gcm *g, const uint8_t iv[GCM_IV], struct bytes ad,
			struct bytes cipher, const uint8_t tag[GCM_TAG], uint8_t *plain_out)
{
	bool in_place = plain_out == cipher.p;

	if (!begin(g, iv, ad))
		return WK_UNSUPPORTED;
	if ((cipher.n == 0 ||
	     !gcry_cipher_decrypt(g->cipher, plain_out, cipher.n, in_place ? NULL : cipher.p,
				  in_place ? 0 : cipher.n)) &&
	    !gcry_cipher_checktag(g->cipher, tag, GCM_TAG))
		return WK_OK;
	if (cipher.n > 0)
		explicit_bzero(plain_out, cipher.n);
	return WK_TAMPERED;
}
