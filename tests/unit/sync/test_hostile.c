/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that lies: by words changed on the way (liar.h), and by what somebody with a session,
 * or with a key of his own, can store there.
 */
#include "device.h"
#include "liar.h"

#include <sys/stat.h>

#include "store/envelopes.h"
#include "store/keyring.h"

#define GROUP "rg_00000000000000000000000000000001"
#define OTHER "rg_00000000000000000000000000000002"
#define WORKSPACE "{\"_id\":\"wrk_1\",\"type\":\"Workspace\",\"parentId\":null,\"modified\":1000," \
		  "\"created\":1000,\"name\":\"Orchard\",\"description\":\"\"}"
#define SECOND "{\"_id\":\"wrk_2\",\"type\":\"Workspace\",\"parentId\":null,\"modified\":1000," \
	       "\"created\":1000,\"name\":\"Garden\",\"description\":\"\"}"
#define PATIENCE_S 60		/* a device that is kept busy for ever ends the test */

struct fixture {
	struct server server;
	struct liar liar;
	struct device a, b;	/* b hears the liar */
	struct api *api;	/* a session of the account for the attacker */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct server through;
	char session[65];

	(void)alarm(PATIENCE_S);
	server_new(&f->server);
	account_create(&f->server);
	liar_start(&f->liar, f->server.port);
	through = f->server;
	(void)snprintf(through.url, sizeof through.url, "http://127.0.0.1:%u", f->liar.port);
	device_new(&f->a, &f->server, "a");
	device_new(&f->b, &through, "b");
	(void)device_add(&f->a, device_group(&f->a, GROUP, "Orchard"), WORKSPACE);
	(void)device_add(&f->a, device_group(&f->a, OTHER, "Garden"), SECOND);
	assert_ok(sync_once(f->a.sync));
	assert_ok(api_new(f->server.url, &f->api));
	assert_ok(api_login(f->api, bytes_str(EMAIL), bytes_str(PASSPHRASE), session));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	api_free(f->api);
	device_free(&f->a);
	device_free(&f->b);
	liar_stop(&f->liar);
	server_free(&f->server);
	free(f);
	(void)alarm(0);
	return 0;
}

static const char *problem(struct device *d)
{
	return status_sync(d->store)->problem;
}

static void more_for_ever_ends(void **state)
{
	struct fixture *f = *state;

	liar_say(&f->liar, "\"more\":false", "\"more\":true ");
	assert_status(sync_once(f->b.sync), WK_CORRUPT);
	assert_non_null(strstr(problem(&f->b), "sync failed"));
	assert_non_null(device_doc(&f->b, GROUP, "wrk_1"));
	liar_say(&f->liar, NULL, NULL);
	assert_ok(sync_once(f->b.sync));
	assert_string_equal(problem(&f->b), "");
}

static void a_listing_in_circles_ends(void **state)
{
	struct fixture *f = *state;

	assert_ok(sync_once(f->b.sync));
	device_edit(&f->a, device_doc(&f->a, GROUP, "wrk_1"), "description", "new", 2000);
	assert_ok(sync_once(f->a.sync));
	liar_say(&f->liar, "\"resync\":false", "\"resync\":true ");
	liar_say(&f->liar, "\"next\":null", "\"next\":\"aa\"");
	assert_status(sync_once(f->b.sync), WK_CORRUPT);
	liar_say(&f->liar, NULL, NULL);
	assert_ok(sync_once(f->b.sync));
	assert_value(&f->b, device_doc(&f->b, GROUP, "wrk_1"), "description", "new");
}

static void a_group_id_that_is_a_path_is_refused(void **state)
{
	struct fixture *f = *state;

	liar_say(&f->liar, OTHER, "../../../../../../../../../../etc/x");
	assert_status(sync_once(f->b.sync), WK_CORRUPT);
	assert_non_null(strstr(problem(&f->b), "no wakefs server, or it is damaged"));
	assert_null(docs_group_at(store_docs(f->b.store), 0));
	liar_say(&f->liar, NULL, NULL);
	assert_ok(sync_once(f->b.sync));
	assert_non_null(device_doc(&f->b, OTHER, "wrk_2"));
}

static void a_key_that_is_none_leaves_out_its_group_alone(void **state)
{
	struct fixture *f = *state;
	char link[513];
	struct wire_group group = { .id = bytes_str("keyless"), .name = bytes_str("n/a") };

	memset(link, 'f', 512);
	link[512] = '\0';
	group.enc_symmetric_key = bytes_str(link);
	assert_ok(api_group_create(f->api, &group));
	assert_ok(sync_once(f->b.sync));
	assert_string_equal(problem(&f->b),
			    "a workspace on the server has a key that does not open");
	assert_null(docs_group(store_docs(f->b.store), "keyless"));
	assert_non_null(device_doc(&f->b, GROUP, "wrk_1"));
}

/* Stores an envelope under an id; over: the version it replaces, NULL for a new one. */
static void store(struct fixture *f, const struct group_key *key, const struct context *ctx,
		  const char *text, const char *over)
{
	struct arena *arena = arena_new(1 << 22);
	struct envelopes *envelopes = NULL;
	struct buf wire = BUF_INIT(1 << 20), request = BUF_INIT(1 << 22);
	struct wire_push_answer answer = { 0 };
	uint8_t digest[DIGEST_SIZE];
	struct wire_push_item item = {
		.id = bytes_str(ctx->resource_id), .type = bytes_str(ctx->type),
		.name = bytes_str("n/a"), .removed = ctx->removed, .last_edited_ms = 1,
		.seen_version = bytes_str(over ? over : WIRE_NO_VERSION),
	};

	assert_ok(envelopes_new(key, &envelopes));
	assert_ok(envelopes_seal(envelopes, ctx, bytes_str(text), &wire, digest));
	item.enc_content = buf_bytes(&wire);
	assert_ok(wire_push_write(&item, 1, &request));
	assert_ok(api_push(f->api, arena, ctx->group_id, buf_bytes(&request), &answer));
	envelopes_free(envelopes);
	buf_fini(&wire);
	buf_fini(&request);
	arena_free(arena);
}

/* Everything about it is right but the key. */
static void forge(struct fixture *f, uint64_t n)
{
	struct group_key *key = group_key_new();
	struct context ctx = { .group_id = GROUP, .resource_id = "wrk_1", .type = "Workspace",
			       .n = n };

	secret_random(key->k, KEY_SIZE);
	store(f, key, &ctx, WORKSPACE, device_doc(&f->a, GROUP, "wrk_1")->agreed.version);
	group_key_free(key);
}

static void a_number_without_a_tag_is_not_believed(void **state)
{
	struct fixture *f = *state;

	assert_ok(sync_once(f->b.sync));
	forge(f, UINT64_MAX);
	assert_ok(sync_once(f->b.sync));
	assert_non_null(strstr(problem(&f->b), "altered"));
	assert_int_equal(device_doc(&f->b, GROUP, "wrk_1")->agreed.n, 2);
	assert_ok(sync_once(f->a.sync));
	device_edit(&f->a, device_doc(&f->a, GROUP, "wrk_1"), "description", "alive", 2000);
	assert_ok(sync_once(f->a.sync));
	assert_ok(sync_once(f->b.sync));
	assert_value(&f->b, device_doc(&f->b, GROUP, "wrk_1"), "description", "alive");
}

/* As when somebody whose copy is older than ours was made to write: nothing is lost, and it is said. */
static void a_history_that_does_not_fit_is_told(void **state)
{
	struct fixture *f = *state;
	struct context ctx = { .group_id = GROUP, .resource_id = "wrk_1", .type = "Workspace",
			       .n = 7, .p = { 1, 2, 3 } };

	assert_ok(sync_once(f->b.sync));
	store(f, docs_group(store_docs(f->a.store), GROUP)->key, &ctx,
	      "{\"_id\":\"wrk_1\",\"type\":\"Workspace\",\"parentId\":null,\"modified\":5,"
	      "\"created\":1000,\"name\":\"Orchard\",\"description\":\"forked\"}",
	      device_doc(&f->a, GROUP, "wrk_1")->agreed.version);
	assert_ok(sync_once(f->b.sync));
	assert_non_null(strstr(problem(&f->b), "does not fit"));
	assert_non_null(device_doc(&f->b, GROUP, "wrk_1"));
}

static void an_alert_outlives_a_cut_connection(void **state)
{
	struct fixture *f = *state;

	assert_ok(sync_once(f->b.sync));
	forge(f, 2);
	assert_ok(sync_once(f->b.sync));
	assert_non_null(strstr(problem(&f->b), "altered"));
	server_stop(&f->server, SIGTERM);
	assert_status(sync_once(f->b.sync), WK_OFFLINE);
	assert_non_null(strstr(problem(&f->b), "not reached"));
	server_start(&f->server);
	assert_ok(sync_once(f->b.sync));
	assert_non_null(strstr(problem(&f->b), "altered"));
}

/* --- a group whose key is the server's own: what is in it is anybody's work --- */

static const char *const names[] = {
	"..", ".", "../../../../etc/passwd", "/etc/passwd", "", ".git", ".wakefs", "Unplaced",
	"folder.json", "_folder.json", "workspace.json", "a\\u0000b", "a\\nb\\u001b[2J", "%2F",
	"%2E%2E",
	"\\ud800", "con\\u202Egpj.exe", "same", "same", "same", "SAME", ".fuse_hidden1", "~", "-rf",
};
static const char *const types[] = { "RequestGroup", "Request", "Environment", "CookieJar",
				     "../x", "a/b", "Zed", "", "." };

static void hostile_document(struct fixture *f, const struct group_key *key, unsigned number,
			     const char *type, const char *name, const char *parent)
{
	char text[2048];
	struct context ctx = { .group_id = "evil", .n = 1 };

	if (!*type)
		return;		/* there is no envelope for it */
	(void)snprintf(ctx.resource_id, sizeof ctx.resource_id, "../%u/%s", number,
		       number % 3 ? "x" : ".wakefs");
	(void)snprintf(ctx.type, sizeof ctx.type, "%s", type);
	(void)snprintf(text, sizeof text,
		       "{\"_id\":\"%s\",\"type\":\"%s\",\"parentId\":\"%s\",\"name\":\"%s\","
		       "\"modified\":-1e300,\"created\":9e300}",
		       ctx.resource_id, type, parent, name);
	store(f, key, &ctx, text, NULL);
}

static void make_evil_group(struct fixture *f, const struct group_key *key, const char *name)
{
	struct keyring *ring = NULL;
	struct buf link = BUF_INIT(4096);
	struct wire_group group = { .id = bytes_str("evil"), .name = bytes_str(name) };

	/* Sealing takes the public key alone, which the server has. */
	assert_ok(keyring_new(f->a.store, &ring));
	assert_ok(keyring_seal_link(ring, key, &link));
	group.enc_symmetric_key = buf_bytes(&link);
	assert_ok(api_group_create(f->api, &group));
	keyring_free(ring);
	buf_fini(&link);
}

static unsigned check_names(struct tree *tree, struct node *dir, int depth)
{
	struct tree_entry e = { 0 };
	unsigned count = 0;

	assert_true(depth < 200);
	while (tree_next(tree, dir, e.cookie, &e)) {
		assert_true(e.name.n > 0 && e.name.n <= 255);
		assert_null(memchr(e.name.p, '/', e.name.n));
		assert_null(memchr(e.name.p, '\0', e.name.n));
		for (size_t i = 0; i < e.name.n; i++)
			assert_true(e.name.p[i] >= 0x20 && e.name.p[i] != 0x7f);
		assert_false(bytes_equal_str(e.name, "."));
		assert_false(bytes_equal_str(e.name, ".."));
		assert_false(bytes_equal_str(e.name, ".git"));
		assert_false(bytes_equal_str(e.name, ".wakefs"));
		count++;
		if (S_ISDIR(e.node->mode))
			count += check_names(tree, e.node, depth + 1);
	}
	return count;
}

static void nothing_leaves_its_workspace(void **state)
{
	struct fixture *f = *state;
	struct group_key *key = group_key_new();
	struct tree *tree = store_tree(f->b.store);
	struct tree_entry e = { 0 };
	unsigned number = 0, dirs = 0;

	secret_random(key->k, KEY_SIZE);
	make_evil_group(f, key, "../../tmp\x1b[2J");
	hostile_document(f, key, number++, "Workspace", ".wakefs", "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < ARRAY_LEN(types); k++, number++)
			hostile_document(f, key, number, types[k], names[i],
					 k % 2 ? "../0/.wakefs" : "../../../etc");
	/* Two folders that hold each other, and one that holds itself. */
	hostile_document(f, key, 3000, "RequestGroup", "a", "../3003/.wakefs");
	hostile_document(f, key, 3003, "RequestGroup", "b", "../3000/.wakefs");
	hostile_document(f, key, 3006, "RequestGroup", "c", "../3006/.wakefs");
	assert_ok(sync_once(f->b.sync));
	assert_true(view_is_idle(store_view(f->b.store)));
	assert_true(check_names(tree, tree_root(tree), 0) > 100);
	while (tree_next(tree, tree_root(tree), e.cookie, &e))
		dirs++;
	assert_int_equal(dirs, 3);
	assert_ok(sync_once(f->b.sync));
	group_key_free(key);
}

/* An id that is live in a group of the account is not taken by another group. */
static void an_id_of_another_group_stays_there(void **state)
{
	struct fixture *f = *state;
	struct group_key *key = group_key_new();
	struct context ctx = { .group_id = "evil", .resource_id = "wrk_1", .type = "Workspace",
			       .n = 1 };

	assert_ok(sync_once(f->b.sync));
	secret_random(key->k, KEY_SIZE);
	make_evil_group(f, key, "n/a");
	store(f, key, &ctx, "{\"_id\":\"wrk_1\",\"type\":\"Workspace\",\"parentId\":null}", NULL);
	assert_ok(sync_once(f->b.sync));
	assert_non_null(strstr(problem(&f->b), "left out"));
	assert_null(device_doc(&f->b, "evil", "wrk_1"));
	assert_value(&f->b, device_doc(&f->b, GROUP, "wrk_1"), "name", "Orchard");
	group_key_free(key);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(more_for_ever_ends),
		TEST(a_listing_in_circles_ends),
		TEST(a_group_id_that_is_a_path_is_refused),
		TEST(a_key_that_is_none_leaves_out_its_group_alone),
		TEST(a_number_without_a_tag_is_not_believed),
		TEST(a_history_that_does_not_fit_is_told),
		TEST(an_alert_outlives_a_cut_connection),
		TEST(nothing_leaves_its_workspace),
		TEST(an_id_of_another_group_stays_there),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	assert_ok(crypto_init());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
