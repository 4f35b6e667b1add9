/* SPDX-License-Identifier: Apache-2.0 */
/* A store's directory: lock, header, slots, settings, generations. */
#include <endian.h>

#include "store_testing.h"

struct home {
	char dir[64], path[96], owner[64];
	struct loop *loop;
};

static void home_init(struct home *h)
{
	char dir[] = "/tmp/store-test-XXXXXX";

	memset(h, 0, sizeof *h);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(h->dir, sizeof h->dir, "%s/deep/er", dir);
	(void)snprintf(h->path, sizeof h->path, "%s/store.db", h->dir);
	assert_ok(crypto_init());
	assert_ok(loop_new(&h->loop));
}

static void home_fini(struct home *h)
{
	loop_free(h->loop);
	*strstr(h->dir, "/deep") = '\0';
	bed_remove(h->dir);
}

static struct store_params params(const struct home *h, const char *passphrase)
{
	return (struct store_params){ .dir = h->dir, .loop = h->loop,
				      .passphrase = bytes_str(passphrase),
				      .slot_memory_kib = 64, .owner_line = "the tests" };
}

static enum wk_status create(struct home *h, const char *passphrase, struct store **out)
{
	struct store_params p = params(h, passphrase);

	return store_create(&p, h->owner, sizeof h->owner, out);
}

static enum wk_status open_store(struct home *h, const char *passphrase, struct store **out)
{
	struct store_params p = params(h, passphrase);

	return store_open(&p, h->owner, sizeof h->owner, out);
}

static void test_create_open(void **state)
{
	struct buf v = BUF_SECRET_INIT(64);
	struct store *s = NULL;
	struct home h;
	struct stat st;

	(void)state;
	home_init(&h);
	assert_false(store_exists(h.dir));
	assert_status(open_store(&h, "right", &s), WK_NOT_FOUND);
	assert_ok(create(&h, "right", &s));
	assert_true(store_exists(h.dir));
	assert_int_equal(stat(h.dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(h.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ptr_equal(store_loop(s), h.loop);
	assert_non_null(store_rows(s));
	assert_non_null(tree_root(store_tree(s)));
	assert_status(store_setting_get(s, SETTING_EMAIL, &v), WK_NOT_FOUND);
	assert_ok(store_setting_put(s, SETTING_EMAIL, bytes_str("ann@example.com")));
	assert_ok(store_close(s));
	assert_status(create(&h, "right", &s), WK_EXISTS);
	assert_status(open_store(&h, "wrong", &s), WK_DENIED);
	assert_int_equal(chmod(h.dir, 0755), 0);
	assert_ok(open_store(&h, "right", &s));
	assert_int_equal(stat(h.dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_ok(store_setting_get(s, SETTING_EMAIL, &v));
	assert_bytes_str(buf_bytes(&v), "ann@example.com");
	assert_ok(store_close(s));
	assert_false(bed_holds(h.dir, "ann@example.com"));
	assert_ok(store_close(NULL));
	buf_fini(&v);
	home_fini(&h);
}

static void test_slots(void **state)
{
	struct account_key *account = account_key_new(), *other = account_key_new();
	struct store *s = NULL;
	struct store_params p;
	struct home h;

	(void)state;
	home_init(&h);
	secret_random(account->k, KEY_SIZE);
	assert_ok(create(&h, "first", &s));
	assert_ok(store_set_passphrase(s, bytes_str("second"), 64));
	assert_ok(store_set_account_key(s, account));
	assert_ok(store_close(s));
	assert_status(open_store(&h, "first", &s), WK_DENIED);
	assert_ok(open_store(&h, "second", &s));
	assert_ok(store_close(s));
	p = params(&h, "elsewhere");
	p.account = other;
	assert_status(store_open(&p, h.owner, sizeof h.owner, &s), WK_DENIED);
	p.account = account;
	assert_ok(store_open(&p, h.owner, sizeof h.owner, &s));
	assert_ok(store_close(s));
	account_key_free(account);
	account_key_free(other);
	home_fini(&h);
}

static void test_settings_only(void **state)
{
	struct store *s = NULL;
	struct store_params p;
	struct home h;

	(void)state;
	home_init(&h);
	assert_ok(create(&h, "x", &s));
	assert_ok(store_close(s));
	p = params(&h, "x");
	p.read_only_tree = true;
	assert_ok(store_open(&p, h.owner, sizeof h.owner, &s));
	assert_null(store_tree(s));
	assert_ok(store_setting_put(s, SETTING_HIDE_NAMES, bytes_str("0")));
	assert_ok(store_close(s));
	home_fini(&h);
}

static void test_damaged(void **state)
{
	struct store *s = NULL;
	struct home h;
	int fd;

	(void)state;
	home_init(&h);
	assert_ok(create(&h, "x", &s));
	assert_ok(store_close(s));
	assert_ok(rows_header_put(h.path, "format", bytes_str("2")));
	assert_status(open_store(&h, "x", &s), WK_UNSUPPORTED);
	assert_ok(rows_header_put(h.path, "format", bytes_str("1")));
	assert_ok(rows_header_put(h.path, "id", bytes_str("short")));
	assert_status(open_store(&h, "x", &s), WK_CORRUPT);
	assert_ok(rows_header_put(h.path, "id", bytes_str("another store id")));
	assert_status(open_store(&h, "x", &s), WK_DENIED);
	assert_ok(rows_header_put(h.path, "slot-passphrase", bytes_str("no slot")));
	assert_status(open_store(&h, "x", &s), WK_CORRUPT);
	/* A damaged store is never taken for one that was not finished. */
	fd = open(h.path, O_WRONLY | O_TRUNC);
	assert_ok(files_write_fd(fd, bytes_str("no database at all: ......................")));
	(void)close(fd);
	assert_status(open_store(&h, "x", &s), WK_CORRUPT);
	assert_status(create(&h, "x", &s), WK_CORRUPT);
	assert_true(store_exists(h.dir));
	home_fini(&h);
}

static void test_unfinished(void **state)
{
	struct store *s = NULL;
	struct home h;

	(void)state;
	home_init(&h);
	assert_ok(files_mkdirs(h.dir));
	assert_ok(rows_header_put(h.path, "id", bytes_str("0123456789abcdef")));
	assert_false(store_exists(h.dir));
	assert_status(open_store(&h, "x", &s), WK_NOT_FOUND);
	assert_ok(create(&h, "x", &s));
	assert_ok(store_close(s));
	assert_ok(open_store(&h, "x", &s));
	assert_ok(store_close(s));
	home_fini(&h);
}

static void test_busy(void **state)
{
	struct store *s = NULL;
	struct home h;
	int ends[2];
	pid_t child;
	char c;

	(void)state;
	home_init(&h);
	assert_ok(create(&h, "x", &s));
	assert_ok(store_close(s));
	assert_int_equal(pipe(ends), 0);
	child = bed_fork();
	if (child == 0) {
		if (open_store(&h, "x", &s) != WK_OK || write(ends[1], "!", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_status(open_store(&h, "x", &s), WK_BUSY);
	assert_string_equal(h.owner, "the tests");
	assert_status(create(&h, "x", &s), WK_BUSY);
	bed_kill(child);
	assert_ok(open_store(&h, "x", &s));
	assert_ok(store_close(s));
	(void)close(ends[0]);
	(void)close(ends[1]);
	home_fini(&h);
}

static void expect_generation(const struct home *h, uint32_t generation, uint64_t at_most)
{
	struct buf v = BUF_INIT(64);
	uint32_t got;
	uint64_t seals;

	assert_ok(rows_header_get(h->path, "generation", &v));
	assert_int_equal(v.n, 12);
	memcpy(&got, v.p, 4);
	memcpy(&seals, v.p + 4, 8);
	assert_int_equal(be32toh(got), generation);
	assert_true(be64toh(seals) <= at_most);
	buf_fini(&v);
}

/* At 2^31 seals a new generation begins; what the old one sealed still opens. */
static void test_generation(void **state)
{
	static const uint8_t full[12] = { 0, 0, 0, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xf0 };
	struct buf v = BUF_SECRET_INIT(64);
	struct store *s = NULL;
	struct home h;

	(void)state;
	home_init(&h);
	assert_ok(create(&h, "x", &s));
	assert_ok(store_setting_put(s, SETTING_EMAIL, bytes_str("old")));
	expect_generation(&h, 1, 1 << 20);
	assert_ok(store_close(s));
	expect_generation(&h, 1, 100);
	assert_ok(rows_header_put(h.path, "generation", bytes_of(full, sizeof full)));
	assert_ok(open_store(&h, "x", &s));
	assert_int_equal(s->generation, 2);
	assert_ok(store_setting_put(s, SETTING_SESSION, bytes_str("new")));
	assert_ok(store_setting_get(s, SETTING_EMAIL, &v));
	assert_bytes_str(buf_bytes(&v), "old");
	assert_ok(store_close(s));
	expect_generation(&h, 2, 100);
	assert_ok(open_store(&h, "x", &s));
	buf_clear(&v);
	assert_ok(store_setting_get(s, SETTING_SESSION, &v));
	assert_ok(store_setting_get(s, SETTING_EMAIL, &v));
	assert_bytes_str(buf_bytes(&v), "newold");
	assert_ok(store_close(s));
	buf_fini(&v);
	home_fini(&h);
}

/* The same while it is open: the timer sees that the seals are used up. */
static void test_generation_running(void **state)
{
	struct buf v = BUF_SECRET_INIT(64);
	struct store *s = NULL;
	struct home h;

	(void)state;
	home_init(&h);
	assert_ok(create(&h, "x", &s));
	assert_ok(store_setting_put(s, SETTING_EMAIL, bytes_str("old")));
	s->seals_before = (uint64_t)1 << 31;
	loop_timer_set(s->seals_timer, 0);
	while (s->generation == 1)
		loop_run_once(h.loop, 100);
	expect_generation(&h, 2, 1 << 20);
	assert_ok(store_setting_put(s, SETTING_SESSION, bytes_str("new")));
	assert_ok(store_setting_get(s, SETTING_EMAIL, &v));
	assert_ok(store_setting_get(s, SETTING_SESSION, &v));
	assert_bytes_str(buf_bytes(&v), "oldnew");
	assert_ok(store_close(s));
	assert_ok(open_store(&h, "x", &s));
	assert_ok(store_close(s));
	buf_fini(&v);
	home_fini(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_open),	cmocka_unit_test(test_slots),
		cmocka_unit_test(test_settings_only),	cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_unfinished),	cmocka_unit_test(test_busy),
		cmocka_unit_test(test_generation),	cmocka_unit_test(test_generation_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
