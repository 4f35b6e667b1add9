/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA-2048 with OAEP.  libgcrypt does the private operation, with the factors
 * and blinded; the padding is ours (oaep.c), and a ciphertext that is not below n
 * is refused before it is reduced.
 */
#include "crypto/rsa.h"

#include <stdlib.h>

#include "crypto/jwk.h"
#include "crypto/oaep.h"

#define BITS 2048
#define EXPONENT 65537

struct rsa_public {
	struct jwk_rsa numbers;		/* n and e */
};

struct rsa_private {
	struct jwk_rsa numbers;
	gcry_sexp_t key;		/* the same for libgcrypt, in the secure pool */
};

static void sexp_drop(gcry_sexp_t *s)
{
	gcry_sexp_release(*s);
}

void rsa_public_free(struct rsa_public *k)
{
	if (!k)
		return;
	jwk_rsa_fini(&k->numbers);
	free(k);
}

void rsa_private_free(struct rsa_private *k)
{
	if (!k)
		return;
	jwk_rsa_fini(&k->numbers);
	gcry_sexp_release(k->key);
	free(k);
}

static bool is_public_half(const struct jwk_rsa *k)
{
	return gcry_mpi_get_nbits(k->n) == BITS && gcry_mpi_test_bit(k->n, 0) &&
	       gcry_mpi_cmp_ui(k->e, EXPONENT) == 0;
}

/* d*e = 1 and remainder = d, both modulo prime - 1. */
static bool fits_prime(const struct jwk_rsa *k, gcry_mpi_t prime, gcry_mpi_t remainder)
{
	SCOPED(mpi_drop) gcry_mpi_t less = gcry_mpi_snew(BITS);
	SCOPED(mpi_drop) gcry_mpi_t v = gcry_mpi_snew(BITS);

	gcry_mpi_sub_ui(less, prime, 1);
	gcry_mpi_mod(v, k->d, less);
	if (gcry_mpi_cmp(v, remainder) != 0)
		return false;
	gcry_mpi_mulm(v, v, k->e, less);
	return gcry_mpi_cmp_ui(v, 1) == 0;
}

static bool is_consistent(const struct jwk_rsa *k)
{
	SCOPED(mpi_drop) gcry_mpi_t v = gcry_mpi_snew(2 * BITS);

	if (!is_public_half(k) || gcry_mpi_get_nbits(k->p) > BITS ||
	    gcry_mpi_get_nbits(k->q) > BITS || gcry_mpi_cmp_ui(k->p, 2) <= 0 ||
	    gcry_mpi_cmp_ui(k->q, 2) <= 0)
		return false;
	gcry_mpi_mul(v, k->p, k->q);
	if (gcry_mpi_cmp(v, k->n) != 0 || !fits_prime(k, k->p, k->dp) ||
	    !fits_prime(k, k->q, k->dq))
		return false;
	gcry_mpi_mulm(v, k->qi, k->q, k->p);
	return gcry_mpi_cmp_ui(v, 1) == 0 && gcry_mpi_cmp(k->qi, k->p) < 0;
}

/*
 * libgcrypt wants p < q and u = p^-1 mod q, the other way round from the JWK's
 * qi = q^-1 mod p, and its remaindering relies on that order.
 */
static enum wk_status make_key(const struct jwk_rsa *k, gcry_sexp_t *out)
{
	SCOPED(mpi_drop) gcry_mpi_t inverse = gcry_mpi_snew(BITS);
	bool swap = gcry_mpi_cmp(k->p, k->q) > 0;
	gcry_mpi_t p = swap ? k->q : k->p, q = swap ? k->p : k->q;

	if (!swap && !gcry_mpi_invm(inverse, k->p, k->q))
		return WK_CORRUPT;
	if (gcry_sexp_build(out, NULL,
			    "(private-key (rsa (n %m) (e %m) (d %m) (p %m) (q %m) (u %m)))", k->n,
			    k->e, k->d, p, q, swap ? k->qi : inverse))
		return WK_NOMEM;
	return WK_OK;
}

/* Takes the numbers over when it succeeds. */
static enum wk_status private_new(struct jwk_rsa *numbers, struct rsa_private **out)
{
	SCOPED(sexp_drop) gcry_sexp_t key = NULL;
	struct rsa_private *k;
	enum wk_status st = is_consistent(numbers) ? make_key(numbers, &key) : WK_CORRUPT;

	if (st != WK_OK)
		return st;
	k = calloc(1, sizeof *k);
	if (!k)
		return WK_NOMEM;
	k->key = take(&key);
	k->numbers = *numbers;
	*numbers = (struct jwk_rsa){ NULL };
	*out = k;
	return WK_OK;
}

enum wk_status rsa_generate(struct rsa_private **out)
{
	SCOPED(sexp_drop) gcry_sexp_t how = NULL;
	SCOPED(sexp_drop) gcry_sexp_t pair = NULL;
	SCOPED(jwk_rsa_fini) struct jwk_rsa k = { NULL };
	SCOPED(mpi_drop) gcry_mpi_t less = gcry_mpi_snew(BITS);

	if (gcry_sexp_build(&how, NULL, "(genkey (rsa (nbits 4:2048) (rsa-use-e 5:65537)))") ||
	    gcry_pk_genkey(&pair, how))
		return WK_NOMEM;
	/* libgcrypt's p is the smaller; as the JWK's q, its u is the JWK's qi. */
	if (gcry_sexp_extract_param(pair, "private-key!rsa", "nedpqu", &k.n, &k.e, &k.d, &k.q,
				    &k.p, &k.qi, NULL))
		return WK_NOMEM;
	k.dp = gcry_mpi_snew(BITS);
	k.dq = gcry_mpi_snew(BITS);
	gcry_mpi_sub_ui(less, k.p, 1);
	gcry_mpi_mod(k.dp, k.d, less);
	gcry_mpi_sub_ui(less, k.q, 1);
	gcry_mpi_mod(k.dq, k.d, less);
	return private_new(&k, out);
}

enum wk_status rsa_public_of(const struct rsa_private *k, struct rsa_public **out)
{
	struct rsa_public *public = calloc(1, sizeof *public);

	if (!public)
		return WK_NOMEM;
	public->numbers.n = gcry_mpi_copy(k->numbers.n);
	public->numbers.e = gcry_mpi_copy(k->numbers.e);
	*out = public;
	return WK_OK;
}

enum wk_status rsa_public_parse(struct bytes jwk, struct rsa_public **out)
{
	SCOPED(rsa_public_free_scoped) struct rsa_public *k = calloc(1, sizeof *k);
	enum wk_status st = k ? jwk_rsa_read(jwk, false, &k->numbers) : WK_NOMEM;

	if (st != WK_OK)
		return st;
	if (!is_public_half(&k->numbers))
		return WK_CORRUPT;
	*out = take(&k);
	return WK_OK;
}

enum wk_status rsa_public_write(const struct rsa_public *k, struct buf *jwk_out)
{
	return jwk_rsa_write(&k->numbers, false, jwk_out);
}

enum wk_status rsa_private_parse(struct bytes jwk, struct rsa_private **out)
{
	SCOPED(jwk_rsa_fini) struct jwk_rsa numbers = { NULL };
	enum wk_status st = jwk_rsa_read(jwk, true, &numbers);

	return st == WK_OK ? private_new(&numbers, out) : st;
}

enum wk_status rsa_private_write(const struct rsa_private *k, struct buf *jwk_out)
{
	return jwk_rsa_write(&k->numbers, true, jwk_out);
}

bool rsa_public_equal(const struct rsa_public *a, const struct rsa_public *b)
{
	return gcry_mpi_cmp(a->numbers.n, b->numbers.n) == 0 &&
	       gcry_mpi_cmp(a->numbers.e, b->numbers.e) == 0;
}

enum wk_status rsa_seal(const struct rsa_public *k, struct bytes plain, const uint8_t *seed,
			uint8_t cipher_out[RSA_SIZE])
{
	SCOPED(secret_free_local) uint8_t *em = secret_alloc(RSA_SIZE + HASH_SIZE);
	SCOPED(mpi_drop) gcry_mpi_t cipher = gcry_mpi_new(BITS);

	if (plain.n > RSA_OAEP_MAX)
		return WK_LIMIT;
	if (!em)
		return WK_NOMEM;
	if (seed)
		memcpy(em + RSA_SIZE, seed, HASH_SIZE);
	else
		secret_random(em + RSA_SIZE, HASH_SIZE);
	oaep_encode(plain, em + RSA_SIZE, em);

	SCOPED(mpi_drop) gcry_mpi_t message = mpi_secret(em, RSA_SIZE);
	if (!message)
		return WK_NOMEM;
	gcry_mpi_powm(cipher, message, k->numbers.e, k->numbers.n);
	return mpi_write(cipher, cipher_out, RSA_SIZE);
}

/* The private operation, its output at full width. */
static enum wk_status decrypt(const struct rsa_private *k, gcry_mpi_t cipher,
			      uint8_t em[RSA_SIZE])
{
	SCOPED(sexp_drop) gcry_sexp_t data = NULL;
	SCOPED(sexp_drop) gcry_sexp_t result = NULL;
	SCOPED(mpi_drop) gcry_mpi_t message = NULL;

	/* "raw" still blinds: that is off only with the flag no-blinding. */
	if (gcry_sexp_build(&data, NULL, "(enc-val (flags raw) (rsa (a %m)))", cipher) ||
	    gcry_pk_decrypt(&result, data, k->key))
		return WK_NOMEM;
	message = gcry_sexp_nth_mpi(result, 1, GCRYMPI_FMT_USG);
	return message ? mpi_write(message, em, RSA_SIZE) : WK_NOMEM;
}

enum wk_status rsa_open(const struct rsa_private *k, const uint8_t cipher[RSA_SIZE],
			struct buf *plain_out)
{
	SCOPED(secret_free_local) uint8_t *em = secret_alloc(RSA_SIZE);
	SCOPED(mpi_drop) gcry_mpi_t number = mpi_public(cipher, RSA_SIZE);
	struct bytes plain;
	enum wk_status st;

	if (!em || !number)
		return WK_NOMEM;
	if (gcry_mpi_cmp(number, k->numbers.n) >= 0)
		return WK_TAMPERED;
	st = decrypt(k, number, em);
	if (st == WK_OK)
		st = oaep_decode(em, &plain);
	return st == WK_OK ? buf_append(plain_out, plain.p, plain.n) : st;
}
