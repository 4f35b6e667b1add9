/* SPDX-License-Identifier: Apache-2.0 */
/* Vector files of key derivation, SRP and accounts. */
#include "base/hex.h"
#include "crypto/account.h"
#include "crypto/selftest_private.h"
#include "crypto/srp.h"

#define TEXT_MAX (1024 * 1024)

static bool is_key(const struct json *object, const char *member, const uint8_t key[KEY_SIZE])
{
	return selftest_is_hex(object, member, bytes_of(key, KEY_SIZE));
}

/* Sanitizes both members; what trims to nothing is refused and so must the vector expect. */
static bool sanitize(const struct json *one, const char *raw_email, const char *raw_passphrase,
		     struct buf *email, struct buf *passphrase)
{
	struct bytes typed_email = json_get_str(one, raw_email);
	struct bytes typed_passphrase = json_get_str(one, raw_passphrase);

	return typed_email.p && typed_passphrase.p && kdf_email(typed_email, email) == WK_OK &&
	       kdf_passphrase(typed_passphrase, passphrase) == WK_OK;
}

static bool derive_case(const struct json *root, const struct json *one)
{
	SCOPED(buf_fini) struct buf email = BUF_INIT(EMAIL_MAX);
	SCOPED(buf_fini) struct buf passphrase = BUF_SECRET_INIT(PASSPHRASE_MAX);
	SCOPED(enc_key_free_scoped) struct enc_key *key = NULL;
	struct bytes salt = json_get_str(one, "salt");
	uint8_t second_salt[KEY_SIZE];

	(void)root;
	if (!salt.p)
		return false;
	if (!sanitize(one, "rawEmail", "rawPassphrase", &email, &passphrase))
		return bytes_equal_str(json_get_str(one, "emailUtf8"), "") ||
		       bytes_equal_str(json_get_str(one, "passphraseUtf8"), "");
	kdf_hkdf(salt, buf_bytes(&email), bytes_of(NULL, 0), second_salt);
	return selftest_is_text(one, "email", buf_bytes(&email)) &&
	       selftest_is_hex(one, "emailUtf8", buf_bytes(&email)) &&
	       selftest_is_hex(one, "passphraseUtf8", buf_bytes(&passphrase)) &&
	       is_key(one, "pbkdf2Salt", second_salt) &&
	       kdf_enc_key(buf_bytes(&passphrase), buf_bytes(&email), salt, &key) == WK_OK &&
	       is_key(one, "key", key->k);
}

void selftest_derive_key(struct selftest *t, const struct json *root)
{
	selftest_each(t, root, json_get(root, "cases"), "cases", derive_case);
}

/* The numbers of one login, from a vector. */
struct exchange {
	struct bytes email;
	struct auth_key *auth;
	struct buf salt;
	uint8_t verifier[SRP_N], a_pub[SRP_N], b_pub[SRP_N];
	uint8_t a[32], b[32], m1[HASH_SIZE], m2[HASH_SIZE], k[KEY_SIZE];
};

static void exchange_fini(struct exchange *x)
{
	auth_key_free(x->auth);
	buf_fini(&x->salt);
}

static bool plays_client(const struct exchange *x)
{
	SCOPED(srp_client_free_scoped) struct srp_client *client = NULL;
	SCOPED(session_key_free_scoped) struct session_key *key = NULL;
	uint8_t a_pub[SRP_N], m1[HASH_SIZE];

	return srp_client_new(x->a, &client, a_pub) == WK_OK &&
	       srp_client_proof(client, x->email, x->auth, buf_bytes(&x->salt), x->b_pub, m1) ==
		       WK_OK &&
	       srp_client_finish(client, x->m2, &key) == WK_OK &&
	       memcmp(a_pub, x->a_pub, SRP_N) == 0 && memcmp(m1, x->m1, HASH_SIZE) == 0 &&
	       memcmp(key->k, x->k, KEY_SIZE) == 0;
}

static bool plays_server(const struct exchange *x)
{
	SCOPED(session_key_free_scoped) struct session_key *key = NULL;
	uint8_t b_pub[SRP_N], m2[HASH_SIZE];

	return srp_is_valid_public(x->a_pub) && srp_server_b(x->verifier, x->b, b_pub) == WK_OK &&
	       memcmp(b_pub, x->b_pub, SRP_N) == 0 &&
	       srp_server_finish(x->verifier, x->b, x->a_pub, x->m1, m2, &key) == WK_OK &&
	       memcmp(m2, x->m2, HASH_SIZE) == 0 && memcmp(key->k, x->k, KEY_SIZE) == 0;
}

static bool verifies(const struct exchange *x)
{
	uint8_t verifier[SRP_N];

	return srp_verifier(x->email, x->auth, buf_bytes(&x->salt), verifier) == WK_OK &&
	       memcmp(verifier, x->verifier, SRP_N) == 0;
}

static bool read_exchange(const struct json *one, struct exchange *x, struct buf *email)
{
	x->auth = auth_key_new();
	if (!x->auth || !selftest_append_hex(one, "I", email))
		return false;
	x->email = buf_bytes(email);
	return selftest_hex(one, "P", x->auth->k, KEY_SIZE) &&
	       selftest_append_hex(one, "saltAuth", &x->salt) &&
	       selftest_hex(one, "verifier", x->verifier, SRP_N) &&
	       selftest_hex(one, "a", x->a, 32) && selftest_hex(one, "b", x->b, 32) &&
	       selftest_hex(one, "A", x->a_pub, SRP_N) && selftest_hex(one, "B", x->b_pub, SRP_N) &&
	       selftest_hex(one, "M1", x->m1, HASH_SIZE) &&
	       selftest_hex(one, "M2", x->m2, HASH_SIZE) && selftest_hex(one, "K", x->k, KEY_SIZE);
}

static bool srp_case(const struct json *root, const struct json *one)
{
	SCOPED(exchange_fini) struct exchange x = { .salt = BUF_INIT(TEXT_MAX) };
	SCOPED(buf_fini) struct buf email = BUF_INIT(EMAIL_MAX), typed = BUF_INIT(EMAIL_MAX);
	SCOPED(buf_fini) struct buf passphrase = BUF_SECRET_INIT(PASSPHRASE_MAX);
	SCOPED(auth_key_free_scoped) struct auth_key *auth = NULL;
	struct bytes salt_key = json_get_str(one, "saltKey");

	(void)root;
	return salt_key.p && read_exchange(one, &x, &email) &&
	       sanitize(one, "rawEmail", "rawPassphrase", &typed, &passphrase) &&
	       bytes_equal(buf_bytes(&typed), x.email) &&
	       kdf_auth_key(buf_bytes(&passphrase), x.email, salt_key, &auth) == WK_OK &&
	       memcmp(auth->k, x.auth->k, KEY_SIZE) == 0 && is_key(one, "sessionId", x.k) &&
	       verifies(&x) && plays_client(&x) && plays_server(&x);
}

/* The case that a rejection names, or the first. */
static const struct json *base_case(const struct json *root, const struct json *reject)
{
	const struct json *cases = json_get(root, "cases");
	struct bytes name = json_get_str(reject, "case");

	if (!cases || cases->type != JSON_ARRAY || cases->count == 0)
		return NULL;
	for (uint32_t i = 0; name.p && i < cases->count; i++)
		if (bytes_equal(json_get_str(&cases->items[i], "id"), name))
			return &cases->items[i];
	return &cases->items[0];
}

/* Puts the wrong value in; false when already its length is refused. */
static bool spoil(const struct json *reject, const char *member, uint8_t *value, size_t n)
{
	return !json_get(reject, member) || selftest_hex(reject, member, value, n);
}

static bool srp_reject(const struct json *root, const struct json *reject)
{
	SCOPED(exchange_fini) struct exchange x = { .salt = BUF_INIT(TEXT_MAX) };
	SCOPED(buf_fini) struct buf email = BUF_INIT(EMAIL_MAX);
	const struct json *one = base_case(root, reject);

	if (!one || !read_exchange(one, &x, &email))
		return false;
	if (!spoil(reject, "A", x.a_pub, SRP_N) || !spoil(reject, "B", x.b_pub, SRP_N) ||
	    !spoil(reject, "M1", x.m1, HASH_SIZE) || !spoil(reject, "M2", x.m2, HASH_SIZE))
		return true;
	return selftest_is_text(reject, "side", bytes_str("client")) ? !plays_client(&x) :
								       !plays_server(&x);
}

void selftest_srp(struct selftest *t, const struct json *root)
{
	selftest_each(t, root, json_get(root, "cases"), "cases", srp_case);
	selftest_each(t, root, json_get(root, "reject"), "reject", srp_reject);
}

static bool read_login(const struct json *one, struct exchange *x)
{
	const struct json *login = json_get(one, "login");
	const struct json *secrets = json_get(login, "secrets");
	const struct json *login_a = json_get(login, "loginA");
	const struct json *login_m1 = json_get(login, "loginM1");
	const struct json *signup = json_get(one, "signupRequest");

	return selftest_hex(signup, "verifier", x->verifier, SRP_N) &&
	       selftest_append_hex(signup, "saltAuth", &x->salt) &&
	       selftest_hex(secrets, "a", x->a, 32) && selftest_hex(secrets, "b", x->b, 32) &&
	       selftest_hex(json_get(login_a, "request"), "srpA", x->a_pub, SRP_N) &&
	       selftest_hex(json_get(login_a, "response"), "srpB", x->b_pub, SRP_N) &&
	       selftest_hex(json_get(login_m1, "request"), "srpM1", x->m1, HASH_SIZE) &&
	       selftest_hex(json_get(login_m1, "response"), "srpM2", x->m2, HASH_SIZE) &&
	       selftest_hex(login, "sessionId", x->k, KEY_SIZE);
}

static bool recovers(const struct json *one, const struct enc_key *enc, struct bytes enc_symmetric)
{
	SCOPED(account_keys_fini) struct account_keys keys = { NULL };
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(TEXT_MAX);
	SCOPED(rsa_private_free_scoped) struct rsa_private *known = NULL;
	SCOPED(rsa_public_free_scoped) struct rsa_public *a = NULL, *b = NULL;
	const struct json *whoami = json_get(one, "whoami"), *want = json_get(one, "recovered");

	if (!enc_symmetric.p || !json_get_str(whoami, "accountId").p)
		return false;
	return account_open(enc, json_get_str(whoami, "accountId"), enc_symmetric,
			    json_get_str(whoami, "encPrivateKey"),
			    json_get_str(whoami, "publicKey"), &keys) == WK_OK &&
	       is_key(want, "symmetricKeyHex", keys.symmetric->k) &&
	       selftest_text_of(want, "privateKey", &jwk) &&
	       rsa_private_parse(buf_bytes(&jwk), &known) == WK_OK &&
	       rsa_public_of(known, &a) == WK_OK && rsa_public_of(keys.private_key, &b) == WK_OK &&
	       rsa_public_equal(a, b);
}

static bool changes_passphrase(const struct json *one, struct bytes email)
{
	const struct json *change = json_get(one, "changePassword");
	const struct json *request = json_get(change, "request");
	const struct json *signup = json_get(one, "signupRequest");
	SCOPED(exchange_fini) struct exchange x = { .salt = BUF_INIT(TEXT_MAX), .email = email };
	SCOPED(buf_fini) struct buf passphrase = BUF_SECRET_INIT(PASSPHRASE_MAX);
	SCOPED(enc_key_free_scoped) struct enc_key *enc = NULL;
	struct bytes typed = json_get_str(change, "newRawPassphrase");

	return typed.p && kdf_passphrase(typed, &passphrase) == WK_OK &&
	       kdf_auth_key(buf_bytes(&passphrase), email, json_get_str(signup, "saltKey"),
			    &x.auth) == WK_OK &&
	       is_key(change, "newAuthSecret", x.auth->k) &&
	       kdf_enc_key(buf_bytes(&passphrase), email, json_get_str(signup, "saltEnc"), &enc) ==
		       WK_OK &&
	       is_key(change, "newEncSecret", enc->k) &&
	       selftest_append_hex(signup, "saltAuth", &x.salt) &&
	       selftest_hex(request, "newVerifier", x.verifier, SRP_N) && verifies(&x) &&
	       recovers(one, enc, json_get_str(request, "newEncSymmetricKey"));
}

static bool account_case(const struct json *root, const struct json *one)
{
	SCOPED(exchange_fini) struct exchange x = { .salt = BUF_INIT(TEXT_MAX) };
	SCOPED(buf_fini) struct buf email = BUF_INIT(EMAIL_MAX);
	SCOPED(buf_fini) struct buf passphrase = BUF_SECRET_INIT(PASSPHRASE_MAX);
	SCOPED(enc_key_free_scoped) struct enc_key *enc = NULL;
	const struct json *input = json_get(one, "input"), *derived = json_get(one, "derived");
	const struct json *signup = json_get(one, "signupRequest");

	(void)root;
	if (!sanitize(input, "rawEmail", "rawPassphrase", &email, &passphrase))
		return false;
	x.email = buf_bytes(&email);
	return selftest_is_text(derived, "email", x.email) &&
	       selftest_is_hex(derived, "passphraseUtf8", buf_bytes(&passphrase)) &&
	       kdf_auth_key(buf_bytes(&passphrase), x.email, json_get_str(signup, "saltKey"),
			    &x.auth) == WK_OK &&
	       is_key(derived, "authSecret", x.auth->k) &&
	       kdf_enc_key(buf_bytes(&passphrase), x.email, json_get_str(signup, "saltEnc"),
			   &enc) == WK_OK &&
	       is_key(derived, "encSecret", enc->k) && read_login(one, &x) && verifies(&x) &&
	       plays_client(&x) && plays_server(&x) &&
	       recovers(one, enc, json_get_str(json_get(one, "whoami"), "encSymmetricKey")) &&
	       recovers(one, enc, json_get_str(signup, "encSymmetricKey")) &&
	       (!json_get(one, "changePassword") || changes_passphrase(one, x.email));
}

void selftest_account(struct selftest *t, const struct json *root)
{
	const struct json *accounts = json_get(root, "accounts");

	selftest_each(t, root, json_get(root, "accounts"), "accounts", account_case);
	for (uint32_t i = 0; accounts && i < accounts->count; i++)
		if (json_get(&accounts->items[i], "sealedBox"))
			selftest_skip(t, "a sealed box (browser login is not supported)");
}
