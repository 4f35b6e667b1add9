/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds. */
#include "testing.h"

#include "model/kind.h"

static void types_are_found_and_distinct(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_OTHER; k++) {
		const struct kind_info *info = kind_info((enum kind)k);

		assert_int_equal(kind_of_type(bytes_str(info->type)), k);
		assert_non_null(info->id_prefix);
		for (int other = 0; other < k; other++) {
			const struct kind_info *o = kind_info((enum kind)other);

			assert_string_not_equal(info->type, o->type);
			if (info->suffix[0])
				assert_string_not_equal(info->suffix, o->suffix);
		}
	}
	assert_int_equal(kind_of_type(bytes_str("")), KIND_OTHER);
	assert_int_equal(kind_of_type(bytes_str("request")), KIND_OTHER);
	assert_int_equal(kind_of_type(bytes_of("Request\0", 8)), KIND_OTHER);
	assert_int_equal(kind_of_type(bytes_of(NULL, 0)), KIND_OTHER);
	assert_null(kind_info(KIND_OTHER)->type);
}

static void the_table_says_what_the_format_says(void **state)
{
	static const struct {
		enum kind k;
		const char *type, *export_type, *prefix, *suffix;
	} want[] = {
		{ KIND_WORKSPACE, "Workspace", "workspace", "wrk", ".workspace.json" },
		{ KIND_FOLDER, "RequestGroup", "request_group", "fld", "" },
		{ KIND_REQUEST, "Request", "request", "req", ".json" },
		{ KIND_WEBSOCKET, "WebSocketRequest", "websocket_request", "ws-req", ".ws.json" },
		{ KIND_PAYLOAD, "WebSocketPayload", "websocket_payload", "ws-payload",
		  ".payload.json" },
		{ KIND_GRPC, "GrpcRequest", "grpc_request", "greq", ".grpc.json" },
		{ KIND_ENVIRONMENT, "Environment", "environment", "env", ".env.json" },
		{ KIND_COOKIES, "CookieJar", "cookie_jar", "jar", ".cookies.json" },
		{ KIND_SPEC, "ApiSpec", "api_spec", "spc", ".yaml" },
		{ KIND_PROTO, "ProtoFile", "proto_file", "pf", ".proto" },
		{ KIND_PROTO_DIR, "ProtoDirectory", "proto_directory", "pd", "" },
		{ KIND_SUITE, "UnitTestSuite", "unit_test_suite", "uts", ".suite.json" },
		{ KIND_TEST, "UnitTest", "unit_test", "ut", ".test.json" },
		{ KIND_MOCK, "MockServer", "mock", "mock", ".mock.json" },
		{ KIND_ROUTE, "MockRoute", "mock_route", "mock-route", ".route.json" },
	};
	enum kind k = KIND_COUNT;

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		const struct kind_info *info = kind_info(want[i].k);

		assert_string_equal(info->type, want[i].type);
		assert_string_equal(info->export_type, want[i].export_type);
		assert_string_equal(info->id_prefix, want[i].prefix);
		assert_string_equal(info->suffix, want[i].suffix);
		assert_ok(kind_of_export_type(bytes_str(want[i].export_type), &k));
		assert_int_equal(k, want[i].k);
	}
	assert_status(kind_of_export_type(bytes_str("Request"), &k), WK_NOT_FOUND);
	assert_status(kind_of_export_type(bytes_str("runner_result"), &k), WK_NOT_FOUND);
	assert_int_equal(k, KIND_ROUTE);
	assert_string_equal(kind_info(KIND_SPEC)->name_key, "fileName");
	assert_string_equal(kind_info(KIND_SPEC)->text_key, "contents");
	assert_string_equal(kind_info(KIND_PROTO)->text_key, "protoText");
	assert_string_equal(kind_info(KIND_CERTIFICATE)->name_key, "host");
	assert_null(kind_info(KIND_CA)->name_key);
}

static void only_three_kinds_are_directories(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_COUNT; k++)
		assert_int_equal(kind_is_directory((enum kind)k),
				 k == KIND_WORKSPACE || k == KIND_FOLDER || k == KIND_PROTO_DIR);
}

static void the_tree_is_the_formats(void **state)
{
	static const enum kind below_workspace[] = { KIND_FOLDER, KIND_REQUEST, KIND_GRPC,
		KIND_WEBSOCKET, KIND_ENVIRONMENT, KIND_COOKIES, KIND_CERTIFICATE, KIND_SPEC,
		KIND_PROTO, KIND_PROTO_DIR, KIND_SUITE, KIND_CA, KIND_MOCK, KIND_OTHER };

	(void)state;
	for (size_t i = 0; i < sizeof below_workspace / sizeof *below_workspace; i++)
		assert_true(kind_may_contain(KIND_WORKSPACE, below_workspace[i]));
	assert_false(kind_may_contain(KIND_WORKSPACE, KIND_WORKSPACE));
	assert_false(kind_may_contain(KIND_WORKSPACE, KIND_TEST));
	assert_true(kind_may_contain(KIND_FOLDER, KIND_FOLDER));
	assert_true(kind_may_contain(KIND_FOLDER, KIND_WEBSOCKET));
	assert_false(kind_may_contain(KIND_FOLDER, KIND_ENVIRONMENT));
	assert_false(kind_may_contain(KIND_FOLDER, KIND_SPEC));
	assert_true(kind_may_contain(KIND_ENVIRONMENT, KIND_ENVIRONMENT));
	assert_true(kind_may_contain(KIND_SUITE, KIND_TEST));
	assert_true(kind_may_contain(KIND_WEBSOCKET, KIND_PAYLOAD));
	assert_false(kind_may_contain(KIND_REQUEST, KIND_PAYLOAD));
	assert_true(kind_may_contain(KIND_PROTO_DIR, KIND_PROTO_DIR));
	assert_true(kind_may_contain(KIND_PROTO_DIR, KIND_PROTO));
	assert_false(kind_may_contain(KIND_PROTO_DIR, KIND_REQUEST));
	assert_true(kind_may_contain(KIND_MOCK, KIND_ROUTE));
	for (int k = 0; k < KIND_COUNT; k++) {
		bool holds = kind_is_directory((enum kind)k) ||
			     kind_info((enum kind)k)->children_suffix;

		assert_int_equal(kind_may_contain((enum kind)k, KIND_OTHER), holds);
	}
}

static void fields_are_those_of_any_version(void **state)
{
	static const struct {
		enum kind k;
		const char *key;
		bool has;
	} want[] = {
		{ KIND_WORKSPACE, "certificates", true }, { KIND_WORKSPACE, "scope", true },
		{ KIND_REQUEST, "url", true },		  { KIND_REQUEST, "pathParameters", true },
		{ KIND_REQUEST, "settingMaxTimelineDataSize", true },
		{ KIND_REQUEST, "name", false },	  { KIND_REQUEST, "_id", false },
		{ KIND_REQUEST, "type", false },	  { KIND_REQUEST, "dependencies", false },
		{ KIND_GRPC, "idPrivate", true },	  { KIND_FOLDER, "headers", true },
		{ KIND_ENVIRONMENT, "data", true },	  { KIND_COOKIES, "cookies", true },
		{ KIND_SPEC, "contentType", true },	  { KIND_CA, "path", true },
		{ KIND_PROTO_DIR, "url", false },	  { KIND_OTHER, "anything", true },
		{ KIND_TEST, "code", true },		  { KIND_ROUTE, "statusCode", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		assert_int_equal(kind_has_field(want[i].k, bytes_str(want[i].key)), want[i].has);
}

static void new_ids_are_version_4_uuids(void **state)
{
	char id[DOC_ID_MAX + 1], other[DOC_ID_MAX + 1];

	(void)state;
	for (int i = 0; i < 200; i++) {
		kind_new_id(KIND_WEBSOCKET, id);
		kind_new_id(KIND_WEBSOCKET, other);
		assert_int_equal(strlen(id), 7 + 32);
		assert_memory_equal(id, "ws-req_", 7);
		assert_int_equal(strspn(id + 7, "0123456789abcdef"), 32);
		assert_int_equal(id[7 + 12], '4');
		assert_non_null(strchr("89ab", id[7 + 16]));
		assert_string_not_equal(id, other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_found_and_distinct),
		cmocka_unit_test(the_table_says_what_the_format_says),
		cmocka_unit_test(only_three_kinds_are_directories),
		cmocka_unit_test(the_tree_is_the_formats),
		cmocka_unit_test(fields_are_those_of_any_version),
		cmocka_unit_test(new_ids_are_version_4_uuids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
