/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names one-to-one: exhaustively over short adversarial strings in every kind, at
 * random over Unicode, and by example.
 */
#include "testing.h"

#include "base/rand.h"
#include "base/utf8.h"
#include "model/name.h"

#define TYPE "FutureThing"

static struct bytes type_of(enum kind k)
{
	return k == KIND_OTHER ? bytes_str(TYPE) : bytes_str("");
}

static bool has_children(enum kind k)
{
	return kind_info(k)->children_suffix != NULL;
}

/* A kind with no suffix is a directory's; of a Workspace that depends on for_children. */
static bool is_dir(enum kind k, bool for_children)
{
	return kind_info(k)->suffix[0] == '\0' || for_children;
}

static void check_decoded(enum kind k, bool for_children, const struct name_parts *parts,
			  bool children)
{
	if (is_dir(k, for_children)) {
		assert_int_equal(children, has_children(k));
		assert_int_equal(parts->kind, has_children(k) ? k : KIND_FOLDER);
		return;
	}
	assert_int_equal(parts->kind, k);
	assert_string_equal(parts->type, k == KIND_OTHER ? TYPE : kind_info(k)->type);
}

/* name -> file name -> name; and a file name is never a directory's. */
static void check_name(enum kind k, bool for_children, struct bytes name, const char *mark)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char file[NAME_FILE_MAX + 1];
	bool children = false, cut = true;

	assert_ok(name_encode(k, type_of(k), name, mark, for_children, file, &cut));
	assert_true(utf8_is_valid(bytes_str(file)));
	assert_true(file[0] != '.' && !strchr(file, '/'));
	assert_int_equal(name_is_document_like(bytes_str(file)), !is_dir(k, for_children));
	if (is_dir(k, for_children))
		assert_ok(name_decode_dir(bytes_str(file), &parts, &children));
	else
		assert_ok(name_decode_file(bytes_str(file), &parts));
	check_decoded(k, for_children, &parts, children);
	assert_string_equal(parts.mark, mark ? mark : "");
	if (!cut && !bytes_equal(buf_bytes(&parts.name), name)) {
		print_error("kind %d: \"%.*s\" -> \"%s\" -> \"%.*s\"\n", (int)k, (int)name.n,
			    (const char *)name.p, file, (int)parts.name.n,
			    (const char *)parts.name.p);
		fail();
	}
	name_parts_fini(&parts);
}

/* file name -> name -> the same file name, whenever it decodes without a mark. */
static void check_file(const char *file)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char again[NAME_FILE_MAX + 1];
	enum wk_status st = name_decode_file(bytes_str(file), &parts);
	bool cut = true;

	if (st == WK_OK && parts.mark[0] == '\0' && file[0] != '.') {
		assert_ok(name_encode(parts.kind, bytes_str(parts.type), buf_bytes(&parts.name),
				      NULL, false, again, &cut));
		assert_string_equal(again, file);
		assert_false(cut);
	}
	if (st != WK_OK && name_is_document_like(bytes_str(file)) && !strchr(file, '/')) {
		print_error("\"%s\" does not decode\n", file);
		fail();
	}
	name_parts_fini(&parts);
}

static void check_dir(const char *dir)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char again[NAME_FILE_MAX + 1];
	bool children = false;

	if (name_decode_dir(bytes_str(dir), &parts, &children) == WK_OK &&
	    parts.mark[0] == '\0') {
		assert_ok(name_encode(parts.kind, bytes_str(""), buf_bytes(&parts.name), NULL,
				      children, again, NULL));
		assert_string_equal(again, dir);
	}
	name_parts_fini(&parts);
}

/* The n-th string over an alphabet, shorter ones first; false when longer than max. */
static bool nth_string(unsigned long n, const char *alphabet, size_t max, char *out)
{
	size_t base = strlen(alphabet), len = 0;
	unsigned long count = 1;

	while (n >= count) {
		n -= count;
		count *= base;
		len++;
	}
	if (len > max)
		return false;
	for (size_t i = 0; i < len; i++) {
		out[i] = alphabet[n % base];
		n /= base;
	}
	out[len] = '\0';
	return true;
}

static void check_every_kind(struct bytes name, const char *mark)
{
	for (int k = 0; k < KIND_COUNT; k++) {
		check_name((enum kind)k, false, name, mark);
		if (has_children((enum kind)k) || k == KIND_WORKSPACE)
			check_name((enum kind)k, true, name, mark);
	}
}

static void every_short_name_comes_back_in_every_kind(void **state)
{
	char text[8];

	(void)state;
	for (unsigned long n = 0; nth_string(n, "%2EF./~wsj", 4, text); n++)
		check_every_kind(bytes_str(text), NULL);
	for (unsigned long n = 0; nth_string(n, "%2EF./~wsj", 5, text); n++) {
		check_name(KIND_REQUEST, false, bytes_str(text), NULL);
		check_name(KIND_FOLDER, false, bytes_str(text), NULL);
		check_name(KIND_SPEC, false, bytes_str(text), NULL);
		if (n % 7 == 0)
			check_every_kind(bytes_str(text), "ab-1");
	}
	for (unsigned long n = 0; nth_string(n, "%25", 7, text); n++)
		check_name(KIND_REQUEST, false, bytes_str(text), NULL);
}

/* Pieces that only together make an escape, a mark or a suffix. */
static void every_row_of_pieces_comes_back(void **state)
{
	static const char *const pieces[] = { "%", "25", "2E", "2F", "~", "abcd", ".", "ws",
		"env", "json", "yaml", "@A", "ED", "A0", "80", "\xed\xa0\x80", "B0",
		"\xed\xb0\x80", "/", "x" };
	enum { PIECES = sizeof pieces / sizeof *pieces };
	char text[64];

	(void)state;
	for (unsigned long n = 0; n < (unsigned long)PIECES * PIECES * PIECES * PIECES; n++) {
		unsigned long left = n;

		text[0] = '\0';
		for (int i = 0; i < 4; i++, left /= PIECES)
			strcat(text, pieces[left % PIECES]);
		if (strstr(text, "\xed\xa0\x80\xed\xb0\x80"))
			continue;
		check_name(KIND_REQUEST, false, bytes_str(text), NULL);
		check_name(KIND_FOLDER, false, bytes_str(text), NULL);
		if (n % 5 == 0)
			check_name(KIND_ENVIRONMENT, true, bytes_str(text), NULL);
		strcat(text, ".json");
		if (utf8_is_valid(bytes_str(text)))
			check_file(text);
	}
}

static void every_short_file_name_that_decodes_comes_back(void **state)
{
	static const char *const ends[] = { "", ".json", ".yaml", ".proto", ".ws.json",
		".env.json", ".@A.json", ".@.json", ".@Request.json", ".folder.json",
		".workspace.json", ".env", ".mock", "%~abcd", "%ED%A0%80", "%ED%B0%80.json" };
	char text[64], name[8];

	(void)state;
	for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
		for (unsigned long n = 0; nth_string(n, "%2EF./~wsj", 4, name); n++) {
			snprintf(text, sizeof text, "%s%s", name, ends[e]);
			check_file(text);
			check_dir(text);
		}
	}
}

/* Mostly nasty: controls, surrogates, '%', dots, and some of every plane. */
static uint32_t random_cp(void)
{
	static const char nasty[] = "%%%25EDF./~ab08.json@ws";

	switch (rand_below(8)) {
	case 0:
		return (uint32_t)rand_below(0x80);
	case 1:
		return 0xd800 + (uint32_t)rand_below(0x800);
	case 2:
		return (uint32_t)rand_below(0x110000);
	case 3:
		return 0x300 + (uint32_t)rand_below(0x3000);
	default:
		return (uint8_t)nasty[rand_below(sizeof nasty - 1)];
	}
}

static size_t random_name(uint8_t *out, size_t characters)
{
	size_t n = 0;
	uint32_t before = 0;

	for (size_t i = 0; i < characters; i++) {
		uint32_t cp = random_cp();

		if (before >= 0xd800 && before < 0xdc00 && cp >= 0xdc00 && cp < 0xe000)
			cp = '%';
		n += utf8_encode(cp, out + n);
		before = cp;
	}
	return n;
}

static void random_unicode_names_come_back(void **state)
{
	uint8_t name[4 * 300];

	(void)state;
	for (int i = 0; i < 30000; i++) {
		size_t n = random_name(name, rand_below(i % 10 ? 20 : 300));
		enum kind k = (enum kind)rand_below(KIND_COUNT);

		check_name(k, false, bytes_of(name, n), i % 3 ? NULL : "0f-A_z");
		check_every_kind(bytes_of(name, n < 6 ? n : 0), NULL);
	}
}

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
		cmocka_unit_test(every_short_name_comes_back_in_every_kind),
		cmocka_unit_test(every_row_of_pieces_comes_back),
		cmocka_unit_test(every_short_file_name_that_decodes_comes_back),
		cmocka_unit_test(random_unicode_names_come_back),
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
