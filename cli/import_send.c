/* SPDX-License-Identifier: Apache-2.0 */
/* From parsed workspaces into a store, and on to the server. */
#include "cli/import_send.h"

#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/map.h"
#include "cli/answer.h"
#include "cli/intake.h"
#include "cli/pick.h"
#include "cli/say.h"
#include "store/status.h"
#include "sync/sync.h"

#define BATCH_BYTES (1u << 20)
#define LOOK_MS 50
#define STANDSTILL_MS 60000	/* without a document sent */

static const char taking_in[] = "take in the workspace";

static void name_of(const struct exchange_workspace *w, char out[256])
{
	struct bytes name = json_get_str(w->docs[0], "name");

	(void)snprintf(out, 256, "%.*s", (int)(name.n < 255 ? name.n : 255),
		       name.p ? (const char *)name.p : "");
}

/* --- into the store opened here --- */

static int send_here(struct desk *d, const struct exchange_workspace *w, const char *into,
		     struct progress *bar, char group_id_out[IMPORT_SEND_ID])
{
	SCOPED(intake_free_scoped) struct intake *intake = NULL;
	struct store *store = d->session.store;
	struct group *group = NULL;
	char message[PICK_MESSAGE], name[256];
	enum wk_status st;
	int code;

	code = into ? pick_group(store, bytes_str(into), &group, message) : SAY_DONE;
	if (code != SAY_DONE) {
		say_error("%s", message);
		return code;
	}
	name_of(w, name);
	st = intake_new(store, group, w->docs, w->count, &intake);
	while (st == WK_OK && !intake_is_complete(intake)) {
		if (intake_must_wait(intake))
			st = rows_flush_wait(store_rows(store));
		if (st == WK_OK)
			st = intake_step(intake);
		progress_show(bar, name, intake_done(intake), w->count);
	}
	if (st == WK_OK)
		st = rows_flush_wait(store_rows(store));
	progress_end(bar);
	if (st != WK_OK)
		return say_status(st, taking_in);
	(void)snprintf(group_id_out, IMPORT_SEND_ID, "%s", intake_group(intake)->id);
	return SAY_DONE;
}

/* --- through the mount --- */

static enum wk_status write_batch(const struct exchange_workspace *w, size_t *at, struct buf *out)
{
	bool first = true;
	enum wk_status st;

	buf_clear(out);
	st = buf_append_str(out, "{\"op\":\"import-docs\",\"docs\":[");
	for (; st == WK_OK && *at < w->count && (first || out->n < BATCH_BYTES); ++*at) {
		if (!first)
			st = buf_append_char(out, ',');
		first = false;
		if (st == WK_OK)
			st = json_write(w->docs[*at], out);
	}
	return st == WK_OK ? buf_append_str(out, "]}") : st;
}

static enum wk_status send_begin(struct control_client *c, const char *into)
{
	SCOPED(buf_fini) struct buf line = BUF_INIT(65536);
	enum wk_status st = buf_append_str(&line, "{\"op\":\"import-begin\"");

	if (st == WK_OK && into)
		st = buf_append_str(&line, ",\"into\":");
	if (st == WK_OK && into)
		st = json_write_string(bytes_str(into), &line);
	if (st == WK_OK)
		st = buf_append_char(&line, '}');
	return st == WK_OK ? control_client_ask(c, buf_bytes(&line), NULL) : st;
}

/* The last line of the answer has the group's id. */
static enum wk_status follow(struct control_client *c, const char *name, struct progress *bar,
			     char group_id_out[IMPORT_SEND_ID])
{
	const struct json *answer = NULL;
	int64_t done = 0, total = 0;
	enum wk_status st = control_client_ask(c, bytes_str("{\"op\":\"import-end\"}"), &answer);

	for (; st == WK_OK; st = control_client_next(c, &answer)) {
		struct bytes id = json_get_str(answer, "group");

		if (id.p) {
			(void)snprintf(group_id_out, IMPORT_SEND_ID, "%.*s",
				       (int)(id.n < IMPORT_SEND_ID ? id.n : 0),
				       (const char *)id.p);
			return WK_OK;
		}
		if (json_get_int64(answer, "done", &done) &&
		    json_get_int64(answer, "total", &total) && done >= 0 && total >= done)
			progress_show(bar, name, (uint64_t)done, (uint64_t)total);
	}
	return st == WK_NOT_FOUND ? WK_OFFLINE : st;
}

static int send_to_mount(struct desk *d, const struct exchange_workspace *w, const char *into,
			 struct progress *bar, char group_id_out[IMPORT_SEND_ID])
{
	SCOPED(buf_fini) struct buf line = BUF_SECRET_INIT(CONTROL_CLIENT_LINE_MAX);
	char name[256];
	enum wk_status st = send_begin(&d->client, into);

	name_of(w, name);
	for (size_t at = 0; st == WK_OK && at < w->count;) {
		st = write_batch(w, &at, &line);
		if (st == WK_OK)
			st = control_client_ask(&d->client, buf_bytes(&line), NULL);
	}
	if (st == WK_OK)
		st = follow(&d->client, name, bar, group_id_out);
	progress_end(bar);
	return st == WK_OK ? SAY_DONE : control_client_say(&d->client, st, taking_in);
}

int import_send_workspace(struct desk *d, const struct exchange_workspace *w, const char *into,
			  struct progress *bar, char group_id_out[IMPORT_SEND_ID])
{
	return d->mounted ? send_to_mount(d, w, into, bar, group_id_out)
			  : send_here(d, w, into, bar, group_id_out);
}

/* --- ids --- */

static bool is_taken_here(void *arg, struct bytes id)
{
	const struct desk *d = arg;

	return docs_is_taken(store_docs(d->session.store), id);
}

static bool is_in_map(void *arg, struct bytes id)
{
	return map_get(arg, id) != NULL;
}

/* Asks the mount about up to ANSWER_IDS_MAX ids and keeps the taken ones; the keys live in the set. */
static enum wk_status ask_ids(struct desk *d, const struct bytes *ids, size_t count,
			      struct map *taken)
{
	SCOPED(buf_fini) struct buf line = BUF_INIT(4u << 20);
	const struct json *answer = NULL, *list;
	enum wk_status st = buf_append_str(&line, "{\"op\":\"taken\",\"ids\":[");

	for (size_t i = 0; i < count && st == WK_OK; i++) {
		if (i)
			st = buf_append_char(&line, ',');
		if (st == WK_OK)
			st = json_write_string(ids[i], &line);
	}
	if (st == WK_OK)
		st = buf_append_str(&line, "]}");
	if (st == WK_OK)
		st = control_client_ask(&d->client, buf_bytes(&line), &answer);
	if (st != WK_OK)
		return st;
	list = json_get(answer, "taken");
	if (!list || list->type != JSON_ARRAY || list->count != count)
		return WK_CORRUPT;
	for (uint32_t i = 0; i < list->count && st == WK_OK; i++)
		if (list->items[i].type == JSON_TRUE)
			st = map_put(taken, ids[i], taken);
	return st;
}

static enum wk_status ask_all_ids(struct desk *d, const struct exchange_set *set,
				  struct map *taken)
{
	struct bytes ids[ANSWER_IDS_MAX];
	size_t n = 0;
	enum wk_status st = WK_OK;

	for (size_t w = 0; w < set->count; w++) {
		const struct exchange_workspace *ws = &set->workspaces[w];

		for (size_t i = 0; i < ws->count && st == WK_OK; i++) {
			struct bytes id = json_get_str(ws->docs[i], "_id");

			if (!id.p || id.n == 0 || id.n > DOC_ID_MAX)
				continue;
			ids[n++] = id;
			if (n < ANSWER_IDS_MAX)
				continue;
			st = ask_ids(d, ids, n, taken);
			n = 0;
		}
	}
	return st == WK_OK && n ? ask_ids(d, ids, n, taken) : st;
}

int import_send_map_ids(struct desk *d, struct arena *arena, struct exchange_set *set, bool keep)
{
	SCOPED(map_free_scoped) struct map *taken = map_new();
	enum wk_status st = taken ? WK_OK : WK_NOMEM;

	if (st == WK_OK && !d->mounted) {
		st = exchange_map_ids(arena, set, keep, is_taken_here, d);
	} else if (st == WK_OK) {
		if (keep)
			st = ask_all_ids(d, set, taken);
		if (st != WK_OK)
			return control_client_say(&d->client, st, "look up ids");
		st = exchange_map_ids(arena, set, keep, is_in_map, taken);
	}
	return st == WK_OK ? SAY_DONE : say_status(st, "give the documents their ids");
}

/* --- to the server --- */

static int say_kept(int code, const char *why)
{
	say_error("%s.  What was imported is kept here, sealed, and goes up with the next mount or "
		  "import.", why[0] ? why : "not everything could be sent");
	return code;
}

static void on_progress(void *arg, const char *group_name, size_t done, size_t total)
{
	progress_show(arg, group_name ? group_name : "", done, total);
}

static int upload_from_here(struct desk *d, struct progress *bar)
{
	const struct sync_params p = {
		.store = d->session.store, .progress = on_progress, .arg = bar,
	};
	struct sync *sync = NULL;
	enum wk_status st = sync_new(&p, &sync);

	if (st == WK_DENIED)
		return say_kept(SAY_LOCKED, "you are logged out; run: wakefs login");
	if (st != WK_OK)
		return say_status(st, "start the exchange with the server");
	st = sync_once(sync);
	sync_free(sync);
	progress_end(bar);
	return st == WK_OK ? SAY_DONE
			   : say_kept(say_exit_of(st), status_sync(d->session.store)->problem);
}

/* Counts what waits in all groups; and whether the server is there. */
static int64_t read_pending(const struct json *status, bool *online, char problem[256])
{
	const struct json *groups = json_get(status, "groups"), *sync = json_get(status, "sync");
	struct bytes said = json_get_str(sync, "problem");
	int64_t all = 0, one;

	for (uint32_t i = 0; groups && groups->type == JSON_ARRAY && i < groups->count; i++)
		if (json_get_int64(&groups->items[i], "pending", &one) && one > 0)
			all += one;
	*online = !said.p || (json_get_bool(sync, "online", online) && *online);
	(void)snprintf(problem, 256, "%.*s", (int)(said.n < 255 ? said.n : 255),
		       said.p ? (const char *)said.p : "");
	return all;
}

static int upload_from_mount(struct desk *d, struct progress *bar)
{
	int64_t pending, first = 0, least = INT64_MAX, moved_ms = clock_mono_ms();
	const struct json *answer = NULL;
	char problem[256];
	bool online = true;

	for (;;) {
		int code = desk_ask(d, bytes_str("{\"op\":\"status\"}"), "watch the upload",
				    &answer);

		if (code != SAY_DONE)
			return code;
		pending = read_pending(json_get(answer, "status"), &online, problem);
		if (pending == 0 || !online || clock_mono_ms() - moved_ms > STANDSTILL_MS)
			break;
		if (pending > first)
			first = pending;
		if (pending < least) {
			least = pending;
			moved_ms = clock_mono_ms();
		}
		progress_show(bar, "Sending", (uint64_t)(first - pending), (uint64_t)first);
		(void)poll(NULL, 0, LOOK_MS);
	}
	progress_end(bar);
	if (pending == 0)
		return SAY_DONE;
	return say_kept(online ? SAY_FAILED : SAY_UNREACHED, problem);
}

int import_send_upload(struct desk *d, struct progress *bar)
{
	return d->mounted ? upload_from_mount(d, bar) : upload_from_here(d, bar);
}
