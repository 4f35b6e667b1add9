/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Import with the ids kept and export give the same documents, field for field and number
 * for number: on the samples here and, where WAKEFS_DATA names a folder with an INDEX.tsv (name,
 * ..., format), on every export in it.
 */
#include "exchange_fixture.h"

static struct json *read_raw(struct sample *s)
{
	struct bytes text = buf_bytes(&s->file);
	struct json *root = NULL;

	if (json_parse(s->arena, text, &root, NULL) != WK_OK)
		assert_ok(exchange_yaml_parse(s->arena, text, &root, NULL));
	return json_get(root, "resources");
}

/* Members that may change, because an id had to. */
static bool is_reference(struct bytes key)
{
	return bytes_equal_str(key, "_id") || bytes_equal_str(key, "parentId") ||
	       bytes_equal_str(key, "requestId") || bytes_equal_str(key, "protoFileId");
}

static bool is_type(struct bytes key)
{
	return bytes_equal_str(key, "_type") || bytes_equal_str(key, "type");
}

static bool is_placeholder_text(const struct json *v)
{
	return v->type == JSON_STRING && exchange_index_is_placeholder(v->text);
}

/* Whether `back`, exported, is what `raw` was; `exactly`: every byte of its compact form. */
static bool is_same(const struct json *raw, const struct json *back, bool exactly)
{
	SCOPED(buf_fini) struct buf a = BUF_INIT(EXCHANGE_FILE_MAX);
	SCOPED(buf_fini) struct buf b = BUF_INIT(EXCHANGE_FILE_MAX);

	if (exactly) {
		assert_ok(json_write(raw, &a));
		assert_ok(json_write(back, &b));
		return bytes_equal(buf_bytes(&a), buf_bytes(&b));
	}
	if (raw->type != JSON_OBJECT)
		return json_equal(raw, json_get(back, "value"));
	for (uint32_t i = 0; i < raw->count; i++) {
		const struct json_member *m = &raw->members[i];
		char key[64];
		const struct json *other;

		if (is_type(m->key) || m->key.n >= sizeof key)
			continue;
		memcpy(key, m->key.p, m->key.n);
		key[m->key.n] = 0;
		other = json_get(back, key);
		if (!other)
			return false;
		if (!json_equal(json_get(raw, key), other) && !is_reference(m->key) &&
		    !bytes_equal_str(m->key, "body"))
			return false;
		if (is_reference(m->key) && !json_equal(json_get(raw, key), other) &&
		    !is_placeholder_text(json_get(raw, key)) && bytes_equal_str(m->key, "parentId"))
			return false;
	}
	return true;
}

/* Finds what came of each raw resource; says how many came back to the byte. */
static size_t match_all(struct sample *s, const struct json *raw, const struct json *back)
{
	bool *used = arena_alloc(s->arena, back->count + (size_t)1);
	size_t exact = 0;

	assert_non_null(used);
	for (uint32_t i = 0; i < raw->count; i++) {
		uint32_t found = back->count;

		for (int exactly = 1; exactly >= 0 && found == back->count; exactly--) {
			for (uint32_t k = 0; k < back->count && found == back->count; k++) {
				if (!used[k] && is_same(&raw->items[i], &back->items[k], exactly)) {
					found = k;
					exact += (size_t)exactly;
				}
			}
		}
		if (found == back->count)
			fail_msg("resource %u did not come back", i);
		used[found] = true;
	}
	return exact;
}

/* Takes a file through import and export; returns how many resources are not the same bytes. */
static size_t round_trip(const char *path, size_t *count_out)
{
	SCOPED(sample_fini) struct sample s;
	enum wk_status st = sample_open(&s, path);
	const struct json *raw, *back;
	size_t made = 0;

	if (st != WK_OK)
		fail_msg("%s: %s", path, s.sentence);
	assert_ok(exchange_map_ids(s.arena, &s.set, true, NULL, NULL));
	raw = read_raw(&s);
	back = json_get(sample_export(&s), "resources");
	for (size_t i = 0; i < s.set.count; i++)
		made += s.set.workspaces[i].made;
	assert_int_equal(raw->count + made, back->count);
	assert_int_equal(back->count, s.set.doc_count);
	*count_out = raw->count;
	return raw->count - match_all(&s, raw, back);
}

static void test_samples_come_back(void **state)
{
	size_t count;

	(void)state;
	assert_int_equal(round_trip(SAMPLES "pet-store.json", &count), 0);
	assert_int_equal(count, 25);
	assert_int_equal(round_trip(SAMPLES "garden.yaml", &count), 0);
	assert_int_equal(count, 4);
	assert_int_equal(round_trip(SAMPLES "two-workspaces.json", &count), 0);
	assert_true(round_trip(SAMPLES "odd-names.json", &count) < 25);
	assert_int_equal(count, 65);
}

static void test_second_trip_is_exact(void **state)
{
	SCOPED(sample_fini) struct sample s;
	SCOPED(sample_fini) struct sample again = { .file = BUF_INIT(EXCHANGE_FILE_MAX) };
	SCOPED(buf_fini) struct buf out = BUF_INIT(EXCHANGE_FILE_MAX);
	const struct json **docs;
	size_t n;

	(void)state;
	assert_ok(sample_open(&s, SAMPLES "odd-names.json"));
	assert_ok(exchange_map_ids(s.arena, &s.set, true, NULL, NULL));
	n = sample_docs(&s, &docs);
	assert_ok(exchange_write(s.arena, docs, n, 5, &again.file));
	assert_ok(sample_parse(&again, buf_bytes(&again.file)));
	assert_ok(exchange_map_ids(again.arena, &again.set, true, NULL, NULL));
	n = sample_docs(&again, &docs);
	assert_ok(exchange_write(again.arena, docs, n, 5, &out));
	assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&again.file)));
}

/* One line of the index: is it an export of format 3 or 4, and in which file? */
static bool read_line(char *line, const char *folder, char *path, size_t size, bool *is_export)
{
	char *name = strtok(line, "\t");
	char *format = NULL;

	for (int i = 0; name && i < 6; i++)
		format = strtok(NULL, "\t");
	if (!format || strcmp(format, "format") == 0 || strcmp(format, "gitsync") == 0)
		return false;
	(void)snprintf(path, size, "%s/%s", folder, name);
	*is_export = strncmp(format, "v3 ", 3) == 0 || strncmp(format, "v4 ", 3) == 0;
	return true;
}

static void check_refused(const char *path)
{
	SCOPED(sample_fini) struct sample s;

	assert_status(sample_open(&s, path), WK_UNSUPPORTED);
	assert_non_null(strstr(s.sentence, "This is a"));
	print_message("%s\n", s.sentence);
}

static void test_real_exports_come_back(void **state)
{
	const char *folder = getenv("WAKEFS_DATA");
	SCOPED(buf_fini) struct buf index = BUF_INIT(1 << 20);
	char path[4096];
	const char *text;
	size_t exports = 0, others = 0, resources = 0, changed = 0;

	(void)state;
	if (!folder)
		skip();
	(void)snprintf(path, sizeof path, "%s/INDEX.tsv", folder);
	assert_ok(files_read(path, &index));
	assert_ok(buf_cstr(&index, &text));
	for (char *line = (char *)index.p, *end; (end = strchr(line, '\n')); line = end + 1) {
		bool is_export = false;
		size_t count = 0;

		*end = 0;
		if (!read_line(line, folder, path, sizeof path, &is_export))
			continue;
		if (is_export) {
			size_t n = round_trip(path, &count);

			if (n > 0)
				print_message("%s: %zu with a new id or type\n", line, n);
			changed += n;
		} else {
			check_refused(path);
		}
		exports += is_export;
		others += !is_export;
		resources += count;
	}
	print_message("%zu exports with %zu resources, %zu of them with a new id or type; "
		      "%zu other files\n", exports, resources, changed, others);
	assert_true(exports > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_come_back),
		cmocka_unit_test(test_second_trip_is_exact),
		cmocka_unit_test(test_real_exports_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
