/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed table store: newest value wins wherever it is, durability, tampering, kill -9,
 * full disk. */
#include <errno.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include "base/rand.h"
#include "store_testing.h"

#define MARKER "canary-7f1e02-marker"

static void put(struct bed *b, enum rows_table t, int64_t k1, int64_t k2, const char *text)
{
	assert_ok(rows_put(b->rows, t, k1, k2, bytes_str(text)));
}

static void expect(struct bed *b, enum rows_table t, int64_t k1, int64_t k2, const char *text)
{
	struct buf v = BUF_SECRET_INIT(1 << 20);

	if (text) {
		assert_ok(rows_get(b->rows, t, k1, k2, &v));
		assert_bytes_str(buf_bytes(&v), text);
	} else {
		assert_status(rows_get(b->rows, t, k1, k2, &v), WK_NOT_FOUND);
	}
	buf_fini(&v);
}

static void test_put_get(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open_rows(&b);
	expect(&b, ROWS_NODE, 1, 0, NULL);
	put(&b, ROWS_NODE, 1, 0, "one");
	put(&b, ROWS_DENTRY, 1, 0, "other table");
	put(&b, ROWS_NODE, 1, 0, "two");
	expect(&b, ROWS_NODE, 1, 0, "two");
	assert_ok(rows_flush_wait(b.rows));
	assert_int_equal(rows_dirty_bytes(b.rows), 0);
	assert_int_equal(rows_commits(b.rows), 1);
	expect(&b, ROWS_NODE, 1, 0, "two");
	expect(&b, ROWS_DENTRY, 1, 0, "other table");
	assert_ok(rows_delete(b.rows, ROWS_NODE, 1, 0));
	expect(&b, ROWS_NODE, 1, 0, NULL);
	bed_close(&b);
	bed_open_rows(&b);
	expect(&b, ROWS_NODE, 1, 0, NULL);
	expect(&b, ROWS_DENTRY, 1, 0, "other table");
	put(&b, ROWS_NODE, 1, 0, "");
	expect(&b, ROWS_NODE, 1, 0, "");
	bed_fini(&b);
}

static void test_ranges(void **state)
{
	struct bed b;

	(void)state;
	for (int flush = 0; flush < 2; flush++) {
		bed_init(&b);
		bed_open_rows(&b);
		for (int i = 0; i < 10; i++)
			put(&b, ROWS_BLOCK, 5, i, "old");
		put(&b, ROWS_BLOCK, 6, 9, "stranger");
		if (flush)
			assert_ok(rows_flush_wait(b.rows));
		assert_ok(rows_delete_from(b.rows, ROWS_BLOCK, 5, 4));
		put(&b, ROWS_BLOCK, 5, 7, "new");
		for (int round = 0; round < 2; round++) {
			int64_t next = 0;

			for (int i = 0; i < 10; i++)
				expect(&b, ROWS_BLOCK, 5, i, i == 7 ? "new" : i < 4 ? "old" : NULL);
			expect(&b, ROWS_BLOCK, 6, 9, "stranger");
			assert_ok(rows_next(b.rows, ROWS_BLOCK, 5, 2, &next));
			assert_int_equal(next, 2);
			assert_ok(rows_next(b.rows, ROWS_BLOCK, 5, 4, &next));
			assert_int_equal(next, 7);
			assert_status(rows_next(b.rows, ROWS_BLOCK, 5, 8, &next), WK_NOT_FOUND);
			assert_ok(rows_flush_wait(b.rows));
		}
		bed_fini(&b);
	}
}

struct seen {
	char text[256];
};

static enum wk_status see(void *arg, int64_t key1, int64_t key2, struct bytes value)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof s->text - n, "%d/%d=%.*s ", (int)key1, (int)key2,
		       (int)value.n, (const char *)value.p);
	return key1 == 99 ? WK_CANCELLED : WK_OK;
}

static void test_each(void **state)
{
	struct bed b;
	struct seen s = { "" };

	(void)state;
	bed_init(&b);
	bed_open_rows(&b);
	put(&b, ROWS_TEXT, 2, 1, "b");
	put(&b, ROWS_TEXT, 2, 0, "a");
	put(&b, ROWS_TEXT, 4, 0, "d");
	put(&b, ROWS_TEXT, 8, 0, "x");
	put(&b, ROWS_TEXT, 8, 1, "y");
	assert_ok(rows_flush_wait(b.rows));
	put(&b, ROWS_TEXT, 3, 0, "c");
	put(&b, ROWS_TEXT, 4, 0, "D");
	put(&b, ROWS_TEXT, 9, 0, "z");
	assert_ok(rows_delete(b.rows, ROWS_TEXT, 2, 1));
	assert_ok(rows_delete_from(b.rows, ROWS_TEXT, 8, 1));
	assert_ok(rows_each(b.rows, ROWS_TEXT, see, &s));
	assert_string_equal(s.text, "2/0=a 3/0=c 4/0=D 8/0=x 9/0=z ");
	assert_int_equal(rows_last_key(b.rows, ROWS_TEXT), 9);
	assert_int_equal(rows_last_key(b.rows, ROWS_PAST), 0);
	assert_ok(rows_delete(b.rows, ROWS_TEXT, 9, 0));
	assert_ok(rows_delete_from(b.rows, ROWS_TEXT, 8, 0));
	assert_int_equal(rows_last_key(b.rows, ROWS_TEXT), 4);
	put(&b, ROWS_TEXT, 99, 0, "stop");
	put(&b, ROWS_TEXT, 100, 0, "never");
	s.text[0] = '\0';
	assert_status(rows_each(b.rows, ROWS_TEXT, see, &s), WK_CANCELLED);
	assert_string_equal(s.text, "2/0=a 3/0=c 4/0=D 99/0=stop ");
	bed_fini(&b);
}

struct flushed {
	struct loop *loop;
	int count;
	enum wk_status st;
};

static void note_flushed(void *arg, enum wk_status st)
{
	struct flushed *f = arg;

	f->count++;
	f->st = st;
}

static void test_flush_completes(void **state)
{
	struct flushed f = { .st = WK_IO };
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open_rows(&b);
	f.loop = b.loop;
	assert_ok(rows_flush(b.rows, note_flushed, &f));
	while (f.count < 1)
		loop_run_once(b.loop, -1);
	put(&b, ROWS_NODE, 1, 0, "x");
	assert_ok(rows_flush(b.rows, note_flushed, &f));
	assert_ok(rows_flush(b.rows, note_flushed, &f));
	while (f.count < 3)
		loop_run_once(b.loop, -1);
	assert_ok(f.st);
	assert_int_equal(rows_dirty_bytes(b.rows), 0);
	bed_fini(&b);
}

/* Without a flush: the commit begins within ROWS_COMMIT_MS, and never inside a change. */
static void test_commit_alone(void **state)
{
	struct bed b;
	int64_t began;

	(void)state;
	bed_init(&b);
	bed_open_rows(&b);
	began = clock_mono_ms();
	put(&b, ROWS_NODE, 1, 0, "x");
	while (rows_commits(b.rows) == 0)
		assert_true(clock_mono_ms() - began < 5000);
	put(&b, ROWS_NODE, 4, 0, "sets the time of the next");
	rows_begin(b.rows);
	rows_begin(b.rows);
	put(&b, ROWS_NODE, 2, 0, "first");
	rows_end(b.rows);
	began = clock_mono_ms();
	while (clock_mono_ms() - began < 3 * ROWS_COMMIT_MS)
		assert_int_equal(rows_commits(b.rows), 1);
	put(&b, ROWS_NODE, 3, 0, "second");
	rows_end(b.rows);
	while (rows_commits(b.rows) == 1)
		assert_true(clock_mono_ms() - began < 5000);
	assert_int_equal(rows_dirty_bytes(b.rows), 0);
	bed_fini(&b);
}

static void sql(const struct bed *b, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_tampered(void **state)
{
	struct buf v = BUF_INIT(64);
	struct seen s = { "" };
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open_rows(&b);
	put(&b, ROWS_NODE, 1, 0, "one");
	put(&b, ROWS_NODE, 2, 0, "two");
	put(&b, ROWS_BLOCK, 2, 0, "block");
	bed_close(&b);
	sql(&b, "UPDATE node SET v=(SELECT v FROM node WHERE k1=1) WHERE k1=2;"
		"UPDATE block SET k2=1; INSERT INTO dentry SELECT * FROM node WHERE k1=1;"
		"INSERT INTO doc VALUES(1, x'00')");
	bed_open_rows(&b);
	expect(&b, ROWS_NODE, 1, 0, "one");
	assert_status(rows_get(b.rows, ROWS_NODE, 2, 0, &v), WK_TAMPERED);
	assert_status(rows_get(b.rows, ROWS_BLOCK, 2, 1, &v), WK_TAMPERED);
	assert_status(rows_get(b.rows, ROWS_DENTRY, 1, 0, &v), WK_TAMPERED);
	assert_status(rows_get(b.rows, ROWS_DOC, 1, 0, &v), WK_CORRUPT);
	assert_status(rows_each(b.rows, ROWS_NODE, see, &s), WK_TAMPERED);
	assert_int_equal(v.n, 0);
	bed_fini(&b);
	buf_fini(&v);
}

static void test_header(void **state)
{
	struct buf v = BUF_INIT(64);
	struct bed b;
	int fd;

	(void)state;
	bed_init(&b);
	assert_status(rows_header_get(b.path, "id", &v), WK_NOT_FOUND);
	assert_ok(rows_header_put(b.path, "id", bytes_str("abc")));
	bed_open_rows(&b);
	assert_ok(rows_header_put(b.path, "format", bytes_str("1")));
	put(&b, ROWS_NODE, 1, 0, "x");
	assert_ok(rows_flush_wait(b.rows));
	assert_ok(rows_header_get(b.path, "id", &v));
	assert_bytes_str(buf_bytes(&v), "abc");
	assert_status(rows_header_get(b.path, "other", &v), WK_NOT_FOUND);
	bed_close(&b);
	fd = open(b.path, O_WRONLY | O_TRUNC);
	assert_ok(files_write_fd(fd, bytes_str("this is no database, however long it may be ......"
					       "............................................")));
	(void)close(fd);
	assert_status(rows_header_get(b.path, "id", &v), WK_CORRUPT);
	assert_status(rows_open(&(struct rows_params){ .path = b.path, .sealer = b.sealer,
						       .loop = b.loop }, &b.rows), WK_CORRUPT);
	bed_fini(&b);
	buf_fini(&v);
}

/* Random operations against a plain array, with reopening. */
#define KEYS 40
static void test_random(void **state)
{
	static int model[4][KEYS];
	struct bed b;

	(void)state;
	memset(model, 0, sizeof model);
	bed_init(&b);
	bed_open_rows(&b);
	for (int i = 1; i < 6000; i++) {
		int k1 = (int)rand_below(4), k2 = (int)rand_below(KEYS);
		char text[16];

		(void)snprintf(text, sizeof text, "%d", i);
		switch (rand_below(12)) {
		case 0:
			assert_ok(rows_delete(b.rows, ROWS_BLOCK, k1, k2));
			model[k1][k2] = 0;
			break;
		case 1:
			assert_ok(rows_delete_from(b.rows, ROWS_BLOCK, k1, k2));
			memset(&model[k1][k2], 0, sizeof(int) * (size_t)(KEYS - k2));
			break;
		case 2:
			if (rand_below(20) == 0)
				assert_ok(rows_flush_wait(b.rows));
			break;
		case 3:
			if (rand_below(100) == 0) {
				bed_close(&b);
				bed_open_rows(&b);
			}
			break;
		case 4:
		case 5: {
			int64_t next = -1, want = k2;

			while (want < KEYS && !model[k1][want])
				want++;
			assert_status(rows_next(b.rows, ROWS_BLOCK, k1, k2, &next),
				      want < KEYS ? WK_OK : WK_NOT_FOUND);
			assert_int_equal(next, want < KEYS ? want : -1);
			break;
		}
		default:
			put(&b, ROWS_BLOCK, k1, k2, text);
			model[k1][k2] = i;
		}
		k2 = (int)rand_below(KEYS);
		(void)snprintf(text, sizeof text, "%d", model[k1][k2]);
		expect(&b, ROWS_BLOCK, k1, k2, model[k1][k2] ? text : NULL);
	}
	bed_fini(&b);
}

/* A child writes pairs in one change each and tells what was flushed; it is killed at any
 * moment. */
static void write_until_killed(const char *dir, int64_t from, int out)
{
	struct bed b;

	bed_init_at(&b, dir);
	bed_open_rows(&b);
	for (int64_t i = from;; i++) {
		char text[32];

		(void)snprintf(text, sizeof text, "%lld", (long long)i);
		rows_begin(b.rows);
		put(&b, ROWS_NODE, i, 0, text);
		put(&b, ROWS_BLOCK, i % 50, 3, text);
		put(&b, ROWS_DENTRY, i, 0, text);
		rows_end(b.rows);
		if (rand_below(8) == 0) {
			assert_ok(rows_flush_wait(b.rows));
			if (write(out, &i, sizeof i) != sizeof i)
				_exit(1);
		}
	}
}

static void test_kill(void **state)
{
	char dir[] = "/tmp/store-test-XXXXXX";
	int64_t next = 1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int round = 0; round < 15; round++) {
		int64_t flushed = next - 1, i;
		struct bed b;
		int ends[2];
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = bed_fork();
		if (child == 0)
			write_until_killed(dir, next, ends[1]);
		(void)close(ends[1]);
		(void)usleep((useconds_t)(20000 + rand_below(60000)));
		bed_kill(child);
		while (read(ends[0], &i, sizeof i) == sizeof i)
			flushed = i;
		(void)close(ends[0]);
		bed_init_at(&b, dir);
		bed_open_rows(&b);
		next = rows_last_key(b.rows, ROWS_NODE) + 1;
		assert_true(next > flushed);
		assert_int_equal(rows_last_key(b.rows, ROWS_DENTRY), next - 1);
		for (i = 1; i < next; i++) {
			char text[32];

			(void)snprintf(text, sizeof text, "%lld", (long long)i);
			expect(&b, ROWS_NODE, i, 0, text);
			expect(&b, ROWS_DENTRY, i, 0, text);
			if (i + 50 >= next)
				expect(&b, ROWS_BLOCK, i % 50, 3, text);
		}
		bed_close(&b);
		bed_leave(&b);
	}
	bed_remove(dir);
}

static void test_canary(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open_rows(&b);
	for (int i = 0; i < 50; i++)
		put(&b, ROWS_TEXT, i, 0, MARKER);
	assert_ok(rows_flush_wait(b.rows));
	assert_false(bed_holds(b.dir, MARKER));
	bed_close(&b);
	assert_true(bed_holds(b.dir, "SQLite format 3"));
	assert_false(bed_holds(b.dir, MARKER));
	bed_fini(&b);
}

/* A disk of 48 MiB fills up: what was acknowledged lands all the same, then writes are refused, and
 * taken again when there is space. */
static void test_full_disk(void **state)
{
	static uint8_t block[32768];
	char dir[] = "/tmp/store-full-XXXXXX", filler[128];
	int64_t acknowledged = 0, deadline;
	enum wk_status st = WK_OK;
	struct bed b;

	(void)state;
	assert_non_null(mkdtemp(dir));
	if (mount("tmpfs", dir, "tmpfs", 0, "size=48m") != 0) {
		(void)rmdir(dir);
		skip();
	}
	bed_init_at(&b, dir);
	bed_open_rows(&b);
	while (st == WK_OK && acknowledged < 4096) {
		rand_bytes(block, 64);
		st = rows_put(b.rows, ROWS_BLOCK, 1, acknowledged, bytes_of(block, sizeof block));
		if (st == WK_OK)
			acknowledged++;
		if (acknowledged % 64 == 0 && rows_flush_wait(b.rows) != WK_OK)
			break;
	}
	assert_true(acknowledged > 100 && acknowledged < 2048);
	/* The reserve makes room for the last group: what was acknowledged is on disk. */
	assert_ok(rows_flush_wait(b.rows));
	assert_int_equal(rows_dirty_bytes(b.rows), 0);
	assert_int_equal(rows_health(b.rows), WK_FULL);
	assert_status(rows_put(b.rows, ROWS_NODE, 1, 0, bytes_str("x")), WK_FULL);
	rows_begin_freeing(b.rows);
	assert_ok(rows_put(b.rows, ROWS_NODE, 2, 0, bytes_str("taken")));
	rows_end(b.rows);
	for (int64_t i = 0; i < acknowledged; i++) {
		struct buf v = BUF_INIT(40000);

		assert_ok(rows_get(b.rows, ROWS_BLOCK, 1, i, &v));
		assert_int_equal(v.n, sizeof block);
		buf_fini(&v);
	}
	assert_int_equal(mount(NULL, dir, NULL, MS_REMOUNT, "size=256m"), 0);
	deadline = clock_mono_ms() + 20000;
	while (rows_health(b.rows) != WK_OK)
		assert_true(clock_mono_ms() < deadline);
	assert_ok(rows_put(b.rows, ROWS_NODE, 1, 0, bytes_str("again")));
	bed_close(&b);
	bed_open_rows(&b);
	expect(&b, ROWS_NODE, 1, 0, "again");
	expect(&b, ROWS_NODE, 2, 0, "taken");
	for (int64_t i = 0; i < acknowledged; i++) {
		struct buf v = BUF_INIT(40000);

		assert_ok(rows_get(b.rows, ROWS_BLOCK, 1, i, &v));
		buf_fini(&v);
	}
	bed_close(&b);
	bed_leave(&b);
	(void)snprintf(filler, sizeof filler, "%s", dir);
	assert_int_equal(umount(filler), 0);
	(void)rmdir(dir);
}

static void count_call(void *arg, enum wk_status st)
{
	assert_ok(st);
	++*(int *)arg;
}

/* Between the two limits nobody is made to wait, though the disk takes nothing. */
static void test_nobody_waits_below_the_stop(void **state)
{
	static uint8_t block[32768];
	sqlite3 *sql = NULL;
	int64_t began;
	struct bed b;
	int called = 0;

	(void)state;
	bed_init(&b);
	bed_open_rows(&b);
	assert_int_equal(sqlite3_open(b.path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	began = clock_mono_ms();
	for (int64_t i = 0; rows_dirty_bytes(b.rows) < ROWS_DIRTY_MAX + (1 << 20); i++)
		assert_ok(rows_put(b.rows, ROWS_BLOCK, 1, i, bytes_of(block, sizeof block)));
	rows_begin(b.rows);
	put(&b, ROWS_NODE, 1, 0, "x");
	rows_end(b.rows);
	assert_true(clock_mono_ms() - began < 4000);
	assert_int_equal(sqlite3_exec(sql, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
	assert_ok(rows_flush(b.rows, count_call, &called));
	while (called == 0)
		loop_run_once(b.loop, 100);
	bed_close(&b);
	bed_fini(&b);
}

/* Writers wait at the dirty limit and go on: memory stays bounded, nothing is refused. */
static void test_dirty_limit(void **state)
{
	static uint8_t block[32768];
	size_t most = 0;
	struct bed b;

	(void)state;
	bed_init(&b);
	bed_open_rows(&b);
	for (int64_t i = 0; i < 4000; i++) {
		size_t dirty;

		assert_ok(rows_put(b.rows, ROWS_BLOCK, 1, i, bytes_of(block, sizeof block)));
		dirty = rows_dirty_bytes(b.rows);
		most = dirty > most ? dirty : most;
	}
	assert_true(most <= ROWS_DIRTY_STOP + 65536);
	bed_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_get),	     cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_each),	     cmocka_unit_test(test_flush_completes),
		cmocka_unit_test(test_commit_alone), cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_header),	     cmocka_unit_test(test_random),
		cmocka_unit_test(test_kill),	     cmocka_unit_test(test_canary),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_nobody_waits_below_the_stop),    cmocka_unit_test(test_dirty_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
