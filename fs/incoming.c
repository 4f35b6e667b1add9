/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of changes by others.
 *
 * 1. Changes are made in the order they came, one at a time: `current` is the head of the queue
 * while the helper works on it.
 * 2. Whoever calls view_apply() or view_cancel() for the current change sets `current.change` to
 * NULL at once: the change is freed by it.
 * 3. A helper that has not answered by the deadline is `stuck` until it does; meanwhile changes go
 *    straight into the tree, and what it asks for late is refused, because nothing expects it.
 * 4. A node that was made for a change is held here (as if the kernel knew it) until
 *    the change is done, so that the kernel's forgetting it in between does not free it.
 */
#include "fs/incoming_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "fs/entry.h"
#include "fs/helper.h"
#include "fs/notify.h"
#include "store/docs.h"

#define TRIES_MAX 3
#define REST_MS 20

/* --- in the tree, and the kernel is told --- */

struct places { /* what the kernel may hold of a change; outlives it */
	uint64_t dir_ino, from_dir_ino;
	char name[TREE_NAME_MAX + 1], from_name[TREE_NAME_MAX + 1];
};

static struct places places_of(const struct view_change *c)
{
	struct places p = {.dir_ino = c->dir_ino};

	memcpy(p.name, c->name, sizeof p.name);
	if (c->op == VIEW_MOVE) {
		p.from_dir_ino = c->from_dir_ino;
		memcpy(p.from_name, c->from_name, sizeof p.from_name);
	}
	return p;
}

static void forget_name(struct mount *m, uint64_t dir_ino, const char *name)
{
	if (!entry_is_known(tree_node(m->tree, dir_ino)))
		return;
	notify_entry(m->notify, dir_ino, bytes_str(name));
	notify_inode(m->notify, dir_ino);
	m->stats.entries_invalidated++;
	m->stats.inodes_invalidated++;
}

static void named(void *arg, uint64_t dir_ino, const char *name)
{
	const struct incoming *in = arg;

	forget_name(in->m, dir_ino, name);
}

static void forget_places(struct mount *m, const struct places *p)
{
	forget_name(m, p->dir_ino, p->name);
	if (p->from_dir_ino)
		forget_name(m, p->from_dir_ino, p->from_name);
}

static void make_directly(struct incoming *in, struct view_change *change)
{
	struct places places = places_of(change);

	in->m->stats.changes_direct++;
	/* Cancelled: a user was there first, and the view settles that. */
	if (view_apply(in->view, change) == WK_OK)
		forget_places(in->m, &places);
}

static void drop_made(struct incoming *in)
{
	if (in->current.made)
		entry_drop(in->m, in->current.made, 1);
	in->current.made = NULL;
}

/* The helper could not: the tree changes, and the kernel forgets what it held. */
static void give_up_current(struct incoming *in)
{
	struct view_change *change = take(&in->current.change);
	struct places places;

	if (change) {
		places = places_of(change);
		in->m->stats.changes_direct++;
		view_cancel(in->view, change);
		forget_places(in->m, &places);
	}
	drop_made(in);
}

/* --- which way --- */

static bool is_known(struct incoming *in, uint64_t ino)
{
	return ino && entry_is_known(tree_node(in->m->tree, ino));
}

static bool is_first_sync(const struct view_change *c)
{
	return c->doc && c->doc->group && c->doc->group->on_server && c->doc->group->synced_ms == 0;
}

/* Beyond the limit of a batch each directory still gets one event. */
static bool may_announce(struct incoming *in, const struct view_change *c)
{
	SCOPED(scoped_free) uint64_t *ino = NULL;
	struct bytes key;

	if (in->events < INCOMING_EVENTS_MAX)
		return true;
	ino = malloc(sizeof *ino);
	if (!ino)
		return false;
	*ino = c->dir_ino;
	key = bytes_of(ino, sizeof *ino);
	if (map_get(in->announced, key) || map_put(in->announced, key, ino) != WK_OK)
		return false;
	(void)take(&ino);
	return true;
}

static void forget_announced(struct incoming *in)
{
	struct bytes key;
	void *ino;

	for (size_t at = 0; map_next(in->announced, &at, &key, &ino); at = 0) {
		(void)map_remove(in->announced, key);
		free(ino);
	}
}

/* The view hands over one change at a time; a batch is over when it has had none for a moment. */
static void end_batch(void *arg)
{
	struct incoming *in = arg;

	if (!view_is_idle(in->view)) {
		loop_timer_set(in->rest, REST_MS);
		return;
	}
	in->events = 0;
	forget_announced(in);
}

static bool goes_through_mount(struct incoming *in, const struct view_change *c)
{
	if (in->stuck || !in->m->ready || in->m->stopping || in->m->ended ||
	    !helper_is_alive(in->m->helper) || is_first_sync(c))
		return false;
	if (!is_known(in, c->dir_ino) && !(c->op == VIEW_MOVE && is_known(in, c->from_dir_ino)))
		return false;
	return may_announce(in, c);
}

/* --- through the mount --- */

static enum wk_status path_of(struct mount *m, uint64_t ino, struct buf *out, const char **text_out)
{
	struct node *dir = tree_node(m->tree, ino);
	enum wk_status st = dir ? WK_OK : WK_NOT_FOUND;

	if (st == WK_OK && ino != TREE_ROOT_INO)
		st = tree_path(m->tree, dir, out);
	return st == WK_OK ? buf_cstr(out, text_out) : st;
}

static enum wk_status send_current(struct incoming *in)
{
	static const enum helper_kind kinds[] = {
	    [VIEW_PUT] = HELPER_PUT,	   [VIEW_MKDIR] = HELPER_MKDIR, [VIEW_MOVE] = HELPER_MOVE,
	    [VIEW_REMOVE] = HELPER_REMOVE, [VIEW_RMDIR] = HELPER_RMDIR,
	};
	SCOPED(buf_fini) struct buf path = BUF_SECRET_INIT(PATH_MAX);
	SCOPED(buf_fini) struct buf from_path = BUF_SECRET_INIT(PATH_MAX);
	const struct view_change *c = in->current.change;
	struct helper_request request = {.kind = kinds[c->op], .name = c->name};
	enum wk_status st = path_of(in->m, c->dir_ino, &path, &request.path);

	if (st == WK_OK && c->op == VIEW_MOVE) {
		request.from_name = c->from_name;
		st = path_of(in->m, c->from_dir_ino, &from_path, &request.from_path);
	}
	if (st != WK_OK)
		return st;
	if (c->op == VIEW_PUT) {
		(void)snprintf(in->current.hidden, sizeof in->current.hidden, "%llx",
			       (unsigned long long)++in->made_count);
		request.hidden = in->current.hidden;
	}
	return helper_send(in->m->helper, &request, &in->current.id);
}

static void pump(struct incoming *in)
{
	if (in->pumping)
		return;
	in->pumping = true;
	while (in->first && !(in->busy && !in->stuck)) {
		struct waiting *w = in->first;
		struct view_change *change = w->change;

		in->first = w->next;
		if (!in->first)
			in->last = NULL;
		free(w);
		if (!goes_through_mount(in, change)) {
			make_directly(in, change);
			continue;
		}
		in->current.change = change;
		in->current.tries = 0;
		if (send_current(in) != WK_OK) {
			give_up_current(in);
			continue;
		}
		in->events++;
		in->busy = true;
		loop_timer_set(in->deadline, INCOMING_DEADLINE_MS);
	}
	in->pumping = false;
	if (!in->first && !in->busy)
		loop_timer_set(in->rest, REST_MS);
}

static void submit(void *arg, struct view_change *change)
{
	struct incoming *in = arg;
	struct waiting *w = malloc(sizeof *w);

	if (!w) {
		/* Out of order, but not lost: what it depends on is queued by the view in front of
		 * it. */
		make_directly(in, change);
		return;
	}
	*w = (struct waiting){.change = change};
	if (in->last)
		in->last->next = w;
	else
		in->first = w;
	in->last = w;
	pump(in);
}

static void deadline_passed(void *arg)
{
	struct incoming *in = arg;

	if (!in->busy || in->stuck)
		return;
	in->stuck = true;
	give_up_current(in);
	pump(in);
}

void incoming_answered(struct incoming *in, const struct helper_reply *reply)
{
	if (!in->busy || reply->id != in->current.id)
		return;
	in->stuck = false;
	/* Refused or overtaken: the place may have moved, so it is looked for again. */
	if (in->current.change && ++in->current.tries < TRIES_MAX &&
	    (reply->error == ECANCELED || reply->error == ENOENT || reply->error == ESTALE) &&
	    send_current(in) == WK_OK)
		return;
	in->busy = false;
	loop_timer_clear(in->deadline);
	give_up_current(in);
	pump(in);
}

void incoming_helper_gone(struct incoming *in)
{
	in->busy = false;
	in->stuck = false;
	loop_timer_clear(in->deadline);
	give_up_current(in);
	pump(in);
}

enum wk_status incoming_new(struct mount *m, struct incoming **incoming_out)
{
	struct incoming *in = calloc(1, sizeof *in);
	struct view_observer observer = {.arg = in, .submit = submit, .named = named};
	enum wk_status st;

	if (!in)
		return WK_NOMEM;
	in->m = m;
	in->view = store_view(m->store);
	in->announced = map_new();
	st = in->announced ? loop_timer_new(m->loop, deadline_passed, in, &in->deadline) : WK_NOMEM;
	if (st == WK_OK)
		st = loop_timer_new(m->loop, end_batch, in, &in->rest);
	if (st != WK_OK) {
		if (in->deadline)
			loop_timer_free(in->deadline);
		map_free(in->announced);
		free(in);
		return st;
	}
	view_set_observer(in->view, &observer);
	*incoming_out = in;
	return WK_OK;
}

void incoming_free(struct incoming *in)
{
	if (!in)
		return;
	view_set_observer(in->view, NULL);
	incoming_helper_gone(in);
	loop_timer_free(in->deadline);
	loop_timer_free(in->rest);
	forget_announced(in);
	map_free(in->announced);
	free(in);
}
