/* SPDX-License-Identifier: Apache-2.0 */
/* Content: blocks, holes, truncation, renderings, and random operations against a plain file and a
 * plain directory. */
#include <errno.h>
#include <linux/falloc.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include "base/rand.h"
#include "store_testing.h"

#define K 1024
#define BLOCK TREE_BLOCK_SIZE

static struct node *make_file(struct bed *b, const char *name)
{
	struct node *node = NULL;

	assert_ok(tree_make(b->tree, tree_root(b->tree), bytes_str(name),
			    &(struct tree_new){ .mode = S_IFREG | 0644 }, 0, &node));
	return node;
}

static struct node *file_at(struct bed *b, const char *name)
{
	return tree_lookup(b->tree, tree_root(b->tree), bytes_str(name));
}

static void expect_text(struct bed *b, struct node *node, const char *want)
{
	struct buf all = BUF_SECRET_INIT(1 << 20);

	assert_ok(tree_read_all(b->tree, node, &all));
	assert_bytes_str(buf_bytes(&all), want);
	buf_fini(&all);
}

static void set_size(struct bed *b, struct node *node, uint64_t size)
{
	assert_ok(tree_set(b->tree, node,
			   &(struct tree_attributes){ .set = TREE_SET_SIZE, .size = size }, 0));
	assert_int_equal(node->size, size);
}

static int64_t count_rows(struct bed *b, const char *table)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	char text[64];
	int64_t n;

	assert_ok(rows_flush_wait(b->rows));
	(void)snprintf(text, sizeof text, "SELECT count(*) FROM %s", table);
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
	return n;
}

static void test_small(void **state)
{
	struct buf out = BUF_SECRET_INIT(16);
	struct node *f;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	f = make_file(&b, "f");
	expect_text(&b, f, "");
	assert_ok(tree_write(b.tree, f, 0, bytes_str("hello"), 0));
	assert_ok(tree_write(b.tree, f, 5, bytes_str(" world"), 0));
	assert_ok(tree_write(b.tree, f, 0, bytes_str("J"), 0));
	expect_text(&b, f, "Jello world");
	assert_int_equal(f->size, 11);
	assert_ok(tree_read(b.tree, f, 6, 100, &out));
	assert_bytes_str(buf_bytes(&out), "world");
	buf_clear(&out);
	assert_ok(tree_read(b.tree, f, 11, 100, &out));
	assert_int_equal(out.n, 0);
	set_size(&b, f, 20000);
	assert_status(tree_read_all(b.tree, f, &out), WK_LIMIT);
	set_size(&b, f, 5);
	set_size(&b, f, 7);
	assert_ok(tree_read_all(b.tree, f, &out));
	assert_memory_equal(out.p, "Jello\0\0", 7);
	assert_ok(tree_write_all(b.tree, f, bytes_str("all new"), 0));
	bed_reopen(&b);
	f = file_at(&b, "f");
	expect_text(&b, f, "all new");
	assert_true(f->written);
	f->written = false;
	assert_ok(tree_save(b.tree, f));
	bed_reopen(&b);
	assert_false(file_at(&b, "f")->written);
	assert_status(tree_write(b.tree, tree_root(b.tree), 0, bytes_str("x"), 0), WK_INVALID);
	assert_status(tree_write(b.tree, file_at(&b, "f"), TREE_FILE_MAX, bytes_str("x"), 0),
		      WK_LIMIT);
	assert_status(tree_write(b.tree, file_at(&b, "f"), UINT64_MAX, bytes_str("x"), 0),
		      WK_LIMIT);
	bed_fini(&b);
	buf_fini(&out);
}

static void test_sparse(void **state)
{
	struct node *f;
	uint64_t at = 0;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	f = make_file(&b, "f");
	assert_ok(tree_write(b.tree, f, 10ull * BLOCK + 5, bytes_str("x"), 0));
	assert_int_equal(tree_allocated(b.tree, f), BLOCK);
	for (int round = 0; round < 2; round++) {
		assert_ok(tree_seek(b.tree, f, 0, true, &at));
		assert_int_equal(at, 10ull * BLOCK);
		assert_ok(tree_seek(b.tree, f, 10ull * BLOCK + 2, true, &at));
		assert_int_equal(at, 10ull * BLOCK + 2);
		assert_ok(tree_seek(b.tree, f, 3, false, &at));
		assert_int_equal(at, 3);
		assert_ok(tree_seek(b.tree, f, 10ull * BLOCK, false, &at));
		assert_int_equal(at, f->size);
		assert_status(tree_seek(b.tree, f, f->size, true, &at), WK_NOT_FOUND);
		assert_int_equal(tree_allocated(b.tree, f), BLOCK);
		bed_reopen(&b);
		f = file_at(&b, "f");
	}
	set_size(&b, f, TREE_FILE_MAX);
	assert_status(tree_seek(b.tree, f, 11ull * BLOCK, true, &at), WK_NOT_FOUND);
	assert_int_equal(count_rows(&b, "block"), 1);
	assert_status(tree_set(b.tree, f, &(struct tree_attributes){ .set = TREE_SET_SIZE,
						.size = TREE_FILE_MAX + 1 }, 0), WK_LIMIT);
	set_size(&b, f, 3);
	assert_int_equal(count_rows(&b, "block"), 0);
	assert_int_equal(tree_allocated(b.tree, f), 0);
	assert_ok(tree_write(b.tree, f, 0, bytes_str("abc"), 0));
	assert_int_equal(tree_allocated(b.tree, f), 512);
	assert_ok(tree_seek(b.tree, f, 0, false, &at));
	assert_int_equal(at, 3);
	bed_fini(&b);
}

static void test_fallocate(void **state)
{
	struct node *f;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	f = make_file(&b, "f");
	assert_ok(tree_write(b.tree, f, 0, bytes_str("hello world"), 0));
	assert_ok(tree_fallocate(b.tree, f, FALLOC_FL_KEEP_SIZE, 0, 1 << 20));
	assert_int_equal(f->size, 11);
	assert_ok(tree_fallocate(b.tree, f, 0, 0, 5));
	assert_int_equal(f->size, 11);
	assert_ok(tree_fallocate(b.tree, f, 0, 0, 13));
	assert_int_equal(f->size, 13);
	assert_ok(tree_fallocate(b.tree, f, FALLOC_FL_ZERO_RANGE, 12, 3));
	assert_int_equal(f->size, 15);
	assert_ok(tree_fallocate(b.tree, f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				 1 << 20));
	assert_int_equal(f->size, 15);
	assert_int_equal(count_rows(&b, "block"), 0);
	assert_status(tree_fallocate(b.tree, f, FALLOC_FL_COLLAPSE_RANGE, 0, 4096),
		      WK_UNSUPPORTED);
	assert_status(tree_fallocate(b.tree, f, FALLOC_FL_PUNCH_HOLE, 0, 4096), WK_UNSUPPORTED);
	assert_status(tree_fallocate(b.tree, f, 0, TREE_FILE_MAX, 1), WK_LIMIT);
	assert_status(tree_fallocate(b.tree, f, 0, 0, 0), WK_INVALID);
	bed_fini(&b);
}

static void run_loop_for_freeing(struct bed *b)
{
	while (b->tree && count_rows(b, "block") > 0)
		loop_run_once(b->loop, 50);
}

static void write_big(struct bed *b, struct node *f, size_t blocks)
{
	static uint8_t block[BLOCK];

	memset(block, 'b', sizeof block);
	for (size_t i = 0; i < blocks; i++)
		assert_ok(tree_write(b->tree, f, i * BLOCK, bytes_of(block, sizeof block), 0));
}

/* Cutting or deleting a big file is quick; its blocks go in steps, also over a restart, and a file
 * that grows again meanwhile never shows them. */
static void test_big(void **state)
{
	struct buf out = BUF_SECRET_INIT(2 * BLOCK);
	struct node *f;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	f = make_file(&b, "f");
	write_big(&b, f, 800);
	assert_int_equal(count_rows(&b, "block"), 800);
	set_size(&b, f, 0);
	assert_int_equal(count_rows(&b, "block"), 800);
	assert_ok(tree_write(b.tree, f, 0, bytes_str("x"), 0));
	set_size(&b, f, BLOCK);
	assert_ok(tree_read(b.tree, f, 0, BLOCK, &out));
	for (size_t i = 1; i < BLOCK; i++)
		assert_int_equal(out.p[i], 0);
	loop_run_once(b.loop, 1000);
	assert_true(count_rows(&b, "block") < 800);
	bed_reopen(&b);
	f = file_at(&b, "f");
	while (count_rows(&b, "block") > 1)
		loop_run_once(b.loop, 50);
	assert_null(f->span);
	buf_clear(&out);
	assert_ok(tree_read(b.tree, f, 0, 1, &out));
	assert_bytes_str(buf_bytes(&out), "x");

	write_big(&b, f, 800);
	set_size(&b, f, 0);
	set_size(&b, f, 700ull * BLOCK);	/* grows over what is stale */
	buf_clear(&out);
	assert_ok(tree_read(b.tree, f, 600ull * BLOCK, BLOCK, &out));
	for (size_t i = 0; i < BLOCK; i++)
		assert_int_equal(out.p[i], 0);
	assert_int_equal(count_rows(&b, "block"), 0);

	write_big(&b, f, 800);
	assert_ok(tree_unlink(b.tree, tree_root(b.tree), bytes_str("f"), 0));
	assert_int_equal(tree_count(b.tree), 1);
	assert_int_equal(count_rows(&b, "node"), 2);
	bed_reopen(&b);
	run_loop_for_freeing(&b);
	assert_int_equal(count_rows(&b, "node"), 1);
	assert_int_equal(tree_count(b.tree), 1);
	bed_fini(&b);
	buf_fini(&out);
}

static enum wk_status write_file(struct bed *b, int number)
{
	static uint8_t block[BLOCK];
	struct node *node = NULL;
	enum wk_status st;
	char name[16];

	(void)snprintf(name, sizeof name, "f%d", number);
	memset(block, 'a' + number % 26, sizeof block);
	st = tree_make(b->tree, tree_root(b->tree), bytes_str(name),
		       &(struct tree_new){ .mode = S_IFREG | 0644 }, 0, &node);
	if (st == WK_OK)
		st = tree_write(b->tree, node, 0, bytes_of(block, sizeof block), 0);
	return st == WK_OK && number % 100 == 99 ? rows_flush_wait(b->rows) : st;
}

static void expect_file(struct bed *b, int number)
{
	struct buf out = BUF_SECRET_INIT(BLOCK);
	char name[16];

	(void)snprintf(name, sizeof name, "f%d", number);
	assert_ok(tree_read_all(b->tree, file_at(b, name), &out));
	assert_int_equal(out.n, BLOCK);
	assert_int_equal(out.p[BLOCK - 1], 'a' + number % 26);
	buf_fini(&out);
}

/* Somebody else takes all that is left of the disk but `leave` bytes. */
static void fill_disk(const char *dir, off_t leave)
{
	static const uint8_t bytes[65536];
	char path[128];
	off_t size;
	int fd;

	(void)snprintf(path, sizeof path, "%s/ballast", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(fd >= 0);
	while (write(fd, bytes, sizeof bytes) > 0)
		continue;
	size = lseek(fd, 0, SEEK_END);
	assert_int_equal(ftruncate(fd, size - leave), 0);
	(void)close(fd);
}

/* On a full disk writes are refused, nothing is lost, and deleting files gives the space back. */
static void test_full_disk(void **state)
{
	char dir[] = "/tmp/store-full-XXXXXX", name[16];
	struct node *node = NULL;
	enum wk_status st = WK_OK;
	int files = 0;
	int64_t deadline;
	struct bed b;

	(void)state;
	assert_non_null(mkdtemp(dir));
	if (mount("tmpfs", dir, "tmpfs", 0, "size=160m") != 0) {
		(void)rmdir(dir);
		skip();
	}
	bed_init_at(&b, dir);
	bed_open(&b);
	for (; files < 1280; files++)
		assert_ok(write_file(&b, files));
	fill_disk(dir, 0);
	while (st == WK_OK && files < 8000)
		st = write_file(&b, files++);
	files--;
	assert_status(st, WK_FULL);
	assert_ok(rows_flush_wait(b.rows));
	assert_int_equal(rows_health(b.rows), WK_FULL);
	assert_status(tree_make(b.tree, tree_root(b.tree), bytes_str("new"),
				&(struct tree_new){ .mode = S_IFREG | 0644 }, 0, &node), WK_FULL);
	assert_null(file_at(&b, "new"));
	for (int i = 0; i < files; i++)
		expect_file(&b, i);
	fill_disk(dir, 4 << 20);
	for (int i = 0; i < files; i++) {
		(void)snprintf(name, sizeof name, "f%d", i);
		assert_ok(tree_unlink(b.tree, tree_root(b.tree), bytes_str(name), 0));
	}
	deadline = clock_mono_ms() + 20000;
	while (rows_health(b.rows) != WK_OK)
		assert_true(clock_mono_ms() < deadline);
	assert_ok(tree_make(b.tree, tree_root(b.tree), bytes_str("new"),
			    &(struct tree_new){ .mode = S_IFREG | 0644 }, 0, &node));
	bed_reopen(&b);
	assert_non_null(file_at(&b, "new"));
	bed_close(&b);
	bed_leave(&b);
	assert_int_equal(umount(dir), 0);
	(void)rmdir(dir);
}

/* With space enough the database gets shorter all the same, in a quiet moment. */
static void test_gives_back(void **state)
{
	int64_t deadline = clock_mono_ms() + 30000;
	struct stat st;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	write_big(&b, make_file(&b, "f"), 1600);
	assert_ok(rows_flush_wait(b.rows));
	assert_ok(tree_unlink(b.tree, tree_root(b.tree), bytes_str("f"), 0));
	run_loop_for_freeing(&b);
	do {
		loop_run_once(b.loop, 20);
		assert_true(clock_mono_ms() < deadline);
		assert_int_equal(stat(b.path, &st), 0);
	} while (st.st_size > 40 << 20);
	bed_fini(&b);
}

/* --- renderings --- */

struct renderer {
	size_t n;
	int calls;
};

static enum wk_status render(void *arg, struct node *node, struct buf *out)
{
	struct renderer *r = arg;
	enum wk_status st = WK_OK;

	(void)node;
	r->calls++;
	for (size_t i = 0; i < r->n && st == WK_OK; i++)
		st = buf_append_char(out, (char)('a' + i % 26));
	return st;
}

static void test_rendered(void **state)
{
	struct buf out = BUF_SECRET_INIT(1 << 20);
	struct renderer r = { .n = 10 };
	struct node *f;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open(&b);
	f = make_file(&b, "f");
	assert_ok(tree_write_all(b.tree, f, bytes_str("own bytes"), TREE_QUIET));
	assert_ok(tree_set_rendered(b.tree, f, 10, 777));
	assert_int_equal(f->mtime_ns, 777);
	assert_int_equal(count_rows(&b, "block"), 0);
	assert_status(tree_read_all(b.tree, f, &out), WK_UNSUPPORTED);
	bed_reopen(&b);
	f = file_at(&b, "f");
	assert_true(f->rendered);
	assert_int_equal(f->size, 10);
	assert_int_equal(f->mtime_ns, 777);
	tree_set_hooks(b.tree, &(struct tree_hooks){ .arg = &r, .render = render });
	expect_text(&b, f, "abcdefghij");
	assert_int_equal(count_rows(&b, "block"), 0);
	/* The first write makes it bytes of its own. */
	assert_ok(tree_write(b.tree, f, 2, bytes_str("XY"), 0));
	assert_false(f->rendered);
	expect_text(&b, f, "abXYefghij");
	assert_ok(tree_set_rendered(b.tree, f, 10, 888));
	assert_ok(tree_freeze(b.tree, f));
	assert_false(f->rendered);
	assert_int_equal(f->mtime_ns, 888);
	r.n = 3;
	expect_text(&b, f, "abcdefghij");
	assert_ok(tree_set_rendered(b.tree, f, 3, 999));
	set_size(&b, f, 2);
	expect_text(&b, f, "ab");
	assert_ok(tree_set_rendered(b.tree, f, 3, 999));
	set_size(&b, f, 0);
	assert_false(f->rendered);
	/* A big one is rendered once for all the pieces. */
	r = (struct renderer){ .n = 500 * K };
	assert_ok(tree_set_rendered(b.tree, f, r.n, 1));
	for (size_t i = 0; i < 4; i++)
		assert_ok(tree_read(b.tree, f, i * 128 * K, 128 * K, &out));
	assert_int_equal(out.n, r.n);
	assert_int_equal(r.calls, 1);
	for (size_t i = 0; i < out.n; i++)
		assert_int_equal(out.p[i], 'a' + i % 26);
	bed_fini(&b);
	buf_fini(&out);
}

/* --- at random: one file against a plain one --- */

#define MODEL_MAX (12 * BLOCK)

static void compare_file(struct bed *b, struct node *f, const uint8_t *model, uint64_t size)
{
	struct buf out = BUF_SECRET_INIT(MODEL_MAX);
	uint64_t from = rand_below(size + 1), n = rand_below(3 * BLOCK);

	assert_int_equal(f->size, size);
	assert_ok(tree_read(b->tree, f, from, n, &out));
	n = n < size - from ? n : size - from;
	assert_int_equal(out.n, n);
	assert_memory_equal(out.p ? out.p : model, model + from, n);
	buf_fini(&out);
}

/* Data begins where a hole ends, and holes are zeros. */
static void compare_holes(struct bed *b, struct node *f, const uint8_t *model, uint64_t size)
{
	uint64_t at = 0, data, hole, present = 0;

	while (at < size) {
		enum wk_status st = tree_seek(b->tree, f, at, true, &data);

		if (st == WK_NOT_FOUND)
			data = size;
		for (uint64_t i = at; i < data; i++)
			assert_int_equal(model[i], 0);
		if (data == size)
			break;
		assert_ok(tree_seek(b->tree, f, data, false, &hole));
		assert_true(hole > data);
		present += (hole + BLOCK - 1) / BLOCK - data / BLOCK;
		at = hole;
	}
	if (f->span)
		assert_int_equal(tree_allocated(b->tree, f), present * BLOCK);
}

static uint64_t random_offset(uint64_t limit)
{
	uint64_t at = rand_below(limit);

	/* Often at the edge of a block. */
	if (rand_below(3) == 0)
		at = at / BLOCK * BLOCK;
	return at;
}

static void one_operation(struct bed *b, struct node *f, uint8_t *model, uint64_t *size)
{
	static uint8_t data[3 * BLOCK];
	uint64_t at = random_offset(MODEL_MAX - sizeof data), n = random_offset(sizeof data) + 1;
	int mode;

	switch (rand_below(8)) {
	case 0:
		set_size(b, f, at);
		if (at < *size)
			memset(model + at, 0, *size - at);
		*size = at;
		return;
	case 1:
		mode = rand_below(2) ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE :
				       FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
		assert_ok(tree_fallocate(b->tree, f, mode, at, n));
		memset(model + at, 0, n);
		return;
	case 2:
		mode = rand_below(2) ? FALLOC_FL_ZERO_RANGE : 0;
		assert_ok(tree_fallocate(b->tree, f, mode, at, n));
		if (mode)
			memset(model + at, 0, n);
		*size = at + n > *size ? at + n : *size;
		return;
	case 3:
		if (rand_below(10) == 0) {
			rand_bytes(data, n);
			assert_ok(tree_write_all(b->tree, f, bytes_of(data, n), 0));
			memset(model, 0, MODEL_MAX);
			memcpy(model, data, n);
			*size = n;
		}
		return;
	case 4:
		if (rand_below(8) == 0)
			assert_ok(rows_flush_wait(b->rows));
		return;
	default:
		if (rand_below(2) && *size < MODEL_MAX - sizeof data)
			at = *size;	/* append */
		rand_bytes(data, n);
		assert_ok(tree_write(b->tree, f, at, bytes_of(data, n), 0));
		memcpy(model + at, data, n);
		*size = at + n > *size ? at + n : *size;
	}
}

static void test_random_content(void **state)
{
	static uint8_t model[MODEL_MAX];
	uint64_t size = 0;
	struct node *f;
	struct bed b;

	(void)state;
	memset(model, 0, sizeof model);
	bed_init(&b);
	bed_open(&b);
	f = make_file(&b, "f");
	for (int i = 0; i < 1500; i++) {
		one_operation(&b, f, model, &size);
		compare_file(&b, f, model, size);
		if (i % 20 == 0)
			compare_holes(&b, f, model, size);
		if (i % 150 == 0) {
			bed_reopen(&b);
			f = file_at(&b, "f");
		}
	}
	assert_ok(tree_unlink(b.tree, tree_root(b.tree), bytes_str("f"), 0));
	assert_int_equal(count_rows(&b, "block"), 0);
	bed_fini(&b);
}

/* --- at random: a tree against a plain directory --- */

struct pair {
	struct bed b;
	char plain[64];
};

static void random_path(char *path, size_t n)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	size_t depth = 1 + rand_below(3);

	path[0] = '\0';
	for (size_t i = 0; i < depth; i++)
		(void)snprintf(path + strlen(path), n - strlen(path), "%s%s", i ? "/" : "",
			       names[rand_below(4)]);
}

/* The directory and last name of a path; false when there is no such directory. */
static bool split(struct bed *b, const char *path, struct node **dir, struct bytes *name)
{
	const char *slash = strrchr(path, '/');

	*name = bytes_str(slash ? slash + 1 : path);
	return tree_resolve(b->tree, bytes_of(path, slash ? (size_t)(slash - path) : 0), dir) ==
		       WK_OK &&
	       S_ISDIR((*dir)->mode);
}

static void one_name_operation(struct pair *p)
{
	char path[64], other[64], real[160], real_other[160];
	struct node *dir = NULL, *to = NULL, *node = NULL;
	struct bytes name, to_name;
	bool ok = false, want;
	unsigned flags;

	random_path(path, sizeof path);
	random_path(other, sizeof other);
	(void)snprintf(real, sizeof real, "%s/%s", p->plain, path);
	(void)snprintf(real_other, sizeof real_other, "%s/%s", p->plain, other);
	switch (rand_below(7)) {
	case 0: {
		int fd = open(real, O_CREAT | O_EXCL | O_WRONLY, 0600);

		want = fd >= 0;
		if (want)
			(void)close(fd);
		ok = split(&p->b, path, &dir, &name) &&
		     tree_make(p->b.tree, dir, name, &(struct tree_new){ .mode = S_IFREG | 0600 },
			       0, &node) == WK_OK;
		break;
	}
	case 1:
		want = mkdir(real, 0700) == 0;
		ok = split(&p->b, path, &dir, &name) &&
		     tree_make(p->b.tree, dir, name, &(struct tree_new){ .mode = S_IFDIR | 0700 },
			       0, &node) == WK_OK;
		break;
	case 2:
		want = unlink(real) == 0;
		ok = split(&p->b, path, &dir, &name) &&
		     tree_unlink(p->b.tree, dir, name, 0) == WK_OK;
		break;
	case 3:
		want = rmdir(real) == 0;
		ok = split(&p->b, path, &dir, &name) &&
		     tree_rmdir(p->b.tree, dir, name, 0) == WK_OK;
		break;
	case 4:
		want = link(real, real_other) == 0;
		ok = split(&p->b, other, &to, &to_name) &&
		     tree_resolve(p->b.tree, bytes_str(path), &node) == WK_OK &&
		     tree_attach(p->b.tree, node, to, to_name, false, 0) == WK_OK;
		break;
	default:
		flags = (unsigned[]){ 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE }[rand_below(4)];
		want = renameat2(AT_FDCWD, real, AT_FDCWD, real_other, flags) == 0;
		ok = split(&p->b, path, &dir, &name) && split(&p->b, other, &to, &to_name) &&
		     tree_rename(p->b.tree, dir, name, to, to_name, flags) == WK_OK;
	}
	assert_int_equal(ok, want);
}

static int walk_tree(struct bed *b, struct node *dir, const char *plain)
{
	struct tree_entry e;
	int n = 0;

	for (uint64_t after = 0; tree_next(b->tree, dir, after, &e); after = e.cookie) {
		char path[320];
		struct stat st;

		(void)snprintf(path, sizeof path, "%s/%.*s", plain, (int)e.name.n,
			       (const char *)e.name.p);
		assert_int_equal(lstat(path, &st), 0);
		assert_int_equal(st.st_mode & S_IFMT, e.node->mode & S_IFMT);
		if (S_ISREG(st.st_mode))
			assert_int_equal(st.st_nlink, e.node->nlink);
		n += 1 + (S_ISDIR(st.st_mode) ? walk_tree(b, e.node, path) : 0);
	}
	return n;
}

static int walk_plain(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		char below[512];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(below, sizeof below, "%.200s/%.200s", path, e->d_name);
		n += 1 + (e->d_type == DT_DIR ? walk_plain(below) : 0);
	}
	if (d)
		(void)closedir(d);
	return n;
}

/* Link counts of directories are what their entries say. */
static void check_links(struct bed *b, struct node *dir)
{
	struct tree_entry e;
	uint32_t nlink = 2;

	for (uint64_t after = 0; tree_next(b->tree, dir, after, &e); after = e.cookie) {
		if (!S_ISDIR(e.node->mode))
			continue;
		nlink++;
		assert_ptr_equal(e.node->parent, dir);
		check_links(b, e.node);
	}
	assert_int_equal(dir->nlink, nlink);
}

static void test_random_names(void **state)
{
	char plain[] = "/tmp/store-plain-XXXXXX";
	struct pair p;

	(void)state;
	bed_init(&p.b);
	bed_open(&p.b);
	assert_non_null(mkdtemp(plain));
	(void)snprintf(p.plain, sizeof p.plain, "%s", plain);
	for (int i = 0; i < 8000; i++) {
		one_name_operation(&p);
		if (i % 100 == 0) {
			assert_int_equal(walk_tree(&p.b, tree_root(p.b.tree), plain),
					 walk_plain(plain));
			check_links(&p.b, tree_root(p.b.tree));
		}
		if (i % 1000 == 999)
			bed_reopen(&p.b);
	}
	bed_remove(plain);
	bed_fini(&p.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),	       cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_fallocate),      cmocka_unit_test(test_big),
		cmocka_unit_test(test_rendered),       cmocka_unit_test(test_random_content),
		cmocka_unit_test(test_random_names),   cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_gives_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
