/* SPDX-License-Identifier: Apache-2.0 */
/* Sanitizing of e-mail and passphrase, and the derivations. */
#include "testing.h"

#include "base/hex.h"
#include "crypto/kdf.h"

static int setup(void **state)
{
	(void)state;
	return crypto_init() == WK_OK ? 0 : -1;
}

static void assert_email(const char *typed, const char *want)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(1024);

	assert_ok(buf_append_str(&out, "old"));
	assert_ok(kdf_email(bytes_str(typed), &out));
	assert_bytes_str(buf_bytes(&out), want);
	assert_int_equal(out.max, 1024);
}

static void assert_passphrase(const char *typed, const char *want)
{
	SCOPED(buf_fini) struct buf out = BUF_SECRET_INIT(4096);

	assert_ok(kdf_passphrase(bytes_str(typed), &out));
	assert_bytes_str(buf_bytes(&out), want);
	assert_true(out.secret);
}

static void trims_what_ecmascript_trims(void **state)
{
	(void)state;
	assert_email(" \t\n\v\f\r\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
		     "A b\u3000\ufeff ", "a b");
	assert_email("\u200ba\u180e", "\u200ba\u180e");
	assert_email("\xc2\x85" "a", "\xc2\x85" "a");
}

/* As ECMAScript's toLowerCase() answers. */
static void full_lower_case(void **state)
{
	(void)state;
	assert_email("ANN@EXAMPLE.COM", "ann@example.com");
	assert_email("İ", "i\u0307");
	assert_email("ẞ", "ß");
	assert_email("ǅ", "ǆ");
	assert_email("Å K", "å k");
	assert_email("𐐀", "𐐨");
	assert_email("Ⅷ Ⓐ", "ⅷ ⓐ");
}

static void sigma_at_the_end_of_a_word(void **state)
{
	(void)state;
	assert_email("ΟΔΟΣ", "οδος");
	assert_email("Σ", "σ");
	assert_email("ΣΣ", "σς");
	assert_email("ΑΣΑ", "ασα");
	assert_email("ΑΣ Α", "ας α");
	assert_email("ΑΣ@Α", "ας@α");
	assert_email("ΑΣ.Α", "ασ.α");
	assert_email("ΑΣ'Α", "ασ'α");
	assert_email("ΑΣ’Α", "ασ’α");
	assert_email("ΑΣ:Α", "ασ:α");
	assert_email("ΑΣ.1", "ας.1");
	assert_email("Α.Σ", "α.ς");
	assert_email("1Σ", "1σ");
	assert_email(".Σ", ".σ");
	assert_email("Α\u0301Σ\u0301", "α\u0301ς\u0301");
	assert_email("Α\u0301Σ\u0301Α", "α\u0301σ\u0301α");
	assert_email("Α\u00adΣ\u200d", "α\u00adς\u200d");
	assert_email("aΣª", "aσª");
	assert_email("ⅠΣ", "ⅰς");
	assert_email("𝐀Σ", "𝐀ς");
}

static void passphrase_is_nfkd_after_trim(void **state)
{
	(void)state;
	assert_passphrase("  pass  word\t", "pass  word");
	assert_passphrase("é", "e\u0301");
	assert_passphrase("ﬁ①½", "fi11\u20442");
	assert_passphrase("\u00a8x", " \u0308x");
	assert_passphrase("각", "\u1100\u1161\u11a8");
	assert_passphrase("a\u0301\u0323", "a\u0323\u0301");
	assert_passphrase("Å", "A\u030a");
	assert_passphrase("a\u00adb\u200bc\u200d", "a\u00adb\u200bc\u200d");
	assert_passphrase("UPPER", "UPPER");
}

static void nul_and_lone_surrogates_are_defined(void **state)
{
	SCOPED(buf_fini) struct buf out = BUF_SECRET_INIT(64);

	(void)state;
	assert_ok(kdf_passphrase(bytes_of("a\0b", 3), &out));
	assert_true(bytes_equal(buf_bytes(&out), bytes_of("a\0b", 3)));
	assert_passphrase("x\xed\xa0\x80y", "x\ufffdy");
	assert_email("x\xed\xbf\xbfy", "x\ufffdy");
}

static void refuses_empty_malformed_and_long(void **state)
{
	SCOPED(buf_fini) struct buf out = BUF_SECRET_INIT(8192);
	static char many[PASSPHRASE_MAX + 2];

	(void)state;
	assert_ok(buf_append_str(&out, "old"));
	assert_status(kdf_email(bytes_str(""), &out), WK_INVALID);
	assert_status(kdf_email(bytes_str(" \ufeff"), &out), WK_INVALID);
	assert_status(kdf_email(bytes_str("a\xff"), &out), WK_INVALID);
	assert_status(kdf_passphrase(bytes_str("   "), &out), WK_INVALID);
	assert_status(kdf_passphrase(bytes_str("\xc3"), &out), WK_INVALID);
	memset(many, 'x', PASSPHRASE_MAX + 1);
	assert_status(kdf_email(bytes_of(many, EMAIL_MAX + 1), &out), WK_INVALID);
	assert_status(kdf_passphrase(bytes_of(many, PASSPHRASE_MAX + 1), &out), WK_INVALID);
	for (size_t i = 0; i + 3 <= 300; i += 3)
		memcpy(many + i, "\ufdfa", 3);	/* 33 bytes each in NFKD */
	assert_status(kdf_passphrase(bytes_of(many, 300), &out), WK_INVALID);
	assert_bytes_str(buf_bytes(&out), "old");
	assert_ok(kdf_email(bytes_of("xxxx", 4), &out));
}

/* RFC 5869, cases 1 and 3 (first 32 bytes). */
static void known_hkdf(void **state)
{
	uint8_t input[22], salt[13], info[10], out[KEY_SIZE];
	char text[65];

	(void)state;
	memset(input, 0x0b, sizeof input);
	for (uint8_t i = 0; i < sizeof salt; i++)
		salt[i] = i;
	for (uint8_t i = 0; i < sizeof info; i++)
		info[i] = (uint8_t)(0xf0 + i);
	kdf_hkdf(bytes_of(salt, 13), bytes_of(input, 22), bytes_of(info, 10), out);
	hex_encode(out, sizeof out, text);
	assert_string_equal(text,
			    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	kdf_hkdf(bytes_of(NULL, 0), bytes_of(input, 22), bytes_of(NULL, 0), out);
	hex_encode(out, sizeof out, text);
	assert_string_equal(text,
			    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

/* The anchor in the Insomnia client's own tests; and the two keys differ only by salt. */
static void known_derivation(void **state)
{
	SCOPED(enc_key_free_scoped) struct enc_key *enc = NULL;
	SCOPED(auth_key_free_scoped) struct auth_key *auth = NULL, *other = NULL;
	char text[65];

	(void)state;
	assert_ok(kdf_enc_key(bytes_str("Password"), bytes_str("email"), bytes_str("salt"), &enc));
	hex_encode(enc->k, KEY_SIZE, text);
	assert_string_equal(text,
			    "fb058595c02ae9660ed7098273bf50e49407942ecc437bf317638d76c4578eae");
	assert_ok(kdf_auth_key(bytes_str("Password"), bytes_str("email"), bytes_str("salt"),
			       &auth));
	assert_memory_equal(enc->k, auth->k, KEY_SIZE);
	assert_ok(kdf_auth_key(bytes_str("Password"), bytes_str("email"), bytes_str("Salt"),
			       &other));
	assert_memory_not_equal(other->k, auth->k, KEY_SIZE);
	auth_key_free(take(&other));
	assert_status(kdf_auth_key(bytes_of(NULL, 0), bytes_str("e"), bytes_str("s"), &other),
		      WK_INVALID);
	assert_null(other);
}

static void row_keys_differ_by_purpose_and_generation(void **state)
{
	SCOPED(local_key_free_scoped) struct local_key *key = local_key_new();
	SCOPED(row_key_free_scoped) struct row_key *a = NULL, *b = NULL, *c = NULL, *d = NULL;

	(void)state;
	memset(key->k, 7, KEY_SIZE);
	assert_ok(kdf_row_key(key, "rows", 1, &a));
	assert_ok(kdf_row_key(key, "rows", 2, &b));
	assert_ok(kdf_row_key(key, "names", 1, &c));
	assert_ok(kdf_row_key(key, "rows", 1, &d));
	assert_memory_not_equal(a->k, b->k, KEY_SIZE);
	assert_memory_not_equal(a->k, c->k, KEY_SIZE);
	assert_memory_equal(a->k, d->k, KEY_SIZE);
	row_key_free(take(&d));
	assert_status(kdf_row_key(key,
				  "a purpose of far more than the fifty-nine bytes that fit into it",
				  1, &d),
		      WK_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trims_what_ecmascript_trims),
		cmocka_unit_test(full_lower_case),
		cmocka_unit_test(sigma_at_the_end_of_a_word),
		cmocka_unit_test(passphrase_is_nfkd_after_trim),
		cmocka_unit_test(nul_and_lone_surrogates_are_defined),
		cmocka_unit_test(refuses_empty_malformed_and_long),
		cmocka_unit_test(known_hkdf),
		cmocka_unit_test(known_derivation),
		cmocka_unit_test(row_keys_differ_by_purpose_and_generation),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
