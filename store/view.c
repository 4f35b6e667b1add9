/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of documents whose files must change.
 *
 * What waits are documents, not changes: each change is found from the tree as it is at that moment, one
 * at a time, until nothing is left to do for the document.  So a user's work in
 * between, a change that was cancelled and a restart all end in the same state.
 */
#include "store/view_private.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

static enum wk_status list_add(struct view_list *list, struct view_item *item)
{
	struct view_item **bigger;
	size_t room;

	if (list->count == list->room) {
		room = list->room == 0 ? 64 : 2 * list->room;
		bigger = reallocarray(list->items, room, sizeof(*bigger));
		if (bigger == NULL)
			return WK_NOMEM;
		list->items = bigger;
		list->room = room;
	}
	list->items[list->count++] = item;
	return WK_OK;
}

static void item_free(struct view_item *item)
{
	if (!item->done)
		item->doc->queued = NULL;
	free(item->name);
	free(item);
}

static void list_fini(struct view_list *list, size_t from)
{
	for (size_t i = from; i < list->count; i++)
		item_free(list->items[i]);
	free(list->items);
	*list = (struct view_list){ 0 };
}

static enum wk_status set_name(struct view_item *item, struct bytes name)
{
	char *copy;

	if (name.p == NULL)
		return WK_OK;
	copy = bytes_dup(name);
	if (copy == NULL)
		return WK_NOMEM;
	free(item->name);
	item->name = copy;
	item->name_n = name.n;
	return WK_OK;
}

enum wk_status view_queue(struct view *v, struct doc *doc, struct bytes name)
{
	struct view_item *item = doc->queued;
	enum wk_status st;

	if (v == NULL)
		return WK_OK;	/* while the store opens: view_open() looks for itself */
	if (item != NULL) {
		item->steps = 0;
		return set_name(item, name);
	}
	item = calloc(1, sizeof(*item));
	if (item == NULL)
		return WK_NOMEM;
	item->doc = doc;
	st = set_name(item, name);
	if (st == WK_OK)
		st = list_add(&v->fresh, item);
	if (st != WK_OK) {
		free(item->name);
		free(item);
		return st;
	}
	doc->queued = item;
	return WK_OK;
}

/* Removals first (they free names), deepest first; then the living, oldest first; late ones last. */
static int rank_of(const struct view_item *item)
{
	return item->late ? 2 : !item->doc->removed;
}

static int compare(const void *a, const void *b)
{
	const struct view_item *x = *(struct view_item *const *)a;
	const struct view_item *y = *(struct view_item *const *)b;

	if (rank_of(x) != rank_of(y))
		return rank_of(x) - rank_of(y);
	if (x->doc->removed && x->depth != y->depth)
		return y->depth - x->depth;
	if (x->doc->created_ms != y->doc->created_ms)
		return x->doc->created_ms < y->doc->created_ms ? -1 : 1;
	return strcmp(x->doc->id, y->doc->id);
}

static int depth_of(const struct node *node)
{
	int depth = 0;

	for (; node != NULL; node = node->parent)
		depth++;
	return depth;
}

static bool is_container(const struct doc *doc)
{
	return kind_is_directory(doc->kind) || kind_info(doc->kind)->children_suffix != NULL;
}

/* Parents that came, went or moved change the places of documents that did not change. */
static void queue_displaced(struct view *v, struct group *g)
{
	for (size_t i = 0; i < g->doc_count; i++) {
		struct doc *doc = g->docs[i];

		if (!doc->removed && doc->queued == NULL && doc->settling == NULL &&
		    !view_step_is_placed(v, doc) &&
		    view_queue(v, doc, bytes_of(NULL, 0)) != WK_OK)
			log_warn("out of memory: a document stays in its old place for now");
	}
}

static void start_batch(struct view *v)
{
	struct view_list next = v->fresh;

	list_fini(&v->batch, v->batch.count);
	v->fresh = (struct view_list){ 0 };
	v->batch = next;
	v->at = 0;
	for (size_t i = 0; i < next.count; i++) {
		const struct doc *doc = next.items[i]->doc;

		next.items[i]->depth = depth_of(doc->file != NULL ? doc->file->parent : NULL);
		if (doc->node != NULL && kind_is_directory(doc->kind))
			next.items[i]->depth = depth_of(doc->node);
		/* A parent that moved or went, or one that the unplaced may have waited for. */
		if (is_container(doc) && (doc->removed || doc->node != NULL || doc->unplaced ||
					  doc->group->unplaced_count > 0))
			doc->group->settling = true;
	}
	qsort(next.items, next.count, sizeof(struct view_item *), compare);
	for (size_t i = 0; i < next.count; i++) {
		struct group *g = next.items[i]->doc->group;

		if (g->settling)
			queue_displaced(v, g);
		g->settling = false;
	}
}

/* Ends what the step said about the item at the front. */
static void leave(struct view *v, struct view_item *item, enum view_step step)
{
	struct view_list *to = step == VIEW_LATE ? &v->fresh : &v->blocked;

	v->at++;
	item->steps = 0;
	if (step == VIEW_BLOCKED)
		item->retried = false;
	if (item->done || step == VIEW_DONE || list_add(to, item) != WK_OK)
		item_free(item);
}

static struct view_work *next_work(struct view *v)
{
	struct view_work *work = calloc(1, sizeof(*work));
	uint64_t empty = v->empty_ino;

	v->empty_ino = 0;
	if (work == NULL)
		return NULL;
	if (empty != 0 && view_step_empty(v, empty, work))
		return work;
	while (v->at < v->batch.count || v->fresh.count > 0) {
		struct view_item *item;
		enum view_step step = VIEW_DONE;

		if (v->at >= v->batch.count)
			start_batch(v);
		item = v->batch.items[v->at];
		if (item->steps > VIEW_STEPS_MAX)
			step = item->retried ? VIEW_BLOCKED : VIEW_LATE;
		else if (!item->done)
			step = view_step(v, item, work);
		item->retried = item->retried || step == VIEW_LATE;
		if (step == VIEW_WORK)
			return work;
		leave(v, item, step);
	}
	free(work);
	return NULL;
}

/* What cannot be done is not tried for ever: neither for its document nor for who waits for it. */
static void blame(struct view *v, const struct view_work *work)
{
	if (work->item != NULL)
		work->item->steps += VIEW_STEPS_MAX / 4;
	if (v->at < v->batch.count && v->batch.items[v->at] != work->item)
		v->batch.items[v->at]->steps += VIEW_STEPS_MAX / 4;
}

static enum wk_status do_work(struct view *v, struct view_work *work)
{
	enum wk_status st = view_do(v, work);

	if (st != WK_OK)
		blame(v, work);
	else if (work->item != NULL)
		work->item->steps++;
	return st;
}

static void finish(struct view *v, struct view_work *work)
{
	if (v->current == work)
		v->current = NULL;
	if (v->cancelled == work)
		v->cancelled = NULL;
	free(work);
}

static void pump(struct view *v)
{
	if (v->busy)
		return;
	v->busy = true;
	while (v->current == NULL && (v->current = next_work(v)) != NULL) {
		struct view_work *work = v->current;

		if (v->has_observer) {
			v->observer.submit(v->observer.arg, &work->change);
			continue;
		}
		if (do_work(v, work) == WK_NOMEM)
			log_warn("out of memory while showing a change");
		finish(v, work);
	}
	v->busy = false;
}

static void go_on(void *arg)
{
	pump(arg);
}

/* What follows is handed over from the loop: the observer is in the middle of a request. */
static void pump_later(struct view *v)
{
	if (!v->busy)
		loop_timer_set(v->timer, 0);
}

void view_run(struct view *v)
{
	for (size_t i = 0; i < v->blocked.count; i++)
		if (list_add(&v->fresh, v->blocked.items[i]) != WK_OK)
			item_free(v->blocked.items[i]);
	v->blocked.count = 0;
	pump(v);
}

bool view_is_idle(const struct view *v)
{
	return v->current == NULL && v->at >= v->batch.count && v->fresh.count == 0;
}

void view_set_observer(struct view *v, const struct view_observer *observer)
{
	v->has_observer = observer != NULL;
	v->observer = observer != NULL ? *observer : (struct view_observer){ 0 };
}

void view_tell_name(struct view *v, const struct node *dir, const char *name)
{
	if (v->observer.named != NULL)
		v->observer.named(v->observer.arg, dir->ino, name);
}

enum wk_status view_apply(struct view *v, struct view_change *change)
{
	struct view_work *work = (struct view_work *)change;
	enum wk_status st;

	if (work == v->cancelled) {
		finish(v, work);
		return WK_OK;
	}
	st = do_work(v, work);
	finish(v, work);
	pump_later(v);
	return st;
}

void view_cancel(struct view *v, struct view_change *change)
{
	struct view_work *work = (struct view_work *)change;

	if (work == v->cancelled)
		return;
	if (do_work(v, work) == WK_NOMEM)
		log_warn("out of memory while showing a change");
	free(v->cancelled);
	v->cancelled = work;
	if (v->current == work)
		v->current = NULL;
	pump_later(v);
}

/* What was not shown when the store was last closed. */
static enum wk_status queue_unshown(struct view *v)
{
	enum wk_status st = WK_OK;

	for (size_t i = 0; st == WK_OK && i < v->docs->group_count; i++) {
		const struct group *g = v->docs->groups[i];

		for (size_t k = 0; st == WK_OK && k < g->doc_count; k++) {
			struct doc *doc = g->docs[k];

			if (doc->shown && (!doc->removed || doc->node == NULL))
				continue;
			st = view_queue(v, doc, bytes_of(NULL, 0));
			if (st == WK_OK)
				doc->queued->reads_name = true;
		}
	}
	return st;
}

enum wk_status view_open(struct store *s, struct view **view_out)
{
	struct view *v = calloc(1, sizeof(*v));
	enum wk_status st;

	if (v == NULL)
		return WK_NOMEM;
	v->store = s;
	v->docs = s->docs;
	v->tree = s->tree;
	v->uid = getuid();
	v->gid = getgid();
	st = loop_timer_new(s->loop, go_on, v, &v->timer);
	if (st == WK_OK)
		st = queue_unshown(v);
	if (st != WK_OK) {
		view_close(v);
		return st;
	}
	*view_out = v;
	return WK_OK;
}

void view_close(struct view *v)
{
	if (v == NULL)
		return;
	if (v->timer != NULL)
		loop_timer_free(v->timer);
	free(v->current);
	free(v->cancelled);
	list_fini(&v->batch, v->at);
	list_fini(&v->fresh, 0);
	list_fini(&v->blocked, 0);
	free(v);
}
