/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the known answers and counts. */
#include "crypto/selftest.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/files.h"
#include "base/hex.h"
#include "base/scoped.h"
#include "crypto/secret.h"
#include "crypto/selftest_private.h"

#define FILE_MAX (64u * 1024 * 1024)
#define TREE_MAX (512u * 1024 * 1024)

static const struct suite {
	const char *file;
	void (*run)(struct selftest *t, const struct json *root);
} suites[] = {
	{ "account.json", selftest_account },	    { "aes-gcm.json", selftest_aes_gcm },
	{ "derive-key.json", selftest_derive_key }, { "group.json", selftest_group },
	{ "ids.json", selftest_ids },		    { "rsa-oaep.json", selftest_rsa_oaep },
	{ "srp.json", selftest_srp },
};

static void say(const struct selftest *t, const char *line)
{
	if (t->report)
		t->report(t->arg, line);
}

void selftest_count(struct selftest *t, struct bytes id, bool passed)
{
	char line[256];

	if (passed) {
		t->result.passed++;
		return;
	}
	t->result.failed++;
	(void)snprintf(line, sizeof line, "%s: %.*s failed", t->file, id.n > 99 ? 99 : (int)id.n,
		       (const char *)id.p);
	say(t, line);
}

void selftest_skip(struct selftest *t, const char *what)
{
	char line[256];

	t->result.skipped++;
	(void)snprintf(line, sizeof line, "%s: %s skipped", t->file, what);
	say(t, line);
}

void selftest_each(struct selftest *t, const struct json *root, const struct json *list,
		   const char *what,
		   bool (*run)(const struct json *root, const struct json *one))
{
	char place[64];

	for (uint32_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++) {
		(void)snprintf(place, sizeof place, "%s %u", what, i + 1);
		selftest_count(t, bytes_str(place), run(root, &list->items[i]));
	}
}

bool selftest_hex(const struct json *object, const char *member, uint8_t *out, size_t n)
{
	struct bytes text = json_get_str(object, member);

	return text.p && hex_decode(text, out, n) == WK_OK;
}

bool selftest_append_hex(const struct json *object, const char *member, struct buf *out)
{
	struct bytes text = json_get_str(object, member);

	return text.p && hex_decode_append(text, out) == WK_OK;
}

bool selftest_is_hex(const struct json *object, const char *member, struct bytes want)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(FILE_MAX);

	return hex_append(&text, want.p, want.n) == WK_OK &&
	       selftest_is_text(object, member, buf_bytes(&text));
}

bool selftest_is_text(const struct json *object, const char *member, struct bytes want)
{
	struct bytes text = json_get_str(object, member);

	return text.p && bytes_equal(text, want);
}

bool selftest_text_of(const struct json *object, const char *member, struct buf *out)
{
	const struct json *value = json_get(object, member);

	return value && json_write(value, out) == WK_OK;
}

static enum wk_status run_file(struct selftest *t, const char *dir, const struct suite *suite)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(TREE_MAX);
	SCOPED(buf_fini) struct buf text = BUF_INIT(FILE_MAX);
	struct selftest_result before = t->result;
	struct json *root;
	char path[4096], line[256];
	enum wk_status st;

	if (!arena)
		return WK_NOMEM;
	if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, suite->file) >= sizeof path)
		return WK_INVALID;
	st = files_read(path, &text);
	if (st == WK_OK)
		st = json_parse(arena, buf_bytes(&text), &root, NULL);
	if (st != WK_OK)
		return st;
	suite->run(t, root);
	(void)snprintf(line, sizeof line, "%s: %u passed, %u failed", suite->file,
		       t->result.passed - before.passed, t->result.failed - before.failed);
	say(t, line);
	return WK_OK;
}

static int is_vectors(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

static enum wk_status run_named(struct selftest *t, const char *dir, const char *name)
{
	t->file = name;
	for (size_t i = 0; i < ARRAY_LEN(suites); i++)
		if (strcmp(name, suites[i].file) == 0)
			return run_file(t, dir, &suites[i]);
	selftest_skip(t, "the whole file");
	return WK_OK;
}

static enum wk_status run_directory(struct selftest *t, const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_vectors, alphasort);
	enum wk_status st = WK_OK;

	if (n < 0)
		return WK_NOT_FOUND;
	for (int i = 0; i < n; i++) {
		if (st == WK_OK)
			st = run_named(t, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return st;
}

enum wk_status selftest_run(const char *dir_or_null, struct selftest_result *out,
			    void (*report)(void *arg, const char *line), void *arg)
{
	struct selftest t = { .report = report, .arg = arg, .file = "built in" };
	enum wk_status st = crypto_init();

	if (st != WK_OK)
		return st;
	selftest_builtin(&t);
	if (dir_or_null)
		st = run_directory(&t, dir_or_null);
	if (st == WK_OK)
		*out = t.result;
	return st;
}
