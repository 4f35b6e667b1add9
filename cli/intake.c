/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents into a group, some at a time.  A step is one transaction, small enough for the store's
 * limit of unwritten bytes; what a failed intake added is taken back, so that nothing stays half
 * imported.
 */
#include "cli/intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/rand.h"
#include "crypto/secret.h"
#include "store/view.h"
#include "wire/limits.h"

#define STEP_DOCS 200
#define STEP_MS 20
#define DIRTY_HIGH (ROWS_DIRTY_MAX / 4)

struct intake {
	struct store *store;
	struct group *group;
	struct json **docs;
	struct doc **added;
	size_t count, at, added_count;
};

static enum wk_status make_group(struct intake *t)
{
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();
	char id[3 + 32 + 1] = "rg_", name[WIRE_NAME_MAX + 1];
	struct bytes named = json_get_str(t->docs[0], "name");
	uint8_t random[16];
	enum wk_status st;

	if (!key)
		return WK_NOMEM;
	secret_random(key->k, KEY_SIZE);
	rand_bytes(random, sizeof random);
	hex_encode(random, sizeof random, id + 3);
	(void)snprintf(name, sizeof name, "%.*s", (int)(named.n <= WIRE_NAME_MAX ? named.n : 0),
		       named.p ? (const char *)named.p : "");
	st = docs_group_add(store_docs(t->store), id, name, key, false, &t->group);
	if (st == WK_OK)
		(void)take(&key);
	return st;
}

/* What hung below the file's Workspace hangs below the group's own. */
static enum wk_status hang_into(struct intake *t)
{
	struct bytes from = json_get_str(t->docs[0], "_id");

	if (!t->group->workspace)
		return WK_NOT_FOUND;
	for (size_t i = 1; i < t->count; i++) {
		struct json *parent = json_get(t->docs[i], "parentId");

		if (parent && parent->type == JSON_STRING && bytes_equal(parent->text, from))
			parent->text = bytes_str(t->group->workspace->id);
	}
	t->at = 1;
	return WK_OK;
}

enum wk_status intake_new(struct store *store, struct group *into, struct json **docs,
			  size_t count, struct intake **out)
{
	SCOPED(intake_free_scoped) struct intake *t = calloc(1, sizeof *t);
	enum wk_status st;

	if (!t)
		return WK_NOMEM;
	if (count == 0)
		return WK_INVALID;
	t->store = store;
	t->group = into;
	t->docs = docs;
	t->count = count;
	t->added = calloc(count, sizeof(struct doc *));
	if (!t->added)
		return WK_NOMEM;
	st = into ? hang_into(t) : make_group(t);
	if (st != WK_OK)
		return st;
	*out = take(&t);
	return WK_OK;
}

void intake_free(struct intake *t)
{
	if (!t)
		return;
	free(t->added);
	free(t);
}

/* Children before their parents, as they were added last. */
static void take_back(struct intake *t)
{
	struct docs *docs = store_docs(t->store);

	rows_begin_freeing(store_rows(t->store));
	while (t->added_count > 0)
		if (docs_remove(docs, t->added[--t->added_count], true) != WK_OK)
			break;
	view_run(store_view(t->store));
	rows_end(store_rows(t->store));
}

enum wk_status intake_step(struct intake *t)
{
	const int64_t until = clock_mono_ms() + STEP_MS;
	enum wk_status st = WK_OK;

	rows_begin(store_rows(t->store));
	for (size_t n = 0; st == WK_OK && t->at < t->count && n < STEP_DOCS; n++) {
		struct doc *doc = NULL;

		if (n > 0 && (intake_must_wait(t) || clock_mono_ms() > until))
			break;
		st = docs_add(store_docs(t->store), t->group, t->docs[t->at], &doc);
		if (st != WK_OK)
			break;
		t->added[t->added_count++] = doc;
		t->at++;
	}
	if (st == WK_OK)
		view_run(store_view(t->store));
	rows_end(store_rows(t->store));
	if (st != WK_OK)
		take_back(t);
	return st;
}

size_t intake_done(const struct intake *t)
{
	return t->at;
}

bool intake_is_complete(const struct intake *t)
{
	return t->at == t->count;
}

bool intake_must_wait(const struct intake *t)
{
	return rows_dirty_bytes(store_rows(t->store)) > DIRTY_HIGH;
}

struct group *intake_group(const struct intake *t)
{
	return t->group;
}
