/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The login against servers that lie.  The server here does the real SRP, so that each lie is the
 * only thing wrong; what must never happen is that it learns a proof it can use, or a session.
 */
#include "hostile.h"

#include "base/hex.h"
#include "crypto/kdf.h"
#include "crypto/srp.h"
#include "net/api.h"

#define EMAIL "ann@example.com"
#define PASSPHRASE "correct horse battery staple"
#define SALT_KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SALT_AUTH "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
/* RFC 5054's 2048-bit group. */
#define BIG_N                                                                                      \
	"AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050"                         \
	"A37329CBB4A099ED8193E0757767A13DD52312AB4B03310DCD7F48A9DA04FD50"                         \
	"E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B8"                         \
	"55F97993EC975EEAA80D740ADBF4FF747359D041D5C33EA71D281E446B14773B"                         \
	"CA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748"                         \
	"544523B524B0D57D5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6"                         \
	"AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB6"                         \
	"94B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73"

/* What the server says in place of the truth; NULL: the truth. */
struct lies {
	const char *salts, *b, *m2;	/* bodies */
	int status_s, status_a, status_m1;
	uint8_t verifier[SRP_N];
	uint8_t b_secret[32], b_pub[SRP_N], a_pub[SRP_N];
};

static bool answer_a(struct lies *l, int fd, const struct asked *a)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(1 << 20);
	char hex[2 * SRP_N + 1], body[1024];
	struct json *root;

	memset(l->b_secret, 0x42, sizeof l->b_secret);
	if (json_parse(arena, a->body, &root, NULL) != WK_OK ||
	    hex_decode(json_get_str(root, "srpA"), l->a_pub, SRP_N) != WK_OK ||
	    srp_server_b(l->verifier, l->b_secret, l->b_pub) != WK_OK)
		return say_json(fd, 400, "");
	hex_encode(l->b_pub, SRP_N, hex);
	(void)snprintf(body, sizeof body, "{\"sessionStarterId\":\"tok\",\"srpB\":\"%s\"}", hex);
	return say_json(fd, l->status_a, l->b ? l->b : body);
}

static bool answer_m1(struct lies *l, int fd, const struct asked *a)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(1 << 20);
	SCOPED(session_key_free_scoped) struct session_key *key = NULL;
	uint8_t m1[HASH_SIZE], m2[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1], body[256];
	struct json *root;

	if (l->m2)
		return say_json(fd, l->status_m1, l->m2);
	if (json_parse(arena, a->body, &root, NULL) != WK_OK ||
	    hex_decode(json_get_str(root, "srpM1"), m1, sizeof m1) != WK_OK ||
	    !bytes_equal_str(json_get_str(root, "sessionStarterId"), "tok"))
		return say_json(fd, 400, "");
	if (srp_server_finish(l->verifier, l->b_secret, l->a_pub, m1, m2, &key) != WK_OK)
		return say_json(fd, 403, "The e-mail address or the passphrase is wrong.");
	hex_encode(m2, sizeof m2, hex);
	(void)snprintf(body, sizeof body, "{\"srpM2\":\"%s\"}", hex);
	return say_json(fd, l->status_m1, body);
}

static bool lie(struct hostile *h, int fd, const struct asked *a)
{
	struct lies *l = (struct lies *)(uintptr_t)h->arg;

	if (is_path(a, "/auth/login-s"))
		return say_json(fd, l->status_s,
				l->salts ? l->salts
					 : "{\"saltKey\":\"" SALT_KEY "\",\"saltAuth\":\"" SALT_AUTH
					   "\"}");
	if (is_path(a, "/auth/login-a"))
		return answer_a(l, fd, a);
	if (is_path(a, "/auth/login-m1"))
		return answer_m1(l, fd, a);
	return say_json(fd, 401, "no session");
}

static uint8_t verifier[SRP_N];

static struct lies truth(void)
{
	struct lies l = { .status_s = 200, .status_a = 200, .status_m1 = 200 };

	memcpy(l.verifier, verifier, sizeof verifier);
	return l;
}

struct outcome {
	enum wk_status st;
	bool sent_a, sent_m1;
};

/* Logs in, and checks what must hold however it ended. */
static struct outcome login_as(struct lies *l, const char *passphrase)
{
	struct hostile *s = hostile_new(lie, l);
	struct outcome out = { 0 };
	struct arena *arena = arena_new(1 << 20);
	struct api *a = NULL;
	struct wire_whoami who;
	char session[65];

	memset(session, '.', sizeof session);
	assert_ok(api_new(s->url, &a));
	/* One from before must not survive a login that failed. */
	assert_ok(http_set_session(api_http(a), "old-session"));
	out.st = api_login(a, bytes_str(EMAIL), bytes_str(passphrase), session);
	assert_true(is_plain_ascii(api_problem(a)));
	if (out.st == WK_OK) {
		assert_int_equal(strlen(session), 64);
	} else {
		assert_true(strlen(api_problem(a)) > 0);
		for (size_t i = 0; i < sizeof session; i++)
			assert_int_equal(session[i], '.');
	}
	assert_status(api_whoami(a, arena, &who), WK_DENIED);
	api_free(a);
	arena_free(arena);
	hostile_stop(s);
	assert_false(hostile_heard(s, "old-session"));
	assert_false(hostile_heard(s, PASSPHRASE));
	assert_int_equal(hostile_heard(s, "X-Session-Id: "), out.st == WK_OK);
	if (out.st == WK_OK)
		assert_true(hostile_heard(s, session));
	out.sent_a = hostile_heard(s, "srpA");
	out.sent_m1 = hostile_heard(s, "srpM1");
	hostile_free(s);
	return out;
}

static void test_the_truth(void **state)
{
	struct lies l = truth();
	struct outcome out = login_as(&l, PASSPHRASE);

	(void)state;
	assert_ok(out.st);
	assert_true(out.sent_m1);
}

static void test_wrong_passphrase(void **state)
{
	struct lies l = truth();
	struct outcome out = login_as(&l, "incorrect horse");

	(void)state;
	assert_status(out.st, WK_DENIED);
}

static void test_salts_of_wrong_form(void **state)
{
	static const char *const bodies[] = {
		"{}", "[]", "null", "{\"saltKey\":\"" SALT_KEY "\"}", "{\"saltAuth\":\"" SALT_AUTH "\"}",
		"{\"saltKey\":\"\",\"saltAuth\":\"\"}",
		"{\"saltKey\":\"" SALT_KEY "00\",\"saltAuth\":\"" SALT_AUTH "\"}",
		"{\"saltKey\":\"" SALT_KEY "\",\"saltAuth\":\"" SALT_AUTH "0\"}",
		"{\"saltKey\":\"" SALT_KEY "\",\"saltAuth\":\"00\"}",
		"{\"saltKey\":\"" SALT_KEY "\",\"saltAuth\":7}",
		"{\"saltKey\":null,\"saltAuth\":\"" SALT_AUTH "\"}",
		"{\"saltKey\":\"zz23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
		"\"saltAuth\":\"" SALT_AUTH "\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct lies l = truth();
		struct outcome out;

		l.salts = bodies[i];
		out = login_as(&l, PASSPHRASE);
		assert_status(out.st, WK_CORRUPT);
		assert_false(out.sent_a);
	}
}

static void test_salts_without_end(void **state)
{
	static const size_t sizes[] = { 100 * 1024, 3 << 20 };
	static const enum wk_status want[] = { WK_CORRUPT, WK_LIMIT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct lies l = truth();
		struct outcome out;
		char *body = malloc(sizes[i] + 256);

		assert_non_null(body);
		memset(body, '0', sizes[i]);
		memcpy(body, "{\"saltKey\":\"", 12);
		(void)strcpy(body + sizes[i], "\",\"saltAuth\":\"" SALT_AUTH "\"}");
		l.salts = body;
		out = login_as(&l, PASSPHRASE);
		assert_status(out.st, want[i]);
		assert_false(out.sent_a);
		free(body);
	}
}

/* 512 digits: n filler digits, then the text. */
static const char *b_body(char body[4096], char filler, size_t n, const char *text)
{
	int at = snprintf(body, 4096, "{\"sessionStarterId\":\"tok\",\"srpB\":\"");

	memset(body + at, filler, n);
	(void)snprintf(body + (size_t)at + n, 4096 - (size_t)at - n, "%s\"}", text);
	return body;
}

static struct outcome login_with_b(const char *body)
{
	struct lies l = truth();

	l.b = body;
	return login_as(&l, PASSPHRASE);
}

static void test_numbers_that_give_the_key_away(void **state)
{
	char body[4096], more[sizeof BIG_N];
	struct outcome out;

	(void)state;
	out = login_with_b(b_body(body, '0', 512, ""));
	assert_status(out.st, WK_TAMPERED);
	assert_false(out.sent_m1);
	out = login_with_b(b_body(body, '0', 0, BIG_N));
	assert_status(out.st, WK_TAMPERED);
	assert_false(out.sent_m1);
	memcpy(more, BIG_N, sizeof more);
	more[511] = '4';	/* N + 1 */
	out = login_with_b(b_body(body, '0', 0, more));
	assert_status(out.st, WK_TAMPERED);
	assert_false(out.sent_m1);
	out = login_with_b(b_body(body, 'f', 512, ""));
	assert_status(out.st, WK_TAMPERED);
	assert_false(out.sent_m1);
}

static void test_numbers_of_wrong_form(void **state)
{
	static const size_t lengths[] = { 0, 2, 510, 511, 513, 514, 1024 };
	static const char *const bodies[] = {
		"{}", "{\"sessionStarterId\":\"tok\"}", "{\"sessionStarterId\":\"tok\",\"srpB\":5}",
		"{\"sessionStarterId\":\"tok\",\"srpB\":\"\"}",
	};
	char body[4096];
	struct outcome out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		out = login_with_b(b_body(body, '1', lengths[i], ""));
		assert_status(out.st, WK_CORRUPT);
		assert_false(out.sent_m1);
	}
	out = login_with_b(b_body(body, '1', 511, "x"));
	assert_status(out.st, WK_CORRUPT);
	assert_false(out.sent_m1);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		out = login_with_b(bodies[i]);
		assert_status(out.st, WK_CORRUPT);
		assert_false(out.sent_m1);
	}
	/* A number, and no token to go on with. */
	b_body(body, '1', 512, "");
	memcpy(strstr(body, "sessionStarterId"), "S", 1);
	out = login_with_b(body);
	assert_status(out.st, WK_CORRUPT);
	assert_false(out.sent_m1);
}

static void test_token_too_long(void **state)
{
	char *body = malloc(8192), hex[513];
	struct outcome out;

	(void)state;
	memset(hex, '1', sizeof hex - 1);
	hex[512] = '\0';
	(void)snprintf(body, 8192, "{\"srpB\":\"%s\",\"sessionStarterId\":\"%03000d\"}", hex, 0);
	out = login_with_b(body);
	assert_status(out.st, WK_LIMIT);
	assert_false(out.sent_m1);
	free(body);
}

/* It does not know the verifier: it takes any proof, and cannot make its own. */
static void test_wrong_m2(void **state)
{
	static const struct {
		const char *body;
		enum wk_status want;
	} cases[] = {
		{ "{\"srpM2\":\"" SALT_KEY "\"}", WK_TAMPERED },
		{ "{\"srpM2\":\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		  WK_TAMPERED },
		{ "{\"srpM2\":\"\"}", WK_CORRUPT },
		{ "{\"srpM2\":\"00\"}", WK_CORRUPT },
		{ "{\"srpM2\":\"" SALT_KEY SALT_KEY "\"}", WK_CORRUPT },
		{ "{\"srpM2\":null}", WK_CORRUPT },
		{ "{}", WK_CORRUPT },
		{ "", WK_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lies l = truth();
		struct outcome out;

		l.m2 = cases[i].body;
		out = login_as(&l, PASSPHRASE);
		assert_status(out.st, cases[i].want);
	}
}

/* A server with another verifier (another account's, or one it made up). */
static void test_server_without_the_verifier(void **state)
{
	struct lies l = truth();
	struct outcome out;

	(void)state;
	l.verifier[100] ^= 1;
	out = login_as(&l, PASSPHRASE);
	assert_status(out.st, WK_DENIED);
}

static void test_statuses_of_the_steps(void **state)
{
	static const struct {
		int s, a, m1;
		enum wk_status want;
	} cases[] = {
		{ 403, 200, 200, WK_DENIED },	{ 429, 200, 200, WK_BUSY },
		{ 500, 200, 200, WK_OFFLINE },	{ 302, 200, 200, WK_CORRUPT },
		{ 200, 403, 200, WK_DENIED },	{ 200, 503, 200, WK_BUSY },
		{ 200, 200, 401, WK_DENIED },	{ 200, 200, 403, WK_DENIED },
		/* How servers of this protocol say that the proof is wrong. */
		{ 200, 200, 400, WK_DENIED },	{ 200, 200, 404, WK_DENIED },
		{ 200, 200, 500, WK_OFFLINE },	{ 200, 200, 429, WK_BUSY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lies l = truth();
		struct outcome out;

		l.status_s = cases[i].s;
		l.status_a = cases[i].a;
		l.status_m1 = cases[i].m1;
		out = login_as(&l, PASSPHRASE);
		assert_status(out.st, cases[i].want);
		assert_int_equal(out.sent_a, cases[i].s == 200);
		assert_int_equal(out.sent_m1, cases[i].s == 200 && cases[i].a == 200);
	}
}

static void test_nothing_is_derived_from_nothing(void **state)
{
	struct lies l = truth();
	struct hostile *s = hostile_new(lie, &l);
	struct api *a = NULL;
	char session[65];

	(void)state;
	assert_ok(api_new(s->url, &a));
	assert_status(api_login(a, bytes_str(EMAIL), bytes_str(""), session), WK_INVALID);
	api_free(a);
	hostile_stop(s);
	assert_false(hostile_heard(s, "srpA"));
	hostile_free(s);
}

static int start(void **state)
{
	struct auth_key *key = NULL;
	uint8_t salt[32];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_ok(crypto_init());
	assert_ok(hex_decode(bytes_str(SALT_AUTH), salt, sizeof salt));
	assert_ok(kdf_auth_key(bytes_str(PASSPHRASE), bytes_str(EMAIL), bytes_str(SALT_KEY), &key));
	assert_ok(srp_verifier(bytes_str(EMAIL), key, bytes_of(salt, sizeof salt), verifier));
	auth_key_free(key);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_truth),
		cmocka_unit_test(test_wrong_passphrase),
		cmocka_unit_test(test_salts_of_wrong_form),
		cmocka_unit_test(test_salts_without_end),
		cmocka_unit_test(test_numbers_that_give_the_key_away),
		cmocka_unit_test(test_numbers_of_wrong_form),
		cmocka_unit_test(test_token_too_long),
		cmocka_unit_test(test_wrong_m2),
		cmocka_unit_test(test_server_without_the_verifier),
		cmocka_unit_test(test_statuses_of_the_steps),
		cmocka_unit_test(test_nothing_is_derived_from_nothing),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
