/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TESTING_H
#define STORE_TESTING_H

/* What the tests of rows and tree share: a temporary directory, a key, open rows. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/loop.h"
#include "crypto/secret.h"
#include "store/rows.h"
#include "store/store_private.h"
#include "testing.h"

struct bed {
	char dir[64];
	char path[96];
	struct loop *loop;
	struct local_key *key;
	struct row_sealer *sealer;
	struct rows *rows;
	struct tree *tree;
};

static inline int bed_remove_one(const char *path, const struct stat *st, int kind,
				 struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline void bed_remove(const char *dir)
{
	(void)nftw(dir, bed_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The same key for every process of a test. */
static inline void bed_init_at(struct bed *b, const char *dir)
{
	static const uint8_t id[16] = "an id of a store";

	memset(b, 0, sizeof *b);
	(void)snprintf(b->dir, sizeof b->dir, "%s", dir);
	(void)snprintf(b->path, sizeof b->path, "%s/store.db", b->dir);
	assert_ok(crypto_init());
	assert_ok(loop_new(&b->loop));
	b->key = local_key_new();
	assert_non_null(b->key);
	memset(b->key->k, 7, KEY_SIZE);
	assert_ok(row_sealer_new(b->key, id, 1, &b->sealer));
}

static inline void bed_init(struct bed *b)
{
	char dir[] = "/tmp/store-test-XXXXXX";

	assert_non_null(mkdtemp(dir));
	bed_init_at(b, dir);
}

static inline void bed_open_rows(struct bed *b)
{
	assert_ok(rows_open(&(struct rows_params){ .path = b->path, .sealer = b->sealer,
						   .loop = b->loop }, &b->rows));
}

static inline void bed_open(struct bed *b)
{
	bed_open_rows(b);
	assert_ok(tree_open(b->rows, b->loop, &b->tree));
}

static inline void bed_close(struct bed *b)
{
	if (b->tree)
		tree_close(b->tree);
	b->tree = NULL;
	if (b->rows)
		assert_ok(rows_close(b->rows));
	b->rows = NULL;
}

static inline void bed_reopen(struct bed *b)
{
	bed_close(b);
	bed_open(b);
}

static inline void bed_leave(struct bed *b)
{
	loop_free(b->loop);
	row_sealer_free(b->sealer);
	local_key_free(b->key);
}

static inline void bed_fini(struct bed *b)
{
	bed_close(b);
	bed_leave(b);
	bed_remove(b->dir);
}

/* A child that runs until it is killed: a failed check ends it by abort(), not by the next test. */
static inline pid_t bed_fork(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		(void)setenv("CMOCKA_TEST_ABORT", "1", 1);
	return child;
}

static inline void bed_kill(pid_t child)
{
	int status = 0;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* Whether the bytes stand in any file of the directory. */
static inline bool bed_holds(const char *dir, const char *marker)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	bool found = false;
	char path[1024];

	while (d && (e = readdir(d)) && !found) {
		struct buf all = BUF_INIT((size_t)256 << 20);

		(void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (e->d_name[0] != '.' && files_read(path, &all) == WK_OK)
			found = memmem(all.p, all.n, marker, strlen(marker)) != NULL;
		buf_fini(&all);
	}
	if (d)
		(void)closedir(d);
	return found;
}

#endif
