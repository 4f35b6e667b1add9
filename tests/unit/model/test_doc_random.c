/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way there and back of random documents (odd numbers, double keys, lone
 * surrogates, hidden members anywhere) and of real exports: those in the directory that
 * WAKEFS_DATA names, else those that come with the tests.
 */
#include "doc_testing.h"

#include <dirent.h>

#include "base/files.h"
#include "base/rand.h"
#include "model/exchange.h"
#include "model/name.h"

static const char *const random_texts[] = { "", "a", "/%.", "x\n\x01", "\xed\xa0\x80",
	"\xf0\x9f\x90\x88",
	"{{ _.base }}", "\"\\", "name", "0" };
static const char *const random_numbers[] = { "0", "-0", "1.0", "1e3", "1540000000000", "1.5",
	"-1540000002000.5", "123456789012345678901234567890", "1E-400" };
static const char *const random_keys[] = { "_id", "type", "parentId", "modified", "created", "name",
	"fileName", "host", "url", "body", "contents", "protoText", "metaSortKey", "headers", "", "x" };

#define PICK(list) ((list)[rand_below(sizeof(list) / sizeof *(list))])

static struct json random_value(int depth)
{
	struct json v = { .type = (enum json_type)rand_below(depth > 3 ? 5 : 7) };
	size_t n = v.type >= JSON_ARRAY ? rand_below(4) : 0;

	if (v.type == JSON_STRING)
		v.text = bytes_str(PICK(random_texts));
	else if (v.type == JSON_NUMBER)
		v.text = bytes_str(PICK(random_numbers));
	for (size_t i = 0; i < n; i++) {
		struct json inner = random_value(depth + 1);

		if (v.type == JSON_ARRAY)
			assert_ok(json_append(arena, &v, &inner));
		else if (v.type == JSON_OBJECT)
			assert_ok(json_append_member(arena, &v, bytes_str(PICK(random_keys)), &inner));
	}
	return v;
}

/* With an `_id` and a type that count; everything else as it comes. */
static struct json *random_doc(void)
{
	struct json *doc = json_new(arena, JSON_OBJECT);
	enum kind k = (enum kind)rand_below(KIND_COUNT);
	size_t n = rand_below(12);

	assert_non_null(doc);
	for (size_t i = 0; i < n; i++) {
		struct json value = random_value(0);

		assert_ok(json_append_member(arena, doc, bytes_str(PICK(random_keys)), &value));
	}
	assert_ok(json_set_str(arena, doc, "type",
			       bytes_str(k == KIND_OTHER ? "Future" : kind_info(k)->type)));
	assert_ok(json_set_str(arena, doc, "_id", bytes_str("doc_1")));
	return doc;
}

static bool has_two_ids(const struct json *doc)
{
	int n = 0;

	for (uint32_t i = 0; i < doc->count; i++)
		n += bytes_equal_str(doc->members[i].key, "_id");
	return n > 1;
}

/* Back with the old document: byte for byte.  Without: the same file again. */
static void check_there_and_back(const struct json *doc)
{
	struct doc_place place = place_of(doc);
	struct bytes file = rendered(doc);
	struct json_error error;
	struct json *again = NULL;
	enum wk_status st;

	assert_ok(doc_parse(arena, file, &place, doc, &again, &error));
	if (!bytes_equal(written(again), written(doc))) {
		print_error("was %s\nis  %s\n", (const char *)written(doc).p,
			    (const char *)written(again).p);
		fail();
	}
	assert_true(json_equal(doc, again));
	st = doc_parse(arena, file, &place, NULL, &again, &error);
	if (st == WK_INVALID && kind_info(place.kind)->text_key)
		return;
	assert_ok(st);
	/* Only what the place gives is given once. */
	if (!has_two_ids(doc))
		assert_true(bytes_equal(rendered(again), file));
}

static void random_documents_come_back(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		arena_reset(arena);
		check_there_and_back(random_doc());
	}
}

/* A document over another's file: whatever was there, the file is what it now shows. */
static void random_edits_show_what_was_written(void **state)
{
	struct json_error error;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct json *was, *is, *got = NULL;
		struct doc_place place;

		arena_reset(arena);
		was = random_doc();
		is = random_doc();
		assert_ok(json_set_str(arena, is, "type", json_get_str(was, "type")));
		place = place_of(was);
		if (kind_info(place.kind)->text_key)
			continue;
		json_remove(is, "_id");
		json_remove(was, "_id");
		assert_ok(json_set_str(arena, is, "_id", bytes_str("doc_1")));
		assert_ok(json_set_str(arena, was, "_id", bytes_str("doc_1")));
		assert_ok(doc_parse(arena, rendered(is), &place, was, &got, &error));
		assert_true(bytes_equal(rendered(got), rendered(is)));
	}
}

static void check_real_name(enum kind k, struct bytes name)
{
	SCOPED(name_parts_fini) struct name_parts parts = NAME_PARTS_INIT;
	char file[NAME_FILE_MAX + 1], mark[DOC_ID_MAX + 1];
	bool cut = false, children;

	name_mark(bytes_str("req_0123456789ab"), 6, mark);
	assert_ok(name_encode(k, bytes_str("Future"), name, NULL, false, file, &cut));
	if (cut)
		assert_ok(name_encode(k, bytes_str("Future"), name, mark, false, file, &cut));
	if (kind_is_directory(k) && k != KIND_WORKSPACE)
		assert_ok(name_decode_dir(bytes_str(file), &parts, &children));
	else
		assert_ok(name_decode_file(bytes_str(file), &parts));
	assert_string_equal(parts.mark, cut ? mark : "");
	assert_true(cut || bytes_equal(buf_bytes(&parts.name), name));
}

static size_t check_export(const struct json *root)
{
	const struct json *list = json_get(root, "resources");
	size_t checked = 0;

	for (uint32_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++) {
		struct json *doc = &list->items[i];
		struct bytes type = json_get_str(doc, "_type");
		enum kind k = KIND_OTHER;
		struct doc_head head;

		if (type.p && kind_of_export_type(type, &k) == WK_OK)
			type = bytes_str(kind_info(k)->type);
		if (!type.p)
			continue;
		assert_ok(json_set_str(arena, doc, "type", type));
		if (doc_read_head(doc, &head) != WK_OK)
			continue;
		check_there_and_back(doc);
		check_real_name(head.kind, head.name);
		checked++;
	}
	return checked;
}

static void real_documents_come_back(void **state)
{
	const char *named = getenv("WAKEFS_DATA");
	const char *folder = named ? named : "tests/data/exports";
	DIR *dir = opendir(folder);
	size_t checked = 0;

	(void)state;
	if (!dir)
		skip();
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		SCOPED(buf_fini) struct buf text = BUF_INIT(DOC_MAX);
		char path[1024];
		struct json *root = NULL;

		if (!strstr(e->d_name, ".json") && !strstr(e->d_name, ".y"))
			continue;
		arena_reset(arena);
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		assert_ok(files_read(path, &text));
		if (json_parse(arena, buf_bytes(&text), &root, NULL) == WK_OK ||
		    exchange_yaml_parse(arena, buf_bytes(&text), &root, NULL) == WK_OK)
			checked += check_export(root);
	}
	closedir(dir);
	print_message("%zu real documents\n", checked);
	assert_true(checked > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_documents_come_back),
		cmocka_unit_test(random_edits_show_what_was_written),
		cmocka_unit_test(real_documents_come_back),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
