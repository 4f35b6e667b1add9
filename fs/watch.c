/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which directories the helper watches.
 *
 * A directory is known here from the first time that the kernel gets it; it is in `waiting` until
 * it is sent, in `sent` until the helper has answered (it does so in order), then it has a watch
 * descriptor or, when that failed, none for good.  While there is no helper all are in `waiting`.
 */
#include "fs/watch.h"

#include <stdlib.h>

#include "base/map.h"
#include "fs/helper.h"

#define IN_FLIGHT_MAX 16

struct watched {
	uint64_t ino;
	int wd; /* -1: none (yet) */
	struct watched *next;
};

struct watch_queue {
	struct watched *first, *last;
	size_t n;
};

struct watch {
	struct mount *m;
	struct map *by_ino, *by_wd;
	struct watch_queue waiting, sent;
};

static void append(struct watch_queue *q, struct watched *d)
{
	d->next = NULL;
	if (q->last)
		q->last->next = d;
	else
		q->first = d;
	q->last = d;
	q->n++;
}

static struct watched *shift(struct watch_queue *q)
{
	struct watched *d = q->first;

	if (!d)
		return NULL;
	q->first = d->next;
	if (!q->first)
		q->last = NULL;
	q->n--;
	return d;
}

struct watch *watch_new(struct mount *m)
{
	struct watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->m = m;
	w->by_ino = map_new();
	w->by_wd = map_new();
	if (w->by_ino && w->by_wd)
		return w;
	watch_free(w);
	return NULL;
}

void watch_free(struct watch *w)
{
	void *d;

	if (!w)
		return;
	if (w->by_ino)
		for (size_t at = 0; map_next(w->by_ino, &at, NULL, &d);)
			free(d);
	map_free(w->by_ino);
	map_free(w->by_wd);
	free(w);
}

static struct watched *find(const struct watch *w, uint64_t ino)
{
	return map_get(w->by_ino, bytes_of(&ino, sizeof ino));
}

static void send_waiting(struct watch *w)
{
	SCOPED(buf_fini) struct buf path = BUF_SECRET_INIT(PATH_MAX);

	while (helper_is_alive(w->m->helper) && w->waiting.n > 0 && w->sent.n < IN_FLIGHT_MAX) {
		struct watched *d = w->waiting.first;
		struct helper_request request = {.kind = HELPER_WATCH};
		struct node *node = tree_node(w->m->tree, d->ino);
		enum wk_status st = WK_OK;
		uint32_t id;

		buf_clear(&path);
		if (node && tree_path(w->m->tree, node, &path) == WK_OK &&
		    buf_cstr(&path, &request.path) == WK_OK) {
			st = helper_send(w->m->helper, &request, &id);
			if (st == WK_BUSY)
				return; /* goes on with the next answer, if one is to come */
		} else {
			st = WK_NOT_FOUND;
		}
		(void)shift(&w->waiting);
		if (st == WK_OK)
			append(&w->sent, d);
	}
}

static bool is_worth_it(const struct watch *w, const struct node *dir, const struct node *node)
{
	struct node *in;
	struct bytes name;

	if (dir->ino != TREE_ROOT_INO && !find(w, dir->ino))
		return false;
	return tree_place(w->m->tree, (struct node *)node, &in, &name) == WK_OK &&
	       name.p[0] != '.' && !bytes_equal_str(name, "node_modules");
}

void watch_directory(struct watch *w, const struct node *dir, struct node *node)
{
	struct watched *d;

	if (!w->m->helper || map_count(w->by_ino) >= WATCH_MAX ||
	    find(w, node->ino) || !is_worth_it(w, dir, node))
		return;
	d = malloc(sizeof *d);
	if (!d)
		return;
	*d = (struct watched){.ino = node->ino, .wd = -1};
	if (map_put(w->by_ino, bytes_of(&d->ino, sizeof d->ino), d) != WK_OK) {
		free(d);
		return;
	}
	append(&w->waiting, d);
	send_waiting(w);
}

void watch_answered(struct watch *w, const struct helper_reply *reply)
{
	struct watched *d = shift(&w->sent);

	if (d && reply->error == 0) {
		d->wd = reply->wd;
		/* Without its entry its saves are complete after the quiet time. */
		if (map_put(w->by_wd, bytes_of(&d->wd, sizeof d->wd), d) != WK_OK)
			d->wd = -1;
	}
	send_waiting(w);
}

void watch_closed(struct watch *w, int wd, struct bytes name)
{
	struct watched *d = map_get(w->by_wd, bytes_of(&wd, sizeof wd));
	struct node *dir = d ? tree_node(w->m->tree, d->ino) : NULL;
	struct node *node = dir && name.n > 0 ? tree_lookup(w->m->tree, dir, name) : NULL;

	if (!node || !S_ISREG(node->mode) || !node->written)
		return;
	w->m->stats.saves_closed++;
	settle_complete(store_settle(w->m->store), node);
}

void watch_ended(struct watch *w, int wd)
{
	struct watched *d = map_remove(w->by_wd, bytes_of(&wd, sizeof wd));

	if (!d)
		return;
	(void)map_remove(w->by_ino, bytes_of(&d->ino, sizeof d->ino));
	free(d);
}

void watch_helper_gone(struct watch *w)
{
	struct bytes key;
	void *d;

	w->waiting = (struct watch_queue){.n = 0};
	w->sent = (struct watch_queue){.n = 0};
	for (size_t at = 0; map_next(w->by_wd, &at, &key, &d); at = 0)
		(void)map_remove(w->by_wd, key);
	for (size_t at = 0; map_next(w->by_ino, &at, NULL, &d);) {
		((struct watched *)d)->wd = -1;
		append(&w->waiting, d);
	}
}

void watch_again(struct watch *w)
{
	send_waiting(w);
}
