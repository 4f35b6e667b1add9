/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes and contexts without a key: the wire form, digests, and what is refused. */
#include "testing.h"

#include "base/hex.h"
#include "base/scoped.h"
#include "crypto/digest.h"

#define IV "\"iv\":\"000102030405060708090a0b\""
#define TAG "\"t\":\"000102030405060708090A0B0C0D0E0F\""
#define D "\"d\":\"00ff\""
#define AD "\"ad\":\"41\""

static int setup(void **state)
{
	(void)state;
	return crypto_init() == WK_OK ? 0 : -1;
}

static enum wk_status parse(const char *text)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;

	return envelope_parse(bytes_str(text), &e);
}

static void reads_and_writes_the_wire_form(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);

	(void)state;
	assert_ok(envelope_parse(bytes_str("{" IV "," TAG "," AD "," D "}"), &e));
	assert_int_equal(e.iv[11], 11);
	assert_int_equal(e.tag[15], 15);
	assert_int_equal(e.d.n, 2);
	assert_int_equal(e.d.p[1], 0xff);
	assert_bytes_str(buf_bytes(&e.ad), "A");
	assert_ok(envelope_write(&e, &text));
	assert_bytes_str(buf_bytes(&text), "{\"iv\":\"000102030405060708090a0b\","
					   "\"t\":\"000102030405060708090a0b0c0d0e0f\","
					   "\"d\":\"00ff\",\"ad\":\"41\"}");
	buf_clear(&text);
	assert_ok(envelope_parse(bytes_str("{" IV "," TAG ",\"d\":\"\",\"ad\":\"\"}"), &e));
	assert_int_equal(e.d.n, 0);
	assert_ok(envelope_write(&e, &text));
	assert_ok(envelope_parse(buf_bytes(&text), &e));
}

static void is_lenient_where_stock_readers_are(void **state)
{
	(void)state;
	assert_ok(parse(" {\n" AD " ,\t" TAG "," D "," IV "\r} \n"));
	assert_ok(parse("{" IV "," TAG "," D "," AD ",\"x\":1}"));
	assert_ok(parse("{\"x\":{\"a\":[1,\"]}\\\"\",{}],\"b\":null},"
			IV "," TAG "," D "," AD "}"));
	assert_ok(parse("{\"\":\"\",\"y\":-1.5e+3,\"z\":true," IV "," TAG "," D "," AD "}"));
}

static void refuses_other_shapes(void **state)
{
	static const char *const bad[] = {
		"", " ", "{", "{}", "null", "[]", "\"\"",
		"{" IV "," TAG "," D "}",
		"{" IV "," TAG "," AD "}",
		"{" IV "," D "," AD "}",
		"{" TAG "," D "," AD "}",
		"{" IV "," IV "," TAG "," D "," AD "}",
		"{" IV "," TAG "," D "," D "," AD "}",
		"{" IV "," TAG "," D "," AD "} x",
		"{" IV "," TAG "," D "," AD "},",
		"{" IV "," TAG "," D "," AD ",}",
		"{," IV "," TAG "," D "," AD "}",
		"{" IV " " TAG "," D "," AD "}",
		"{" IV "," TAG "," D "," AD,
		"{\"iv\":\"\"," TAG "," D "," AD "}",
		"{\"iv\":\"000102030405060708090a\"," TAG "," D "," AD "}",
		"{\"iv\":\"000102030405060708090a0b0c\"," TAG "," D "," AD "}",
		"{\"iv\":\"000102030405060708090a0g\"," TAG "," D "," AD "}",
		"{" IV ",\"t\":\"\"," D "," AD "}",
		"{" IV ",\"t\":\"000102030405060708090a0b\"," D "," AD "}",
		"{" IV ",\"t\":\"000102030405060708090a0b0c0d0e0f10\"," D "," AD "}",
		"{" IV "," TAG ",\"d\":\"0\"," AD "}",
		"{" IV "," TAG ",\"d\":\"0x\"," AD "}",
		"{" IV "," TAG ",\"d\":\"\\u0030\\u0030\"," AD "}",
		"{" IV "," TAG ",\"d\":null," AD "}",
		"{" IV "," TAG ",\"d\":00," AD "}",
		"{" IV "," TAG "," D ",\"ad\":\"4\"}",
		"{" IV "," TAG "," D "," AD ",\"x\":}",
		"{" IV "," TAG "," D "," AD ",\"x\":[}",
		"{" IV "," TAG "," D "," AD ",\"x\":\"\\",
		"{" IV "," TAG "," D "," AD ",\"x\":\"\n\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse(bad[i]) != WK_CORRUPT)
			fail_msg("not refused: %s", bad[i]);
}

static void refuses_deep_nesting(void **state)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(200000);
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;

	(void)state;
	assert_ok(buf_append_str(&text, "{\"x\":"));
	for (int i = 0; i < 100000; i++)
		assert_ok(buf_append_char(&text, '['));
	assert_status(envelope_parse(buf_bytes(&text), &e), WK_CORRUPT);
}

static void bounds_sizes(void **state)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX + 1);
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	uint8_t *room;

	(void)state;
	assert_ok(buf_append_str(&text, "{" IV "," TAG "," D ",\"ad\":\""));
	for (int i = 0; i < 1025; i++)
		assert_ok(buf_append_str(&text, "00"));
	assert_ok(buf_append_str(&text, "\"}"));
	assert_status(envelope_parse(buf_bytes(&text), &e), WK_LIMIT);
	buf_clear(&text);
	assert_ok(buf_reserve(&text, ENVELOPE_TEXT_MAX + 1, &room));
	memset(room, ' ', ENVELOPE_TEXT_MAX + 1);
	text.n = ENVELOPE_TEXT_MAX + 1;
	assert_status(envelope_parse(buf_bytes(&text), &e), WK_LIMIT);
}

static void a_failed_parse_leaves_the_old_one(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;

	(void)state;
	assert_ok(envelope_parse(bytes_str("{" IV "," TAG "," D "," AD "}"), &e));
	assert_status(envelope_parse(bytes_str("{" IV "," TAG "," D ",\"ad\":\"z\"}"), &e),
		      WK_CORRUPT);
	assert_int_equal(e.d.n, 2);
	assert_bytes_str(buf_bytes(&e.ad), "A");
}

/* Computed with Python's hashlib. */
static void known_digest(void **state)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	uint8_t digest[DIGEST_SIZE], inner[HASH_SIZE], again[DIGEST_SIZE];
	char text[2 * DIGEST_SIZE + 1];

	(void)state;
	assert_ok(envelope_parse(bytes_str("{" IV "," TAG "," D "," AD "}"), &e));
	envelope_digest(&e, digest);
	hex_encode(digest, sizeof digest, text);
	assert_string_equal(text, "670c160071327207f1fa2797d02233d5");
	envelope_inner_hash(&e, inner);
	envelope_digest_of(bytes_str("A"), inner, again);
	assert_memory_equal(digest, again, sizeof digest);
	envelope_digest_of(bytes_str("B"), inner, again);
	assert_memory_not_equal(digest, again, sizeof digest);
}

static const struct context sample = {
	"rg_1", "req_1", "Request", 0x0102030405060708,
	{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 }, true
};

static void context_has_this_form(void **state)
{
	static const char want[] =
		"574b010472675f31057265715f3107526571756573740102030405060708"
		"0102030405060708090a0b0c0d0e0f1001";
	SCOPED(buf_fini) struct buf ad = BUF_INIT(1024);
	char text[256];

	(void)state;
	assert_ok(context_write(&sample, &ad));
	hex_encode(ad.p, ad.n, text);
	assert_string_equal(text, want);
}

static void context_comes_back(void **state)
{
	SCOPED(buf_fini) struct buf ad = BUF_INIT(1024);
	struct context longest = sample, got;

	(void)state;
	memset(longest.group_id, 'g', CONTEXT_ID_MAX);
	memset(longest.resource_id, 'r', CONTEXT_ID_MAX);
	memset(longest.type, 't', CONTEXT_ID_MAX);
	longest.n = UINT64_MAX;
	longest.removed = false;
	assert_ok(context_write(&longest, &ad));
	assert_ok(context_parse(buf_bytes(&ad), &got));
	assert_string_equal(got.group_id, longest.group_id);
	assert_string_equal(got.resource_id, longest.resource_id);
	assert_string_equal(got.type, longest.type);
	assert_true(got.n == UINT64_MAX);
	assert_memory_equal(got.p, sample.p, DIGEST_SIZE);
	assert_false(got.removed);
}

static void context_refuses_to_write_what_it_would_not_read(void **state)
{
	SCOPED(buf_fini) struct buf ad = BUF_INIT(1024);
	struct context c = sample;

	(void)state;
	c.n = 0;
	assert_status(context_write(&c, &ad), WK_INVALID);
	c = sample;
	c.type[0] = '\0';
	assert_status(context_write(&c, &ad), WK_INVALID);
	c = sample;
	memset(c.group_id, 'x', sizeof c.group_id);
	assert_status(context_write(&c, &ad), WK_INVALID);
	assert_int_equal(ad.n, 0);
}

static void context_refuses_everything_else(void **state)
{
	SCOPED(buf_fini) struct buf ad = BUF_INIT(1024);
	struct context got;
	size_t n;

	(void)state;
	assert_status(context_parse(bytes_of(NULL, 0), &got), WK_NOT_FOUND);
	assert_ok(context_write(&sample, &ad));
	n = ad.n;
	for (size_t cut = 1; cut < n; cut++)
		assert_status(context_parse(bytes_of(ad.p, cut), &got), WK_CORRUPT);
	assert_ok(buf_append_char(&ad, 0));
	assert_status(context_parse(buf_bytes(&ad), &got), WK_CORRUPT);
	ad.n = n;
	ad.p[n - 1] = 2;	/* removed is 0 or 1 */
	assert_status(context_parse(buf_bytes(&ad), &got), WK_CORRUPT);
	ad.p[n - 1] = 1;
	ad.p[2] = 2;		/* another format */
	assert_status(context_parse(buf_bytes(&ad), &got), WK_CORRUPT);
	ad.p[2] = 1;
	ad.p[5] = 0;		/* a NUL in an id */
	assert_status(context_parse(buf_bytes(&ad), &got), WK_CORRUPT);
	ad.p[5] = 'g';
	assert_ok(context_parse(buf_bytes(&ad), &got));
	memset(ad.p + n - 25, 0, 8);	/* revision 0 */
	assert_status(context_parse(buf_bytes(&ad), &got), WK_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_the_wire_form),
		cmocka_unit_test(is_lenient_where_stock_readers_are),
		cmocka_unit_test(refuses_other_shapes),
		cmocka_unit_test(refuses_deep_nesting),
		cmocka_unit_test(bounds_sizes),
		cmocka_unit_test(a_failed_parse_leaves_the_old_one),
		cmocka_unit_test(known_digest),
		cmocka_unit_test(context_has_this_form),
		cmocka_unit_test(context_comes_back),
		cmocka_unit_test(context_refuses_to_write_what_it_would_not_read),
		cmocka_unit_test(context_refuses_everything_else),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
