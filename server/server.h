/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdatomic.h>

#include "server/commit.h"
#include "server/hub.h"
#include "server/limits.h"
#include "server/login.h"
#include "server/options.h"
#include "server/storage.h"

/* What /metrics tells. */
struct counters {
	atomic_uint_fast64_t requests, errors_client, errors_server, pushed, conflicts, pages;
	atomic_uint_fast64_t logins, logins_failed, signups, limited;
	atomic_uint_fast64_t active;	/* requests that have not been answered in full */
	atomic_uint_fast64_t uploading;	/* of these: the body is not complete */
	atomic_uint_fast64_t parked;	/* of these: waiting for a commit or a move */
};

/* A running server: what every handler reaches.  Made once, before the first request. */
struct server {
	const struct options *options;
	struct storage *storage;
	struct committer *committer;
	struct hub *hub;
	struct limits *limits;
	struct login_secrets secrets;
	struct counters counters;
	atomic_bool is_stopping;	/* no new requests */
	atomic_bool is_ending;		/* and what still runs is cut off */
};

#define server_count(server, name) atomic_fetch_add(&(server)->counters.name, 1)

/* Opens the database and starts the threads behind it.  message: for a person, on failure. */
enum wk_status server_open(struct server *s, const struct options *options, char *message,
			   size_t message_size);
/* No request is being served any more. */
void server_close(struct server *s);

#endif
