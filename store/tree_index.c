/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding nodes by number and names by directory: two hash tables whose chains
 * run through the objects, and for each directory its entries by cookie.  The hash of
 * names is seeded at random, since names come from other people.
 */
#include <stdlib.h>

#include "store/tree_private.h"

#define BUCKETS_MIN 64
#define SLOTS_MIN 4

__extension__ typedef unsigned __int128 uint128;

static uint64_t fold(uint64_t a, uint64_t b)
{
	uint128 product = (uint128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_name(const struct tree *t, const struct node *dir, struct bytes name)
{
	uint64_t h = fold(t->seed[0] ^ dir->ino, t->seed[1] | 1) ^ name.n, word;

	for (; name.n >= sizeof word; name.p += sizeof word, name.n -= sizeof word) {
		memcpy(&word, name.p, sizeof word);
		h = fold(h ^ word, t->seed[1] | 1);
	}
	word = 0;
	if (name.n > 0)
		memcpy(&word, name.p, name.n);
	return (uint32_t)(fold(fold(h ^ word, t->seed[1] | 1), t->seed[0] | 1) >> 16);
}

/* --- nodes --- */

static size_t node_bucket(uint64_t ino, size_t mask)
{
	return (size_t)((ino * 0x9e3779b97f4a7c15u) >> 24) & mask;
}

struct node *tree_node(struct tree *t, uint64_t ino)
{
	struct node *node;

	if (!t->nodes)
		return NULL;
	node = t->nodes[node_bucket(ino, t->nodes_mask)];
	while (node && node->ino != ino)
		node = node->chain;
	return node;
}

static enum wk_status grow_nodes(struct tree *t)
{
	size_t n = t->nodes ? (t->nodes_mask + 1) * 2 : BUCKETS_MIN;
	struct node **buckets;

	if (t->nodes && t->node_count <= t->nodes_mask)
		return WK_OK;
	buckets = calloc(n, sizeof(struct node *));
	if (!buckets)
		return WK_NOMEM;
	for (size_t i = 0; t->nodes && i <= t->nodes_mask; i++) {
		for (struct node *node = t->nodes[i], *next; node; node = next) {
			size_t at = node_bucket(node->ino, n - 1);

			next = node->chain;
			node->chain = buckets[at];
			buckets[at] = node;
		}
	}
	free(t->nodes);
	t->nodes = buckets;
	t->nodes_mask = n - 1;
	return WK_OK;
}

enum wk_status tree_index_add_node(struct tree *t, struct node *node)
{
	enum wk_status st = grow_nodes(t);
	size_t at;

	if (st != WK_OK)
		return st;
	at = node_bucket(node->ino, t->nodes_mask);
	node->chain = t->nodes[at];
	t->nodes[at] = node;
	t->node_count++;
	return WK_OK;
}

void tree_index_remove_node(struct tree *t, struct node *node)
{
	struct node **at = &t->nodes[node_bucket(node->ino, t->nodes_mask)];

	while (*at != node)
		at = &(*at)->chain;
	*at = node->chain;
	t->node_count--;
}

/* --- entries of one directory --- */

static uint64_t slot_cookie(uintptr_t slot)
{
	return slot & 1 ? slot >> 1 : ((const struct dentry *)slot)->cookie;
}

/* The first slot with a cookie >= this one. */
static uint32_t slot_from(const struct dir *dir, uint64_t cookie)
{
	uint32_t low = 0, high = dir->used;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (slot_cookie(dir->slots[middle]) < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void drop_removed(struct dir *dir)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < dir->used; i++)
		if (!(dir->slots[i] & 1))
			dir->slots[kept++] = dir->slots[i];
	dir->used = kept;
}

static enum wk_status reserve_slot(struct node *node)
{
	struct dir *dir = node->dir;
	uintptr_t *slots;
	uint32_t room;

	if (!dir) {
		dir = calloc(1, sizeof *dir);
		if (!dir)
			return WK_NOMEM;
		node->dir = dir;
	}
	/* Two: an exchange within one directory makes two names before it drops two. */
	if (dir->used + 2 <= dir->room)
		return WK_OK;
	room = dir->room < SLOTS_MIN ? SLOTS_MIN : dir->room + dir->room / 2;
	slots = reallocarray(dir->slots, room, sizeof *slots);
	if (!slots)
		return WK_NOMEM;
	dir->slots = slots;
	dir->room = room;
	return WK_OK;
}

static void remove_slot(struct node *node, uint64_t cookie)
{
	struct dir *dir = node->dir;

	dir->slots[slot_from(dir, cookie)] = (uintptr_t)(cookie << 1 | 1);
	dir->live--;
	if (dir->live == 0) {
		free(dir->slots);
		free(dir);
		node->dir = NULL;
	} else if (dir->used - dir->live > dir->live + SLOTS_MIN) {
		drop_removed(dir);
	}
}

const struct dentry *tree_index_next(const struct node *node, uint64_t after)
{
	const struct dir *dir = node->dir;

	if (!dir || after == UINT64_MAX)
		return NULL;
	for (uint32_t i = slot_from(dir, after + 1); i < dir->used; i++)
		if (!(dir->slots[i] & 1))
			return (const struct dentry *)dir->slots[i];
	return NULL;
}

bool tree_is_empty(const struct node *dir)
{
	return !dir->dir || dir->dir->live == 0;
}

/* --- names --- */

struct dentry *tree_index_find(const struct tree *t, const struct node *dir, struct bytes name)
{
	struct dentry *d;
	uint32_t hash;

	if (!t->names)
		return NULL;
	hash = hash_name(t, dir, name);
	d = t->names[hash & t->names_mask];
	while (d && (d->hash != hash || d->dir != dir ||
		     !bytes_equal(bytes_of(d->name, d->name_n), name)))
		d = d->chain;
	return d;
}

static enum wk_status grow_names(struct tree *t)
{
	size_t n = t->names ? (t->names_mask + 1) * 2 : BUCKETS_MIN;
	struct dentry **buckets;

	if (t->names && t->name_count + 1 <= t->names_mask)
		return WK_OK;
	buckets = calloc(n, sizeof(struct dentry *));
	if (!buckets)
		return WK_NOMEM;
	for (size_t i = 0; t->names && i <= t->names_mask; i++) {
		for (struct dentry *d = t->names[i], *next; d; d = next) {
			next = d->chain;
			d->chain = buckets[d->hash & (n - 1)];
			buckets[d->hash & (n - 1)] = d;
		}
	}
	free(t->names);
	t->names = buckets;
	t->names_mask = n - 1;
	return WK_OK;
}

enum wk_status tree_index_new_name(struct tree *t, struct node *dir, struct bytes name,
				   struct node *node, struct dentry **out)
{
	struct dentry *d;
	enum wk_status st = grow_names(t);

	if (st == WK_OK)
		st = reserve_slot(dir);
	if (st != WK_OK)
		return st;
	d = malloc(sizeof *d + name.n);
	if (!d)
		return WK_NOMEM;
	*d = (struct dentry){ .dir = dir, .node = node, .hash = hash_name(t, dir, name),
			      .name_n = (uint8_t)name.n };
	memcpy(d->name, name.p, name.n);
	*out = d;
	return WK_OK;
}

void tree_index_link(struct tree *t, struct dentry *d)
{
	struct dentry **bucket = &t->names[d->hash & t->names_mask];
	struct dir *dir = d->dir->dir;

	d->chain = *bucket;
	*bucket = d;
	t->name_count++;
	dir->slots[dir->used++] = (uintptr_t)d;
	dir->live++;
	/* Behind the first, which stays the one that tree_place() tells. */
	if (d->node->names) {
		d->next_name = d->node->names->next_name;
		d->node->names->next_name = d;
	} else {
		d->next_name = NULL;
		d->node->names = d;
	}
	if (S_ISDIR(d->node->mode)) {
		d->node->parent = d->dir;
		d->dir->nlink++;
	} else {
		d->node->nlink++;
	}
}

void tree_index_unlink(struct tree *t, struct dentry *d)
{
	struct dentry **at = &t->names[d->hash & t->names_mask];

	while (*at != d)
		at = &(*at)->chain;
	*at = d->chain;
	t->name_count--;
	remove_slot(d->dir, d->cookie);
	at = &d->node->names;
	while (*at != d)
		at = &(*at)->next_name;
	*at = d->next_name;
	if (S_ISDIR(d->node->mode)) {
		if (!d->node->names)
			d->node->parent = NULL;
		d->dir->nlink--;
	} else {
		d->node->nlink--;
	}
	free(d);
}

void tree_index_fini(struct tree *t)
{
	for (size_t i = 0; t->names && i <= t->names_mask; i++) {
		for (struct dentry *d = t->names[i], *next; d; d = next) {
			next = d->chain;
			free(d);
		}
	}
	for (size_t i = 0; t->nodes && i <= t->nodes_mask; i++) {
		for (struct node *node = t->nodes[i], *next; node; node = next) {
			next = node->chain;
			tree_free_node(node);
		}
	}
	free(t->names);
	free(t->nodes);
}
