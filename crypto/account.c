/* SPDX-License-Identifier: Apache-2.0 */
/* An account's keys, made at signup and recovered at login. */
#include "crypto/account.h"

#include "base/hex.h"
#include "crypto/srp.h"

#define FORMAT 1
#define GENERATION 1
#define AD_MAX 256
#define JWK_MAX 16384

static const char for_symmetric[] = "SYM_Account";
static const char for_private[] = "PRV_Account";

void account_material_fini(struct account_material *m)
{
	buf_fini(&m->public_jwk);
	buf_fini(&m->enc_private);
	buf_fini(&m->enc_symmetric);
}

void account_keys_fini(struct account_keys *k)
{
	account_key_free(k->symmetric);
	rsa_private_free(k->private_key);
	*k = (struct account_keys){ NULL };
}

static enum wk_status append_field(struct buf *ad, struct bytes field)
{
	enum wk_status st = buf_append_char(ad, (char)field.n);

	return st == WK_OK ? buf_append(ad, field.p, field.n) : st;
}

static enum wk_status write_ad(const char *purpose, struct bytes id, struct buf *ad)
{
	enum wk_status st = buf_append(ad, (const uint8_t[]){ 'W', 'A', FORMAT }, 3);

	if (id.n == 0 || id.n > CONTEXT_ID_MAX)
		return WK_INVALID;
	if (st == WK_OK)
		st = append_field(ad, bytes_str(purpose));
	return st == WK_OK ? append_field(ad, id) : st;
}

/* Nothing (a stock app sealed it), or ours of any generation. */
static enum wk_status check_ad(const char *purpose, struct bytes id, struct bytes ad)
{
	SCOPED(buf_fini) struct buf ours = BUF_INIT(AD_MAX);
	enum wk_status st;

	if (ad.n == 0)
		return WK_OK;
	st = write_ad(purpose, id, &ours);
	if (st != WK_OK)
		return st;
	return ad.n == ours.n + 4 && memcmp(ad.p, ours.p, ours.n) == 0 ? WK_OK : WK_TAMPERED;
}

static enum wk_status seal(struct sealer *s, const char *purpose, struct bytes id,
			   struct bytes text, struct buf *out)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf ad = BUF_INIT(AD_MAX);
	enum wk_status st = write_ad(purpose, id, &ad);

	if (st == WK_OK)
		st = buf_append(&ad, (const uint8_t[]){ 0, 0, 0, GENERATION }, 4);
	if (st == WK_OK)
		st = envelope_seal_text(s, text, buf_bytes(&ad), false, &e);
	return st == WK_OK ? envelope_write(&e, out) : st;
}

static enum wk_status open_sealed(struct sealer *s, const char *purpose, struct bytes id,
				  struct bytes envelope, struct buf *text)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	enum wk_status st = envelope_parse(envelope, &e);

	if (st == WK_OK)
		st = check_ad(purpose, id, buf_bytes(&e.ad));
	return st == WK_OK ? envelope_open_text(s, &e, text) : st;
}

static void random_hex(char *out, const char *prefix)
{
	uint8_t raw[32];
	size_t n = strlen(prefix);

	secret_random(raw, sizeof raw);
	memcpy(out, prefix, n);
	hex_encode(raw, sizeof raw, out + n);
}

static enum wk_status make_verifier(struct bytes email, struct bytes passphrase,
				    struct account_material *m)
{
	SCOPED(auth_key_free_scoped) struct auth_key *auth = NULL;
	uint8_t salt[32], verifier[SRP_N];
	enum wk_status st = kdf_auth_key(passphrase, email, bytes_str(m->salt_key), &auth);

	if (st == WK_OK)
		st = hex_decode(bytes_str(m->salt_auth), salt, sizeof salt);
	if (st == WK_OK)
		st = srp_verifier(email, auth, bytes_of(salt, sizeof salt), verifier);
	if (st == WK_OK)
		hex_encode(verifier, sizeof verifier, m->verifier);
	return st;
}

static enum wk_status seal_symmetric(struct bytes email, struct bytes passphrase,
				     const struct account_key *symmetric,
				     struct account_material *m)
{
	SCOPED(enc_key_free_scoped) struct enc_key *enc = NULL;
	SCOPED(sealer_free_scoped) struct sealer *sealer = NULL;
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(JWK_MAX);
	enum wk_status st = kdf_enc_key(passphrase, email, bytes_str(m->salt_enc), &enc);

	if (st == WK_OK)
		st = sealer_for_enc(enc, &sealer);
	if (st == WK_OK)
		st = aes_jwk_write(symmetric->k, &jwk);
	if (st != WK_OK)
		return st;
	return seal(sealer, for_symmetric, bytes_str(m->id), buf_bytes(&jwk), &m->enc_symmetric);
}

static enum wk_status seal_private(const struct account_keys *keys, struct account_material *m)
{
	SCOPED(rsa_public_free_scoped) struct rsa_public *public = NULL;
	SCOPED(sealer_free_scoped) struct sealer *sealer = NULL;
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(JWK_MAX);
	enum wk_status st = rsa_public_of(keys->private_key, &public);

	if (st == WK_OK)
		st = rsa_public_write(public, &m->public_jwk);
	if (st == WK_OK)
		st = sealer_for_account(keys->symmetric, &sealer);
	if (st == WK_OK)
		st = rsa_private_write(keys->private_key, &jwk);
	if (st != WK_OK)
		return st;
	return seal(sealer, for_private, bytes_str(m->id), buf_bytes(&jwk), &m->enc_private);
}

enum wk_status account_make(struct bytes email, struct bytes passphrase,
			    struct account_material *out, struct account_keys *keys_out)
{
	SCOPED(account_material_fini) struct account_material m = {
		.public_jwk = BUF_INIT(JWK_MAX),
		.enc_private = BUF_INIT(JWK_MAX),
		.enc_symmetric = BUF_INIT(JWK_MAX),
	};
	SCOPED(account_keys_fini) struct account_keys keys = { NULL };
	enum wk_status st;

	random_hex(m.id, "act_");
	random_hex(m.salt_enc, "");
	random_hex(m.salt_auth, "");
	random_hex(m.salt_key, "");
	keys.symmetric = account_key_new();
	if (!keys.symmetric)
		return WK_NOMEM;
	secret_random(keys.symmetric->k, KEY_SIZE);
	st = rsa_generate(&keys.private_key);
	if (st == WK_OK)
		st = make_verifier(email, passphrase, &m);
	if (st == WK_OK)
		st = seal_symmetric(email, passphrase, keys.symmetric, &m);
	if (st == WK_OK)
		st = seal_private(&keys, &m);
	if (st != WK_OK)
		return st;
	*out = m;
	m.public_jwk = m.enc_private = m.enc_symmetric = (struct buf)BUF_INIT(0);
	*keys_out = keys;
	keys = (struct account_keys){ NULL };
	return WK_OK;
}

static enum wk_status open_symmetric(const struct enc_key *key, struct bytes id,
				     struct bytes envelope, struct account_key **out)
{
	SCOPED(sealer_free_scoped) struct sealer *sealer = NULL;
	SCOPED(account_key_free_scoped) struct account_key *symmetric = account_key_new();
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(JWK_MAX);
	enum wk_status st = symmetric ? sealer_for_enc(key, &sealer) : WK_NOMEM;

	if (st == WK_OK)
		st = open_sealed(sealer, for_symmetric, id, envelope, &jwk);
	if (st == WK_OK)
		st = aes_jwk_parse(buf_bytes(&jwk), symmetric->k);
	if (st == WK_OK)
		*out = take(&symmetric);
	return st;
}

static enum wk_status open_private(const struct account_key *key, struct bytes id,
				   struct bytes envelope, struct rsa_private **out)
{
	SCOPED(sealer_free_scoped) struct sealer *sealer = NULL;
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(JWK_MAX);
	enum wk_status st = sealer_for_account(key, &sealer);

	if (st == WK_OK)
		st = open_sealed(sealer, for_private, id, envelope, &jwk);
	return st == WK_OK ? rsa_private_parse(buf_bytes(&jwk), out) : st;
}

static enum wk_status check_public(const struct rsa_private *private_key, struct bytes public_jwk)
{
	SCOPED(rsa_public_free_scoped) struct rsa_public *claimed = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *own = NULL;
	enum wk_status st = rsa_public_parse(public_jwk, &claimed);

	if (st == WK_OK)
		st = rsa_public_of(private_key, &own);
	if (st != WK_OK)
		return st;
	return rsa_public_equal(own, claimed) ? WK_OK : WK_TAMPERED;
}

enum wk_status account_open(const struct enc_key *key, struct bytes account_id,
			    struct bytes enc_symmetric, struct bytes enc_private,
			    struct bytes public_jwk, struct account_keys *keys_out)
{
	SCOPED(account_keys_fini) struct account_keys keys = { NULL };
	enum wk_status st = open_symmetric(key, account_id, enc_symmetric, &keys.symmetric);

	if (st == WK_OK)
		st = open_private(keys.symmetric, account_id, enc_private, &keys.private_key);
	if (st == WK_OK)
		st = check_public(keys.private_key, public_jwk);
	if (st != WK_OK)
		return st;
	*keys_out = keys;
	keys = (struct account_keys){ NULL };
	return WK_OK;
}
