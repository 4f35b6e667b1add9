/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a store: the lock, the header, the key from its slot, then each part
 * in its order.
 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/scoped.h"
#include "store/store_private.h"

static void close_parts(struct store *s)
{
	if (s->status)
		status_close(s->status);
	if (s->settle)
		settle_close(s->settle);
	if (s->view)
		view_close(s->view);
	if (s->docs)
		docs_close(s->docs);
	if (s->tree)
		tree_close(s->tree);
	s->status = NULL;
	s->settle = NULL;
	s->view = NULL;
	s->docs = NULL;
	s->tree = NULL;
}

/* --- opening --- */

/* Frees it; the status of what was still to be written. */
static enum wk_status end(struct store *s)
{
	enum wk_status st;

	close_parts(s);
	st = rows_close(s->rows);
	if (s->rows)
		store_key_unwatch(s);
	row_sealer_free(s->sealer);
	local_key_free(s->key);
	scoped_close(&s->lock_fd);
	free(s->path);
	free(s->dir);
	free(s);
	return st;
}

static void end_scoped(struct store **s)
{
	if (*s && end(*s) != WK_OK)
		log_warn("store: closing a store that did not open failed");
}

enum wk_status store_close(struct store *s)
{
	return s ? end(s) : WK_OK;
}

/* A directory that was there before, or that was opened up, is ours alone again. */
static enum wk_status close_to_others(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) != 0)
		return files_errno_status(errno);
	if (st.st_uid != geteuid() || (st.st_mode & 077) == 0)
		return WK_OK;
	return chmod(dir, 0700) == 0 ? WK_OK : files_errno_status(errno);
}

bool store_exists(const char *dir)
{
	SCOPED(scoped_free) char *path = NULL;

	if (asprintf(&path, "%s/store.db", dir) < 0) {
		path = NULL;
		return false;
	}
	return store_key_find(path) != WK_NOT_FOUND;
}

static enum wk_status new_store(const struct store_params *p, char *owner_out,
				size_t owner_size, struct store **out)
{
	SCOPED(scoped_free) char *lock = NULL;
	SCOPED(end_scoped) struct store *s = calloc(1, sizeof *s);
	enum wk_status st;

	if (!s)
		return WK_NOMEM;
	s->lock_fd = -1;
	s->loop = p->loop;
	s->dir = strdup(p->dir);
	if (!s->dir || asprintf(&s->path, "%s/store.db", p->dir) < 0) {
		s->path = NULL;
		return WK_NOMEM;
	}
	if (asprintf(&lock, "%s/lock", p->dir) < 0) {
		lock = NULL;
		return WK_NOMEM;
	}
	st = close_to_others(p->dir);
	if (st == WK_OK)
		st = files_lock(lock, p->owner_line, &s->lock_fd, owner_out, owner_size);
	if (st == WK_OK)
		*out = take(&s);
	return st;
}

static enum wk_status open_parts(struct store *s, bool without_tree)
{
	enum wk_status st = rows_open(&(struct rows_params){ .path = s->path, .sealer = s->sealer,
							      .loop = s->loop }, &s->rows);

	if (st == WK_OK)
		st = store_key_watch(s);
	if (st != WK_OK || without_tree)
		return st;
	st = tree_open(s->rows, s->loop, &s->tree);
	if (st == WK_OK)
		st = docs_open(s, &s->docs);
	if (st == WK_OK)
		st = view_open(s, &s->view);
	if (st == WK_OK)
		st = settle_open(s, &s->settle);
	if (st == WK_OK)
		st = status_open(s, &s->status);
	return st;
}

enum wk_status store_create(const struct store_params *p, char *owner_out, size_t owner_size,
			    struct store **store_out)
{
	SCOPED(end_scoped) struct store *s = NULL;
	enum wk_status st = files_mkdirs(p->dir);

	if (st == WK_OK)
		st = new_store(p, owner_out, owner_size, &s);
	if (st == WK_OK)
		st = store_key_find(s->path);
	if (st == WK_OK)
		return WK_EXISTS;
	if (st == WK_NOT_FOUND)
		st = store_key_make(s, p->passphrase, p->slot_memory_kib);
	if (st == WK_OK)
		st = open_parts(s, p->read_only_tree);
	if (st == WK_OK)
		*store_out = take(&s);
	return st;
}

enum wk_status store_open(const struct store_params *p, char *owner_out, size_t owner_size,
			  struct store **store_out)
{
	SCOPED(end_scoped) struct store *s = NULL;
	enum wk_status st;

	if (access(p->dir, F_OK) != 0)
		return files_errno_status(errno);
	st = new_store(p, owner_out, owner_size, &s);
	if (st == WK_OK)
		st = store_key_open(s, p->passphrase, p->account);
	if (st == WK_OK)
		st = open_parts(s, p->read_only_tree);
	if (st == WK_OK)
		*store_out = take(&s);
	return st;
}

/* --- parts and settings --- */

struct rows *store_rows(struct store *s)
{
	return s->rows;
}

struct tree *store_tree(struct store *s)
{
	return s->tree;
}

struct docs *store_docs(struct store *s)
{
	return s->docs;
}

struct view *store_view(struct store *s)
{
	return s->view;
}

struct settle *store_settle(struct store *s)
{
	return s->settle;
}

struct loop *store_loop(struct store *s)
{
	return s->loop;
}

enum wk_status store_setting_get(struct store *s, enum store_setting key, struct buf *out)
{
	return rows_get(s->rows, ROWS_SETTING, key, 0, out);
}

enum wk_status store_setting_put(struct store *s, enum store_setting key, struct bytes value)
{
	return rows_put(s->rows, ROWS_SETTING, key, 0, value);
}
