/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of /auth: signup, the three steps of a login, whoami. */
#include "wire/message.h"
#include "wire/writer.h"

#include "base/scoped.h"

#define SALT_DIGITS 64
#define SRP_DIGITS 512
#define PROOF_DIGITS 64
#define ADDRESS_MAX 254
#define PERSON_MAX 256
#define PUBLIC_KEY_MAX 4096
#define SEALED_MAX 16384
#define STARTER_MAX 2048

static const struct field signup_fields[] = {
	{ "email", offsetof(struct wire_signup, email), ADDRESS_MAX, FIELD_TEXT },
	{ "firstName", offsetof(struct wire_signup, first_name), PERSON_MAX, FIELD_TEXT },
	{ "lastName", offsetof(struct wire_signup, last_name), PERSON_MAX, FIELD_TEXT },
	{ "id", offsetof(struct wire_signup, id), WIRE_ID_MAX, FIELD_TEXT },
	{ "saltEnc", offsetof(struct wire_signup, salt_enc), SALT_DIGITS, FIELD_HEX },
	{ "saltAuth", offsetof(struct wire_signup, salt_auth), SALT_DIGITS, FIELD_HEX },
	{ "saltKey", offsetof(struct wire_signup, salt_key), SALT_DIGITS, FIELD_HEX },
	{ "verifier", offsetof(struct wire_signup, verifier), SRP_DIGITS, FIELD_HEX },
	{ "publicKey", offsetof(struct wire_signup, public_key), PUBLIC_KEY_MAX, FIELD_TEXT },
	{ "encPrivateKey", offsetof(struct wire_signup, enc_private_key), SEALED_MAX,
	  FIELD_TEXT },
	{ "encSymmetricKey", offsetof(struct wire_signup, enc_symmetric_key), SEALED_MAX,
	  FIELD_TEXT },
};

static const struct field salts_fields[] = {
	{ "saltKey", offsetof(struct wire_salts, salt_key), SALT_DIGITS, FIELD_HEX },
	{ "saltAuth", offsetof(struct wire_salts, salt_auth), SALT_DIGITS, FIELD_HEX },
};

static const struct field login_a_fields[] = {
	{ "srpA", offsetof(struct wire_login_a, srp_a), SRP_DIGITS, FIELD_HEX },
	{ "email", offsetof(struct wire_login_a, email), ADDRESS_MAX, FIELD_TEXT },
};

static const struct field login_b_fields[] = {
	{ "sessionStarterId", offsetof(struct wire_login_b, starter_id), STARTER_MAX,
	  FIELD_TEXT },
	{ "srpB", offsetof(struct wire_login_b, srp_b), SRP_DIGITS, FIELD_HEX },
};

static const struct field login_m1_fields[] = {
	{ "srpM1", offsetof(struct wire_login_m1, srp_m1), PROOF_DIGITS, FIELD_HEX },
	{ "sessionStarterId", offsetof(struct wire_login_m1, starter_id), STARTER_MAX,
	  FIELD_TEXT },
};

static const struct field login_m2_fields[] = {
	{ "srpM2", offsetof(struct wire_login_m2, srp_m2), PROOF_DIGITS, FIELD_HEX },
};

static const struct field whoami_fields[] = {
	{ "accountId", offsetof(struct wire_whoami, account_id), WIRE_ID_MAX, FIELD_TEXT },
	{ "email", offsetof(struct wire_whoami, email), ADDRESS_MAX, FIELD_TEXT },
	{ "firstName", offsetof(struct wire_whoami, first_name), PERSON_MAX, FIELD_TEXT },
	{ "lastName", offsetof(struct wire_whoami, last_name), PERSON_MAX, FIELD_TEXT },
	{ "publicKey", offsetof(struct wire_whoami, public_key), PUBLIC_KEY_MAX, FIELD_TEXT },
	{ "encSymmetricKey", offsetof(struct wire_whoami, enc_symmetric_key), SEALED_MAX,
	  FIELD_TEXT },
	{ "encPrivateKey", offsetof(struct wire_whoami, enc_private_key), SEALED_MAX,
	  FIELD_TEXT },
	{ "saltEnc", offsetof(struct wire_whoami, salt_enc), SALT_DIGITS, FIELD_HEX },
};

/* Messages that are nothing but texts: read and write are the table. */
#define PLAIN_MESSAGE(name)                                                                \
	enum wk_status wire_##name##_read(const struct json *v, struct wire_##name *out)   \
	{                                                                                  \
		struct wire_##name m = { 0 };                                              \
		enum wk_status st = field_read(v, name##_fields, ARRAY_LEN(name##_fields), \
					       &m);                                        \
                                                                                           \
		if (st == WK_OK)                                                           \
			*out = m;                                                          \
		return st;                                                                 \
	}                                                                                  \
	enum wk_status wire_##name##_write(const struct wire_##name *m, struct buf *out)   \
	{                                                                                  \
		struct writer w;                                                           \
                                                                                           \
		writer_begin(&w, out);                                                     \
		writer_open(&w, NULL, '{');                                                \
		writer_fields(&w, name##_fields, ARRAY_LEN(name##_fields), m);             \
		writer_close(&w, '}');                                                     \
		return writer_end(&w);                                                     \
	}

PLAIN_MESSAGE(signup)
PLAIN_MESSAGE(salts)
PLAIN_MESSAGE(login_a)
PLAIN_MESSAGE(login_b)
PLAIN_MESSAGE(login_m1)
PLAIN_MESSAGE(login_m2)

enum wk_status wire_whoami_read(const struct json *v, struct wire_whoami *out)
{
	struct wire_whoami m = { 0 };
	enum wk_status st = field_read(v, whoami_fields, ARRAY_LEN(whoami_fields), &m);

	if (st != WK_OK)
		return st;
	/* Other servers of this protocol may leave the two numbers out. */
	if (!json_get_int64(v, "sessionExpiry", &m.session_expiry_s))
		m.session_expiry_s = 0;
	if (!json_get_int64(v, "created", &m.created_ms))
		m.created_ms = 0;
	*out = m;
	return WK_OK;
}

/* The members that apps only type or show: plans and teams that this server does not have. */
enum wk_status wire_whoami_write(const struct wire_whoami *m, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	writer_int(&w, "sessionAge", 0);
	writer_fields(&w, whoami_fields, ARRAY_LEN(whoami_fields), m);
	writer_int(&w, "created", m->created_ms);
	writer_int(&w, "sessionExpiry", m->session_expiry_s);
	writer_bool(&w, "isPremium", true);
	writer_bool(&w, "isPaymentRequired", false);
	writer_bool(&w, "isTrialing", false);
	writer_bool(&w, "isVerified", true);
	writer_bool(&w, "isAdmin", false);
	writer_str(&w, "trialEnd", "");
	writer_str(&w, "planName", "Self-hosted");
	writer_str(&w, "planId", "self-hosted");
	writer_bool(&w, "canManageTeams", true);
	writer_int(&w, "maxTeamMembers", 1000);
	writer_close(&w, '}');
	return writer_end(&w);
}
