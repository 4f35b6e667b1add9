/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three-way merge.  Everything here is decided by the three documents, the sides' times and their
 * authors, and in the same way whichever side is called ours: two clients that merge the same
 * three write the same bytes, and neither pushes again.
 *
 * A value that only one side changed is that side's; equal changes count once; objects and arrays
 * with identities are taken apart; what both changed otherwise is the later side's, and what the
 * other had is recorded.  Since one side is the later one everywhere, there is at most one loser.
 */
#include "model/merge.h"

#include "model/kind.h"
#include "model/merge_list.h"

struct merge {
	struct arena *arena;
	bool ours_wins;		/* ours is the later side */
	struct bytes name_key;
	bool is_jar;
	/* {path: value}, {"-path": null} where the loser had nothing; no deeper than a document. */
	struct json *lost;
};

struct step {			/* where in the document we are; the root is NULL */
	const struct step *up;
	const struct merge_slot *slot;
	size_t depth;
};

struct three {			/* one place in the three documents; NULL: nothing there */
	const struct json *base;
	const struct json *theirs;
	const struct json *ours;
};

enum rule {
	RULE_MERGE,
	RULE_COOKIES,		/* merge; a cookie changed twice is the later one's */
	RULE_LATER,
	RULE_MAX,
	RULE_BASE
};

/* Same text when written: order, spelling and all. */
static bool is_exact(const struct json *a, const struct json *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->type != b->type)
		return false;
	if (a->type == JSON_NUMBER || a->type == JSON_STRING)
		return bytes_equal(a->text, b->text);
	if (a->type != JSON_ARRAY && a->type != JSON_OBJECT)
		return true;
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (a->type == JSON_ARRAY ? !is_exact(&a->items[i], &b->items[i]) :
		    !bytes_equal(a->members[i].key, b->members[i].key) ||
		    !is_exact(&a->members[i].value, &b->members[i].value))
			return false;
	}
	return true;
}

static bool is_same(const struct json *a, const struct json *b)
{
	if (!a || !b)
		return a == b;
	return json_equal(a, b);
}

static const struct json *winner(const struct merge *m, const struct three *v)
{
	return m->ours_wins ? v->ours : v->theirs;
}

/* One side is the base, or both are the same, to the byte: nothing is to be merged. */
static const struct json *untouched(const struct three *v)
{
	if (v->base && is_exact(v->base, v->theirs))
		return v->ours;
	if ((v->base && is_exact(v->base, v->ours)) || is_exact(v->theirs, v->ours))
		return v->theirs;
	return NULL;
}

/* Settles what needs no rule; false: both sides changed it, and not to the same. */
static bool is_settled(const struct merge *m, const struct three *v, const struct json **out)
{
	if (is_same(v->theirs, v->ours)) {
		/* They may still differ in the order of members: that is a change too. */
		if (is_exact(v->base, v->theirs))
			*out = v->ours;
		else if (is_exact(v->base, v->ours))
			*out = v->theirs;
		else
			*out = winner(m, v);
		return true;
	}
	if (is_same(v->base, v->theirs))
		*out = v->ours;
	else if (is_same(v->base, v->ours))
		*out = v->theirs;
	else
		return false;
	return true;
}

static enum wk_status append_step(const struct step *at, struct buf *path)
{
	enum wk_status st = at->up ? append_step(at->up, path) : WK_OK;

	if (st == WK_OK)
		st = buf_append_char(path, '/');
	for (size_t i = 0; st == WK_OK && i < at->slot->key.n; i++) {
		char c = (char)at->slot->key.p[i];

		if (c == '~' || c == '/')
			st = buf_append_str(path, c == '~' ? "~0" : "~1");
		else
			st = buf_append_char(path, c);
	}
	if (st == WK_OK && at->slot->nth > 0)
		st = buf_printf(path, "~n%zu", at->slot->nth);
	return st;
}

static enum wk_status record_loss(struct merge *m, const struct step *at, const struct json *value)
{
	SCOPED(buf_fini) struct buf path = BUF_SECRET_INIT(SIZE_MAX / 2);
	const struct json nothing = { .type = JSON_NULL };
	enum wk_status st = value ? WK_OK : buf_append_char(&path, '-');
	struct bytes key;

	if (st == WK_OK && at)
		st = append_step(at, &path);
	if (st != WK_OK)
		return st;
	key = arena_copy(m->arena, buf_bytes(&path));
	if (!m->lost)
		m->lost = json_new(m->arena, JSON_OBJECT);
	if (!key.p || !m->lost)
		return WK_NOMEM;
	return json_append_member(m->arena, m->lost, key, value ? value : &nothing);
}

static enum rule rule_of(const struct merge *m, struct bytes key)
{
	static const char suffix[] = "PropertyOrder";
	size_t n = sizeof suffix - 1;

	if (bytes_equal_str(key, "modified"))
		return RULE_MAX;
	if (bytes_equal_str(key, "created") || bytes_equal_str(key, "_id") ||
	    bytes_equal_str(key, "type"))
		return RULE_BASE;
	if (bytes_equal_str(key, "parentId") || bytes_equal_str(key, "metaSortKey") ||
	    bytes_equal(key, m->name_key))
		return RULE_LATER;
	if (key.n >= n && memcmp(key.p + key.n - n, suffix, n) == 0)
		return RULE_LATER;
	return m->is_jar && bytes_equal_str(key, "cookies") ? RULE_COOKIES : RULE_MERGE;
}

/* The greater integer, or (least) the smaller; what is no integer gives way. */
static const struct json *by_size(const struct merge *m, const struct three *v, bool least)
{
	int64_t theirs, ours;
	bool has_theirs = json_as_int64(v->theirs, &theirs);
	bool has_ours = json_as_int64(v->ours, &ours);

	if (has_theirs != has_ours)
		return has_ours ? v->ours : v->theirs;
	if (!has_ours || ours == theirs)
		return winner(m, v);
	return (ours > theirs) != least ? v->ours : v->theirs;
}

static const struct json *apply_rule(const struct merge *m, enum rule rule, const struct three *v)
{
	const struct json *settled;

	if (rule == RULE_MAX)
		return by_size(m, v, false);
	if (rule == RULE_BASE)
		return v->base ? v->base : by_size(m, v, true);
	return is_settled(m, v, &settled) ? settled : winner(m, v);
}

static enum wk_status merge_value(struct merge *m, const struct step *at, enum rule rule,
				  const struct three *v, const struct json **out);

struct lists {
	struct merge_list base;
	struct merge_list theirs;
	struct merge_list ours;
};

/* Merges identity by identity; rule is for all elements unless the object is the document. */
static enum wk_status merge_lists(struct merge *m, const struct step *at, enum rule rule,
				  const struct lists *l, struct json *out)
{
	bool theirs_keep = merge_list_keeps_order(&l->theirs, &l->base);
	bool ours_keep = merge_list_keeps_order(&l->ours, &l->base);
	/* Who alone changed the order has it; else the later side has. */
	bool ours_first = theirs_keep == ours_keep ? m->ours_wins : !ours_keep;
	const struct merge_slot **order;
	size_t count;
	enum wk_status st = merge_list_join(m->arena, ours_first ? &l->ours : &l->theirs,
					    ours_first ? &l->theirs : &l->ours, &order, &count);

	for (size_t i = 0; st == WK_OK && i < count; i++) {
		struct step here = { at, order[i], at ? at->depth + 1 : 1 };
		struct three v = { merge_list_find(&l->base, order[i]),
				   merge_list_find(&l->theirs, order[i]),
				   merge_list_find(&l->ours, order[i]) };
		bool is_top = !at && out->type == JSON_OBJECT;
		const struct json *value = NULL;

		st = merge_value(m, &here, is_top ? rule_of(m, order[i]->key) : rule, &v, &value);
		if (st != WK_OK || !value)
			continue;
		st = out->type == JSON_ARRAY ? json_append(m->arena, out, value) :
			json_append_member(m->arena, out, order[i]->key, value);
	}
	return st;
}

static enum wk_status merge_objects(struct merge *m, const struct step *at,
				    const struct three *v, struct json *out)
{
	struct lists l;
	enum wk_status st = merge_list_of_object(m->arena, v->base, &l.base);

	if (st == WK_OK)
		st = merge_list_of_object(m->arena, v->theirs, &l.theirs);
	if (st == WK_OK)
		st = merge_list_of_object(m->arena, v->ours, &l.ours);
	return st == WK_OK ? merge_lists(m, at, RULE_MERGE, &l, out) : st;
}

static enum wk_status merge_arrays(struct merge *m, const struct step *at,
				   enum merge_identity by, const struct three *v,
				   struct json *out)
{
	struct lists l;
	enum wk_status st = merge_list_of_array(m->arena, v->base, by, &l.base);

	if (st == WK_OK)
		st = merge_list_of_array(m->arena, v->theirs, by, &l.theirs);
	if (st == WK_OK)
		st = merge_list_of_array(m->arena, v->ours, by, &l.ours);
	if (st != WK_OK)
		return st;
	return merge_lists(m, at, by == MERGE_BY_COOKIE ? RULE_LATER : RULE_MERGE, &l, out);
}

static bool both_are(const struct three *v, enum json_type type)
{
	return v->theirs && v->ours && v->theirs->type == type && v->ours->type == type;
}

/*
 * Containers are entered even where a side changed no more than the order of members: that is
 * settled further down, place by place.
 */
static enum wk_status merge_value(struct merge *m, const struct step *at, enum rule rule,
				  const struct three *v, const struct json **out)
{
	bool may_enter = !at || at->depth < JSON_DEPTH_MAX;
	enum merge_identity by = MERGE_NO_IDENTITY;
	struct json *merged;
	enum wk_status st;

	if (rule != RULE_MERGE && rule != RULE_COOKIES) {
		*out = apply_rule(m, rule, v);
		return WK_OK;
	}
	*out = untouched(v);
	if (*out)
		return WK_OK;
	if (may_enter && both_are(v, JSON_ARRAY))
		by = merge_list_identity(v->base, v->theirs, v->ours, rule == RULE_COOKIES);
	if (by == MERGE_NO_IDENTITY && !(may_enter && both_are(v, JSON_OBJECT))) {
		if (is_settled(m, v, out))
			return WK_OK;
		*out = winner(m, v);
		return record_loss(m, at, m->ours_wins ? v->theirs : v->ours);
	}
	merged = json_new(m->arena, v->ours->type);
	if (!merged)
		return WK_NOMEM;
	st = merged->type == JSON_ARRAY ? merge_arrays(m, at, by, v, merged) :
		merge_objects(m, at, v, merged);
	*out = merged;
	return st;
}

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* Later, then the greater author id; two edits of one author at one time by their text. */
static enum wk_status ours_is_later(const struct merge_side *theirs, const struct merge_side *ours,
				    bool *later_out)
{
	SCOPED(buf_fini) struct buf a = BUF_SECRET_INIT(SIZE_MAX / 2);
	SCOPED(buf_fini) struct buf b = BUF_SECRET_INIT(SIZE_MAX / 2);
	int order = compare_bytes(ours->author, theirs->author);
	enum wk_status st;

	if (ours->modified_ms != theirs->modified_ms)
		order = ours->modified_ms > theirs->modified_ms ? 1 : -1;
	if (order == 0) {
		st = json_write(ours->doc, &a);
		if (st == WK_OK)
			st = json_write(theirs->doc, &b);
		if (st != WK_OK)
			return st;
		order = compare_bytes(buf_bytes(&a), buf_bytes(&b));
	}
	*later_out = order > 0;
	return WK_OK;
}

enum wk_status merge_documents(struct arena *arena, const struct json *base,
			       const struct merge_side *theirs, const struct merge_side *ours,
			       struct merge_result *out)
{
	const struct three v = { base, theirs->doc, ours->doc };
	struct bytes type = json_get_str(base ? base : ours->doc, "type");
	const char *name_key = kind_info(kind_of_type(type))->name_key;
	struct merge m = { .arena = arena, .is_jar = kind_of_type(type) == KIND_COOKIES,
			   .name_key = bytes_str(name_key ? name_key : "name") };
	const struct json *merged = NULL;
	struct merge_result result = { .doc = NULL };
	enum wk_status st = ours_is_later(theirs, ours, &m.ours_wins);

	if (st == WK_OK)
		st = merge_value(&m, NULL, RULE_MERGE, &v, &merged);
	if (st != WK_OK)
		return st;
	result.doc = json_copy(arena, merged);
	result.equals_theirs = is_exact(merged, theirs->doc);
	if (m.lost) {
		result.loser = json_copy(arena, m.ours_wins ? theirs->doc : ours->doc);
		result.loser_is_ours = !m.ours_wins;
		result.lost_values = json_copy(arena, m.lost);
	}
	if (!result.doc || (m.lost && (!result.loser || !result.lost_values)))
		return WK_NOMEM;
	*out = result;
	return WK_OK;
}
