/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the tree at the start: all nodes, then all names in the order of
 * their cookies.  What no name leads to is removed: those are the files that were
 * unlinked while open, and half-made ones, when the process was killed.
 */
#include <stdlib.h>

#include "base/log.h"
#include "store/tree_private.h"

struct orphans {
	struct node **nodes;
	size_t n, room;
};

static void orphans_fini(struct orphans *o)
{
	free(o->nodes);
}

static enum wk_status orphans_add(struct orphans *o, struct node *node)
{
	if (o->n == o->room) {
		size_t room = o->room ? o->room * 2 : 64;
		struct node **nodes = reallocarray(o->nodes, room, sizeof *nodes);

		if (!nodes)
			return WK_NOMEM;
		o->nodes = nodes;
		o->room = room;
	}
	o->nodes[o->n++] = node;
	return WK_OK;
}

static enum wk_status load_node(void *arg, int64_t key1, int64_t key2, struct bytes value)
{
	struct tree *t = arg;
	struct node *node;
	enum wk_status st = tree_row_read_node((uint64_t)key1, value, &node);

	(void)key2;
	if (st != WK_OK)
		return st;
	st = tree_index_add_node(t, node);
	if (st != WK_OK) {
		tree_free_node(node);
		return st;
	}
	if (node->ino >= t->next_ino)
		t->next_ino = t->ino_limit = node->ino + 1;
	return WK_OK;
}

/* A row that leads nowhere was altered: a name and its node are always written together. */
static enum wk_status load_name(void *arg, int64_t key1, int64_t key2, struct bytes value)
{
	struct tree *t = arg;
	struct tree_row_name row;
	struct node *dir, *node;
	struct dentry *d;
	enum wk_status st = tree_row_read_name(value, &row);

	(void)key2;
	if (st != WK_OK)
		return st;
	dir = tree_node(t, row.dir_ino);
	node = tree_node(t, row.ino);
	if (!dir || !S_ISDIR(dir->mode) || !node || node->ino == TREE_ROOT_INO ||
	    (S_ISDIR(node->mode) && node->names) || tree_index_find(t, dir, row.name)) {
		log_warn("tree: name %lld leads nowhere, dropped", (long long)key1);
		return rows_delete(t->rows, ROWS_DENTRY, key1, 0);
	}
	st = tree_index_new_name(t, dir, row.name, node, &d);
	if (st != WK_OK)
		return st;
	d->cookie = (uint64_t)key1;
	tree_index_link(t, d);
	if (d->cookie >= t->next_cookie)
		t->next_cookie = t->cookie_limit = d->cookie + 1;
	return WK_OK;
}

/* Directories that hang in themselves (only altered rows say so) are cut off. */
static enum wk_status cut_circles(struct tree *t)
{
	for (size_t i = 0; i <= t->nodes_mask; i++) {
		for (struct node *node = t->nodes[i]; node; node = node->chain) {
			const struct node *at = node;
			size_t steps = 0;

			if (!S_ISDIR(node->mode) || !node->names)
				continue;
			while (at->parent && steps <= t->node_count) {
				at = at->parent;
				steps++;
			}
			if (!at->parent)
				continue;
			log_warn("tree: directory %llu hangs in itself",
				 (unsigned long long)node->ino);
			enum wk_status st = tree_row_delete_name(t, node->names);

			if (st != WK_OK)
				return st;
			tree_index_unlink(t, node->names);
		}
	}
	return WK_OK;
}

static enum wk_status find_orphans(struct tree *t, struct orphans *o)
{
	for (size_t i = 0; i <= t->nodes_mask; i++) {
		for (struct node *node = t->nodes[i]; node; node = node->chain) {
			enum wk_status st = WK_OK;

			if (!node->names && node->ino != TREE_ROOT_INO)
				st = orphans_add(o, node);
			else if (!S_ISDIR(node->mode) && node->span &&
				 node->span->stale_end > tree_block_end(node))
				st = tree_resume_freeing(t, node, false);
			if (st != WK_OK)
				return st;
		}
	}
	return WK_OK;
}

static enum wk_status remove_orphan(struct tree *t, struct orphans *o, struct node *node)
{
	const struct dentry *d;

	while (S_ISDIR(node->mode) && (d = tree_index_next(node, 0))) {
		struct node *child = d->node;
		struct dentry *entry = child->names;
		enum wk_status st = tree_row_delete_name(t, d);

		if (st != WK_OK)
			return st;
		while (entry != d)
			entry = entry->next_name;
		tree_index_unlink(t, entry);
		if (!child->names) {
			st = orphans_add(o, child);
			if (st != WK_OK)
				return st;
		}
	}
	tree_release(t, node);
	return WK_OK;
}

enum wk_status tree_load(struct tree *t)
{
	SCOPED(orphans_fini) struct orphans orphans = { .n = 0 };
	enum wk_status st = tree_row_load_counters(t);

	if (st == WK_OK)
		st = rows_each(t->rows, ROWS_NODE, load_node, t);
	if (st == WK_OK)
		st = rows_each(t->rows, ROWS_DENTRY, load_name, t);
	if (st != WK_OK || !t->nodes)
		return st;
	st = cut_circles(t);
	if (st == WK_OK)
		st = find_orphans(t, &orphans);
	for (size_t i = 0; i < orphans.n && st == WK_OK; i++) {
		TREE_CHANGE_FREEING(t);
		st = remove_orphan(t, &orphans, orphans.nodes[i]);
	}
	return st;
}
