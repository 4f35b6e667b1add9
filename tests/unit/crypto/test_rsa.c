/* SPDX-License-Identifier: Apache-2.0 */
/* RSA-OAEP, JWK and links; malformed paddings are made with the raw RSA operation. */
#include "testing.h"

#include "base/hex.h"
#include "crypto/jwk.h"
#include "crypto/oaep.h"

static struct rsa_private *mine;
static struct rsa_public *known;
static struct jwk_rsa numbers;

static int setup(void **state)
{
	SCOPED(buf_fini) struct buf jwk = BUF_INIT(16384);

	(void)state;
	if (crypto_init() != WK_OK)
		return -1;
	assert_ok(rsa_generate(&mine));
	assert_ok(rsa_public_of(mine, &known));
	assert_ok(rsa_public_write(known, &jwk));
	assert_ok(jwk_rsa_read(buf_bytes(&jwk), false, &numbers));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rsa_private_free(mine);
	rsa_public_free(known);
	jwk_rsa_fini(&numbers);
	return 0;
}

static void text_of_every_length_comes_back(void **state)
{
	uint8_t cipher[RSA_SIZE], again[RSA_SIZE];
	char text[RSA_OAEP_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t n = 0; n <= RSA_OAEP_MAX; n += n < 2 || n > 185 ? 1 : 23) {
		SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(256);

		assert_ok(rsa_seal(known, bytes_of(text, n), NULL, cipher));
		assert_ok(rsa_open(mine, cipher, &plain));
		assert_true(bytes_equal(buf_bytes(&plain), bytes_of(text, n)));
	}
	assert_status(rsa_seal(known, bytes_of(text, RSA_OAEP_MAX + 1), NULL, cipher), WK_LIMIT);
	assert_ok(rsa_seal(known, bytes_str("x"), NULL, cipher));
	assert_ok(rsa_seal(known, bytes_str("x"), NULL, again));
	assert_memory_not_equal(cipher, again, RSA_SIZE);
}

/* c = m^e mod n, whatever m is. */
static void raw(const uint8_t em[RSA_SIZE], uint8_t cipher[RSA_SIZE])
{
	SCOPED(mpi_drop) gcry_mpi_t m = mpi_public(em, RSA_SIZE);
	SCOPED(mpi_drop) gcry_mpi_t c = gcry_mpi_new(2048);

	gcry_mpi_powm(c, m, numbers.e, numbers.n);
	assert_ok(mpi_write(c, cipher, RSA_SIZE));
}

static void mgf1(uint8_t *target, size_t n, const uint8_t *seed, size_t seed_n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t counter[4] = { 0, 0, 0, (uint8_t)(i / 32) }, block[HASH_SIZE];

		hash_sha256(block, (struct bytes[]){ bytes_of(seed, seed_n), bytes_of(counter, 4) },
			    2);
		target[i] ^= block[i % 32];
	}
}

/* A padded message before masking: 0 | seed | label hash, zeros, 1, "hi". */
static void unmasked(uint8_t em[RSA_SIZE])
{
	memset(em, 0, RSA_SIZE);
	memset(em + 1, 0x5a, 32);
	hash_sha256(em + 33, NULL, 0);
	em[RSA_SIZE - 3] = 1;
	memcpy(em + RSA_SIZE - 2, "hi", 2);
}

static enum wk_status open_masked(uint8_t em[RSA_SIZE], struct buf *plain)
{
	uint8_t cipher[RSA_SIZE];

	mgf1(em + 33, RSA_SIZE - 33, em + 1, 32);
	mgf1(em + 1, 32, em + 33, RSA_SIZE - 33);
	raw(em, cipher);
	return rsa_open(mine, cipher, plain);
}

static void well_formed_padding_opens(void **state)
{
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(256);
	uint8_t em[RSA_SIZE], ours[RSA_SIZE], seed[32];

	(void)state;
	unmasked(em);
	memcpy(seed, em + 1, sizeof seed);
	assert_ok(open_masked(em, &plain));
	assert_bytes_str(buf_bytes(&plain), "hi");
	oaep_encode(bytes_str("hi"), seed, ours);
	assert_memory_equal(em, ours, RSA_SIZE);
}

static void each_malformed_padding_is_refused(void **state)
{
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(256);
	uint8_t em[RSA_SIZE];

	(void)state;
	unmasked(em);
	em[0] = 1;			/* first byte not 0 (still below n) */
	assert_status(open_masked(em, &plain), WK_TAMPERED);
	for (size_t i = 33; i < 65; i++) {
		unmasked(em);
		em[i] ^= 0x80;		/* another label */
		assert_status(open_masked(em, &plain), WK_TAMPERED);
	}
	for (size_t i = 65; i < RSA_SIZE - 3; i += 17) {
		unmasked(em);
		em[i] = 2;		/* the padding string is not zero */
		assert_status(open_masked(em, &plain), WK_TAMPERED);
		em[i] = 0xff;
	}
	unmasked(em);
	em[65] = 0xff;
	assert_status(open_masked(em, &plain), WK_TAMPERED);
	unmasked(em);
	em[RSA_SIZE - 3] = 0;		/* "hi" where the 1 should be */
	assert_status(open_masked(em, &plain), WK_TAMPERED);
	unmasked(em);
	memset(em + 65, 0, RSA_SIZE - 65);	/* no 1 at all */
	assert_status(open_masked(em, &plain), WK_TAMPERED);
	assert_int_equal(plain.n, 0);
}

static void message_may_be_empty_or_look_like_padding(void **state)
{
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(256);
	uint8_t em[RSA_SIZE];

	(void)state;
	unmasked(em);
	memset(em + 65, 0, RSA_SIZE - 65);
	em[RSA_SIZE - 1] = 1;
	assert_ok(open_masked(em, &plain));
	assert_int_equal(plain.n, 0);
	unmasked(em);
	em[65] = 1;			/* the first 1 ends the padding */
	assert_ok(open_masked(em, &plain));
	assert_int_equal(plain.n, 190);
}

static void a_number_not_below_n_is_refused(void **state)
{
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(256);
	SCOPED(mpi_drop) gcry_mpi_t c = gcry_mpi_new(2048);
	uint8_t cipher[RSA_SIZE], same[RSA_SIZE];

	(void)state;
	do {	/* the same number modulo n, if it fits */
		gcry_mpi_release(c);
		assert_ok(rsa_seal(known, bytes_str("x"), NULL, cipher));
		c = mpi_public(cipher, RSA_SIZE);
		gcry_mpi_add(c, c, numbers.n);
	} while (mpi_write(c, same, RSA_SIZE) != WK_OK);
	assert_ok(rsa_open(mine, cipher, &plain));
	assert_status(rsa_open(mine, same, &plain), WK_TAMPERED);
	memset(same, 0xff, sizeof same);
	assert_status(rsa_open(mine, same, &plain), WK_TAMPERED);
	assert_ok(mpi_write(numbers.n, same, RSA_SIZE));
	assert_status(rsa_open(mine, same, &plain), WK_TAMPERED);
	memset(same, 0, sizeof same);
	assert_status(rsa_open(mine, same, &plain), WK_TAMPERED);
	same[RSA_SIZE - 1] = 1;
	assert_status(rsa_open(mine, same, &plain), WK_TAMPERED);
}

static void jwks_come_back(void **state)
{
	SCOPED(buf_fini) struct buf private_jwk = BUF_SECRET_INIT(16384);
	SCOPED(buf_fini) struct buf public_jwk = BUF_INIT(16384), again = BUF_SECRET_INIT(16384);
	SCOPED(rsa_private_free_scoped) struct rsa_private *read = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *own = NULL, *read_public = NULL;

	(void)state;
	assert_ok(rsa_private_write(mine, &private_jwk));
	assert_ok(rsa_private_parse(buf_bytes(&private_jwk), &read));
	assert_ok(rsa_private_write(read, &again));
	assert_true(bytes_equal(buf_bytes(&private_jwk), buf_bytes(&again)));
	assert_memory_equal(private_jwk.p, "{\"alg\":\"RSA-OAEP-256\",\"d\":\"", 27);
	assert_ok(rsa_public_of(read, &own));
	assert_true(rsa_public_equal(own, known));
	assert_ok(rsa_public_write(known, &public_jwk));
	assert_non_null(memmem(public_jwk.p, public_jwk.n,
			       "\"e\":\"AQAB\",\"ext\":true,\"key_ops\":[\"encrypt\"],"
			       "\"kty\":\"RSA\",\"n\":\"", 61));
	assert_ok(rsa_public_parse(buf_bytes(&public_jwk), &read_public));
	assert_true(rsa_public_equal(read_public, known));
}

/* The JWK with one text replaced (the first time it stands there). */
static enum wk_status parse_changed(bool is_private, const char *from, const char *to)
{
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(16384), changed = BUF_SECRET_INIT(20000);
	SCOPED(rsa_private_free_scoped) struct rsa_private *a = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *b = NULL;
	uint8_t *at;

	if (is_private)
		assert_ok(rsa_private_write(mine, &jwk));
	else
		assert_ok(rsa_public_write(known, &jwk));
	at = memmem(jwk.p, jwk.n, from, strlen(from));
	assert_non_null(at);
	assert_ok(buf_append(&changed, jwk.p, (size_t)(at - jwk.p)));
	assert_ok(buf_append_str(&changed, to));
	at += strlen(from);
	assert_ok(buf_append(&changed, at, jwk.n - (size_t)(at - jwk.p)));
	return is_private ? rsa_private_parse(buf_bytes(&changed), &a) :
			    rsa_public_parse(buf_bytes(&changed), &b);
}

static void wrong_jwks_are_refused(void **state)
{
	static const char *const both[][2] = {
		{ "RSA-OAEP-256", "RSA-OAEP" }, { "\"RSA\"", "\"oct\"" }, { "AQAB", "Aw" },
		{ "AQAB", "" },			{ "AQAB", "!!!!" },	  { "\"n\":\"", "\"n\":\"A" },
		{ "key_ops", "key_op" },	{ "\"n\"", "\"N\"" },	  { "{", "[" },
		{ "}", "" },			{ "}", "}x" },
	};
	static const char *const members[] = { "\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		assert_status(parse_changed(false, both[i][0], both[i][1]), WK_CORRUPT);
		assert_status(parse_changed(true, both[i][0], both[i][1]), WK_CORRUPT);
	}
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		char wrong[16];

		assert_status(parse_changed(true, members[i], "\"x\""), WK_CORRUPT);
		/* a number that is none of this key's */
		(void)snprintf(wrong, sizeof wrong, "%s:\"Aw\",\"x\"", members[i]);
		assert_status(parse_changed(true, members[i], wrong), WK_CORRUPT);
	}
	assert_status(parse_changed(false, "[\"encrypt\"]", "[\"decrypt\"]"), WK_CORRUPT);
	assert_status(parse_changed(false, "[\"encrypt\"]", "\"encrypt\""), WK_CORRUPT);
	assert_status(parse_changed(true, "[\"decrypt\"]", "[]"), WK_CORRUPT);
	assert_ok(parse_changed(false, "[\"encrypt\"]", "[1,\"encrypt\"]"));
	assert_ok(parse_changed(false, "\"ext\":true,", ""));
}

static void aes_jwk_has_this_form(void **state)
{
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(256);
	uint8_t key[KEY_SIZE], got[KEY_SIZE];

	(void)state;
	memset(key, 0xfb, sizeof key);
	assert_ok(aes_jwk_write(key, &jwk));
	assert_bytes_str(buf_bytes(&jwk),
			 "{\"alg\":\"A256GCM\",\"ext\":true,\"k\":"
			 "\"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s\","
			 "\"key_ops\":[\"encrypt\",\"decrypt\"],\"kty\":\"oct\"}");
	assert_ok(aes_jwk_parse(buf_bytes(&jwk), got));
	assert_memory_equal(key, got, KEY_SIZE);
}

static void wrong_aes_jwks_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"kty\":\"oct\"}",
		"{\"kty\":\"oct\",\"k\":\"\"}",
		"{\"kty\":\"oct\",\"k\":5}",
		"{\"kty\":\"oct\",\"k\":\"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7\"}",
		"{\"kty\":\"oct\",\"k\":\"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7\"}",
		"{\"kty\":\"oct\",\"k\":\"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v\"}",
		"{\"kty\":\"oct\",\"k\":\"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_+\"}",
		"{\"kty\":\"RSA\",\"k\":\"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s\"}",
		"{\"k\":\"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s\"}",
	};
	uint8_t key[KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_status(aes_jwk_parse(bytes_str(bad[i]), key), WK_CORRUPT);
}

static void links_come_back(void **state)
{
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new(), *got = NULL;
	SCOPED(buf_fini) struct buf link = BUF_INIT(1024), plain = BUF_SECRET_INIT(256);
	uint8_t cipher[RSA_SIZE];

	(void)state;
	secret_random(key->k, KEY_SIZE);
	assert_ok(link_seal(known, key, &link));
	assert_int_equal(link.n, 512);
	assert_ok(link_open(mine, buf_bytes(&link), &got));
	assert_memory_equal(key->k, got->k, KEY_SIZE);
	assert_ok(hex_decode(buf_bytes(&link), cipher, sizeof cipher));
	assert_ok(rsa_open(mine, cipher, &plain));
	assert_int_equal(plain.n, 190);
	assert_memory_equal(plain.p, "%7B%22alg%22%3A%22A256GCM%22", 28);
}

static void wrong_links_are_refused(void **state)
{
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new(), *got = NULL;
	SCOPED(buf_fini) struct buf link = BUF_INIT(1024);
	uint8_t cipher[RSA_SIZE];

	(void)state;
	assert_ok(link_seal(known, key, &link));
	assert_status(link_open(mine, bytes_of(link.p, 510), &got), WK_CORRUPT);
	assert_status(link_open(mine, bytes_of(link.p, 511), &got), WK_CORRUPT);
	link.p[100] = link.p[100] == '0' ? '1' : '0';
	assert_status(link_open(mine, buf_bytes(&link), &got), WK_TAMPERED);
	link.p[100] = 'g';
	assert_status(link_open(mine, buf_bytes(&link), &got), WK_CORRUPT);
	assert_ok(rsa_seal(known, bytes_str("{%zz"), NULL, cipher));
	buf_clear(&link);
	assert_ok(hex_append(&link, cipher, sizeof cipher));
	assert_status(link_open(mine, buf_bytes(&link), &got), WK_CORRUPT);
	assert_null(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_every_length_comes_back),
		cmocka_unit_test(well_formed_padding_opens),
		cmocka_unit_test(each_malformed_padding_is_refused),
		cmocka_unit_test(message_may_be_empty_or_look_like_padding),
		cmocka_unit_test(a_number_not_below_n_is_refused),
		cmocka_unit_test(jwks_come_back),
		cmocka_unit_test(wrong_jwks_are_refused),
		cmocka_unit_test(aes_jwk_has_this_form),
		cmocka_unit_test(wrong_aes_jwks_are_refused),
		cmocka_unit_test(links_come_back),
		cmocka_unit_test(wrong_links_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
