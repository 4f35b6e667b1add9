/* SPDX-License-Identifier: Apache-2.0 */
/* Names by example: known answers, what is cut, and what is refused. */
#include "name_testing.h"

static const char *encoded(enum kind k, const char *name, const char *mark, bool for_children)
{
	static char file[NAME_FILE_MAX + 1];

	assert_ok(name_encode(k, type_of(k), bytes_str(name), mark, for_children, file, NULL));
	return file;
}

static void known_names(void **state)
{
	static const struct {
		enum kind k;
		const char *name, *mark, *file;
	} want[] = {
		{ KIND_REQUEST, "List pets", NULL, "List pets.json" },
		{ KIND_REQUEST, "", NULL, "%.json" },
		{ KIND_REQUEST, "%", NULL, "%25.json" },
		{ KIND_REQUEST, "%25", NULL, "%2525.json" },
		{ KIND_REQUEST, "100%", NULL, "100%.json" },
		{ KIND_REQUEST, "50%2F", NULL, "50%252F.json" },
		{ KIND_REQUEST, "50%2f", NULL, "50%2f.json" },
		{ KIND_REQUEST, "50%41", NULL, "50%41.json" },
		{ KIND_REQUEST, "a/b", NULL, "a%2Fb.json" },
		{ KIND_REQUEST, "..", NULL, "%2E..json" },
		{ KIND_REQUEST, ".folder", NULL, "%2Efolder.json" },
		{ KIND_REQUEST, "a\n\x7f", NULL, "a%0A%7F.json" },
		{ KIND_REQUEST, "a\xed\xa0\xbd", NULL, "a%ED%A0%BD.json" },
		{ KIND_REQUEST, "a.ws", NULL, "a%2Ews.json" },
		{ KIND_REQUEST, "a.WS", NULL, "a.WS.json" },
		{ KIND_REQUEST, "a.ws.b", NULL, "a.ws.b.json" },
		{ KIND_REQUEST, "a%2Ews", NULL, "a%252Ews.json" },
		{ KIND_REQUEST, "a.@Foo", NULL, "a%2E@Foo.json" },
		{ KIND_REQUEST, "a.@Foo-1", NULL, "a.@Foo-1.json" },
		{ KIND_REQUEST, "a.@Request", NULL, "a.@Request.json" },
		{ KIND_REQUEST, "a.workspace", NULL, "a%2Eworkspace.json" },
		{ KIND_REQUEST, "a.folder", NULL, "a.folder.json" },
		{ KIND_REQUEST, "a.json", NULL, "a.json.json" },
		{ KIND_REQUEST, "a%~abcd", NULL, "a%25~abcd.json" },
		{ KIND_REQUEST, "a%~abc", NULL, "a%~abc.json" },
		{ KIND_REQUEST, "a%~ab.cd", NULL, "a%~ab.cd.json" },
		{ KIND_REQUEST, "a", "1a2b", "a%~1a2b.json" },
		{ KIND_REQUEST, "a.ws", "1a2b", "a%2Ews%~1a2b.json" },
		{ KIND_REQUEST, "", "1a2b", "%%~1a2b.json" },
		{ KIND_WEBSOCKET, "a.env", NULL, "a.env.ws.json" },
		{ KIND_FOLDER, "a.json", NULL, "a%2Ejson" },
		{ KIND_FOLDER, "a.env", NULL, "a%2Eenv" },
		{ KIND_FOLDER, "a.suite", NULL, "a%2Esuite" },
		{ KIND_FOLDER, "a.proto", NULL, "a%2Eproto" },
		{ KIND_FOLDER, "a.ws.json", NULL, "a.ws%2Ejson" },
		{ KIND_FOLDER, "a.cookies", NULL, "a.cookies" },
		{ KIND_FOLDER, "v1.2", NULL, "v1.2" },
		{ KIND_FOLDER, ".git", NULL, "%2Egit" },
		{ KIND_SPEC, "a.b", NULL, "a.b.yaml" },
		{ KIND_PROTO, "tree.proto", NULL, "tree.proto.proto" },
		{ KIND_CERTIFICATE, "*.example", NULL, "*.example.cert.json" },
		{ KIND_CA, "", NULL, "%.ca.json" },
		{ KIND_WORKSPACE, "Two", NULL, "Two.workspace.json" },
		{ KIND_OTHER, "x", NULL, "x.@" TYPE ".json" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_string_equal(encoded(want[i].k, want[i].name, want[i].mark, false),
				    want[i].file);
		check_name(want[i].k, false, bytes_str(want[i].name), want[i].mark);
	}
	assert_string_equal(encoded(KIND_ENVIRONMENT, "Base", NULL, true), "Base.env");
	assert_string_equal(encoded(KIND_ENVIRONMENT, "Base", "beef", true), "Base%~beef.env");
	assert_string_equal(encoded(KIND_WEBSOCKET, "Feed", NULL, true), "Feed.ws");
	assert_string_equal(encoded(KIND_SUITE, "Smoke", NULL, true), "Smoke.suite");
	assert_string_equal(encoded(KIND_MOCK, "M", NULL, true), "M.mock");
	assert_string_equal(encoded(KIND_WORKSPACE, "Pet.json", NULL, true), "Pet%2Ejson");
}

static void a_surrogate_pair_is_never_two_escapes(void **state)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char file[NAME_FILE_MAX + 1] = "kept";

	(void)state;
	assert_ok(name_decode_file(bytes_str("%ED%A0%80%ED%B0%80.json"), &parts));
	assert_bytes_str(buf_bytes(&parts.name), "\xed\xa0\x80%ED%B0%80");
	check_file("%ED%A0%80%ED%B0%80.json");
	check_file("%ED%B0%80%ED%A0%80.json");
	assert_status(name_encode(KIND_REQUEST, bytes_str(""),
				  bytes_str("\xed\xa0\x80\xed\xb0\x80"), NULL, false, file, NULL),
		      WK_INVALID);
	assert_string_equal(file, "kept");
	name_parts_fini(&parts);
}

static void long_names_are_cut_at_a_character(void **state)
{
	char name[600], file[NAME_FILE_MAX + 1];
	struct name_parts parts = NAME_PARTS_INIT;
	bool cut = false;

	(void)state;
	memset(name, 'x', sizeof name);
	assert_ok(name_encode(KIND_REQUEST, bytes_str(""), bytes_of(name, 200), NULL, false, file,
			      &cut));
	assert_false(cut);
	assert_int_equal(strlen(file), 205);
	assert_ok(name_encode(KIND_REQUEST, bytes_str(""), bytes_of(name, 201), NULL, false, file,
			      &cut));
	assert_true(cut);
	assert_ok(name_encode(KIND_REQUEST, bytes_str(""), bytes_of(name, 201), "1a2b", false,
			      file, &cut));
	assert_true(cut);
	assert_int_equal(strlen(file), 200 + 6 + 5);
	assert_ok(name_decode_file(bytes_str(file), &parts));
	assert_string_equal(parts.mark, "1a2b");
	/* Neither a character nor an escape is cut in two. */
	for (size_t at = 190; at <= 203; at++) {
		memset(name, 'x', sizeof name);
		memcpy(name + at, "\xf0\x9f\x90\x88/\xed\xa0\x80/", 9);
		assert_ok(name_encode(KIND_REQUEST, bytes_str(""), bytes_of(name, 600), "1a2b",
				      false, file, &cut));
		assert_true(cut && strlen(file) <= 211 && strlen(file) > 211 - 9);
		assert_true(utf8_is_valid(bytes_str(file)));
		assert_ok(name_decode_file(bytes_str(file), &parts));
		assert_true(parts.name.n <= at + 9);
		assert_memory_equal(parts.name.p, name, parts.name.n);
	}
	name_parts_fini(&parts);
}

static void the_longest_of_everything_fits(void **state)
{
	char name[300], type[65], mark[DOC_ID_MAX + 1], file[NAME_FILE_MAX + 1];
	bool cut;

	(void)state;
	memset(name, '/', sizeof name);
	memset(type, 'T', 64);
	memset(mark, 'm', DOC_ID_MAX);
	type[64] = mark[DOC_ID_MAX] = '\0';
	for (size_t n = 0; n <= sizeof name; n++) {
		assert_ok(name_encode(KIND_OTHER, bytes_str(type), bytes_of(name, n), mark, false,
				      file, &cut));
		assert_true(strlen(file) <= NAME_FILE_MAX);
		assert_int_equal(cut, 3 * n > 255 - 71 - 130);
	}
}

static void what_cannot_be_a_file_is_refused(void **state)
{
	char file[NAME_FILE_MAX + 1] = "kept", type[66];
	struct bytes none = bytes_str(""), x = bytes_str("x");
	bool cut = true;

	(void)state;
	memset(type, 'T', 65);
	type[65] = '\0';
	assert_status(name_encode(KIND_OTHER, none, x, NULL, false, file, &cut), WK_UNSUPPORTED);
	assert_status(name_encode(KIND_OTHER, bytes_str("a-b"), x, NULL, false, file, &cut),
		      WK_UNSUPPORTED);
	assert_status(name_encode(KIND_OTHER, bytes_str("../x"), x, NULL, false, file, &cut),
		      WK_UNSUPPORTED);
	assert_status(name_encode(KIND_OTHER, bytes_str("Request"), x, NULL, false, file, &cut),
		      WK_UNSUPPORTED);
	assert_status(name_encode(KIND_OTHER, bytes_str(type), x, NULL, false, file, &cut),
		      WK_UNSUPPORTED);
	assert_status(name_encode(KIND_REQUEST, none, x, NULL, true, file, &cut), WK_UNSUPPORTED);
	assert_status(name_encode(KIND_OTHER, bytes_str(TYPE), x, NULL, true, file, &cut),
		      WK_UNSUPPORTED);
	assert_status(name_encode(KIND_REQUEST, none, bytes_str("\xff"), NULL, false, file, &cut),
		      WK_INVALID);
	assert_status(name_encode(KIND_REQUEST, none, x, "abc", false, file, &cut), WK_INVALID);
	assert_status(name_encode(KIND_REQUEST, none, x, "ab/cd", false, file, &cut), WK_INVALID);
	assert_string_equal(file, "kept");
	assert_true(cut);
}

static void other_files_are_told_apart(void **state)
{
	static const char *const scratch[] = { "", ".", "..", ".git", ".x.json.swp", "x.json~",
		"4913", ".#x.json", ".goutputstream-A1B2C3", "x.json___jb_tmp___", "notes.md",
		".json", ".ws.json", ".env", "x.JSON", "x.yml", "json", "#x.json#", "x.json.tmp" };
	struct name_parts parts = NAME_PARTS_INIT;
	char name[300];
	bool children = true;

	(void)state;
	for (size_t i = 0; i < sizeof scratch / sizeof *scratch; i++) {
		assert_false(name_is_document_like(bytes_str(scratch[i])));
		assert_status(name_decode_file(bytes_str(scratch[i]), &parts), WK_NOT_FOUND);
	}
	assert_status(name_decode_file(bytes_str("a\xff.json"), &parts), WK_INVALID);
	assert_status(name_decode_file(bytes_str("a\xed\xa0\x80.json"), &parts), WK_INVALID);
	assert_status(name_decode_file(bytes_str("a\n.json"), &parts), WK_INVALID);
	assert_status(name_decode_file(bytes_of("a\0.json", 7), &parts), WK_INVALID);
	assert_true(name_is_document_like(bytes_str("a\xff.json")));
	assert_status(name_decode_dir(bytes_str("a\xff"), &parts, &children), WK_INVALID);
	assert_status(name_decode_dir(bytes_str(".git"), &parts, &children), WK_NOT_FOUND);
	assert_status(name_decode_dir(bytes_str("a.json"), &parts, &children), WK_NOT_FOUND);
	assert_status(name_decode_dir(bytes_str("a.ws.json"), &parts, &children), WK_NOT_FOUND);
	assert_true(children);
	memset(name, 'x', sizeof name);
	memcpy(name + 201, ".json", 5);
	assert_status(name_decode_file(bytes_of(name, 206), &parts), WK_LIMIT);
	assert_ok(name_decode_file(bytes_of(name + 1, 205), &parts));
	assert_int_equal(parts.name.n, 200);
	memcpy(name + 295, ".json", 5);
	assert_status(name_decode_file(bytes_of(name, 300), &parts), WK_LIMIT);
	name_parts_fini(&parts);
}

static void dir_files_decode_to_their_kind(void **state)
{
	static const struct {
		const char *file;
		enum kind k;
	} want[] = { { ".folder.json", KIND_FOLDER },
		     { ".workspace.json", KIND_WORKSPACE },
		     { ".protodir.json", KIND_PROTO_DIR } };
	struct name_parts parts = NAME_PARTS_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_ok(name_decode_file(bytes_str("was here%~abcd.json"), &parts));
		assert_ok(name_decode_file(bytes_str(want[i].file), &parts));
		assert_int_equal(parts.kind, want[i].k);
		assert_int_equal(parts.name.n, 0);
		assert_string_equal(parts.mark, "");
		assert_string_equal(parts.type, kind_info(want[i].k)->type);
	}
	name_parts_fini(&parts);
}

static void marks_come_from_the_ids_end(void **state)
{
	char mark[DOC_ID_MAX + 1];

	(void)state;
	name_mark(bytes_str("req_0123456789ab"), 4, mark);
	assert_string_equal(mark, "89ab");
	name_mark(bytes_str("req_0123456789ab"), 7, mark);
	assert_string_equal(mark, "56789ab");
	name_mark(bytes_str("req_1"), 400, mark);
	assert_string_equal(mark, "req_1");
	name_mark(bytes_str("a"), 1, mark);
	assert_string_equal(mark, "___a");
	name_mark(bytes_str("http://x.y/%~"), 7, mark);
	assert_string_equal(mark, "_x_y___");
	check_name(KIND_REQUEST, false, bytes_str("x"), mark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_names),
		cmocka_unit_test(a_surrogate_pair_is_never_two_escapes),
		cmocka_unit_test(long_names_are_cut_at_a_character),
		cmocka_unit_test(the_longest_of_everything_fits),
		cmocka_unit_test(what_cannot_be_a_file_is_refused),
		cmocka_unit_test(other_files_are_told_apart),
		cmocka_unit_test(dir_files_decode_to_their_kind),
		cmocka_unit_test(marks_come_from_the_ids_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
