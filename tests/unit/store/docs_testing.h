/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOCS_TESTING_H
#define DOCS_TESTING_H

/* What the tests of documents, their files and settling share: a whole store in a temporary
 * directory, a user who works in its tree, and a server whose revisions come in. */
#include "base/arena.h"
#include "base/hex.h"
#include "store/docs_private.h"
#include "store/settle.h"
#include "store/status.h"
#include "store/view.h"
#include "store_testing.h"

struct world {
	char dir[64];
	struct loop *loop;
	struct store *store;
	struct docs *docs;
	struct tree *tree;
	struct group *group;
	struct arena *arena;
	uint64_t revision;
};

static inline void world_attach(struct world *w)
{
	w->docs = store_docs(w->store);
	w->tree = store_tree(w->store);
	w->group = docs_group(w->docs, "rg_test");
}

static inline struct store_params world_params(const struct world *w)
{
	return (struct store_params){ .dir = w->dir, .loop = w->loop,
				      .passphrase = bytes_str("a passphrase"),
				      .slot_memory_kib = 64, .owner_line = "a test" };
}

static inline void world_open(struct world *w)
{
	struct store_params p = world_params(w);
	char owner[128];

	assert_ok(store_open(&p, owner, sizeof owner, &w->store));
	world_attach(w);
	view_run(store_view(w->store));
}

/* In a directory that is there, and stays. */
static inline void world_init_at(struct world *w, const char *dir)
{
	struct store_params p;
	struct group_key *key;
	char owner[128];

	memset(w, 0, sizeof *w);
	assert_ok(crypto_init());
	(void)snprintf(w->dir, sizeof w->dir, "%s", dir);
	assert_ok(loop_new(&w->loop));
	w->arena = arena_new((size_t)1 << 30);
	p = world_params(w);
	assert_ok(store_create(&p, owner, sizeof owner, &w->store));
	w->docs = store_docs(w->store);
	w->tree = store_tree(w->store);
	key = group_key_new();
	memset(key->k, 9, KEY_SIZE);
	assert_ok(docs_group_add(w->docs, "rg_test", "Test", key, true, &w->group));
}

static inline void world_init(struct world *w)
{
	char dir[] = "/tmp/docs-test-XXXXXX";

	assert_non_null(mkdtemp(dir));
	world_init_at(w, dir);
}

static inline void world_reopen(struct world *w)
{
	assert_ok(store_close(w->store));
	world_open(w);
}

static inline void world_fini(struct world *w)
{
	assert_ok(store_close(w->store));
	loop_free(w->loop);
	arena_free(w->arena);
	bed_remove(w->dir);
}

static inline struct json *world_json(struct world *w, const char *text)
{
	struct json *json = NULL;

	assert_ok(json_parse(w->arena, bytes_str(text), &json, NULL));
	return json;
}

static inline struct docs_version world_version(struct world *w)
{
	struct docs_version v = { .n = ++w->revision };

	memset(v.digest, 0x40, sizeof v.digest);
	memcpy(v.digest, &v.n, sizeof v.n);
	(void)snprintf(v.version, sizeof v.version, "v%u", (unsigned)v.n);
	return v;
}

/* The server's revision comes in; the view is not run. */
static inline struct doc *world_pull(struct world *w, const char *text)
{
	struct json *json = world_json(w, text);
	struct docs_remote r = { .id = json_get_str(json, "_id"),
				 .type = json_get_str(json, "type"),
				 .author = bytes_str("acct_other"),
				 .version = world_version(w), .json = json };
	struct doc *doc = NULL;

	assert_ok(docs_take(w->docs, w->group, &r, NULL, false, &doc));
	return doc;
}

static inline struct doc *world_take(struct world *w, const char *text)
{
	struct doc *doc = world_pull(w, text);

	view_run(store_view(w->store));
	return doc;
}

static inline void world_take_removed(struct world *w, const char *id)
{
	struct doc *doc = docs_find(w->docs, w->group, bytes_str(id));
	struct docs_remote r = { .id = bytes_str(id), .removed = true,
				 .version = world_version(w) };

	assert_non_null(doc);
	r.type = bytes_str(doc->type);
	assert_ok(docs_take(w->docs, w->group, &r, NULL, false, &doc));
	view_run(store_view(w->store));
}

static inline struct doc *world_request(struct world *w, const char *id, const char *parent,
					const char *name, const char *url)
{
	char text[1024];

	(void)snprintf(text, sizeof text,
		       "{\"_id\":\"%s\",\"type\":\"Request\",\"parentId\":\"%s\","
		       "\"created\":%d,\"modified\":2000,\"name\":\"%s\",\"url\":\"%s\","
		       "\"method\":\"GET\"}",
		       id, parent, (int)(1000 + w->revision), name, url);
	return world_take(w, text);
}

static inline struct doc *world_folder(struct world *w, const char *id, const char *parent,
				       const char *name)
{
	char text[1024];

	(void)snprintf(text, sizeof text,
		       "{\"_id\":\"%s\",\"type\":\"RequestGroup\",\"parentId\":\"%s\","
		       "\"created\":%d,\"modified\":2000,\"name\":\"%s\"}",
		       id, parent, (int)(1000 + w->revision), name);
	return world_take(w, text);
}

static inline struct doc *world_workspace(struct world *w)
{
	return world_take(w, "{\"_id\":\"wrk_1\",\"type\":\"Workspace\",\"parentId\":null,"
			     "\"created\":1,\"modified\":2,\"name\":\"Pet Store\","
			     "\"scope\":\"collection\"}");
}

static inline struct doc *world_doc(struct world *w, const char *id)
{
	return docs_find(w->docs, w->group, bytes_str(id));
}

/* --- a user --- */

static inline struct node *world_node(struct world *w, const char *path)
{
	struct node *node = NULL;

	return tree_resolve(w->tree, bytes_str(path), &node) == WK_OK ? node : NULL;
}

static inline struct node *world_split(struct world *w, const char *path, struct bytes *name)
{
	const char *slash = strrchr(path, '/');
	char dir[1024];
	struct node *node;

	if (slash == NULL) {
		*name = bytes_str(path);
		return tree_root(w->tree);
	}
	(void)snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
	*name = bytes_str(slash + 1);
	node = world_node(w, dir);
	assert_non_null(node);
	return node;
}

static inline struct node *user_mkdir(struct world *w, const char *path)
{
	struct tree_new what = { .mode = S_IFDIR | 0755 };
	struct bytes name;
	struct node *dir = world_split(w, path, &name), *node = NULL;

	assert_ok(tree_make(w->tree, dir, name, &what, 0, &node));
	return node;
}

/* Opens with O_CREAT | O_TRUNC, writes; `closes` tells that the writer closed. */
static inline struct node *user_write_open(struct world *w, const char *path, const char *text)
{
	struct tree_new what = { .mode = S_IFREG | 0644 };
	struct node *node = world_node(w, path), *dir;
	struct bytes name;

	if (node == NULL) {
		dir = world_split(w, path, &name);
		assert_ok(tree_make(w->tree, dir, name, &what, 0, &node));
	} else {
		assert_ok(tree_set(w->tree, node,
				   &(struct tree_attributes){ .set = TREE_SET_SIZE, .size = 0 },
				   0));
	}
	if (text[0] != '\0')
		assert_ok(tree_write(w->tree, node, 0, bytes_str(text), 0));
	return node;
}

static inline void user_write(struct world *w, const char *path, const char *text)
{
	settle_complete(store_settle(w->store), user_write_open(w, path, text));
}

static inline void user_rename_flags(struct world *w, const char *from, const char *to,
				     unsigned flags)
{
	struct bytes from_name, to_name;
	struct node *from_dir = world_split(w, from, &from_name);
	struct node *to_dir = world_split(w, to, &to_name);

	assert_ok(tree_rename(w->tree, from_dir, from_name, to_dir, to_name, flags));
	settle_complete(store_settle(w->store), world_node(w, to));
}

static inline void user_rename(struct world *w, const char *from, const char *to)
{
	user_rename_flags(w, from, to, 0);
}

static inline void user_unlink(struct world *w, const char *path)
{
	struct bytes name;
	struct node *dir = world_split(w, path, &name);

	assert_ok(tree_unlink(w->tree, dir, name, 0));
}

static inline void user_rmdir(struct world *w, const char *path)
{
	struct bytes name;
	struct node *dir = world_split(w, path, &name);

	assert_ok(tree_rmdir(w->tree, dir, name, 0));
}

static inline void settle_all(struct world *w)
{
	assert_ok(settle_now(store_settle(w->store), true));
	assert_true(settle_is_idle(store_settle(w->store)));
	assert_true(view_is_idle(store_view(w->store)));
}

/* --- what there is --- */

static inline void read_file(struct world *w, const char *path, struct buf *out)
{
	struct node *node = world_node(w, path);

	if (node == NULL)
		fail_msg("no file %s", path);
	assert_ok(tree_read_all(w->tree, node, out));
}

static inline void assert_file_(struct world *w, const char *path, const char *want,
				const char *file, int line)
{
	SCOPED(buf_fini) struct buf got = BUF_INIT(1 << 24);

	read_file(w, path, &got);
	assert_bytes_str_(buf_bytes(&got), want, file, line);
}
#define assert_file(w, path, want) assert_file_(w, path, want, __FILE__, __LINE__)

static inline void assert_holds_(struct world *w, const struct doc *doc, const char *part,
				 const char *file, int line)
{
	SCOPED(buf_fini) struct buf got = BUF_INIT(1 << 24);
	const char *text;

	_assert_true(docs_text(w->docs, doc, DOCS_LOCAL, &got) == WK_OK, "has a text", file, line);
	assert_ok(buf_cstr(&got, &text));
	if (strstr(text, part) == NULL) {
		print_error("%s\nlacks %s\n", text, part);
		_fail(file, line);
	}
}
/* The document's text (compact JSON) holds this. */
#define assert_holds(w, doc, part) assert_holds_(w, doc, part, __FILE__, __LINE__)

/* Where the document's file stands, from the mount's root. */
static inline void assert_at_(struct world *w, const struct doc *doc, const char *want,
			      const char *file, int line)
{
	SCOPED(buf_fini) struct buf path = BUF_INIT(1 << 20);

	_assert_true(doc->node != NULL, "stands somewhere", file, line);
	assert_ok(tree_path(w->tree, doc->node, &path));
	assert_bytes_str_(buf_bytes(&path), want, file, line);
}
#define assert_at(w, doc, want) assert_at_(w, doc, want, __FILE__, __LINE__)

static inline size_t live_count(struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; docs_at(w->docs, w->group, i) != NULL; i++)
		n += !docs_at(w->docs, w->group, i)->removed;
	assert_int_equal(n, w->group->live);
	return n;
}

/* The only live document that is not one of the world's own ids. */
static inline struct doc *newest(struct world *w)
{
	struct doc *doc = NULL;

	for (size_t i = 0; docs_at(w->docs, w->group, i) != NULL; i++)
		if (!docs_at(w->docs, w->group, i)->removed)
			doc = docs_at(w->docs, w->group, i);
	return doc;
}

/* The server confirms everything that waits. */
static inline void push_all(struct world *w)
{
	struct docs_outgoing out[64];
	size_t n;

	while ((n = docs_outgoing(w->docs, w->group, out, 64)) > 0)
		for (size_t i = 0; i < n; i++) {
			struct docs_version v = world_version(w);
			SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 24);

			if (!out[i].removed)
				assert_ok(docs_text(w->docs, out[i].doc, DOCS_LOCAL, &text));
			assert_ok(docs_set_agreed(w->docs, out[i].doc, out[i].generation,
						  out[i].removed, &v, buf_bytes(&text)));
		}
}

#endif
