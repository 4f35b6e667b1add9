/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /sync/pull: {"resources":[what the app has…],"blacklist":[groups it does not want…]}.
 *
 * What the app has is read into a table while the body arrives; then every
 * group of the account is compared with it, in one reading transaction and
 * without touching contents; these are read while the answer is sent.
 */
#include <stdlib.h>

#include "base/hex.h"
#include "base/map.h"
#include "server/app_types.h"
#include "server/handlers.h"
#include "server/stock_answer.h"

#define ELEMENT_MAX ((size_t)16 * 1024)
#define HELD_MAX ((size_t)2 * 1000 * 1000)
#define HELD_BYTES ((size_t)512 * 1024 * 1024)

enum part { CREATED, UPDATED, TO_PUSH, TO_REMOVE };
static const char *const keys[STOCK_PARTS] = { "createdResources", "updatedResources",
					       "idsToPush", "idsToRemove" };
static const enum stock_part_kind kinds[STOCK_PARTS] = { STOCK_REFS, STOCK_REFS, STOCK_TEXTS,
							 STOCK_TEXTS };

struct held {			/* a resource that the app has */
	struct bytes key;	/* group id, a line feed, id */
	struct bytes id;
	uint8_t version[STORAGE_VERSION];
	bool has_version;	/* one of ours */
	bool is_unversioned;	/* never accepted by any server */
	bool removed;
	bool is_met;		/* the server has it too */
};

struct stock_pull_state {
	struct storage *storage;
	struct arena *arena, *scratch;
	struct map *held;		/* by key */
	struct map *blacklist;		/* by group id */
	struct stock_answer *answer;
	unsigned app;
	int64_t account_n;
	/* while groups are compared: */
	struct storage_tx *tx;
	struct storage_head group;
	struct buf key;
	size_t prefix;			/* of the key: group id and line feed */
};

static void state_free(void *state)
{
	struct stock_pull_state *s = state;

	map_free(s->held);
	map_free(s->blacklist);
	stock_answer_free(s->answer);
	buf_fini(&s->key);
	arena_free(s->scratch);
	arena_free(s->arena);
	free(s);
}

/* --- what the app has --- */

static enum wk_status make_key(struct stock_pull_state *s, struct bytes group_id, struct bytes id,
			       struct bytes *key_out)
{
	enum wk_status st;

	buf_clear(&s->key);
	st = buf_append(&s->key, group_id.p, group_id.n);
	if (st == WK_OK)
		st = buf_append_char(&s->key, '\n');
	if (st == WK_OK)
		st = buf_append(&s->key, id.p, id.n);
	if (st == WK_OK)
		*key_out = buf_bytes(&s->key);
	return st;
}

static enum wk_status take_resource(struct stock_pull_state *s, const struct json *v)
{
	struct bytes id = json_get_str(v, "id"), group_id = json_get_str(v, "resourceGroupId");
	struct bytes version = json_get_str(v, "version"), key;
	struct held *held;
	enum wk_status st;

	if (!id.p || !group_id.p || !version.p)
		return WK_INVALID;
	if (id.n > WIRE_ID_MAX || group_id.n > WIRE_ID_MAX || map_count(s->held) >= HELD_MAX)
		return WK_LIMIT;
	st = make_key(s, group_id, id, &key);
	if (st != WK_OK)
		return st;
	held = arena_alloc(s->arena, sizeof *held);
	key = arena_copy(s->arena, key);
	if (!held || !key.p)
		return WK_LIMIT;
	held->key = key;
	held->id = bytes_of(key.p + group_id.n + 1, id.n);
	held->has_version = hex_decode(version, held->version, sizeof held->version) == WK_OK;
	held->is_unversioned = bytes_equal_str(version, WIRE_NO_VERSION);
	if (json_get(v, "removed") && !json_get_bool(v, "removed", &held->removed))
		return WK_INVALID;
	return map_put(s->held, held->key, held);
}

static enum wk_status take_blacklisted(struct stock_pull_state *s, const struct json *v)
{
	struct bytes id;

	if (v->type != JSON_STRING)
		return WK_INVALID;
	if (map_count(s->blacklist) >= HELD_MAX)
		return WK_LIMIT;
	id = arena_copy(s->arena, v->text);
	return id.p ? map_put(s->blacklist, id, s) : WK_LIMIT;
}

static enum wk_status take_element(void *arg, struct bytes key, bool is_element,
				   struct bytes text)
{
	struct stock_pull_state *s = arg;
	struct json *v;
	enum wk_status st;

	if (!is_element)
		return key.n > 0 ? WK_OK : WK_INVALID;
	arena_reset(s->scratch);
	st = json_parse(s->scratch, text, &v, NULL);
	if (st != WK_OK)
		return st;
	if (bytes_equal_str(key, "resources"))
		return take_resource(s, v);
	if (bytes_equal_str(key, "blacklist"))
		return take_blacklisted(s, v);
	return key.n > 0 ? WK_OK : WK_INVALID;
}

void stock_pull_begin(struct request *r)
{
	struct stock_pull_state *s = calloc(1, sizeof *s);
	enum wk_status st = WK_NOMEM;

	r->state = s;
	r->state_free = state_free;
	if (s) {
		s->storage = r->server->storage;
		s->account_n = r->account_n;
		s->app = app_types_version(request_header(r, WIRE_CLIENT_HEADER));
		s->key = (struct buf)BUF_INIT(2 * WIRE_ID_MAX + 1);
		s->arena = arena_new(HELD_BYTES);
		s->scratch = arena_new((size_t)16 * 1024 * 1024);
		s->held = map_new();
		s->blacklist = map_new();
		s->answer = stock_answer_new(s->storage, keys, kinds);
		if (s->arena && s->scratch && s->held && s->blacklist && s->answer)
			st = split_new(ELEMENT_MAX, take_element, s, &r->split);
	}
	if (st != WK_OK)
		reply_status(r, st);
}

/* --- compared with what the server has --- */

/* One resource of the server, in the order of the cases of the protocol's table. */
static enum wk_status compare_resource(void *arg, const struct storage_light *row)
{
	struct stock_pull_state *s = arg;
	struct stock_ref ref = { s->group.group_n, row->seq };
	struct held *held;

	s->key.n = s->prefix;
	if (buf_append(&s->key, row->id.p, row->id.n) != WK_OK)
		return WK_CORRUPT;
	held = map_get(s->held, buf_bytes(&s->key));
	if (held)
		held->is_met = true;
	if (!held)
		return row->removed || !app_types_is_known(s->app, row->type)
			       ? WK_OK
			       : stock_answer_ref(s->answer, CREATED, ref);
	if (held->has_version && memcmp(held->version, row->version, STORAGE_VERSION) == 0)
		return WK_OK;
	if (held->is_unversioned)
		return WK_OK;	/* the push before the pull met the conflict */
	if (!row->removed)
		return app_types_is_known(s->app, row->type)
			       ? stock_answer_ref(s->answer, UPDATED, ref)
			       : WK_OK;
	return held->removed ? WK_OK : stock_answer_id(s->answer, TO_REMOVE, held->id, NULL);
}

static enum wk_status compare_group(void *arg, const struct storage_group *row)
{
	struct stock_pull_state *s = arg;
	struct bytes key;
	enum wk_status st;

	if (row->told.is_disabled || map_get(s->blacklist, row->told.id))
		return WK_OK;
	s->group = row->head;
	st = make_key(s, row->told.id, bytes_of("", 0), &key);
	if (st != WK_OK)
		return st;
	s->prefix = key.n;
	return s->storage->ops->lights(s->tx, row->head.group_n, compare_resource, s);
}

/* What only the app has, in a group that it may and wants to sync, is to be pushed. */
static enum wk_status ask_for_lost(struct stock_pull_state *s)
{
	void *value;
	enum wk_status st = WK_OK;

	for (size_t at = 0; st == WK_OK && map_next(s->held, &at, NULL, &value);) {
		struct held *held = value;
		struct bytes group_id = bytes_of(held->key.p, held->key.n - held->id.n - 1);
		int64_t group_n;

		if (held->is_met || map_get(s->blacklist, group_id))
			continue;
		st = s->storage->ops->group_find(s->tx, s->account_n, group_id, &group_n);
		if (st == WK_OK)
			st = stock_answer_id(s->answer, TO_PUSH, held->id, NULL);
		else if (st == WK_NOT_FOUND || st == WK_DENIED)
			st = WK_OK;
	}
	return st;
}

void stock_pull(struct request *r)
{
	struct stock_pull_state *s = r->state;
	const struct storage_ops *ops = s->storage->ops;
	enum wk_status st = ops->begin(s->storage, false, &s->tx);

	if (st == WK_OK) {
		st = ops->groups(s->tx, r->account_n, compare_group, s);
		if (st == WK_OK)
			st = ask_for_lost(s);
		ops->abort(s->tx);
	}
	if (st != WK_OK)
		reply_status(r, st);
	else
		stock_answer_send(r, take(&s->answer));
}
