/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SRP-6a as the srp-js library computes it.  Every number is hashed at its full
 * 256 bytes, which libgcrypt's output does not have when it starts with zeros;
 * numbers that say anything about the passphrase live in the secure pool.
 */
#include "crypto/srp.h"

#include <pthread.h>

#include "crypto/mpi.h"

static const char group_hex[] =
	"AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050"
	"A37329CBB4A099ED8193E0757767A13DD52312AB4B03310DCD7F48A9DA04FD50"
	"E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B8"
	"55F97993EC975EEAA80D740ADBF4FF747359D041D5C33EA71D281E446B14773B"
	"CA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748"
	"544523B524B0D57D5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6"
	"AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB6"
	"94B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73";

static pthread_once_t once = PTHREAD_ONCE_INIT;
/* Written once, then only read: N, g and k = SHA-256(PAD(N) | PAD(g)). */
static gcry_mpi_t big_n, small_g, multiplier;

struct srp_client {
	uint8_t a[32];
	uint8_t a_pub[SRP_N];
	uint8_t m2[HASH_SIZE];		/* what the server must answer */
	uint8_t k[KEY_SIZE];
	bool proved;
};

static void make_group(void)
{
	uint8_t padded[2 * SRP_N] = { 0 }, hash[HASH_SIZE];
	struct bytes whole = bytes_of(padded, sizeof padded);
	size_t n;

	if (gcry_mpi_scan(&big_n, GCRYMPI_FMT_HEX, group_hex, 0, NULL) ||
	    gcry_mpi_print(GCRYMPI_FMT_USG, padded, SRP_N, &n, big_n))
		return;
	small_g = gcry_mpi_set_ui(NULL, 2);
	padded[2 * SRP_N - 1] = 2;
	hash_sha256(hash, &whole, 1);
	multiplier = mpi_public(hash, sizeof hash);
}

static bool has_group(void)
{
	return pthread_once(&once, make_group) == 0 && big_n && small_g && multiplier;
}

static gcry_mpi_t empty_number(void)
{
	return gcry_mpi_snew(8 * SRP_N);
}

/* The group's number for 256 bytes from a peer; NULL unless 0 < it < N. */
static gcry_mpi_t public_number(const uint8_t value[SRP_N])
{
	gcry_mpi_t m = mpi_public(value, SRP_N);

	if (m && gcry_mpi_cmp_ui(m, 0) > 0 && gcry_mpi_cmp(m, big_n) < 0)
		return m;
	gcry_mpi_release(m);
	return NULL;
}

bool srp_is_valid_public(const uint8_t value[SRP_N])
{
	SCOPED(mpi_drop) gcry_mpi_t m = has_group() ? public_number(value) : NULL;

	return m != NULL;
}

/* u = SHA-256(A | B); NULL when it is 0 */
static gcry_mpi_t scrambler(const uint8_t a_pub[SRP_N], const uint8_t b_pub[SRP_N])
{
	uint8_t hash[HASH_SIZE];
	gcry_mpi_t u;

	hash_sha256(hash, (struct bytes[]){ bytes_of(a_pub, SRP_N), bytes_of(b_pub, SRP_N) }, 2);
	u = mpi_public(hash, sizeof hash);
	if (u && gcry_mpi_cmp_ui(u, 0) != 0)
		return u;
	gcry_mpi_release(u);
	return NULL;
}

/* x = SHA-256(s | SHA-256(I | ":" | P)) */
static gcry_mpi_t private_x(struct bytes email, const struct auth_key *key, struct bytes salt)
{
	uint8_t inner[HASH_SIZE], x[HASH_SIZE];
	gcry_mpi_t m;

	hash_sha256(inner, (struct bytes[]){ email, bytes_str(":"), bytes_of(key->k, KEY_SIZE) },
		    3);
	hash_sha256(x, (struct bytes[]){ salt, bytes_of(inner, sizeof inner) }, 2);
	m = mpi_secret(x, sizeof x);
	explicit_bzero(inner, sizeof inner);
	explicit_bzero(x, sizeof x);
	return m;
}

enum wk_status srp_verifier(struct bytes email, const struct auth_key *key, struct bytes salt,
			    uint8_t verifier_out[SRP_N])
{
	SCOPED(mpi_drop) gcry_mpi_t x = private_x(email, key, salt);
	SCOPED(mpi_drop) gcry_mpi_t v = empty_number();

	if (!has_group() || !x || !v)
		return WK_NOMEM;
	gcry_mpi_powm(v, small_g, x, big_n);
	return mpi_write(v, verifier_out, SRP_N);
}

void srp_client_free(struct srp_client *c)
{
	secret_free(c);
}

enum wk_status srp_client_new(const uint8_t *fixed_a, struct srp_client **client_out,
			      uint8_t a_pub_out[SRP_N])
{
	SCOPED(srp_client_free_scoped) struct srp_client *c = secret_alloc(sizeof *c);
	SCOPED(mpi_drop) gcry_mpi_t a_pub = empty_number();
	enum wk_status st;

	if (!c || !a_pub || !has_group())
		return WK_NOMEM;
	if (fixed_a)
		memcpy(c->a, fixed_a, sizeof c->a);
	else
		secret_random(c->a, sizeof c->a);

	SCOPED(mpi_drop) gcry_mpi_t a = mpi_secret(c->a, sizeof c->a);
	if (!a)
		return WK_NOMEM;
	gcry_mpi_powm(a_pub, small_g, a, big_n);
	st = mpi_write(a_pub, c->a_pub, SRP_N);
	if (st != WK_OK)
		return st;
	memcpy(a_pub_out, c->a_pub, SRP_N);
	*client_out = take(&c);
	return WK_OK;
}

/* From S: K = H(PAD(S)), M1 = H(A | B | PAD(S)), M2 = H(A | M1 | K). */
static enum wk_status conclude(gcry_mpi_t s, const uint8_t a_pub[SRP_N],
			       const uint8_t b_pub[SRP_N], uint8_t k[KEY_SIZE],
			       uint8_t m1[HASH_SIZE], uint8_t m2[HASH_SIZE])
{
	SCOPED(secret_free_local) uint8_t *padded = secret_alloc(SRP_N);
	struct bytes a = bytes_of(a_pub, SRP_N), whole = bytes_of(padded, SRP_N);
	enum wk_status st = padded ? mpi_write(s, padded, SRP_N) : WK_NOMEM;

	if (st != WK_OK)
		return st;
	hash_sha256(k, &whole, 1);
	hash_sha256(m1, (struct bytes[]){ a, bytes_of(b_pub, SRP_N), whole }, 3);
	hash_sha256(m2,
		    (struct bytes[]){ a, bytes_of(m1, HASH_SIZE), bytes_of(k, KEY_SIZE) }, 3);
	return WK_OK;
}

enum wk_status srp_client_proof(struct srp_client *c, struct bytes email,
				const struct auth_key *key, struct bytes salt,
				const uint8_t b_pub[SRP_N], uint8_t m1_out[HASH_SIZE])
{
	SCOPED(mpi_drop) gcry_mpi_t b = public_number(b_pub);
	SCOPED(mpi_drop) gcry_mpi_t u = scrambler(c->a_pub, b_pub);
	SCOPED(mpi_drop) gcry_mpi_t x = private_x(email, key, salt);
	SCOPED(mpi_drop) gcry_mpi_t exponent = mpi_secret(c->a, sizeof c->a);
	SCOPED(mpi_drop) gcry_mpi_t base = empty_number();
	SCOPED(mpi_drop) gcry_mpi_t product = empty_number();
	enum wk_status st;

	if (!x || !exponent || !base || !product)
		return WK_NOMEM;
	if (!b || !u)
		return WK_TAMPERED;
	/* S = (B - k * g^x) ^ (a + u * x) mod N */
	gcry_mpi_powm(base, small_g, x, big_n);
	gcry_mpi_mulm(base, multiplier, base, big_n);
	gcry_mpi_subm(base, b, base, big_n);
	gcry_mpi_mul(product, u, x);
	gcry_mpi_add(exponent, exponent, product);
	gcry_mpi_powm(base, base, exponent, big_n);
	st = conclude(base, c->a_pub, b_pub, c->k, m1_out, c->m2);
	c->proved = st == WK_OK;
	return st;
}

static enum wk_status give_key(const uint8_t k[KEY_SIZE], struct session_key **key_out)
{
	struct session_key *key = session_key_new();

	if (!key)
		return WK_NOMEM;
	memcpy(key->k, k, KEY_SIZE);
	*key_out = key;
	return WK_OK;
}

enum wk_status srp_client_finish(struct srp_client *c, const uint8_t m2[HASH_SIZE],
				 struct session_key **key_out)
{
	if (!c->proved || !secret_equal(c->m2, m2, HASH_SIZE))
		return WK_TAMPERED;
	return give_key(c->k, key_out);
}

enum wk_status srp_server_b(const uint8_t verifier[SRP_N], const uint8_t b[32],
			    uint8_t b_pub_out[SRP_N])
{
	SCOPED(mpi_drop) gcry_mpi_t v = has_group() ? public_number(verifier) : NULL;
	SCOPED(mpi_drop) gcry_mpi_t secret = mpi_secret(b, 32);
	SCOPED(mpi_drop) gcry_mpi_t b_pub = empty_number();
	SCOPED(mpi_drop) gcry_mpi_t product = empty_number();

	if (!secret || !b_pub || !product)
		return WK_NOMEM;
	if (!v)
		return WK_TAMPERED;
	/* B = k * v + g^b mod N */
	gcry_mpi_powm(b_pub, small_g, secret, big_n);
	gcry_mpi_mulm(product, multiplier, v, big_n);
	gcry_mpi_addm(b_pub, product, b_pub, big_n);
	if (gcry_mpi_cmp_ui(b_pub, 0) == 0)
		return WK_TAMPERED;
	return mpi_write(b_pub, b_pub_out, SRP_N);
}

enum wk_status srp_server_finish(const uint8_t verifier[SRP_N], const uint8_t b[32],
				 const uint8_t a_pub[SRP_N], const uint8_t m1[HASH_SIZE],
				 uint8_t m2_out[HASH_SIZE], struct session_key **key_out)
{
	SCOPED(session_key_free_scoped) struct session_key *key = session_key_new();
	uint8_t b_pub[SRP_N], expected[HASH_SIZE], m2[HASH_SIZE];
	enum wk_status st = key ? srp_server_b(verifier, b, b_pub) : WK_NOMEM;

	if (st != WK_OK)
		return st;

	SCOPED(mpi_drop) gcry_mpi_t a = public_number(a_pub);
	SCOPED(mpi_drop) gcry_mpi_t u = scrambler(a_pub, b_pub);
	SCOPED(mpi_drop) gcry_mpi_t v = public_number(verifier);
	SCOPED(mpi_drop) gcry_mpi_t secret = mpi_secret(b, 32);
	SCOPED(mpi_drop) gcry_mpi_t s = empty_number();
	if (!secret || !s)
		return WK_NOMEM;
	if (!a || !u || !v)
		return WK_TAMPERED;
	/* S = (A * v^u) ^ b mod N */
	gcry_mpi_powm(s, v, u, big_n);
	gcry_mpi_mulm(s, a, s, big_n);
	gcry_mpi_powm(s, s, secret, big_n);
	st = conclude(s, a_pub, b_pub, key->k, expected, m2);
	if (st != WK_OK)
		return st;
	if (!secret_equal(expected, m1, HASH_SIZE))
		return WK_TAMPERED;
	memcpy(m2_out, m2, HASH_SIZE);
	*key_out = take(&key);
	return WK_OK;
}
