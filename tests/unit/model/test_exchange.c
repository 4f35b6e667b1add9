/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing exports: workspaces, notes, ids, types, other formats, damage. */
#include "exchange_fixture.h"

static void test_cuts_one_workspace(void **state)
{
	SCOPED(sample_fini) struct sample s;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "pet-store.json"));
	assert_int_equal(s.set.count, 1);
	assert_int_equal(s.set.doc_count, 25);
	assert_false(s.set.workspaces[0].made);
	assert_int_equal(s.set.workspaces[0].note_count, 0);
	assert_bytes_str(json_get_str(s.set.workspaces[0].docs[0], "type"), "Workspace");
	assert_bytes_str(json_get_str(s.set.workspaces[0].docs[0], "name"), "Pet Store");
	assert_null(json_get(s.set.workspaces[0].docs[0], "_type"));
	assert_bytes_str(json_get_str(sample_named(&s, "Watch"), "type"), "GrpcRequest");
}

static void test_cuts_several_workspaces(void **state)
{
	SCOPED(sample_fini) struct sample s;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "two-workspaces.json"));
	assert_int_equal(s.set.count, 3);
	assert_int_equal(s.set.doc_count, 6);
	assert_int_equal(s.set.workspaces[0].count, 2);
	assert_int_equal(s.set.workspaces[1].count, 2);
	assert_bytes_str(json_get_str(s.set.workspaces[1].docs[0], "parentId"),
			 "proj_default-project");
	assert_true(s.set.workspaces[2].made);
	assert_bytes_str(json_get_str(s.set.workspaces[2].docs[0], "name"), "Title");
	assert_bytes_str(json_get_str(s.set.workspaces[2].docs[1], "name"), "C");
	assert_bytes_str(json_get_str(s.set.workspaces[2].docs[1], "parentId"), "fld_gone");
	sample_assert_note(&s, "C", "not in the file");
}

static void test_makes_a_workspace(void **state)
{
	SCOPED(sample_fini) struct sample s;
	const struct json *workspace;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "no-workspace.json"));
	assert_int_equal(s.set.count, 1);
	assert_true(s.set.workspaces[0].made);
	assert_int_equal(s.set.workspaces[0].note_count, 0);
	assert_ok(exchange_map_ids(s.arena, &s.set, true, NULL, NULL));
	workspace = s.set.workspaces[0].docs[0];
	assert_memory_equal(json_get_str(workspace, "_id").p, "wrk_", 4);
	assert_true(bytes_equal(json_get_str(sample_named(&s, "G"), "parentId"),
				json_get_str(workspace, "_id")));
	assert_true(bytes_equal(json_get_str(sample_named(&s, "A"), "parentId"),
				json_get_str(sample_named(&s, "G"), "_id")));
}

static void test_title_of_a_made_workspace(void **state)
{
	static const char *const titles[][2] = {
		{ "Caf\xc3\xa9", "Caf\xc3\xa9" },
		{ "", "Imported Workspace" },
		{ "\xff", "Imported Workspace" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		SCOPED(arena_free_scoped) struct arena *arena = arena_new(1 << 20);
		struct exchange_set set;
		const char *sentence;

		assert_ok(exchange_parse(arena, bytes_str("{\"__export_format\":4,\"resources\":[]}"),
					 bytes_str(titles[i][0]), &set, &sentence));
		assert_int_equal(set.doc_count, 1);
		assert_bytes_str(json_get_str(set.workspaces[0].docs[0], "name"), titles[i][1]);
	}
}

static void test_notes_what_is_odd(void **state)
{
	static const char *const notes[][2] = {
		{ "its parent is missing", "not in the file" },
		{ "its parent is null", "names no parent" },
		{ "it has no parentId", "names no parent" },
		{ "its parent is a request", "parent is a request" },
		{ "circle", "circle" },
		{ "second of two", "twice" },
		{ "null id", "missing or not usable" },
		{ "no id", "missing or not usable" },
		{ "empty id", "missing or not usable" },
		{ "long id", "missing or not usable" },
		{ "number id", "missing or not usable" },
		{ "type, not _type", "under type" },
		{ "no type", "from its id" },
		{ "no type, no prefix", "from its fields" },
		{ "nothing tells", "its type is missing" },
		{ "null type", "from its fields" },
	};
	SCOPED(sample_fini) struct sample s;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "odd-names.json"));
	assert_int_equal(s.set.count, 1);
	assert_int_equal(s.set.doc_count, 65);
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		sample_assert_note(&s, notes[i][0], notes[i][1]);
	assert_bytes_str(json_get_str(sample_named(&s, "null type"), "type"), "Environment");
	assert_bytes_str(json_get_str(sample_named(&s, "no type"), "type"), "Request");
	assert_bytes_str(json_get_str(sample_named(&s, "no type, no prefix"), "type"),
			 "CookieJar");
	assert_bytes_str(json_get_str(sample_named(&s, "of an unknown type"), "type"), "FooBar");
	assert_bytes_str(json_get_str(sample_named(&s, "both"), "_type"), "leftover");
}

static bool is_id_taken(void *arg, struct bytes id)
{
	return bytes_equal_str(id, arg);
}

static void assert_ids_usable(struct sample *s)
{
	const struct json **docs;
	size_t n = sample_docs(s, &docs);
	struct exchange_index index;

	assert_ok(exchange_index_init(s->arena, n, &index));
	for (size_t i = 0; i < n; i++) {
		struct bytes id = json_get_str(docs[i], "_id");

		assert_true(exchange_index_is_id(id));
		assert_false(exchange_index_is_placeholder(id));
		exchange_index_add(&index, id, i);
	}
	exchange_index_sort(&index);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(exchange_index_find(&index, json_get_str(docs[i], "_id")), i);
}

static void test_keeps_ids_where_it_can(void **state)
{
	SCOPED(sample_fini) struct sample s;
	const struct json *first, *doc;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "odd-names.json"));
	assert_ok(exchange_map_ids(s.arena, &s.set, true, is_id_taken,
				   (void *)(uintptr_t)"foo_2"));
	assert_ids_usable(&s);
	assert_bytes_str(json_get_str(sample_named(&s, "of an unknown type"), "_id"), "foo_1");
	assert_false(bytes_equal_str(json_get_str(sample_named(&s, "irregular type"), "_id"),
				     "foo_2"));
	first = sample_named(&s, "placeholder in the workspace");
	doc = sample_named(&s, "placeholder");
	assert_non_null(memmem(json_get_str(json_get(doc, "body"), "text").p,
			       json_get_str(json_get(doc, "body"), "text").n,
			       json_get_str(first, "_id").p, json_get_str(first, "_id").n));
	assert_true(bytes_equal(json_get_str(first, "parentId"),
				json_get_str(s.set.workspaces[0].docs[0], "_id")));
	assert_true(bytes_equal(json_get_str(sample_named(&s, "Sub"), "parentId"),
				json_get_str(sample_named(&s, "Base"), "_id")));
	assert_int_equal(sample_named(&s, "no id")->members[0].key.n, 3);
	assert_memory_equal(json_get_str(sample_named(&s, "no id"), "parentId").p, "wrk_", 4);
}

static void test_new_ids_map_references(void **state)
{
	SCOPED(sample_fini) struct sample s;
	SCOPED(buf_fini) struct buf token = BUF_INIT(4096);
	const struct json **before, **docs;
	struct bytes *old;
	size_t n;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "pet-store.json"));
	n = sample_docs(&s, &before);
	old = arena_alloc(s.arena, n * sizeof *old);
	assert_non_null(old);
	for (size_t i = 0; i < n; i++)
		old[i] = json_get_str(before[i], "_id");
	assert_ok(exchange_map_ids(s.arena, &s.set, false, NULL, NULL));
	assert_ids_usable(&s);
	sample_docs(&s, &docs);
	for (size_t i = 0; i < n; i++)
		assert_false(bytes_equal(old[i], json_get_str(docs[i], "_id")));
	assert_true(bytes_equal(json_get_str(sample_named(&s, "Watch"), "protoFileId"),
				json_get_str(sample_named(&s, "pets.proto"), "_id")));
	assert_true(bytes_equal(json_get_str(sample_named(&s, "logs in"), "requestId"),
				json_get_str(sample_named(&s, "Log in"), "_id")));
	assert_true(bytes_equal(json_get_str(sample_named(&s, "Local"), "parentId"),
				json_get_str(sample_named(&s, "Base Environment"), "_id")));
	assert_ok(buf_append_str(&token, "{% response 'body', '"));
	assert_ok(buf_append(&token, json_get_str(sample_named(&s, "Log in"), "_id").p,
			     json_get_str(sample_named(&s, "Log in"), "_id").n));
	assert_ok(buf_append_str(&token, "', 'b64::JC50b2tlbg==::46b', 'never', 60 %}"));
	assert_true(bytes_equal(json_get_str(json_get(sample_named(&s, "Adopt"),
						      "authentication"), "token"),
				buf_bytes(&token)));
}

static void test_ids_in_tags(void **state)
{
	/* The request's text before, and after with NEW for its own id. */
	static const char *const cases[][2] = {
		{ "{% a 'r1' %}", "{% a 'NEW' %}" },
		{ "x {% a \\\"r1\\\" %} y", "x {% a \\\"NEW\\\" %} y" },
		{ "{% a 'it's', 'r1','r1' %}{% b 'r1' %} 'r1'",
		  "{% a 'it's', 'NEW','NEW' %}{% b 'NEW' %} 'r1'" },
		{ "{% a \\\\\\\"r1\\\\\\\" %}", "{% a \\\\\\\"NEW\\\\\\\" %}" },
		{ "{% a 'r11' 'xr1' r1 %}", "{% a 'r11' 'xr1' r1 %}" },
		{ "{% a 'r1'", "{% a 'r1'" },
		{ "{{ 'r1' }}", "{{ 'r1' }}" },
		{ "%}{%%}{%'r1'%}", "%}{%%}{%'NEW'%}" },
		{ "{% 'r1 %}'r1'", "{% 'r1 %}'r1'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SCOPED(sample_fini) struct sample s = { .file = BUF_INIT(4096) };
		SCOPED(buf_fini) struct buf want = BUF_INIT(4096);
		SCOPED(buf_fini) struct buf got = BUF_INIT(4096);
		struct json *text;
		const char *rest, *at;
		struct bytes id;

		assert_ok(buf_printf(&s.file, "{\"__export_format\":4,\"resources\":[{\"_id\":\"r1\","
				     "\"_type\":\"request\",\"name\":\"R\",\"deep\":[{\"t\":\"%s\"}]"
				     "}]}", cases[i][0]));
		assert_ok(sample_parse(&s, buf_bytes(&s.file)));
		assert_ok(exchange_map_ids(s.arena, &s.set, false, NULL, NULL));
		id = json_get_str(sample_named(&s, "R"), "_id");
		text = json_get(&json_get(sample_named(&s, "R"), "deep")->items[0], "t");
		assert_ok(buf_append_char(&want, '"'));
		for (rest = cases[i][1]; (at = strstr(rest, "NEW")) != NULL; rest = at + 3) {
			assert_ok(buf_append(&want, rest, (size_t)(at - rest)));
			assert_ok(buf_append(&want, id.p, id.n));
		}
		assert_ok(buf_append_str(&want, rest));
		assert_ok(buf_append_char(&want, '"'));
		assert_ok(json_write(text, &got));
		assert_true(bytes_equal(buf_bytes(&got), buf_bytes(&want)));
	}
}

static void test_types_are_reversible(void **state)
{
	static const char *const types[][2] = {
		{ "request", "Request" },	{ "request_group", "RequestGroup" },
		{ "mock", "MockServer" },	{ "foo_bar", "FooBar" },
		{ "runner_result", "RunnerResult" }, { "x", "X" },
		{ "client_certificate", "ClientCertificate" },
		{ "foo__bar", "foo__bar" },	{ "fooBar", "fooBar" },
		{ "foo_1", "foo_1" },		{ "mock_server", "mock_server" },
		{ "FooBar", "_FooBar" },	{ "_foo", "__foo" },
		{ "foo_", "foo_" },		{ "_", "__" },
		{ "a-b", "a-b" },		{ "A", "_A" },
	};
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(1 << 20);
	struct bytes type;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		SCOPED(buf_fini) struct buf back = BUF_INIT(256);

		assert_ok(exchange_type_import(arena, bytes_str(types[i][0]), &type));
		assert_bytes_str(type, types[i][1]);
		assert_ok(exchange_type_export(type, &back));
		assert_bytes_str(buf_bytes(&back), types[i][0]);
	}
	assert_ok(exchange_type_import(arena, bytes_str("Request"), &type));
	assert_bytes_str(type, "Request");
	assert_ok(exchange_type_import(arena, bytes_str("a/b"), &type));
	assert_null(type.p);
	assert_ok(exchange_type_import(arena, bytes_str(""), &type));
	assert_null(type.p);
}

static void test_names_other_formats(void **state)
{
	static const struct {
		const char *file;
		enum wk_status st;
		const char *part;
	} cases[] = {
		{ "insomnia-v1.json", WK_UNSUPPORTED, "an Insomnia export of format 1;" },
		{ "insomnia-v2.json", WK_UNSUPPORTED, "an Insomnia export of format 2;" },
		{ "insomnia-v5.yaml", WK_UNSUPPORTED,
		  "an Insomnia v5 collection (collection.insomnia.rest/5.0);" },
		{ "postman-v2.0.json", WK_UNSUPPORTED, "a Postman collection (v2.0);" },
		{ "postman-v2.1.json", WK_UNSUPPORTED, "a Postman collection (v2.1);" },
		{ "postman-environment.json", WK_UNSUPPORTED, "a Postman environment;" },
		{ "archive.har", WK_UNSUPPORTED, "an HTTP archive (HAR);" },
		{ "openapi-3.yaml", WK_UNSUPPORTED, "an OpenAPI description 3.0.3;" },
		{ "swagger-2.json", WK_UNSUPPORTED, "a Swagger description (OpenAPI 2) 2.0;" },
		{ "git-sync.yml", WK_UNSUPPORTED, "a single document of an Insomnia git-sync tree;" },
		{ "service.wsdl", WK_UNSUPPORTED, "a WSDL description;" },
		{ "data.xml", WK_UNSUPPORTED, "an XML file;" },
		{ "request.curl", WK_UNSUPPORTED, "a cURL command;" },
		{ "notes.txt", WK_UNSUPPORTED, "no export of Insomnia;" },
		{ "truncated.json", WK_INVALID, "line 14, column 14: a string is not closed" },
		{ "broken.json", WK_INVALID, "line 10, column 22: a comma or } is missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SCOPED(sample_fini) struct sample s;
		char path[256];

		(void)snprintf(path, sizeof path, FOREIGN "%s", cases[i].file);
		assert_status(sample_open(&s, path), cases[i].st);
		if (!s.sentence || !strstr(s.sentence, cases[i].part))
			fail_msg("%s: %s", cases[i].file, s.sentence);
	}
}

static void assert_refused(const char *text, enum wk_status want, const char *part)
{
	SCOPED(sample_fini) struct sample s = { .file = BUF_INIT(1) };

	assert_status(sample_parse(&s, bytes_str(text)), want);
	assert_non_null(s.sentence);
	if (!strstr(s.sentence, part))
		fail_msg("%s: %s", text, s.sentence);
}

static void test_refuses_what_is_no_export(void **state)
{
	(void)state;
	assert_refused("", WK_INVALID, "empty");
	assert_refused(" \n\t", WK_INVALID, "empty");
	assert_refused("[]", WK_UNSUPPORTED, "no export");
	assert_refused("{}", WK_UNSUPPORTED, "no export");
	assert_refused("{\"__export_format\":4}", WK_UNSUPPORTED, "without its list");
	assert_refused("{\"__export_format\":99,\"resources\":[]}", WK_UNSUPPORTED, "format 99");
	assert_refused("{\"__export_format\":{},\"resources\":[]}", WK_UNSUPPORTED,
		       "unknown format");
	assert_refused("{\"resources\":[1]}", WK_UNSUPPORTED, "no export");
	assert_refused("{\"resources\":[\xff]}", WK_INVALID, "line 1, column 15");
	assert_refused("PK\x03\x04", WK_UNSUPPORTED, "ZIP");
	assert_refused("\x1f\x8b", WK_UNSUPPORTED, "gzip");
	assert_refused("a: [", WK_INVALID, "YAML: line ");
	assert_refused("<!DOCTYPE html>", WK_UNSUPPORTED, "HTML");
}

static void test_limits(void **state)
{
	SCOPED(sample_fini) struct sample many = { .file = BUF_INIT(1 << 20) };
	SCOPED(sample_fini) struct sample deep = { .file = BUF_INIT(1 << 20) };
	SCOPED(sample_fini) struct sample big = { .file = BUF_INIT(1) };

	(void)state;
	assert_ok(buf_append_str(&many.file, "{\"__export_format\":4,\"resources\":[0"));
	for (size_t i = 0; i < EXCHANGE_DOCS_MAX; i++)
		assert_ok(buf_append_str(&many.file, ",0"));
	assert_ok(buf_append_str(&many.file, "]}"));
	assert_status(sample_parse(&many, buf_bytes(&many.file)), WK_LIMIT);
	assert_non_null(strstr(many.sentence, "100000"));

	assert_ok(buf_append_str(&deep.file, "{\"__export_format\":4,\"resources\":"));
	for (size_t i = 0; i < 100; i++)
		assert_ok(buf_append_char(&deep.file, '['));
	assert_status(sample_parse(&deep, buf_bytes(&deep.file)), WK_LIMIT);
	assert_non_null(strstr(deep.sentence, "column"));

	assert_status(sample_parse(&big, bytes_of("x", (size_t)EXCHANGE_FILE_MAX + 1)), WK_LIMIT);
}

static void test_out_of_memory_is_told(void **state)
{
	SCOPED(sample_fini) struct sample s;
	bool failed = false;
	enum wk_status st = WK_NOMEM;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "odd-names.json"));
	for (size_t max = 4096; st != WK_OK; max += 4096) {
		SCOPED(arena_free_scoped) struct arena *arena = arena_new(max);
		struct exchange_set set;
		const char *sentence;

		st = exchange_parse(arena, buf_bytes(&s.file), bytes_str("T"), &set, &sentence);
		if (st == WK_OK)
			st = exchange_map_ids(arena, &set, false, NULL, NULL);
		failed |= st == WK_NOMEM;
		assert_true(st == WK_OK || st == WK_NOMEM);
		assert_true(max < ((size_t)1 << 24));
	}
	assert_true(failed);
}

static void test_write_gives_up_whole(void **state)
{
	SCOPED(sample_fini) struct sample s;
	SCOPED(buf_fini) struct buf small = BUF_INIT(500);
	SCOPED(buf_fini) struct buf none = BUF_INIT(500);
	const struct json **docs;
	size_t n;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "pet-store.json"));
	n = sample_docs(&s, &docs);
	assert_ok(buf_append_str(&small, "x"));
	assert_status(exchange_write(s.arena, docs, n, 0, &small), WK_LIMIT);
	assert_int_equal(small.n, 1);
	assert_ok(exchange_write(s.arena, docs, 0, 1646128800123, &none));
	assert_bytes_str(buf_bytes(&none),
			 "{\"_type\":\"export\",\"__export_format\":4,"
			 "\"__export_date\":\"2022-03-01T10:00:00.123Z\","
			 "\"__export_source\":\"wakefs:v" WK_VERSION "\",\"resources\":[]}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts_one_workspace),
		cmocka_unit_test(test_cuts_several_workspaces),
		cmocka_unit_test(test_makes_a_workspace),
		cmocka_unit_test(test_title_of_a_made_workspace),
		cmocka_unit_test(test_notes_what_is_odd),
		cmocka_unit_test(test_keeps_ids_where_it_can),
		cmocka_unit_test(test_new_ids_map_references),
		cmocka_unit_test(test_ids_in_tags),
		cmocka_unit_test(test_types_are_reversible),
		cmocka_unit_test(test_names_other_formats),
		cmocka_unit_test(test_refuses_what_is_no_export),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_out_of_memory_is_told),
		cmocka_unit_test(test_write_gives_up_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
