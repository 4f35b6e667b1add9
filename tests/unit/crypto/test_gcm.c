/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM: known answers, and nothing but the right tag opens. */
#include "testing.h"

#include "base/hex.h"
#include "crypto/gcm.h"

static const uint8_t zero_key[KEY_SIZE], zero_iv[GCM_IV];

static int setup(void **state)
{
	(void)state;
	return crypto_init() == WK_OK ? 0 : -1;
}

static struct gcm *zero_cipher(void)
{
	struct gcm *g = NULL;

	assert_ok(gcm_new(zero_key, &g));
	return g;
}

static void assert_hex(const uint8_t *got, size_t n, const char *want)
{
	char text[256];

	hex_encode(got, n, text);
	assert_string_equal(text, want);
}

/* McGrew and Viega, test cases 13 and 14. */
static void known_answers(void **state)
{
	SCOPED(gcm_free_scoped) struct gcm *g = zero_cipher();
	uint8_t text[16] = { 0 }, tag[GCM_TAG];

	(void)state;
	assert_ok(gcm_seal(g, zero_iv, bytes_of(NULL, 0), bytes_of(NULL, 0), NULL, tag));
	assert_hex(tag, 16, "530f8afbc74536b9a963b4f1c4cb738b");
	assert_ok(gcm_seal(g, zero_iv, bytes_of(NULL, 0), bytes_of(text, 16), text, tag));
	assert_hex(text, 16, "cea7403d4d606b6e074ec5d3baf39d18");
	assert_hex(tag, 16, "d0d1c8a799996bf0265b98b5d48ab919");
}

static void ad_alone_is_authenticated(void **state)
{
	SCOPED(gcm_free_scoped) struct gcm *g = zero_cipher();
	uint8_t tag[GCM_TAG];

	(void)state;
	assert_ok(gcm_seal(g, zero_iv, bytes_str("ad"), bytes_of(NULL, 0), NULL, tag));
	assert_ok(gcm_open(g, zero_iv, bytes_str("ad"), bytes_of(NULL, 0), tag, NULL));
	assert_status(gcm_open(g, zero_iv, bytes_str("aD"), bytes_of(NULL, 0), tag, NULL),
		      WK_TAMPERED);
	assert_status(gcm_open(g, zero_iv, bytes_of(NULL, 0), bytes_of(NULL, 0), tag, NULL),
		      WK_TAMPERED);
}

static void each_flipped_bit_is_seen_and_nothing_comes_out(void **state)
{
	SCOPED(gcm_free_scoped) struct gcm *g = zero_cipher();
	static const uint8_t zeros[37];
	uint8_t sealed[37 + GCM_TAG + GCM_IV + 3] = { 0 }, out[37];
	uint8_t *tag = sealed + 37, *iv = tag + GCM_TAG, *ad = iv + GCM_IV;

	(void)state;
	memcpy(sealed, "a secret that is longer than a block.", 37);
	memcpy(ad, "ad!", 3);
	assert_ok(gcm_seal(g, iv, bytes_of(ad, 3), bytes_of(sealed, 37), sealed, tag));
	for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(out, 'x', sizeof out);
		assert_status(gcm_open(g, iv, bytes_of(ad, 3), bytes_of(sealed, 37), tag, out),
			      WK_TAMPERED);
		assert_memory_equal(out, zeros, sizeof out);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_status(gcm_open(g, iv, bytes_of(ad, 3), bytes_of(sealed, 36), tag, out),
		      WK_TAMPERED);
	assert_ok(gcm_open(g, iv, bytes_of(ad, 3), bytes_of(sealed, 37), tag, sealed));
	assert_memory_equal(sealed, "a secret that is longer than a block.", 37);
}

/* The next message after a refused one is as if nothing had been. */
static void a_refused_message_leaves_no_trace(void **state)
{
	SCOPED(gcm_free_scoped) struct gcm *g = zero_cipher();
	uint8_t text[16] = { 0 }, tag[GCM_TAG] = { 0 };

	(void)state;
	assert_status(gcm_open(g, zero_iv, bytes_str("x"), bytes_str("0123456789abcdefg"), tag,
			       (uint8_t[17]){ 0 }),
		      WK_TAMPERED);
	assert_ok(gcm_seal(g, zero_iv, bytes_of(NULL, 0), bytes_of(text, 16), text, tag));
	assert_hex(tag, 16, "d0d1c8a799996bf0265b98b5d48ab919");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(ad_alone_is_authenticated),
		cmocka_unit_test(each_flipped_bit_is_seen_and_nothing_comes_out),
		cmocka_unit_test(a_refused_message_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
