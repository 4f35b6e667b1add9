/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TREE_PRIVATE_H
#define STORE_TREE_PRIVATE_H

#include <sys/stat.h>

#include "base/scoped.h"
#include "store/store_private.h"

/*
 * What the files of tree share.  Every change goes: check, allocate, write the rows (in one
 * rows_begin()), then change memory, then tell the hooks; so that a change which is
 * refused has left memory as it was.
 */

struct dentry {
	struct dentry *chain;		/* in its bucket */
	struct dentry *next_name;	/* of the same node */
	struct node *dir, *node;
	uint64_t cookie;
	uint32_t hash;
	uint8_t name_n;
	char name[];
};

/* Entries by cookie.  A slot is a struct dentry *, or, for one that was removed, cookie << 1 | 1:
 * so that the place of every cookie is found by halving, and a reader goes on where it was. */
struct dir {
	uintptr_t *slots;
	uint32_t used, room, live;
};

/* Of a file whose blocks are not simply 0 to the last. */
struct span {
	bool sparse;
	uint64_t present;	/* when sparse: how many blocks there are */
	uint64_t stale_end;	/* blocks from the last of the file to here are still to be freed */
};

/* Blocks that are freed in steps. */
struct freeing {
	struct freeing *next;
	uint64_t ino;
	bool whole;		/* the node is gone; its row goes last */
	bool sparse;
	uint64_t at;		/* sparse: the next to look at; else: the end of what is left */
};

struct tree {
	struct rows *rows;
	struct loop *loop;
	struct tree_hooks hooks;
	struct node *root;

	struct node **nodes;		/* buckets, by ino */
	size_t nodes_mask, node_count;
	struct dentry **names;		/* buckets, by directory and name */
	size_t names_mask, name_count;
	uint64_t seed[2];

	uint64_t next_ino, next_cookie;		/* not yet given out */
	uint64_t ino_limit, cookie_limit;	/* what the counters' row promises */

	struct freeing *freeing;
	struct loop_timer *freeing_timer;

	const struct node *rendering_of;	/* whose bytes `rendering` holds for a moment */
	const struct doc *rendering_doc;
	struct buf rendering;
	struct loop_timer *rendering_timer;
};

static inline void tree_change_end(struct rows **r)
{
	rows_end(*r);
}

/* One visible change, to the end of the block. */
#define TREE_CHANGE(t)                                                         \
	SCOPED(tree_change_end) struct rows *change_ = (t)->rows;              \
	rows_begin(change_)
#define TREE_CHANGE_FREEING(t)                                                 \
	SCOPED(tree_change_end) struct rows *change_ = (t)->rows;              \
	rows_begin_freeing(change_)

static inline uint64_t tree_blocks(uint64_t size)
{
	return (size + TREE_BLOCK_SIZE - 1) / TREE_BLOCK_SIZE;
}

/* --- tree_index.c: finding, in memory only --- */
enum wk_status tree_index_add_node(struct tree *t, struct node *node);
void tree_index_remove_node(struct tree *t, struct node *node);
struct dentry *tree_index_find(const struct tree *t, const struct node *dir, struct bytes name);
/* Makes an entry that tree_index_link() can then add without failing. */
enum wk_status tree_index_new_name(struct tree *t, struct node *dir, struct bytes name,
				   struct node *node, struct dentry **out);
/* The cookie is set, and higher than all in the directory.  Keeps nlink, parent and names. */
void tree_index_link(struct tree *t, struct dentry *d);
/* Frees d. */
void tree_index_unlink(struct tree *t, struct dentry *d);
/* The first entry with a cookie greater than `after`. */
const struct dentry *tree_index_next(const struct node *dir, uint64_t after);
void tree_index_fini(struct tree *t);

/* --- tree_row.c: rows --- */
enum wk_status tree_row_put_node(struct tree *t, const struct node *node);
/* The node as if it had these times now (0: as they are). */
enum wk_status tree_row_put_touched(struct tree *t, const struct node *node, int64_t mtime_ns,
				    int64_t ctime_ns);
enum wk_status tree_row_put_name(struct tree *t, const struct dentry *d);
enum wk_status tree_row_delete_name(struct tree *t, const struct dentry *d);
enum wk_status tree_row_delete_node(struct tree *t, uint64_t ino);
/* Numbers that were never given out before. */
enum wk_status tree_row_take_ino(struct tree *t, uint64_t *ino_out);
enum wk_status tree_row_take_cookie(struct tree *t, uint64_t *cookie_out);
enum wk_status tree_row_load_counters(struct tree *t);
void tree_row_save_counters(struct tree *t);
enum wk_status tree_row_read_node(uint64_t ino, struct bytes value, struct node **node_out);
struct tree_row_name {
	uint64_t dir_ino, ino;
	struct bytes name;
};
enum wk_status tree_row_read_name(struct bytes value, struct tree_row_name *out);

/* --- tree_load.c --- */
enum wk_status tree_load(struct tree *t);

/* --- tree.c --- */
void tree_tell(struct tree *t, enum tree_touch what, struct node *node, struct node *dir,
	       struct bytes name, unsigned flags);
void tree_free_node(struct node *node);
/* A node in memory and index, without a row yet. */
enum wk_status tree_new_node(struct tree *t, const struct tree_new *what, struct node **out);

/* --- tree_names.c --- */
enum wk_status tree_check_name(const struct node *dir, struct bytes name);
/* Whether `node` may take the place of `target` (NULL: nothing there). */
enum wk_status tree_check_replace(const struct node *node, const struct dentry *target);
/* Whether `dir` is `top` or a directory below it. */
bool tree_is_beneath(const struct node *dir, const struct node *top);

/* --- tree_content.c --- */
enum wk_status tree_get_block(struct tree *t, uint64_t ino, uint64_t index, struct buf *out);
enum wk_status tree_put_block(struct tree *t, uint64_t ino, uint64_t index, struct bytes data);
#define TREE_RENDERING_MAX ((size_t)64 << 20)
void tree_forget_rendering(struct tree *t);
enum wk_status tree_start_timers(struct tree *t);
void tree_stop_timers(struct tree *t);
/* Bytes of a rendered node become blocks: row and memory, but no times. */
enum wk_status tree_make_blocks(struct tree *t, struct node *node);
/* Sets times and flags after a change of content, and writes the row. */
enum wk_status tree_content_changed(struct tree *t, struct node *node, unsigned flags);

/* --- tree_space.c --- */
static inline bool tree_is_sparse(const struct node *node)
{
	return !S_ISDIR(node->mode) && node->span && node->span->sparse;
}
static inline uint64_t tree_stale_end(const struct node *node)
{
	return node->span ? node->span->stale_end : 0;
}
/* Where the blocks of the file end: what is behind is stale. */
static inline uint64_t tree_block_end(const struct node *node)
{
	return node->rendered ? 0 : tree_blocks(node->size);
}
/* Blocks the file holds. */
uint64_t tree_present(const struct node *node);
/* From now on the file's blocks are `present` in all: dense, if that is every one of `size`. */
enum wk_status tree_set_present(struct node *node, uint64_t size, uint64_t present);
/* Frees blocks from `keep` on, in steps when they are many; the caller sets the size. */
enum wk_status tree_shrink(struct tree *t, struct node *node, uint64_t keep);
/* Before the file grows to blocks from `first` on: what stale blocks lie before are freed. */
enum wk_status tree_stretch(struct tree *t, struct node *node, uint64_t first);
enum wk_status tree_set_size(struct tree *t, struct node *node, uint64_t size);
/* Everything of a node that is gone, its row too. */
enum wk_status tree_drop_content(struct tree *t, struct node *node);
enum wk_status tree_resume_freeing(struct tree *t, const struct node *node, bool whole);
void tree_free_step(void *tree);
void tree_free_freeing(struct tree *t);

#endif
