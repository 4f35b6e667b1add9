/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the parts behind the HTTP side together, and takes them apart again. */
#include "server/server.h"

#include <stdio.h>

#include "base/clock.h"
#include "server/storage_sqlite.h"

#define DAY_MS ((int64_t)86400 * 1000)

/* The first transaction: secrets are made, old sessions removed. */
struct first_job {
	struct commit_job job;
	struct server *server;
};

static enum wk_status first_run(struct commit_job *job, struct storage_tx *tx)
{
	struct server *s = ((struct first_job *)job)->server;
	const struct storage_ops *ops = s->storage->ops;
	int64_t now_ms = clock_wall_ms();
	enum wk_status st = ops->secret(tx, "starter", s->secrets.starter);

	if (st == WK_OK)
		st = ops->secret(tx, "unknown", s->secrets.unknown);
	if (st == WK_OK)
		st = ops->sessions_expire(tx, now_ms - s->options->session_max_days * DAY_MS,
					  now_ms - s->options->session_idle_days * DAY_MS);
	return st;
}

static enum wk_status start_parts(struct server *s)
{
	struct first_job first = { .job = { .run = first_run }, .server = s };
	enum wk_status st = committer_new(s->storage, &s->committer);

	if (st == WK_OK)
		st = hub_new(&s->hub);
	if (st == WK_OK)
		st = limits_new(s->options->login_rate, &s->limits);
	return st == WK_OK ? committer_call(s->committer, &first.job) : st;
}

enum wk_status server_open(struct server *s, const struct options *options, char *message,
			   size_t message_size)
{
	char owner[200] = "";
	enum wk_status st;

	*s = (struct server){ .options = options };
	st = storage_sqlite_open(options->db, owner, sizeof owner, &s->storage);
	if (st == WK_BUSY)
		snprintf(message, message_size, "%s is in use: %s", options->db, owner);
	else if (st != WK_OK)
		snprintf(message, message_size, "%s cannot be opened: %s", options->db,
			 wk_status_text(st));
	if (st != WK_OK)
		return st;
	st = start_parts(s);
	if (st != WK_OK) {
		snprintf(message, message_size, "%s cannot be written: %s", options->db,
			 wk_status_text(st));
		server_close(s);
	}
	return st;
}

void server_close(struct server *s)
{
	committer_free(s->committer);
	if (s->hub)
		hub_end(s->hub);
	hub_free(s->hub);
	limits_free(s->limits);
	if (s->storage)
		s->storage->ops->close(s->storage);
	explicit_bzero(&s->secrets, sizeof s->secrets);
	s->storage = NULL;
}
