/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is which document: the pure part of settling, four steps over sorted tables. */
#include "store/settle.h"

#include <stdlib.h>

#include "base/scoped.h"

/*
 * Each step looks its key up in an index of the files sorted by that key, so that a branch
 * switch over ten thousand files costs n log n.  Within equal keys the oldest inode (the smallest
 * number) comes first, which is step 3's rule and makes the result independent of the order
 * in which the caller lists files.
 */
struct match {
	const struct settle_agreed *agreed;
	const struct settle_file *files;
	size_t file_count;
	size_t *by_path, *by_ino, *by_id;	/* file indexes, sorted */
	bool *used;				/* by file */
	int64_t *file_of;
};

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

static int compare_ino(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_path(const void *a, const void *b, void *arg)
{
	const struct settle_file *files = arg;
	const struct settle_file *x = &files[*(const size_t *)a], *y = &files[*(const size_t *)b];
	int c = compare_bytes(x->path, y->path);

	return c != 0 ? c : compare_ino(x->ino, y->ino);
}

static int by_ino(const void *a, const void *b, void *arg)
{
	const struct settle_file *files = arg;
	const struct settle_file *x = &files[*(const size_t *)a], *y = &files[*(const size_t *)b];
	int c = compare_ino(x->ino, y->ino);

	/* Hard links share an inode: the first path in order stands for it. */
	return c != 0 ? c : compare_bytes(x->path, y->path);
}

static int by_id(const void *a, const void *b, void *arg)
{
	const struct settle_file *files = arg;
	const struct settle_file *x = &files[*(const size_t *)a], *y = &files[*(const size_t *)b];
	int c = compare_bytes(x->text_id, y->text_id);

	return c != 0 ? c : by_ino(a, b, arg);
}

/* How a file of a sorted index compares with the document looked for. */
typedef int match_key(const struct settle_file *file, const struct settle_agreed *a);

static int key_path(const struct settle_file *file, const struct settle_agreed *a)
{
	return compare_bytes(file->path, a->path);
}

static int key_ino(const struct settle_file *file, const struct settle_agreed *a)
{
	return compare_ino(file->ino, a->ino);
}

static int key_id(const struct settle_file *file, const struct settle_agreed *a)
{
	return compare_bytes(file->text_id, a->id);
}

/* The first position in `index` whose file does not come before the document's key. */
static size_t lower_bound(const struct match *m, const size_t *index, match_key *key,
			  const struct settle_agreed *a)
{
	size_t low = 0, high = m->file_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (key(&m->files[index[middle]], a) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Gives document i the first unused file of that key that carries its id, or any when !with_id. */
static void match_by(struct match *m, size_t i, const size_t *index, match_key *key, bool with_id)
{
	const struct settle_agreed *a = &m->agreed[i];
	size_t at = lower_bound(m, index, key, a);

	for (; at < m->file_count && key(&m->files[index[at]], a) == 0; at++) {
		size_t file = index[at];

		if (m->used[file])
			continue;
		if (with_id && !bytes_equal(m->files[file].text_id, a->id))
			continue;
		m->used[file] = true;
		m->file_of[i] = (int64_t)file;
		return;
	}
}

static void match_step(struct match *m, size_t i, int step)
{
	const struct settle_agreed *a = &m->agreed[i];

	if (step == 1 && a->text_had_id && a->id.n > 0)
		match_by(m, i, m->by_path, key_path, true);
	else if (step == 2 && a->ino != 0)
		match_by(m, i, m->by_ino, key_ino, false);
	else if (step == 3 && a->id.n > 0)
		match_by(m, i, m->by_id, key_id, false);
	else if (step == 4)
		match_by(m, i, m->by_path, key_path, false);
}

static size_t *sorted(const struct settle_file *files, size_t count,
		      int (*compare)(const void *, const void *, void *))
{
	size_t *index = calloc(count + 1, sizeof(*index));

	if (index == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		index[i] = i;
	qsort_r(index, count, sizeof(*index), compare, (void *)(uintptr_t)files);
	return index;
}

enum wk_status settle_match(const struct settle_agreed *agreed, size_t agreed_count,
			    const struct settle_file *files, size_t file_count, int64_t *file_of)
{
	SCOPED(scoped_free) size_t *paths = sorted(files, file_count, by_path);
	SCOPED(scoped_free) size_t *inos = sorted(files, file_count, by_ino);
	SCOPED(scoped_free) size_t *ids = sorted(files, file_count, by_id);
	SCOPED(scoped_free) bool *used = calloc(file_count + 1, sizeof(*used));
	struct match m = { agreed, files, file_count, paths, inos, ids, used, file_of };

	if (paths == NULL || inos == NULL || ids == NULL || used == NULL)
		return WK_NOMEM;
	for (size_t i = 0; i < agreed_count; i++)
		file_of[i] = -1;
	for (int step = 1; step <= 4; step++)
		for (size_t i = 0; i < agreed_count; i++)
			if (file_of[i] < 0)
				match_step(&m, i, step);
	return WK_OK;
}
