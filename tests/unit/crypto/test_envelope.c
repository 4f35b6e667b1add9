/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing and opening text. */
#include "testing.h"

#include "crypto/envelope.h"

static struct sealer *sealer;

static int setup(void **state)
{
	SCOPED(group_key_free_scoped) struct group_key *key = NULL;

	(void)state;
	if (crypto_init() != WK_OK)
		return -1;
	key = group_key_new();
	secret_random(key->k, KEY_SIZE);
	return sealer_for_group(key, &sealer) == WK_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sealer_free(sealer);
	sealer_free(NULL);
	return 0;
}

static void assert_opens(const struct envelope *e, const char *want)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(ENVELOPE_PLAIN_MAX);

	assert_ok(envelope_open_text(sealer, e, &text));
	assert_bytes_str(buf_bytes(&text), want);
}

static void seal_raw(const char *inside, struct envelope *e)
{
	static const uint8_t iv[GCM_IV] = { 9 };

	assert_ok(envelope_seal_bytes(sealer, bytes_str(inside), bytes_of(NULL, 0), iv, e));
}

static void text_comes_back(void **state)
{
	static const char *const texts[] = { "", "%", "%%25%", "{\"a\":\"é😀 100 %\"}", "\x01\x7f" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
		static const uint8_t iv[GCM_IV] = { 1 };

		assert_ok(envelope_seal_text(sealer, bytes_str(texts[i]), bytes_str("ad"), false,
					     &e));
		assert_opens(&e, texts[i]);
		assert_ok(envelope_seal_stock(sealer, bytes_str(texts[i]), bytes_str("ad"), iv,
					      &e));
		assert_opens(&e, texts[i]);
	}
}

static void only_the_percent_sign_is_escaped(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf raw = BUF_SECRET_INIT(1024);

	(void)state;
	assert_ok(envelope_seal_text(sealer, bytes_str("é 5% \""), bytes_of(NULL, 0), false, &e));
	assert_ok(envelope_open_bytes(sealer, &e, &raw));
	assert_bytes_str(buf_bytes(&raw), "é 5%25 \"");
	assert_ok(envelope_seal_stock(sealer, bytes_str("é 5% \""), bytes_of(NULL, 0), e.iv, &e));
	assert_ok(envelope_open_bytes(sealer, &e, &raw));
	assert_bytes_str(buf_bytes(&raw), "%C3%A9%205%25%20%22");
}

static void padding_goes_to_the_size_class(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(ENVELOPE_PLAIN_MAX);
	char many[601];

	(void)state;
	assert_ok(envelope_seal_text(sealer, bytes_str("{}"), bytes_of(NULL, 0), true, &e));
	assert_int_equal(e.d.n, 512);
	assert_ok(envelope_open_text(sealer, &e, &text));
	assert_int_equal(text.n, 512);
	assert_memory_equal(text.p, "{}  ", 4);
	assert_int_equal(text.p[511], ' ');
	memset(many, '%', 600);
	many[600] = '\0';
	assert_ok(envelope_seal_text(sealer, bytes_str(many), bytes_of(NULL, 0), true, &e));
	assert_int_equal(e.d.n, envelope_padded_size(1800));
}

/* Padme: L = 513 .. 1023 keep 4 bits after the first (steps of 32), and so on. */
static void size_classes(void **state)
{
	(void)state;
	assert_int_equal(envelope_padded_size(0), 512);
	assert_int_equal(envelope_padded_size(512), 512);
	assert_int_equal(envelope_padded_size(513), 544);
	assert_int_equal(envelope_padded_size(1000), 1024);
	assert_int_equal(envelope_padded_size(1025), 1088);
	assert_int_equal(envelope_padded_size(2048), 2048);
	assert_int_equal(envelope_padded_size(100000), 100352);
	for (size_t n = 513; n < 5000000; n += 1 + n / 97) {
		size_t padded = envelope_padded_size(n);

		assert_true(padded >= n && padded - n <= n * 12 / 100);
		assert_int_equal(envelope_padded_size(padded), padded);
	}
}

static void reads_any_escaping(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;

	(void)state;
	seal_raw("%7b%7D%c3%a9 é%00", &e);
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(64);
	assert_ok(envelope_open_text(sealer, &e, &text));
	assert_true(bytes_equal(buf_bytes(&text), bytes_of("{}é é\0", 8)));
}

static void malformed_text_is_corrupt(void **state)
{
	static const char *const bad[] = { "%",	   "%2",     "x%",    "%zz",	"%2g",
					   "%C3",  "%A9",    "%C0%80", "%ED%A0%80", "\xff",
					   "\xc3", "\xc3%A9", "%F5%80%80%80", "\xed\xa0\x80" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
		SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(64);

		seal_raw(bad[i], &e);
		assert_status(envelope_open_text(sealer, &e, &text), WK_CORRUPT);
		assert_int_equal(text.n, 0);
		assert_ok(envelope_open_bytes(sealer, &e, &text));
	}
}

static void refuses_to_seal_what_no_reader_opens(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;

	(void)state;
	assert_status(envelope_seal_text(sealer, bytes_str("\xff"), bytes_of(NULL, 0), false, &e),
		      WK_INVALID);
	assert_status(envelope_seal_text(sealer, bytes_str("12345678\xed\xa0\x80"),
					 bytes_of(NULL, 0), false, &e),
		      WK_INVALID);
	assert_status(envelope_seal_stock(sealer, bytes_str("\xff"), bytes_of(NULL, 0), e.iv, &e),
		      WK_INVALID);
}

static void each_part_is_authenticated(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(64);
	uint8_t *parts[4];

	(void)state;
	assert_ok(envelope_seal_text(sealer, bytes_str("text"), bytes_str("ad"), false, &e));
	parts[0] = e.iv;
	parts[1] = e.tag;
	parts[2] = e.d.p;
	parts[3] = e.ad.p;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		*parts[i] ^= 0x80;
		assert_status(envelope_open_text(sealer, &e, &text), WK_TAMPERED);
		assert_status(envelope_open_bytes(sealer, &e, &text), WK_TAMPERED);
		*parts[i] ^= 0x80;
	}
	e.d.n--;
	assert_status(envelope_open_text(sealer, &e, &text), WK_TAMPERED);
	e.d.n++;
	e.ad.n--;
	assert_status(envelope_open_text(sealer, &e, &text), WK_TAMPERED);
	e.ad.n++;
	assert_int_equal(text.n, 0);
	assert_opens(&e, "text");
}

static void another_key_opens_nothing(void **state)
{
	SCOPED(account_key_free_scoped) struct account_key *key = account_key_new();
	SCOPED(sealer_free_scoped) struct sealer *other = NULL;
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(64);

	(void)state;
	assert_ok(sealer_for_account(key, &other));
	assert_ok(envelope_seal_text(sealer, bytes_str("text"), bytes_of(NULL, 0), false, &e));
	assert_status(envelope_open_text(other, &e, &text), WK_TAMPERED);
}

static void ivs_differ(void **state)
{
	SCOPED(envelope_fini) struct envelope a = ENVELOPE_INIT, b = ENVELOPE_INIT;

	(void)state;
	assert_ok(envelope_seal_text(sealer, bytes_str("text"), bytes_of(NULL, 0), false, &a));
	assert_ok(envelope_seal_text(sealer, bytes_str("text"), bytes_of(NULL, 0), false, &b));
	assert_memory_not_equal(a.iv, b.iv, GCM_IV);
	assert_memory_not_equal(a.d.p, b.d.p, 4);
}

static void limits_hold(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf large = BUF_INIT(ENVELOPE_PLAIN_MAX + 1);
	SCOPED(buf_fini) struct buf small = BUF_SECRET_INIT(3);
	uint8_t *room;

	(void)state;
	assert_ok(buf_reserve(&large, ENVELOPE_PLAIN_MAX + 1, &room));
	memset(room, 'x', ENVELOPE_PLAIN_MAX + 1);
	assert_status(envelope_seal_text(sealer, bytes_of(room, ENVELOPE_PLAIN_MAX + 1),
					 bytes_of(NULL, 0), false, &e),
		      WK_LIMIT);
	assert_ok(envelope_seal_text(sealer, bytes_of(room, ENVELOPE_PLAIN_MAX - 1),
				     bytes_of(NULL, 0), true, &e));
	assert_int_equal(e.d.n, ENVELOPE_PLAIN_MAX);
	assert_status(envelope_seal_text(sealer, bytes_str("x"), bytes_of(room, 1025), false, &e),
		      WK_LIMIT);
	assert_ok(envelope_seal_text(sealer, bytes_str("text"), bytes_of(room, 1024), false, &e));
	assert_status(envelope_open_text(sealer, &e, &small), WK_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_back),
		cmocka_unit_test(only_the_percent_sign_is_escaped),
		cmocka_unit_test(padding_goes_to_the_size_class),
		cmocka_unit_test(size_classes),
		cmocka_unit_test(reads_any_escaping),
		cmocka_unit_test(malformed_text_is_corrupt),
		cmocka_unit_test(refuses_to_seal_what_no_reader_opens),
		cmocka_unit_test(each_part_is_authenticated),
		cmocka_unit_test(another_key_opens_nothing),
		cmocka_unit_test(ivs_differ),
		cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
