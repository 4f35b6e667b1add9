/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told: counts, problems, and what stands behind a path. */
#include "docs_testing.h"

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	world_init(w);
	world_workspace(w);
	world_request(w, "req_a", "wrk_1", "A", "x");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_fini(*state);
	free(*state);
	return 0;
}

static struct json *told(struct world *w, const char *path)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 20);
	struct json *json = NULL;

	if (path == NULL)
		assert_ok(status_write(w->store, &text));
	else
		assert_ok(status_write_path(w->store, bytes_str(path), &text));
	assert_ok(json_parse(w->arena, buf_bytes(&text), &json, NULL));
	return json;
}

static int64_t number(const struct json *v, const char *key)
{
	int64_t n = -1;

	assert_true(json_get_int64(v, key, &n));
	return n;
}

static void counts(void **state)
{
	struct world *w = *state;
	struct json *all = told(w, NULL), *group;

	assert_int_equal(json_get(all, "account")->type, JSON_NULL);
	assert_int_equal(json_get(all, "problems")->count, 0);
	assert_int_equal(json_get(all, "groups")->count, 1);
	assert_ok(store_setting_put(w->store, SETTING_EMAIL, bytes_str("ann@example.com")));
	assert_ok(store_setting_put(w->store, SETTING_SERVER_URL, bytes_str("http://x")));
	user_write(w, "Pet Store/A.json", "{\"url\":\"new\"}");
	user_write(w, "Pet Store/Bad.json", "{\"url\" 1}");
	settle_all(w);
	world_request(w, "req_u", "nobody", "U", "x");
	all = told(w, NULL);
	assert_bytes_str(json_get_str(all, "account"), "ann@example.com");
	assert_bytes_str(json_get_str(all, "server"), "http://x");
	group = &json_get(all, "groups")->items[0];
	assert_bytes_str(json_get_str(group, "id"), "rg_test");
	assert_bytes_str(json_get_str(group, "name"), "Pet Store");
	assert_int_equal(number(group, "documents"), 3);
	assert_int_equal(number(group, "pending"), 1);
	assert_int_equal(number(group, "invalid"), 0);
	assert_int_equal(json_get(all, "problems")->count, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct json *p = &json_get(all, "problems")->items[i];
		bool stray = bytes_equal_str(json_get_str(p, "state"), "local");

		assert_bytes_str(json_get_str(p, "path"),
				 stray ? "Pet Store/Bad.json" : "Pet Store/Unplaced/U.json");
		assert_true(json_get_str(p, "reason").n > 10);
		assert_bytes_str(json_get_str(p, "state"), stray ? "local" : "unplaced");
	}
}

static void the_exchange(void **state)
{
	struct world *w = *state;
	struct status_sync *sync = status_sync(w->store);
	const struct json *s;
	bool online = false;

	sync->online = true;
	sync->last_contact_ms = 1000;
	(void)snprintf(sync->problem, sizeof sync->problem, "the server \"x\" was not reached");
	s = json_get(told(w, NULL), "sync");
	assert_true(json_get_bool(s, "online", &online) && online);
	assert_bytes_str(json_get_str(s, "lastContact"), "1970-01-01T00:00:01.000Z");
	assert_int_equal(json_get(s, "nextTry")->type, JSON_NULL);
	assert_bytes_str(json_get_str(s, "problem"), "the server \"x\" was not reached");
}

static void behind_a_path(void **state)
{
	struct world *w = *state;
	SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
	struct json *v = told(w, "Pet Store/A.json");

	assert_bytes_str(json_get_str(v, "path"), "Pet Store/A.json");
	assert_bytes_str(json_get_str(v, "id"), "req_a");
	assert_bytes_str(json_get_str(v, "type"), "Request");
	assert_bytes_str(json_get_str(v, "state"), "clean");
	assert_bytes_str(json_get_str(v, "version"), "v2");
	assert_bytes_str(json_get_str(v, "author"), "acct_other");
	assert_bytes_str(json_get_str(v, "modified"), "1970-01-01T00:00:02.000Z");
	assert_int_equal(json_get(v, "error")->type, JSON_NULL);
	user_write(w, "Pet Store/A.json", "{");
	settle_all(w);
	v = told(w, "Pet Store/A.json");
	assert_bytes_str(json_get_str(v, "state"), "invalid");
	assert_true(json_get_str(v, "error").n > 0);
	user_write(w, "Pet Store/notes.txt", "x");
	v = told(w, "Pet Store/notes.txt");
	assert_bytes_str(json_get_str(v, "state"), "local");
	assert_bytes_str(json_get_str(told(w, "Pet Store"), "id"), "wrk_1");
	assert_status(status_write_path(w->store, bytes_str("Pet Store/none"), &out),
		      WK_NOT_FOUND);
	assert_int_equal(out.n, 0);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static void observers(void **state)
{
	struct world *w = *state;
	int n = 0;

	status_on_change(w->store, count, &n);
	status_changed(w->store);
	assert_int_equal(n, 1);
	world_request(w, "req_b", "wrk_1", "B", "x");
	assert_true(n > 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(counts), T(the_exchange), T(behind_a_path), T(observers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
