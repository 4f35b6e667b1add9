/* SPDX-License-Identifier: Apache-2.0 */
/* /v1 over HTTP: groups, push, cursors, polls, sessions. */
#include "harness.h"

#include <pthread.h>

#include "base/clock.h"

static char session[65];

static int setup(void **state)
{
	static struct harness h;

	harness_start(&h);
	harness_session(&h, "ann@example.com", session);
	harness_group(&h, session, "rg_1");
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	harness_stop(*state);
	return 0;
}

static struct wire_changes changes(struct harness *h, const char *query)
{
	struct wire_changes m;
	char path[300];

	snprintf(path, sizeof path, "/v1/groups/rg_1/changes%s", query);
	assert_ok(wire_changes_read(h->arena, ask_json(h, "GET", path, session, none(), 200), &m));
	return m;
}

static struct wire_changes changes_from(struct harness *h, struct wire_head head, const char *more)
{
	char query[200];

	snprintf(query, sizeof query, "?seq=%llu&mark=%.*s%s", (unsigned long long)head.seq,
		 (int)head.mark.n, (const char *)head.mark.p, more);
	return changes(h, query);
}

static void assert_error(struct harness *h, const char *method, const char *path, const char *who,
			 struct bytes body, unsigned status, const char *word)
{
	struct json *v = ask_json(h, method, path, who, body, status);
	struct wire_error e;

	assert_non_null(v);
	assert_ok(wire_error_read(v, &e));
	assert_bytes_str(e.error, word);
}

static void test_sessions(void **state)
{
	struct harness *h = *state;
	struct answer a;
	char other[65];

	assert_int_equal(ask(h, "GET", "/v1/groups", NULL, NULL, none(), &a), 401);
	assert_bytes_str(answer_header(&a, "x-insomnia-command"), "insomnia://app/auth/login");
	answer_fini(&a);
	memset(other, '0', 64);
	other[64] = 0;
	assert_error(h, "GET", "/v1/groups", other, none(), 401, "session");
	harness_session(h, "bob@example.com", other);
	(void)ask_json(h, "GET", "/v1/groups", other, none(), 200);
	(void)ask_json(h, "DELETE", "/v1/session", other, none(), 200);
	assert_error(h, "GET", "/v1/groups", other, none(), 401, "session");
	/* Time ends the others. */
	clock_freeze_wall_ms(clock_wall_ms() + (int64_t)31 * 86400 * 1000);
	assert_error(h, "GET", "/v1/groups", session, none(), 401, "session");
	clock_freeze_wall_ms(0);
	(void)ask_json(h, "GET", "/v1/groups", session, none(), 200);
}

static void test_wrong_passphrase(void **state)
{
	struct harness *h = *state;
	struct auth_key *key = auth_key_new();
	char other[65];

	assert_int_equal(harness_login(h, "ann@example.com", key, other), 403);
	assert_int_equal(harness_login(h, "nobody@example.com", key, other), 403);
	auth_key_free(key);
}

static void test_groups(void **state)
{
	struct harness *h = *state;
	struct json *v;
	struct wire_group g;

	harness_group(h, session, "rg_2");
	harness_group(h, session, "rg_2");	/* again: the same group */
	assert_error(h, "POST", "/v1/groups", session,
		     bytes_str("{\"id\":\"rg_2\",\"name\":\"other\",\"encSymmetricKey\":\"ab\"}"), 409,
		     "exists");
	assert_error(h, "POST", "/v1/groups", session,
		     bytes_str("{\"id\":\"a/b\",\"name\":\"n\",\"encSymmetricKey\":\"ab\"}"), 422,
		     "invalid");
	v = json_get(ask_json(h, "GET", "/v1/groups", session, none(), 200), "groups");
	assert_int_equal(v->count, 2);
	assert_ok(wire_group_read(&v->items[1], &g));
	assert_bytes_str(g.id, "rg_2");
	assert_int_equal(g.head.seq, 0);
	assert_error(h, "GET", "/v1/groups/nope/changes", session, none(), 404, "not-found");
	assert_error(h, "GET", "/v1/nowhere", session, none(), 404, "not-found");
	assert_error(h, "PUT", "/v1/groups", session, none(), 405, "invalid");
}

/* Somebody else's group is as if it were not there. */
static void test_other_account(void **state)
{
	struct harness *h = *state;
	char bob[65];

	(void)push_one(h, session, "rg_1", "r1", WIRE_NO_VERSION, "A", 200);
	harness_session(h, "bob@example.com", bob);
	assert_error(h, "GET", "/v1/groups/rg_1/changes", bob, none(), 404, "not-found");
	assert_error(h, "GET", "/v1/groups/rg_1/listing", bob, none(), 404, "not-found");
	assert_error(h, "GET", "/v1/groups/rg_1/revisions?id=r1", bob, none(), 404, "not-found");
	assert_error(h, "POST", "/v1/groups/rg_1/fetch", bob, bytes_str("{\"ids\":[\"r1\"]}"), 404,
		     "not-found");
	(void)push_one(h, bob, "rg_1", "r1", WIRE_NO_VERSION, "A", 404);
	assert_error(h, "POST", "/v1/groups", bob,
		     bytes_str("{\"id\":\"rg_1\",\"name\":\"n/a\",\"encSymmetricKey\":\"ab\","
			       "\"parentResourceId\":\"wrk_1\"}"),
		     409, "exists");
}

static void test_push(void **state)
{
	struct harness *h = *state;
	struct wire_push_answer answer;
	const char *v1, *v2;
	struct json *v;

	v1 = pushed_version(h, push_one(h, session, "rg_1", "r1", WIRE_NO_VERSION, "A", 200));
	v = push_one(h, session, "rg_1", "r1", WIRE_NO_VERSION, "B", 409);
	assert_ok(wire_push_answer_read(h->arena, v, &answer));
	assert_int_equal(answer.conflict_count, 1);
	assert_bytes_str(answer.conflicts[0], "r1");
	assert_int_equal(answer.head.seq, 1);
	v2 = pushed_version(h, push_one(h, session, "rg_1", "r1", v1, "B", 200));
	assert_string_not_equal(v1, v2);
	(void)push_one(h, session, "rg_1", "r1", v1, "C", 409);
	assert_int_equal(changes(h, "").count, 1);
	assert_bytes_str(changes(h, "").items[0].base_version, v1);
}

/* One change conflicts: none is stored.  The same push twice: one. */
static void test_push_whole(void **state)
{
	struct harness *h = *state;
	struct buf content = BUF_INIT(65536), body = BUF_INIT(65536);
	struct wire_push_item items[2];
	struct wire_push_answer first, second;

	(void)push_one(h, session, "rg_1", "r1", WIRE_NO_VERSION, "A", 200);
	make_envelope(&content, 10, "B");
	for (int i = 0; i < 2; i++)
		items[i] = (struct wire_push_item){ bytes_str(i ? "r1" : "r0"), bytes_str("Request"),
						    bytes_str("n/a"), buf_bytes(&content),
						    bytes_str(WIRE_NO_VERSION), 5, false };
	assert_ok(wire_push_write(items, 2, &body));
	(void)ask_json(h, "POST", "/v1/groups/rg_1/push", session, buf_bytes(&body), 409);
	assert_int_equal(changes(h, "").count, 1);
	items[1].id = items[0].id;
	buf_clear(&body);
	assert_ok(wire_push_write(items, 2, &body));
	assert_error(h, "POST", "/v1/groups/rg_1/push", session, buf_bytes(&body), 422, "invalid");
	items[1].id = bytes_str("r2");
	buf_clear(&body);
	assert_ok(wire_push_write(items, 2, &body));
	assert_ok(wire_push_answer_read(h->arena,
					ask_json(h, "POST", "/v1/groups/rg_1/push", session,
						 buf_bytes(&body), 200), &first));
	assert_ok(wire_push_answer_read(h->arena,
					ask_json(h, "POST", "/v1/groups/rg_1/push", session,
						 buf_bytes(&body), 200), &second));
	/* Where the feed stood before: the first push moved it, the second did not. */
	assert_int_equal(first.before.seq, 1);
	assert_int_equal(first.head.seq, 3);
	assert_int_equal(second.before.seq, 3);
	assert_true(bytes_equal(second.before.mark, first.head.mark));
	assert_int_equal(first.head.seq, 3);
	assert_int_equal(second.head.seq, 3);
	assert_true(bytes_equal(first.items[1].version, second.items[1].version));
	buf_fini(&content);
	buf_fini(&body);
}

static void test_cursor(void **state)
{
	struct harness *h = *state;
	struct wire_changes page;
	struct wire_head first;
	const char *version;

	version = pushed_version(h, push_one(h, session, "rg_1", "r1", WIRE_NO_VERSION, "A", 200));
	first = changes(h, "").next;
	assert_int_equal(first.seq, 1);
	version = pushed_version(h, push_one(h, session, "rg_1", "r1", version, "B", 200));
	(void)push_one(h, session, "rg_1", "r2", WIRE_NO_VERSION, "D", 200);
	(void)push_one(h, session, "rg_1", "r1", version, "C", 200);
	page = changes_from(h, first, "");
	assert_int_equal(page.count, 2);
	assert_bytes_str(page.items[0].id, "r2");
	assert_bytes_str(page.items[1].id, "r1");
	assert_int_equal(page.items[1].chain_count, 1);
	assert_bytes_str(page.items[1].chain[0].ad, "42");
	assert_false(page.more);
	page = changes_from(h, first, "&limit=1");
	assert_int_equal(page.count, 1);
	assert_true(page.more);
	page = changes_from(h, page.next, "");
	assert_int_equal(page.count, 1);
	assert_false(page.more);
	assert_int_equal(page.next.seq, 4);
	/* A mark that this server never drew, and one that is not a mark. */
	page = changes(h, "?seq=1&mark=00000000000000000000000000000000");
	assert_true(page.resync);
	assert_int_equal(page.count, 0);
	assert_int_equal(page.next.seq, 4);
	assert_true(changes(h, "?seq=77&mark=00000000000000000000000000000000").resync);
	assert_error(h, "GET", "/v1/groups/rg_1/changes?seq=1&mark=xx", session, none(), 422,
		     "invalid");
	assert_error(h, "GET", "/v1/groups/rg_1/changes?seq=-1", session, none(), 422, "invalid");
}

static void test_listing_and_fetch(void **state)
{
	struct harness *h = *state;
	struct wire_listing page;
	struct wire_resource r;
	struct json *v;

	(void)push_one(h, session, "rg_1", "r/2", WIRE_NO_VERSION, "A", 200);
	(void)push_one(h, session, "rg_1", "r 1", WIRE_NO_VERSION, "A", 200);
	v = ask_json(h, "GET", "/v1/groups/rg_1/listing?limit=1", session, none(), 200);
	assert_ok(wire_listing_read(h->arena, v, &page));
	assert_int_equal(page.count, 1);
	assert_bytes_str(page.next, "r 1");
	assert_int_equal(page.head.seq, 2);
	v = ask_json(h, "GET", "/v1/groups/rg_1/listing?after=r%201", session, none(), 200);
	assert_ok(wire_listing_read(h->arena, v, &page));
	assert_int_equal(page.count, 1);
	assert_bytes_str(page.items[0].id, "r/2");
	assert_null(page.next.p);
	v = ask_json(h, "POST", "/v1/groups/rg_1/fetch", session,
		     bytes_str("{\"ids\":[\"r/2\",\"none\"]}"), 200);
	assert_int_equal(at(v, "items")->count, 1);
	assert_ok(wire_resource_read(h->arena, at(v, "items/0"), &r));
	assert_true(bytes_equal(r.version, page.items[0].version));
	v = ask_json(h, "GET", "/v1/groups/rg_1/revisions?id=r%2F2", session, none(), 200);
	assert_int_equal(at(v, "items")->count, 1);
	assert_error(h, "GET", "/v1/groups/rg_1/revisions", session, none(), 422, "invalid");
	assert_error(h, "POST", "/v1/groups/rg_1/fetch", session, bytes_str("{\"ids\":7}"), 422,
		     "invalid");
}

static void test_poll_at_once(void **state)
{
	struct harness *h = *state;
	struct wire_poll p;
	struct json *v;

	/* Not named: it differs, also when it is empty. */
	v = ask_json(h, "POST", "/v1/poll", session,
		     bytes_str("{\"heads\":[],\"timeoutMs\":55000}"), 200);
	assert_ok(wire_poll_read(h->arena, v, &p));
	assert_int_equal(p.count, 1);
	assert_bytes_str(p.heads[0].group_id, "rg_1");
	/* Named as it is: nothing until the time is over. */
	v = ask_json(h, "POST", "/v1/poll", session,
		     bytes_str("{\"heads\":[{\"id\":\"rg_1\",\"seq\":0,\"mark\":\"\"}],"
			       "\"timeoutMs\":30}"), 200);
	assert_ok(wire_poll_read(h->arena, v, &p));
	assert_int_equal(p.count, 0);
	/* A group that the account does not have. */
	v = ask_json(h, "POST", "/v1/poll", session,
		     bytes_str("{\"heads\":[{\"id\":\"rg_1\",\"seq\":0,\"mark\":\"\"},{\"id\":\"rg_9\","
			       "\"seq\":3,\"mark\":\"00000000000000000000000000000000\"}],"
			       "\"timeoutMs\":55000}"), 200);
	assert_ok(wire_poll_read(h->arena, v, &p));
	assert_int_equal(p.count, 1);
	assert_int_equal(p.heads[0].head.seq, 0);
	assert_error(h, "POST", "/v1/poll", session, bytes_str("{\"heads\":3}"), 422, "invalid");
}

struct poller {
	struct harness *h;
	unsigned status;
	struct answer answer;
	int fd;
};

static void *poll_main(void *arg)
{
	struct poller *p = arg;

	p->status = read_answer(p->fd, &p->answer) ? p->answer.status : 0;
	return NULL;
}

/* A poll that waits: asked on a connection of its own, its answer read by a thread. */
static pthread_t start_poll(struct poller *p)
{
	const char *body = "{\"heads\":[{\"id\":\"rg_1\",\"seq\":0,\"mark\":\"\"}],"
			   "\"timeoutMs\":55000}";
	struct buf out = BUF_INIT(65536);
	pthread_t thread;

	p->fd = harness_connect(p->h);
	append_head(&out, "POST", "/v1/poll", session, NULL, strlen(body));
	assert_ok(buf_append_str(&out, body));
	assert_true(send_all(p->fd, buf_bytes(&out)));
	buf_fini(&out);
	assert_int_equal(pthread_create(&thread, NULL, poll_main, p), 0);
	while (hub_waiting(p->h->server.hub) == 0)
		sched_yield();
	return thread;
}

static void test_poll_wakes(void **state)
{
	struct harness *h = *state;
	struct poller p = { .h = h };
	pthread_t thread = start_poll(&p);
	int64_t began_ms = clock_mono_ms();

	(void)push_one(h, session, "rg_1", "r1", WIRE_NO_VERSION, "A", 200);
	pthread_join(thread, NULL);
	assert_int_equal(p.status, 200);
	assert_non_null(memmem(p.answer.body.p, p.answer.body.n, "\"seq\":1,", 8));
	assert_true(clock_mono_ms() - began_ms < 5000);
	answer_fini(&p.answer);
	close(p.fd);
	/* A new group of the account wakes too. */
	p = (struct poller){ .h = h };
	(void)ask_json(h, "POST", "/auth/reset", session, none(), 200);
	harness_group(h, session, "rg_1");
	thread = start_poll(&p);
	harness_group(h, session, "rg_new");
	pthread_join(thread, NULL);
	assert_non_null(memmem(p.answer.body.p, p.answer.body.n, "rg_new", 6));
	answer_fini(&p.answer);
	close(p.fd);
}

/* Stopping answers polls, stores what was acknowledged, and starts again. */
static void test_stop(void **state)
{
	struct harness *h = *state;
	struct poller p = { .h = h };
	pthread_t thread;
	int64_t began_ms;

	thread = start_poll(&p);
	began_ms = clock_mono_ms();
	harness_close(h);
	pthread_join(thread, NULL);
	assert_int_equal(p.status, 200);
	assert_true(clock_mono_ms() - began_ms < 5000);
	answer_fini(&p.answer);
	close(p.fd);
	harness_open(h);
	(void)push_one(h, session, "rg_1", "r1", WIRE_NO_VERSION, "A", 200);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_sessions),	      TEST(test_wrong_passphrase),
		TEST(test_groups),	      TEST(test_other_account),
		TEST(test_push),	      TEST(test_push_whole),
		TEST(test_cursor),	      TEST(test_listing_and_fetch),
		TEST(test_poll_at_once),      TEST(test_poll_wakes),
		TEST(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
