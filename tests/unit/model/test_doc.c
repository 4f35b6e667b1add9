/* SPDX-License-Identifier: Apache-2.0 */
/* Documents and their files: known answers. */
#include "doc_testing.h"

static const char *parsed(const char *file, const struct doc_place *place, const struct json *old)
{
	struct json_error error;
	struct json *doc = NULL;

	assert_ok(doc_parse(arena, bytes_str(file), place, old, &doc, &error));
	return (const char *)written(doc).p;
}

static void heads_are_read(void **state)
{
	struct doc_head head;

	(void)state;
	assert_ok(doc_read_head(json_of("{\"name\":\"n\",\"_id\":\"r\",\"type\":\"Request\","
					"\"parentId\":\"f\",\"created\":1.0,\"modified\":2e3}"),
				&head));
	assert_int_equal(head.kind, KIND_REQUEST);
	assert_bytes_str(head.id, "r");
	assert_bytes_str(head.type, "Request");
	assert_bytes_str(head.parent_id, "f");
	assert_bytes_str(head.name, "n");
	assert_int_equal(head.created_ms, 1);
	assert_int_equal(head.modified_ms, 2000);

	assert_ok(doc_read_head(json_of("{\"_id\":\"s\",\"type\":\"ApiSpec\",\"fileName\":\"F\","
					"\"name\":\"n\",\"parentId\":null,\"created\":1.5}"),
				&head));
	assert_bytes_str(head.name, "F");
	assert_null(head.parent_id.p);
	assert_int_equal(head.created_ms, 0);
	assert_int_equal(head.modified_ms, 0);

	assert_ok(doc_read_head(json_of("{\"_id\":\"c\",\"type\":\"CaCertificate\","
					"\"name\":\"n\",\"parentId\":\"\"}"),
				&head));
	assert_int_equal(head.name.n, 0);
	assert_non_null(head.parent_id.p);
	assert_ok(doc_read_head(json_of("{\"_id\":\"c\",\"type\":\"New\",\"name\":7}"), &head));
	assert_int_equal(head.kind, KIND_OTHER);
	assert_int_equal(head.name.n, 0);
}

static void what_has_no_head_is_corrupt(void **state)
{
	static const char *const bad[] = { "[]", "1", "{}", "{\"_id\":\"a\"}", "{\"type\":\"Request\"}",
		"{\"_id\":\"\",\"type\":\"Request\"}", "{\"_id\":7,\"type\":\"Request\"}",
		"{\"_id\":\"a\",\"type\":null}", "{\"_id\":\"a\",\"type\":\"\"}",
		"{\"_id\":\"a\",\"type\":\"Request\",\"_id\":null}" };
	SCOPED(buf_fini) struct buf out = BUF_INIT(DOC_MAX);
	char text[400], id[DOC_ID_MAX + 2];
	struct doc_head head;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_status(doc_read_head(json_of(bad[i]), &head), WK_CORRUPT);
		assert_status(doc_render(arena, json_of(bad[i]), &out), WK_CORRUPT);
		assert_status(doc_set_place(arena, json_of(bad[i]), &new_request), WK_CORRUPT);
	}
	memset(id, 'i', sizeof id);
	id[DOC_ID_MAX + 1] = '\0';
	snprintf(text, sizeof text, "{\"_id\":\"%s\",\"type\":\"Request\"}", id);
	assert_status(doc_read_head(json_of(text), &head), WK_CORRUPT);
	id[DOC_ID_MAX] = '\0';
	snprintf(text, sizeof text, "{\"_id\":\"%s\",\"type\":\"Request\"}", id);
	assert_ok(doc_read_head(json_of(text), &head));
}

#define OLD                                                                             \
	"{\"url\":\"/t\",\"_id\":\"req_1\",\"type\":\"Request\",\"created\":1.0,"       \
	"\"name\":\"Plant\",\"body\":{\"text\":\"x\"},\"modified\":2e3,\"n\":1.50}"

static void a_file_holds_what_path_and_stat_do_not_say(void **state)
{
	(void)state;
	assert_bytes_str(rendered(json_of(OLD)), "{\n"
						 "  \"_id\": \"req_1\",\n"
						 "  \"url\": \"/t\",\n"
						 "  \"body\": {\n"
						 "    \"text\": \"x\"\n"
						 "  },\n"
						 "  \"n\": 1.50\n"
						 "}\n");
	assert_bytes_str(rendered(json_of("{\"_id\":\"c\",\"type\":\"ClientCertificate\","
					  "\"host\":\"h\",\"name\":\"n\",\"x\":1,\"x\":2}")),
			 "{\n  \"_id\": \"c\",\n  \"name\": \"n\",\n  \"x\": 1,\n  \"x\": 2\n}\n");
	assert_bytes_str(rendered(json_of("{\"_id\":\"c\",\"type\":\"CaCertificate\","
					  "\"name\":\"n\"}")),
			 "{\n  \"_id\": \"c\",\n  \"name\": \"n\"\n}\n");
	assert_bytes_str(rendered(json_of("{\"_id\":\"s\",\"type\":\"ApiSpec\","
					  "\"contents\":\"openapi: 3\\n\"}")),
			 "openapi: 3\n");
	assert_bytes_str(rendered(json_of("{\"_id\":\"p\",\"type\":\"ProtoFile\","
					  "\"protoText\":\"syntax\"}")),
			 "syntax");
	assert_bytes_str(rendered(json_of("{\"_id\":\"p\",\"type\":\"ProtoFile\"}")), "");
}

static void a_render_that_does_not_fit_adds_nothing(void **state)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(20);

	(void)state;
	assert_ok(buf_append_str(&out, "before"));
	assert_status(doc_render(arena, json_of(OLD), &out), WK_LIMIT);
	assert_bytes_str(buf_bytes(&out), "before");
}

static void an_unchanged_save_changes_nothing(void **state)
{
	const struct json *old = json_of(OLD);
	struct doc_place place = place_of(old);

	(void)state;
	assert_string_equal(parsed((const char *)rendered(old).p, &place, old),
			    (const char *)written(old).p);
	assert_string_equal(parsed("{\"url\":\"/t\",\"body\":{\"text\":\"x\"},\"n\":1.50}", &place,
				   old),
			    (const char *)written(old).p);
}

static void only_what_differs_changes(void **state)
{
	const struct json *old = json_of(OLD);
	struct doc_place place = place_of(old);

	(void)state;
	assert_string_equal(parsed("{\"_id\":\"other\",\"type\":\"X\",\"name\":\"X\","
				   "\"parentId\":\"X\",\"created\":9,\"modified\":9,"
				   "\"url\":\"/u\",\"z\":0,\"n\":1.50}",
				   &place, old),
			    "{\"url\":\"/u\",\"_id\":\"req_1\",\"type\":\"Request\","
			    "\"created\":1.0,\"name\":\"Plant\",\"modified\":2e3,\"z\":0,"
			    "\"n\":1.50}");
	place.name = bytes_str("Tree");
	place.parent_id = bytes_str("fld_2");
	place.modified_ms = 2001;
	place.created_ms = 7;
	place.id = bytes_str("req_2");
	assert_string_equal(parsed("{}", &place, old),
			    "{\"_id\":\"req_2\",\"type\":\"Request\",\"created\":7,"
			    "\"name\":\"Tree\",\"modified\":2001,\"parentId\":\"fld_2\"}");
	place.name = bytes_of(NULL, 0);
	place.parent_id = bytes_of(NULL, 0);
	assert_string_equal(parsed("{}", &place, old),
			    "{\"_id\":\"req_2\",\"type\":\"Request\",\"created\":7,"
			    "\"name\":\"Plant\",\"modified\":2001}");
}

static void missing_and_null_parents_stay_what_they_are(void **state)
{
	static const char *const docs[] = {
		"{\"_id\":\"w\",\"type\":\"Workspace\",\"parentId\":null}",
		"{\"_id\":\"w\",\"type\":\"Workspace\"}",
		"{\"_id\":\"w\",\"type\":\"Workspace\",\"parentId\":\"\"}",
		"{\"_id\":\"w\",\"type\":\"Workspace\",\"parentId\":5,\"name\":null}",
		"{\"_id\":\"w\",\"name\":7,\"type\":\"Workspace\",\"created\":\"x\"}",
	};
	struct doc_place place = { .kind = KIND_WORKSPACE, .id = bytes_str("w") };

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		place.name = bytes_of(NULL, 0);
		assert_string_equal(parsed("{}", &place, json_of(docs[i])), docs[i]);
		place.name = bytes_str("");
		assert_string_equal(parsed("{}", &place, json_of(docs[i])), docs[i]);
	}
	place.parent_id = bytes_str("p");
	assert_string_equal(parsed("{}", &place, json_of(docs[0])),
			    "{\"_id\":\"w\",\"type\":\"Workspace\",\"parentId\":\"p\"}");
	place.parent_id = bytes_of(NULL, 0);
	assert_string_equal(parsed("{}", &place,
				   json_of("{\"_id\":\"w\",\"type\":\"Workspace\","
					   "\"parentId\":\"p\"}")),
			    docs[0]);
}

static void a_new_file_becomes_a_document(void **state)
{
	struct doc_place place = new_request;

	(void)state;
	assert_string_equal(parsed("{\"_id\":\"x\",\"url\":\"/t\",\"name\":\"no\",\"b\":[1,{}]}",
				   &place, NULL),
			    "{\"_id\":\"req_1\",\"type\":\"Request\",\"parentId\":\"fld_1\","
			    "\"modified\":6,\"created\":5,\"name\":\"Plant\",\"url\":\"/t\","
			    "\"b\":[1,{}]}");
	place.kind = KIND_OTHER;
	place.type = bytes_str("Future");
	place.parent_id = bytes_of(NULL, 0);
	assert_string_equal(parsed("{}", &place, NULL),
			    "{\"_id\":\"req_1\",\"type\":\"Future\",\"parentId\":null,"
			    "\"modified\":6,\"created\":5,\"name\":\"Plant\"}");
	place.kind = KIND_CA;
	assert_string_equal(parsed("{\"name\":1}", &place, NULL),
			    "{\"_id\":\"req_1\",\"type\":\"CaCertificate\",\"parentId\":null,"
			    "\"modified\":6,\"created\":5,\"name\":1}");
}

static void another_kind_is_another_document(void **state)
{
	struct doc_place place = new_request;

	(void)state;
	place.kind = KIND_ENVIRONMENT;
	place.name = bytes_of(NULL, 0);
	assert_string_equal(parsed("{\"data\":{}}", &place, json_of(OLD)),
			    "{\"_id\":\"req_1\",\"type\":\"Environment\",\"parentId\":\"fld_1\","
			    "\"modified\":6,\"created\":5,\"name\":\"Plant\",\"data\":{}}");
}

#define SPEC                                                                            \
	"{\"_id\":\"s\",\"type\":\"ApiSpec\",\"fileName\":\"F\",\"contents\":\"a: 1\\n\",\"x\":1}"
#define EMPTY_SPEC "{\"_id\":\"s\",\"type\":\"ApiSpec\",\"fileName\":\"F\",\"x\":1}"
#define NULL_SPEC "{\"_id\":\"s\",\"contents\":null,\"type\":\"ApiSpec\"}"
#define HALF_SPEC "{\"_id\":\"s\",\"contents\":\"\\ud800\",\"type\":\"ApiSpec\"}"

static void text_kinds_keep_their_other_members(void **state)
{
	struct doc_place place = place_of(json_of(SPEC));

	(void)state;
	assert_string_equal(parsed("a: 1\n", &place, json_of(SPEC)), SPEC);
	assert_string_equal(parsed("{\"a\":2}", &place, json_of(SPEC)),
			    "{\"_id\":\"s\",\"type\":\"ApiSpec\",\"fileName\":\"F\","
			    "\"contents\":\"{\\\"a\\\":2}\",\"x\":1}");
	assert_string_equal(parsed("", &place, json_of(EMPTY_SPEC)), EMPTY_SPEC);
	assert_string_equal(parsed("b", &place, json_of(EMPTY_SPEC)),
			    "{\"_id\":\"s\",\"type\":\"ApiSpec\",\"fileName\":\"F\",\"x\":1,"
			    "\"contents\":\"b\"}");
	place.name = bytes_of(NULL, 0);
	assert_string_equal(parsed("", &place, json_of(NULL_SPEC)), NULL_SPEC);
	assert_string_equal(parsed("\xed\xa0\x80", &place, json_of(HALF_SPEC)), HALF_SPEC);
	place = new_request;
	place.kind = KIND_PROTO;
	assert_string_equal(parsed("syntax", &place, NULL),
			    "{\"_id\":\"req_1\",\"type\":\"ProtoFile\",\"parentId\":\"fld_1\","
			    "\"modified\":6,\"created\":5,\"name\":\"Plant\","
			    "\"protoText\":\"syntax\"}");
}

static void what_is_no_document_says_where(void **state)
{
	static const struct {
		enum kind k;
		const char *file;
		unsigned line, column;
		const char *reason;
	} bad[] = {
		{ KIND_REQUEST, "[1]", 1, 1, "a document is a JSON object in { }" },
		{ KIND_REQUEST, "\n\n  true", 3, 3, "a document is a JSON object in { }" },
		{ KIND_REQUEST, "{\n\"a\":1 \"b\":2}", 2, 7, NULL },
		{ KIND_REQUEST, "", 1, 1, NULL },
		{ KIND_SPEC, "a\n\xc3\xa9\xff", 2, 2, "the text is not UTF-8" },
		{ KIND_SPEC, "\xed\xa0\x80", 1, 1, "the text is not UTF-8" },
		{ KIND_PROTO, "ab\xc3", 1, 3, "the text is not UTF-8" },
	};
	struct json *doc = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct json_error error = { .line = 99 };
		struct doc_place place = new_request;

		place.kind = bad[i].k;
		assert_status(doc_parse(arena, bytes_str(bad[i].file), &place, NULL, &doc, &error),
			      WK_INVALID);
		assert_int_equal(error.line, bad[i].line);
		assert_int_equal(error.column, bad[i].column);
		if (bad[i].reason)
			assert_string_equal(error.reason, bad[i].reason);
		assert_status(doc_parse(arena, bytes_str(bad[i].file), &place, NULL, &doc, NULL),
			      WK_INVALID);
		assert_null(doc);
	}
}

static void limits_are_limits(void **state)
{
	SCOPED(scoped_free) char *big = malloc(DOC_MAX + 1);
	struct doc_place place = new_request;
	struct json_error error;
	struct json *doc = NULL;
	char id[DOC_ID_MAX + 1];

	(void)state;
	assert_non_null(big);
	memset(big, ' ', DOC_MAX + 1);
	memcpy(big, "{}", 2);
	assert_status(doc_parse(arena, bytes_of(big, DOC_MAX + 1), &place, NULL, &doc, &error),
		      WK_LIMIT);
	assert_int_equal(error.line, 1);
	assert_status(doc_text_id(arena, bytes_of(big, DOC_MAX + 1), id), WK_LIMIT);
	assert_ok(doc_parse(arena, bytes_of(big, DOC_MAX), &place, NULL, &doc, &error));
	memset(big, '[', 200);
	assert_status(doc_parse(arena, bytes_of(big, 200), &place, NULL, &doc, &error), WK_LIMIT);
}

static void a_text_carries_an_id_or_none(void **state)
{
	char id[DOC_ID_MAX + 1] = "kept", text[400];

	(void)state;
	assert_status(doc_text_id(arena, bytes_str("openapi: 3"), id), WK_INVALID);
	assert_string_equal(id, "kept");
	assert_ok(doc_text_id(arena, bytes_str("{\"a\":1,\"_id\":\"req_1\"}"), id));
	assert_string_equal(id, "req_1");
	assert_ok(doc_text_id(arena, bytes_str("{\"_id\":7}"), id));
	assert_string_equal(id, "");
	assert_ok(doc_text_id(arena, bytes_str("[\"_id\"]"), id));
	assert_string_equal(id, "");
	assert_ok(doc_text_id(arena, bytes_str("{\"_id\":\"a\\u0000b\"}"), id));
	assert_string_equal(id, "");
	snprintf(text, sizeof text, "{\"_id\":\"%0129d\"}", 1);
	assert_ok(doc_text_id(arena, bytes_str(text), id));
	assert_string_equal(id, "");
	snprintf(text, sizeof text, "{\"_id\":\"%0128d\"}", 1);
	assert_ok(doc_text_id(arena, bytes_str(text), id));
	assert_int_equal(strlen(id), DOC_ID_MAX);
}

static void moves_keep_the_order(void **state)
{
	struct json *doc = json_of(OLD);
	struct doc_place place = new_request;

	(void)state;
	place.name = bytes_str("Two");
	assert_ok(doc_set_place(arena, doc, &place));
	assert_string_equal((const char *)written(doc).p,
			    "{\"url\":\"/t\",\"_id\":\"req_1\",\"type\":\"Request\",\"created\":1.0,"
			    "\"name\":\"Two\",\"body\":{\"text\":\"x\"},\"modified\":6,\"n\":1.50,"
			    "\"parentId\":\"fld_1\"}");
	place = place_of(json_of(OLD));
	doc = json_of(OLD);
	assert_ok(doc_set_place(arena, doc, &place));
	assert_string_equal((const char *)written(doc).p, OLD);
}

/* Hostile: nothing takes quadratic time. */
static void many_members_take_no_time(void **state)
{
	struct json *old = json_of("{\"_id\":\"r\",\"type\":\"Request\"}"), *got = NULL;
	SCOPED(arena_free_scoped) struct arena *room = arena_new(1u << 30);
	const struct json value = { .type = JSON_NULL };
	struct doc_place place = place_of(old);
	struct json_error error;
	char key[16];

	(void)state;
	assert_non_null(room);
	for (int i = 0; i < 200000; i++) {
		snprintf(key, sizeof key, "k%d", i);
		assert_ok(json_append_member(room, old, arena_copy(room, bytes_str(key)), &value));
		assert_ok(json_append_member(room, old, bytes_str("name"), &value));
	}
	assert_ok(doc_parse(room, bytes_str("{}"), &place, old, &got, &error));
	assert_int_equal(got->count, 2 + 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_read),
		cmocka_unit_test(what_has_no_head_is_corrupt),
		cmocka_unit_test(a_file_holds_what_path_and_stat_do_not_say),
		cmocka_unit_test(a_render_that_does_not_fit_adds_nothing),
		cmocka_unit_test(an_unchanged_save_changes_nothing),
		cmocka_unit_test(only_what_differs_changes),
		cmocka_unit_test(missing_and_null_parents_stay_what_they_are),
		cmocka_unit_test(a_new_file_becomes_a_document),
		cmocka_unit_test(another_kind_is_another_document),
		cmocka_unit_test(text_kinds_keep_their_other_members),
		cmocka_unit_test(what_is_no_document_says_where),
		cmocka_unit_test(limits_are_limits),
		cmocka_unit_test(a_text_carries_an_id_or_none),
		cmocka_unit_test(moves_keep_the_order),
		cmocka_unit_test(many_members_take_no_time),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
