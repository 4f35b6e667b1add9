/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: signup, the SRP login, who am I, logout. */
#include "net/api_private.h"

#include <stdio.h>

#include "base/hex.h"

#define REQUEST_MAX (256u * 1024)

static enum wk_status post(struct api *a, struct arena *arena, const char *path,
			   const struct buf *body, struct json **root_out)
{
	const struct api_call call = {
		.method = "POST",
		.path = path,
		.body = buf_bytes(body),
		.answer_max = API_SMALL_ANSWER,
	};

	return api_exchange(a, arena, &call, root_out);
}

enum wk_status api_signup(struct api *a, const struct wire_signup *m)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(API_SMALL_ARENA);
	SCOPED(buf_fini) struct buf body = BUF_INIT(REQUEST_MAX);
	enum wk_status st;

	if (!arena)
		return WK_NOMEM;
	st = wire_signup_write(m, &body);
	if (st != WK_OK)
		return st;
	return post(a, arena, "/auth/signup", &body, NULL);
}

static enum wk_status ask_salts(struct api *a, struct arena *arena, struct bytes email,
				struct wire_salts *out)
{
	SCOPED(buf_fini) struct buf body = BUF_INIT(8192);
	struct json *root = NULL;
	enum wk_status st;

	st = buf_append_str(&body, "{\"email\":");
	if (st == WK_OK)
		st = json_write_string(email, &body);
	if (st == WK_OK)
		st = buf_append_str(&body, "}");
	if (st == WK_OK)
		st = post(a, arena, "/auth/login-s", &body, &root);
	return st == WK_OK ? api_read(a, wire_salts_read(root, out)) : st;
}

static enum wk_status ask_b(struct api *a, struct arena *arena, struct bytes email,
			    const uint8_t a_pub[SRP_N], struct wire_login_b *out,
			    uint8_t b_pub_out[SRP_N])
{
	SCOPED(buf_fini) struct buf body = BUF_INIT(8192);
	char hex[2 * SRP_N + 1];
	struct wire_login_a m = { .email = email };
	struct json *root = NULL;
	enum wk_status st;

	hex_encode(a_pub, SRP_N, hex);
	m.srp_a = bytes_str(hex);
	st = wire_login_a_write(&m, &body);
	if (st == WK_OK)
		st = post(a, arena, "/auth/login-a", &body, &root);
	if (st == WK_OK)
		st = api_read(a, wire_login_b_read(root, out));
	if (st == WK_OK)
		st = hex_decode(out->srp_b, b_pub_out, SRP_N);
	return st;
}

static enum wk_status ask_m2(struct api *a, struct arena *arena, const uint8_t m1[HASH_SIZE],
			     struct bytes starter_id, uint8_t m2_out[HASH_SIZE])
{
	SCOPED(buf_fini) struct buf body = BUF_INIT(16384);
	char hex[2 * HASH_SIZE + 1];
	struct wire_login_m1 m = { .starter_id = starter_id };
	struct wire_login_m2 answer;
	struct json *root = NULL;
	enum wk_status st;

	hex_encode(m1, HASH_SIZE, hex);
	m.srp_m1 = bytes_str(hex);
	st = wire_login_m1_write(&m, &body);
	if (st == WK_OK)
		st = post(a, arena, "/auth/login-m1", &body, &root);
	/* A refused proof is the one case in which the passphrase is the likely reason. */
	if (st == WK_INVALID || st == WK_NOT_FOUND)
		st = WK_DENIED;
	if (st == WK_OK)
		st = api_read(a, wire_login_m2_read(root, &answer));
	if (st == WK_OK)
		st = hex_decode(answer.srp_m2, m2_out, HASH_SIZE);
	return st;
}

/* The id is K in hex, which is as good as the passphrase while it lasts. */
static enum wk_status start_session(struct api *a, const struct session_key *key,
				    char session_out[65])
{
	char id[2 * KEY_SIZE + 1];
	enum wk_status st;

	hex_encode(key->k, KEY_SIZE, id);
	st = http_set_session(a->http, id);
	if (st == WK_OK)
		memcpy(session_out, id, sizeof id);
	explicit_bzero(id, sizeof id);
	return st;
}

enum wk_status api_login(struct api *a, struct bytes email, struct bytes passphrase,
			 char session_out[65])
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(API_SMALL_ARENA);
	SCOPED(auth_key_free_scoped) struct auth_key *key = NULL;
	SCOPED(srp_client_free_scoped) struct srp_client *client = NULL;
	SCOPED(session_key_free_scoped) struct session_key *session = NULL;
	uint8_t a_pub[SRP_N], b_pub[SRP_N], m1[HASH_SIZE], m2[HASH_SIZE], salt[32];
	struct wire_salts salts;
	struct wire_login_b b;
	enum wk_status st;

	if (!arena)
		return WK_NOMEM;
	st = http_set_session(a->http, NULL);
	if (st == WK_OK)
		st = ask_salts(a, arena, email, &salts);
	if (st == WK_OK)
		st = hex_decode(salts.salt_auth, salt, sizeof salt);
	if (st == WK_OK)
		st = kdf_auth_key(passphrase, email, salts.salt_key, &key);
	if (st == WK_OK)
		st = srp_client_new(NULL, &client, a_pub);
	if (st == WK_OK)
		st = ask_b(a, arena, email, a_pub, &b, b_pub);
	if (st == WK_OK)
		st = srp_client_proof(client, email, key, bytes_of(salt, sizeof salt), b_pub, m1);
	if (st == WK_OK)
		st = ask_m2(a, arena, m1, b.starter_id, m2);
	if (st == WK_OK)
		st = srp_client_finish(client, m2, &session);
	if (st == WK_TAMPERED)
		(void)snprintf(a->problem, sizeof a->problem,
			       "the server could not prove that it knows the account");
	return st == WK_OK ? start_session(a, session, session_out) : st;
}

enum wk_status api_whoami(struct api *a, struct arena *arena, struct wire_whoami *out)
{
	const struct api_call call = {
		.method = "GET",
		.path = "/auth/whoami",
		.answer_max = API_SMALL_ANSWER,
	};
	struct json *root = NULL;
	enum wk_status st = api_exchange(a, arena, &call, &root);

	return st == WK_OK ? api_read(a, wire_whoami_read(root, out)) : st;
}

enum wk_status api_logout(struct api *a)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(API_SMALL_ARENA);
	const struct api_call call = {
		.method = "POST",
		.path = "/auth/logout",
		.answer_max = API_SMALL_ANSWER,
	};
	enum wk_status st;

	if (!arena)
		return WK_NOMEM;
	st = api_exchange(a, arena, &call, NULL);
	if (st != WK_OK)
		return st;
	return http_set_session(a->http, NULL);
}
