/* SPDX-License-Identifier: Apache-2.0 */
/* http.h against servers that do not mean well: what is sent, and how every exchange ends. */
#include "hostile.h"

#include "crypto/secret.h"
#include "net/http.h"

#define SESSION "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* --- one exchange with one server --- */

struct result {
	enum wk_status st;
	struct http_response r;
	int64_t took_ms;
	unsigned requests, connections;
};

static struct result ask_as(const char *url, const struct http_request *q, size_t max)
{
	struct result out = { .r = HTTP_RESPONSE_INIT(max) };
	int64_t began = clock_mono_ms();
	struct http *h = NULL;

	assert_ok(http_new(url, &h));
	out.st = http_exchange(h, q, &out.r);
	out.took_ms = clock_mono_ms() - began;
	http_free(h);
	assert_true(is_plain_ascii(out.r.problem));
	if (out.st != WK_OK) {
		assert_int_equal(out.r.body.n, 0);
		assert_int_equal(out.r.status, 0);
		http_response_fini(&out.r);
	}
	return out;
}

static struct result ask(hostile_fn *fn, const void *arg, int64_t timeout_ms, size_t max)
{
	struct hostile *s = hostile_new(fn, arg);
	const struct http_request q = { .method = "GET", .path = "/x", .timeout_ms = timeout_ms };
	struct result out = ask_as(s->url, &q, max);

	hostile_stop(s);
	out.requests = atomic_load(&s->requests);
	out.connections = atomic_load(&s->connections);
	hostile_free(s);
	return out;
}

/* Says the text and closes. */
static bool say_and_close(struct hostile *h, int fd, const struct asked *a)
{
	(void)a;
	(void)say(fd, h->arg);
	return false;
}

static struct result ask_text(const char *answer, size_t max)
{
	return ask(say_and_close, answer, 5000, max);
}

static bool say_yes(struct hostile *h, int fd, const struct asked *a)
{
	(void)h;
	(void)a;
	return say_json(fd, 200, "{\"yes\":1}");
}

/* --- what is sent --- */

static char *sent(const struct http_request *q, const char *session)
{
	struct hostile *s = hostile_new(say_yes, NULL);
	struct http_response r = HTTP_RESPONSE_INIT(1000);
	struct http *h = NULL;
	char *text;

	assert_ok(http_new(s->url, &h));
	assert_ok(http_set_session(h, session));
	assert_ok(http_exchange(h, q, &r));
	assert_int_equal(r.status, 200);
	assert_bytes_str(buf_bytes(&r.body), "{\"yes\":1}");
	http_response_fini(&r);
	http_free(h);
	hostile_stop(s);
	text = strdup((const char *)s->log.p);
	hostile_free(s);
	return text;
}

static void test_get_without_session(void **state)
{
	const struct http_request q = { .method = "GET", .path = "/v1/groups?x=y" };
	char *text = sent(&q, NULL);

	(void)state;
	assert_ptr_equal(strstr(text, "GET /v1/groups?x=y HTTP/1.1\r\n"), text);
	assert_non_null(strstr(text, "\r\nUser-Agent: wakefs/" WK_VERSION "\r\n"));
	assert_non_null(strstr(text, "\r\nAccept: application/json\r\n"));
	assert_null(strcasestr(text, "X-Session-Id"));
	assert_null(strcasestr(text, "Content-Type"));
	assert_null(strcasestr(text, "Content-Length"));
	assert_null(strcasestr(text, "Accept-Encoding"));
	assert_null(strcasestr(text, "Cookie"));
	free(text);
}

static void test_post_with_session(void **state)
{
	char body[20000];
	struct http_request q = { .method = "POST", .path = "/p" };
	char *text;

	(void)state;
	memset(body, 'b', sizeof body);
	q.body = bytes_of(body, sizeof body);
	text = sent(&q, SESSION);
	assert_non_null(strstr(text, "\r\nX-Session-Id: " SESSION "\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Length: 20000\r\n"));
	/* A server that does not know it would cost a second for each push. */
	assert_null(strcasestr(text, "Expect"));
	free(text);
}

static void test_empty_post_has_no_content_type(void **state)
{
	const char *const methods[] = { "POST", "PUT", "DELETE" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		const struct http_request q = { .method = methods[i], .path = "/p" };
		char *text = sent(&q, NULL);

		assert_ptr_equal(strstr(text, methods[i]), text);
		assert_non_null(strstr(text, "\r\nContent-Length: 0\r\n"));
		assert_null(strcasestr(text, "Content-Type"));
		free(text);
	}
}

static void test_session_rules(void **state)
{
	struct hostile *s = hostile_new(say_yes, NULL);
	const struct http_request q = { .method = "GET", .path = "/p" };
	struct http_response r = HTTP_RESPONSE_INIT(1000);
	struct http *h = NULL;
	char longer[258];

	(void)state;
	assert_ok(http_new(s->url, &h));
	assert_ok(http_set_session(h, SESSION));
	memset(longer, 'a', sizeof longer);
	longer[257] = '\0';
	assert_status(http_set_session(h, longer), WK_LIMIT);
	assert_status(http_set_session(h, ""), WK_INVALID);
	assert_status(http_set_session(h, "aa\r\nX-Evil: 1"), WK_INVALID);
	assert_status(http_set_session(h, "a b"), WK_INVALID);
	assert_status(http_set_session(h, "\xc3\xa9"), WK_INVALID);
	assert_ok(http_exchange(h, &q, &r));
	assert_ok(http_set_session(h, NULL));
	assert_ok(http_exchange(h, &q, &r));
	assert_int_equal(http_count(h), 2);
	http_response_fini(&r);
	http_free(h);
	hostile_stop(s);
	assert_true(hostile_heard(s, SESSION));
	assert_false(hostile_heard(s, "X-Evil"));
	/* Once, in the first of the two. */
	assert_null(strstr(strstr((char *)s->log.p, SESSION) + 1, "X-Session-Id"));
	assert_int_equal(atomic_load(&s->connections), 1);
	hostile_free(s);
}

/* --- which servers --- */

static void test_urls(void **state)
{
	static const char *const good[] = {
		"https://sync.example.com", "https://sync.example.com:8443/", "HTTPS://h/prefix",
		"http://localhost", "http://LocalHost:8000/", "http://127.0.0.1:1",
		"http://[::1]:8000", "https://[2001:db8::1]",
	};
	static const char *const bad[] = {
		"", "sync.example.com", "localhost:8000", "ftp://localhost", "file:///etc/passwd",
		"http://", "https://", "https:///", "https://:80", "https://h:99999",
		"http://example.com", "http://localhost.example.com", "http://127.0.0.1.example.com",
		"http://10.0.0.1", "http://[::2]", "http://[::1]example.com", "http://[::1",
		"http://localhost@example.com", "https://u:p@example.com", "https://h?x", "https://h#x",
		"https://a b", "https://a\nb", "http://localhost\\.example.com",
		"http://localhost%2eexample.com", "http://0x7f.1.example.com", "gopher://localhost",
	};
	const char *why;
	struct http *h = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (!http_url_is_valid(good[i], &why))
			fail_msg("%s: %s", good[i], why);
		assert_ok(http_new(good[i], &h));
		http_free(h);
	}
	h = NULL;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		why = "";
		if (http_url_is_valid(bad[i], &why))
			fail_msg("%s is taken", bad[i]);
		assert_true(strlen(why) > 0);
		assert_status(http_new(bad[i], &h), WK_INVALID);
		assert_null(h);
	}
	http_free(NULL);
}

static void test_trailing_slash_of_base(void **state)
{
	struct hostile *s = hostile_new(say_yes, NULL);
	const struct http_request q = { .method = "GET", .path = "/p" };
	char url[80];
	struct result out;

	(void)state;
	(void)snprintf(url, sizeof url, "%s/pre/", s->url);
	out = ask_as(url, &q, 1000);
	assert_ok(out.st);
	http_response_fini(&out.r);
	hostile_stop(s);
	assert_true(hostile_heard(s, "GET /pre/p HTTP/1.1"));
	hostile_free(s);
}

static void test_environment_proxy_is_not_used_for_loopback(void **state)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					     "ALL_PROXY", "all_proxy" };
	struct hostile *proxy = hostile_new(say_yes, NULL), *s = hostile_new(say_yes, NULL);
	const struct http_request q = { .method = "GET", .path = "/p", .timeout_ms = 3000 };
	const char *const hosts[] = { "127.0.0.1", "localhost" };
	char url[80];
	struct result out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)setenv(names[i], proxy->url, 1);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		(void)snprintf(url, sizeof url, "http://%s:%u", hosts[i], s->port);
		out = ask_as(url, &q, 1000);
		assert_ok(out.st);
		http_response_fini(&out.r);
	}
	assert_int_equal(atomic_load(&s->requests), 2);
	assert_int_equal(atomic_load(&proxy->connections), 0);
	/* For another host it is, unless the environment excepts it. */
	out = ask_as("https://sync.invalid", &q, 1000);
	assert_status(out.st, WK_OFFLINE);
	(void)setenv("no_proxy", "sync.invalid", 1);
	out = ask_as("https://sync.invalid", &q, 1000);
	assert_status(out.st, WK_OFFLINE);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unsetenv(names[i]);
	(void)unsetenv("no_proxy");
	hostile_stop(proxy);
	assert_int_equal(atomic_load(&proxy->requests), 1);
	assert_true(hostile_heard(proxy, "CONNECT sync.invalid:443"));
	hostile_free(proxy);
	hostile_free(s);
}

static bool redirect(struct hostile *h, int fd, const struct asked *a)
{
	char location[128];

	(void)a;
	(void)snprintf(location, sizeof location, "Location: %s/stolen\r\n", (const char *)h->arg);
	return say_answer(fd, 307, location, bytes_str("moved"));
}

static void test_redirects_are_not_followed(void **state)
{
	struct hostile *other = hostile_new(say_yes, NULL);
	struct result out = ask(redirect, other->url, 5000, 1000);

	(void)state;
	assert_ok(out.st);
	assert_int_equal(out.r.status, 307);
	assert_int_equal(out.requests, 1);
	assert_int_equal(atomic_load(&other->connections), 0);
	http_response_fini(&out.r);
	hostile_free(other);
}

/* --- no answer --- */

static void test_connection_refused(void **state)
{
	const struct http_request q = { .method = "GET", .path = "/p", .timeout_ms = 5000 };
	char url[80];
	struct result out;

	(void)state;
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u", closed_port());
	out = ask_as(url, &q, 1000);
	assert_status(out.st, WK_OFFLINE);
	assert_string_equal(out.r.problem, "nothing answers there");
	assert_true(out.took_ms < 2000);
}

static void test_closes_at_once(void **state)
{
	struct result out = ask(NULL, NULL, 5000, 1000);

	(void)state;
	assert_status(out.st, WK_OFFLINE);
	assert_true(strlen(out.r.problem) > 0);
}

static void test_closes_in_mid_body(void **state)
{
	struct result out = ask_text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":", 1000);

	(void)state;
	assert_status(out.st, WK_OFFLINE);
	out = ask_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"hal\r\n", 1000);
	assert_status(out.st, WK_OFFLINE);
	out = ask_text("HTTP/1.1 200 OK\r\nContent-Le", 1000);
	assert_true(out.st == WK_OFFLINE || (out.st == WK_OK && out.r.body.n == 0));
	http_response_fini(&out.r);
}

static bool never(struct hostile *h, int fd, const struct asked *a)
{
	(void)h;
	(void)a;
	wait_for_close(fd);
	return false;
}

/* One byte every 20 ms, for as long as somebody listens. */
static bool drip(struct hostile *h, int fd, const struct asked *a)
{
	const char *text = h->arg;

	(void)a;
	while (say_bytes(fd, text, 1)) {
		text = text[1] ? text + 1 : text;
		wait_ms(20);
	}
	return false;
}

static void test_silence_ends(void **state)
{
	struct result out = ask(never, NULL, 300, 1000);

	(void)state;
	assert_status(out.st, WK_OFFLINE);
	assert_string_equal(out.r.problem, "no answer in time");
	assert_true(out.took_ms >= 250 && out.took_ms < 1500);
}

static void test_one_byte_at_a_time_ends(void **state)
{
	struct result out = ask(drip, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n.", 700, 1000);

	(void)state;
	assert_status(out.st, WK_OFFLINE);
	assert_true(out.took_ms >= 600 && out.took_ms < 2000);
	out = ask(drip, "HTTP/1.1 200 OK\r\nX: x", 700, 1000);
	assert_status(out.st, WK_OFFLINE);
	assert_true(out.took_ms < 2000);
}

static void test_one_byte_at_a_time_is_an_answer(void **state)
{
	struct result out = ask(drip, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n.", 10000, 1000);

	(void)state;
	assert_ok(out.st);
	assert_bytes_str(buf_bytes(&out.r.body), "....................");
	http_response_fini(&out.r);
}

static void test_a_stall_ends_early(void **state)
{
	struct hostile *s = hostile_new(never, NULL);
	const struct http_request q = { .method = "GET", .path = "/p", .timeout_ms = 60000,
					.stall_ms = 1000 };
	struct result out = ask_as(s->url, &q, 1000);

	(void)state;
	assert_status(out.st, WK_OFFLINE);
	assert_true(out.took_ms >= 900 && out.took_ms < 6000);
	hostile_free(s);
}

/* --- cancelling --- */

struct poll_run {
	struct http *http;
	enum wk_status st;
	int64_t ended_ms;
};

static void *poll_thread(void *arg)
{
	struct poll_run *p = arg;
	struct http_response r = HTTP_RESPONSE_INIT(1000);
	const struct http_request q = { .method = "POST", .path = "/v1/poll",
					.timeout_ms = 60000 };

	p->st = http_exchange(p->http, &q, &r);
	p->ended_ms = clock_mono_ms();
	http_response_fini(&r);
	return NULL;
}

static bool first_never(struct hostile *h, int fd, const struct asked *a)
{
	return atomic_load(&h->requests) == 1 ? never(h, fd, a) : say_yes(h, fd, a);
}

static void test_cancel_ends_a_long_poll(void **state)
{
	struct hostile *s = hostile_new(first_never, NULL);
	const struct http_request q = { .method = "GET", .path = "/after", .timeout_ms = 5000 };
	struct http_response r = HTTP_RESPONSE_INIT(1000);
	struct poll_run p = { 0 };
	pthread_t thread;
	int64_t began;

	(void)state;
	assert_ok(http_new(s->url, &p.http));
	assert_int_equal(pthread_create(&thread, NULL, poll_thread, &p), 0);
	while (atomic_load(&s->requests) == 0)
		wait_ms(1);
	wait_ms(20);
	began = clock_mono_ms();
	http_cancel(p.http);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_status(p.st, WK_CANCELLED);
	assert_true(p.ended_ms - began < 100);

	/* Until it is taken back nothing is even sent. */
	assert_status(http_exchange(p.http, &q, &r), WK_CANCELLED);
	assert_int_equal(atomic_load(&s->requests), 1);
	http_resume(p.http);
	assert_ok(http_exchange(p.http, &q, &r));
	assert_int_equal(r.status, 200);
	http_response_fini(&r);
	http_free(p.http);
	hostile_free(s);
}

/* --- too much --- */

#define PART 4096

static bool endless(struct hostile *h, int fd, const struct asked *a)
{
	char part[PART];

	(void)a;
	(void)say(fd, h->arg);
	memset(part, 'x', sizeof part);
	while (say_bytes(fd, part, sizeof part))
		continue;
	return false;
}

static bool endless_lines(struct hostile *h, int fd, const struct asked *a)
{
	(void)a;
	(void)say(fd, "HTTP/1.1 200 OK\r\n");
	while (say(fd, h->arg))
		continue;
	return false;
}

static bool endless_chunks(struct hostile *h, int fd, const struct asked *a)
{
	char part[0x1000 + 16] = "1000\r\n";

	(void)h;
	(void)a;
	(void)say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	memset(part + 6, 'x', 0x1000);
	memcpy(part + 6 + 0x1000, "\r\n", 2);
	while (say_bytes(fd, part, 6 + 0x1000 + 2))
		continue;
	return false;
}

static void test_body_over_its_maximum(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n",
		"HTTP/1.1 500 OK\r\n\r\n",
	};
	struct result out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		out = ask(endless, heads[i], 10000, 100000);
		assert_status(out.st, WK_LIMIT);
		http_response_fini(&out.r);
	}
	out = ask(endless_chunks, NULL, 10000, 100000);
	assert_status(out.st, WK_LIMIT);
	http_response_fini(&out.r);
}

static void test_body_at_its_maximum(void **state)
{
	struct result out = ask_text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 10);

	(void)state;
	assert_ok(out.st);
	assert_bytes_str(buf_bytes(&out.r.body), "0123456789");
	http_response_fini(&out.r);
	out = ask_text("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a", 10);
	assert_status(out.st, WK_LIMIT);
	/* An answer of more is refused for what it says, before it comes. */
	out = ask_text("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", 10);
	assert_status(out.st, WK_LIMIT);
}

static void test_content_length_lies(void **state)
{
	struct result out = ask_text("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n0123456789", 1000);

	(void)state;
	assert_ok(out.st);
	assert_bytes_str(buf_bytes(&out.r.body), "0123");
	http_response_fini(&out.r);
	out = ask_text("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n0123456789", 1000);
	assert_status(out.st, WK_OFFLINE);
	out = ask_text("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n0123456789", 1000);
	assert_status(out.st, WK_OFFLINE);
	out = ask_text("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n01", 1000);
	assert_status(out.st, WK_LIMIT);
}

static void test_endless_headers(void **state)
{
	static const char *const lines[] = {
		"X-Header: 0123456789012345678901234567890123456789\r\n",
		"\r\nHTTP/1.1 100 Continue\r\n",
		"Set-Cookie: a=b\r\n",
		"Content-Length: 5\r\n",
		"X: folded\r\n here\r\n",
	};
	struct result out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		out = ask(endless_lines, lines[i], 10000, 1000);
		assert_status(out.st, WK_LIMIT);
		assert_true(out.took_ms < 3000);
	}
	/* One line without end. */
	out = ask(endless, "HTTP/1.1 200 OK\r\nX-Header: ", 10000, 1000);
	assert_status(out.st, WK_LIMIT);
	assert_true(out.took_ms < 3000);
}

/* --- nonsense --- */

static void test_not_http(void **state)
{
	static const char *const texts[] = {
		"", "\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
		"{\"groups\":[]}", "ICY 200 OK\r\n\r\n", "HTTP/1.1 20000 OK\r\n\r\n",
		"\x15\x03\x01\x00\x02\x02\x16",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdefgh\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct result out = ask_text(texts[i], 1000);

		if (out.st == WK_OK)
			fail_msg("%zu is an answer: %d", i, out.r.status);
		assert_status(out.st, WK_OFFLINE);
	}
}

static void test_gzip_is_not_undone(void **state)
{
	struct result out = ask_text("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
				     "Content-Length: 4\r\n\r\n\x1f\x8b\x08\x01", 1000);

	(void)state;
	assert_ok(out.st);
	assert_bytes_str(buf_bytes(&out.r.body), "\x1f\x8b\x08\x01");
	http_response_fini(&out.r);
}

static void test_retry_after(void **state)
{
	static const struct {
		const char *text;
		int64_t want_s;
	} cases[] = {
		{ "7", 7 }, { "0", 0 }, { "-3", 0 }, { "soon", 0 }, { "", 0 },
		{ "3600", HTTP_RETRY_AFTER_MAX_S }, { "3601", HTTP_RETRY_AFTER_MAX_S },
		{ "9223372036854775807", HTTP_RETRY_AFTER_MAX_S },
		{ "Fri, 31 Dec 2100 23:59:59 GMT", HTTP_RETRY_AFTER_MAX_S },
		{ "Fri, 31 Dec 1999 23:59:59 GMT", 0 },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct result out;

		(void)snprintf(text, sizeof text,
			       "HTTP/1.1 429 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
			       cases[i].text);
		out = ask_text(text, 1000);
		assert_ok(out.st);
		assert_int_equal(out.r.status, 429);
		assert_int_equal(out.r.retry_after_s, cases[i].want_s);
		http_response_fini(&out.r);
	}
}

static bool answer_once(struct hostile *h, int fd, const struct asked *a)
{
	(void)say_yes(h, fd, a);
	return false;
}

static void test_a_kept_connection_that_died(void **state)
{
	struct hostile *s = hostile_new(answer_once, NULL);
	const struct http_request q = { .method = "POST", .path = "/p", .timeout_ms = 5000 };
	struct http_response r = HTTP_RESPONSE_INIT(1000);
	struct http *h = NULL;

	(void)state;
	assert_ok(http_new(s->url, &h));
	for (unsigned i = 1; i <= 5; i++) {
		assert_ok(http_exchange(h, &q, &r));
		assert_int_equal(atomic_load(&s->requests), i);
	}
	http_response_fini(&r);
	http_free(h);
	hostile_free(s);
}

/* --- TLS --- */

static void test_https_to_a_plain_port(void **state)
{
	struct hostile *s = hostile_new(say_yes, NULL);
	const struct http_request q = { .method = "GET", .path = "/p", .timeout_ms = 2000 };
	char url[80];
	struct result out;

	(void)state;
	(void)snprintf(url, sizeof url, "https://127.0.0.1:%u", s->port);
	out = ask_as(url, &q, 1000);
	assert_status(out.st, WK_OFFLINE);
	assert_true(strlen(out.r.problem) > 0);
	hostile_stop(s);
	assert_int_equal(atomic_load(&s->requests), 0);
	hostile_free(s);
}

static pid_t run(const char *dir, const char *const *argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (chdir(dir) != 0 || !freopen("/dev/null", "w", stderr) ||
		    !freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "r", stdin))
			_exit(126);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

static bool is_listening(unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool is = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;

	(void)close(fd);
	return is;
}

static void test_a_certificate_nobody_signed(void **state)
{
	const char *const make[] = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
				     "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k", "-out",
				     "c", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
				     "subjectAltName=IP:127.0.0.1", NULL };
	char dir[] = "/tmp/wakefs-net-XXXXXX", port[16], url[80];
	const char *const serve[] = { "openssl", "s_server", "-accept", port, "-cert", "c",
				      "-key", "k", "-www", NULL };
	const struct http_request q = { .method = "GET", .path = "/p", .timeout_ms = 5000 };
	const char *const remove_dir[] = { "rm", "-rf", dir, NULL };
	struct result out;
	int exit_status = 0, n;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	pid = run(dir, make);
	assert_int_equal(waitpid(pid, &exit_status, 0), pid);
	if (exit_status != 0) {
		print_message("no openssl command: certificates are not tested\n");
		skip();
	}
	n = (int)closed_port();
	(void)snprintf(port, sizeof port, "%d", n);
	pid = run(dir, serve);
	for (int i = 0; i < 500 && !is_listening((unsigned)n); i++)
		wait_ms(10);
	(void)snprintf(url, sizeof url, "https://127.0.0.1:%d", n);
	out = ask_as(url, &q, 1000);
	(void)kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &exit_status, 0), pid);
	assert_status(out.st, WK_DENIED);
	assert_non_null(strstr(out.r.problem, "its certificate is not valid"));
	pid = run("/", remove_dir);
	(void)waitpid(pid, &exit_status, 0);
}

static int start(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	return crypto_init() == WK_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_without_session),
		cmocka_unit_test(test_post_with_session),
		cmocka_unit_test(test_empty_post_has_no_content_type),
		cmocka_unit_test(test_session_rules),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_trailing_slash_of_base),
		cmocka_unit_test(test_environment_proxy_is_not_used_for_loopback),
		cmocka_unit_test(test_redirects_are_not_followed),
		cmocka_unit_test(test_connection_refused),
		cmocka_unit_test(test_closes_at_once),
		cmocka_unit_test(test_closes_in_mid_body),
		cmocka_unit_test(test_silence_ends),
		cmocka_unit_test(test_one_byte_at_a_time_ends),
		cmocka_unit_test(test_one_byte_at_a_time_is_an_answer),
		cmocka_unit_test(test_a_stall_ends_early),
		cmocka_unit_test(test_cancel_ends_a_long_poll),
		cmocka_unit_test(test_body_over_its_maximum),
		cmocka_unit_test(test_body_at_its_maximum),
		cmocka_unit_test(test_content_length_lies),
		cmocka_unit_test(test_endless_headers),
		cmocka_unit_test(test_not_http),
		cmocka_unit_test(test_gzip_is_not_undone),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_a_kept_connection_that_died),
		cmocka_unit_test(test_https_to_a_plain_port),
		cmocka_unit_test(test_a_certificate_nobody_signed),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
