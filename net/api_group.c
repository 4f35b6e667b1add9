/* SPDX-License-Identifier: Apache-2.0 */
/* Groups, resources and the long poll. */
#include "net/api_private.h"

#include <inttypes.h>
#include <stdio.h>

#define PATH_MAX_BYTES 1024
#define POLL_SLACK_MS 15000	/* how much later than agreed an answer may come */
/* Megabytes over a slow line take their time, as long as they move. */
#define PAGE_TIMEOUT_MS (15 * 60 * 1000)
#define PAGE_STALL_MS 60000
#define PAGE_CALL(verb) { .method = (verb), .timeout_ms = PAGE_TIMEOUT_MS, .stall_ms = PAGE_STALL_MS }

/* A group id goes into a path: nothing but [A-Za-z0-9_-] gets there. */
static enum wk_status group_path(struct buf *path, const char *group_id, const char *rest)
{
	if (!wire_is_group_id(bytes_str(group_id)))
		return WK_INVALID;
	return buf_printf(path, "/v1/groups/%s/%s", group_id, rest);
}

static enum wk_status read_groups(struct arena *arena, const struct json *list,
				  struct api_groups *out)
{
	struct api_groups m = { 0 };

	if (!list || list->type != JSON_ARRAY)
		return WK_CORRUPT;
	if (list->count > WIRE_GROUPS_MAX)
		return WK_LIMIT;
	m.items = arena_alloc(arena, (list->count + 1) * sizeof *m.items);
	if (!m.items)
		return WK_NOMEM;
	for (; m.count < list->count; m.count++) {
		enum wk_status st = wire_group_read(&list->items[m.count], &m.items[m.count]);

		if (st != WK_OK)
			return st;
		/* It is going to be part of paths. */
		if (!wire_is_group_id(m.items[m.count].id))
			return WK_CORRUPT;
	}
	*out = m;
	return WK_OK;
}

enum wk_status api_groups(struct api *a, struct arena *arena, struct api_groups *out)
{
	const struct api_call call = { .method = "GET", .path = "/v1/groups" };
	struct json *root = NULL;
	enum wk_status st = api_exchange(a, arena, &call, &root);

	if (st != WK_OK)
		return st;
	return api_read(a, read_groups(arena, json_get(root, "groups"), out));
}

enum wk_status api_group_create(struct api *a, const struct wire_group *m)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(API_SMALL_ARENA);
	SCOPED(buf_fini) struct buf body = BUF_INIT(65536);
	struct api_call call = {
		.method = "POST",
		.path = "/v1/groups",
		.answer_max = API_SMALL_ANSWER,
	};
	enum wk_status st;

	if (!arena)
		return WK_NOMEM;
	st = wire_group_write(m, false, &body);
	if (st != WK_OK)
		return st;
	call.body = buf_bytes(&body);
	return api_exchange(a, arena, &call, NULL);
}

enum wk_status api_push(struct api *a, struct arena *arena, const char *group_id,
			struct bytes request, struct wire_push_answer *answer)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct api_call call = PAGE_CALL("POST");
	struct wire_push_answer m;
	struct json *root = NULL;
	enum wk_status st = group_path(&path, group_id, "push"), read;

	call.body = request;
	call.conflict_is_answer = true;
	if (st == WK_OK)
		st = buf_cstr(&path, &call.path);
	if (st == WK_OK)
		st = api_exchange(a, arena, &call, &root);
	if (st != WK_OK && st != WK_CONFLICT)
		return st;
	read = wire_push_answer_read(arena, root, &m);
	/* Stored and refused must not look alike, whatever the status was. */
	if (read == WK_OK && (st == WK_CONFLICT ? m.conflict_count == 0 : m.conflicts != NULL))
		read = WK_CORRUPT;
	if (read != WK_OK)
		return api_read(a, read);
	*answer = m;
	return st;
}

enum wk_status api_changes(struct api *a, struct arena *arena, const char *group_id,
			   uint64_t seq, const char *mark, unsigned limit,
			   struct wire_changes *out)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct api_call call = PAGE_CALL("GET");
	struct json *root = NULL;
	enum wk_status st = group_path(&path, group_id, "changes");

	if (st == WK_OK)
		st = buf_printf(&path, "?seq=%" PRIu64 "&limit=%u&mark=", seq, limit);
	if (st == WK_OK)
		st = wire_url_append(&path, bytes_str(mark));
	if (st == WK_OK)
		st = buf_cstr(&path, &call.path);
	if (st == WK_OK)
		st = api_exchange(a, arena, &call, &root);
	return st == WK_OK ? api_read(a, wire_changes_read(arena, root, out)) : st;
}

enum wk_status api_listing(struct api *a, struct arena *arena, const char *group_id,
			   struct bytes after, struct wire_listing *out)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct api_call call = PAGE_CALL("GET");
	struct json *root = NULL;
	enum wk_status st = group_path(&path, group_id, "listing");

	if (st == WK_OK)
		st = buf_printf(&path, "?limit=%u", (unsigned)WIRE_LISTING_ITEMS);
	if (st == WK_OK && after.p) {
		st = buf_append_str(&path, "&after=");
		if (st == WK_OK)
			st = wire_url_append(&path, after);
	}
	if (st == WK_OK)
		st = buf_cstr(&path, &call.path);
	if (st == WK_OK)
		st = api_exchange(a, arena, &call, &root);
	return st == WK_OK ? api_read(a, wire_listing_read(arena, root, out)) : st;
}

enum wk_status api_fetch(struct api *a, struct arena *arena, const char *group_id,
			 const struct bytes *ids, size_t count, struct wire_changes *out)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(PATH_MAX_BYTES);
	SCOPED(buf_fini) struct buf body = BUF_INIT(WIRE_PAGE_BYTES);
	struct api_call call = PAGE_CALL("POST");
	struct json *root = NULL;
	enum wk_status st = group_path(&path, group_id, "fetch");

	if (st == WK_OK)
		st = buf_append_str(&body, "{\"ids\":[");
	for (size_t i = 0; i < count && st == WK_OK; i++) {
		if (i > 0)
			st = buf_append_char(&body, ',');
		if (st == WK_OK)
			st = json_write_string(ids[i], &body);
	}
	if (st == WK_OK)
		st = buf_append_str(&body, "]}");
	if (st == WK_OK)
		st = buf_cstr(&path, &call.path);
	if (st != WK_OK)
		return st;
	call.body = buf_bytes(&body);
	st = api_exchange(a, arena, &call, &root);
	return st == WK_OK ? api_read(a, wire_fetched_read(arena, root, out)) : st;
}

enum wk_status api_poll(struct api *a, struct arena *arena, const struct wire_poll *have,
			struct wire_poll *moved)
{
	SCOPED(buf_fini) struct buf body = BUF_INIT(WIRE_PAGE_BYTES);
	struct api_call call = { .method = "POST", .path = "/v1/poll" };
	struct json *root = NULL;
	enum wk_status st = wire_poll_write(have, &body);

	if (st != WK_OK)
		return st;
	call.body = buf_bytes(&body);
	call.timeout_ms = have->timeout_ms + POLL_SLACK_MS;
	st = api_exchange(a, arena, &call, &root);
	return st == WK_OK ? api_read(a, wire_poll_read(arena, root, moved)) : st;
}
