/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of stock apps, letter by letter, with the known answers of the reference client. */
#include "harness.h"

#include "base/clock.h"

#define APP "X-Insomnia-Client: production::linux::5.16.6\r\n"

static char session[65];
static char group_id[64];

static int setup(void **state)
{
	static struct harness h;
	struct json *v;

	harness_start(&h);
	harness_session(&h, "ann@example.com", session);
	v = ask_json(&h, "POST", "/api/resource_groups", session,
		     bytes_str("{\"parentResourceId\":\"wrk_1\",\"name\":\"Orchard\","
			       "\"encSymmetricKey\":\"ab\"}"), 200);
	snprintf(group_id, sizeof group_id, "%s", text_at(&h, v, "id"));
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	harness_stop(*state);
	return 0;
}

/* Asks as an app does; the answer must be JSON of exactly the right type. */
static struct json *app(struct harness *h, const char *path, struct bytes body)
{
	struct answer a;
	struct json *v = NULL;
	unsigned status = ask(h, "POST", path, session, APP, body, &a);

	if (status != 200)
		fail_msg("%s: %u %.*s", path, status, (int)a.body.n, (const char *)a.body.p);
	assert_bytes_str(answer_header(&a, "Content-Type"), "application/json");
	assert_ok(json_parse(h->arena, buf_bytes(&a.body), &v, NULL));
	answer_fini(&a);
	return v;
}

struct record {
	const char *id, *version;
	bool removed;
	int64_t edited_ms;
	const char *type;
	const char *group;
};

static void append_record(struct buf *out, struct record rec)
{
	struct buf content = BUF_INIT(65536);

	make_envelope(&content, 20, "");
	assert_ok(buf_printf(out, "%s{\"_id\":\"rs_1\",\"dirty\":true,\"id\":\"%s\",\"name\":\"n\","
			     "\"resourceGroupId\":\"%s\",\"version\":\"%s\",\"createdBy\":\"x\","
			     "\"lastEditedBy\":\"y\",\"lastEdited\":%lld,\"removed\":%s,"
			     "\"type\":\"%s\",\"encContent\":",
			     out->n > 1 ? "," : "", rec.id, rec.group ? rec.group : group_id,
			     rec.version ? rec.version : WIRE_NO_VERSION,
			     (long long)rec.edited_ms, rec.removed ? "true" : "false",
			     rec.type ? rec.type : "Request"));
	assert_ok(json_write_string(buf_bytes(&content), out));
	assert_ok(buf_append_char(out, '}'));
	buf_fini(&content);
}

static struct json *push(struct harness *h, struct record rec)
{
	struct buf body = BUF_INIT(65536);
	struct json *v;

	assert_ok(buf_append_char(&body, '['));
	append_record(&body, rec);
	assert_ok(buf_append_char(&body, ']'));
	v = app(h, "/sync/push", buf_bytes(&body));
	buf_fini(&body);
	assert_int_equal(v->count, 4);
	return v;
}

static const char *version_in(struct harness *h, const struct json *v, const char *part)
{
	assert_int_equal(at(v, part)->count, 1);
	return text_at(h, &at(v, part)->items[0], "version");
}

/* How many there are in each part of a pull's answer. */
static void assert_pull(struct harness *h, const char *resources, const char *blacklist,
			unsigned created, unsigned updated, unsigned to_push, unsigned to_remove)
{
	struct buf body = BUF_INIT(65536);
	struct json *v;

	assert_ok(buf_printf(&body, "{\"resources\":[%s],\"blacklist\":[%s]}", resources, blacklist));
	v = app(h, "/sync/pull", buf_bytes(&body));
	buf_fini(&body);
	assert_int_equal(v->count, 4);
	assert_int_equal(at(v, "createdResources")->count, created);
	assert_int_equal(at(v, "updatedResources")->count, updated);
	assert_int_equal(at(v, "idsToPush")->count, to_push);
	assert_int_equal(at(v, "idsToRemove")->count, to_remove);
}

static const char *held(const char *id, const char *version, bool removed)
{
	static char text[400];

	snprintf(text, sizeof text, "{\"id\":\"%s\",\"resourceGroupId\":\"%s\",\"version\":\"%s\","
		 "\"removed\":%s}", id, group_id, version, removed ? "true" : "false");
	return text;
}

/* Each row of the pull's table. */
static void test_pull_table(void **state)
{
	struct harness *h = *state;
	const char *v1, *v2, *dead;
	char group[80];

	v1 = version_in(h, push(h, (struct record){ .id = "a" }), "created");
	v2 = version_in(h, push(h, (struct record){ .id = "a", .version = v1 }), "updated");
	dead = version_in(h, push(h, (struct record){ .id = "d" }), "created");
	(void)version_in(h, push(h, (struct record){ .id = "d", .version = dead, .removed = true }),
			 "removed");
	assert_pull(h, "", "", 1, 0, 0, 0);			/* absent: live, removed */
	assert_pull(h, held("a", v2, false), "", 0, 0, 0, 0);	/* the same version */
	assert_pull(h, held("a", v1, false), "", 0, 1, 0, 0);	/* another version */
	assert_pull(h, held("a", v1, true), "", 0, 1, 0, 0);	/* undeleted */
	assert_pull(h, held("d", dead, false), "", 1, 0, 0, 1);
	assert_pull(h, held("d", dead, true), "", 1, 0, 0, 0);
	assert_pull(h, held("a", WIRE_NO_VERSION, false), "", 0, 0, 0, 0);
	assert_pull(h, held("lost", v1, false), "", 1, 0, 1, 0);
	snprintf(group, sizeof group, "\"%s\"", group_id);
	assert_pull(h, "", group, 0, 0, 0, 0);
	assert_pull(h, held("lost", v1, false), group, 0, 0, 0, 0);
	assert_pull(h, "{\"id\":\"x\",\"resourceGroupId\":\"rg_other\",\"version\":\"v\"}", "", 1, 0,
		    0, 0);
}

static void test_push_table(void **state)
{
	struct harness *h = *state;
	const char *v1;
	struct json *v;

	v1 = version_in(h, push(h, (struct record){ .id = "a", .edited_ms = 50 }), "created");
	(void)version_in(h, push(h, (struct record){ .id = "gone", .removed = true }), "removed");
	v = push(h, (struct record){ .id = "a", .edited_ms = 60 });
	assert_int_equal(at(v, "conflicts")->count, 1);
	v = at(v, "conflicts/0");
	assert_int_equal(v->count, 10);	/* neither _id nor dirty, and nothing of /v1 */
	assert_null(json_get(v, "_id"));
	assert_null(json_get(v, "dirty"));
	assert_bytes_str(at(v, "version")->text, v1);
	assert_bytes_str(at(v, "createdBy")->text, "act_ann@example.com");
	assert_bytes_str(at(v, "lastEditedBy")->text, "act_ann@example.com");
	/* Without access: as if it had not been sent. */
	v = push(h, (struct record){ .id = "a", .group = "rg_other" });
	for (int i = 0; i < 4; i++)
		assert_int_equal(v->members[i].value.count, 0);
}

/* A deletion that loses: the app forgets the document, and its next pull brings it back. */
static void test_revived(void **state)
{
	struct harness *h = *state;
	const char *v1, *v2;
	struct json *v;

	v1 = version_in(h, push(h, (struct record){ .id = "a", .edited_ms = 50 }), "created");
	v2 = version_in(h, push(h, (struct record){ .id = "a", .version = v1, .edited_ms = 90 }),
			"updated");
	v = push(h, (struct record){ .id = "a", .version = v1, .removed = true, .edited_ms = 70 });
	assert_bytes_str(at(v, "conflicts/0/version")->text, v2);
	assert_pull(h, held("a", v2, true), "", 0, 1, 0, 0);
	/* A later deletion wins: nothing to revive, its second push passes. */
	v1 = version_in(h, push(h, (struct record){ .id = "b", .edited_ms = 50 }), "created");
	v2 = version_in(h, push(h, (struct record){ .id = "b", .version = v1, .edited_ms = 60 }),
			"updated");
	(void)push(h, (struct record){ .id = "b", .version = v1, .removed = true, .edited_ms = 70 });
	(void)version_in(h, push(h, (struct record){ .id = "b", .version = v2, .removed = true,
						  .edited_ms = 70 }), "removed");
}

static void test_clamped(void **state)
{
	struct harness *h = *state;
	int64_t now_ms = clock_wall_ms(), day_ms = (int64_t)86400 * 1000, edited_ms;
	struct json *v;

	(void)push(h, (struct record){ .id = "a", .edited_ms = now_ms + 100 * day_ms });
	v = app(h, "/sync/pull", bytes_str("{\"resources\":[],\"blacklist\":[]}"));
	assert_true(json_get_int64(at(v, "createdResources/0"), "lastEdited", &edited_ms));
	assert_true(edited_ms <= clock_wall_ms() + day_ms);
	assert_true(edited_ms >= now_ms + day_ms);
}

static void test_unknown_types(void **state)
{
	struct harness *h = *state;
	struct answer a;

	(void)push(h, (struct record){ .id = "u", .type = "Surprise" });
	assert_pull(h, "", "", 0, 0, 0, 0);
	assert_int_equal(ask(h, "POST", "/sync/pull", session, NULL,
			     bytes_str("{\"resources\":[],\"blacklist\":[]}"), &a), 200);
	assert_non_null(memmem(a.body.p, a.body.n, "Surprise", 8));
	answer_fini(&a);
}

static void assert_text(struct harness *h, const char *method, const char *path, unsigned status,
			const char *text)
{
	struct answer a;

	assert_int_equal(ask(h, method, path, session, APP, none(), &a), status);
	assert_bytes_str(buf_bytes(&a.body), text);
	answer_fini(&a);
}

static void test_small_calls(void **state)
{
	struct harness *h = *state;
	char path[200];
	struct answer a;

	assert_text(h, "GET", "/notification", 200, "null");
	assert_text(h, "POST", "/notification", 200, "null");
	assert_text(h, "GET", "/api/teams", 200, "[]");
	assert_text(h, "PUT", "/api/billing/end-trial", 200, "{}");
	snprintf(path, sizeof path, "/api/resource_groups/%s/share-a", group_id);
	assert_text(h, "POST", path, 403, "Workspaces cannot be shared on this server.");
	assert_text(h, "GET", "/api/resource_groups/rg_none", 404,
		    "There is no such thing here for this account.");
	assert_int_equal(ask(h, "OPTIONS", "/sync/push", NULL, NULL, none(), &a), 204);
	assert_non_null(answer_header(&a, "Access-Control-Allow-Headers").p);
	answer_fini(&a);
	snprintf(path, sizeof path, "/api/resource_groups/%s", group_id);
	assert_int_equal(ask(h, "GET", path, session, APP, none(), &a), 200);
	assert_bytes_str(answer_header(&a, "Content-Type"), "application/json");
	assert_null(memmem(a.body.p, a.body.n, "head", 4));
	answer_fini(&a);
	assert_text(h, "POST", "/auth/logout", 200, "{}");
	assert_text(h, "GET", "/auth/whoami", 401, "Please log in again.");
}

static void test_fix_dupes(void **state)
{
	struct harness *h = *state;
	struct buf body = BUF_INIT(4096);
	struct json *v;
	char second[64];

	(void)push(h, (struct record){ .id = "a" });
	v = ask_json(h, "POST", "/api/resource_groups", session,
		     bytes_str("{\"parentResourceId\":\"wrk_1\",\"name\":\"Orchard\","
			       "\"encSymmetricKey\":\"cd\"}"), 200);
	snprintf(second, sizeof second, "%s", text_at(h, v, "id"));
	assert_ok(buf_printf(&body, "{\"ids\":[\"%s\",\"%s\"]}", second, group_id));
	/* It holds something that the older one has not: both stay. */
	(void)push(h, (struct record){ .id = "only-here", .group = second });
	v = app(h, "/sync/fix-dupes", buf_bytes(&body));
	assert_int_equal(at(v, "deleteResourceGroupIds")->count, 0);
	(void)push(h, (struct record){ .id = "only-here" });
	v = app(h, "/sync/fix-dupes", buf_bytes(&body));
	assert_int_equal(at(v, "deleteResourceGroupIds")->count, 1);
	assert_bytes_str(at(v, "deleteResourceGroupIds/0")->text, second);
	assert_pull(h, "", "", 2, 0, 0, 0);
	buf_fini(&body);
}

/* Many records in one body, more than a batch: all are stored, all are answered. */
static void test_long_push(void **state)
{
	enum { N = 2500 };
	struct harness *h = *state;
	struct buf body = BUF_INIT((size_t)64 << 20);
	char id[20];
	struct json *v;

	assert_ok(buf_append_char(&body, '['));
	for (int i = 0; i < N; i++) {
		snprintf(id, sizeof id, "r%d", i);
		append_record(&body, (struct record){ .id = id });
	}
	assert_ok(buf_append_char(&body, ']'));
	v = app(h, "/sync/push", buf_bytes(&body));
	assert_int_equal(at(v, "created")->count, N);
	v = app(h, "/sync/push", buf_bytes(&body));	/* the answer was lost: nothing new */
	assert_int_equal(at(v, "created")->count, N);
	assert_pull(h, "", "", N, 0, 0, 0);
	buf_fini(&body);
}

/* --- with the vectors --- */

/* The body of a vector, with the id of the group that this server made. */
static struct bytes body_of(struct harness *h, const struct json *v, const char *old_id)
{
	struct buf text = BUF_INIT((size_t)16 << 20), out = BUF_INIT((size_t)16 << 20);
	struct bytes made;
	size_t from = 0, n = strlen(old_id);

	assert_ok(json_write(v, &text));
	for (uint8_t *hit; (hit = memmem(text.p + from, text.n - from, old_id, n));) {
		assert_ok(buf_append(&out, text.p + from, (size_t)(hit - text.p) - from));
		assert_ok(buf_append_str(&out, group_id));
		from = (size_t)(hit - text.p) + n;
	}
	assert_ok(buf_append(&out, text.p + from, text.n - from));
	made = arena_copy(h->arena, buf_bytes(&out));
	buf_fini(&text);
	buf_fini(&out);
	return made;
}

static const struct json *find_id(const struct json *array, struct bytes id)
{
	for (uint32_t i = 0; i < array->count; i++)
		if (bytes_equal(at(&array->items[i], "id")->text, id))
			return &array->items[i];
	fail();
	return NULL;
}

/* What was pushed comes back as the vectors say, but for what the server sets. */
static void check_pulled(struct harness *h, const struct json *want, const struct json *created,
			 const struct json *got)
{
	static const char *const set_here[] = { "createdBy", "lastEditedBy", "version" };

	assert_int_equal(got->count, want->count);
	for (uint32_t i = 0; i < want->count; i++) {
		struct json *g = json_copy(h->arena, &got->items[i]);
		struct json *w = json_copy(h->arena, &want->items[i]);

		assert_true(bytes_equal(at(g, "version")->text,
					at(find_id(created, at(g, "id")->text), "version")->text));
		for (size_t k = 0; k < ARRAY_LEN(set_here); k++) {
			json_remove(g, set_here[k]);
			json_remove(w, set_here[k]);
		}
		assert_true(json_equal(g, w));
	}
}

static void test_vectors(void **state)
{
	struct harness *h = *state;
	struct json *v = read_vectors(h, "group.json"), *pushed, *pulled, *want = NULL;
	const char *old_id;

	old_id = text_at(h, v, "group/id");
	pushed = app(h, "/sync/push", body_of(h, at(v, "push/request"), old_id));
	assert_int_equal(at(pushed, "created")->count, at(v, "push/request")->count);
	assert_int_equal(at(pushed, "conflicts")->count, 0);
	pulled = app(h, "/sync/pull", body_of(h, at(v, "pullByFreshClient/request"), old_id));
	assert_ok(json_parse(h->arena, body_of(h, at(v, "pullByFreshClient/response"), old_id),
			     &want, NULL));
	assert_int_equal(pulled->count, want->count);
	check_pulled(h, at(want, "createdResources"), at(pushed, "created"),
		     at(pulled, "createdResources"));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_pull_table),	  TEST(test_push_table), TEST(test_revived),
		TEST(test_clamped),	  TEST(test_unknown_types), TEST(test_small_calls),
		TEST(test_fix_dupes),	  TEST(test_long_push),	 TEST(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
