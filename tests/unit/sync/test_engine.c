/* SPDX-License-Identifier: Apache-2.0 */
/* Two devices and a real server: what one does, the other gets; what both do, is merged. */
#include "device.h"

#include <pthread.h>
#include <semaphore.h>

#define GROUP "rg_00000000000000000000000000000001"
#define WORKSPACE "{\"_id\":\"wrk_1\",\"type\":\"Workspace\",\"parentId\":null,\"modified\":1000," \
		  "\"created\":1000,\"name\":\"Orchard\",\"description\":\"\",\"scope\":\"collection\"}"
#define FOLDER "{\"_id\":\"fld_1\",\"type\":\"RequestGroup\",\"parentId\":\"wrk_1\",\"modified\":1000," \
	       "\"created\":1000,\"name\":\"Trees\",\"environment\":{}}"
#define REQUEST "{\"_id\":\"req_1\",\"type\":\"Request\",\"parentId\":\"fld_1\",\"modified\":1000," \
		"\"created\":1000,\"name\":\"Plant\",\"url\":\"http://one\",\"method\":\"GET\"," \
		"\"description\":\"first\",\"metaSortKey\":-1.50}"

struct fixture {
	struct server server;
	struct device a, b;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct group *g;

	server_new(&f->server);
	account_create(&f->server);
	device_new(&f->a, &f->server, "a");
	device_new(&f->b, &f->server, "b");
	g = device_group(&f->a, GROUP, "Orchard");
	(void)device_add(&f->a, g, WORKSPACE);
	(void)device_add(&f->a, g, FOLDER);
	(void)device_add(&f->a, g, REQUEST);
	assert_ok(sync_once(f->a.sync));
	assert_ok(sync_once(f->b.sync));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	device_free(&f->a);
	device_free(&f->b);
	server_free(&f->server);
	free(f);
	return 0;
}

static void a_new_workspace_arrives(void **state)
{
	struct fixture *f = *state;
	struct buf ours = BUF_SECRET_INIT(1 << 20), theirs = BUF_SECRET_INIT(1 << 20);
	struct doc *a = device_doc(&f->a, GROUP, "req_1"), *b = device_doc(&f->b, GROUP, "req_1");
	struct node *node = NULL;

	assert_non_null(b);
	assert_false(a->pending);
	assert_false(b->pending);
	assert_int_equal(b->agreed.n, 1);
	assert_memory_equal(a->agreed.digest, b->agreed.digest, DIGEST_SIZE);
	assert_string_equal(a->agreed.version, b->agreed.version);
	assert_ok(docs_text(store_docs(f->a.store), a, DOCS_LOCAL, &ours));
	assert_ok(docs_text(store_docs(f->b.store), b, DOCS_LOCAL, &theirs));
	assert_true(bytes_equal(buf_bytes(&ours), buf_bytes(&theirs)));
	assert_ok(tree_resolve(store_tree(f->b.store), bytes_str("Orchard/Trees/Plant.json"),
			       &node));
	buf_fini(&ours);
	buf_fini(&theirs);
}

static void an_edit_arrives_once(void **state)
{
	struct fixture *f = *state;
	struct sync_counts before, after;

	sync_counts(f->a.sync, &before);
	device_edit(&f->a, device_doc(&f->a, GROUP, "req_1"), "url", "http://two", 2000);
	assert_ok(sync_once(f->a.sync));
	sync_counts(f->a.sync, &after);
	assert_int_equal(after.pushes - before.pushes, 1);
	assert_int_equal(after.pushed - before.pushed, 1);
	assert_ok(sync_once(f->b.sync));
	assert_value(&f->b, device_doc(&f->b, GROUP, "req_1"), "url", "http://two");
	assert_int_equal(device_doc(&f->b, GROUP, "req_1")->agreed.n, 2);
	/* Our own change does not come back to be taken again. */
	sync_counts(f->a.sync, &before);
	assert_ok(sync_once(f->a.sync));
	sync_counts(f->a.sync, &after);
	assert_int_equal(after.taken, before.taken);
	assert_int_equal(after.pushes, before.pushes);
}

static void many_skipped_revisions_are_bridged(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++) {
		char url[32];

		(void)snprintf(url, sizeof url, "http://n%d", i);
		device_edit(&f->a, device_doc(&f->a, GROUP, "req_1"), "url", url, 2000 + i);
		assert_ok(sync_once(f->a.sync));
	}
	assert_ok(sync_once(f->b.sync));
	assert_value(&f->b, device_doc(&f->b, GROUP, "req_1"), "url", "http://n4");
	assert_false(device_doc(&f->b, GROUP, "req_1")->pending);
	assert_int_equal(device_doc(&f->b, GROUP, "req_1")->agreed.n, 6);
}

static void edits_of_different_fields_merge(void **state)
{
	struct fixture *f = *state;

	device_edit(&f->a, device_doc(&f->a, GROUP, "req_1"), "url", "http://from-a", 2000);
	device_edit(&f->b, device_doc(&f->b, GROUP, "req_1"), "description", "from b", 3000);
	assert_ok(sync_once(f->a.sync));
	assert_ok(sync_once(f->b.sync));
	assert_ok(sync_once(f->a.sync));
	for (int i = 0; i < 2; i++) {
		struct device *d = i ? &f->b : &f->a;
		struct doc *doc = device_doc(d, GROUP, "req_1");

		assert_value(d, doc, "url", "http://from-a");
		assert_value(d, doc, "description", "from b");
		assert_false(doc->pending);
		assert_int_equal(docs_group(store_docs(d->store), GROUP)->live, 3);
	}
}

static void a_double_change_keeps_both(void **state)
{
	struct fixture *f = *state;
	struct doc *copy = NULL, *d;

	device_edit(&f->a, device_doc(&f->a, GROUP, "req_1"), "url", "http://from-a", 2000);
	device_edit(&f->b, device_doc(&f->b, GROUP, "req_1"), "url", "http://from-b", 3000);
	assert_ok(sync_once(f->a.sync));
	assert_ok(sync_once(f->b.sync));
	assert_ok(sync_once(f->a.sync));
	assert_value(&f->a, device_doc(&f->a, GROUP, "req_1"), "url", "http://from-b");
	assert_value(&f->b, device_doc(&f->b, GROUP, "req_1"), "url", "http://from-b");
	for (size_t i = 0; (d = docs_at(store_docs(f->a.store),
					docs_group(store_docs(f->a.store), GROUP), i)); i++)
		if (strcmp(d->id, "req_1") != 0 && d->kind == KIND_REQUEST)
			copy = d;
	assert_non_null(copy);
	assert_value(&f->a, copy, "url", "http://from-a");
	assert_value(&f->a, copy, "name", "Plant (conflict, " EMAIL ", 1970-01-01)");
	assert_non_null(device_doc(&f->b, GROUP, copy->id));
}

static void an_edit_outlives_a_delete(void **state)
{
	struct fixture *f = *state;

	assert_ok(docs_remove(store_docs(f->a.store), device_doc(&f->a, GROUP, "req_1"), true));
	view_run(store_view(f->a.store));
	device_edit(&f->b, device_doc(&f->b, GROUP, "req_1"), "url", "http://kept", 3000);
	assert_ok(sync_once(f->a.sync));
	assert_ok(sync_once(f->b.sync));
	assert_ok(sync_once(f->a.sync));
	assert_false(device_doc(&f->a, GROUP, "req_1")->removed);
	assert_value(&f->a, device_doc(&f->a, GROUP, "req_1"), "url", "http://kept");
	assert_value(&f->b, device_doc(&f->b, GROUP, "req_1"), "url", "http://kept");
}

static void a_delete_arrives(void **state)
{
	struct fixture *f = *state;
	struct node *node = NULL;

	assert_ok(docs_remove(store_docs(f->a.store), device_doc(&f->a, GROUP, "req_1"), true));
	view_run(store_view(f->a.store));
	assert_ok(sync_once(f->a.sync));
	assert_ok(sync_once(f->b.sync));
	assert_true(device_doc(&f->b, GROUP, "req_1")->removed);
	assert_status(tree_resolve(store_tree(f->b.store),
				   bytes_str("Orchard/Trees/Plant.json"), &node), WK_NOT_FOUND);
}

static void copy_file(const char *from, const char *to)
{
	struct buf content = BUF_INIT(1 << 28);

	assert_ok(files_read(from, &content));
	assert_ok(files_write(to, buf_bytes(&content), 0600));
	buf_fini(&content);
}

static void a_restored_server_gets_everything_back(void **state)
{
	struct fixture *f = *state;
	char backup[160], wal[160];

	server_stop(&f->server, SIGTERM);
	(void)snprintf(backup, sizeof backup, "%s.backup", f->server.db);
	(void)snprintf(wal, sizeof wal, "%s-wal", f->server.db);
	copy_file(f->server.db, backup);
	server_start(&f->server);
	device_edit(&f->a, device_doc(&f->a, GROUP, "req_1"), "url", "http://after", 2000);
	(void)device_add(&f->a, docs_group(store_docs(f->a.store), GROUP),
			 "{\"_id\":\"req_2\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
			 "\"modified\":1,\"created\":1,\"name\":\"New\",\"url\":\"http://new\"}");
	assert_ok(sync_once(f->a.sync));
	assert_ok(sync_once(f->b.sync));
	server_stop(&f->server, SIGKILL);
	(void)unlink(wal);
	copy_file(backup, f->server.db);
	server_start(&f->server);
	/* Two passes: the first gives back, and either device may be the one to do it. */
	assert_ok(sync_once(f->b.sync));
	assert_ok(sync_once(f->a.sync));
	assert_ok(sync_once(f->b.sync));
	for (int i = 0; i < 2; i++) {
		struct device *d = i ? &f->b : &f->a;

		assert_value(d, device_doc(d, GROUP, "req_1"), "url", "http://after");
		assert_value(d, device_doc(d, GROUP, "req_2"), "url", "http://new");
		assert_int_equal(docs_group(store_docs(d->store), GROUP)->pending, 0);
	}
	/* And a device that was never there sees it all. */
	struct device c;

	device_new(&c, &f->server, "c");
	assert_ok(sync_once(c.sync));
	assert_value(&c, device_doc(&c, GROUP, "req_1"), "url", "http://after");
	assert_value(&c, device_doc(&c, GROUP, "req_2"), "url", "http://new");
	device_free(&c);
}

static void offline_is_said_and_kept(void **state)
{
	struct fixture *f = *state;

	server_stop(&f->server, SIGTERM);
	device_edit(&f->a, device_doc(&f->a, GROUP, "req_1"), "url", "http://later", 2000);
	assert_status(sync_once(f->a.sync), WK_OFFLINE);
	assert_string_not_equal(status_sync(f->a.store)->problem, "");
	assert_int_equal(docs_group(store_docs(f->a.store), GROUP)->pending, 1);
	server_start(&f->server);
	assert_ok(sync_once(f->a.sync));
	assert_string_equal(status_sync(f->a.store)->problem, "");
	assert_ok(sync_once(f->b.sync));
	assert_value(&f->b, device_doc(&f->b, GROUP, "req_1"), "url", "http://later");
}

/* --- both engines running --- */

static void *run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void started(void *arg)
{
	(void)sem_post(arg);
}

/* Returns when the thread is the loop's owner. */
static pthread_t start_loop(struct loop *loop)
{
	pthread_t thread;
	sem_t running;

	assert_int_equal(sem_init(&running, 0, 0), 0);
	assert_ok(loop_post(loop, started, &running));
	assert_int_equal(pthread_create(&thread, NULL, run_loop, loop), 0);
	assert_int_equal(sem_wait(&running), 0);
	(void)sem_destroy(&running);
	return thread;
}

struct look {
	struct device *device;
	bool there;
};

static void look_for_live(void *arg)
{
	struct look *l = arg;
	struct doc *doc = device_doc(l->device, GROUP, "req_1");
	struct buf text = BUF_SECRET_INIT(1 << 20);
	const char *found = NULL;

	assert_ok(docs_text(store_docs(l->device->store), doc, DOCS_LOCAL, &text));
	assert_ok(buf_cstr(&text, &found));
	l->there = strstr(found, "http://live") != NULL;
	buf_fini(&text);
}

static void edit_live(void *arg)
{
	struct device *d = arg;

	device_edit(d, device_doc(d, GROUP, "req_1"), "url", "http://live", 5000);
}

static void running_engines_follow_at_once(void **state)
{
	struct fixture *f = *state;
	struct sync_counts before, after;
	struct look look = { .device = &f->b };
	pthread_t loops[2];
	int64_t began;

	loops[0] = start_loop(f->a.loop);
	loops[1] = start_loop(f->b.loop);
	assert_ok(sync_start(f->a.sync));
	assert_ok(sync_start(f->b.sync));
	sync_counts(f->a.sync, &before);
	assert_ok(loop_call(f->a.loop, edit_live, &f->a));
	began = clock_mono_ms();
	while (!look.there && clock_mono_ms() - began < 20000) {
		assert_ok(loop_call(f->b.loop, look_for_live, &look));
		(void)poll(NULL, 0, 1);
	}
	assert_true(look.there);
	print_message("edit to the other device: %lld ms\n", (long long)(clock_mono_ms() - began));
	sync_counts(f->a.sync, &after);
	assert_int_equal(after.pushes - before.pushes, 1);
	loop_stop(f->a.loop);
	loop_stop(f->b.loop);
	(void)pthread_join(loops[0], NULL);
	(void)pthread_join(loops[1], NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_new_workspace_arrives),
		TEST(an_edit_arrives_once),
		TEST(many_skipped_revisions_are_bridged),
		TEST(edits_of_different_fields_merge),
		TEST(a_double_change_keeps_both),
		TEST(an_edit_outlives_a_delete),
		TEST(a_delete_arrives),
		TEST(a_restored_server_gets_everything_back),
		TEST(offline_is_said_and_kept),
		TEST(running_engines_follow_at_once),
	};

	assert_ok(crypto_init());
	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
