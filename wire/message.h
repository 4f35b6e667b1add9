/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include "base/json.h"
#include "wire/limits.h"

/*
 * What travels between wakefs and wakefsd, both directions in one place: a
 * struct, its reader and its writer.  Readers check types, presence and every
 * limit (WK_CORRUPT, WK_LIMIT) and borrow from the JSON tree; writers append JSON text.
 * Unknown members are ignored.  Texts are UTF-8, .p is NULL where a member is null or missing.
 * docs/protocol.md lists routes, members and statuses.
 */

/* --- accounts: the stock endpoints under /auth --- */

struct wire_signup {
	struct bytes email, first_name, last_name, id, salt_enc, salt_auth, salt_key, verifier,
		public_key, enc_private_key, enc_symmetric_key;
};
enum wk_status wire_signup_read(const struct json *v, struct wire_signup *out);
enum wk_status wire_signup_write(const struct wire_signup *m, struct buf *out);

struct wire_salts {		/* answer of login-s */
	struct bytes salt_key, salt_auth;
};
enum wk_status wire_salts_read(const struct json *v, struct wire_salts *out);
enum wk_status wire_salts_write(const struct wire_salts *m, struct buf *out);

struct wire_login_a {
	struct bytes email, srp_a;	/* 512 hex digits */
};
enum wk_status wire_login_a_read(const struct json *v, struct wire_login_a *out);
enum wk_status wire_login_a_write(const struct wire_login_a *m, struct buf *out);

struct wire_login_b {		/* answer of login-a */
	struct bytes starter_id, srp_b;
};
enum wk_status wire_login_b_read(const struct json *v, struct wire_login_b *out);
enum wk_status wire_login_b_write(const struct wire_login_b *m, struct buf *out);

struct wire_login_m1 {
	struct bytes srp_m1, starter_id;
};
enum wk_status wire_login_m1_read(const struct json *v, struct wire_login_m1 *out);
enum wk_status wire_login_m1_write(const struct wire_login_m1 *m, struct buf *out);

struct wire_login_m2 {		/* answer of login-m1 */
	struct bytes srp_m2;
};
enum wk_status wire_login_m2_read(const struct json *v, struct wire_login_m2 *out);
enum wk_status wire_login_m2_write(const struct wire_login_m2 *m, struct buf *out);

struct wire_whoami {
	struct bytes account_id, email, first_name, last_name, public_key, enc_private_key,
		enc_symmetric_key, salt_enc;
	int64_t session_expiry_s, created_ms;
};
enum wk_status wire_whoami_read(const struct json *v, struct wire_whoami *out);
enum wk_status wire_whoami_write(const struct wire_whoami *m, struct buf *out);

/* --- groups --- */

struct wire_head {		/* where a group's feed stands */
	uint64_t seq;		/* 0: nothing was ever pushed */
	struct bytes mark;	/* 32 hex digits drawn at that commit; "" at seq 0 */
};

/* Appends {"seq":N,"mark":"HEX"}. */
enum wk_status wire_head_write(const struct wire_head *m, struct buf *out);

struct wire_group {
	struct bytes id, name, parent_resource_id, enc_symmetric_key;
	struct bytes team_id, team_name;
	bool is_disabled;
	struct wire_head head;	/* /v1 only */
};
enum wk_status wire_group_read(const struct json *v, struct wire_group *out);
/* v1: with the head; else exactly the stock members. */
enum wk_status wire_group_write(const struct wire_group *m, bool v1, struct buf *out);

/* --- resources --- */

struct wire_resource {		/* M_Resource, and what /v1 adds */
	struct bytes id, group_id, type, name, version, created_by, last_edited_by, enc_content;
	int64_t last_edited_ms;
	bool removed;
	/* /v1: */
	uint64_t seq;
	/* ad and inner hash (hex) of revisions between the asker's cursor and this one, oldest first */
	const struct wire_link_hash *chain;
	size_t chain_count;
	struct bytes last_context;	/* encContent of the newest revision that has an ad, where an app wrote since; else .p NULL */
	struct bytes base_version;	/* the version whose content the writer had; .p NULL: unknown */
	bool side;	/* an app's push that lost a conflict: kept, never the resource's state */
};
struct wire_link_hash {
	struct bytes ad, inner;
};
/* The chain is made in the arena. */
enum wk_status wire_resource_read(struct arena *arena, const struct json *v,
				  struct wire_resource *out);
enum wk_status wire_resource_write(const struct wire_resource *m, bool v1, struct buf *out);

/* --- /v1/groups/ID/push --- */

struct wire_push_item {
	struct bytes id, type, name, enc_content;
	struct bytes seen_version;	/* WIRE_NO_VERSION for one that is new */
	int64_t last_edited_ms;
	bool removed;
};
enum wk_status wire_push_item_read(const struct json *v, struct wire_push_item *out);
enum wk_status wire_push_item_write(const struct wire_push_item *m, struct buf *out);
/* A whole request: {"changes":[...]} from items, for clients. */
enum wk_status wire_push_write(const struct wire_push_item *items, size_t count, struct buf *out);

struct wire_pushed {		/* one item of the answer, in the order of the request */
	struct bytes id, version;
};
struct wire_push_answer {
	struct wire_pushed *items;	/* accepted: all of them (200), in order */
	size_t count;
	struct wire_head head;
	struct wire_head before;	/* 200: the head when the push began: seq 0 and no mark if none */
	/* 409: nothing was stored; these ids have another version now */
	struct bytes *conflicts;
	size_t conflict_count;
};
enum wk_status wire_push_answer_read(struct arena *arena, const struct json *v,
				     struct wire_push_answer *out);
enum wk_status wire_push_answer_write(const struct wire_push_answer *m, struct buf *out);

/* --- /v1/groups/ID/changes --- */

/* Chains longer than WIRE_CHAIN_MAX are cut at their old end: the item then counts as a fork. */
struct wire_changes {
	struct wire_resource *items;	/* by seq, each resource once, at its newest revision */
	size_t count;
	struct wire_head next;		/* the cursor after this page */
	bool more;
	bool resync;			/* the cursor's mark is unknown: compare a listing */
};
enum wk_status wire_changes_read(struct arena *arena, const struct json *v,
				 struct wire_changes *out);
/* The answer of fetch: items in the order asked for, without those that do not exist; no cursor.
 * more: the page was full before all of them were in it. */
enum wk_status wire_fetched_read(struct arena *arena, const struct json *v,
				 struct wire_changes *out);

/* --- /v1/groups/ID/listing --- */

struct wire_listed {
	struct bytes id, version, digest;	/* digest: 32 hex */
	bool removed;
};
struct wire_listing {
	struct wire_listed *items;
	size_t count;
	struct wire_head head;
	struct bytes next;		/* id to go on after; .p NULL: that was all */
};
enum wk_status wire_listed_write(const struct wire_listed *m, struct buf *out);
enum wk_status wire_listing_read(struct arena *arena, const struct json *v,
				 struct wire_listing *out);

/* --- /v1/groups/ID/fetch --- */

struct wire_ids {		/* {"ids":[...]}: resources asked for, at most WIRE_PAGE_ITEMS */
	struct bytes *ids;
	size_t count;
};
enum wk_status wire_ids_read(struct arena *arena, const struct json *v, struct wire_ids *out);
enum wk_status wire_ids_write(const struct wire_ids *m, struct buf *out);

/* --- /v1/poll --- */

struct wire_poll_head {
	struct bytes group_id;
	struct wire_head head;
};
struct wire_poll {		/* request: what the client has; answer: what differs from it */
	struct wire_poll_head *heads;
	size_t count;
	int64_t timeout_ms;	/* request only */
};
enum wk_status wire_poll_read(struct arena *arena, const struct json *v, struct wire_poll *out);
enum wk_status wire_poll_write(const struct wire_poll *m, struct buf *out);

/* --- errors of /v1: {"error":"word","message":"a sentence"} --- */

struct wire_error {
	struct bytes error, message;
};
enum wk_status wire_error_read(const struct json *v, struct wire_error *out);
enum wk_status wire_error_write(const char *error, const char *message, struct buf *out);

/* Valid group id for a URL path: 1 to WIRE_ID_MAX of [A-Za-z0-9_-]. */
bool wire_is_group_id(struct bytes id);
/* Percent-encodes anything outside [A-Za-z0-9_.-] for a path or query. */
enum wk_status wire_url_append(struct buf *url, struct bytes text);
enum wk_status wire_url_decode(struct bytes text, struct buf *out);

#endif
