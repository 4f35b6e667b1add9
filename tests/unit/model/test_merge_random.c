/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of merging, on random documents and edits with fixed seeds: a side that is
 * the base changes nothing, sides may be swapped, edits in different places never conflict and both
 * arrive, and what loses is kept whole.
 */
#include "testing.h"

#include "model/merge.h"

#define ARENA_MAX ((size_t)1 << 28)
#define ROUNDS 2000

struct world {
	struct arena *arena;
	uint64_t seed;
};

static uint32_t draw(struct world *w, uint32_t bound)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->seed >> 33) % bound;
}

static struct bytes word(struct world *w, const char *prefix, uint32_t number)
{
	char text[32];

	(void)snprintf(text, sizeof text, "%s%u", prefix, number);
	return arena_copy(w->arena, bytes_str(text));
}

static void append_member(struct world *w, struct json *v, struct bytes key,
			  const struct json *value)
{
	assert_ok(json_append_member(w->arena, v, key, value));
}

static struct bytes random_key(struct world *w)
{
	static const char *const keys[] = { "a", "b", "c", "id", "name", "modified", "created",
					    "parentId", "cookies", "metaSortKey", "key",
					    "dataPropertyOrder" };

	return bytes_str(keys[draw(w, ARRAY_LEN(keys))]);
}

static struct json random_value(struct world *w, unsigned depth)
{
	struct json v = { .type = (enum json_type)draw(w, depth > 3 ? JSON_ARRAY :
							JSON_OBJECT + 1) };
	uint32_t n = draw(w, 4);

	if (v.type == JSON_NUMBER)
		v.text = word(w, "", draw(w, 4));
	if (v.type == JSON_STRING)
		v.text = word(w, "s", draw(w, 4));
	for (uint32_t i = 0; v.type == JSON_ARRAY && i < n; i++) {
		struct json item = random_value(w, depth + 1);

		assert_ok(json_append(w->arena, &v, &item));
	}
	for (uint32_t i = 0; v.type == JSON_OBJECT && i < n; i++) {
		struct json value = random_value(w, depth + 1);

		append_member(w, &v, random_key(w), &value);
	}
	return v;
}

static struct json *random_document(struct world *w)
{
	struct json *doc = json_new(w->arena, JSON_OBJECT);

	assert_non_null(doc);
	assert_ok(json_set_str(w->arena, doc, "type",
			       bytes_str(draw(w, 2) ? "CookieJar" : "Request")));
	for (uint32_t i = draw(w, 8); i > 0; i--) {
		struct json value = random_value(w, 0);

		append_member(w, doc, random_key(w), &value);
	}
	return doc;
}

/* Changes places at random, here and below. */
static void mutate(struct world *w, struct json *v, unsigned depth)
{
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
		mutate(w, &v->items[i], depth + 1);
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++)
		mutate(w, &v->members[i].value, depth + 1);
	if (depth > 0 && draw(w, 6) == 0) {
		*v = random_value(w, depth);
	} else if (v->type == JSON_ARRAY && draw(w, 4) == 0) {
		struct json item = random_value(w, depth + 1);

		assert_ok(json_append(w->arena, v, &item));
	} else if (v->type == JSON_OBJECT && draw(w, 4) == 0) {
		struct json value = random_value(w, depth + 1);

		append_member(w, v, random_key(w), &value);
	} else if ((v->type == JSON_OBJECT || v->type == JSON_ARRAY) && v->count > 1 &&
		   draw(w, 4) == 0) {
		v->count--;
	}
}

static struct json *edited(struct world *w, const struct json *base)
{
	struct json *doc = json_copy(w->arena, base);

	assert_non_null(doc);
	mutate(w, doc, 0);
	return doc;
}

static bool is_same_text(const struct json *a, const struct json *b)
{
	SCOPED(buf_fini) struct buf x = BUF_INIT(1 << 20);
	SCOPED(buf_fini) struct buf y = BUF_INIT(1 << 20);

	if (!a || !b)
		return a == b;
	assert_ok(json_write(a, &x));
	assert_ok(json_write(b, &y));
	return bytes_equal(buf_bytes(&x), buf_bytes(&y));
}

static struct merge_result merge(struct world *w, const struct json *base, const struct json *t,
				 int64_t t_ms, const struct json *o, int64_t o_ms)
{
	struct merge_side theirs = { t, t_ms, bytes_str("a") };
	struct merge_side ours = { o, o_ms, bytes_str("a") };
	struct merge_result r;

	assert_ok(merge_documents(w->arena, base, &theirs, &ours, &r));
	assert_int_equal(r.loser != NULL, r.lost_values != NULL);
	assert_int_equal(r.equals_theirs, is_same_text(r.doc, t));
	if (r.loser)
		assert_true(is_same_text(r.loser, r.loser_is_ours ? o : t));
	return r;
}

static void test_identities(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct world w = { arena_new(ARENA_MAX), seed };
		struct json *b = random_document(&w);
		struct json *x = edited(&w, b);
		struct merge_result r[3] = { merge(&w, b, x, 1, b, 2), merge(&w, b, b, 1, x, 2),
					     merge(&w, b, x, 1, x, 2) };

		for (size_t i = 0; i < 3; i++) {
			assert_true(is_same_text(r[i].doc, x));
			assert_null(r[i].loser);
		}
		assert_true(r[0].equals_theirs);
		arena_free(w.arena);
	}
}

static void test_sides_may_be_swapped(void **state)
{
	size_t conflicts = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct world w = { arena_new(ARENA_MAX), seed };
		struct json *b = random_document(&w);
		struct json *x = edited(&w, b);
		struct json *y = edited(&w, b);
		const struct json *base = seed % 5 == 0 ? NULL : b;
		int64_t y_ms = (int64_t)(seed % 3);
		struct merge_result one = merge(&w, base, x, 1, y, y_ms);
		struct merge_result two = merge(&w, base, y, y_ms, x, 1);
		struct merge_result again = merge(&w, base, x, 1, y, y_ms);

		assert_true(is_same_text(one.doc, two.doc));
		assert_true(is_same_text(one.loser, two.loser));
		assert_true(is_same_text(one.lost_values, two.lost_values));
		assert_true(is_same_text(one.doc, again.doc));
		if (one.loser && !is_same_text(x, y))
			assert_true(one.loser_is_ours != two.loser_is_ours);
		conflicts += one.loser != NULL;
		/* Who merges the result again with the same side gets it back. */
		assert_true(is_same_text(merge(&w, y, one.doc, 1, y, 2).doc, one.doc));
		arena_free(w.arena);
	}
	assert_in_range(conflicts, ROUNDS / 10, ROUNDS - 1);
}

/* A document of units that can be edited one by one: members, nested members, rows. */
#define UNITS 24
enum unit_edit { EDIT_NONE, EDIT_CHANGE, EDIT_REMOVE };

static bool is_edited(const enum unit_edit edits[UNITS], const char side[UNITS], char whose,
		      uint32_t unit, enum unit_edit *edit_out)
{
	*edit_out = whose == '*' || side[unit] == whose ? edits[unit] : EDIT_NONE;
	return *edit_out != EDIT_REMOVE;
}

static void set_unit(struct world *w, struct json *to, struct bytes key, enum unit_edit edit,
		     uint32_t unit)
{
	struct json value = { .type = JSON_STRING,
			      .text = word(w, edit == EDIT_CHANGE ? "new" : "old", unit) };

	append_member(w, to, key, &value);
}

static void set_row(struct world *w, struct json *rows, const char *id, uint32_t unit,
		    enum unit_edit edit)
{
	struct json row = { .type = JSON_OBJECT };
	struct json text = { .type = JSON_STRING, .text = word(w, "row", unit) };

	append_member(w, &row, bytes_str(id), &text);
	set_unit(w, &row, bytes_str("value"), edit, unit);
	assert_ok(json_append(w->arena, rows, &row));
}

/* The document with the edits of one side ('a', 'b'), of none ('-') or of both ('*'). */
static struct json *unit_document(struct world *w, const enum unit_edit edits[UNITS],
				  const char side[UNITS], char whose, const char *row_id)
{
	struct json *doc = json_new(w->arena, JSON_OBJECT);
	struct json data = { .type = JSON_OBJECT };
	struct json rows = { .type = JSON_ARRAY };
	enum unit_edit edit;

	assert_non_null(doc);
	for (uint32_t i = 0; i < UNITS; i++) {
		if (!is_edited(edits, side, whose, i, &edit))
			continue;
		if (i % 3 == 0)
			set_unit(w, doc, word(w, "member", i), edit, i);
		else if (i % 3 == 1)
			set_unit(w, &data, word(w, "member", i), edit, i);
		else
			set_row(w, &rows, row_id, i, edit);
	}
	for (char s = 'a'; s <= 'b'; s++) {
		if (whose != s && whose != '*')
			continue;
		set_unit(w, doc, word(w, "added", (uint32_t)s), EDIT_CHANGE, (uint32_t)s);
		set_row(w, &rows, row_id, (uint32_t)s * 1000, EDIT_CHANGE);
	}
	assert_ok(json_set(w->arena, doc, "data", &data));
	assert_ok(json_set(w->arena, doc, "rows", &rows));
	return doc;
}

/* Rows in any order: as members named by their ids. */
static struct json *rows_as_object(struct world *w, const struct json *doc, const char *row_id)
{
	struct json *copy = json_copy(w->arena, doc);
	const struct json *rows = json_get(doc, "rows");
	struct json named = { .type = JSON_OBJECT };

	for (uint32_t i = 0; i < rows->count; i++)
		append_member(w, &named, json_get_str(&rows->items[i], row_id), &rows->items[i]);
	assert_ok(json_set(w->arena, copy, "rows", &named));
	return copy;
}

static void test_other_places_never_conflict(void **state)
{
	static const char *const ids[] = { "id", "_id", "name" };

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct world w = { arena_new(ARENA_MAX), seed };
		const char *id = ids[seed % ARRAY_LEN(ids)];
		enum unit_edit edits[UNITS];
		char side[UNITS];
		struct json *docs[4];
		struct merge_result r;

		for (size_t i = 0; i < UNITS; i++) {
			edits[i] = (enum unit_edit)draw(&w, 3);
			side[i] = draw(&w, 2) ? 'a' : 'b';
		}
		for (size_t i = 0; i < 4; i++)
			docs[i] = unit_document(&w, edits, side, "-ab*"[i], id);
		r = merge(&w, docs[0], docs[1], 1, docs[2], (int64_t)draw(&w, 3));
		assert_null(r.loser);
		assert_true(json_equal(rows_as_object(&w, r.doc, id),
				       rows_as_object(&w, docs[3], id)));
		arena_free(w.arena);
	}
}

/* Where both edited, the later value stands, and the earlier one is among the lost. */
static void test_same_places_conflict_once(void **state)
{
	(void)state;
	for (uint32_t unit = 0; unit < UNITS; unit++) {
		struct world w = { arena_new(ARENA_MAX), unit };
		enum unit_edit edits[UNITS] = { EDIT_NONE };
		char side[UNITS];
		struct json *base, *ours, *theirs;
		struct merge_result r;

		memset(side, 'a', sizeof side);
		base = unit_document(&w, edits, side, '-', "id");
		edits[unit] = EDIT_CHANGE;
		theirs = unit_document(&w, edits, side, 'a', "id");
		edits[unit] = EDIT_REMOVE;
		ours = unit_document(&w, edits, side, 'a', "id");
		r = merge(&w, base, theirs, 1, ours, 2);
		assert_true(is_same_text(r.doc, ours));
		assert_true(is_same_text(r.loser, theirs));
		assert_int_equal(r.lost_values->count, 1);
		r = merge(&w, base, theirs, 2, ours, 1);
		assert_true(json_equal(rows_as_object(&w, r.doc, "id"),
				       rows_as_object(&w, theirs, "id")));
		assert_true(is_same_text(r.loser, ours));
		assert_int_equal(r.lost_values->count, 1);
		arena_free(w.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_sides_may_be_swapped),
		cmocka_unit_test(test_other_places_never_conflict),
		cmocka_unit_test(test_same_places_conflict_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
