/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_HARNESS_H
#define SERVER_HARNESS_H

/*
 * A real server in this process, on a port of its own, and a client that says
 * exactly what a test wants said.
 */
#include "testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/files.h"
#include "crypto/digest.h"
#include "crypto/srp.h"
#include "server/http.h"

#define ANSWER_MAX ((size_t)256 * 1024 * 1024)

struct harness {
	char dir[64];
	struct options options;
	struct server server;
	struct http *http;
	unsigned port;
	int fd;			/* the client's connection; -1: none */
	struct arena *arena;	/* of the JSON of answers */
};

struct answer {
	unsigned status;
	struct buf head, body;
};

static inline void harness_dir(char dir[64])
{
	snprintf(dir, 64, "/tmp/wakefsd-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static inline void harness_remove(const char *dir)
{
	static const char *const names[] = { "db", "db-wal", "db-shm", "db.lock" };
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static inline void harness_open(struct harness *h)
{
	struct sockaddr_storage address;
	char message[5000] = "";
	bool is_loopback;

	assert_ok(options_address(&h->options, &address, &is_loopback));
	if (server_open(&h->server, &h->options, message, sizeof message) != WK_OK)
		fail_msg("%s", message);
	assert_ok(http_start(&h->server, &address, &h->http, &h->port, message, sizeof message));
}

static inline void harness_start(struct harness *h)
{
	*h = (struct harness){ .fd = -1 };
	assert_ok(crypto_init());
	log_setup("test", LOG_ERROR);
	harness_dir(h->dir);
	options_init(&h->options);
	assert_ok(options_set(&h->options, "listen", "127.0.0.1:0"));
	snprintf(h->options.db, sizeof h->options.db, "%s/db", h->dir);
	h->arena = arena_new((size_t)1 << 30);
	harness_open(h);
}

static inline void harness_hang_up(struct harness *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

static inline void harness_close(struct harness *h)
{
	harness_hang_up(h);
	http_stop(h->http);
	server_close(&h->server);
}

static inline void harness_stop(struct harness *h)
{
	harness_close(h);
	arena_free(h->arena);
	harness_remove(h->dir);
}

static inline void answer_fini(struct answer *a)
{
	buf_fini(&a->head);
	buf_fini(&a->body);
}

static inline int harness_connect(const struct harness *h)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)h->port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct timeval limit = { .tv_sec = 60 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return fd;
}

static inline bool send_all(int fd, struct bytes data)
{
	size_t at = 0;

	while (at < data.n) {
		ssize_t n = send(fd, data.p + at, data.n - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* The value of a header, up to the end of its line; .p NULL: there is none. */
static inline struct bytes answer_header(const struct answer *a, const char *name)
{
	char key[80];
	const uint8_t *at;

	snprintf(key, sizeof key, "\r\n%s: ", name);
	at = memmem(a->head.p, a->head.n, key, strlen(key));
	if (!at)
		return (struct bytes){ NULL, 0 };
	at += strlen(key);
	return bytes_of(at, (size_t)((const uint8_t *)memmem(
					     at, (size_t)(a->head.p + a->head.n - at), "\r\n", 2) -
				     at));
}

static inline size_t read_some(int fd, struct buf *in)
{
	uint8_t *room;
	ssize_t n;

	assert_ok(buf_reserve(in, 65536, &room));
	n = recv(fd, room, 65536, 0);
	if (n <= 0)
		return 0;
	in->n += (size_t)n;
	return (size_t)n;
}

static inline void read_chunked(int fd, struct buf *in, size_t at, struct buf *body)
{
	for (;;) {
		const uint8_t *end;
		size_t n;

		while (!(end = memmem(in->p + at, in->n - at, "\r\n", 2)))
			assert_true(read_some(fd, in) > 0);
		n = strtoul((const char *)in->p + at, NULL, 16);
		at = (size_t)(end - in->p) + 2;
		while (in->n < at + n + 2)
			assert_true(read_some(fd, in) > 0);
		assert_ok(buf_append(body, in->p + at, n));
		at += n + 2;
		if (n == 0)
			return;
	}
}

/* Reads one answer; false: the server hung up without one. */
static inline bool read_answer(int fd, struct answer *a)
{
	struct buf in = BUF_INIT(ANSWER_MAX);
	struct bytes length;
	const uint8_t *end;
	size_t at, n;

	a->head = (struct buf)BUF_INIT(65536);
	a->body = (struct buf)BUF_INIT(ANSWER_MAX);
	for (;;) {
		while (!(end = memmem(in.p ? in.p : (uint8_t *)"", in.n, "\r\n\r\n", 4))) {
			if (read_some(fd, &in) == 0) {
				buf_fini(&in);
				return false;
			}
		}
		if (memcmp(in.p, "HTTP/1.1 100", 12) != 0)
			break;
		n = (size_t)(end - in.p) + 4;	/* "100 Continue" goes before the answer */
		memmove(in.p, in.p + n, in.n - n);
		in.n -= n;
	}
	at = (size_t)(end - in.p) + 4;
	assert_ok(buf_append(&a->head, in.p, at));
	assert_memory_equal(in.p, "HTTP/1.1 ", 9);
	a->status = (unsigned)strtoul((const char *)in.p + 9, NULL, 10);
	length = answer_header(a, "Content-Length");
	if (length.p) {
		n = strtoul((const char *)length.p, NULL, 10);
		while (in.n < at + n)
			assert_true(read_some(fd, &in) > 0);
		assert_ok(buf_append(&a->body, in.p + at, n));
	} else if (a->status != 204) {
		read_chunked(fd, &in, at, &a->body);
	}
	buf_fini(&in);
	return true;
}

static inline void append_head(struct buf *out, const char *method, const char *path,
			       const char *session, const char *headers, size_t length)
{
	assert_ok(buf_printf(out, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path));
	if (session)
		assert_ok(buf_printf(out, "X-Session-Id: %s\r\n", session));
	if (headers)
		assert_ok(buf_append_str(out, headers));
	if (length != SIZE_MAX)
		assert_ok(buf_printf(out, "Content-Length: %zu\r\n", length));
	assert_ok(buf_append_str(out, "\r\n"));
}

/* Asks on the harness's connection, which is kept; body.p NULL: none. */
static inline unsigned ask(struct harness *h, const char *method, const char *path,
			   const char *session, const char *headers, struct bytes body,
			   struct answer *a)
{
	struct buf out = BUF_INIT(ANSWER_MAX);
	struct bytes connection;

	if (h->fd < 0)
		h->fd = harness_connect(h);
	append_head(&out, method, path, session, headers, body.p ? body.n : SIZE_MAX);
	if (body.p)
		assert_ok(buf_append(&out, body.p, body.n));
	(void)send_all(h->fd, buf_bytes(&out));	/* refused bodies are not read to the end */
	buf_fini(&out);
	if (!read_answer(h->fd, a))
		fail_msg("%s %s: no answer", method, path);
	connection = answer_header(a, "Connection");
	if (connection.p && bytes_equal_str(connection, "close"))
		harness_hang_up(h);
	return a->status;
}

/* The same, giving the answer's JSON (in the harness's arena; NULL if it is none). */
static inline struct json *ask_json(struct harness *h, const char *method, const char *path,
				    const char *session, struct bytes body, unsigned status)
{
	struct answer a;
	struct json *v = NULL;
	unsigned got = ask(h, method, path, session, NULL, body, &a);

	if (got != status)
		print_error("%s %s: %u %.*s\n", method, path, got, (int)a.body.n,
			    (const char *)a.body.p);
	assert_int_equal(got, status);
	if (json_parse(h->arena, buf_bytes(&a.body), &v, NULL) != WK_OK)
		v = NULL;
	answer_fini(&a);
	return v;
}

static inline struct bytes none(void)
{
	return (struct bytes){ NULL, 0 };
}

/* --- accounts --- */

/* The password is made of the address; no derivation, which the server never sees anyway. */
static inline void harness_signup(struct harness *h, const char *email)
{
	struct auth_key *key = auth_key_new();
	uint8_t verifier[SRP_N], salt[32] = { 7 };
	char salt_hex[65], verifier_hex[513], id[80];
	struct wire_signup m;
	struct buf body = BUF_INIT(65536);

	hash_sha256(key->k, &(struct bytes){ (const uint8_t *)email, strlen(email) }, 1);
	assert_ok(srp_verifier(bytes_str(email), key, bytes_of(salt, 32), verifier));
	hex_encode(salt, 32, salt_hex);
	hex_encode(verifier, SRP_N, verifier_hex);
	snprintf(id, sizeof id, "act_%s", email);
	m = (struct wire_signup){ bytes_str(email), bytes_str("A"), bytes_str("B"), bytes_str(id),
				  bytes_str(salt_hex), bytes_str(salt_hex), bytes_str(salt_hex),
				  bytes_str(verifier_hex), bytes_str("{}"), bytes_str("{}"),
				  bytes_str("{}") };
	assert_ok(wire_signup_write(&m, &body));
	(void)ask_json(h, "POST", "/auth/signup", NULL, buf_bytes(&body), 200);
	buf_fini(&body);
	auth_key_free(key);
}

/* The three calls; the status of the last.  key: what the passphrase derives to. */
static inline unsigned harness_login(struct harness *h, const char *email,
				     const struct auth_key *key, char session_out[65])
{
	struct srp_client *c;
	struct session_key *k;
	uint8_t a_pub[SRP_N], b_pub[SRP_N], salt[32], m1[32], m2[32];
	char a_hex[513], m1_hex[65];
	struct wire_salts salts;
	struct wire_login_b begun;
	struct wire_login_m2 proof;
	struct buf body = BUF_INIT(65536);
	struct answer a;
	struct json *v;
	unsigned status;

	assert_ok(srp_client_new(NULL, &c, a_pub));
	hex_encode(a_pub, SRP_N, a_hex);
	assert_ok(buf_printf(&body, "{\"email\":\"%s\"}", email));
	v = ask_json(h, "POST", "/auth/login-s", NULL, buf_bytes(&body), 200);
	assert_ok(wire_salts_read(v, &salts));
	assert_ok(hex_decode(salts.salt_auth, salt, 32));
	buf_clear(&body);
	assert_ok(wire_login_a_write(&(struct wire_login_a){ bytes_str(email), bytes_str(a_hex) },
				     &body));
	v = ask_json(h, "POST", "/auth/login-a", NULL, buf_bytes(&body), 200);
	assert_ok(wire_login_b_read(v, &begun));
	assert_ok(hex_decode(begun.srp_b, b_pub, SRP_N));
	assert_ok(srp_client_proof(c, bytes_str(email), key, bytes_of(salt, 32), b_pub, m1));
	hex_encode(m1, 32, m1_hex);
	buf_clear(&body);
	assert_ok(wire_login_m1_write(&(struct wire_login_m1){ bytes_str(m1_hex),
							       begun.starter_id }, &body));
	status = ask(h, "POST", "/auth/login-m1", NULL, NULL, buf_bytes(&body), &a);
	if (status == 200) {
		assert_ok(json_parse(h->arena, buf_bytes(&a.body), &v, NULL));
		assert_ok(wire_login_m2_read(v, &proof));
		assert_ok(hex_decode(proof.srp_m2, m2, 32));
		assert_ok(srp_client_finish(c, m2, &k));
		hex_encode(k->k, KEY_SIZE, session_out);
		session_key_free(k);
	}
	answer_fini(&a);
	buf_fini(&body);
	srp_client_free(c);
	return status;
}

static inline void harness_session(struct harness *h, const char *email, char session_out[65])
{
	struct auth_key *key = auth_key_new();

	harness_signup(h, email);
	hash_sha256(key->k, &(struct bytes){ (const uint8_t *)email, strlen(email) }, 1);
	assert_int_equal(harness_login(h, email, key, session_out), 200);
	auth_key_free(key);
}

/* --- resources --- */

/* An envelope of n random bytes with this `ad`: the server never looks inside. */
static inline void make_envelope(struct buf *out, size_t n, const char *ad)
{
	struct envelope e = ENVELOPE_INIT;
	uint8_t *room;

	secret_random(e.iv, sizeof e.iv);
	secret_random(e.tag, sizeof e.tag);
	assert_ok(buf_reserve(&e.d, n ? n : 1, &room));
	secret_random(room, n);
	e.d.n = n;
	assert_ok(buf_append_str(&e.ad, ad));
	buf_clear(out);
	assert_ok(envelope_write(&e, out));
	envelope_fini(&e);
}

static inline void harness_group(struct harness *h, const char *session, const char *id)
{
	char body[512];

	snprintf(body, sizeof body,
		 "{\"id\":\"%s\",\"parentResourceId\":\"wrk_1\",\"name\":\"n/a\","
		 "\"encSymmetricKey\":\"ab\"}",
		 id);
	(void)ask_json(h, "POST", "/v1/groups", session, bytes_str(body), 200);
}

/* One change of /v1 with a fresh envelope; the answer's JSON. */
static inline struct json *push_one(struct harness *h, const char *session, const char *group,
				    const char *id, const char *seen, const char *ad,
				    unsigned status)
{
	struct buf content = BUF_INIT(65536), body = BUF_INIT(65536);
	struct wire_push_item item = { .id = bytes_str(id), .type = bytes_str("Request"),
				       .name = bytes_str("n/a"), .seen_version = bytes_str(seen),
				       .last_edited_ms = 1540676107295 };
	char path[200];
	struct json *v;

	make_envelope(&content, 100, ad);
	item.enc_content = buf_bytes(&content);
	assert_ok(wire_push_write(&item, 1, &body));
	snprintf(path, sizeof path, "/v1/groups/%s/push", group);
	v = ask_json(h, "POST", path, session, buf_bytes(&body), status);
	buf_fini(&content);
	buf_fini(&body);
	return v;
}

/* The version that a push of one was answered with, as text of the arena. */
static inline const char *pushed_version(struct harness *h, const struct json *v)
{
	struct wire_push_answer answer;

	assert_ok(wire_push_answer_read(h->arena, v, &answer));
	assert_int_equal(answer.count, 1);
	return (const char *)arena_copy(h->arena, answer.items[0].version).p;
}

/* --- vectors --- */

/* One of the known answers in tests/vectors. */
static inline struct json *read_vectors(struct harness *h, const char *name)
{
	struct buf text = BUF_INIT((size_t)64 * 1024 * 1024);
	struct json *v = NULL;
	char path[512];

	snprintf(path, sizeof path, "tests/vectors/%s", name);
	assert_ok(files_read(path, &text));
	assert_ok(json_parse(h->arena, buf_bytes(&text), &v, NULL));
	buf_fini(&text);
	return v;
}

static inline struct json *at(const struct json *v, const char *path)
{
	char key[64];

	while (*path) {
		size_t n = strcspn(path, "/");

		snprintf(key, sizeof key, "%.*s", (int)n, path);
		v = v && v->type == JSON_ARRAY ? &v->items[atoi(key)] : json_get(v, key);
		assert_non_null(v);
		path += n + (path[n] == '/');
	}
	return (struct json *)(uintptr_t)v;
}

/* A text of the tree as a C string of the arena. */
static inline const char *text_at(struct harness *h, const struct json *v, const char *path)
{
	return (const char *)arena_copy(h->arena, at(v, path)->text).p;
}

#endif
