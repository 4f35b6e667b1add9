/* SPDX-License-Identifier: Apache-2.0 */
/* The storage suite: what every backend must do, run on each. */
#include "harness.h"

#include "server/storage_sqlite.h"

struct backend {
	const char *name;
	enum wk_status (*open)(const char *dir, struct storage **out);
};

static enum wk_status open_sqlite(const char *dir, struct storage **out)
{
	char path[128], owner[100];

	snprintf(path, sizeof path, "%s/db", dir);
	return storage_sqlite_open(path, owner, sizeof owner, out);
}

static const struct backend backends[] = {
	{ "sqlite", open_sqlite },
};

struct fixture {
	const struct backend *backend;
	char dir[64];
	struct storage *storage;
	const struct storage_ops *ops;
	struct arena *arena;
	int64_t ann, group;
};

static struct storage_account account(const char *email)
{
	struct bytes t = bytes_str("x");

	return (struct storage_account){
		.told = { bytes_str(email), t, t, bytes_str(email), t, t, t, t, t, t, t },
		.created_ms = 5,
	};
}

static struct storage_tx *begin(struct fixture *f, bool is_write)
{
	struct storage_tx *tx;

	assert_ok(f->ops->begin(f->storage, is_write, &tx));
	return tx;
}

static int64_t account_n(struct fixture *f, struct storage_tx *tx, const char *email)
{
	struct storage_account a;

	assert_ok(f->ops->account_by_email(tx, bytes_str(email), f->arena, &a));
	return a.n;
}

static struct wire_group group(const char *id)
{
	return (struct wire_group){ .id = bytes_str(id), .name = bytes_str("n/a"),
				    .parent_resource_id = bytes_str("wrk"),
				    .enc_symmetric_key = bytes_str("key") };
}

static int setup(void **state)
{
	struct fixture *f = *state;
	struct storage_account a = account("ann@example.com"), b = account("bob@example.com");
	struct wire_group g = group("rg_1");
	struct storage_tx *tx;

	harness_dir(f->dir);
	f->arena = arena_new((size_t)64 << 20);
	assert_ok(f->backend->open(f->dir, &f->storage));
	f->ops = f->storage->ops;
	tx = begin(f, true);
	assert_ok(f->ops->account_add(tx, &a));
	assert_ok(f->ops->account_add(tx, &b));
	f->ann = account_n(f, tx, "ann@example.com");
	assert_ok(f->ops->group_add(tx, f->ann, &g, 9, &f->group));
	assert_ok(f->ops->commit(tx));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	f->ops->close(f->storage);
	arena_free(f->arena);
	harness_remove(f->dir);
	return 0;
}

/* One put in a transaction of its own; the digest stands for the envelope. */
struct push {
	const char *id, *seen, *content, *ad;
	bool removed, is_app;
	int64_t edited_ms;
	uint8_t mark;
};

static struct storage_put_result put_in(struct fixture *f, struct storage_tx *tx, struct push p)
{
	uint8_t inner[HASH_SIZE], digest[DIGEST_SIZE], mark[STORAGE_MARK], session[HASH_SIZE] = { 1 };
	struct bytes ad = bytes_str(p.ad ? p.ad : ""), content = bytes_str(p.content);
	struct storage_put_result result;
	struct storage_put put = { .group_n = f->group, .account_n = f->ann,
				   .id = bytes_str(p.id), .type = bytes_str("Request"),
				   .name = bytes_str("n/a"), .enc_content = content, .ad = ad,
				   .inner = inner, .digest = digest,
				   .seen_version = bytes_str(p.seen), .mark = mark,
				   .last_edited_ms = p.edited_ms, .removed = p.removed,
				   .app_session = p.is_app ? session : NULL };

	hash_sha256(inner, &content, 1);
	envelope_digest_of(ad, inner, digest);
	memset(mark, p.mark, sizeof mark);
	assert_ok(f->ops->put(tx, &put, &result));
	return result;
}

static struct storage_put_result put(struct fixture *f, struct push p)
{
	struct storage_tx *tx = begin(f, true);
	struct storage_put_result result = put_in(f, tx, p);

	assert_ok(f->ops->commit(tx));
	return result;
}

static const char *hex_of(struct fixture *f, const uint8_t version[STORAGE_VERSION])
{
	char *text = arena_alloc(f->arena, 2 * STORAGE_VERSION + 1);

	hex_encode(version, STORAGE_VERSION, text);
	return text;
}

/* Rows as text: "id:seq:content[:chain][:side][:base][:context] ". */
static enum wk_status note_row(void *arg, const struct wire_resource *row)
{
	struct buf *out = arg;
	enum wk_status st = buf_printf(out, "%.*s:%llu:%.*s", (int)row->id.n,
				       (const char *)row->id.p, (unsigned long long)row->seq,
				       (int)row->enc_content.n, (const char *)row->enc_content.p);

	for (size_t i = 0; st == WK_OK && i < row->chain_count; i++)
		st = buf_printf(out, ":%.*s", (int)row->chain[i].ad.n,
				(const char *)row->chain[i].ad.p);
	if (st == WK_OK && row->side)
		st = buf_append_str(out, ":side");
	if (st == WK_OK && row->removed)
		st = buf_append_str(out, ":removed");
	if (st == WK_OK && row->last_context.p)
		st = buf_printf(out, ":ctx=%.*s", (int)row->last_context.n,
				(const char *)row->last_context.p);
	return st == WK_OK ? buf_append_char(out, ' ') : st;
}

static void assert_changes(struct fixture *f, uint64_t after, unsigned limit, bool sides,
			   const char *want)
{
	struct buf out = BUF_INIT(65536);
	struct storage_tx *tx = begin(f, false);
	struct storage_changes what = { f->group, after, limit, sides };

	assert_ok(f->ops->changes(tx, &what, note_row, &out));
	f->ops->abort(tx);
	assert_bytes_str(buf_bytes(&out), want);
	buf_fini(&out);
}

static void test_accounts(void **state)
{
	struct fixture *f = *state;
	struct storage_account a = account("ann@example.com"), found;
	struct storage_tx *tx = begin(f, true);

	assert_status(f->ops->account_add(tx, &a), WK_EXISTS);
	a.told.email = bytes_str("new@example.com");
	assert_status(f->ops->account_add(tx, &a), WK_EXISTS);	/* the id is taken */
	assert_ok(f->ops->commit(tx));
	tx = begin(f, false);
	assert_ok(f->ops->account_by_n(tx, f->ann, f->arena, &found));
	assert_bytes_str(found.told.email, "ann@example.com");
	assert_int_equal(found.created_ms, 5);
	assert_status(f->ops->account_by_n(tx, 999, f->arena, &found), WK_NOT_FOUND);
	assert_status(f->ops->account_by_email(tx, bytes_str("no"), f->arena, &found),
		      WK_NOT_FOUND);
	f->ops->abort(tx);
}

static void test_secret(void **state)
{
	struct fixture *f = *state;
	uint8_t one[STORAGE_SECRET], two[STORAGE_SECRET], other[STORAGE_SECRET];
	struct storage_tx *tx = begin(f, true);

	assert_ok(f->ops->secret(tx, "a", one));
	assert_ok(f->ops->secret(tx, "a", two));
	assert_ok(f->ops->secret(tx, "b", other));
	assert_ok(f->ops->commit(tx));
	assert_memory_equal(one, two, sizeof one);
	assert_memory_not_equal(one, other, sizeof one);
}

static void test_sessions(void **state)
{
	struct fixture *f = *state;
	uint8_t one[HASH_SIZE] = { 1 }, two[HASH_SIZE] = { 2 };
	struct storage_session s;
	struct storage_tx *tx = begin(f, true);

	assert_ok(f->ops->session_add(tx, one, f->ann, 100));
	assert_ok(f->ops->session_add(tx, two, f->ann, 200));
	assert_ok(f->ops->session_touch(tx, one, 150));
	assert_ok(f->ops->session_find(tx, one, f->arena, &s));
	assert_int_equal(s.account_n, f->ann);
	assert_int_equal(s.created_ms, 100);
	assert_int_equal(s.used_ms, 150);
	assert_bytes_str(s.account_id, "ann@example.com");
	assert_ok(f->ops->session_end(tx, two));
	assert_status(f->ops->session_find(tx, two, f->arena, &s), WK_NOT_FOUND);
	assert_ok(f->ops->sessions_expire(tx, 0, 151));
	assert_status(f->ops->session_find(tx, one, f->arena, &s), WK_NOT_FOUND);
	assert_ok(f->ops->commit(tx));
}

static void test_groups(void **state)
{
	struct fixture *f = *state;
	struct wire_group same = group("rg_1"), other = group("rg_1");
	struct storage_group found;
	struct storage_tx *tx = begin(f, true);
	int64_t n, bob = account_n(f, tx, "bob@example.com");

	assert_ok(f->ops->group_add(tx, f->ann, &same, 10, &n));
	assert_int_equal(n, f->group);
	other.name = bytes_str("else");
	assert_status(f->ops->group_add(tx, f->ann, &other, 10, &n), WK_EXISTS);
	assert_status(f->ops->group_add(tx, bob, &same, 10, &n), WK_EXISTS);
	assert_status(f->ops->group_find(tx, bob, bytes_str("rg_1"), &n), WK_NOT_FOUND);
	assert_ok(f->ops->group_get(tx, f->ann, bytes_str("rg_1"), f->arena, &found));
	assert_true(found.is_strict);
	assert_int_equal(found.head.seq, 0);
	assert_bytes_str(found.told.enc_symmetric_key, "key");
	assert_ok(f->ops->group_disable(tx, f->group));
	assert_status(f->ops->group_find(tx, f->ann, bytes_str("rg_1"), &n), WK_DENIED);
	assert_ok(f->ops->group_get(tx, f->ann, bytes_str("rg_1"), f->arena, &found));
	assert_true(found.told.is_disabled);
	f->ops->abort(tx);
}

static void test_put(void **state)
{
	struct fixture *f = *state;
	struct storage_put_result a, b, c;

	a = put(f, (struct push){ .id = "r", .seen = WIRE_NO_VERSION, .content = "1", .mark = 1 });
	assert_int_equal(a.outcome, STORAGE_CREATED);
	assert_int_equal(a.seq, 1);
	b = put(f, (struct push){ .id = "r", .seen = WIRE_NO_VERSION, .content = "1", .mark = 2 });
	assert_int_equal(b.outcome, STORAGE_ALREADY);
	assert_memory_equal(a.version, b.version, STORAGE_VERSION);
	b = put(f, (struct push){ .id = "r", .seen = WIRE_NO_VERSION, .content = "2", .mark = 3 });
	assert_int_equal(b.outcome, STORAGE_CONFLICT);
	assert_int_equal(b.seq, 1);
	b = put(f, (struct push){ .id = "r", .seen = hex_of(f, a.version), .content = "2",
				  .mark = 4 });
	assert_int_equal(b.outcome, STORAGE_UPDATED);
	assert_int_equal(b.seq, 2);
	assert_memory_not_equal(a.version, b.version, STORAGE_VERSION);
	/* The envelope of an older revision is not "already there". */
	c = put(f, (struct push){ .id = "r", .seen = hex_of(f, a.version), .content = "1",
				  .mark = 5 });
	assert_int_equal(c.outcome, STORAGE_CONFLICT);
	/* A version that was never given, for a resource that is not there. */
	c = put(f, (struct push){ .id = "new", .seen = hex_of(f, a.version), .content = "1",
				  .mark = 5 });
	assert_int_equal(c.outcome, STORAGE_CONFLICT);
	assert_changes(f, 0, 10, false, "r:2:2 ");
}

static void test_changes(void **state)
{
	struct fixture *f = *state;
	struct storage_put_result r;

	r = put(f, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "a1", .ad = "A" });
	(void)put(f, (struct push){ .id = "b", .seen = WIRE_NO_VERSION, .content = "b1" });
	r = put(f, (struct push){ .id = "a", .seen = hex_of(f, r.version), .content = "a2",
				  .ad = "B" });
	r = put(f, (struct push){ .id = "a", .seen = hex_of(f, r.version), .content = "a3",
				  .ad = "C", .removed = true });
	assert_changes(f, 0, 10, false, "b:2:b1 a:4:a3:removed ");
	/* From 1 on the chain names what was between: hex of "B". */
	assert_changes(f, 1, 10, false, "b:2:b1 a:4:a3:42:removed ");
	assert_changes(f, 3, 10, false, "a:4:a3:removed ");
	assert_changes(f, 4, 10, false, "");
	assert_changes(f, 0, 1, false, "b:2:b1 ");
	(void)put(f, (struct push){ .id = "a", .seen = hex_of(f, r.version), .content = "a4" });
	assert_changes(f, 4, 10, false, "a:5:a4:ctx=a3 ");
}

static void test_app_conflicts(void **state)
{
	struct fixture *f = *state;
	struct storage_put_result v0, v1, got;
	struct buf out = BUF_INIT(65536);
	struct storage_tx *tx;

	v0 = put(f, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "0", .edited_ms = 1 });
	v1 = put(f, (struct push){ .id = "a", .seen = hex_of(f, v0.version), .content = "1",
				   .edited_ms = 5 });
	got = put(f, (struct push){ .id = "a", .seen = hex_of(f, v0.version), .content = "mine",
				    .is_app = true, .edited_ms = 7 });
	assert_int_equal(got.outcome, STORAGE_CONFLICT);
	assert_int_equal(got.last_edited_ms, 5);
	/* Sent again because the answer was lost: one side revision, not two. */
	(void)put(f, (struct push){ .id = "a", .seen = hex_of(f, v0.version), .content = "mine",
				    .is_app = true, .edited_ms = 7 });
	assert_changes(f, 0, 10, false, "a:2:1 ");
	assert_changes(f, 0, 10, true, "a:2:1 a:3:mine:side ");
	/* The app keeps its own and pushes over: its base is what it had named before. */
	got = put(f, (struct push){ .id = "a", .seen = hex_of(f, v1.version), .content = "mine2",
				    .is_app = true, .edited_ms = 8 });
	assert_int_equal(got.outcome, STORAGE_UPDATED);
	tx = begin(f, false);
	assert_ok(f->ops->revisions(tx, f->group, bytes_str("a"), 10, note_row, &out));
	f->ops->abort(tx);
	assert_bytes_str(buf_bytes(&out), "a:4:mine2 a:3:mine:side a:2:1 a:1:0 ");
	buf_fini(&out);
}

static enum wk_status take_base(void *arg, const struct wire_resource *row)
{
	char *base = arg;

	memcpy(base, row->base_version.p ? row->base_version.p : (const uint8_t *)"-", 32);
	base[row->base_version.p ? 32 : 1] = 0;
	return WK_OK;
}

static void test_base(void **state)
{
	struct fixture *f = *state;
	struct storage_put_result v0, v1, v2;
	char base[64];
	struct storage_tx *tx;

	v0 = put(f, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "0", .edited_ms = 1 });
	v1 = put(f, (struct push){ .id = "a", .seen = hex_of(f, v0.version), .content = "1",
				   .edited_ms = 5 });
	/* An older edit loses: the app takes the server's, so its next base is that. */
	(void)put(f, (struct push){ .id = "a", .seen = hex_of(f, v0.version), .content = "x",
				    .is_app = true, .edited_ms = 4 });
	v2 = put(f, (struct push){ .id = "a", .seen = hex_of(f, v1.version), .content = "2",
				   .is_app = true, .edited_ms = 9 });
	tx = begin(f, false);
	assert_ok(f->ops->revision(tx, f->group, v2.seq, take_base, base));
	assert_string_equal(base, hex_of(f, v1.version));
	f->ops->abort(tx);
	/* A later edit wins: its base stays what it had named. */
	(void)put(f, (struct push){ .id = "a", .seen = hex_of(f, v1.version), .content = "y",
				    .is_app = true, .edited_ms = 9 });
	v2 = put(f, (struct push){ .id = "a", .seen = hex_of(f, v2.version), .content = "y",
				   .is_app = true, .edited_ms = 9 });
	tx = begin(f, false);
	assert_ok(f->ops->revision(tx, f->group, v2.seq, take_base, base));
	assert_string_equal(base, hex_of(f, v1.version));
	f->ops->abort(tx);
}

static void test_revive(void **state)
{
	struct fixture *f = *state;
	struct storage_put_result v0, again;
	uint8_t mark[STORAGE_MARK] = { 9 };
	struct storage_tx *tx;

	v0 = put(f, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "0", .ad = "A" });
	v0 = put(f, (struct push){ .id = "a", .seen = hex_of(f, v0.version), .content = "1",
				   .ad = "B" });
	tx = begin(f, true);
	assert_ok(f->ops->revive(tx, f->group, bytes_str("a"), mark));
	assert_status(f->ops->revive(tx, f->group, bytes_str("no"), mark), WK_NOT_FOUND);
	assert_ok(f->ops->commit(tx));
	/* The same envelope twice is one step of the chain: "B" is not named twice. */
	assert_changes(f, 1, 10, false, "a:3:1 ");
	again = put(f, (struct push){ .id = "a", .seen = hex_of(f, v0.version), .content = "2" });
	assert_int_equal(again.outcome, STORAGE_CONFLICT);
}

static void test_marks(void **state)
{
	struct fixture *f = *state;
	uint8_t one[STORAGE_MARK], two[STORAGE_MARK], got[STORAGE_MARK];
	struct storage_head head;
	struct storage_tx *tx;
	bool known;

	memset(one, 1, sizeof one);
	memset(two, 2, sizeof two);
	(void)put(f, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "0", .mark = 1 });
	(void)put(f, (struct push){ .id = "b", .seen = WIRE_NO_VERSION, .content = "0", .mark = 2 });
	tx = begin(f, false);
	assert_ok(f->ops->head(tx, f->group, &head));
	assert_int_equal(head.seq, 2);
	assert_memory_equal(head.mark, two, sizeof two);
	assert_ok(f->ops->mark_known(tx, f->group, 1, one, &known));
	assert_true(known);
	assert_ok(f->ops->mark_known(tx, f->group, 1, two, &known));
	assert_false(known);
	assert_ok(f->ops->mark_known(tx, f->group, 3, two, &known));
	assert_false(known);
	assert_ok(f->ops->mark_known(tx, f->group, UINT64_MAX, two, &known));
	assert_false(known);
	assert_status(f->ops->mark_of(tx, f->group, 7, got), WK_NOT_FOUND);
	f->ops->abort(tx);
}

static enum wk_status note_light(void *arg, const struct storage_light *row)
{
	return buf_printf(arg, "%.*s%s ", (int)row->id.n, (const char *)row->id.p,
			  row->removed ? "-" : "");
}

static void test_listing(void **state)
{
	struct fixture *f = *state;
	struct buf out = BUF_INIT(65536);
	struct storage_tx *tx;

	(void)put(f, (struct push){ .id = "b", .seen = WIRE_NO_VERSION, .content = "0" });
	(void)put(f, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "0",
				    .removed = true });
	(void)put(f, (struct push){ .id = "\xc3\xa9", .seen = WIRE_NO_VERSION, .content = "0" });
	tx = begin(f, false);
	assert_ok(f->ops->listing(tx, f->group, none(), 10, note_light, &out));
	assert_bytes_str(buf_bytes(&out), "a- b \xc3\xa9 ");
	buf_clear(&out);
	assert_ok(f->ops->listing(tx, f->group, bytes_str("a"), 1, note_light, &out));
	assert_bytes_str(buf_bytes(&out), "b ");
	buf_clear(&out);
	assert_ok(f->ops->lights(tx, f->group, note_light, &out));
	assert_bytes_str(buf_bytes(&out), "b a- \xc3\xa9 ");
	buf_clear(&out);
	assert_ok(f->ops->fetch(tx, f->group, bytes_str("b"), 10, note_row, &out));
	assert_bytes_str(buf_bytes(&out), "b:1:0 ");
	assert_status(f->ops->fetch(tx, f->group, bytes_str("zz"), 10, note_row, &out),
		      WK_NOT_FOUND);
	f->ops->abort(tx);
	buf_fini(&out);
}

/* One request fails in the middle: it leaves nothing, and the others are stored. */
static void test_brackets(void **state)
{
	struct fixture *f = *state;
	struct storage_tx *tx = begin(f, true);

	assert_ok(f->ops->mark(tx));
	(void)put_in(f, tx, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "0" });
	assert_ok(f->ops->keep(tx));
	assert_ok(f->ops->mark(tx));
	(void)put_in(f, tx, (struct push){ .id = "b", .seen = WIRE_NO_VERSION, .content = "0" });
	assert_ok(f->ops->undo(tx));
	assert_ok(f->ops->mark(tx));
	(void)put_in(f, tx, (struct push){ .id = "c", .seen = WIRE_NO_VERSION, .content = "0" });
	assert_ok(f->ops->keep(tx));
	assert_changes(f, 0, 10, false, "");	/* a reader sees nothing before the commit */
	assert_ok(f->ops->commit(tx));
	assert_changes(f, 0, 10, false, "a:1:0 c:2:0 ");
}

static void test_reopen(void **state)
{
	struct fixture *f = *state;
	struct storage *second;

	(void)put(f, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "0" });
	assert_status(f->backend->open(f->dir, &second), WK_BUSY);
	f->ops->close(f->storage);
	assert_ok(f->backend->open(f->dir, &f->storage));
	assert_changes(f, 0, 10, false, "a:1:0 ");
}

static void test_reset_and_subset(void **state)
{
	struct fixture *f = *state;
	struct wire_group g = group("rg_2");
	struct storage_head head;
	struct storage_tx *tx;
	int64_t second;
	uint64_t count;
	bool is_subset;

	(void)put(f, (struct push){ .id = "a", .seen = WIRE_NO_VERSION, .content = "0" });
	tx = begin(f, true);
	assert_ok(f->ops->group_add(tx, f->ann, &g, 10, &second));
	assert_ok(f->ops->group_is_subset(tx, second, f->group, &is_subset, &count));
	assert_true(is_subset);
	assert_int_equal(count, 0);
	assert_ok(f->ops->group_is_subset(tx, f->group, second, &is_subset, &count));
	assert_false(is_subset);
	assert_int_equal(count, 1);
	assert_ok(f->ops->account_reset(tx, f->ann));
	assert_status(f->ops->head(tx, f->group, &head), WK_NOT_FOUND);
	assert_ok(f->ops->commit(tx));
	assert_changes(f, 0, 10, true, "");
}

int main(void)
{
	static struct fixture fixtures[ARRAY_LEN(backends)];
	int failed = 0;

	if (crypto_init() != WK_OK)
		return 1;
	log_setup("test", LOG_ERROR);
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		struct fixture *f = &fixtures[i];
#define ON_BACKEND(test) cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, f)
		const struct CMUnitTest tests[] = {
			ON_BACKEND(test_accounts),	ON_BACKEND(test_secret),
			ON_BACKEND(test_sessions),	ON_BACKEND(test_groups),
			ON_BACKEND(test_put),		ON_BACKEND(test_changes),
			ON_BACKEND(test_app_conflicts), ON_BACKEND(test_base),
			ON_BACKEND(test_revive),	ON_BACKEND(test_marks),
			ON_BACKEND(test_listing),	ON_BACKEND(test_brackets),
			ON_BACKEND(test_reopen),	ON_BACKEND(test_reset_and_subset),
		};

		f->backend = &backends[i];
		failed += cmocka_run_group_tests_name(backends[i].name, tests, NULL, NULL);
	}
	return failed;
}
