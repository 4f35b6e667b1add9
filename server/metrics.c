/* SPDX-License-Identifier: Apache-2.0 */
/* For those who run the server: is it well, and what does it do. */
#include "server/handlers.h"

#define TEXT_MAX ((size_t)16 * 1024)

static enum wk_status health_run(struct request *r, struct storage_tx *tx)
{
	struct storage_session session;
	uint8_t nothing[HASH_SIZE] = { 0 };
	enum wk_status st = r->server->storage->ops->session_find(tx, nothing, r->arena, &session);

	return st == WK_NOT_FOUND ? WK_OK : st;
}

static void health_after(struct request *r, enum wk_status st)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_MAX);

	if (st != WK_OK)
		reply_error(r, 503, "internal", "The database cannot be read and written.");
	else if (buf_append_str(&text, "ok\n") == WK_OK)
		reply_text(r, 200, "text/plain; charset=utf-8", &text);
}

/* Goes all the way through the committer, so that it fails when writing does. */
void metrics_health(struct request *r)
{
	request_commit(r, health_run, health_after);
}

static enum wk_status add(struct buf *out, const char *name, const char *type, const char *help,
			  uint64_t value)
{
	return buf_printf(out, "# HELP wakefsd_%s %s\n# TYPE wakefsd_%s %s\nwakefsd_%s %llu\n", name,
			  help, name, type, name, (unsigned long long)value);
}

void metrics_all(struct request *r)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_MAX);
	struct counters *c = &r->server->counters;
	struct commit_counts commits;
	const struct {
		const char *name, *type, *help;
		uint64_t value;
	} rows[] = {
		{ "requests_total", "counter", "Requests begun.", c->requests },
		{ "errors_client_total", "counter", "Answers 400 to 499.", c->errors_client },
		{ "errors_server_total", "counter", "Answers 500 and above.", c->errors_server },
		{ "requests_active", "gauge", "Requests not answered in full.", c->active },
		{ "polls_waiting", "gauge", "Long polls waiting.", hub_waiting(r->server->hub) },
		{ "resources_pushed_total", "counter", "Revisions stored.", c->pushed },
		{ "pushes_conflicted_total", "counter", "Pushes that met a conflict.",
		  c->conflicts },
		{ "pages_total", "counter", "Pages of changes and listings.", c->pages },
		{ "logins_total", "counter", "Logins.", c->logins },
		{ "logins_failed_total", "counter", "Logins with a wrong proof.",
		  c->logins_failed },
		{ "signups_total", "counter", "Signups answered.", c->signups },
		{ "limited_total", "counter", "Calls refused by the rate limit.", c->limited },
	};
	enum wk_status st = WK_OK;

	committer_counts(r->server->committer, &commits);
	for (size_t i = 0; st == WK_OK && i < ARRAY_LEN(rows); i++)
		st = add(&text, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
	if (st == WK_OK)
		st = add(&text, "commits_total", "counter", "Transactions written.",
			 commits.transactions);
	if (st == WK_OK)
		st = add(&text, "commit_jobs_total", "counter", "Requests in them.", commits.jobs);
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_text(r, 200, "text/plain; version=0.0.4", &text);
}
