/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and documents: what is agreed, what waits, in which order, and what a restart keeps. */
#include <sys/mount.h>

#include "base/rand.h"
#include "docs_testing.h"

#define REQUEST(id, url, modified)                                                             \
	"{\"_id\":\"" id "\",\"type\":\"Request\",\"parentId\":\"wrk_1\",\"created\":1,"         \
	"\"modified\":" modified ",\"name\":\"R\",\"url\":\"" url "\"}"

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	world_init(w);
	world_workspace(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_fini(*state);
	free(*state);
	return 0;
}

static void assert_text(struct world *w, const struct doc *doc, enum docs_text which,
			const char *want)
{
	SCOPED(buf_fini) struct buf got = BUF_INIT(1 << 20);

	assert_ok(docs_text(w->docs, doc, which, &got));
	assert_bytes_str(buf_bytes(&got), want);
}

static void groups(void **state)
{
	struct world *w = *state;
	struct group_key *key = group_key_new();
	struct group *g = NULL;

	assert_status(docs_group_add(w->docs, "rg_test", "again", key, true, &g), WK_EXISTS);
	secret_random(key->k, KEY_SIZE);
	assert_ok(docs_group_add(w->docs, "rg_two", "Two", key, false, &g));
	g->seq = 77;
	(void)snprintf(g->mark, sizeof g->mark, "mark");
	g->mixed = true;
	assert_ok(docs_group_save(w->docs, g));
	world_reopen(w);
	g = docs_group(w->docs, "rg_two");
	assert_non_null(g);
	assert_int_equal(g->seq, 77);
	assert_string_equal(g->mark, "mark");
	assert_string_equal(g->name, "Two");
	assert_true(g->mixed);
	assert_false(g->on_server);
	assert_null(docs_group(w->docs, "rg_three"));
	assert_ptr_equal(docs_group_at(w->docs, 1), g);
	assert_null(docs_group_at(w->docs, 2));
	assert_memory_equal(w->group->key->k, "\x09\x09\x09", 3);
}

static void taken_and_edited(void **state)
{
	struct world *w = *state;
	struct doc *doc = world_take(w, REQUEST("req_1", "x", "5"));
	uint64_t generation = doc->generation;

	assert_false(doc->pending);
	assert_int_equal(doc->modified_ms, 5);
	assert_string_equal(docs_author(w->docs, doc), "acct_other");
	assert_text(w, doc, DOCS_AGREED, REQUEST("req_1", "x", "5"));
	assert_ok(docs_edit(w->docs, doc, world_json(w, REQUEST("req_1", "y", "6")), true));
	assert_true(doc->pending);
	assert_true(doc->generation > generation);
	assert_text(w, doc, DOCS_AGREED, REQUEST("req_1", "x", "5"));
	assert_text(w, doc, DOCS_LOCAL, REQUEST("req_1", "y", "6"));
	view_run(store_view(w->store));
	world_reopen(w);
	doc = world_doc(w, "req_1");
	assert_true(doc->pending);
	assert_int_equal(w->group->pending, 1);
	assert_int_equal(w->group->live, 2);
	assert_string_equal(doc->agreed.version, "v2");
	assert_string_equal(doc->parent_id, "wrk_1");
	assert_string_equal(docs_author(w->docs, doc), "acct_other");
	assert_text(w, doc, DOCS_AGREED, REQUEST("req_1", "x", "5"));
	assert_file(w, "Pet Store/R.json", "{\n  \"_id\": \"req_1\",\n  \"url\": \"y\"\n}\n");
}

static void bad_revisions_are_refused(void **state)
{
	struct world *w = *state;
	struct docs_remote r = { .id = bytes_str("req_1"), .type = bytes_str("Request"),
				 .version = world_version(w) };
	struct doc *doc = NULL;
	char long_id[200];

	assert_status(docs_take(w->docs, w->group, &r, NULL, false, &doc), WK_INVALID);
	r.json = world_json(w, REQUEST("req_2", "x", "1"));
	assert_status(docs_take(w->docs, w->group, &r, NULL, false, &doc), WK_CORRUPT);
	assert_null(world_doc(w, "req_1"));
	memset(long_id, 'a', sizeof long_id);
	r.id = bytes_of(long_id, sizeof long_id);
	assert_status(docs_take(w->docs, w->group, &r, NULL, false, &doc), WK_INVALID);
	world_take(w, REQUEST("req_1", "x", "1"));
	r.id = bytes_str("req_1");
	r.type = bytes_str("Environment");
	assert_status(docs_take(w->docs, w->group, &r, NULL, false, &doc), WK_CORRUPT);
	r.type = bytes_str("Request");
	r.author = bytes_of(long_id, sizeof long_id);
	assert_status(docs_take(w->docs, w->group, &r, NULL, false, &doc), WK_INVALID);
	r.author = bytes_of(NULL, 0);
	memset(r.version.version, 'v', sizeof r.version.version);
	assert_status(docs_take(w->docs, w->group, &r, NULL, false, &doc), WK_INVALID);
	assert_int_equal(w->group->live, 2);
}

static void an_id_lives_in_one_group(void **state)
{
	struct world *w = *state;
	struct group_key *key = group_key_new();
	struct json *json = world_json(w, REQUEST("req_1", "x", "1"));
	struct docs_remote r = { .id = bytes_str("req_1"), .type = bytes_str("Request"),
				 .version = world_version(w), .json = json };
	struct group *g = NULL;
	struct doc *doc = NULL;

	assert_ok(docs_group_add(w->docs, "rg_two", "Two", key, true, &g));
	assert_false(docs_is_taken(w->docs, bytes_str("req_1")));
	assert_ok(docs_add(w->docs, w->group, json, &doc));
	assert_status(docs_add(w->docs, w->group, json, &doc), WK_EXISTS);
	assert_true(docs_is_taken(w->docs, bytes_str("req_1")));
	assert_status(docs_take(w->docs, g, &r, NULL, false, &doc), WK_EXISTS);
	assert_ok(docs_remove(w->docs, world_doc(w, "req_1"), true));
	assert_false(docs_is_taken(w->docs, bytes_str("req_1")));
	assert_ok(docs_take(w->docs, g, &r, NULL, false, &doc));
}

static void pushed_and_superseded(void **state)
{
	struct world *w = *state;
	struct doc *doc = world_take(w, REQUEST("req_1", "x", "5"));
	struct docs_version v1 = doc->agreed, v2 = world_version(w), v3 = world_version(w);
	struct bytes sent = bytes_str(REQUEST("req_1", "y", "6"));
	uint8_t digest[DIGEST_SIZE] = { 1 };
	uint64_t generation;

	assert_ok(docs_edit(w->docs, doc, world_json(w, REQUEST("req_1", "y", "6")), false));
	generation = doc->generation;
	assert_ok(docs_set_sent(w->docs, doc, generation, digest));
	assert_ok(docs_edit(w->docs, doc, world_json(w, REQUEST("req_1", "z", "7")), false));
	/* LOCAL went on: what was sent is agreed, and the rest still waits. */
	assert_ok(docs_set_agreed(w->docs, doc, generation, false, &v2, sent));
	assert_true(doc->pending);
	assert_text(w, doc, DOCS_AGREED, REQUEST("req_1", "y", "6"));
	assert_true(docs_was_superseded(w->docs, doc, v1.digest));
	assert_false(docs_was_superseded(w->docs, doc, v2.digest));
	assert_ok(docs_set_agreed(w->docs, doc, doc->generation, false, &v3, sent));
	assert_false(doc->pending);
	assert_text(w, doc, DOCS_AGREED, REQUEST("req_1", "z", "7"));
	assert_true(docs_was_superseded(w->docs, doc, v2.digest));
	world_reopen(w);
	doc = world_doc(w, "req_1");
	assert_true(docs_was_superseded(w->docs, doc, v1.digest));
	assert_memory_equal(doc->agreed.digest, v3.digest, DIGEST_SIZE);
	for (int i = 0; i < 300; i++)
		assert_ok(docs_set_version(w->docs, doc, &(struct docs_version){
			.n = 9, .digest = { 7, (uint8_t)i, (uint8_t)(i >> 8) }, .version = "x" },
			true));
	assert_true(doc->pending);
	assert_true(docs_was_superseded(w->docs, doc, v3.digest));
	assert_true(docs_was_superseded(w->docs, doc,
					(uint8_t[DIGEST_SIZE]){ 7, 200 }));
	assert_false(docs_was_superseded(w->docs, doc,
					 (uint8_t[DIGEST_SIZE]){ 7, 299 & 255, 1 }));
}

static void removed_here(void **state)
{
	struct world *w = *state;
	struct doc *doc = world_take(w, REQUEST("req_1", "x", "5")), *mine = NULL;
	struct docs_version v = world_version(w);
	SCOPED(buf_fini) struct buf text = BUF_INIT(4096);

	assert_ok(docs_remove(w->docs, doc, true));
	view_run(store_view(w->store));
	assert_true(doc->pending);
	assert_null(world_node(w, "Pet Store/R.json"));
	assert_status(docs_text(w->docs, doc, DOCS_LOCAL, &text), WK_NOT_FOUND);
	assert_ok(docs_text(w->docs, doc, DOCS_AGREED, &text));
	assert_ok(docs_set_agreed(w->docs, doc, doc->generation, true, &v, bytes_str("")));
	assert_false(doc->pending);
	assert_status(docs_text(w->docs, doc, DOCS_AGREED, &text), WK_NOT_FOUND);
	/* What the server never saw is forgotten. */
	assert_ok(docs_add(w->docs, w->group, world_json(w, REQUEST("req_2", "x", "5")), &mine));
	assert_ok(docs_remove(w->docs, mine, true));
	view_run(store_view(w->store));
	assert_int_equal(w->group->pending, 0);
	world_reopen(w);
	assert_null(world_doc(w, "req_2"));
	assert_true(world_doc(w, "req_1")->agreed_removed);
	assert_true(docs_was_superseded(w->docs, world_doc(w, "req_1"),
					(uint8_t[DIGEST_SIZE]){ 2, 0, 0, 0, 0, 0, 0, 0, 0x40,
								0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
								0x40 }));
}

/* Removed while its first push is made: not known as sent yet, and there all the same. */
static void removed_while_it_is_sent(void **state)
{
	struct world *w = *state;
	struct bytes sent = bytes_str(REQUEST("req_2", "x", "5"));
	struct docs_version v = world_version(w);
	struct docs_outgoing out[4];
	struct doc *mine = NULL;

	assert_ok(docs_add(w->docs, w->group, world_json(w, REQUEST("req_2", "x", "5")), &mine));
	push_all(w);
	assert_ok(docs_add(w->docs, w->group, world_json(w, REQUEST("req_3", "x", "5")), &mine));
	assert_int_equal(docs_outgoing(w->docs, w->group, out, 4), 1);
	assert_ok(docs_remove(w->docs, mine, true));
	assert_false(mine->pending);
	assert_ok(docs_set_sent(w->docs, mine, out[0].generation, v.digest));
	assert_ok(docs_set_agreed(w->docs, mine, out[0].generation, false, &v, sent));
	assert_true(mine->pending);
	assert_int_equal(docs_outgoing(w->docs, w->group, out, 4), 1);
	assert_true(out[0].removed);
}

static void a_merge_stays_pending(void **state)
{
	struct world *w = *state;
	struct doc *doc = world_take(w, REQUEST("req_1", "x", "5"));
	struct docs_remote r = { .id = bytes_str("req_1"), .type = bytes_str("Request"),
				 .version = world_version(w),
				 .json = world_json(w, REQUEST("req_1", "theirs", "6")) };

	assert_ok(docs_take(w->docs, w->group, &r,
			    world_json(w, REQUEST("req_1", "merged", "7")), false, &doc));
	view_run(store_view(w->store));
	assert_true(doc->pending);
	assert_text(w, doc, DOCS_AGREED, REQUEST("req_1", "theirs", "6"));
	assert_text(w, doc, DOCS_LOCAL, REQUEST("req_1", "merged", "7"));
	/* Gone here against an edit there, and the other way round. */
	r.version = world_version(w);
	assert_ok(docs_take(w->docs, w->group, &r, NULL, true, &doc));
	assert_true(doc->removed);
	assert_true(doc->pending);
	r.json = NULL;
	r.removed = true;
	r.version = world_version(w);
	assert_ok(docs_take(w->docs, w->group, &r,
			    world_json(w, REQUEST("req_1", "kept", "9")), false, &doc));
	assert_false(doc->removed);
	assert_true(doc->agreed_removed);
	assert_true(doc->pending);
	view_run(store_view(w->store));
	assert_non_null(world_node(w, "Pet Store/R.json"));
}

static void an_edit_revives_its_folder(void **state)
{
	struct world *w = *state;
	struct doc *r, *f;

	world_folder(w, "fld_1", "wrk_1", "F");
	world_request(w, "req_1", "fld_1", "R", "x");
	world_take_removed(w, "req_1");
	world_take_removed(w, "fld_1");
	assert_null(world_node(w, "Pet Store/F"));
	r = world_doc(w, "req_1");
	f = world_doc(w, "fld_1");
	assert_ok(docs_edit(w->docs, r,
			    world_json(w, "{\"_id\":\"req_1\",\"type\":\"Request\","
					  "\"parentId\":\"fld_1\",\"name\":\"R\"}"), true));
	view_run(store_view(w->store));
	assert_false(f->removed);
	assert_true(f->pending);
	assert_at(w, r, "Pet Store/F/R.json");
	assert_non_null(world_node(w, "Pet Store/F/.folder.json"));
}

static void order(void **state)
{
	struct world *w = *state;
	struct docs_outgoing out[16];
	struct doc *doc = NULL, *old = world_folder(w, "fld_old", "wrk_1", "Old");
	struct doc *inner = world_request(w, "req_in", "fld_old", "In", "x");
	struct doc *changed = world_request(w, "req_ch", "fld_old", "Ch", "x");

	assert_ok(docs_remove(w->docs, old, true));
	assert_ok(docs_remove(w->docs, inner, true));
	assert_ok(docs_edit(w->docs, changed, world_json(w, REQUEST("req_ch", "y", "9")), true));
	assert_ok(docs_add(w->docs, w->group,
			   world_json(w, "{\"_id\":\"req_n\",\"type\":\"Request\","
					 "\"parentId\":\"fld_n\",\"name\":\"N\"}"), &doc));
	assert_ok(docs_add(w->docs, w->group,
			   world_json(w, "{\"_id\":\"fld_n\",\"type\":\"RequestGroup\","
					 "\"parentId\":\"wrk_1\",\"name\":\"N\"}"), &doc));
	view_run(store_view(w->store));
	assert_int_equal(docs_outgoing(w->docs, w->group, out, 16), 5);
	assert_string_equal(out[0].doc->id, "fld_n");
	assert_string_equal(out[1].doc->id, "req_n");
	assert_string_equal(out[2].doc->id, "req_ch");
	assert_string_equal(out[3].doc->id, "req_in");
	assert_true(out[3].removed);
	assert_string_equal(out[4].doc->id, "fld_old");
	assert_int_equal(docs_outgoing(w->docs, w->group, out, 2), 2);
	push_all(w);
	assert_int_equal(w->group->pending, 0);
	assert_int_equal(docs_outgoing(w->docs, w->group, out, 16), 0);
}

static void told(void *arg)
{
	++*(int *)arg;
}

static void observers(void **state)
{
	struct world *w = *state;
	struct doc *doc = NULL;
	int count = 0;

	docs_on_outgoing(w->docs, told, &count);
	world_take(w, REQUEST("req_1", "x", "5"));
	assert_int_equal(count, 0);
	assert_ok(docs_add(w->docs, w->group, world_json(w, REQUEST("req_2", "x", "5")), &doc));
	assert_int_equal(count, 1);
}

static void ten_thousand(void **state)
{
	struct world *w = *state;
	size_t n = 10000;
	struct json **docs = calloc(n, sizeof(*docs));
	int64_t start;
	char text[1600], pad[1000];

	memset(pad, 'x', sizeof pad - 1);
	pad[sizeof pad - 1] = '\0';
	for (size_t i = 0; i < n; i++) {
		bool folder = i % 50 == 0;

		(void)snprintf(text, sizeof text,
			       "{\"_id\":\"%s_%032zx\",\"type\":\"%s\",\"parentId\":\"wrk_1\","
			       "\"created\":%zu,\"modified\":%zu,\"name\":\"Name %zu\","
			       "\"description\":\"%s\"}",
			       folder ? "fld" : "req", i, folder ? "RequestGroup" : "Request",
			       i, i, i / 2, pad);
		docs[i] = world_json(w, text);
	}
	start = clock_mono_ms();
	rows_begin(store_rows(w->store));
	for (size_t i = 0; i < n; i++) {
		struct docs_remote r = { .id = json_get_str(docs[i], "_id"),
					 .type = json_get_str(docs[i], "type"),
					 .author = bytes_str("acct"),
					 .version = world_version(w), .json = docs[i] };
		struct doc *doc;

		assert_ok(docs_take(w->docs, w->group, &r, NULL, false, &doc));
		/* Pages, as a pull has them. */
		if (i % 500 == 499) {
			rows_end(store_rows(w->store));
			rows_begin(store_rows(w->store));
		}
	}
	rows_end(store_rows(w->store));
	print_message("taken in %d ms\n", (int)(clock_mono_ms() - start));
	view_run(store_view(w->store));
	print_message("shown in %d ms\n", (int)(clock_mono_ms() - start));
	assert_int_equal(w->group->live, n + 1);
	assert_true(view_is_idle(store_view(w->store)));
	assert_non_null(world_node(w, "Pet Store/Name 4999.json"));
	start = clock_mono_ms();
	world_reopen(w);
	print_message("opened again in %d ms\n", (int)(clock_mono_ms() - start));
	assert_int_equal(w->group->live, n + 1);
	free(docs);
}

static void fill_up(struct world *w)
{
	static uint8_t block[TREE_BLOCK_SIZE];
	struct node *node = user_write_open(w, "filler.bin", "x");
	enum wk_status st = WK_OK;

	for (uint64_t i = 0; i < 4096 && st == WK_OK; i++) {
		rand_bytes(block, sizeof block);
		st = tree_write(w->tree, node, i * sizeof block, bytes_of(block, sizeof block), 0);
		if (i % 32 == 31 && rows_flush_wait(store_rows(w->store)) != WK_OK)
			break;
	}
	(void)rows_flush_wait(store_rows(w->store));
	assert_int_equal(rows_health(store_rows(w->store)), WK_FULL);
}

/* A full disk refuses a change of documents whole: memory says what the rows say. */
static void a_full_disk(void **state)
{
	char dir[] = "/tmp/docs-full-XXXXXX";
	struct world full, *w = &full;
	struct doc *doc, *none;
	int64_t deadline;

	(void)state;
	assert_non_null(mkdtemp(dir));
	if (mount("tmpfs", dir, "tmpfs", 0, "size=48m") != 0) {
		(void)rmdir(dir);
		skip();
	}
	world_init_at(w, dir);
	world_workspace(w);
	doc = world_take(w, REQUEST("req_a", "http://a", "5"));
	assert_ok(docs_edit(w->docs, doc,
			    world_json(w, REQUEST("req_a", "http://mine", "6")), true));
	view_run(store_view(w->store));
	assert_true(doc->pending && doc->has_agreed);
	fill_up(w);
	assert_status(docs_remove(w->docs, doc, true), WK_FULL);
	assert_status(docs_add(w->docs, w->group,
			       world_json(w, REQUEST("req_b", "http://b", "7")), &none), WK_FULL);
	user_unlink(w, "Pet Store/R.json");
	assert_status(settle_now(store_settle(w->store), true), WK_FULL);
	assert_false(doc->removed);
	assert_holds(w, doc, "http://mine");
	assert_null(world_doc(w, "req_b"));
	assert_int_equal(mount(NULL, dir, NULL, MS_REMOUNT, "size=256m"), 0);
	deadline = clock_mono_ms() + 20000;
	while (rows_health(store_rows(w->store)) != WK_OK)
		assert_true(clock_mono_ms() < deadline);
	settle_all(w);
	assert_true(doc->removed);
	world_reopen(w);
	assert_true(world_doc(w, "req_a")->removed);
	assert_int_equal(live_count(w), 1);
	assert_ok(store_close(w->store));
	loop_free(w->loop);
	arena_free(w->arena);
	assert_int_equal(umount(dir), 0);
	(void)rmdir(dir);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(groups), T(taken_and_edited), T(bad_revisions_are_refused),
		T(an_id_lives_in_one_group), T(pushed_and_superseded), T(removed_here), T(removed_while_it_is_sent),
		T(a_merge_stays_pending), T(an_edit_revives_its_folder), T(order), T(observers),
		T(ten_thousand), cmocka_unit_test(a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
