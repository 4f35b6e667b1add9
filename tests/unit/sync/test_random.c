/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three devices of one account do anything in any order, are offline, lose answers, are closed and
 * opened; the server is killed and restored from an older copy.  In the end all agree, and nothing
 * that was written is lost.
 *
 *	TEST_SEED=n	that schedule alone, step by step
 *	TEST_TOKEN=n	and with it where this token stands after each step
 *	TORTURE=1	1,000 schedules
 */
#include "random_check.h"
#include "random_ops.h"

#define STEPS 60
#define QUIET_ROUNDS 12
#define SCHEDULES 40
#define SCHEDULES_TORTURE 1000
#define SCHEDULES_OF_A_LAB 100	/* a store with very many groups is slow to list */

static void add_first(struct lab *l, struct device *d)
{
	static const char *const texts[] = {
		"{\"_id\":\"wrk_%u\",\"type\":\"Workspace\",\"parentId\":null,\"modified\":1000,"
		"\"created\":1000,\"name\":\"W%u\",\"description\":\"\",\"scope\":\"collection\"}",
		"{\"_id\":\"fld_%u_a\",\"type\":\"RequestGroup\",\"parentId\":\"wrk_%u\","
		"\"modified\":1000,\"created\":1000,\"name\":\"A\",\"environment\":{}}",
		"{\"_id\":\"req_%u_a\",\"type\":\"Request\",\"parentId\":\"wrk_%u\","
		"\"modified\":1000,\"created\":1000,\"name\":\"R\",\"url\":\"\",\"headers\":[]}",
		"{\"_id\":\"req_%u_b\",\"type\":\"Request\",\"parentId\":\"wrk_%u\","
		"\"modified\":1000,\"created\":1000,\"name\":\"S\",\"url\":\"\",\"headers\":[]}",
	};
	struct group_key *key = group_key_new();
	struct group *g = NULL;

	/* Of the seed, so that the ids of conflict copies are the same when it is repeated. */
	memset(key->k, 0, KEY_SIZE);
	memcpy(key->k, &l->seed, sizeof l->seed);
	lab_ok(l, docs_group_add(lab_docs(d), l->group, "Group", key, false, &g));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct doc *made = NULL;
		struct json *json = NULL;
		char *text = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		assert_true(asprintf(&text, texts[i], (unsigned)l->seed, (unsigned)l->seed) > 0);
#pragma GCC diagnostic pop
		lab_ok(l, json_parse(l->arena, bytes_str(text), &json, NULL));
		lab_ok(l, docs_add(lab_docs(d), g, json, &made));
		free(text);
	}
	view_run(store_view(d->store));
}

/* One exchange, with which anything may go wrong on its way. */
static void exchange(struct lab *l, int which)
{
	struct relay *r = &l->relays[which];
	unsigned trouble = below(l, 12);
	enum wk_status st;

	if (trouble == 0)
		atomic_store(&r->drop_push, true);
	if (trouble == 1)
		atomic_store(&r->kill_at_push, l->server.pid);
	st = sync_once(l->devices[which].sync);
	lab_trace(l, "sync%s: %s", trouble == 0 ? ", an answer lost" :
		  trouble == 1 ? ", the server killed" : "", wk_status_text(st));
	atomic_store(&r->drop_push, false);
	if (trouble == 1) {
		atomic_store(&r->kill_at_push, 0);
		server_stop(&l->server, SIGKILL);
		server_start(&l->server);
	}
	lab_check(l, st == WK_OK || (st == WK_OFFLINE && trouble < 2), "sync: %s",
		  wk_status_text(st));
}

static void happen(struct lab *l)
{
	static void (*const ops[])(struct lab *, struct device *) = {
		ops_edit, ops_edit, ops_edit, ops_rename, ops_move, ops_create, ops_create,
		ops_remove, ops_file_edit, ops_file_edit, ops_file_create, ops_file_remove,
		ops_file_move,
	};
	int which = (int)below(l, DEVICES);
	struct device *d = &l->devices[which];
	unsigned what = below(l, 100);

	lab_trace(l, "%u device %d: ", l->step, which);
	if (what < 30) {
		exchange(l, which);
	} else if (what < 33) {
		lab_trace(l, "reopened");
		lab_reopen(l, d);
	} else if (what < 34) {
		lab_trace(l, "the server is copied");
		lab_backup(l);
	} else if (what < 36 && l->has_backup) {
		lab_trace(l, "the server is restored");
		lab_restore(l);
	} else if (what < 40) {
		lab_trace(l, "settles");
		lab_ok(l, settle_now(store_settle(d->store), below(l, 2)));
		view_run(store_view(d->store));
	} else {
		ops[below(l, ARRAY_LEN(ops))](l, d);
	}
	lab_trace(l, "\n");
	arena_reset(l->arena);
}

/* A round in which nobody sent or took anything is the last. */
static bool round_is_quiet(struct lab *l)
{
	bool quiet = true;

	for (int i = 0; i < DEVICES; i++) {
		struct device *d = &l->devices[i];
		struct sync_counts before, after;

		lab_ok(l, settle_now(store_settle(d->store), true));
		view_run(store_view(d->store));
		sync_counts(d->sync, &before);
		lab_ok(l, sync_once(d->sync));
		sync_counts(d->sync, &after);
		quiet &= before.pushes == after.pushes && before.taken == after.taken;
	}
	return quiet;
}

static void make_quiet(struct lab *l)
{
	int rounds = 0;

	while (!round_is_quiet(l))
		lab_check(l, ++rounds < QUIET_ROUNDS, "no quiet after %d rounds", rounds);
	lab_trace(l, "quiet after %d rounds\n", rounds);
}

static void one_schedule(struct lab *l, uint64_t seed)
{
	l->seed = l->random = seed;
	l->step = 0;
	l->tokens = l->ids = 0;
	l->has_backup = false;
	memset(l->excused, 0, sizeof l->excused);
	(void)snprintf(l->group, sizeof l->group, "rg_%032u", (unsigned)l->seed);
	add_first(l, &l->devices[0]);
	for (int i = 0; i < DEVICES; i++)
		lab_ok(l, sync_once(l->devices[i].sync));
	for (l->step = 1; l->step <= STEPS; l->step++) {
		happen(l);
		if (l->is_traced && getenv("TEST_TOKEN"))
			check_tell(l, (unsigned)strtoul(getenv("TEST_TOKEN"), NULL, 10));
	}
	make_quiet(l);
	check_all(l);
	lab_reopen(l, &l->devices[below(l, DEVICES)]);
	make_quiet(l);
	check_all(l);
}

static void all_agree_in_the_end(void **state)
{
	const char *only = getenv("TEST_SEED");
	uint64_t count = getenv("TORTURE") ? SCHEDULES_TORTURE : SCHEDULES;
	struct lab *l = calloc(1, sizeof *l);

	(void)state;
	assert_non_null(l);
	l->is_traced = only != NULL;
	for (uint64_t i = 1; i <= (only ? 1 : count); i++) {
		if (i % SCHEDULES_OF_A_LAB == 1)
			lab_open(l);
		one_schedule(l, only ? strtoull(only, NULL, 10) : i);
		if (i % SCHEDULES_OF_A_LAB == 0 || i == (only ? 1 : count))
			lab_close(l);
	}
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_agree_in_the_end) };

	(void)signal(SIGPIPE, SIG_IGN);
	assert_ok(crypto_init());
	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
