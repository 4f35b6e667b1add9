/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and sessions: signup, the three steps of a login, whoami, logout, reset. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "crypto/kdf.h"
#include "server/handlers.h"

#define ANSWER_MAX ((size_t)64 * 1024)
#define WRONG_PROOF_COST 10

struct login_state {
	struct storage_account account;
	uint8_t session_hash[HASH_SIZE];
	uint8_t m2[HASH_SIZE];
	int64_t now_ms;
};

static struct login_state *new_state(struct request *r)
{
	struct login_state *s = calloc(1, sizeof *s);

	r->state = s;
	r->state_free = free;
	if (!s)
		reply_status(r, WK_NOMEM);
	else
		s->now_ms = clock_wall_ms();
	return s;
}

static void reply_ok(struct request *r)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(ANSWER_MAX);

	if (buf_append_str(&json, "{}") == WK_OK)
		reply_json(r, 200, &json);
}

/* The address as accounts are kept by. */
static enum wk_status sanitize(struct request *r, struct bytes typed, struct bytes *out)
{
	SCOPED(buf_fini) struct buf email = BUF_INIT(2 * EMAIL_MAX);
	enum wk_status st = kdf_email(typed, &email);

	if (st != WK_OK)
		return st;
	*out = arena_copy(r->arena, buf_bytes(&email));
	return out->p ? WK_OK : WK_NOMEM;
}

/* WK_OK also for an unknown address: *found_out says which. */
static enum wk_status find_account(struct request *r, struct bytes email, bool *found_out,
				   struct storage_account *out)
{
	struct storage *storage = r->server->storage;
	struct storage_tx *tx;
	enum wk_status st = storage->ops->begin(storage, false, &tx);

	if (st != WK_OK)
		return st;
	st = storage->ops->account_by_email(tx, email, r->arena, out);
	storage->ops->abort(tx);
	*found_out = st == WK_OK;
	return st == WK_NOT_FOUND ? WK_OK : st;
}

/* --- signup --- */

static enum wk_status signup_run(struct request *r, struct storage_tx *tx)
{
	const struct storage_ops *ops = r->server->storage->ops;
	struct login_state *s = r->state;
	uint8_t nothing[HASH_SIZE] = { 0 };
	enum wk_status st = ops->account_add(tx, &s->account);

	/* A taken address answers alike, and writes something too: the time tells nothing. */
	if (st == WK_EXISTS)
		st = ops->session_add(tx, nothing, 0, s->now_ms);
	return st;
}

static void signup_after(struct request *r, enum wk_status st)
{
	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	server_count(r->server, signups);
	reply_ok(r);
}

void auth_signup(struct request *r)
{
	struct login_state *s = new_state(r);
	struct json *body;
	enum wk_status st;

	if (!s)
		return;
	st = request_json(r, &body);
	if (st == WK_OK)
		st = wire_signup_read(body, &s->account.told);
	if (st == WK_OK)
		st = sanitize(r, s->account.told.email, &s->account.told.email);
	if (st == WK_OK)
		st = hex_decode(s->account.told.verifier, s->account.verifier,
				sizeof s->account.verifier);
	if (st == WK_OK && s->account.told.id.n == 0)
		st = WK_INVALID;
	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	s->account.created_ms = s->now_ms;
	request_commit(r, signup_run, signup_after);
}

/* --- login --- */

void auth_login_s(struct request *r)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(ANSWER_MAX);
	char fake_key[LOGIN_SALT + 1], fake_auth[LOGIN_SALT + 1];
	struct wire_salts salts;
	struct storage_account account;
	struct json *body;
	struct bytes email = { NULL, 0 };
	bool is_found = false;
	enum wk_status st = request_json(r, &body);

	if (st == WK_OK) {
		email = json_get_str(body, "email");
		st = email.p ? sanitize(r, email, &email) : WK_INVALID;
	}
	if (st == WK_OK)
		st = find_account(r, email, &is_found, &account);
	if (st == WK_OK) {
		login_fake_salts(&r->server->secrets, email, fake_key, fake_auth);
		salts = (struct wire_salts){ bytes_str(fake_key), bytes_str(fake_auth) };
		if (is_found)
			salts = (struct wire_salts){ account.told.salt_key,
						     account.told.salt_auth };
		st = wire_salts_write(&salts, &json);
	}
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_json(r, 200, &json);
}

void auth_login_a(struct request *r)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(ANSWER_MAX);
	SCOPED(buf_fini) struct buf token = BUF_INIT(4096);
	uint8_t a_pub[256], b_pub[256];
	char b_hex[513];
	struct wire_login_a asked = { 0 };
	struct wire_login_b answer;
	struct storage_account account;
	struct json *body;
	bool is_found = false;
	enum wk_status st = request_json(r, &body);

	if (st == WK_OK)
		st = wire_login_a_read(body, &asked);
	if (st == WK_OK)
		st = sanitize(r, asked.email, &asked.email);
	if (st == WK_OK)
		st = hex_decode(asked.srp_a, a_pub, sizeof a_pub);
	if (st == WK_OK)
		st = find_account(r, asked.email, &is_found, &account);
	if (st == WK_OK)
		st = login_begin(&r->server->secrets, is_found ? &account : NULL, asked.email,
				 a_pub, NULL, clock_wall_ms(), b_pub, &token);
	if (st == WK_OK) {
		hex_encode(b_pub, sizeof b_pub, b_hex);
		answer = (struct wire_login_b){ buf_bytes(&token), bytes_str(b_hex) };
		st = wire_login_b_write(&answer, &json);
	}
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_json(r, 200, &json);
}

static enum wk_status login_run(struct request *r, struct storage_tx *tx)
{
	struct login_state *s = r->state;

	return r->server->storage->ops->session_add(tx, s->session_hash, s->account.n, s->now_ms);
}

static void login_after(struct request *r, enum wk_status st)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(ANSWER_MAX);
	struct login_state *s = r->state;
	char m2_hex[2 * HASH_SIZE + 1];

	if (st == WK_OK) {
		hex_encode(s->m2, sizeof s->m2, m2_hex);
		st = wire_login_m2_write(&(struct wire_login_m2){ bytes_str(m2_hex) }, &json);
	}
	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	server_count(r->server, logins);
	reply_json(r, 200, &json);
}

static enum wk_status check_proof(struct request *r, struct login_state *s)
{
	struct login_started started;
	struct wire_login_m1 asked = { 0 };
	struct json *body;
	uint8_t m1[HASH_SIZE];
	bool is_found = false;
	enum wk_status st = request_json(r, &body);

	if (st == WK_OK)
		st = wire_login_m1_read(body, &asked);
	if (st == WK_OK)
		st = hex_decode(asked.srp_m1, m1, sizeof m1);
	if (st != WK_OK)
		return st;
	st = login_open(&r->server->secrets, asked.starter_id, s->now_ms, &started);
	if (st != WK_OK)
		return st == WK_TAMPERED ? WK_DENIED : st;
	st = find_account(r, bytes_str(started.email), &is_found, &s->account);
	if (st == WK_OK)
		st = login_finish(&r->server->secrets, &started, is_found ? &s->account : NULL, m1,
				  s->m2, s->session_hash);
	explicit_bzero(&started, sizeof started);
	return st;
}

void auth_login_m1(struct request *r)
{
	struct login_state *s = new_state(r);
	enum wk_status st;

	if (!s)
		return;
	st = check_proof(r, s);
	if (st == WK_DENIED) {
		server_count(r->server, logins_failed);
		(void)limits_take(r->server->limits, r->address, WRONG_PROOF_COST,
				  clock_mono_ms());
		reply_error(r, 403, "forbidden", "The e-mail address or the passphrase is wrong.");
	} else if (st != WK_OK) {
		reply_status(r, st);
	} else {
		request_commit(r, login_run, login_after);
	}
}

/* --- with a session --- */

void auth_whoami(struct request *r)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(ANSWER_MAX);
	struct storage *storage = r->server->storage;
	struct storage_account a = { 0 };
	struct storage_tx *tx;
	enum wk_status st = storage->ops->begin(storage, false, &tx);

	if (st == WK_OK) {
		st = storage->ops->account_by_n(tx, r->account_n, r->arena, &a);
		storage->ops->abort(tx);
	}
	if (st == WK_OK) {
		struct wire_whoami m = {
			.account_id = a.told.id, .email = a.told.email,
			.first_name = a.told.first_name, .last_name = a.told.last_name,
			.public_key = a.told.public_key,
			.enc_private_key = a.told.enc_private_key,
			.enc_symmetric_key = a.told.enc_symmetric_key,
			.salt_enc = a.told.salt_enc, .created_ms = a.created_ms,
			.session_expiry_s = (int64_t)r->server->options->session_idle_days * 86400,
		};

		st = wire_whoami_write(&m, &json);
	}
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_json(r, 200, &json);
}

static enum wk_status logout_run(struct request *r, struct storage_tx *tx)
{
	return r->server->storage->ops->session_end(tx, r->session_hash);
}

static void empty_after(struct request *r, enum wk_status st)
{
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_ok(r);
}

void auth_logout(struct request *r)
{
	request_commit(r, logout_run, empty_after);
}

static enum wk_status reset_run(struct request *r, struct storage_tx *tx)
{
	return r->server->storage->ops->account_reset(tx, r->account_n);
}

static void reset_after(struct request *r, enum wk_status st)
{
	if (st == WK_OK)
		hub_joined(r->server->hub, r->account_n);
	empty_after(r, st);
}

void auth_reset(struct request *r)
{
	request_commit(r, reset_run, reset_after);
}

void auth_password(struct request *r)
{
	reply_error(r, 403, "forbidden", "This server does not change passphrases this way.");
}
