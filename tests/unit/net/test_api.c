/* SPDX-License-Identifier: Apache-2.0 */
/* The typed calls against answers that are not what the protocol says. */
#include "hostile.h"

#include "crypto/secret.h"
#include "net/api.h"

#define SESSION "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX32 "00112233445566778899aabbccddeeff"
#define HEAD "{\"seq\":5,\"mark\":\"" HEX32 "\"}"
#define RESOURCE                                                                                   \
	"{\"id\":\"req_1\",\"name\":\"n/a\",\"resourceGroupId\":\"g_1\",\"version\":\"v1\","       \
	"\"createdBy\":\"act_1\",\"lastEditedBy\":\"act_1\",\"type\":\"Request\","                 \
	"\"encContent\":\"{}\",\"lastEdited\":1,\"removed\":false,\"seq\":5,"                      \
	"\"chain\":[{\"ad\":\"aa\",\"inner\":\"" HEX32 HEX32 "\"}]}"

/* --- the calls, alike --- */

#define UNTOUCHED 0xa5
/* Output of a failed call must be as it was. */
#define CHECKED(type, call_expression)                                                             \
	do {                                                                                       \
		type out, before;                                                                  \
		enum wk_status st_;                                                                \
		memset(&out, UNTOUCHED, sizeof out);                                               \
		memcpy(&before, &out, sizeof out);                                                 \
		st_ = (call_expression);                                                           \
		if (st_ != WK_OK && st_ != WK_CONFLICT)                                            \
			assert_memory_equal(&out, &before, sizeof out);                            \
		return st_;                                                                        \
	} while (0)

static enum wk_status call_whoami(struct api *a, struct arena *arena)
{
	CHECKED(struct wire_whoami, api_whoami(a, arena, &out));
}

static enum wk_status call_groups(struct api *a, struct arena *arena)
{
	CHECKED(struct api_groups, api_groups(a, arena, &out));
}

static enum wk_status call_push(struct api *a, struct arena *arena)
{
	CHECKED(struct wire_push_answer,
		api_push(a, arena, "g_1", bytes_str("{\"changes\":[]}"), &out));
}

static enum wk_status call_changes(struct api *a, struct arena *arena)
{
	CHECKED(struct wire_changes, api_changes(a, arena, "g_1", 4, HEX32, 1000, &out));
}

static enum wk_status call_listing(struct api *a, struct arena *arena)
{
	CHECKED(struct wire_listing, api_listing(a, arena, "g_1", bytes_of(NULL, 0), &out));
}

static enum wk_status call_fetch(struct api *a, struct arena *arena)
{
	struct bytes ids[] = { bytes_str("req_1"), bytes_str("r\"2") };

	CHECKED(struct wire_changes, api_fetch(a, arena, "g_1", ids, ARRAY_LEN(ids), &out));
}

static enum wk_status call_poll(struct api *a, struct arena *arena)
{
	struct wire_poll_head head = { bytes_str("g_1"), { 5, bytes_str(HEX32) } };
	struct wire_poll have = { &head, 1, 1000 };

	CHECKED(struct wire_poll, api_poll(a, arena, &have, &out));
}

static const struct {
	enum wk_status (*call)(struct api *a, struct arena *arena);
	int status;
	enum wk_status st;
	const char *good;
} calls[] = {
	{ call_whoami, 200, WK_OK,
	  "{\"accountId\":\"act_1\",\"email\":\"a@b\",\"firstName\":\"\",\"lastName\":\"\","
	  "\"publicKey\":\"p\",\"encSymmetricKey\":\"s\",\"encPrivateKey\":\"k\","
	  "\"saltEnc\":\"" HEX32 HEX32 "\"}" },
	{ call_groups, 200, WK_OK,
	  "{\"groups\":[{\"id\":\"g_1\",\"name\":\"n\",\"parentResourceId\":null,"
	  "\"encSymmetricKey\":\"aa\",\"teamId\":null,\"teamName\":null,\"isDisabled\":false,"
	  "\"head\":{\"seq\":0,\"mark\":\"\"}}]}" },
	{ call_push, 200, WK_OK,
	  "{\"items\":[{\"id\":\"req_1\",\"version\":\"v2\"}],\"before\":{\"seq\":0,\"mark\":\"\"},"
	  "\"head\":" HEAD "}" },
	{ call_push, 409, WK_CONFLICT,
	  "{\"error\":\"conflict\",\"message\":\"m\",\"conflicts\":[\"req_1\"],\"head\":" HEAD "}" },
	{ call_changes, 200, WK_OK,
	  "{\"items\":[" RESOURCE "],\"next\":" HEAD ",\"more\":false,\"resync\":false}" },
	{ call_listing, 200, WK_OK,
	  "{\"items\":[{\"id\":\"req_1\",\"version\":\"v\",\"digest\":\"" HEX32 "\","
	  "\"removed\":false}],\"head\":" HEAD ",\"next\":null}" },
	{ call_fetch, 200, WK_OK, "{\"items\":[" RESOURCE "],\"more\":false}" },
	{ call_poll, 200, WK_OK, "{\"heads\":[{\"id\":\"g_1\",\"seq\":5,\"mark\":\"" HEX32 "\"}]}" },
};

/* --- one server that says what it is told --- */

struct script {
	int status;
	const char *headers;
	struct bytes body;
};

static bool scripted(struct hostile *h, int fd, const struct asked *a)
{
	const struct script *s = h->arg;

	(void)a;
	return say_answer(fd, s->status, s->headers, s->body);
}

struct scene {
	struct script script;
	struct hostile *server;
	struct api *api;
	struct arena *arena;
};

static int scene_setup(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	if (!s)
		return -1;
	s->script.headers = "";
	s->server = hostile_new(scripted, &s->script);
	s->arena = arena_new(16 << 20);
	assert_ok(api_new(s->server->url, &s->api));
	*state = s;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *s = *state;

	api_free(s->api);
	arena_free(s->arena);
	hostile_free(s->server);
	free(s);
	return 0;
}

static enum wk_status play(struct scene *s, size_t call, int status, struct bytes body)
{
	enum wk_status st;

	arena_reset(s->arena);
	s->script.status = status;
	s->script.body = body;
	st = calls[call].call(s->api, s->arena);
	hostile_settle(s->server);
	assert_true(is_plain_ascii(api_problem(s->api)));
	if (st != WK_OK && st != WK_CONFLICT && st != WK_NOMEM)
		assert_true(strlen(api_problem(s->api)) > 0);
	else if (st == WK_OK)
		assert_string_equal(api_problem(s->api), "");
	return st;
}

static void test_good_answers(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		assert_status(play(*state, i, calls[i].status, bytes_str(calls[i].good)),
			      calls[i].st);
}

/* --- shapes --- */

static void test_malformed_json(void **state)
{
	static const char *const bodies[] = {
		"", " ", "null", "true", "42", "\"text\"", "[]", "{}", "[[]]", "{", "{\"", "}", "<html>",
		"{\"a\":1} trailing", "{\"a\":\"\xff\xfe\"}", "{'a':1}", "\x1f\x8b\x08", "{\"a\":1,}",
	};
	struct bytes zeros = bytes_of("{}\0\0", 4);

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		for (size_t k = 0; k < ARRAY_LEN(bodies); k++)
			assert_status(play(*state, i, calls[i].status, bytes_str(bodies[k])),
				      WK_CORRUPT);
		assert_status(play(*state, i, calls[i].status, zeros), WK_CORRUPT);
		/* Cut anywhere, it is no answer. */
		for (size_t n = 0; n < strlen(calls[i].good); n += 3)
			assert_status(play(*state, i, calls[i].status,
					   bytes_of(calls[i].good, n)), WK_CORRUPT);
	}
}

static void test_depth_bomb(void **state)
{
	SCOPED(buf_fini) struct buf body = BUF_INIT(1 << 20);

	for (unsigned i = 0; i < 50000; i++)
		assert_ok(buf_append_char(&body, '['));
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		assert_status(play(*state, i, calls[i].status, buf_bytes(&body)), WK_CORRUPT);
	buf_clear(&body);
	for (unsigned i = 0; i < 10000; i++)
		assert_ok(buf_append_str(&body, "{\"items\":"));
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		assert_status(play(*state, i, calls[i].status, buf_bytes(&body)), WK_CORRUPT);
}

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out = NULL;

	if (!at)
		fail_msg("%s is not in %s", from, text);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return out;
}

static void test_wrong_shapes(void **state)
{
	static const struct {
		size_t call;
		const char *from, *to;
	} cases[] = {
		{ 0, "\"act_1\"", "17" }, { 0, "\"email\"", "\"e\"" }, { 0, "\"p\"", "{}" },
		{ 0, HEX32, "" }, { 0, HEX32, "zz112233445566778899aabbccddeeff" },
		{ 1, "\"groups\"", "\"group\"" }, { 1, "[{", "[7,{" }, { 1, "\"g_1\"", "\"\"" },
		{ 1, "\"g_1\"", "\"../auth\"" }, { 1, "\"g_1\"", "\"g 1\"" },
		{ 1, "\"g_1\"", "\"g\\u00001\"" }, { 1, "\"n\"", "null" },
		{ 1, "false", "\"no\"" }, { 1, "\"seq\":0", "\"seq\":-1" },
		{ 1, "\"seq\":0", "\"seq\":1" }, { 1, "{\"seq\":0,\"mark\":\"\"}", "[]" },
		{ 2, "\"items\"", "\"item\"" }, { 2, "[{", "[[],{" }, { 2, "\"v2\"", "2" },
		{ 2, "\"before\"", "\"after\"" }, { 2, "\"head\"", "\"heads\"" }, { 2, "\"seq\":5", "\"seq\":5.5" },
		{ 2, "\"seq\":5", "\"seq\":99999999999999999999" }, { 2, HEX32, "00" },
		/* stored and refused at once */
		{ 2, "\"items\"", "\"conflicts\":[\"req_1\"],\"items\"" },
		{ 2, "\"items\"", "\"conflicts\":[],\"items\"" },
		{ 3, "[\"req_1\"]", "[]" }, { 3, "[\"req_1\"]", "\"req_1\"" },
		{ 3, "[\"req_1\"]", "[1]" },
		{ 3, "\"conflicts\":[\"req_1\"]", "\"items\":[{\"id\":\"a\",\"version\":\"b\"}]" },
		{ 4, "\"items\":[", "\"items\":[null," }, { 4, "\"more\":false", "\"more\":0" },
		{ 4, ",\"resync\":false", "" }, { 4, "\"next\"", "\"then\"" },
		{ 4, "\"lastEdited\":1", "\"lastEdited\":\"1\"" },
		{ 4, "\"removed\":false", "\"removed\":null" }, { 4, "\"seq\":5", "\"seq\":-5" },
		{ 4, "\"inner\":\"", "\"inner\":\"0" }, { 4, "[{\"ad\"", "[3,{\"ad\"" },
		{ 4, "\"encContent\":\"{}\"", "\"encContent\":{}" },
		{ 5, "\"digest\":\"", "\"digest\":\"f" }, { 5, "\"removed\":false", "\"removed\":1" },
		{ 5, "null", "7" }, { 5, "\"head\":", "\"next\":" },
		{ 6, ",\"more\":false", "" }, { 6, "\"items\"", "\"ids\"" },
		{ 7, "\"heads\"", "\"groups\"" }, { 7, "[{", "[[{}],{" }, { 7, "\"g_1\"", "null" },
		{ 7, "\"seq\":5", "\"seq\":\"5\"" }, { 7, HEX32, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t call = cases[i].call;
		char *body = replaced(calls[call].good, cases[i].from, cases[i].to);
		enum wk_status st = play(*state, call, calls[call].status, bytes_str(body));

		if (st != WK_CORRUPT)
			fail_msg("call %zu: %s: %s", call, body, wk_status_text(st));
		free(body);
	}
}

/* --- sizes --- */

static void repeat(struct buf *out, const char *good, const char *bracket, size_t count)
{
	const char *from = strstr(good, bracket) + strlen(bracket), *to = from;
	int depth = 0;

	do {
		depth += *to == '{' ? 1 : *to == '}' ? -1 : 0;
		to++;
	} while (depth > 0);
	while (*to != ',' && *to != ']')
		to++;
	buf_clear(out);
	assert_ok(buf_append(out, good, (size_t)(from - good)));
	for (size_t i = 0; i < count; i++) {
		assert_ok(buf_append(out, from, (size_t)(to - from)));
		if (i + 1 < count)
			assert_ok(buf_append_char(out, ','));
	}
	assert_ok(buf_append_str(out, to));
}

static void test_too_many(void **state)
{
	static const struct {
		size_t call, max;
		const char *bracket;
	} cases[] = {
		{ 1, WIRE_GROUPS_MAX, "\"groups\":[" },	    { 2, WIRE_PAGE_ITEMS, "\"items\":[" },
		{ 3, WIRE_PAGE_ITEMS, "\"conflicts\":[" },  { 4, WIRE_PAGE_ITEMS, "\"items\":[" },
		{ 4, WIRE_CHAIN_MAX, "\"chain\":[" },	    { 5, WIRE_LISTING_ITEMS, "\"items\":[" },
		{ 6, WIRE_PAGE_ITEMS, "\"items\":[" },	    { 7, WIRE_GROUPS_MAX, "\"heads\":[" },
	};
	SCOPED(buf_fini) struct buf body = BUF_INIT(32 << 20);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t c = cases[i].call;

		repeat(&body, calls[c].good, cases[i].bracket, cases[i].max);
		assert_status(play(*state, c, calls[c].status, buf_bytes(&body)), calls[c].st);
		repeat(&body, calls[c].good, cases[i].bracket, cases[i].max + 1);
		assert_status(play(*state, c, calls[c].status, buf_bytes(&body)), WK_LIMIT);
	}
}

static void test_too_long(void **state)
{
	static const struct {
		size_t call, max;
		const char *before;
	} cases[] = {
		{ 0, WIRE_ID_MAX, "\"accountId\":\"" },	  { 0, 4096, "\"publicKey\":\"" },
		{ 1, WIRE_NAME_MAX, "\"name\":\"" },	  { 2, WIRE_VERSION_MAX, "\"version\":\"" },
		{ 3, WIRE_ID_MAX, "\"conflicts\":[\"" },  { 4, WIRE_ID_MAX, "\"items\":[{\"id\":\"" },
		{ 4, 2048, "\"ad\":\"" },		  { 5, WIRE_ID_MAX, "\"items\":[{\"id\":\"" },
		{ 6, WIRE_NAME_MAX, "\"name\":\"" },	  { 7, WIRE_ID_MAX, "\"id\":\"" },
	};
	char filler[5000];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t c = cases[i].call;
		char to[6000], *body;

		memset(filler, 'a', sizeof filler);
		filler[cases[i].max + 1] = '\0';
		(void)snprintf(to, sizeof to, "%s%s", cases[i].before, filler);
		body = replaced(calls[c].good, cases[i].before, to);
		assert_status(play(*state, c, calls[c].status, bytes_str(body)), WK_LIMIT);
		free(body);
	}
}

static void test_small_answers_stay_small(void **state)
{
	struct scene *s = *state;
	SCOPED(buf_fini) struct buf body = BUF_INIT(1 << 20);
	const struct wire_group g = { .id = bytes_str("g_1"), .name = bytes_str("n"),
				      .enc_symmetric_key = bytes_str("aa"),
				      .head.mark = bytes_str("") };

	assert_ok(buf_append_char(&body, '['));
	while (body.n < 200 * 1024)
		assert_ok(buf_append_str(&body, "0,"));
	assert_status(play(s, 0, 200, buf_bytes(&body)), WK_LIMIT);
	assert_status(api_group_create(s->api, &g), WK_LIMIT);
	assert_status(api_logout(s->api), WK_LIMIT);
	hostile_settle(s->server);
}

static void test_a_full_arena(void **state)
{
	struct scene *s = *state;
	struct arena *kept = s->arena;
	SCOPED(buf_fini) struct buf body = BUF_INIT(1 << 20);

	repeat(&body, calls[4].good, "\"items\":[", 500);
	s->arena = arena_new(64 * 1024);
	assert_status(play(s, 4, 200, buf_bytes(&body)), WK_NOMEM);
	arena_free(s->arena);
	s->arena = kept;
}

/* --- statuses --- */

static void test_status_table(void **state)
{
	static const struct {
		int status;
		enum wk_status want;
	} cases[] = {
		{ 201, WK_OK },	      { 301, WK_CORRUPT },  { 302, WK_CORRUPT },  { 307, WK_CORRUPT },
		{ 400, WK_INVALID },  { 401, WK_DENIED },   { 402, WK_CORRUPT },  { 403, WK_DENIED },
		{ 404, WK_NOT_FOUND }, { 405, WK_CORRUPT }, { 409, WK_CONFLICT }, { 413, WK_LIMIT },
		{ 418, WK_CORRUPT },  { 422, WK_INVALID },  { 429, WK_BUSY },	  { 500, WK_OFFLINE },
		{ 502, WK_OFFLINE },  { 503, WK_BUSY },	    { 504, WK_OFFLINE },  { 507, WK_FULL },
		{ 599, WK_OFFLINE },  { 600, WK_OFFLINE },
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_status(play(s, 1, cases[i].status, bytes_str(calls[1].good)),
			      cases[i].want);
		s->script.body = bytes_str("");
		assert_status(api_logout(s->api), cases[i].want);
		hostile_settle(s->server);
	}
	/* An answer with nothing in it. */
	assert_status(play(s, 1, 204, bytes_of("", 0)), WK_CORRUPT);
}

static void test_retry_after(void **state)
{
	struct scene *s = *state;

	s->script.headers = "Retry-After: 7\r\n";
	assert_status(play(s, 1, 429, bytes_str("")), WK_BUSY);
	assert_int_equal(api_retry_after_ms(s->api), 7000);
	s->script.headers = "Retry-After: 9223372036854775807\r\n";
	assert_status(play(s, 1, 503, bytes_str("")), WK_BUSY);
	assert_int_equal(api_retry_after_ms(s->api), HTTP_RETRY_AFTER_MAX_S * 1000);
	s->script.headers = "";
	assert_ok(play(s, 1, 200, bytes_str(calls[1].good)));
	assert_int_equal(api_retry_after_ms(s->api), 0);
}

static void test_problem_texts(void **state)
{
	static const struct {
		int status;
		const char *body, *want;
	} cases[] = {
		{ 403, "{\"error\":\"forbidden\",\"message\":\"It is not yours.\"}", "It is not yours." },
		{ 403, "Wrong password.\n", "Wrong password." },
		{ 403, "\x1b[2J\x1b]0;owned\x07 hi", "?[2J?]0;owned? hi" },
		{ 403, "{\"error\":\"e\",\"message\":\"a\\u001b[31mb\\nc\\u0000d\\u202ee\"}",
		  "a?[31mb c?d???e" },
		{ 403, "caf\xc3\xa9 \x9b\x31m", "caf?? ?1m" },
		{ 500, "", "the server answered 500" },
		{ 502, "<html><h1>Bad gateway</h1>", "the server answered 502" },
		{ 401, "{\"error\":7}", "the server answered 401" },
		{ 401, "{\"error\":\"e\",\"message\":null}", "the server answered 401" },
		{ 401, "   \r\n\t ", "the server answered 401" },
		{ 301, "", "the server answered 301: it wants another address used" },
		/* An error page that shows the request it got. */
		{ 400, "X-Session-Id: " SESSION, "the server answered 400" },
		{ 400, "{\"error\":\"e\",\"message\":\"00112233445566778899AABBCCDDEEFF\"}",
		  "the server answered 400" },
		{ 400, "{\"error\":\"e\",\"message\":\"\\u003000112233445566778899aabbccddeeff...\"}",
		  "the server answered 400" },
	};
	struct scene *s = *state;
	char longer[9000];

	assert_ok(http_set_session(api_http(s->api), SESSION));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)play(s, 1, cases[i].status, bytes_str(cases[i].body));
		assert_string_equal(api_problem(s->api), cases[i].want);
	}
	memset(longer, 'a', sizeof longer);
	(void)play(s, 1, 400, bytes_of(longer, 1000));
	assert_int_equal(strlen(api_problem(s->api)), HTTP_PROBLEM_MAX - 1);
	(void)play(s, 1, 400, bytes_of(longer, sizeof longer));
	assert_string_equal(api_problem(s->api), "the server answered 400");
}

/* --- what is sent --- */

static void test_group_ids_in_paths(void **state)
{
	static const char *const ids[] = { "", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "a\nb" };
	struct scene *s = *state;
	struct wire_changes changes;
	struct wire_listing listing;
	struct wire_push_answer answer;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_status(api_changes(s->api, s->arena, ids[i], 0, "", 10, &changes),
			      WK_INVALID);
		assert_status(api_listing(s->api, s->arena, ids[i], bytes_of(NULL, 0), &listing),
			      WK_INVALID);
		assert_status(api_fetch(s->api, s->arena, ids[i], NULL, 0, &changes), WK_INVALID);
		assert_status(api_push(s->api, s->arena, ids[i], bytes_str("{}"), &answer),
			      WK_INVALID);
	}
	assert_int_equal(http_count(api_http(s->api)), 0);
}

static void test_what_the_calls_ask(void **state)
{
	struct scene *s = *state;
	struct wire_changes changes;
	struct wire_listing listing;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		(void)play(s, i, calls[i].status, bytes_str(calls[i].good));
	s->script.body = bytes_str("{}");
	(void)api_changes(s->api, s->arena, "g_1", UINT64_MAX, "a&b=c", 7, &changes);
	(void)api_listing(s->api, s->arena, "g_1", bytes_str("r/\xc3\xa9 &x"), &listing);
	hostile_stop(s->server);
	assert_true(hostile_heard(s->server, "GET /auth/whoami HTTP/1.1"));
	assert_true(hostile_heard(s->server, "GET /v1/groups HTTP/1.1"));
	assert_true(hostile_heard(s->server, "POST /v1/groups/g_1/push HTTP/1.1"));
	assert_true(hostile_heard(s->server, "GET /v1/groups/g_1/changes?seq=4&limit=1000&mark="
					     HEX32 " HTTP/1.1"));
	assert_true(hostile_heard(s->server, "GET /v1/groups/g_1/listing?limit=10000 HTTP/1.1"));
	assert_true(hostile_heard(s->server, "\r\n\r\n{\"ids\":[\"req_1\",\"r\\\"2\"]}"));
	assert_true(hostile_heard(s->server, "POST /v1/poll HTTP/1.1"));
	assert_true(hostile_heard(s->server, "\"timeoutMs\":1000}"));
	assert_true(hostile_heard(s->server,
				  "?seq=18446744073709551615&limit=7&mark=a%26b%3Dc HTTP/1.1"));
	assert_true(hostile_heard(s->server, "&after=r%2F%C3%A9%20%26x HTTP/1.1"));
}

static void test_no_server(void **state)
{
	struct scene *s = *state;
	struct api *a = NULL;
	struct wire_whoami who;
	char url[64];

	assert_status(api_new("http://example.com", &a), WK_INVALID);
	assert_null(a);
	api_free(NULL);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u", closed_port());
	assert_ok(api_new(url, &a));
	assert_string_equal(api_problem(a), "");
	assert_status(api_whoami(a, s->arena, &who), WK_OFFLINE);
	assert_string_equal(api_problem(a), "nothing answers there");
	http_cancel(api_http(a));
	assert_status(api_whoami(a, s->arena, &who), WK_CANCELLED);
	api_free(a);
}

static int start(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	return crypto_init() == WK_OK ? 0 : -1;
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_good_answers),	    scene_test(test_malformed_json),
		scene_test(test_depth_bomb),	    scene_test(test_wrong_shapes),
		scene_test(test_too_many),	    scene_test(test_too_long),
		scene_test(test_small_answers_stay_small), scene_test(test_a_full_arena),
		scene_test(test_status_table),	    scene_test(test_retry_after),
		scene_test(test_problem_texts),	    scene_test(test_group_ids_in_paths),
		scene_test(test_what_the_calls_ask), scene_test(test_no_server),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
