/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which groups there are.  The server's list gives links (group keys sealed for this account); a new one
 * is opened and added, one that is no longer listed is marked lost and kept; one made here is made
 * there, under the id it has.  A key that is known never changes, whatever the server sends.
 */
#include "base/hex.h"
#include "base/log.h"
#include "sync/sync_private.h"

#include <stdio.h>
#include <stdlib.h>

struct listing {
	struct sync *sync;
	struct sync_groups *out;
	enum wk_status st;
};

static void copy_group(struct group *g, struct sync_group *out)
{
	out->group = g;
	out->key = g->key;
	(void)snprintf(out->id, sizeof out->id, "%s", g->id);
	(void)snprintf(out->name, sizeof out->name, "%s", g->name ? g->name : "");
	(void)snprintf(out->parent_id, sizeof out->parent_id, "%s",
		       g->workspace ? g->workspace->id : "");
	out->seq = g->seq;
	memcpy(out->mark, g->mark, sizeof out->mark);
	out->on_server = g->on_server;
	out->lost = g->lost;
	out->mixed = g->mixed;
	out->has_outgoing = g->pending > 0;
}

static void step_list(void *arg)
{
	struct listing *l = arg;
	struct docs *docs = store_docs(l->sync->store);
	struct sync_groups *out = l->out;
	size_t n = 0;

	while (docs_group_at(docs, n))
		n++;
	out->items = calloc(n + 1, sizeof *out->items);
	l->st = out->items ? WK_OK : WK_NOMEM;
	out->count = out->items ? n : 0;
	for (size_t i = 0; i < out->count; i++)
		copy_group(docs_group_at(docs, i), &out->items[i]);
}

enum wk_status sync_groups_list(struct sync *s, struct sync_groups *out)
{
	struct listing l = { .sync = s, .out = out };
	enum wk_status st = sync_step(s, step_list, &l);

	return st == WK_OK ? l.st : st;
}

void sync_groups_fini(struct sync_groups *g)
{
	free(g->items);
	g->items = NULL;
	g->count = 0;
}

struct refresh {
	struct sync *sync;
	struct sync_group *group;
};

static void step_refresh(void *arg)
{
	struct refresh *r = arg;

	copy_group(r->group->group, r->group);
}

enum wk_status sync_group_refresh(struct sync *s, struct sync_group *g)
{
	struct refresh r = { s, g };

	return sync_step(s, step_refresh, &r);
}

struct adding {
	struct sync *sync;
	const struct wire_group *wire;
	struct group_key *key;
	bool known;
	enum wk_status st;
};

static void step_is_known(void *arg)
{
	struct adding *a = arg;
	char id[CONTEXT_ID_MAX + 1];
	struct group *g;

	(void)snprintf(id, sizeof id, "%.*s", (int)a->wire->id.n, (const char *)a->wire->id.p);
	g = docs_group(store_docs(a->sync->store), id);
	a->known = g != NULL;
	a->st = WK_OK;
	if (g && (g->lost || !g->on_server)) {
		g->lost = false;
		g->on_server = true;
		a->st = docs_group_save(store_docs(a->sync->store), g);
	}
}

static void step_add(void *arg)
{
	struct adding *a = arg;
	char id[CONTEXT_ID_MAX + 1], name[WIRE_NAME_MAX + 1];
	struct group *g;

	(void)snprintf(id, sizeof id, "%.*s", (int)a->wire->id.n, (const char *)a->wire->id.p);
	(void)snprintf(name, sizeof name, "%.*s",
		       (int)(a->wire->name.n > WIRE_NAME_MAX ? WIRE_NAME_MAX : a->wire->name.n),
		       a->wire->name.p ? (const char *)a->wire->name.p : "");
	a->st = docs_group_add(store_docs(a->sync->store), id, name, take(&a->key), true, &g);
}

static enum wk_status meet(struct sync *s, const struct wire_group *w)
{
	SCOPED(group_key_free_scoped) struct group_key *key = NULL;
	struct adding a = { .sync = s, .wire = w };
	enum wk_status st;

	if (!wire_is_group_id(w->id))
		return WK_CORRUPT;
	st = sync_step(s, step_is_known, &a);
	if (st != WK_OK || a.st != WK_OK || a.known)
		return st == WK_OK ? a.st : st;
	st = keyring_open_link(s->keyring, w->enc_symmetric_key, &key);
	if (st == WK_TAMPERED || st == WK_CORRUPT) {
		log_warn("a group's key from the server does not open; the group is left out");
		sync_report(s, st, "a workspace on the server has a key that does not open");
		return WK_OK;
	}
	if (st != WK_OK)
		return st;
	a.key = take(&key);
	st = sync_step(s, step_add, &a);
	group_key_free(a.key);
	return st == WK_OK ? a.st : st;
}

struct losing {
	struct sync *sync;
	const struct api_groups *listed;
	enum wk_status st;
};

static void step_mark_lost(void *arg)
{
	struct losing *l = arg;
	struct docs *docs = store_docs(l->sync->store);
	struct group *g;

	l->st = WK_OK;
	for (size_t i = 0; l->st == WK_OK && (g = docs_group_at(docs, i)); i++) {
		bool listed = false;

		for (size_t j = 0; j < l->listed->count && !listed; j++)
			listed = bytes_equal_str(l->listed->items[j].id, g->id) &&
				 !l->listed->items[j].is_disabled;
		if (g->on_server && !listed && !g->lost) {
			g->lost = true;
			l->st = docs_group_save(docs, g);
		}
	}
}

static void step_made(void *arg)
{
	struct refresh *r = arg;

	r->group->group->on_server = true;
	if (docs_group_save(store_docs(r->sync->store), r->group->group) != WK_OK)
		log_warn("group %s: its state could not be written; it is made again",
			 r->group->id);
}

static enum wk_status make_on_server(struct sync *s, struct sync_group *g)
{
	SCOPED(buf_fini) struct buf link = BUF_INIT(1024);
	struct refresh r = { s, g };
	struct wire_group w = {
		.id = bytes_str(g->id),
		.name = bytes_str(s->hide_names || !g->name[0] ? "n/a" : g->name),
		.parent_resource_id = bytes_str(g->parent_id),
	};
	enum wk_status st = keyring_seal_link(s->keyring, g->key, &link);

	w.enc_symmetric_key = buf_bytes(&link);
	if (st == WK_OK)
		st = api_group_create(s->api, &w);
	if (st == WK_OK)
		st = sync_step(s, step_made, &r);
	g->on_server = st == WK_OK;
	return st;
}

/* Puts the heads of the server's list beside our copies. */
static void join_heads(const struct api_groups *listed, struct sync_groups *ours)
{
	for (size_t i = 0; i < ours->count; i++) {
		struct sync_group *g = &ours->items[i];

		for (size_t j = 0; j < listed->count; j++) {
			const struct wire_group *w = &listed->items[j];

			if (!bytes_equal_str(w->id, g->id) || w->head.mark.n >= sizeof g->head_mark)
				continue;
			memcpy(g->head_mark, w->head.mark.p, w->head.mark.n);
			g->head_mark[w->head.mark.n] = '\0';
			g->head = (struct wire_head){ w->head.seq, bytes_str(g->head_mark) };
			g->head_known = true;
		}
	}
}

enum wk_status sync_groups_exchange(struct sync *s, struct sync_groups *out)
{
	struct api_groups listed = { 0 };
	struct losing l = { .sync = s, .listed = &listed };
	enum wk_status st;

	arena_reset(s->arena);
	st = api_groups(s->api, s->arena, &listed);
	for (size_t i = 0; i < listed.count && st == WK_OK; i++)
		if (!listed.items[i].is_disabled)
			st = meet(s, &listed.items[i]);
	if (st == WK_OK)
		st = sync_step(s, step_mark_lost, &l);
	if (st == WK_OK)
		st = l.st;
	if (st == WK_OK)
		st = sync_groups_list(s, out);
	if (st != WK_OK)
		return st;
	join_heads(&listed, out);
	return WK_OK;
}

enum wk_status sync_group_ensure(struct sync *s, struct sync_group *g)
{
	if (g->on_server || g->lost || !g->has_outgoing)
		return WK_OK;
	return make_on_server(s, g);
}
