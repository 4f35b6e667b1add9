/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as files: places, names, marks, repairs, and changes that go through a mount. */
#include "docs_testing.h"

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	world_init(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_fini(*state);
	free(*state);
	return 0;
}

static void everything_has_its_place(void **state)
{
	struct world *w = *state;
	struct doc *env;

	assert_null(w->group->dir);
	world_workspace(w);
	world_folder(w, "fld_1", "wrk_1", "Pets");
	world_request(w, "req_1", "fld_1", "List pets", "x");
	env = world_take(w, "{\"_id\":\"env_1\",\"type\":\"Environment\",\"parentId\":\"wrk_1\","
			    "\"name\":\"Base\",\"data\":{},\"created\":5000,\"modified\":7000}");
	world_take(w, "{\"_id\":\"env_2\",\"type\":\"Environment\",\"parentId\":\"env_1\","
		      "\"name\":\"Prod\",\"data\":{}}");
	world_take(w, "{\"_id\":\"spc_1\",\"type\":\"ApiSpec\",\"parentId\":\"wrk_1\","
		      "\"fileName\":\"openapi\",\"contents\":\"openapi: 3\\n\"}");
	assert_file(w, "Pet Store/.workspace.json",
		    "{\n  \"_id\": \"wrk_1\",\n  \"scope\": \"collection\"\n}\n");
	assert_file(w, "Pet Store/Pets/.folder.json", "{\n  \"_id\": \"fld_1\"\n}\n");
	assert_non_null(world_node(w, "Pet Store/Pets/List pets.json"));
	assert_non_null(world_node(w, "Pet Store/Base.env/Prod.env.json"));
	assert_file(w, "Pet Store/openapi.yaml", "openapi: 3\n");
	assert_int_equal(env->node->btime_ns, 5000 * 1000000LL);
	assert_int_equal(env->node->mtime_ns, 7000 * 1000000LL);
	assert_int_equal(env->node->mode, S_IFREG | 0644);
	assert_int_equal(w->group->dir->mode, S_IFDIR | 0755);
	/* Removing the child removes the directory that it alone needed. */
	world_take_removed(w, "env_2");
	assert_null(world_node(w, "Pet Store/Base.env"));
	world_take_removed(w, "req_1");
	world_take_removed(w, "fld_1");
	assert_null(world_node(w, "Pet Store/Pets"));
	world_take_removed(w, "env_1");
	world_take_removed(w, "spc_1");
	world_take_removed(w, "wrk_1");
	assert_null(world_node(w, "Pet Store"));
	assert_null(w->group->dir);
}

static void equal_names_are_marked(void **state)
{
	struct world *w = *state;
	struct doc *young, *old;

	world_workspace(w);
	young = world_pull(w, "{\"_id\":\"req_aaaa1111\",\"type\":\"Request\",\"parentId\":"
			      "\"wrk_1\",\"name\":\"Same\",\"created\":20,\"url\":\"\"}");
	old = world_pull(w, "{\"_id\":\"req_bbbb2222\",\"type\":\"Request\",\"parentId\":"
			    "\"wrk_1\",\"name\":\"Same\",\"created\":10,\"url\":\"\"}");
	view_run(store_view(w->store));
	assert_at(w, old, "Pet Store/Same.json");
	assert_at(w, young, "Pet Store/Same%~1111.json");
	/* A mark stays, though the name is free now. */
	world_take_removed(w, "req_bbbb2222");
	assert_at(w, young, "Pet Store/Same%~1111.json");
	world_take(w, "{\"_id\":\"req_aaaa1111\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"name\":\"Same\",\"created\":20,\"url\":\"changed\"}");
	assert_at(w, young, "Pet Store/Same%~1111.json");
	world_reopen(w);
	young = world_doc(w, "req_aaaa1111");
	assert_at(w, young, "Pet Store/Same%~1111.json");
	/* A user edits it under that name: the name has no part in the document. */
	user_write(w, "Pet Store/Same%~1111.json", "{\"_id\":\"req_aaaa1111\",\"url\":\"u\"}");
	settle_all(w);
	assert_holds(w, young, "\"name\":\"Same\"");
	world_take(w, "{\"_id\":\"req_aaaa1111\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"name\":\"Other\",\"created\":20,\"url\":\"u\"}");
	assert_at(w, young, "Pet Store/Other.json");
}

static void a_long_name_is_cut(void **state)
{
	struct world *w = *state;
	char name[400], text[1000];
	struct doc *doc;

	world_workspace(w);
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	doc = world_request(w, "req_0000abcd", "wrk_1", name, "x");
	(void)snprintf(text, sizeof text, "Pet Store/%.200s%%~abcd.json", name);
	assert_at(w, doc, text);
	user_rename(w, text, "Pet Store/short.json");
	user_rename(w, "Pet Store/short.json", text);
	settle_all(w);
	assert_holds(w, doc, name);
}

static void a_scratch_file_keeps_its_name(void **state)
{
	struct world *w = *state;
	struct doc *doc;

	world_workspace(w);
	user_write(w, "Pet Store/R.json", "{\"not\":\"a document\"}");
	settle_all(w);
	doc = world_request(w, "req_00001234", "wrk_1", "R", "x");
	assert_at(w, doc, "Pet Store/R%~1234.json");
	assert_file(w, "Pet Store/R.json", "{\"not\":\"a document\"}");
	user_mkdir(w, "Other");
	user_write(w, "Other/x.txt", "scratch");
	world_take(w, "{\"_id\":\"wrk_1\",\"type\":\"Workspace\",\"parentId\":null,"
		      "\"created\":1,\"modified\":3,\"name\":\"Other\"}");
	assert_ptr_not_equal(w->group->dir, world_node(w, "Other"));
}

static void unplaced(void **state)
{
	struct world *w = *state;
	struct doc *doc;

	world_workspace(w);
	doc = world_request(w, "req_1", "fld_1", "R", "x");
	assert_true(doc->unplaced);
	assert_at(w, doc, "Pet Store/Unplaced/R.json");
	assert_string_equal(doc->problem, "its parent is not in this workspace");
	world_reopen(w);
	doc = world_doc(w, "req_1");
	assert_true(doc->unplaced);
	/* Edited there it keeps the parent it waits for. */
	user_write(w, "Pet Store/Unplaced/R.json", "{\"_id\":\"req_1\",\"url\":\"edited\"}");
	settle_all(w);
	assert_holds(w, doc, "\"parentId\":\"fld_1\"");
	push_all(w);
	world_folder(w, "fld_1", "wrk_1", "F");
	assert_at(w, doc, "Pet Store/F/R.json");
	assert_false(doc->unplaced);
	assert_null(doc->problem);
	assert_null(world_node(w, "Pet Store/Unplaced"));
	/* And back when the parent goes. */
	world_take_removed(w, "fld_1");
	assert_at(w, doc, "Pet Store/Unplaced/R.json");
	assert_null(world_node(w, "Pet Store/F"));
	/* A request cannot hold one either. */
	world_take(w, "{\"_id\":\"req_2\",\"type\":\"Request\",\"parentId\":\"req_1\","
		      "\"name\":\"S\"}");
	assert_string_equal(world_doc(w, "req_2")->problem, "its parent cannot hold it");
	assert_int_equal(w->group->unplaced_count, 2);
}

static void cycles_are_cut(void **state)
{
	struct world *w = *state;
	struct doc *a, *b, *c;

	world_workspace(w);
	a = world_folder(w, "fld_a", "wrk_1", "A");
	b = world_folder(w, "fld_b", "fld_a", "B");
	c = world_folder(w, "fld_c", "fld_b", "C");
	assert_at(w, c, "Pet Store/A/B/C");
	/* C has the greatest id among the latest, so it shows in the root. */
	world_folder(w, "fld_a", "fld_c", "A");
	assert_at(w, c, "Pet Store/C");
	assert_at(w, a, "Pet Store/C/A");
	assert_at(w, b, "Pet Store/C/A/B");
	world_folder(w, "fld_a", "wrk_1", "A");
	assert_at(w, c, "Pet Store/A/B/C");
	world_folder(w, "fld_a", "fld_a", "A");
	assert_at(w, a, "Pet Store/A");
}

static void deep_chains_end(void **state)
{
	struct world *w = *state;
	char id[32], parent[32] = "wrk_1";
	struct doc *doc = NULL;

	world_workspace(w);
	for (int i = 0; i < 140; i++) {
		(void)snprintf(id, sizeof id, "fld_%d", i);
		doc = world_folder(w, id, parent, "d");
		memcpy(parent, id, sizeof parent);
	}
	assert_true(doc->unplaced || w->group->unplaced_count > 0);
	assert_false(world_doc(w, "fld_100")->unplaced);
}

static void moved_and_renamed_elsewhere(void **state)
{
	struct world *w = *state;
	struct doc *r;
	uint64_t ino;

	world_workspace(w);
	world_folder(w, "fld_1", "wrk_1", "F");
	world_folder(w, "fld_2", "wrk_1", "G");
	r = world_request(w, "req_1", "fld_1", "R", "x");
	ino = r->node->ino;
	user_write(w, "Pet Store/F/notes.txt", "scratch");
	world_request(w, "req_1", "fld_2", "Renamed", "x");
	assert_at(w, r, "Pet Store/G/Renamed.json");
	assert_int_equal(r->node->ino, ino);	/* the same bytes: moved */
	world_request(w, "req_1", "fld_2", "Renamed", "y");
	assert_int_not_equal(r->node->ino, ino);
	/* Scratch stays where it is when its folder goes. */
	world_take_removed(w, "fld_1");
	assert_file(w, "Pet Store/F/notes.txt", "scratch");
	assert_null(world_node(w, "Pet Store/F")->doc);
	assert_null(world_node(w, "Pet Store/F/.folder.json"));
	settle_all(w);
	world_reopen(w);
	settle_all(w);
	assert_true(world_doc(w, "fld_1")->removed);
	assert_int_equal(live_count(w), 3);
}

static void a_second_workspace_is_kept(void **state)
{
	struct world *w = *state;
	struct doc *second;

	world_workspace(w);
	second = world_take(w, "{\"_id\":\"wrk_2\",\"type\":\"Workspace\",\"parentId\":null,"
			       "\"created\":9,\"name\":\"Second\"}");
	assert_null(second->node);
	assert_non_null(second->problem);
	assert_ptr_equal(w->group->workspace->node, w->group->dir);
	world_take_removed(w, "wrk_1");
	assert_ptr_equal(w->group->workspace, second);
	assert_ptr_equal(second->node, w->group->dir);
}

static void documents_come_before_their_workspace(void **state)
{
	struct world *w = *state;
	struct doc *r = world_request(w, "req_1", "wrk_1", "R", "x");

	assert_at(w, r, "Test/Unplaced/R.json");
	world_workspace(w);
	assert_ptr_equal(w->group->workspace->node, w->group->dir);
	assert_at(w, r, "Pet Store/R.json");
	assert_null(world_node(w, "Pet Store/Unplaced"));
}

/* --- through a mount --- */

struct watcher {
	struct world *w;
	struct view_change *held;
	int submitted;
	bool direct;
};

static void submit(void *arg, struct view_change *change)
{
	struct watcher *o = arg;

	o->submitted++;
	if (o->direct)
		assert_ok(view_apply(store_view(o->w->store), change));
	else
		o->held = change;
}

static void let_go(struct watcher *o)
{
	struct view_change *change = o->held;
	struct node *node;

	o->held = NULL;
	if (change->op == VIEW_PUT || change->op == VIEW_MKDIR)
		assert_ok(view_prepare(store_view(o->w->store), change, &node));
	assert_ok(view_apply(store_view(o->w->store), change));
	for (int i = 0; i < 5 && o->held == NULL; i++)
		loop_run_once(o->w->loop, 2);
}

static void an_observer_decides(void **state)
{
	struct world *w = *state;
	struct watcher o = { .w = w };
	struct view_observer observer = { &o, submit };
	struct node *old;
	struct doc *r;

	world_workspace(w);
	r = world_request(w, "req_1", "wrk_1", "R", "x");
	old = r->file;
	old->lookups = 1;
	view_set_observer(store_view(w->store), &observer);
	world_request(w, "req_1", "wrk_1", "R", "y");
	assert_int_equal(o.submitted, 1);
	assert_int_equal(o.held->op, VIEW_PUT);
	assert_string_equal(o.held->name, "R.json");
	assert_int_equal(o.held->dir_ino, w->group->dir->ino);
	assert_false(view_is_idle(store_view(w->store)));
	/* Until then the old file shows the old text. */
	assert_file(w, "Pet Store/R.json",
		    "{\n  \"_id\": \"req_1\",\n  \"url\": \"x\",\n  \"method\": \"GET\"\n}\n");
	let_go(&o);
	assert_ptr_not_equal(r->file, old);
	assert_file(w, "Pet Store/R.json",
		    "{\n  \"_id\": \"req_1\",\n  \"url\": \"y\",\n  \"method\": \"GET\"\n}\n");
	assert_true(view_is_idle(store_view(w->store)));
	old->lookups = 0;
	tree_release(w->tree, old);
	/* Handed over while the observer is still in submit. */
	o.direct = true;
	world_request(w, "req_2", "wrk_1", "S", "y");
	assert_int_equal(o.submitted, 2);
	assert_non_null(world_node(w, "Pet Store/S.json"));
	/* Given up by the mount: done in the tree, and still to be read by the observer. */
	o.direct = false;
	world_request(w, "req_3", "wrk_1", "T", "y");
	view_cancel(store_view(w->store), o.held);
	assert_string_equal(o.held->name, "T.json");
	assert_non_null(world_node(w, "Pet Store/T.json"));
	assert_ok(view_apply(store_view(w->store), o.held));
	view_set_observer(store_view(w->store), NULL);
}

static void a_user_was_faster(void **state)
{
	struct world *w = *state;
	struct watcher o = { .w = w };
	struct view_observer observer = { &o, submit };
	struct view_change *change;
	struct doc *r;

	world_workspace(w);
	r = world_request(w, "req_1", "wrk_1", "R", "x");
	r->file->lookups = 1;
	r->file->fetched = true;
	view_set_observer(store_view(w->store), &observer);
	world_request(w, "req_1", "wrk_1", "R", "y");
	change = o.held;
	user_write(w, "Pet Store/R.json", "{\"_id\":\"req_1\",\"url\":\"mine\"}");
	assert_status(view_apply(store_view(w->store), change), WK_CANCELLED);
	view_set_observer(store_view(w->store), NULL);
	r->file->lookups = 0;
	settle_all(w);
	assert_holds(w, r, "mine");
	assert_file(w, "Pet Store/R.json", "{\"_id\":\"req_1\",\"url\":\"mine\"}");
	/* Theirs is beside it. */
	assert_int_equal(live_count(w), 3);
	assert_true(newest(w)->conflict);
	assert_holds(w, newest(w), "\"url\":\"y\"");
}

static void what_was_not_shown_is_shown_at_the_next_start(void **state)
{
	struct world *w = *state;
	struct doc *doc;

	world_workspace(w);
	world_request(w, "req_1", "wrk_1", "R", "x");
	world_pull(w, "{\"_id\":\"req_1\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"name\":\"R2\",\"url\":\"z\"}");
	world_pull(w, "{\"_id\":\"req_2\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"name\":\"S\",\"url\":\"z\"}");
	world_reopen(w);
	doc = world_doc(w, "req_1");
	assert_at(w, doc, "Pet Store/R2.json");
	assert_file(w, "Pet Store/R2.json",
		    "{\n  \"_id\": \"req_1\",\n  \"url\": \"z\"\n}\n");
	assert_non_null(world_node(w, "Pet Store/S.json"));
	settle_all(w);
	assert_int_equal(live_count(w), 3);
	assert_int_equal(w->group->pending, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(everything_has_its_place), T(equal_names_are_marked), T(a_long_name_is_cut),
		T(a_scratch_file_keeps_its_name), T(unplaced), T(cycles_are_cut),
		T(deep_chains_end), T(moved_and_renamed_elsewhere), T(a_second_workspace_is_kept),
		T(documents_come_before_their_workspace), T(an_observer_decides),
		T(a_user_was_faster), T(what_was_not_shown_is_shown_at_the_next_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
