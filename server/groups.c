/* SPDX-License-Identifier: Apache-2.0 */
/* Resource groups: made and listed by apps and by /v1, and duplicates given up. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "server/handlers.h"

#define GROUP_TEXT_MAX ((size_t)8 * 1024)
#define GROUPS_TEXT_MAX (WIRE_GROUPS_MAX * GROUP_TEXT_MAX)
#define MADE_ID_BYTES 16

struct making {
	struct wire_group told;
	int64_t now_ms, group_n;
	struct storage_group made;
};

static enum wk_status make_run(struct request *r, struct storage_tx *tx)
{
	const struct storage_ops *ops = r->server->storage->ops;
	struct making *m = r->state;
	enum wk_status st = ops->group_add(tx, r->account_n, &m->told, m->now_ms, &m->group_n);

	return st == WK_OK ? ops->group_get(tx, r->account_n, m->told.id, r->arena, &m->made) : st;
}

static void make_after(struct request *r, enum wk_status st)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(GROUP_TEXT_MAX);
	struct making *m = r->state;

	if (st == WK_OK) {
		hub_joined(r->server->hub, r->account_n);
		st = wire_group_write(&m->made.told, r->route->family == ROUTE_V1, &json);
	}
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_json(r, 200, &json);
}

static struct making *new_making(struct request *r)
{
	struct making *m = calloc(1, sizeof *m);

	r->state = m;
	r->state_free = free;
	if (m)
		m->now_ms = clock_wall_ms();
	else
		reply_status(r, WK_NOMEM);
	return m;
}

void groups_v1_create(struct request *r)
{
	struct making *m = new_making(r);
	struct json *body;
	enum wk_status st;

	if (!m)
		return;
	st = request_json(r, &body);
	if (st == WK_OK)
		st = wire_group_read(body, &m->told);
	if (st == WK_OK && !wire_is_group_id(m->told.id))
		st = WK_INVALID;
	if (st != WK_OK)
		reply_status(r, st);
	else
		request_commit(r, make_run, make_after);
}

/* Apps leave the id to the server. */
static enum wk_status make_id(struct request *r, struct json *body)
{
	uint8_t raw[MADE_ID_BYTES];
	char id[3 + 2 * MADE_ID_BYTES + 1] = "rg_";
	struct bytes copy;

	if (body->type != JSON_OBJECT)
		return WK_INVALID;
	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, id + 3);
	copy = arena_copy(r->arena, bytes_str(id));
	if (!copy.p)
		return WK_NOMEM;
	json_remove(body, "id");
	return json_set_str(r->arena, body, "id", copy);
}

void groups_create(struct request *r)
{
	struct making *m = new_making(r);
	struct json *body;
	enum wk_status st;

	if (!m)
		return;
	st = request_json(r, &body);
	if (st == WK_OK)
		st = make_id(r, body);
	if (st == WK_OK)
		st = wire_group_read(body, &m->told);
	if (st != WK_OK)
		reply_status(r, st);
	else
		request_commit(r, make_run, make_after);
}

void groups_get(struct request *r)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(GROUP_TEXT_MAX);
	struct storage *storage = r->server->storage;
	struct storage_group group;
	struct storage_tx *tx;
	enum wk_status st = storage->ops->begin(storage, false, &tx);

	if (st == WK_OK) {
		st = storage->ops->group_get(tx, r->account_n, r->segment, r->arena, &group);
		storage->ops->abort(tx);
	}
	if (st == WK_OK)
		st = wire_group_write(&group.told, false, &json);
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_json(r, 200, &json);
}

static enum wk_status append_group(void *arg, const struct storage_group *row)
{
	struct buf *json = arg;
	enum wk_status st = json->p[json->n - 1] == '[' ? WK_OK : buf_append_char(json, ',');

	return st == WK_OK ? wire_group_write(&row->told, true, json) : st;
}

void groups_v1_list(struct request *r)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(GROUPS_TEXT_MAX);
	struct storage *storage = r->server->storage;
	struct storage_tx *tx;
	enum wk_status st = buf_append_str(&json, "{\"groups\":[");

	if (st == WK_OK)
		st = storage->ops->begin(storage, false, &tx);
	if (st == WK_OK) {
		st = storage->ops->groups(tx, r->account_n, append_group, &json);
		storage->ops->abort(tx);
	}
	if (st == WK_OK)
		st = buf_append_str(&json, "]}");
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_json(r, 200, &json);
}

void groups_share(struct request *r)
{
	reply_error(r, 403, "forbidden", "Workspaces cannot be shared on this server.");
}

/* --- the same workspace in several groups --- */

#define DUPES_MAX 64

struct dupe {
	int64_t group_n;
	struct bytes id, parent;
	uint64_t resources;
};

struct dupes {
	struct dupe list[DUPES_MAX];
	size_t count;
	struct bytes dropped[DUPES_MAX];
	size_t dropped_count;
	struct json *ids;
};

/* The account's groups that were named, oldest first. */
struct gather {
	struct request *r;
	struct dupes *d;
};

static enum wk_status gather_group(void *arg, const struct storage_group *row)
{
	struct gather *g = arg;
	struct dupe *dupe = &g->d->list[g->d->count];

	if (row->told.is_disabled || !row->told.parent_resource_id.p || g->d->count == DUPES_MAX)
		return WK_OK;
	for (uint32_t i = 0; i < g->d->ids->count; i++) {
		const struct json *id = &g->d->ids->items[i];

		if (id->type != JSON_STRING || !bytes_equal(id->text, row->told.id))
			continue;
		*dupe = (struct dupe){ .group_n = row->head.group_n,
				       .id = arena_copy(g->r->arena, row->told.id),
				       .parent = arena_copy(g->r->arena,
							    row->told.parent_resource_id) };
		g->d->count++;
		return dupe->id.p && dupe->parent.p ? WK_OK : WK_NOMEM;
	}
	return WK_OK;
}

/* The oldest with resources of those of the same workspace; the oldest if none has any. */
static const struct dupe *keeper_of(const struct dupes *d, const struct dupe *of)
{
	const struct dupe *oldest = NULL;

	for (size_t i = 0; i < d->count; i++) {
		if (!bytes_equal(d->list[i].parent, of->parent))
			continue;
		if (d->list[i].resources > 0)
			return &d->list[i];
		if (!oldest)
			oldest = &d->list[i];
	}
	return oldest;
}

/* Nothing is deleted: a group that is given up is disabled, and only if it holds nothing more. */
static enum wk_status fix_run(struct request *r, struct storage_tx *tx)
{
	const struct storage_ops *ops = r->server->storage->ops;
	struct dupes *d = r->state;
	enum wk_status st = ops->groups(tx, r->account_n, gather_group,
					&(struct gather){ r, d });
	bool is_subset;
	uint64_t count;

	for (size_t i = 0; st == WK_OK && i < d->count; i++)
		st = ops->group_is_subset(tx, d->list[i].group_n, d->list[i].group_n, &is_subset,
					  &d->list[i].resources);
	for (size_t i = 0; st == WK_OK && i < d->count; i++) {
		const struct dupe *keeper = keeper_of(d, &d->list[i]);

		if (keeper == &d->list[i])
			continue;
		st = ops->group_is_subset(tx, d->list[i].group_n, keeper->group_n, &is_subset,
					  &count);
		if (st == WK_OK && is_subset) {
			st = ops->group_disable(tx, d->list[i].group_n);
			d->dropped[d->dropped_count++] = d->list[i].id;
		}
	}
	return st;
}

static void fix_after(struct request *r, enum wk_status st)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(GROUPS_TEXT_MAX);
	struct dupes *d = r->state;

	if (st == WK_OK)
		st = buf_append_str(&json, "{\"deleteResourceGroupIds\":[");
	for (size_t i = 0; st == WK_OK && i < d->dropped_count; i++) {
		st = i > 0 ? buf_append_char(&json, ',') : WK_OK;
		if (st == WK_OK)
			st = json_write_string(d->dropped[i], &json);
	}
	if (st == WK_OK)
		st = buf_append_str(&json, "]}");
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_json(r, 200, &json);
}

void groups_fix_dupes(struct request *r)
{
	struct dupes *d = calloc(1, sizeof *d);
	struct json *body;
	enum wk_status st;

	r->state = d;
	r->state_free = free;
	st = d ? request_json(r, &body) : WK_NOMEM;
	if (st == WK_OK) {
		d->ids = json_get(body, "ids");
		st = d->ids && d->ids->type == JSON_ARRAY ? WK_OK : WK_INVALID;
	}
	if (st != WK_OK)
		reply_status(r, st);
	else
		request_commit(r, fix_run, fix_after);
}
