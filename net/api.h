/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_API_H
#define NET_API_H

#include "base/arena.h"
#include "crypto/kdf.h"
#include "crypto/srp.h"
#include "net/http.h"
#include "wire/message.h"

/*
 * Typed calls to a wakefsd.  Each does one exchange and checks the answer's shape and limits.  The
 * HTTP status becomes one of ours:
 *
 *	WK_INVALID	400 and 422		WK_LIMIT	413, or the answer is too large
 *	WK_DENIED	401 and 403, or the certificate is not valid
 *	WK_NOT_FOUND	404			WK_CONFLICT	409
 *	WK_BUSY		429 and 503: wait api_retry_after_ms()
 *	WK_FULL		507			WK_OFFLINE	other 5xx, or no answer
 *	WK_CORRUPT	an answer that is not what the protocol says, redirects among them
 *
 * WK_CANCELLED after http_cancel(); WK_NOMEM also when the arena given is full.  What an answer
 * points to lives in that arena; outputs are untouched on failure.
 */
struct api;
enum wk_status api_new(const char *base_url, struct api **out);
void api_free(struct api *a);
DEFINE_SCOPED_FREE(struct api, api_free)
struct http *api_http(struct api *a);

/* What the server or the network said of the last failure, for people: one line of printable
 * ASCII that never holds the session; "" when nothing. */
const char *api_problem(const struct api *a);
/* The server's wish after WK_BUSY; 0: none. */
int64_t api_retry_after_ms(const struct api *a);

/* --- accounts --- */
enum wk_status api_signup(struct api *a, const struct wire_signup *m);
/*
 * The SRP login: login-s, login-a, login-m1.  Both inputs sanitized (crypto/kdf.h).  Checks the
 * server's proof; only then the session is set for later calls and its id (64 hex digits) is in
 * session_out, which the caller wipes.  A failed login leaves no session set.
 * WK_DENIED: wrong address or passphrase.  WK_TAMPERED: the server could not prove that it knows
 * the account, or its number is none (then no proof of ours was sent).
 */
enum wk_status api_login(struct api *a, struct bytes email, struct bytes passphrase,
			 char session_out[65]);
enum wk_status api_whoami(struct api *a, struct arena *arena, struct wire_whoami *out);
/* Forgets the session once the server has; kept on failure. */
enum wk_status api_logout(struct api *a);

/* --- groups and resources --- */
struct api_groups {
	struct wire_group *items;
	size_t count;
};
enum wk_status api_groups(struct api *a, struct arena *arena, struct api_groups *out);
/* WK_CONFLICT: the id is another's. */
enum wk_status api_group_create(struct api *a, const struct wire_group *m);
/* WK_OK: stored; WK_CONFLICT: nothing was, and *answer says which (one at least). */
enum wk_status api_push(struct api *a, struct arena *arena, const char *group_id,
			struct bytes request, struct wire_push_answer *answer);
enum wk_status api_changes(struct api *a, struct arena *arena, const char *group_id,
			   uint64_t seq, const char *mark, unsigned limit,
			   struct wire_changes *out);
enum wk_status api_listing(struct api *a, struct arena *arena, const char *group_id,
			   struct bytes after, struct wire_listing *out);
/* At most WIRE_PAGE_ITEMS ids; the answer has no cursor (next is zero, resync false).  With
 * out->more: ask again for what is not among the items. */
enum wk_status api_fetch(struct api *a, struct arena *arena, const char *group_id,
			 const struct bytes *ids, size_t count, struct wire_changes *out);
/* Returns at once when a head differs, else when one moves or after timeout_ms. */
enum wk_status api_poll(struct api *a, struct arena *arena, const struct wire_poll *have,
			struct wire_poll *moved);

#endif
