/* SPDX-License-Identifier: Apache-2.0 */
/* Users save, move, copy and remove files; the documents follow, and keep who they are. */
#include "docs_testing.h"

#define TEXT_A "{\n  \"_id\": \"req_a\",\n  \"url\": \"http://a\",\n  \"method\": \"GET\"\n}\n"
#define NEW_A "{\n  \"_id\": \"req_a\",\n  \"url\": \"http://new\",\n  \"method\": \"GET\"\n}\n"

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	world_init(w);
	world_workspace(w);
	world_folder(w, "fld_p", "wrk_1", "Pets");
	world_request(w, "req_a", "wrk_1", "A", "http://a");
	world_request(w, "req_b", "fld_p", "B", "http://b");
	push_all(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_fini(*state);
	free(*state);
	return 0;
}

static void a_save_in_place(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	assert_file(w, "Pet Store/A.json", TEXT_A);
	user_write(w, "Pet Store/A.json", NEW_A);
	assert_false(settle_is_idle(store_settle(w->store)));
	for (int i = 0; i < 20 && !a->pending; i++)
		loop_run_once(w->loop, 10);
	assert_true(a->pending);
	assert_holds(w, a, "\"url\":\"http://new\"");
	assert_holds(w, a, "\"name\":\"A\"");
	assert_holds(w, a, "\"created\":1002");
	assert_true(a->file->rendered);
	assert_file(w, "Pet Store/A.json", NEW_A);
	assert_int_equal(live_count(w), 4);
	assert_int_equal(w->group->pending, 1);
	push_all(w);
	assert_int_equal(w->group->pending, 0);
	assert_false(a->has_agreed);
}

static void own_layout_stays(void **state)
{
	struct world *w = *state;
	const char *text = "{\"method\":\"GET\",  \"_id\":\"req_a\",\"url\":\"http://mine\"}";

	user_write(w, "Pet Store/A.json", text);
	settle_all(w);
	assert_holds(w, world_doc(w, "req_a"), "\"url\":\"http://mine\"");
	assert_file(w, "Pet Store/A.json", text);
	world_reopen(w);
	assert_file(w, "Pet Store/A.json", text);
	settle_all(w);
	assert_int_equal(live_count(w), 4);
}

static void touching_sends_nothing(void **state)
{
	struct world *w = *state;

	user_write(w, "Pet Store/A.json", TEXT_A);
	settle_all(w);
	assert_int_equal(w->group->pending, 0);
	assert_true(world_doc(w, "req_a")->file->rendered);
}

static void saved_by_temporary_file(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	user_write(w, "Pet Store/.A.json.tmp1", NEW_A);
	user_rename(w, "Pet Store/.A.json.tmp1", "Pet Store/A.json");
	settle_all(w);
	assert_int_equal(live_count(w), 4);
	assert_holds(w, a, "http://new");
	assert_at(w, a, "Pet Store/A.json");
}

static void saved_by_backup_and_create(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	user_rename(w, "Pet Store/A.json", "Pet Store/A.json~");
	loop_run_once(w->loop, 5);
	user_write(w, "Pet Store/A.json", NEW_A);
	settle_all(w);
	assert_int_equal(live_count(w), 4);
	assert_holds(w, a, "http://new");
	assert_file(w, "Pet Store/A.json~", TEXT_A);
	user_unlink(w, "Pet Store/A.json~");
	settle_all(w);
	assert_int_equal(live_count(w), 4);
}

static void removed_and_made_again(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	user_unlink(w, "Pet Store/A.json");
	for (int i = 0; i < 3; i++)
		loop_run_once(w->loop, 100);
	assert_false(a->removed);
	user_write(w, "Pet Store/A.json", "{\"url\":\"http://new\"}");
	settle_all(w);
	assert_false(a->removed);
	assert_int_equal(live_count(w), 4);
	assert_holds(w, a, "http://new");
}

static void swapped(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a"), *b = world_doc(w, "req_b");

	user_rename_flags(w, "Pet Store/A.json", "Pet Store/Pets/B.json", RENAME_EXCHANGE);
	settle_all(w);
	assert_at(w, a, "Pet Store/Pets/B.json");
	assert_holds(w, a, "\"name\":\"B\"");
	assert_holds(w, a, "\"parentId\":\"fld_p\"");
	assert_at(w, b, "Pet Store/A.json");
	assert_holds(w, b, "\"parentId\":\"wrk_1\"");
	assert_int_equal(live_count(w), 4);
}

static void rotated_to_a_backup(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	user_rename(w, "Pet Store/A.json", "Pet Store/A.bak.json");
	user_write(w, "Pet Store/A.json", NEW_A);
	settle_all(w);
	assert_int_equal(live_count(w), 5);
	assert_at(w, a, "Pet Store/A.json");
	assert_holds(w, a, "http://new");
	assert_holds(w, newest(w), "\"name\":\"A.bak\"");
	assert_file(w, "Pet Store/A.bak.json", TEXT_A);
}

static void copied(void **state)
{
	struct world *w = *state;
	struct doc *copy;

	user_write(w, "Pet Store/Pets/Copy.json", NEW_A);
	settle_all(w);
	assert_int_equal(live_count(w), 5);
	copy = newest(w);
	assert_string_not_equal(copy->id, "req_a");
	assert_holds(w, copy, "\"name\":\"Copy\"");
	assert_holds(w, copy, "\"parentId\":\"fld_p\"");
	/* As it was written, the other's id included. */
	assert_file(w, "Pet Store/Pets/Copy.json", NEW_A);
	assert_holds(w, world_doc(w, "req_a"), "http://a");
}

static void renamed_and_moved(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a"), *p = world_doc(w, "fld_p");
	struct doc *b = world_doc(w, "req_b");

	user_rename(w, "Pet Store/A.json", "Pet Store/Pets/Z.json");
	user_rename(w, "Pet Store/Pets", "Pet Store/Animals");
	settle_all(w);
	assert_at(w, a, "Pet Store/Animals/Z.json");
	assert_holds(w, a, "\"name\":\"Z\"");
	assert_holds(w, a, "\"parentId\":\"fld_p\"");
	assert_holds(w, p, "\"name\":\"Animals\"");
	assert_false(b->pending);
	assert_int_equal(live_count(w), 4);
	user_rename(w, "Pet Store", "Shop");
	settle_all(w);
	assert_holds(w, world_doc(w, "wrk_1"), "\"name\":\"Shop\"");
	assert_int_equal(live_count(w), 4);
}

static void moved_over_another(void **state)
{
	struct world *w = *state;

	user_rename(w, "Pet Store/A.json", "Pet Store/Pets/B.json");
	settle_all(w);
	assert_true(world_doc(w, "req_b")->removed);
	assert_at(w, world_doc(w, "req_a"), "Pet Store/Pets/B.json");
	assert_int_equal(live_count(w), 3);
}

static void removal_waits(void **state)
{
	struct world *w = *state;
	struct doc *b = world_doc(w, "req_b");

	user_unlink(w, "Pet Store/Pets/B.json");
	user_unlink(w, "Pet Store/Pets/.folder.json");
	user_rmdir(w, "Pet Store/Pets");
	assert_ok(settle_now(store_settle(w->store), false));
	assert_false(b->removed);
	settle_all(w);
	assert_true(b->removed);
	assert_true(world_doc(w, "fld_p")->removed);
	assert_int_equal(w->group->pending, 2);
	{
		struct docs_outgoing out[4];

		assert_int_equal(docs_outgoing(w->docs, w->group, out, 4), 2);
		assert_ptr_equal(out[0].doc, b);	/* children first */
	}
	push_all(w);
	world_reopen(w);
	assert_int_equal(live_count(w), 2);
	assert_true(world_doc(w, "req_b")->agreed_removed);
}

static void a_folder_comes_with_its_first_document(void **state)
{
	struct world *w = *state;
	struct docs_outgoing out[8];
	struct doc *made;

	user_mkdir(w, "Pet Store/New");
	user_mkdir(w, "Pet Store/New/Deep");
	for (int i = 0; i < 4; i++)
		loop_run_once(w->loop, 100);
	assert_int_equal(live_count(w), 4);
	user_write(w, "Pet Store/New/Deep/R.json", "{\"url\":\"x\"}");
	for (int i = 0; i < 20 && live_count(w) < 7; i++)
		loop_run_once(w->loop, 20);
	assert_int_equal(live_count(w), 7);
	made = world_node(w, "Pet Store/New/Deep/R.json")->doc;
	assert_string_equal(made->parent_id, world_node(w, "Pet Store/New/Deep")->doc->id);
	assert_non_null(world_node(w, "Pet Store/New/.folder.json"));
	assert_int_equal(docs_outgoing(w->docs, w->group, out, 8), 3);
	assert_ptr_equal(out[0].doc, world_node(w, "Pet Store/New")->doc);
	assert_ptr_equal(out[2].doc, made);
	assert_file(w, "Pet Store/New/Deep/R.json", "{\"url\":\"x\"}");
}

static void a_directory_in_the_root_is_a_group(void **state)
{
	struct world *w = *state;
	struct group *g;

	user_mkdir(w, "Billing");
	user_write(w, "Billing/Invoice.json", "{\"url\":\"x\"}");
	settle_all(w);
	g = docs_group_at(w->docs, 1);
	assert_non_null(g);
	assert_false(g->on_server);
	assert_int_equal(g->live, 2);
	assert_non_null(g->workspace);
	assert_non_null(world_node(w, "Billing/.workspace.json"));
	world_reopen(w);
	g = docs_group_at(w->docs, 1);
	assert_int_equal(g->live, 2);
	assert_ptr_equal(g->dir, world_node(w, "Billing"));
	assert_int_equal(g->pending, 2);
}

static void moved_to_another_group(void **state)
{
	struct world *w = *state;
	struct group *g;

	user_mkdir(w, "Billing");
	settle_all(w);
	g = docs_group_at(w->docs, 1);
	user_rename(w, "Pet Store/Pets", "Billing/Pets");
	settle_all(w);
	assert_true(world_doc(w, "req_b")->removed);
	assert_true(world_doc(w, "fld_p")->removed);
	assert_int_equal(g->live, 3);
	assert_string_not_equal(world_node(w, "Billing/Pets")->doc->id, "fld_p");
	assert_string_equal(world_node(w, "Billing/Pets/B.json")->doc->parent_id,
			    world_node(w, "Billing/Pets")->doc->id);
	assert_false(docs_is_taken(w->docs, bytes_str("req_b")));
}

static void a_group_moves_into_a_folder(void **state)
{
	struct world *w = *state;
	struct group *g;

	user_mkdir(w, "Billing");
	user_write(w, "Billing/Invoice.json", "{\"url\":\"x\"}");
	settle_all(w);
	g = docs_group_at(w->docs, 1);
	user_rename(w, "Billing", "Pet Store/Billing");
	settle_all(w);
	assert_int_equal(g->live, 0);
	assert_null(g->dir);
	assert_int_equal(live_count(w), 6);
	assert_string_equal(world_node(w, "Pet Store/Billing/Invoice.json")->doc->parent_id,
			    world_node(w, "Pet Store/Billing")->doc->id);
	/* And a folder becomes a group of its own. */
	user_rename(w, "Pet Store/Pets", "Pets");
	settle_all(w);
	assert_true(world_doc(w, "req_b")->removed);
	g = docs_group_at(w->docs, 2);
	assert_non_null(g);
	assert_ptr_equal(g->dir, world_node(w, "Pets"));
	assert_int_equal(g->live, 2);
	world_reopen(w);
	settle_all(w);
	assert_int_equal(docs_group_at(w->docs, 2)->live, 2);
	assert_int_equal(live_count(w), 4);
}

static void out_to_scratch_and_back(void **state)
{
	struct world *w = *state;

	user_mkdir(w, "Pet Store/.stash");
	user_rename(w, "Pet Store/Pets", "Pet Store/.stash/Pets");
	user_rename(w, "Pet Store/A.json", "Pet Store/.stash/A.json");
	assert_ok(settle_now(store_settle(w->store), false));
	assert_int_equal(live_count(w), 4);
	user_rename(w, "Pet Store/.stash/Pets", "Pet Store/Pets");
	settle_all(w);
	assert_false(world_doc(w, "req_b")->removed);
	assert_true(world_doc(w, "req_a")->removed);
	assert_file(w, "Pet Store/.stash/A.json", TEXT_A);
	user_rename(w, "Pet Store/.stash/A.json", "Pet Store/A.json");
	settle_all(w);
	assert_int_equal(live_count(w), 4);
	assert_file(w, "Pet Store/A.json", TEXT_A);
}

static void a_whole_group_goes(void **state)
{
	struct world *w = *state;

	user_unlink(w, "Pet Store/Pets/B.json");
	user_unlink(w, "Pet Store/Pets/.folder.json");
	user_rmdir(w, "Pet Store/Pets");
	user_unlink(w, "Pet Store/A.json");
	user_unlink(w, "Pet Store/.workspace.json");
	user_rmdir(w, "Pet Store");
	assert_ok(settle_now(store_settle(w->store), false));
	assert_int_equal(live_count(w), 4);
	/* Made again in time it is what it was. */
	user_mkdir(w, "Pet Store");
	user_write(w, "Pet Store/A.json", NEW_A);
	settle_all(w);
	assert_int_equal(live_count(w), 2);
	assert_holds(w, world_doc(w, "req_a"), "http://new");
	assert_false(world_doc(w, "wrk_1")->removed);
	assert_non_null(world_node(w, "Pet Store/.workspace.json"));
	user_unlink(w, "Pet Store/A.json");
	user_unlink(w, "Pet Store/.workspace.json");
	user_rmdir(w, "Pet Store");
	settle_all(w);
	assert_int_equal(live_count(w), 0);
	assert_null(w->group->dir);
	push_all(w);
	world_reopen(w);
	assert_int_equal(live_count(w), 0);
	assert_null(world_node(w, "Pet Store"));
}

static void a_branch_switch(void **state)
{
	struct world *w = *state;

	user_mkdir(w, "Pet Store/.git");
	user_write(w, "Pet Store/.git/index.lock", "");
	user_unlink(w, "Pet Store/Pets/B.json");
	user_unlink(w, "Pet Store/Pets/.folder.json");
	user_rmdir(w, "Pet Store/Pets");
	user_mkdir(w, "Pet Store/Animals");
	user_write(w, "Pet Store/Animals/.folder.json", "{\"_id\":\"fld_p\"}");
	user_write(w, "Pet Store/Animals/B.json", "{\"_id\":\"req_b\",\"url\":\"branch\"}");
	user_unlink(w, "Pet Store/.git/index.lock");
	settle_all(w);
	assert_int_equal(live_count(w), 4);
	assert_at(w, world_doc(w, "fld_p"), "Pet Store/Animals");
	assert_at(w, world_doc(w, "req_b"), "Pet Store/Animals/B.json");
	assert_holds(w, world_doc(w, "fld_p"), "\"name\":\"Animals\"");
	assert_holds(w, world_doc(w, "req_b"), "branch");
}

static void a_flood_from_a_repository_is_held(void **state)
{
	struct world *w = *state;
	struct docs_outgoing *out = calloc(300, sizeof(*out));
	char path[64];

	user_mkdir(w, "Pet Store/.git");
	for (int i = 0; i < 250; i++) {
		(void)snprintf(path, sizeof path, "Pet Store/r%d.json", i);
		user_write(w, path, "{\"url\":\"x\"}");
	}
	settle_all(w);
	assert_int_equal(live_count(w), 254);
	assert_int_equal(docs_outgoing(w->docs, w->group, out, 300), 200);
	free(out);
}

static void a_tree_copied_whole(void **state)
{
	struct world *w = *state;

	user_mkdir(w, "Pet Store/Copy");
	user_write(w, "Pet Store/Copy/.folder.json", "{\"_id\":\"fld_p\"}");
	user_write(w, "Pet Store/Copy/B.json", "{\"_id\":\"req_b\",\"url\":\"copy\"}");
	settle_all(w);
	assert_int_equal(live_count(w), 6);
	assert_holds(w, world_doc(w, "req_b"), "http://b");
	assert_string_equal(world_node(w, "Pet Store/Copy/B.json")->doc->parent_id,
			    world_node(w, "Pet Store/Copy")->doc->id);
	assert_string_not_equal(world_node(w, "Pet Store/Copy")->doc->id, "fld_p");
}

static void what_cannot_stand_there(void **state)
{
	struct world *w = *state;
	struct node *node;
	const char *why;
	size_t at = 0;

	user_write(w, "Pet Store/Pets/Base.env.json", "{\"data\":{}}");
	settle_all(w);
	assert_int_equal(live_count(w), 4);
	assert_true(settle_stray(store_settle(w->store), &at, &node, &why));
	assert_non_null(strstr(why, "Environment"));
	user_rename(w, "Pet Store/Pets/Base.env.json", "Pet Store/Base.env.json");
	settle_all(w);
	assert_int_equal(live_count(w), 5);
	at = 0;
	assert_false(settle_stray(store_settle(w->store), &at, &node, &why));
}

static void invalid_text_is_kept(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	user_write(w, "Pet Store/A.json", "{\n  \"url\": \"x\"\n  \"method\": 1\n}\n");
	settle_all(w);
	assert_true(a->invalid);
	assert_int_equal(docs_state(a), DOCS_INVALID);
	assert_int_equal(w->group->invalid, 1);
	assert_non_null(a->problem);
	assert_non_null(strstr(a->problem, "line 2, column 13: "));
	assert_false(a->pending);
	assert_holds(w, a, "http://a");
	assert_file(w, "Pet Store/A.json", "{\n  \"url\": \"x\"\n  \"method\": 1\n}\n");
	world_reopen(w);
	a = world_doc(w, "req_a");
	assert_true(a->invalid);
	assert_int_equal(w->group->invalid, 1);
	user_write(w, "Pet Store/A.json", NEW_A);
	settle_all(w);
	assert_false(a->invalid);
	assert_null(a->problem);
	assert_int_equal(w->group->invalid, 0);
	assert_holds(w, a, "http://new");
}

static void half_typed_waits(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	user_write_open(w, "Pet Store/A.json", "{\n  \"url\": ");
	for (int i = 0; i < 5; i++)
		loop_run_once(w->loop, 100);
	assert_false(a->pending);
	assert_false(a->invalid);
	assert_false(settle_is_idle(store_settle(w->store)));
}

static void what_is_no_document(void **state)
{
	struct world *w = *state;
	struct node *node;
	const char *why;
	size_t at = 0;

	user_write(w, "Pet Store/package.json", "{\"dependencies\":{}}");
	user_write(w, "Pet Store/notes.md", "# x");
	user_mkdir(w, "Pet Store/node_modules");
	user_write(w, "Pet Store/node_modules/R.json", "{\"url\":\"x\"}");
	user_mkdir(w, "Pet Store/sub");
	user_mkdir(w, "Pet Store/sub/.git");
	user_write(w, "Pet Store/sub/R.json", "{\"url\":\"x\"}");
	settle_all(w);
	assert_int_equal(live_count(w), 4);
	assert_true(settle_stray(store_settle(w->store), &at, &node, &why));
	assert_ptr_equal(node, world_node(w, "Pet Store/package.json"));
	assert_non_null(strstr(why, "not a document"));
	assert_false(settle_stray(store_settle(w->store), &at, &node, &why));
	user_rename(w, "Pet Store/notes.md", "Pet Store/x.yaml");
	settle_all(w);
	assert_int_equal(live_count(w), 5);
	assert_holds(w, newest(w), "\"contents\":\"# x\"");
}

static void a_removed_dir_file_comes_back(void **state)
{
	struct world *w = *state;

	user_unlink(w, "Pet Store/Pets/.folder.json");
	settle_all(w);
	assert_non_null(world_node(w, "Pet Store/Pets/.folder.json"));
	assert_false(world_doc(w, "fld_p")->removed);
	user_write(w, "Pet Store/Pets/.folder.json",
		   "{\"_id\":\"fld_p\",\"description\":\"about\"}");
	settle_all(w);
	assert_holds(w, world_doc(w, "fld_p"), "\"description\":\"about\"");
	assert_holds(w, world_doc(w, "fld_p"), "\"name\":\"Pets\"");
}

static void a_change_came_while_editing(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	/* Both sides changed different values: merged, and shown. */
	a->file->fetched = true;
	a->file->lookups = 1;
	user_write_open(w, "Pet Store/A.json",
			"{\"_id\":\"req_a\",\"url\":\"http://mine\",\"method\":\"GET\"}");
	world_take(w, "{\"_id\":\"req_a\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"created\":1002,\"modified\":3000,\"name\":\"A\",\"url\":\"http://a\","
		      "\"method\":\"POST\"}");
	assert_file(w, "Pet Store/A.json",
		    "{\"_id\":\"req_a\",\"url\":\"http://mine\",\"method\":\"GET\"}");
	world_node(w, "Pet Store/A.json")->lookups = 0;
	settle_all(w);
	assert_holds(w, a, "http://mine");
	assert_holds(w, a, "POST");
	assert_true(a->pending);
	assert_int_equal(live_count(w), 4);
	{
		SCOPED(buf_fini) struct buf got = BUF_INIT(4096);
		const char *text;

		read_file(w, "Pet Store/A.json", &got);
		assert_ok(buf_cstr(&got, &text));
		assert_non_null(strstr(text, "POST"));
		assert_non_null(strstr(text, "http://mine"));
	}
}

static void both_changed_the_same(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a"), *copy;

	user_write_open(w, "Pet Store/A.json", NEW_A);
	world_take(w, "{\"_id\":\"req_a\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"created\":1002,\"modified\":3000,\"name\":\"A\","
		      "\"url\":\"http://theirs\",\"method\":\"GET\"}");
	settle_all(w);
	assert_holds(w, a, "http://new");
	assert_file(w, "Pet Store/A.json", NEW_A);
	assert_int_equal(live_count(w), 5);
	copy = newest(w);
	assert_true(copy->conflict);
	assert_holds(w, copy, "http://theirs");
	assert_holds(w, copy, "(conflict, acct_other, 1970-01-01)");
}

static void removed_elsewhere_while_editing(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	user_write_open(w, "Pet Store/A.json", NEW_A);
	world_take_removed(w, "req_a");
	settle_all(w);
	assert_false(a->removed);
	assert_true(a->pending);
	assert_true(a->agreed_removed);
	assert_holds(w, a, "http://new");
	assert_file(w, "Pet Store/A.json", NEW_A);
}

/* What came last has not been read: the save's base is what was there before. */
static void removed_and_back_while_editing(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a"), *copy;

	user_write_open(w, "Pet Store/A.json", NEW_A);
	world_take_removed(w, "req_a");
	world_request(w, "req_a", "wrk_1", "A", "http://theirs");
	settle_all(w);
	assert_holds(w, a, "http://new");
	copy = newest(w);
	assert_ptr_not_equal(copy, a);
	assert_holds(w, copy, "http://theirs");
}

/* A move by copying and deleting says nothing of what came meanwhile: that is kept. */
static void moved_by_copy_while_changed_elsewhere(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");

	world_node(w, "Pet Store/A.json")->fetched = true;
	user_write(w, "Pet Store/Pets/A.json", TEXT_A);
	user_unlink(w, "Pet Store/A.json");
	world_request(w, "req_a", "wrk_1", "A", "http://theirs");
	settle_all(w);
	assert_at(w, a, "Pet Store/Pets/A.json");
	assert_holds(w, a, "http://theirs");
	assert_holds(w, a, "\"parentId\":\"fld_p\"");
}

static void removed_here_and_changed_elsewhere(void **state)
{
	struct world *w = *state;

	user_unlink(w, "Pet Store/A.json");
	world_request(w, "req_a", "wrk_1", "A", "http://theirs");
	settle_all(w);
	assert_false(world_doc(w, "req_a")->removed);
	assert_non_null(world_node(w, "Pet Store/A.json"));
	/* A folder that is removed here while something comes into it. */
	user_unlink(w, "Pet Store/Pets/B.json");
	user_unlink(w, "Pet Store/Pets/.folder.json");
	user_rmdir(w, "Pet Store/Pets");
	settle_all(w);
	assert_true(world_doc(w, "fld_p")->removed);
	world_request(w, "req_c", "fld_p", "C", "x");
	assert_false(world_doc(w, "fld_p")->removed);
	assert_at(w, world_doc(w, "req_c"), "Pet Store/Pets/C.json");
	assert_true(world_doc(w, "req_b")->removed);
	settle_all(w);
	/* A folder that moved and is then removed is removed. */
	user_rename(w, "Pet Store/Pets", "Pet Store/P2");
	assert_ok(settle_now(store_settle(w->store), false));
	user_unlink(w, "Pet Store/P2/C.json");
	user_unlink(w, "Pet Store/P2/.folder.json");
	user_rmdir(w, "Pet Store/P2");
	settle_all(w);
	assert_true(world_doc(w, "fld_p")->removed);
}

static void an_edit_of_a_superseded_file(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");
	struct node *old = a->file;

	old->lookups = 1;
	old->fetched = true;
	world_take(w, "{\"_id\":\"req_a\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"created\":1002,\"modified\":3000,\"name\":\"A\",\"url\":\"http://a\","
		      "\"method\":\"POST\"}");
	assert_ptr_not_equal(a->file, old);
	{
		SCOPED(buf_fini) struct buf got = BUF_INIT(4096);

		assert_ok(tree_read_all(w->tree, old, &got));
		assert_bytes_str(buf_bytes(&got), TEXT_A);
	}
	assert_ok(tree_write_all(w->tree, old, bytes_str(NEW_A), 0));
	settle_complete(store_settle(w->store), old);
	assert_holds(w, a, "http://new");
	assert_holds(w, a, "POST");
	/* And again through the same descriptor, now forgotten without a word. */
	assert_ok(tree_write_all(w->tree, old, bytes_str("{\"_id\":\"req_a\",\"url\":\"http://more\","
							 "\"method\":\"GET\"}"), 0));
	old->lookups = 0;
	tree_release(w->tree, old);
	settle_all(w);
	assert_holds(w, a, "http://more");
	assert_holds(w, a, "POST");
	assert_int_equal(live_count(w), 4);
}

/* Nothing that can be a document: it gets a name again, and the document stays as it is. */
static void a_superseded_file_that_is_no_document(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");
	struct node *old = a->file, *dir;
	struct tree_entry at = { 0 };
	bool kept = false;

	old->lookups = 1;
	old->fetched = true;
	world_take(w, "{\"_id\":\"req_a\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"created\":1002,\"modified\":3000,\"name\":\"A\",\"url\":\"http://a\","
		      "\"method\":\"POST\"}");
	assert_ptr_not_equal(a->file, old);
	assert_ok(tree_write_all(w->tree, old, bytes_str("{\"url\": half"), 0));
	old->lookups = 0;
	tree_release(w->tree, old);
	settle_all(w);
	assert_holds(w, a, "POST");
	assert_false(a->pending);
	dir = world_node(w, "Pet Store");
	while (tree_next(w->tree, dir, at.cookie, &at))
		if (memmem(at.name.p, at.name.n, "A (unsaved, ", 12) != NULL) {
			SCOPED(buf_fini) struct buf got = BUF_INIT(4096);

			assert_ok(tree_read_all(w->tree, at.node, &got));
			assert_bytes_str(buf_bytes(&got), "{\"url\": half");
			kept = true;
		}
	assert_true(kept);
	{
		SCOPED(buf_fini) struct buf status = BUF_INIT(65536);
		const char *text;

		assert_ok(status_write(w->store, &status));
		assert_ok(buf_cstr(&status, &text));
		assert_non_null(strstr(text, "(unsaved, "));
	}
	assert_int_equal(live_count(w), 4);
}

/* An old version that is still open, and written, when the mount ends. */
static void an_old_version_open_to_the_end(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");
	struct node *old = a->file;

	old->lookups = 1;
	old->fetched = true;
	world_take(w, "{\"_id\":\"req_a\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"created\":1002,\"modified\":3000,\"name\":\"A\",\"url\":\"http://a\","
		      "\"method\":\"POST\"}");
	assert_ok(tree_write_all(w->tree, old, bytes_str(NEW_A), 0));
	settle_all(w);
	assert_holds(w, a, "http://new");
	assert_holds(w, a, "POST");
	assert_ok(tree_write_all(w->tree, old, bytes_str("{\"url\": half"), 0));
	settle_all(w);
	assert_non_null(old->names);
	assert_holds(w, a, "http://new");
	assert_int_equal(live_count(w), 4);
	old->lookups = 0;
}

/* Removed elsewhere while it was open: what is saved then is not lost with it. */
static void a_removed_file_that_is_saved(void **state)
{
	struct world *w = *state;
	struct node *old = world_doc(w, "req_a")->file;

	old->lookups = 1;
	old->fetched = true;
	world_take_removed(w, "req_a");
	assert_null(world_node(w, "Pet Store/A.json"));
	assert_ok(tree_write_all(w->tree, old, bytes_str(NEW_A), 0));
	old->lookups = 0;
	tree_release(w->tree, old);
	settle_all(w);
	assert_int_equal(live_count(w), 4);
	assert_holds(w, newest(w), "http://new");
}

/* A file that the kernel came to know after one change, and before the next: its bytes stay, and
 * they are the base of what is saved over them. */
static void a_file_known_between_two_changes(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");
	SCOPED(buf_fini) struct buf before = BUF_INIT(4096);
	SCOPED(buf_fini) struct buf after = BUF_INIT(4096);
	struct node *file = a->file;

	world_pull(w, "{\"_id\":\"req_a\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"created\":1002,\"modified\":3000,\"name\":\"A\",\"url\":\"http://two\","
		      "\"method\":\"GET\"}");
	file->lookups = 1;
	assert_ok(tree_read_all(w->tree, file, &before));
	file->fetched = true;
	world_pull(w, "{\"_id\":\"req_a\",\"type\":\"Request\",\"parentId\":\"wrk_1\","
		      "\"created\":1002,\"modified\":4000,\"name\":\"A\",\"url\":\"http://two\","
		      "\"method\":\"POST\",\"description\":\"a longer third version\"}");
	assert_ok(tree_read_all(w->tree, file, &after));
	assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	/* Of the second version only the address is changed: the third keeps what is its own. */
	user_write(w, "Pet Store/A.json", "{\"_id\":\"req_a\",\"url\":\"http://mine\","
					  "\"method\":\"GET\"}");
	settle_all(w);
	assert_holds(w, a, "http://mine");
	assert_holds(w, a, "POST");
	assert_holds(w, a, "a longer third version");
	assert_int_equal(live_count(w), 4);
	file->lookups = 0;
}

/* A document given back to the server is still agreed to be what it was. */
static void given_back(void **state)
{
	struct world *w = *state;
	struct doc *a = world_doc(w, "req_a");
	struct docs_version v = world_version(w);
	SCOPED(buf_fini) struct buf text = BUF_INIT(4096);

	assert_ok(docs_set_version(w->docs, a, &v, true));
	assert_ok(docs_text(w->docs, a, DOCS_AGREED, &text));
	push_all(w);
	assert_false(a->has_agreed);
}

static void environments_nest(void **state)
{
	struct world *w = *state;
	struct doc *base;

	user_write(w, "Pet Store/Base.env.json", "{\"data\":{\"a\":1}}");
	settle_all(w);
	base = newest(w);
	assert_int_equal(base->kind, KIND_ENVIRONMENT);
	user_mkdir(w, "Pet Store/Base.env");
	user_write(w, "Pet Store/Base.env/Prod.env.json", "{\"data\":{\"a\":2}}");
	settle_all(w);
	assert_int_equal(live_count(w), 6);
	assert_string_equal(newest(w)->parent_id, base->id);
	user_rename(w, "Pet Store/Base.env.json", "Pet Store/Main.env.json");
	settle_all(w);
	assert_non_null(world_node(w, "Pet Store/Main.env/Prod.env.json"));
	world_reopen(w);
	assert_ptr_equal(world_node(w, "Pet Store/Main.env")->doc,
			 world_node(w, "Pet Store/Main.env.json")->doc);
}

static void unsettled_work_survives_a_restart(void **state)
{
	struct world *w = *state;

	user_write_open(w, "Pet Store/A.json", NEW_A);
	user_rename(w, "Pet Store/Pets/B.json", "Pet Store/C.json");
	user_write_open(w, "Pet Store/New.json", "{\"url\":\"n\"}");
	world_reopen(w);
	settle_all(w);
	assert_holds(w, world_doc(w, "req_a"), "http://new");
	assert_holds(w, world_doc(w, "req_b"), "\"name\":\"C\"");
	assert_int_equal(live_count(w), 5);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_save_in_place), T(own_layout_stays), T(touching_sends_nothing),
		T(saved_by_temporary_file), T(saved_by_backup_and_create),
		T(removed_and_made_again), T(swapped), T(rotated_to_a_backup), T(copied),
		T(renamed_and_moved), T(moved_over_another), T(removal_waits),
		T(a_folder_comes_with_its_first_document), T(a_directory_in_the_root_is_a_group),
		T(moved_to_another_group), T(invalid_text_is_kept), T(half_typed_waits),
		T(what_is_no_document), T(a_removed_dir_file_comes_back),
		T(a_change_came_while_editing), T(both_changed_the_same),
		T(removed_elsewhere_while_editing), T(removed_and_back_while_editing),
		T(an_edit_of_a_superseded_file),
		T(a_superseded_file_that_is_no_document), T(a_removed_file_that_is_saved), T(an_old_version_open_to_the_end),
		T(a_file_known_between_two_changes),
		T(removed_here_and_changed_elsewhere), T(moved_by_copy_while_changed_elsewhere),
		T(given_back),
		T(environments_nest), T(a_group_moves_into_a_folder), T(out_to_scratch_and_back),
		T(a_whole_group_goes), T(a_branch_switch), T(a_flood_from_a_repository_is_held),
		T(a_tree_copied_whole), T(what_cannot_stand_there), T(unsettled_work_survives_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
