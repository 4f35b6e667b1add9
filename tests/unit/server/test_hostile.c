/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody well-meaning sends: malformed, too much, compressed traps, half requests. */
#include "harness.h"

#include <zlib.h>

#define GZIP "Content-Encoding: gzip\r\n"

static char session[65];

static int setup(void **state)
{
	static struct harness h;

	harness_start(&h);
	harness_session(&h, "ann@example.com", session);
	harness_group(&h, session, "rg_1");
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	harness_stop(*state);
	return 0;
}

static unsigned status_of(struct harness *h, const char *method, const char *path,
			  const char *headers, struct bytes body)
{
	struct answer a;
	unsigned status = ask(h, method, path, session, headers, body, &a);

	answer_fini(&a);
	return status;
}

static unsigned post(struct harness *h, const char *path, const char *body)
{
	return status_of(h, "POST", path, NULL, bytes_str(body));
}

static void test_malformed(void **state)
{
	static const char *const bodies[] = {
		"",    "{",	 "[",	"]",	 "nonsense", "[1]", "[{}]", "{\"changes\":3}",
		"[[]", "\"\x01", "{\"changes\":[{}]}",	     "\xff\xfe",
		"{\"changes\":[{\"id\":\"a\",\"type\":\"R\",\"name\":\"\",\"removed\":false,"
		"\"lastEdited\":1,\"version\":\"\",\"encContent\":\"{}\"}]}",
	};
	static const char *const auth[] = { "/auth/signup", "/auth/login-s", "/auth/login-a",
					    "/auth/login-m1" };
	struct harness *h = *state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		unsigned status = post(h, "/v1/groups/rg_1/push", bodies[i]);

		/* A change list that is not a list changes nothing. */
		assert_int_equal(status, strcmp(bodies[i], "{\"changes\":3}") == 0 ||
					 strcmp(bodies[i], "[1]") == 0 ||
					 strcmp(bodies[i], "[{}]") == 0
						 ? 200 : 422);
		status = post(h, "/sync/push", bodies[i]);
		assert_int_equal(status, 400);
		for (size_t k = 0; k < ARRAY_LEN(auth); k++)
			assert_int_equal(post(h, auth[k], bodies[i]), 400);
	}
	assert_int_equal(post(h, "/sync/pull", "[]"), 200);	/* nothing held, nothing unwanted */
	assert_int_equal(post(h, "/sync/pull", "{\"resources\":[3]}"), 400);
	assert_int_equal(post(h, "/sync/pull", "{\"blacklist\":[3]}"), 400);
}

/* Envelopes that are almost right. */
static void test_envelopes(void **state)
{
	static const char *const contents[] = {
		"{\\\"iv\\\":\\\"00\\\",\\\"t\\\":\\\"\\\",\\\"d\\\":\\\"\\\",\\\"ad\\\":\\\"\\\"}",
		"{\\\"iv\\\":\\\"000000000000000000000000\\\",\\\"t\\\":\\\"\\\",\\\"d\\\":\\\"\\\","
		"\\\"ad\\\":\\\"\\\"}",
		"{\\\"iv\\\":\\\"000000000000000000000000\\\","
		"\\\"t\\\":\\\"000000000000000000000000\\\",\\\"d\\\":\\\"\\\",\\\"ad\\\":\\\"\\\"}",
		"", "null",
	};
	struct harness *h = *state;
	char body[2000];

	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		snprintf(body, sizeof body,
			 "{\"changes\":[{\"id\":\"a\",\"type\":\"R\",\"name\":\"\",\"removed\":false,"
			 "\"lastEdited\":1,\"version\":\"__NO_VERSION__\",\"encContent\":\"%s\"}]}",
			 contents[i]);
		assert_int_equal(post(h, "/v1/groups/rg_1/push", body), 422);
	}
}

static void test_too_large(void **state)
{
	struct harness *h = *state;
	struct buf body = BUF_INIT((size_t)256 << 20);
	uint8_t *room;

	assert_ok(buf_reserve(&body, (size_t)65 << 20, &room));
	memset(room, ' ', (size_t)65 << 20);
	body.n = 100000;	/* small enough to be read and dropped: the connection goes on */
	assert_int_equal(status_of(h, "POST", "/auth/login-s", NULL, buf_bytes(&body)), 413);
	assert_int_equal(status_of(h, "GET", "/v1/groups", NULL, none()), 200);
	body.n = (size_t)65 << 20;
	assert_int_equal(status_of(h, "POST", "/v1/groups/rg_1/push", NULL, buf_bytes(&body)), 413);
	harness_hang_up(h);
	/* One element that never ends. */
	body.p[0] = '[';
	body.p[1] = '"';
	assert_int_equal(status_of(h, "POST", "/sync/push", NULL, bytes_of(body.p, (size_t)40 << 20)),
			 413);
	harness_hang_up(h);
	assert_int_equal(status_of(h, "GET", "/v1/groups", NULL, none()), 200);
	buf_fini(&body);
}

static void test_too_many(void **state)
{
	struct harness *h = *state;
	struct buf body = BUF_INIT((size_t)64 << 20), content = BUF_INIT(4096);

	make_envelope(&content, 10, "A");
	assert_ok(buf_append_str(&body, "{\"changes\":["));
	for (int i = 0; i <= WIRE_PAGE_ITEMS; i++) {
		char id[20];

		snprintf(id, sizeof id, "r%d", i);
		if (i > 0)
			assert_ok(buf_append_char(&body, ','));
		assert_ok(wire_push_item_write(&(struct wire_push_item){
			bytes_str(id), bytes_str("Request"), bytes_str(""), buf_bytes(&content),
			bytes_str(WIRE_NO_VERSION), 1, false }, &body));
	}
	assert_ok(buf_append_str(&body, "]}"));
	assert_int_equal(status_of(h, "POST", "/v1/groups/rg_1/push", NULL, buf_bytes(&body)), 413);
	buf_fini(&body);
	buf_fini(&content);
}

static void compress_into(struct buf *out, const void *data, size_t n)
{
	z_stream zip = { 0 };
	uint8_t *room;
	size_t max = n / 500 + 100000;

	assert_int_equal(deflateInit2(&zip, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_ok(buf_reserve(out, max, &room));
	zip.next_in = (Bytef *)(uintptr_t)data;
	zip.avail_in = (uInt)n;
	zip.next_out = room;
	zip.avail_out = (uInt)max;
	assert_int_equal(deflate(&zip, Z_FINISH), Z_STREAM_END);
	out->n += max - zip.avail_out;
	deflateEnd(&zip);
}

static void test_gzip(void **state)
{
	static const char group[] = "{\"id\":\"rg_z\",\"name\":\"n\",\"encSymmetricKey\":\"ab\"}";
	struct harness *h = *state;
	struct buf zip = BUF_INIT((size_t)64 << 20);
	size_t n = (size_t)100 << 20;
	uint8_t *blank = malloc(n);

	compress_into(&zip, group, sizeof group - 1);
	assert_int_equal(status_of(h, "POST", "/v1/groups", GZIP, buf_bytes(&zip)), 200);
	assert_int_equal(status_of(h, "POST", "/v1/groups", GZIP, bytes_of(zip.p, zip.n - 3)), 422);
	assert_ok(buf_append_str(&zip, "more"));
	assert_int_equal(status_of(h, "POST", "/v1/groups", GZIP, buf_bytes(&zip)), 422);
	assert_int_equal(status_of(h, "POST", "/v1/groups", GZIP, bytes_str("plain")), 422);
	assert_int_equal(status_of(h, "POST", "/v1/groups", "Content-Encoding: br\r\n",
				   bytes_str("x")), 415);
	/* 100 MiB of white space in 100 KiB: refused long before it is all there. */
	memset(blank, ' ', n);
	blank[0] = '[';
	buf_clear(&zip);
	compress_into(&zip, blank, n);
	assert_int_equal(status_of(h, "POST", "/sync/push", GZIP, buf_bytes(&zip)), 413);
	assert_int_equal(status_of(h, "POST", "/auth/login-s", GZIP, buf_bytes(&zip)), 413);
	free(blank);
	buf_fini(&zip);
}

/* A push that breaks off stores nothing of /v1, and the server goes on. */
static void test_broken_off(void **state)
{
	struct harness *h = *state;
	struct buf out = BUF_INIT(65536);
	struct wire_listing page;
	int fd = harness_connect(h);

	append_head(&out, "POST", "/v1/groups/rg_1/push", session, NULL, 100000);
	assert_ok(buf_append_str(&out, "{\"changes\":["));
	assert_true(send_all(fd, buf_bytes(&out)));
	close(fd);
	assert_ok(wire_listing_read(h->arena,
				    ask_json(h, "GET", "/v1/groups/rg_1/listing", session, none(), 200),
				    &page));
	assert_int_equal(page.count, 0);
	buf_fini(&out);
}

static void test_headers(void **state)
{
	struct harness *h = *state;
	struct buf out = BUF_INIT((size_t)1 << 20);
	struct answer a;
	int fd = harness_connect(h);

	/* A header of 200 KiB; a session id of 10 KiB. */
	assert_ok(buf_append_str(&out, "GET /v1/groups HTTP/1.1\r\nHost: x\r\nX-Session-Id: "));
	for (int i = 0; i < 200 * 1024; i++)
		assert_ok(buf_append_char(&out, 'a'));
	assert_ok(buf_append_str(&out, "\r\n\r\n"));
	(void)send_all(fd, buf_bytes(&out));
	if (read_answer(fd, &a))
		assert_true(a.status >= 400 && a.status < 500);
	answer_fini(&a);
	close(fd);
	out.n = 10240;
	assert_ok(buf_append_str(&out, "\r\n\r\n"));
	fd = harness_connect(h);
	assert_true(send_all(fd, buf_bytes(&out)));
	assert_true(read_answer(fd, &a));
	assert_int_equal(a.status, 401);
	answer_fini(&a);
	close(fd);
	buf_fini(&out);
}

static void test_login_limit(void **state)
{
	struct harness *h = *state;
	struct answer a;
	unsigned status = 0;

	for (int i = 0; i < 2000 && status != 429; i++) {
		if (status)
			answer_fini(&a);
		status = ask(h, "POST", "/auth/login-s", NULL, NULL,
			     bytes_str("{\"email\":\"ann@example.com\"}"), &a);
	}
	assert_int_equal(status, 429);
	assert_non_null(answer_header(&a, "Retry-After").p);
	answer_fini(&a);
	assert_int_equal(status_of(h, "GET", "/v1/groups", NULL, none()), 200);
}

/* A taken address answers as a new one, and stays as it was. */
static void test_signup_twice(void **state)
{
	struct harness *h = *state;
	struct auth_key *key = auth_key_new();
	char body[4000], hex[513], again[65];

	memset(hex, '1', 512);
	hex[512] = 0;
	snprintf(body, sizeof body,
		 "{\"email\":\" Ann@Example.COM\",\"firstName\":\"\",\"lastName\":\"\",\"id\":\"act_9\","
		 "\"saltEnc\":\"%.64s\",\"saltAuth\":\"%.64s\",\"saltKey\":\"%.64s\",\"verifier\":\"%s\","
		 "\"publicKey\":\"{}\",\"encPrivateKey\":\"{}\",\"encSymmetricKey\":\"{}\"}",
		 hex, hex, hex, hex);
	assert_int_equal(post(h, "/auth/signup", body), 200);
	hash_sha256(key->k, &(struct bytes){ (const uint8_t *)"ann@example.com", 15 }, 1);
	assert_int_equal(harness_login(h, "ann@example.com", key, again), 200);
	auth_key_free(key);
}

static void test_local_pages(void **state)
{
	struct harness *h = *state;
	struct answer a;

	assert_int_equal(ask(h, "GET", "/healthz", NULL, NULL, none(), &a), 200);
	assert_bytes_str(buf_bytes(&a.body), "ok\n");
	answer_fini(&a);
	assert_int_equal(ask(h, "GET", "/metrics", NULL, NULL, none(), &a), 200);
	assert_non_null(memmem(a.body.p, a.body.n, "wakefsd_logins_total 1\n", 23));
	answer_fini(&a);
	h->options.behind_proxy = true;	/* what comes through the proxy is not this machine */
	assert_int_equal(ask(h, "GET", "/metrics", NULL, "X-Forwarded-For: 127.0.0.1, 10.1.2.3\r\n",
			     none(), &a), 404);
	answer_fini(&a);
	assert_int_equal(ask(h, "GET", "/metrics", NULL, "X-Forwarded-For: nonsense\r\n", none(), &a),
			 404);
	answer_fini(&a);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_malformed),  TEST(test_envelopes),	TEST(test_too_large),
		TEST(test_too_many),   TEST(test_gzip),		TEST(test_broken_off),
		TEST(test_headers),    TEST(test_login_limit),	TEST(test_signup_twice),
		TEST(test_local_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
