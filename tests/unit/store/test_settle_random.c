/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user and a server change the same documents in no order: nothing that was saved is lost, the
 * tree and the documents agree in the end, and a restart changes nothing.
 * Every save and every revision carries a token of its own, so that it can be looked for.
 */
#include "docs_testing.h"

#define DOCS 12
#define STEPS 150

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static const char *const dirs[] = { "Pet Store", "Pet Store/D1", "Pet Store/D2", "Pet Store/D1/E" };

/* Some file whose name is a request's; false: none. */
static bool any_file(struct world *w, char path[256])
{
	for (int tries = 0; tries < 20; tries++) {
		const char *dir = dirs[below(ARRAY_LEN(dirs))];
		struct node *node = world_node(w, dir);
		struct tree_entry e = { 0 };
		unsigned skip = below(8);

		while (node != NULL && tree_next(w->tree, node, e.cookie, &e)) {
			if (!S_ISREG(e.node->mode) || e.name.p[0] == '.' || skip-- > 0)
				continue;
			(void)snprintf(path, 256, "%s/%.*s", dir, (int)e.name.n,
				       (const char *)e.name.p);
			return true;
		}
	}
	return false;
}

static void random_name(struct world *w, char path[256])
{
	const char *dir = dirs[below(ARRAY_LEN(dirs))];

	if (world_node(w, dir) == NULL)
		dir = dirs[0];
	(void)snprintf(path, 256, "%s/n%u.json", dir, below(20));
}

/* A save of what is there with a new token; by which way is drawn. */
static void user_saves(struct world *w, const char *path, int token)
{
	SCOPED(buf_fini) struct buf old = BUF_INIT(1 << 16);
	struct node *node = world_node(w, path);
	char text[512], id[128] = "";
	struct json *json = NULL;

	assert_ok(tree_read_all(w->tree, node, &old));
	node->fetched = true;
	if (json_parse(w->arena, buf_bytes(&old), &json, NULL) == WK_OK) {
		struct bytes b = json_get_str(json, "_id");

		if (b.n > 0)
			(void)snprintf(id, sizeof id, "\"_id\":\"%.*s\",", (int)b.n,
				       (const char *)b.p);
	}
	(void)snprintf(text, sizeof text, "{%s\"url\":\"user%d\",\"method\":\"GET\"}", id, token);
	switch (below(4)) {
	case 0:
		user_write(w, path, text);
		break;
	case 1:
		user_write_open(w, path, text);
		break;
	case 2:
		user_write(w, "Pet Store/.tmp", text);
		user_rename(w, "Pet Store/.tmp", path);
		break;
	default:
		user_unlink(w, path);
		if (below(2))
			loop_run_once(w->loop, 0);
		user_write(w, path, text);
		break;
	}
}

static void user_acts(struct world *w, int token)
{
	char a[256], b[256], text[128];

	if (!any_file(w, a))
		return;
	random_name(w, b);
	switch (below(8)) {
	case 0:
	case 1:
	case 2:
		user_saves(w, a, token);
		break;
	case 3:
		if (strcmp(a, b) != 0)
			user_rename(w, a, b);
		break;
	case 4:
		if (any_file(w, b) && strcmp(a, b) != 0)
			user_rename_flags(w, a, b, RENAME_EXCHANGE);
		break;
	case 5:
		user_unlink(w, a);
		break;
	case 6:
		(void)snprintf(text, sizeof text, "{\"url\":\"user%d\"}", token);
		user_write(w, b, text);
		break;
	default:
		if (world_node(w, "Pet Store/D1") && !world_node(w, "Pet Store/D2/D1"))
			settle_complete(store_settle(w->store), world_node(w, a));
		break;
	}
}

/* Another client: pushes over what was agreed, as sync/ applies it without a local change. */
static void server_acts(struct world *w, int token)
{
	char text[512], id[32];
	unsigned which = below(DOCS);
	struct doc *doc;
	struct docs_remote r = { .type = bytes_str("Request"), .author = bytes_str("other") };
	static const char *const parents[] = { "wrk_1", "fld_1", "fld_2", "fld_none" };

	(void)snprintf(id, sizeof id, "req_%u", which);
	doc = world_doc(w, id);
	/* What is pending here would be merged by sync/; this test has no sync. */
	if (doc != NULL && doc->pending)
		return;
	r.version = world_version(w);
	r.id = bytes_str(id);
	r.removed = below(6) == 0;
	if (r.removed && doc == NULL)
		return;
	(void)snprintf(text, sizeof text,
		       "{\"_id\":\"%s\",\"type\":\"Request\",\"parentId\":\"%s\",\"name\":\"n%u\","
		       "\"created\":%u,\"modified\":%d,\"url\":\"server%d\",\"method\":\"GET\"}",
		       id, parents[below(4)], below(20), which, token, token);
	if (!r.removed)
		r.json = world_json(w, text);
	assert_ok(docs_take(w->docs, w->group, &r, NULL, false, &doc));
	if (below(2))
		view_run(store_view(w->store));
}

/* Each live document has one file that means the same, and each document file one document. */
static void check(struct world *w)
{
	size_t files = 0;

	for (size_t i = 0; docs_at(w->docs, w->group, i) != NULL; i++) {
		struct doc *doc = docs_at(w->docs, w->group, i);
		SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 16);
		SCOPED(buf_fini) struct buf path = BUF_INIT(4096);
		struct json *json = NULL, *shown = NULL;
		struct bytes url;

		if (doc->removed) {
			assert_null(doc->file);
			continue;
		}
		files++;
		assert_non_null(doc->file);
		assert_ptr_equal(doc->file->doc, doc);
		assert_ok(tree_path(w->tree, doc->node, &path));
		if (doc->kind != KIND_REQUEST || doc->invalid)
			continue;
		assert_ok(docs_text(w->docs, doc, DOCS_LOCAL, &text));
		assert_ok(json_parse(w->arena, buf_bytes(&text), &json, NULL));
		buf_clear(&text);
		assert_ok(tree_read_all(w->tree, doc->file, &text));
		assert_ok(json_parse(w->arena, buf_bytes(&text), &shown, NULL));
		url = json_get_str(json, "url");
		assert_true(bytes_equal(url, json_get_str(shown, "url")));
		assert_true(doc->unplaced || doc->parent_id != NULL);
	}
	assert_int_equal(files, w->group->live);
	assert_false(settle_stray(store_settle(w->store), &(size_t){ 0 }, &(struct node *){ 0 },
				  &(const char *){ 0 }));
}

/* Whether any live document or any file holds the token. */
static bool stands(struct world *w, const char *token)
{
	for (size_t i = 0; docs_at(w->docs, w->group, i) != NULL; i++) {
		struct doc *doc = docs_at(w->docs, w->group, i);
		SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 16);

		if (!doc->removed && docs_text(w->docs, doc, DOCS_LOCAL, &text) == WK_OK &&
		    memmem(text.p, text.n, token, strlen(token)) != NULL)
			return true;
	}
	return false;
}

static void one_round(uint64_t start)
{
	struct world *w = calloc(1, sizeof *w);
	size_t live;
	char id[32];

	seed = start;
	world_init(w);
	world_workspace(w);
	world_folder(w, "fld_1", "wrk_1", "D1");
	world_folder(w, "fld_2", "wrk_1", "D2");
	world_folder(w, "fld_3", "fld_1", "E");
	for (unsigned i = 0; i < DOCS; i++) {
		(void)snprintf(id, sizeof id, "req_%u", i);
		world_request(w, id, i % 2 ? "fld_1" : "wrk_1", id, "first");
	}
	for (int i = 0; i < STEPS; i++) {
		switch (below(8)) {
		case 0:
			server_acts(w, i);
			break;
		case 1:
			assert_ok(settle_now(store_settle(w->store), below(2)));
			break;
		case 2:
			if (below(4) == 0)
				push_all(w);
			else if (below(4) == 0)
				world_reopen(w);
			break;
		case 3:
			loop_run_once(w->loop, 0);
			break;
		default:
			user_acts(w, i);
			break;
		}
	}
	/* The last word of the user is there in the end, whatever comes from elsewhere. */
	user_write(w, "Pet Store/last.json", "{\"url\":\"userlast\"}");
	settle_all(w);
	view_run(store_view(w->store));
	settle_all(w);
	check(w);
	assert_true(stands(w, "userlast"));
	live = live_count(w);
	world_reopen(w);
	settle_all(w);
	check(w);
	assert_int_equal(live_count(w), live);
	world_fini(w);
	free(w);
}

static void random_work(void **state)
{
	const char *torture = getenv("TORTURE");
	uint64_t rounds = torture != NULL ? 2000 : 40;

	(void)state;
	for (uint64_t i = 1; i <= rounds; i++) {
		/* SEED=n runs that round alone. */
		if (getenv("SEED") != NULL)
			rounds = i = strtoull(getenv("SEED"), NULL, 10);
		if (torture != NULL || getenv("SEED") != NULL)
			print_message("seed %llu\n", (unsigned long long)i);
		one_round(i);
	}
}

/* One document, edited here and there by turns: every text that was replaced unread stands beside. */
static void no_side_is_dropped(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= 40; round++) {
		struct world *w = calloc(1, sizeof *w);
		char text[256], mine[32], theirs[32];

		seed = round;
		world_init(w);
		world_workspace(w);
		world_request(w, "req_1", "wrk_1", "R", "first");
		for (int i = 0; i < 8; i++) {
			struct node *file = world_doc(w, "req_1")->file;

			file->fetched = true;
			if (below(2))
				file->lookups = 1;
			(void)snprintf(mine, sizeof mine, "mine%d.", i);
			(void)snprintf(theirs, sizeof theirs, "theirs%d.", i);
			(void)snprintf(text, sizeof text, "{\"_id\":\"req_1\",\"url\":\"%s\"}",
				       mine);
			if (below(2))
				user_write_open(w, "Pet Store/R.json", text);
			else
				user_write(w, "Pet Store/R.json", text);
			world_request(w, "req_1", "wrk_1", "R", theirs);
			file->lookups = 0;
			tree_release(w->tree, file);
			settle_all(w);
			if (!stands(w, mine) || !stands(w, theirs))
				fail_msg("seed %d, step %d: a side is gone", (int)round, i);
			assert_file(w, "Pet Store/R.json", text);
			push_all(w);
			if (below(3) == 0)
				world_reopen(w);
		}
		world_fini(w);
		free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_side_is_dropped),
		cmocka_unit_test(random_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
