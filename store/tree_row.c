/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the tree.  All numbers are little-endian.
 *
 * node, by ino:       format (1), flags (1), mode (4), uid (4), gid (4), size (8),
 *                     atime, mtime, ctime, btime in ns (8 each);
 *                     with FLAG_SPAN: present (8), stale end (8)
 * dentry, by cookie:  format (1), directory (8), ino (8), name
 * setting -1:         format (1), first ino and first cookie that were not promised yet (8 each)
 *
 * Link counts are not written: they are counted from the names at load.
 */
#include <endian.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/tree_private.h"

#define FORMAT 1
#define FLAG_RENDERED 1u
#define FLAG_WRITTEN 2u
#define FLAG_SPARSE 4u
#define FLAG_SPAN 8u
#define NODE_SIZE (2 + 3 * 4 + 5 * 8)
#define NODE_SIZE_SPAN (NODE_SIZE + 2 * 8)
#define NAME_HEAD (1 + 2 * 8)
#define COUNTERS_SIZE (1 + 2 * 8)
#define COUNTERS_KEY (-1)	/* enum store_setting has none below 1 */
#define PROMISED 4096		/* numbers promised at a time */

static void put32(uint8_t **at, uint32_t value)
{
	value = htole32(value);
	memcpy(*at, &value, sizeof value);
	*at += sizeof value;
}

static void put64(uint8_t **at, uint64_t value)
{
	value = htole64(value);
	memcpy(*at, &value, sizeof value);
	*at += sizeof value;
}

static uint32_t get32(const uint8_t **at)
{
	uint32_t value;

	memcpy(&value, *at, sizeof value);
	*at += sizeof value;
	return le32toh(value);
}

static uint64_t get64(const uint8_t **at)
{
	uint64_t value;

	memcpy(&value, *at, sizeof value);
	*at += sizeof value;
	return le64toh(value);
}

enum wk_status tree_row_put_node(struct tree *t, const struct node *node)
{
	const struct span *span = S_ISDIR(node->mode) ? NULL : node->span;
	uint8_t row[NODE_SIZE_SPAN], *at = row;

	*at++ = FORMAT;
	*at++ = (uint8_t)((node->rendered ? FLAG_RENDERED : 0) |
			  (node->written ? FLAG_WRITTEN : 0) |
			  (span && span->sparse ? FLAG_SPARSE : 0) | (span ? FLAG_SPAN : 0));
	put32(&at, node->mode);
	put32(&at, node->uid);
	put32(&at, node->gid);
	put64(&at, node->size);
	put64(&at, (uint64_t)node->atime_ns);
	put64(&at, (uint64_t)node->mtime_ns);
	put64(&at, (uint64_t)node->ctime_ns);
	put64(&at, (uint64_t)node->btime_ns);
	if (span) {
		put64(&at, span->present);
		put64(&at, span->stale_end);
	}
	return rows_put(t->rows, ROWS_NODE, (int64_t)node->ino, 0,
			bytes_of(row, (size_t)(at - row)));
}

enum wk_status tree_row_put_touched(struct tree *t, const struct node *node, int64_t mtime_ns,
				    int64_t ctime_ns)
{
	struct node as = *node;

	if (mtime_ns)
		as.mtime_ns = mtime_ns;
	if (ctime_ns)
		as.ctime_ns = ctime_ns;
	return tree_row_put_node(t, &as);
}

static bool is_known_kind(uint32_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode);
}

enum wk_status tree_row_read_node(uint64_t ino, struct bytes value, struct node **node_out)
{
	SCOPED(scoped_free) struct node *node = NULL;
	const uint8_t *at = value.p;
	unsigned flags;

	if (value.n < NODE_SIZE || *at++ != FORMAT)
		return WK_CORRUPT;
	flags = *at++;
	if (value.n != (flags & FLAG_SPAN ? NODE_SIZE_SPAN : NODE_SIZE))
		return WK_CORRUPT;
	node = calloc(1, sizeof *node);
	if (!node)
		return WK_NOMEM;
	node->ino = ino;
	node->rendered = (flags & FLAG_RENDERED) != 0;
	node->written = (flags & FLAG_WRITTEN) != 0;
	node->mode = get32(&at);
	node->uid = get32(&at);
	node->gid = get32(&at);
	node->size = get64(&at);
	node->atime_ns = (int64_t)get64(&at);
	node->mtime_ns = (int64_t)get64(&at);
	node->ctime_ns = (int64_t)get64(&at);
	node->btime_ns = (int64_t)get64(&at);
	node->nlink = S_ISDIR(node->mode) ? 2 : 0;
	if (!is_known_kind(node->mode) || node->size > TREE_FILE_MAX)
		return WK_CORRUPT;
	if (flags & FLAG_SPAN) {
		struct span span = { .sparse = (flags & FLAG_SPARSE) != 0 };

		span.present = get64(&at);
		span.stale_end = get64(&at);
		if (S_ISDIR(node->mode) || span.stale_end > tree_blocks(TREE_FILE_MAX))
			return WK_CORRUPT;
		node->span = malloc(sizeof *node->span);
		if (!node->span)
			return WK_NOMEM;
		*node->span = span;
	}
	*node_out = take(&node);
	return WK_OK;
}

enum wk_status tree_row_delete_node(struct tree *t, uint64_t ino)
{
	return rows_delete(t->rows, ROWS_NODE, (int64_t)ino, 0);
}

enum wk_status tree_row_put_name(struct tree *t, const struct dentry *d)
{
	uint8_t row[NAME_HEAD + TREE_NAME_MAX], *at = row;

	*at++ = FORMAT;
	put64(&at, d->dir->ino);
	put64(&at, d->node->ino);
	memcpy(at, d->name, d->name_n);
	return rows_put(t->rows, ROWS_DENTRY, (int64_t)d->cookie, 0,
			bytes_of(row, NAME_HEAD + (size_t)d->name_n));
}

enum wk_status tree_row_delete_name(struct tree *t, const struct dentry *d)
{
	return rows_delete(t->rows, ROWS_DENTRY, (int64_t)d->cookie, 0);
}

enum wk_status tree_row_read_name(struct bytes value, struct tree_row_name *out)
{
	const uint8_t *at = value.p;

	if (value.n <= NAME_HEAD || value.n > NAME_HEAD + TREE_NAME_MAX || *at++ != FORMAT)
		return WK_CORRUPT;
	out->dir_ino = get64(&at);
	out->ino = get64(&at);
	out->name = bytes_of(at, value.n - NAME_HEAD);
	return WK_OK;
}

/* --- numbers that are never used again --- */

static enum wk_status put_counters(struct tree *t, uint64_t ino, uint64_t cookie)
{
	uint8_t row[COUNTERS_SIZE], *at = row;

	*at++ = FORMAT;
	put64(&at, ino);
	put64(&at, cookie);
	return rows_put(t->rows, ROWS_SETTING, COUNTERS_KEY, 0, bytes_of(row, sizeof row));
}

enum wk_status tree_row_take_ino(struct tree *t, uint64_t *ino_out)
{
	if (t->next_ino >= t->ino_limit) {
		enum wk_status st = put_counters(t, t->next_ino + PROMISED, t->cookie_limit);

		if (st != WK_OK)
			return st;
		t->ino_limit = t->next_ino + PROMISED;
	}
	*ino_out = t->next_ino++;
	return WK_OK;
}

enum wk_status tree_row_take_cookie(struct tree *t, uint64_t *cookie_out)
{
	if (t->next_cookie >= t->cookie_limit) {
		enum wk_status st = put_counters(t, t->ino_limit, t->next_cookie + PROMISED);

		if (st != WK_OK)
			return st;
		t->cookie_limit = t->next_cookie + PROMISED;
	}
	*cookie_out = t->next_cookie++;
	return WK_OK;
}

enum wk_status tree_row_load_counters(struct tree *t)
{
	struct buf row = BUF_INIT(COUNTERS_SIZE);
	enum wk_status st = rows_get(t->rows, ROWS_SETTING, COUNTERS_KEY, 0, &row);

	t->next_ino = TREE_ROOT_INO + 1;
	t->next_cookie = 1;
	if (st == WK_OK && (row.n != COUNTERS_SIZE || row.p[0] != FORMAT))
		st = WK_CORRUPT;
	if (st == WK_OK) {
		const uint8_t *at = row.p + 1;

		t->next_ino = get64(&at);
		t->next_cookie = get64(&at);
	}
	buf_fini(&row);
	t->ino_limit = t->next_ino;
	t->cookie_limit = t->next_cookie;
	return st == WK_NOT_FOUND ? WK_OK : st;
}

/* At the end: what was promised and not used is used next time. */
void tree_row_save_counters(struct tree *t)
{
	enum wk_status st = put_counters(t, t->next_ino, t->next_cookie);

	if (st != WK_OK)
		log_debug("tree: counters stay ahead: %s", wk_status_text(st));
}
