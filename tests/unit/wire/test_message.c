/* SPDX-License-Identifier: Apache-2.0 */
/* Every message: written and read back it is the same, and what is wrong is refused. */
#include "testing.h"

#include "base/json.h"
#include "wire/message.h"

#define T(text) bytes_str(text)

static char hex64[65], hex512[513], mark[33];
static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	memset(hex64, 'a', 64);
	memset(hex512, 'B', 512);
	memset(mark, '3', 32);
	arena = arena_new((size_t)64 << 20);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct json *parse(struct bytes text)
{
	struct json *v = NULL;

	assert_ok(json_parse(arena, text, &v, NULL));
	return v;
}

static struct json *parse_str(const char *text)
{
	return parse(T(text));
}

static void assert_same(struct bytes got, struct bytes want)
{
	assert_int_equal(got.p != NULL, want.p != NULL);
	assert_true(bytes_equal(got, want));
}

static struct wire_signup signup(void)
{
	return (struct wire_signup){
		.email = T("ann@example.com"), .first_name = T("Ann \"A\""), .last_name = T(""),
		.id = T("act_1"), .salt_enc = T(hex64), .salt_auth = T(hex64),
		.salt_key = T(hex64), .verifier = T(hex512), .public_key = T("{\"n\":1}"),
		.enc_private_key = T("{}"), .enc_symmetric_key = T("{}"),
	};
}

static void test_signup(void **state)
{
	struct wire_signup m = signup(), back;
	struct buf b = BUF_INIT(65536);

	(void)state;
	assert_ok(wire_signup_write(&m, &b));
	assert_ok(wire_signup_read(parse(buf_bytes(&b)), &back));
	assert_same(back.email, m.email);
	assert_same(back.first_name, m.first_name);
	assert_same(back.last_name, m.last_name);
	assert_same(back.verifier, m.verifier);
	assert_same(back.public_key, m.public_key);
	buf_clear(&b);
	m.verifier.n = 511;
	assert_ok(wire_signup_write(&m, &b));
	assert_status(wire_signup_read(parse(buf_bytes(&b)), &back), WK_CORRUPT);
	m = signup();
	m.salt_key = T("zz");
	buf_clear(&b);
	assert_ok(wire_signup_write(&m, &b));
	assert_status(wire_signup_read(parse(buf_bytes(&b)), &back), WK_CORRUPT);
	m = signup();
	m.email = bytes_of(hex512, 300);
	buf_clear(&b);
	assert_ok(wire_signup_write(&m, &b));
	assert_status(wire_signup_read(parse(buf_bytes(&b)), &back), WK_LIMIT);
	assert_status(wire_signup_read(parse_str("[]"), &back), WK_CORRUPT);
	assert_status(wire_signup_read(parse_str("{}"), &back), WK_CORRUPT);
	assert_status(wire_signup_read(NULL, &back), WK_CORRUPT);
	buf_fini(&b);
}

static void test_login(void **state)
{
	struct wire_salts salts = { T(hex64), T(hex64) }, salts_back;
	struct wire_login_a a = { T("a@b.c"), T(hex512) }, a_back;
	struct wire_login_b lb = { T("starter"), T(hex512) }, lb_back;
	struct wire_login_m1 m1 = { T(hex64), T("starter") }, m1_back;
	struct wire_login_m2 m2 = { T(hex64) }, m2_back;
	struct buf b = BUF_INIT(65536);

	(void)state;
	assert_ok(wire_salts_write(&salts, &b));
	assert_ok(wire_salts_read(parse(buf_bytes(&b)), &salts_back));
	assert_same(salts_back.salt_auth, salts.salt_auth);
	buf_clear(&b);
	assert_ok(wire_login_a_write(&a, &b));
	assert_ok(wire_login_a_read(parse(buf_bytes(&b)), &a_back));
	assert_same(a_back.srp_a, a.srp_a);
	buf_clear(&b);
	assert_ok(wire_login_b_write(&lb, &b));
	assert_ok(wire_login_b_read(parse(buf_bytes(&b)), &lb_back));
	assert_same(lb_back.starter_id, lb.starter_id);
	buf_clear(&b);
	assert_ok(wire_login_m1_write(&m1, &b));
	assert_ok(wire_login_m1_read(parse(buf_bytes(&b)), &m1_back));
	assert_same(m1_back.srp_m1, m1.srp_m1);
	buf_clear(&b);
	assert_ok(wire_login_m2_write(&m2, &b));
	assert_bytes_str(bytes_of(b.p, 10), "{\"srpM2\":\"");
	assert_ok(wire_login_m2_read(parse(buf_bytes(&b)), &m2_back));
	assert_status(wire_login_m2_read(parse_str("{\"srpM2\":\"ab\"}"), &m2_back), WK_CORRUPT);
	assert_status(wire_login_m2_read(parse_str("{\"srpM2\":7}"), &m2_back), WK_CORRUPT);
	buf_fini(&b);
}

static void test_whoami(void **state)
{
	struct wire_whoami m = { .account_id = T("act_1"), .email = T("a@b.c"),
				 .first_name = T("A"), .last_name = T("B"),
				 .public_key = T("{}"), .enc_private_key = T("{}"),
				 .enc_symmetric_key = T("{}"), .salt_enc = T(hex64),
				 .session_expiry_s = 77, .created_ms = 1500535300536 };
	struct wire_whoami back;
	struct buf b = BUF_INIT(65536);
	struct json *v;

	(void)state;
	assert_ok(wire_whoami_write(&m, &b));
	v = parse(buf_bytes(&b));
	assert_ok(wire_whoami_read(v, &back));
	assert_same(back.salt_enc, m.salt_enc);
	assert_int_equal(back.created_ms, m.created_ms);
	assert_int_equal(back.session_expiry_s, 77);
	json_remove(v, "encSymmetricKey");
	assert_status(wire_whoami_read(v, &back), WK_CORRUPT);
	buf_fini(&b);
}

static void test_group(void **state)
{
	struct wire_group m = { .id = T("rg_1"), .name = T("n/a"), .enc_symmetric_key = T("ab"),
				.head = { 5, T(mark) } };
	struct wire_group back;
	struct buf b = BUF_INIT(65536);

	(void)state;
	assert_ok(wire_group_write(&m, false, &b));
	assert_bytes_str(buf_bytes(&b),
			 "{\"id\":\"rg_1\",\"name\":\"n/a\",\"parentResourceId\":null,"
			 "\"encSymmetricKey\":\"ab\",\"teamId\":null,\"teamName\":null,"
			 "\"isDisabled\":false}");
	assert_ok(wire_group_read(parse(buf_bytes(&b)), &back));
	assert_int_equal(back.head.seq, 0);
	assert_null(back.team_id.p);
	buf_clear(&b);
	assert_ok(wire_group_write(&m, true, &b));
	assert_ok(wire_group_read(parse(buf_bytes(&b)), &back));
	assert_int_equal(back.head.seq, 5);
	assert_bytes_str(back.head.mark, mark);
	assert_status(wire_group_read(parse_str("{\"id\":\"a\",\"name\":\"b\",\"encSymmetricKey\":"
						"\"\",\"head\":{\"seq\":-1,\"mark\":\"\"}}"),
				      &back),
		      WK_CORRUPT);
	assert_status(wire_group_read(parse_str("{\"id\":\"a\",\"name\":\"b\",\"encSymmetricKey\":"
						"\"\",\"head\":{\"seq\":3,\"mark\":\"\"}}"),
				      &back),
		      WK_CORRUPT);
	buf_fini(&b);
}

static struct wire_resource resource(void)
{
	return (struct wire_resource){
		.id = T("req_1"), .group_id = T("rg_1"), .type = T("Request"), .name = T("n/a"),
		.version = T(mark), .created_by = T("act_1"), .last_edited_by = T("act_2"),
		.enc_content = T("{\"iv\":\"\"}"), .last_edited_ms = 1540676107295,
		.removed = true,
	};
}

static void test_resource(void **state)
{
	struct wire_link_hash chain[2] = { { T(""), T(hex64) }, { T("00ff"), T(hex64) } };
	struct wire_resource m = resource(), back;
	struct buf b = BUF_INIT(65536);
	struct json *v;

	(void)state;
	assert_ok(wire_resource_write(&m, false, &b));
	v = parse(buf_bytes(&b));
	assert_int_equal(v->count, 10);
	assert_ok(wire_resource_read(arena, v, &back));
	assert_null(back.base_version.p);
	assert_true(back.removed);
	assert_int_equal(back.last_edited_ms, m.last_edited_ms);
	buf_clear(&b);
	m.seq = 9;
	m.chain = chain;
	m.chain_count = 2;
	m.base_version = T("v0");
	m.last_context = T("ctx");
	m.side = true;
	assert_ok(wire_resource_write(&m, true, &b));
	v = parse(buf_bytes(&b));
	assert_ok(wire_resource_read(arena, v, &back));
	assert_int_equal(back.seq, 9);
	assert_int_equal(back.chain_count, 2);
	assert_bytes_str(back.chain[1].ad, "00ff");
	assert_bytes_str(back.chain[1].inner, hex64);
	assert_bytes_str(back.base_version, "v0");
	assert_bytes_str(back.last_context, "ctx");
	assert_true(back.side);
	assert_ok(json_set_str(arena, v, "removed", T("x")));
	assert_status(wire_resource_read(arena, v, &back), WK_CORRUPT);
	assert_ok(json_set_bool(arena, v, "removed", true));
	assert_ok(json_set_str(arena, v, "chain", T("x")));
	assert_status(wire_resource_read(arena, v, &back), WK_CORRUPT);
	buf_fini(&b);
}

static void test_push(void **state)
{
	struct wire_push_item items[2] = {
		{ T("req_1"), T("Request"), T("n/a"), T("{}"), T(WIRE_NO_VERSION), 12, false },
		{ T("req_2"), T("Request"), T("n/a"), T("{}"), T("v1"), 13, true },
	};
	struct wire_push_item back;
	struct buf b = BUF_INIT(65536);
	struct json *v;

	(void)state;
	assert_ok(wire_push_write(items, 2, &b));
	v = json_get(parse(buf_bytes(&b)), "changes");
	assert_int_equal(v->count, 2);
	assert_ok(wire_push_item_read(&v->items[1], &back));
	assert_bytes_str(back.seen_version, "v1");
	assert_true(back.removed);
	assert_ok(json_set_str(arena, &v->items[1], "id", T("")));
	assert_status(wire_push_item_read(&v->items[1], &back), WK_CORRUPT);
	assert_ok(json_set_str(arena, &v->items[1], "id", bytes_of(hex512, 129)));
	assert_status(wire_push_item_read(&v->items[1], &back), WK_LIMIT);
	buf_clear(&b);
	assert_ok(wire_push_item_write(&items[0], &b));
	assert_ok(wire_push_item_read(parse(buf_bytes(&b)), &back));
	assert_int_equal(back.last_edited_ms, 12);
	buf_fini(&b);
}

static void test_push_answer(void **state)
{
	struct wire_pushed items[1] = { { T("req_1"), T("v2") } };
	struct bytes conflicts[2] = { T("req_1"), T("req_9") };
	struct wire_push_answer m = { .items = items, .count = 1,
					   .before = { 2, T(mark) }, .head = { 3, T(mark) } };
	struct wire_push_answer back;
	struct wire_error error;
	struct buf b = BUF_INIT(65536);

	(void)state;
	assert_ok(wire_push_answer_write(&m, &b));
	assert_ok(wire_push_answer_read(arena, parse(buf_bytes(&b)), &back));
	assert_int_equal(back.count, 1);
	assert_bytes_str(back.items[0].version, "v2");
	assert_int_equal(back.head.seq, 3);
	assert_int_equal(back.before.seq, 2);
	assert_bytes_str(back.before.mark, mark);
	buf_clear(&b);
	m = (struct wire_push_answer){ .conflicts = conflicts, .conflict_count = 2,
				       .head = { 3, T(mark) } };
	assert_ok(wire_push_answer_write(&m, &b));
	assert_ok(wire_push_answer_read(arena, parse(buf_bytes(&b)), &back));
	assert_int_equal(back.conflict_count, 2);
	assert_bytes_str(back.conflicts[1], "req_9");
	assert_ok(wire_error_read(parse(buf_bytes(&b)), &error));
	assert_bytes_str(error.error, "conflict");
	assert_status(wire_push_answer_read(arena, parse_str("{\"items\":[]}"), &back),
		      WK_CORRUPT);
	buf_fini(&b);
}

static void test_changes(void **state)
{
	struct wire_resource m = resource();
	struct wire_changes back;
	struct buf b = BUF_INIT(65536);

	(void)state;
	assert_ok(buf_append_str(&b, "{\"items\":["));
	assert_ok(wire_resource_write(&m, true, &b));
	assert_ok(buf_append_str(&b, "],\"next\":{\"seq\":0,\"mark\":\"\"},\"more\":true,"
				     "\"resync\":false}"));
	assert_ok(wire_changes_read(arena, parse(buf_bytes(&b)), &back));
	assert_int_equal(back.count, 1);
	assert_true(back.more);
	assert_false(back.resync);
	assert_bytes_str(back.items[0].id, "req_1");
	assert_status(wire_changes_read(arena, parse_str("{\"items\":[]}"), &back), WK_CORRUPT);
	assert_status(wire_changes_read(arena,
					parse_str("{\"items\":[7],\"next\":{\"seq\":0,\"mark\":"
						  "\"\"},\"more\":true,\"resync\":false}"),
					&back),
		      WK_CORRUPT);
	buf_fini(&b);
}

static void test_page_limit(void **state)
{
	struct wire_changes back;
	struct buf b = BUF_INIT(65536);

	(void)state;
	assert_ok(buf_append_str(&b, "{\"items\":[0"));
	for (int i = 0; i < WIRE_PAGE_ITEMS; i++)
		assert_ok(buf_append_str(&b, ",0"));
	assert_ok(buf_append_str(&b, "],\"next\":{\"seq\":0,\"mark\":\"\"},\"more\":true,"
				     "\"resync\":false}"));
	assert_status(wire_changes_read(arena, parse(buf_bytes(&b)), &back), WK_LIMIT);
	buf_fini(&b);
}

static void test_listing(void **state)
{
	struct wire_listed m = { T("req_1"), T("v"), T(mark), true };
	struct wire_listing back;
	struct buf b = BUF_INIT(65536);

	(void)state;
	assert_ok(buf_append_str(&b, "{\"items\":["));
	assert_ok(wire_listed_write(&m, &b));
	assert_ok(buf_append_str(&b, "],\"head\":"));
	assert_ok(wire_head_write(&(struct wire_head){ 4, T(mark) }, &b));
	assert_ok(buf_append_str(&b, ",\"next\":null}"));
	assert_ok(wire_listing_read(arena, parse(buf_bytes(&b)), &back));
	assert_int_equal(back.count, 1);
	assert_null(back.next.p);
	assert_int_equal(back.head.seq, 4);
	assert_true(back.items[0].removed);
	assert_status(wire_listing_read(arena, parse_str("{}"), &back), WK_CORRUPT);
	buf_fini(&b);
}

static void test_ids_and_poll(void **state)
{
	struct bytes texts[2] = { T("a"), T("\xc3\xa9/x") };
	struct wire_ids ids = { texts, 2 }, ids_back;
	struct wire_poll_head heads[1] = { { T("rg_1"), { 7, T(mark) } } };
	struct wire_poll poll = { heads, 1, 5000 }, poll_back;
	struct buf b = BUF_INIT(65536);

	(void)state;
	assert_ok(wire_ids_write(&ids, &b));
	assert_ok(wire_ids_read(arena, parse(buf_bytes(&b)), &ids_back));
	assert_int_equal(ids_back.count, 2);
	assert_bytes_str(ids_back.ids[1], "\xc3\xa9/x");
	assert_status(wire_ids_read(arena, parse_str("{\"ids\":[1]}"), &ids_back), WK_CORRUPT);
	buf_clear(&b);
	assert_ok(wire_poll_write(&poll, &b));
	assert_ok(wire_poll_read(arena, parse(buf_bytes(&b)), &poll_back));
	assert_int_equal(poll_back.timeout_ms, 5000);
	assert_int_equal(poll_back.heads[0].head.seq, 7);
	assert_bytes_str(poll_back.heads[0].group_id, "rg_1");
	assert_status(wire_poll_read(arena, parse_str("{\"heads\":[],\"timeoutMs\":-1}"),
				     &poll_back),
		      WK_CORRUPT);
	assert_status(wire_poll_read(arena, parse_str("{\"heads\":{}}"), &poll_back), WK_CORRUPT);
	buf_fini(&b);
}

static void test_writer_takes_back(void **state)
{
	struct wire_resource m = resource();
	struct buf b = BUF_INIT(40);

	(void)state;
	assert_ok(buf_append_str(&b, "before"));
	assert_status(wire_resource_write(&m, false, &b), WK_LIMIT);
	assert_bytes_str(buf_bytes(&b), "before");
	buf_fini(&b);
}

static void test_url(void **state)
{
	struct buf b = BUF_INIT(100), back = BUF_INIT(100);

	(void)state;
	assert_ok(wire_url_append(&b, T("a b/\xc3\xa9.-_%")));
	assert_bytes_str(buf_bytes(&b), "a%20b%2F%C3%A9.-_%25");
	assert_ok(wire_url_decode(buf_bytes(&b), &back));
	assert_bytes_str(buf_bytes(&back), "a b/\xc3\xa9.-_%");
	assert_status(wire_url_decode(T("x%2"), &back), WK_CORRUPT);
	assert_status(wire_url_decode(T("x%zz"), &back), WK_CORRUPT);
	assert_bytes_str(buf_bytes(&back), "a b/\xc3\xa9.-_%");
	assert_true(wire_is_group_id(T("rg_1-A")));
	assert_false(wire_is_group_id(T("")));
	assert_false(wire_is_group_id(T("a/b")));
	assert_false(wire_is_group_id(bytes_of(hex512, 129)));
	buf_fini(&b);
	buf_fini(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signup),	      cmocka_unit_test(test_login),
		cmocka_unit_test(test_whoami),	      cmocka_unit_test(test_group),
		cmocka_unit_test(test_resource),      cmocka_unit_test(test_push),
		cmocka_unit_test(test_push_answer),   cmocka_unit_test(test_changes),
		cmocka_unit_test(test_page_limit),    cmocka_unit_test(test_listing),
		cmocka_unit_test(test_ids_and_poll),  cmocka_unit_test(test_writer_takes_back),
		cmocka_unit_test(test_url),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
