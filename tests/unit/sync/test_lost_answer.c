/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A push reaches the server and its answer does not come back.  Between the device and the
 * server stands a relay that drops the connection once, after the server has answered.
 */
#include "device.h"
#include "relay.h"

#define GROUP "rg_00000000000000000000000000000001"
#define WORKSPACE "{\"_id\":\"wrk_1\",\"type\":\"Workspace\",\"parentId\":null,\"modified\":1000," \
		  "\"created\":1000,\"name\":\"Orchard\",\"description\":\"\"}"

struct fixture {
	struct server server;
	struct relay relay;
	struct device a, b;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct server through;
	struct group *g;

	server_new(&f->server);
	account_create(&f->server);
	relay_start(&f->relay, f->server.port);
	through = f->server;
	(void)snprintf(through.url, sizeof through.url, "http://127.0.0.1:%u", f->relay.port);
	device_new(&f->a, &through, "a");
	device_new(&f->b, &f->server, "b");
	g = device_group(&f->a, GROUP, "Orchard");
	(void)device_add(&f->a, g, WORKSPACE);
	assert_ok(sync_once(f->a.sync));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	device_free(&f->a);
	device_free(&f->b);
	relay_stop(&f->relay);
	server_free(&f->server);
	free(f);
	return 0;
}

static void lose_the_answer(struct fixture *f)
{
	atomic_store(&f->relay.drop_push, true);
	assert_status(sync_once(f->a.sync), WK_OFFLINE);
	assert_int_equal(atomic_load(&f->relay.dropped), 1);
	assert_true(device_doc(&f->a, GROUP, "wrk_1")->pending);
}

static void it_is_known_when_it_comes_back(void **state)
{
	struct fixture *f = *state;
	struct sync_counts before, after;
	struct doc *doc = device_doc(&f->a, GROUP, "wrk_1");

	device_edit(&f->a, doc, "description", "once", 2000);
	lose_the_answer(f);
	sync_counts(f->a.sync, &before);
	assert_ok(sync_once(f->a.sync));
	sync_counts(f->a.sync, &after);
	assert_int_equal(after.pushes, before.pushes);
	assert_false(doc->pending);
	assert_int_equal(doc->agreed.n, 2);
	assert_ok(sync_once(f->b.sync));
	assert_value(&f->b, device_doc(&f->b, GROUP, "wrk_1"), "description", "once");
	assert_int_equal(docs_group(store_docs(f->b.store), GROUP)->live, 1);
}

static void an_edit_meanwhile_follows_it(void **state)
{
	struct fixture *f = *state;
	struct doc *doc = device_doc(&f->a, GROUP, "wrk_1");

	device_edit(&f->a, doc, "description", "once", 2000);
	lose_the_answer(f);
	device_edit(&f->a, doc, "description", "twice", 3000);
	assert_ok(sync_once(f->a.sync));
	assert_false(doc->pending);
	assert_int_equal(doc->agreed.n, 3);
	assert_ok(sync_once(f->b.sync));
	assert_value(&f->b, device_doc(&f->b, GROUP, "wrk_1"), "description", "twice");
	/* No side was taken for somebody else's: there is no conflict copy. */
	assert_int_equal(docs_group(store_docs(f->b.store), GROUP)->live, 1);
}

static void what_follows_it_is_no_conflict(void **state)
{
	struct fixture *f = *state;
	struct doc *doc = device_doc(&f->a, GROUP, "wrk_1");

	device_edit(&f->a, doc, "description", "once", 2000);
	lose_the_answer(f);
	assert_ok(sync_once(f->b.sync));
	device_edit(&f->b, device_doc(&f->b, GROUP, "wrk_1"), "description", "twice", 3000);
	assert_ok(sync_once(f->b.sync));
	assert_ok(sync_once(f->a.sync));
	assert_false(doc->pending);
	assert_int_equal(doc->agreed.n, 3);
	assert_value(&f->a, doc, "description", "twice");
	assert_int_equal(docs_group(store_docs(f->a.store), GROUP)->live, 1);
}

static void a_creation_is_not_made_twice(void **state)
{
	struct fixture *f = *state;

	(void)device_add(&f->a, docs_group(store_docs(f->a.store), GROUP),
			 "{\"_id\":\"req_9\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
			 "\"modified\":1,\"created\":1,\"name\":\"New\",\"url\":\"http://new\"}");
	atomic_store(&f->relay.drop_push, true);
	assert_status(sync_once(f->a.sync), WK_OFFLINE);
	assert_ok(sync_once(f->a.sync));
	assert_int_equal(device_doc(&f->a, GROUP, "req_9")->agreed.n, 1);
	assert_false(device_doc(&f->a, GROUP, "req_9")->pending);
	assert_int_equal(docs_group(store_docs(f->a.store), GROUP)->live, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(it_is_known_when_it_comes_back),
		TEST(an_edit_meanwhile_follows_it),
		TEST(what_follows_it_is_no_conflict),
		TEST(a_creation_is_not_made_twice),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	assert_ok(crypto_init());
	return cmocka_run_group_tests_name("lost answer", tests, NULL, NULL);
}
