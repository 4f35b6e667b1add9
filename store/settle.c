/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was touched, where documents stood before, and when it is time to settle.
 *
 * A node is noted by its inode; a document once, with the place it had before it moved, until it is
 * settled.
 */
#include "store/settle_private.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/name.h"
#include "store/view.h"

static struct bytes ino_key(const struct settle_node *e)
{
	return bytes_of(&e->ino, sizeof(e->ino));
}

struct settle_node *settle_find(struct settle *s, const struct node *node)
{
	return map_get(s->by_ino, bytes_of(&node->ino, sizeof(node->ino)));
}

static bool grow(void *array_ptr, size_t *room, size_t count)
{
	void **array = array_ptr, **bigger;
	size_t want = *room == 0 ? 32 : 2 * *room;

	if (count < *room)
		return true;
	bigger = reallocarray(*array, want, sizeof(void *));
	if (bigger == NULL)
		return false;
	*array = bigger;
	*room = want;
	return true;
}

struct settle_node *settle_note(struct settle *s, struct node *node)
{
	struct settle_node *e = settle_find(s, node);

	if (e == NULL) {
		e = calloc(1, sizeof(*e));
		if (e == NULL || !grow(&s->nodes, &s->node_room, s->node_count)) {
			free(e);
			return NULL;
		}
		e->ino = node->ino;
		e->node = node;
		if (map_put(s->by_ino, ino_key(e), e) != WK_OK) {
			free(e);
			return NULL;
		}
		s->nodes[s->node_count++] = e;
	}
	e->settled = false;
	free(e->problem);
	e->problem = NULL;
	settle_later(s);
	return e;
}

enum wk_status settle_set_problem(struct settle_node *e, const char *problem)
{
	char *copy = strdup(problem);

	if (copy == NULL)
		return WK_NOMEM;
	free(e->problem);
	e->problem = copy;
	return WK_OK;
}

static void drop_node(struct settle *s, size_t at)
{
	struct settle_node *e = s->nodes[at];

	map_remove(s->by_ino, ino_key(e));
	s->nodes[at] = s->nodes[--s->node_count];
	free(e->problem);
	free(e->path);
	free(e);
}

static void drop_doc(struct settle *s, size_t at)
{
	struct settle_doc *r = s->list[at];

	r->doc->settling = NULL;
	s->list[at] = s->list[--s->doc_count];
	free(r->path);
	free(r->name);
	free(r);
}

enum wk_status settle_path(struct settle *s, struct node *node, struct buf *out)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(1024 * 1024);
	const uint8_t *slash;
	size_t from;
	enum wk_status st = tree_path(s->tree, node, &path);

	if (st != WK_OK)
		return st;
	slash = memchr(path.p, '/', path.n);
	from = slash == NULL ? path.n : (size_t)(slash - path.p) + 1;
	return buf_append(out, path.p + from, path.n - from);
}

static char *path_below(struct settle *s, struct node *dir, struct bytes name)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(1024 * 1024 + 512);

	if (dir != tree_root(s->tree) && settle_path(s, dir, &path) == WK_OK && path.n > 0 &&
	    buf_append_char(&path, '/') != WK_OK)
		return NULL;
	if (buf_append(&path, name.p, name.n) != WK_OK)
		return NULL;
	return bytes_dup(buf_bytes(&path));
}

void settle_note_doc(struct settle *s, struct doc *doc, struct node *dir, struct bytes name)
{
	struct settle_doc *r;

	if (doc->settling != NULL)
		return;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return;
	*r = (struct settle_doc){ .doc = doc, .dir_ino = dir->ino, .since_ms = clock_mono_ms() };
	r->ino = doc->node == NULL ? 0 : doc->node->ino;
	r->path = path_below(s, dir, name);
	r->name = bytes_dup(name);
	r->file_ino = doc->file == NULL ? 0 : doc->file->ino;
	r->generation = doc->generation;
	r->fetched = doc->file != NULL && doc->file->fetched;
	r->stale = doc->stale;
	if (r->path == NULL || r->name == NULL || !grow(&s->list, &s->doc_room, s->doc_count)) {
		free(r->path);
		free(r->name);
		free(r);
		log_warn("out of memory: a save is settled at the next start");
		return;
	}
	s->list[s->doc_count++] = r;
	doc->settling = r;
	settle_later(s);
}

bool settle_stood_at(const struct doc *doc, uint64_t *dir_ino_out, struct bytes *name_out)
{
	if (doc->settling == NULL)
		return false;
	*dir_ino_out = doc->settling->dir_ino;
	*name_out = bytes_str(doc->settling->name);
	return true;
}

bool settle_is_scratch_dir(struct settle *s, struct node *dir, struct bytes name)
{
	return name.n == 0 || name.p[0] == '.' || bytes_equal_str(name, "node_modules") ||
	       tree_lookup(s->tree, dir, bytes_str(".git")) != NULL;
}

struct group *settle_area(struct settle *s, struct node *node)
{
	struct node *dir = NULL;
	struct bytes name;

	if (node->group != NULL)
		return node->parent == tree_root(s->tree) ? node->group : NULL;
	if (tree_place(s->tree, node, &dir, &name) != WK_OK)
		return NULL;
	if (S_ISDIR(node->mode) && settle_is_scratch_dir(s, node, name))
		return NULL;
	for (; dir != NULL && dir != tree_root(s->tree); dir = dir->parent) {
		struct node *above;

		if (dir->group != NULL)
			return dir->parent == tree_root(s->tree) ? dir->group : NULL;
		if (tree_place(s->tree, dir, &above, &name) != WK_OK ||
		    settle_is_scratch_dir(s, dir, name))
			return NULL;
	}
	return NULL;
}

void settle_note_place(struct settle *s, struct doc *doc)
{
	struct node *dir;
	struct bytes name;

	if (doc->node != NULL && tree_place(s->tree, doc->node, &dir, &name) == WK_OK)
		settle_note_doc(s, doc, dir, name);
}

void settle_drop(struct settle *s, const struct node *node)
{
	const struct settle_node *e = settle_find(s, node);

	for (size_t i = 0; e != NULL && i < s->node_count; i++)
		if (s->nodes[i] == e) {
			drop_node(s, i);
			return;
		}
}

void settle_take_away(struct settle *s, struct doc *doc, const struct node *node)
{
	doc->node = doc->node == node ? NULL : doc->node;
	doc->file = doc->file == node ? NULL : doc->file;
	doc->children = doc->children == node ? NULL : doc->children;
	/* A removed one may have no row any more; it claims nothing when it is loaded. */
	if (!doc->removed && docs_row_save(s->docs, doc) != WK_OK)
		log_warn("a document's loss of its file could not be noted");
}

/* --- time --- */

/* What is settled is dropped; what is no document stays, so that status can say why. */
static void prune(struct settle *s)
{
	for (size_t i = s->doc_count; i-- > 0;)
		if (s->list[i]->settled)
			drop_doc(s, i);
	for (size_t i = s->node_count; i-- > 0;)
		if (s->nodes[i]->settled && s->nodes[i]->problem == NULL)
			drop_node(s, i);
}

bool settle_is_idle(const struct settle *s)
{
	if (s->doc_count > 0)
		return false;
	for (size_t i = 0; i < s->node_count; i++)
		if (!s->nodes[i]->settled)
			return false;
	return true;
}

static void run(struct settle *s, bool force, bool removals)
{
	if (s->running)
		return;
	s->running = true;
	settle_run(s, force, removals);
	prune(s);
	s->running = false;
	view_run(s->store->view);
	if (!settle_is_idle(s))
		settle_later(s);
	else
		loop_timer_clear(s->timer);
}

static void on_timer(void *arg)
{
	run(arg, false, false);
}

void settle_later(struct settle *s)
{
	if (!loop_timer_is_set(s->timer))
		loop_timer_set(s->timer, SETTLE_TICK_MS);
}

void settle_complete(struct settle *s, struct node *node)
{
	struct settle_node *e = settle_find(s, node);
	struct node *dir;
	struct bytes name;

	/* An old version that somebody has open still: there is no file to match. */
	if (node->doc != NULL && node->doc->file != node && node->written &&
	    S_ISREG(node->mode) && tree_place(s->tree, node, &dir, &name) != WK_OK) {
		settle_save_superseded(s, node, false);
		view_run(s->store->view);
		return;
	}
	/* An emptied text was given up on until its writer closes it. */
	if (e == NULL && node->written && S_ISREG(node->mode) && node->doc != NULL) {
		e = settle_note(s, node);
		settle_note_place(s, node->doc);
	}
	if (e == NULL || e->problem != NULL)
		return;
	e->complete = true;
	/* Saves that are completed in one turn of the loop are settled together. */
	if (!loop_timer_is_set(s->soon))
		loop_timer_set(s->soon, 1);
}

enum wk_status settle_now(struct settle *s, bool removals)
{
	run(s, true, removals);
	/* What the first round made (a folder, a parent) may be what another waited for. */
	if (!settle_is_idle(s))
		run(s, true, removals);
	return rows_health(s->store->rows);
}

bool settle_stray(struct settle *s, size_t *at, struct node **node_out, const char **why_out)
{
	for (; *at < s->node_count; (*at)++) {
		const struct settle_node *e = s->nodes[*at];

		if (e->problem == NULL || (e->node->doc != NULL && e->node->doc->file == e->node))
			continue;
		*node_out = e->node;
		*why_out = e->problem;
		(*at)++;
		return true;
	}
	return false;
}

/* --- opening: what was touched and not settled when the store was last closed --- */

static void note_moved(struct settle *s)
{
	for (size_t i = 0; i < s->docs->moved_count; i++) {
		struct docs_moved *m = &s->docs->moved[i];
		struct node *dir = tree_node(s->tree, m->dir_ino);

		if (m->doc->queued != NULL && m->doc->node == NULL && !m->doc->shown)
			continue;	/* the view had not shown it yet */
		settle_note_doc(s, m->doc, dir != NULL ? dir : tree_root(s->tree),
				bytes_str(m->name));
		if (m->doc->settling != NULL) {
			m->doc->settling->dir_ino = m->dir_ino;
			m->doc->settling->ino = m->ino;
		}
		if (m->doc->node != NULL)
			(void)settle_note(s, m->doc->node);
	}
}

static void note_unsettled_below(struct settle *s, struct node *dir)
{
	struct tree_entry entry = { 0 };

	while (tree_next(s->tree, dir, entry.cookie, &entry)) {
		struct node *node = entry.node;
		struct settle_node *e = NULL;

		if (S_ISDIR(node->mode)) {
			if (node->doc == NULL && tree_is_empty(node) &&
			    (node->group == NULL || node->group->unplaced != node))
				e = settle_note(s, node);
			if (e != NULL)
				e->named_ms = clock_mono_ms();
			if (!settle_is_scratch_dir(s, node, entry.name))
				note_unsettled_below(s, node);
		} else if (S_ISREG(node->mode) && !node->rendered &&
			   name_is_document_like(entry.name)) {
			if (node->doc != NULL)
				settle_note_place(s, node->doc);
			e = settle_note(s, node);
			if (e != NULL)
				e->complete = true;
		}
	}
}

enum wk_status settle_open(struct store *store, struct settle **settle_out)
{
	struct settle *s = calloc(1, sizeof(*s));
	enum wk_status st;

	if (s == NULL)
		return WK_NOMEM;
	s->store = store;
	s->docs = store->docs;
	s->tree = store->tree;
	s->by_ino = map_new();
	st = s->by_ino == NULL ? WK_NOMEM
			       : loop_timer_new(store->loop, on_timer, s, &s->timer);
	if (st == WK_OK)
		st = loop_timer_new(store->loop, on_timer, s, &s->soon);
	if (st != WK_OK) {
		settle_close(s);
		return st;
	}
	settle_watch(s);
	note_moved(s);
	note_unsettled_below(s, tree_root(s->tree));
	*settle_out = s;
	return WK_OK;
}

void settle_close(struct settle *s)
{
	static const struct tree_hooks none;

	if (s == NULL)
		return;
	tree_set_hooks(s->tree, &none);
	while (s->node_count > 0)
		drop_node(s, s->node_count - 1);
	while (s->doc_count > 0)
		drop_doc(s, s->doc_count - 1);
	free(s->nodes);
	free(s->list);
	map_free(s->by_ino);
	if (s->timer != NULL)
		loop_timer_free(s->timer);
	if (s->soon != NULL)
		loop_timer_free(s->soon);
	free(s);
}
