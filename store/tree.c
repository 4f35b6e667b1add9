/* SPDX-License-Identifier: Apache-2.0 */
/* The tree as a whole: opening, looking up, paths, and the end of nodes. */
#include "store/tree.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "store/tree_private.h"

#define PATH_DEPTH_MAX 4096

static void close_scoped(struct tree **t)
{
	tree_close(*t);
}

static enum wk_status make_root(struct tree *t)
{
	const int64_t now = clock_wall_ns();
	struct node *root = calloc(1, sizeof *root);
	enum wk_status st = WK_NOMEM;

	if (!root)
		return WK_NOMEM;
	*root = (struct node){ .ino = TREE_ROOT_INO, .mode = S_IFDIR | 0700, .uid = getuid(),
			       .gid = getgid(), .nlink = 2, .atime_ns = now, .mtime_ns = now,
			       .ctime_ns = now, .btime_ns = now };
	st = tree_index_add_node(t, root);
	if (st != WK_OK) {
		free(root);
		return st;
	}
	return tree_row_put_node(t, root);
}

enum wk_status tree_open(struct rows *rows, struct loop *loop, struct tree **tree_out)
{
	SCOPED(close_scoped) struct tree *t = calloc(1, sizeof *t);
	enum wk_status st;

	if (!t)
		return WK_NOMEM;
	t->loop = loop;
	t->rendering = (struct buf)BUF_SECRET_INIT(TREE_RENDERING_MAX);
	rand_bytes((uint8_t *)t->seed, sizeof t->seed);
	st = tree_start_timers(t);
	if (st != WK_OK)
		return st;
	t->rows = rows;
	st = tree_load(t);
	if (st == WK_OK && !tree_node(t, TREE_ROOT_INO))
		st = t->node_count ? WK_CORRUPT : make_root(t);
	if (st != WK_OK) {
		t->rows = NULL;		/* nothing is written by closing */
		return st;
	}
	t->root = tree_node(t, TREE_ROOT_INO);
	*tree_out = take(&t);
	return WK_OK;
}

void tree_close(struct tree *t)
{
	if (!t)
		return;
	if (t->rows)
		tree_row_save_counters(t);
	tree_stop_timers(t);
	buf_fini(&t->rendering);
	tree_index_fini(t);
	free(t);
}

void tree_set_hooks(struct tree *t, const struct tree_hooks *hooks)
{
	t->hooks = hooks ? *hooks : (struct tree_hooks){ .arg = NULL };
}

void tree_tell(struct tree *t, enum tree_touch what, struct node *node, struct node *dir,
	       struct bytes name, unsigned flags)
{
	if (t->hooks.touched && !(flags & TREE_QUIET))
		t->hooks.touched(t->hooks.arg, what, node, dir, name);
}

/* --- looking --- */

struct node *tree_root(struct tree *t)
{
	return t->root;
}

struct node *tree_lookup(struct tree *t, struct node *dir, struct bytes name)
{
	const struct dentry *d = tree_index_find(t, dir, name);

	return d ? d->node : NULL;
}

uint64_t tree_count(const struct tree *t)
{
	return t->node_count;
}

bool tree_next(struct tree *t, struct node *dir, uint64_t after, struct tree_entry *out)
{
	const struct dentry *d = tree_index_next(dir, after);

	(void)t;
	if (d)
		*out = (struct tree_entry){ .name = bytes_of(d->name, d->name_n), .node = d->node,
					    .cookie = d->cookie };
	return d != NULL;
}

enum wk_status tree_place(struct tree *t, struct node *node, struct node **dir_out,
			  struct bytes *name_out)
{
	(void)t;
	if (!node->names)
		return WK_NOT_FOUND;
	*dir_out = node->names->dir;
	*name_out = bytes_of(node->names->name, node->names->name_n);
	return WK_OK;
}

enum wk_status tree_path(struct tree *t, struct node *node, struct buf *path_out)
{
	const struct dentry *names[PATH_DEPTH_MAX];
	size_t depth = 0, before = path_out->n;
	enum wk_status st = WK_OK;

	for (const struct node *at = node; at != t->root; at = names[depth - 1]->dir) {
		if (!at->names)
			return WK_NOT_FOUND;
		if (depth == PATH_DEPTH_MAX)
			return WK_LIMIT;
		names[depth++] = at->names;
	}
	while (depth > 0 && st == WK_OK) {
		const struct dentry *d = names[--depth];

		st = buf_append(path_out, d->name, d->name_n);
		if (st == WK_OK && depth > 0)
			st = buf_append_char(path_out, '/');
	}
	if (st != WK_OK)
		path_out->n = before;
	return st;
}

enum wk_status tree_resolve(struct tree *t, struct bytes path, struct node **node_out)
{
	struct node *at = t->root;

	while (path.n > 0 && at) {
		const uint8_t *slash = memchr(path.p, '/', path.n);
		size_t n = slash ? (size_t)(slash - path.p) : path.n;

		if (n > 0)
			at = S_ISDIR(at->mode) ? tree_lookup(t, at, bytes_of(path.p, n)) : NULL;
		n += slash ? 1 : 0;
		path.p += n;
		path.n -= n;
	}
	if (!at)
		return WK_NOT_FOUND;
	*node_out = at;
	return WK_OK;
}

/* --- nodes begin and end --- */

enum wk_status tree_new_node(struct tree *t, const struct tree_new *what, struct node **out)
{
	const int64_t now = what->time_ns ? what->time_ns : clock_wall_ns();
	struct node *node;
	uint64_t ino;
	enum wk_status st;

	if (!S_ISREG(what->mode) && !S_ISDIR(what->mode) && !S_ISLNK(what->mode))
		return WK_UNSUPPORTED;
	st = tree_row_take_ino(t, &ino);
	if (st != WK_OK)
		return st;
	node = calloc(1, sizeof *node);
	if (!node)
		return WK_NOMEM;
	*node = (struct node){ .ino = ino, .mode = what->mode & (S_IFMT | 07777u),
			       .uid = what->uid, .gid = what->gid,
			       .nlink = S_ISDIR(what->mode) ? 2 : 0, .atime_ns = now,
			       .mtime_ns = now, .ctime_ns = now, .btime_ns = now };
	if (S_ISLNK(what->mode))
		node->size = what->target.n;
	st = tree_index_add_node(t, node);
	if (st != WK_OK) {
		free(node);
		return st;
	}
	*out = node;
	return WK_OK;
}

void tree_free_node(struct node *node)
{
	if (S_ISDIR(node->mode)) {
		if (node->dir)
			free(node->dir->slots);
		free(node->dir);
	} else {
		free(node->span);
	}
	free(node);
}

void tree_release(struct tree *t, struct node *node)
{
	enum wk_status st;

	if (node->names || node->lookups > 0 || node == t->root ||
	    (S_ISDIR(node->mode) && !tree_is_empty(node)))
		return;
	if (t->hooks.forgotten)
		t->hooks.forgotten(t->hooks.arg, node);
	if (node->names)
		return;
	if (t->rendering_of == node)
		tree_forget_rendering(t);
	st = tree_drop_content(t, node);
	if (st != WK_OK)
		log_warn("tree: node %llu is freed at the next start: %s",
			 (unsigned long long)node->ino, wk_status_text(st));
	tree_index_remove_node(t, node);
	tree_free_node(node);
}

enum wk_status tree_save(struct tree *t, struct node *node)
{
	return tree_row_put_node(t, node);
}
