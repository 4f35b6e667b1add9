/* SPDX-License-Identifier: Apache-2.0 */
/* New documents: what the model gives them, and which files are none. */
#include "doc_testing.h"

static void a_stranger_has_no_own_field(void **state)
{
	const struct json *package = json_of("{\"name\":\"x\",\"version\":\"1\",\"description\":\"\","
					     "\"main\":\"i.js\",\"_id\":\"x\",\"type\":\"module\"}");

	(void)state;
	assert_false(doc_has_own_field(package, KIND_REQUEST));
	assert_true(doc_has_own_field(package, KIND_FOLDER));
	assert_false(doc_has_own_field(package, KIND_ENVIRONMENT));
	assert_true(doc_has_own_field(package, KIND_OTHER));
	assert_true(doc_has_own_field(json_of("{\"x\":1,\"method\":\"GET\"}"), KIND_REQUEST));
	assert_true(doc_has_own_field(json_of("{}"), KIND_SUITE));
	assert_true(doc_has_own_field(json_of("{}"), KIND_PROTO_DIR));
	assert_true(doc_has_own_field(NULL, KIND_SPEC));
	assert_false(doc_has_own_field(json_of("[\"url\"]"), KIND_REQUEST));
	assert_false(doc_has_own_field(json_of("{}"), KIND_REQUEST));
}

static void new_documents_have_the_models_defaults(void **state)
{
	struct doc_place place = new_request;
	struct json *doc = NULL;
	struct doc_head head;

	(void)state;
	assert_ok(doc_new(arena, &place, &doc));
	assert_string_equal(
		(const char *)written(doc).p,
		"{\"_id\":\"req_1\",\"type\":\"Request\",\"parentId\":\"fld_1\",\"modified\":6,"
		"\"created\":5,\"url\":\"\",\"name\":\"Plant\",\"description\":\"\","
		"\"method\":\"GET\",\"body\":{},\"parameters\":[],\"headers\":[],"
		"\"authentication\":{},\"metaSortKey\":-5,\"isPrivate\":false,"
		"\"settingStoreCookies\":true,\"settingSendCookies\":true,"
		"\"settingDisableRenderRequestBody\":false,\"settingEncodeUrl\":true,"
		"\"settingRebuildPath\":true,\"settingFollowRedirects\":\"global\"}");
	place.kind = KIND_ENVIRONMENT;
	place.name = bytes_of(NULL, 0);
	place.parent_id = bytes_of(NULL, 0);
	assert_ok(doc_new(arena, &place, &doc));
	assert_string_equal((const char *)written(doc).p,
			    "{\"_id\":\"req_1\",\"type\":\"Environment\",\"parentId\":null,"
			    "\"modified\":6,\"created\":5,\"name\":\"New Environment\","
			    "\"data\":{},\"dataPropertyOrder\":null,\"color\":null,"
			    "\"isPrivate\":false,\"metaSortKey\":5}");
	place.created_ms = INT64_MIN;
	place.type = bytes_str("Future");
	for (int k = 0; k < KIND_COUNT; k++) {
		place.kind = (enum kind)k;
		place.name = bytes_str("/N");
		assert_ok(doc_new(arena, &place, &doc));
		assert_ok(doc_read_head(doc, &head));
		assert_int_equal(head.kind, k);
		assert_bytes_str(head.name, k == KIND_CA ? "" : "/N");
		assert_true(doc_has_own_field(doc, (enum kind)k));
		if (k == KIND_REQUEST)
			assert_bytes_str(json_get(doc, "metaSortKey")->text,
					 "9223372036854775807");
		for (uint32_t i = 5; i < doc->count; i++)
			assert_true(kind_has_field((enum kind)k, doc->members[i].key) ||
				    bytes_equal_str(doc->members[i].key,
						    kind_info((enum kind)k)->name_key));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stranger_has_no_own_field),
		cmocka_unit_test(new_documents_have_the_models_defaults),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
