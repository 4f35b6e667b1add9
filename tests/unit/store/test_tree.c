/* SPDX-License-Identifier: Apache-2.0 */
/* Names: POSIX behaviour, cookies, hooks, what survives a restart and a kill. */
#include <sqlite3.h>

#include "base/rand.h"
#include "store_testing.h"

static const struct tree_new a_file = { .mode = S_IFREG | 0644 };
static const struct tree_new a_dir = { .mode = S_IFDIR | 0755 };

static struct node *make(struct bed *b, struct node *dir, const char *name,
			 const struct tree_new *what)
{
	struct node *node = NULL;

	assert_ok(tree_make(b->tree, dir, bytes_str(name), what, 0, &node));
	assert_non_null(node);
	return node;
}

static struct node *at(struct bed *b, const char *path)
{
	struct node *node = NULL;

	return tree_resolve(b->tree, bytes_str(path), &node) == WK_OK ? node : NULL;
}

static void expect_path(struct bed *b, struct node *node, const char *want)
{
	struct buf path = BUF_INIT(4096);

	assert_ok(tree_path(b->tree, node, &path));
	assert_bytes_str(buf_bytes(&path), want);
	buf_fini(&path);
}

static void test_make(void **state)
{
	char long_name[TREE_NAME_MAX + 2];
	struct node *dir, *file, *other = NULL;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	dir = make(&b, tree_root(b.tree), "dir", &a_dir);
	file = make(&b, dir, "file", &a_file);
	assert_int_equal(tree_count(b.tree), 3);
	assert_int_equal(dir->nlink, 2);
	assert_int_equal(tree_root(b.tree)->nlink, 3);
	assert_int_equal(file->nlink, 1);
	expect_path(&b, file, "dir/file");
	expect_path(&b, tree_root(b.tree), "");
	assert_ptr_equal(at(&b, "dir/file"), file);
	assert_ptr_equal(at(&b, ""), tree_root(b.tree));
	assert_ptr_equal(tree_node(b.tree, file->ino), file);
	assert_null(at(&b, "dir/file/x"));
	assert_status(tree_make(b.tree, dir, bytes_str("file"), &a_file, 0, &other), WK_EXISTS);
	assert_status(tree_make(b.tree, dir, bytes_str("a/b"), &a_file, 0, &other), WK_INVALID);
	assert_status(tree_make(b.tree, dir, bytes_str(".."), &a_file, 0, &other), WK_INVALID);
	assert_status(tree_make(b.tree, dir, bytes_str(""), &a_file, 0, &other), WK_INVALID);
	assert_status(tree_make(b.tree, file, bytes_str("x"), &a_file, 0, &other), WK_INVALID);
	memset(long_name, 'n', sizeof long_name);
	assert_status(tree_make(b.tree, dir, bytes_of(long_name, 256), &a_file, 0, &other),
		      WK_LIMIT);
	assert_ok(tree_make(b.tree, dir, bytes_of(long_name, 255), &a_file, 0, &other));
	assert_status(tree_make(b.tree, dir, bytes_str("fifo"),
				&(struct tree_new){ .mode = S_IFIFO }, 0, &other),
		      WK_UNSUPPORTED);
	assert_int_equal(tree_count(b.tree), 4);
	bed_fini(&b);
}

static void test_survives(void **state)
{
	struct node *dir, *file, *link = NULL;
	struct node file_was, dir_was;
	struct buf target = BUF_INIT(64);
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	dir = make(&b, tree_root(b.tree), "dir", &a_dir);
	file = make(&b, dir, "file", &a_file);
	link = make(&b, dir, "link",
		    &(struct tree_new){ .mode = S_IFLNK | 0777, .target = bytes_str("to/where") });
	assert_int_equal(link->size, 8);
	assert_ok(tree_attach(b.tree, file, tree_root(b.tree), bytes_str("hard"), false, 0));
	assert_ok(tree_set(b.tree, file,
			   &(struct tree_attributes){ .set = TREE_SET_MODE | TREE_SET_MTIME |
							     TREE_SET_UID | TREE_SET_GID,
						      .mode = 0600, .mtime_ns = 123456789,
						      .uid = 77, .gid = 88 }, 0));
	file_was = *file;
	dir_was = *dir;
	assert_int_equal(file_was.nlink, 2);
	bed_reopen(&b);
	file = at(&b, "dir/file");
	dir = at(&b, "dir");
	assert_non_null(file);
	assert_ptr_equal(at(&b, "hard"), file);
	assert_int_equal(file->ino, file_was.ino);
	assert_int_equal(file->nlink, 2);
	assert_int_equal(file->mode, S_IFREG | 0600);
	assert_int_equal(file->uid, 77);
	assert_int_equal(file->gid, 88);
	assert_int_equal(file->mtime_ns, 123456789);
	assert_int_equal(file->ctime_ns, file_was.ctime_ns);
	assert_int_equal(file->btime_ns, file_was.btime_ns);
	assert_int_equal(dir->mtime_ns, dir_was.mtime_ns);
	assert_int_equal(tree_root(b.tree)->nlink, 3);
	assert_ok(tree_target(b.tree, at(&b, "dir/link"), &target));
	assert_bytes_str(buf_bytes(&target), "to/where");
	assert_ok(tree_unlink(b.tree, dir, bytes_str("file"), 0));
	assert_int_equal(at(&b, "hard")->nlink, 1);
	expect_path(&b, at(&b, "hard"), "hard");
	bed_fini(&b);
	buf_fini(&target);
}

static void test_remove(void **state)
{
	struct node *dir, *file;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	dir = make(&b, tree_root(b.tree), "dir", &a_dir);
	file = make(&b, dir, "file", &a_file);
	assert_status(tree_rmdir(b.tree, tree_root(b.tree), bytes_str("dir"), 0), WK_EXISTS);
	assert_status(tree_unlink(b.tree, tree_root(b.tree), bytes_str("dir"), 0), WK_INVALID);
	assert_status(tree_rmdir(b.tree, dir, bytes_str("file"), 0), WK_INVALID);
	assert_status(tree_unlink(b.tree, dir, bytes_str("none"), 0), WK_NOT_FOUND);
	file->lookups = 1;
	assert_ok(tree_unlink(b.tree, dir, bytes_str("file"), 0));
	assert_int_equal(file->nlink, 0);
	assert_int_equal(tree_count(b.tree), 3);
	file->lookups = 0;
	tree_release(b.tree, file);
	assert_int_equal(tree_count(b.tree), 2);
	dir->lookups = 1;
	assert_ok(tree_rmdir(b.tree, tree_root(b.tree), bytes_str("dir"), 0));
	assert_int_equal(tree_root(b.tree)->nlink, 2);
	assert_int_equal(dir->nlink, 0);
	assert_status(tree_make(b.tree, dir, bytes_str("x"), &a_file, 0, &file), WK_NOT_FOUND);
	dir->lookups = 0;
	tree_release(b.tree, dir);
	assert_int_equal(tree_count(b.tree), 1);
	bed_reopen(&b);
	assert_int_equal(tree_count(b.tree), 1);
	bed_fini(&b);
}

static void test_rename(void **state)
{
	struct node *root, *a, *x, *y;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	root = tree_root(b.tree);
	a = make(&b, root, "a", &a_dir);
	(void)make(&b, a, "sub", &a_dir);
	x = make(&b, root, "x", &a_file);
	y = make(&b, a, "y", &a_file);
	assert_status(tree_rename(b.tree, root, bytes_str("a"), a, bytes_str("in"), 0), WK_INVALID);
	assert_status(tree_rename(b.tree, root, bytes_str("a"), at(&b, "a/sub"), bytes_str("in"),
				  0), WK_INVALID);
	assert_status(tree_rename(b.tree, root, bytes_str("q"), a, bytes_str("q"), 0),
		      WK_NOT_FOUND);
	assert_status(tree_rename(b.tree, root, bytes_str("x"), a, bytes_str("y"),
				  RENAME_NOREPLACE), WK_EXISTS);
	assert_status(tree_rename(b.tree, root, bytes_str("x"), a, bytes_str("z"),
				  RENAME_EXCHANGE), WK_NOT_FOUND);
	assert_status(tree_rename(b.tree, root, bytes_str("x"), root, bytes_str("a"), 0),
		      WK_EXISTS);
	assert_ok(tree_rename(b.tree, root, bytes_str("a"), root, bytes_str("a"), 0));
	assert_ok(tree_rename(b.tree, root, bytes_str("x"), a, bytes_str("y"), RENAME_EXCHANGE));
	assert_ptr_equal(at(&b, "a/y"), x);
	assert_ptr_equal(at(&b, "x"), y);
	assert_ok(tree_rename(b.tree, root, bytes_str("x"), a, bytes_str("y"), 0));
	assert_int_equal(tree_count(b.tree), 4);
	assert_ptr_equal(at(&b, "a/y"), y);
	(void)make(&b, root, "empty", &a_dir);
	assert_status(tree_rename(b.tree, root, bytes_str("empty"), root, bytes_str("a"), 0),
		      WK_EXISTS);
	assert_ok(tree_rename(b.tree, root, bytes_str("a"), root, bytes_str("empty"), 0));
	assert_ptr_equal(at(&b, "empty/y"), y);
	assert_int_equal(root->nlink, 3);
	assert_ok(tree_rename(b.tree, a, bytes_str("sub"), root, bytes_str("top"), 0));
	assert_int_equal(root->nlink, 4);
	assert_int_equal(a->nlink, 2);
	assert_ptr_equal(at(&b, "top")->parent, root);
	assert_ok(tree_rename(b.tree, root, bytes_str("empty"), root, bytes_str("top"),
			      RENAME_EXCHANGE));
	assert_ptr_equal(at(&b, "top/y"), y);
	bed_reopen(&b);
	assert_non_null(at(&b, "top/y"));
	assert_non_null(at(&b, "empty"));
	assert_int_equal(tree_count(b.tree), 4);
	assert_int_equal(tree_root(b.tree)->nlink, 4);
	bed_fini(&b);
}

static void test_attach(void **state)
{
	struct node *root, *made = NULL, *dir = NULL, *old;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	root = tree_root(b.tree);
	old = make(&b, root, "file", &a_file);
	old->lookups = 1;
	assert_ok(tree_make_unnamed(b.tree, &a_file, &made));
	assert_int_equal(made->nlink, 0);
	assert_status(tree_attach(b.tree, made, root, bytes_str("file"), false, 0), WK_EXISTS);
	assert_ok(tree_attach(b.tree, made, root, bytes_str("file"), true, 0));
	assert_ptr_equal(at(&b, "file"), made);
	assert_int_equal(old->nlink, 0);
	assert_int_equal(tree_count(b.tree), 3);
	assert_ok(tree_make_unnamed(b.tree, &a_dir, &dir));
	assert_status(tree_attach(b.tree, dir, root, bytes_str("file"), true, 0), WK_EXISTS);
	assert_status(tree_attach(b.tree, dir, dir, bytes_str("self"), true, 0), WK_INVALID);
	assert_ok(tree_attach(b.tree, dir, root, bytes_str("dir"), false, 0));
	assert_status(tree_attach(b.tree, dir, root, bytes_str("again"), false, 0), WK_INVALID);
	assert_ok(tree_make_unnamed(b.tree, &a_file, &made));
	/* Orphans, one known to the kernel and one half made, are gone after a restart. */
	bed_reopen(&b);
	assert_int_equal(tree_count(b.tree), 3);
	bed_close(&b);
	bed_open_rows(&b);
	assert_int_equal(rows_last_key(b.rows, ROWS_NODE), 4);
	bed_fini(&b);
}

/* --- cookies --- */

static void test_cookies(void **state)
{
	struct tree_entry e;
	struct node *root;
	uint64_t highest = 0, highest_ino = 0, after = 0;
	char name[16];
	int seen = 0;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	root = tree_root(b.tree);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "n%d", i);
		(void)make(&b, root, name, &a_file);
	}
	/* A reader that deletes what it reads visits all of it. */
	while (tree_next(b.tree, root, after, &e)) {
		assert_true(e.cookie > after);
		after = e.cookie;
		highest_ino = e.node->ino > highest_ino ? e.node->ino : highest_ino;
		assert_ok(tree_unlink(b.tree, root, e.name, 0));
		seen++;
	}
	assert_int_equal(seen, 1000);
	assert_true(tree_is_empty(root));
	highest = after;
	for (int round = 0; round < 3; round++) {
		bed_reopen(&b);
		root = tree_root(b.tree);
		(void)make(&b, root, "new", &a_file);
		assert_true(tree_next(b.tree, root, 0, &e));
		assert_true(e.cookie > highest);
		assert_true(e.node->ino > highest_ino);
		highest = e.cookie;
		highest_ino = e.node->ino;
		assert_false(tree_next(b.tree, root, e.cookie, &e));
		assert_ok(tree_unlink(b.tree, root, bytes_str("new"), 0));
	}
	/* From a cookie that is gone it goes on behind it. */
	for (int i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof name, "n%d", i);
		(void)make(&b, root, name, &a_file);
	}
	assert_true(tree_next(b.tree, root, 0, &e));
	after = e.cookie;
	assert_ok(tree_unlink(b.tree, root, bytes_str("n0"), 0));
	assert_ok(tree_unlink(b.tree, root, bytes_str("n1"), 0));
	assert_true(tree_next(b.tree, root, after, &e));
	assert_bytes_str(e.name, "n2");
	assert_false(tree_next(b.tree, root, UINT64_MAX, &e));
	bed_fini(&b);
}

/* --- hooks --- */

struct heard {
	char text[256];
	int forgotten;
};

static void hear(void *arg, enum tree_touch what, struct node *node, struct node *dir,
		 struct bytes name)
{
	struct heard *h = arg;
	size_t n = strlen(h->text);

	assert_true((dir == NULL) == (what == TREE_WRITTEN || what == TREE_ATTRIBUTES));
	(void)snprintf(h->text + n, sizeof h->text - n, "%c%d%.*s ", "W+-A"[what],
		       (int)node->ino, (int)name.n, (const char *)name.p);
}

static void hear_forgotten(void *arg, struct node *node)
{
	struct heard *h = arg;

	(void)node;
	h->forgotten++;
}

static void test_hooks(void **state)
{
	struct heard h = { "" };
	struct node *root, *node = NULL;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	root = tree_root(b.tree);
	tree_set_hooks(b.tree, &(struct tree_hooks){ .arg = &h, .touched = hear,
						     .forgotten = hear_forgotten });
	(void)make(&b, root, "a", &a_file);
	(void)make(&b, root, "b", &a_file);
	assert_ok(tree_rename(b.tree, root, bytes_str("a"), root, bytes_str("b"), 0));
	assert_string_equal(h.text, "+2a +3b -2a -3b +2b ");
	assert_int_equal(h.forgotten, 1);
	h.text[0] = '\0';
	node = at(&b, "b");
	assert_false(node->written);
	assert_ok(tree_write(b.tree, node, 0, bytes_str("x"), 0));
	assert_true(node->written);
	assert_true(node->touched_ms > 0);
	assert_ok(tree_set(b.tree, node, &(struct tree_attributes){ .set = TREE_SET_MODE }, 0));
	assert_ok(tree_set(b.tree, node, &(struct tree_attributes){ .set = TREE_SET_SIZE }, 0));
	assert_ok(tree_attach(b.tree, node, root, bytes_str("c"), false, 0));
	assert_ok(tree_rename(b.tree, root, bytes_str("b"), root, bytes_str("c"), 0));
	assert_ok(tree_unlink(b.tree, root, bytes_str("c"), 0));
	assert_string_equal(h.text, "W2 A2 W2 +2c -2c ");
	h.text[0] = '\0';
	node->written = false;
	assert_ok(tree_write(b.tree, node, 0, bytes_str("x"), TREE_QUIET));
	assert_false(node->written);
	assert_ok(tree_make(b.tree, root, bytes_str("q"), &a_file, TREE_QUIET, &node));
	assert_ok(tree_rename(b.tree, root, bytes_str("q"), root, bytes_str("r"), TREE_QUIET));
	assert_ok(tree_unlink(b.tree, root, bytes_str("r"), TREE_QUIET));
	assert_string_equal(h.text, "");
	assert_int_equal(h.forgotten, 2);
	bed_fini(&b);
}

/* --- altered rows, kill, canary --- */

static void sql(const struct bed *b, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_altered(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	(void)make(&b, tree_root(b.tree), "dir", &a_dir);	/* 2 */
	(void)make(&b, at(&b, "dir"), "file", &a_file);		/* 3 */
	(void)make(&b, tree_root(b.tree), "other", &a_file);	/* 4 */
	bed_close(&b);
	sql(&b, "DELETE FROM node WHERE k1=2");
	bed_open(&b);
	assert_null(at(&b, "dir"));
	assert_non_null(at(&b, "other"));
	assert_int_equal(tree_count(b.tree), 2);
	bed_close(&b);
	sql(&b, "UPDATE dentry SET k1=999");
	bed_open_rows(&b);
	assert_status(tree_open(b.rows, b.loop, &b.tree), WK_TAMPERED);
	bed_fini(&b);
}

static void test_canary(void **state)
{
	static const char marker[] = "canary-41c0de-marker";
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	(void)make(&b, tree_root(b.tree), marker, &a_file);
	assert_ok(tree_write(b.tree, at(&b, marker), 0, bytes_str(marker), 0));
	(void)make(&b, tree_root(b.tree), "link",
		   &(struct tree_new){ .mode = S_IFLNK, .target = bytes_str(marker) });
	assert_ok(rows_flush_wait(b.rows));
	assert_false(bed_holds(b.dir, marker));
	bed_close(&b);
	assert_false(bed_holds(b.dir, marker));
	bed_fini(&b);
}

/* A child renames, makes and unlinks until it is killed; each file holds its own number, and what
 * was told as flushed is there. */
static void churn(const char *dir, uint32_t from, int out)
{
	struct bed b;

	bed_init_at(&b, dir);
	bed_open(&b);
	for (uint32_t i = from;; i++) {
		char name[24], other[24];
		struct node *node = NULL;
		uint64_t k = rand_below(30);

		(void)snprintf(name, sizeof name, "f%d", (int)k);
		(void)snprintf(other, sizeof other, "f%d", (int)rand_below(30));
		rows_begin(b.rows);
		if (rand_below(3) == 0) {
			if (tree_unlink(b.tree, tree_root(b.tree), bytes_str(name), 0) != WK_OK)
				node = NULL;
		} else if (rand_below(2) == 0 && at(&b, name)) {
			assert_ok(tree_rename(b.tree, tree_root(b.tree), bytes_str(name),
					      tree_root(b.tree), bytes_str(other), 0));
		} else if (!at(&b, name)) {
			node = make(&b, tree_root(b.tree), name, &a_file);
			assert_ok(tree_write(b.tree, node, 0, bytes_of(&node->ino, 8), 0));
		}
		rows_end(b.rows);
		if (rand_below(50) == 0) {
			(void)snprintf(name, sizeof name, "flushed-%u", i);
			(void)make(&b, tree_root(b.tree), name, &a_file);
			assert_ok(rows_flush_wait(b.rows));
			if (write(out, &i, sizeof i) != sizeof i)
				_exit(1);
			(void)snprintf(other, sizeof other, "last-%u", i);
			assert_ok(tree_rename(b.tree, tree_root(b.tree), bytes_str(name),
					      tree_root(b.tree), bytes_str(other), 0));
		}
	}
}

static void check_churned(struct bed *b, uint32_t flushed)
{
	char one[24], two[24];
	struct tree_entry e;

	if (flushed) {
		(void)snprintf(one, sizeof one, "flushed-%u", flushed);
		(void)snprintf(two, sizeof two, "last-%u", flushed);
		assert_true((at(b, one) != NULL) != (at(b, two) != NULL));
	}
	for (uint64_t after = 0; tree_next(b->tree, tree_root(b->tree), after, &e);
	     after = e.cookie) {
		struct buf bytes = BUF_SECRET_INIT(64);

		if (e.name.p[0] != 'f' || e.name.p[1] == 'l')
			continue;
		assert_ok(tree_read_all(b->tree, e.node, &bytes));
		assert_int_equal(bytes.n, 8);
		assert_memory_equal(bytes.p, &e.node->ino, 8);
		buf_fini(&bytes);
	}
}

static void test_kill(void **state)
{
	char dir[] = "/tmp/store-test-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int round = 0; round < 15; round++) {
		uint32_t flushed = 0, i;
		struct bed b;
		int ends[2];
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = bed_fork();
		if (child == 0)
			churn(dir, 1 + (uint32_t)round * 1000000, ends[1]);
		(void)close(ends[1]);
		(void)usleep((useconds_t)(20000 + rand_below(60000)));
		bed_kill(child);
		while (read(ends[0], &i, sizeof i) == sizeof i)
			flushed = i;
		(void)close(ends[0]);
		bed_init_at(&b, dir);
		bed_open(&b);
		check_churned(&b, flushed);
		bed_close(&b);
		bed_leave(&b);
	}
	bed_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),	cmocka_unit_test(test_survives),
		cmocka_unit_test(test_remove),	cmocka_unit_test(test_rename),
		cmocka_unit_test(test_attach),	cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_hooks),	cmocka_unit_test(test_altered),
		cmocka_unit_test(test_canary),	cmocka_unit_test(test_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
