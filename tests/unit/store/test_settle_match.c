/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is which document, after each way in which programs save, swap and move files. */
#include "testing.h"

#include "store/settle.h"

/* A small directory: names with inode numbers and the `_id` that stands in the text. */
struct world {
	struct settle_file files[16];
	size_t count;
	uint64_t next_ino;
};

static struct bytes text(const char *s)
{
	return s == NULL ? bytes_of(NULL, 0) : bytes_str(s);
}

static size_t at(const struct world *w, const char *path)
{
	for (size_t i = 0; i < w->count; i++)
		if (bytes_equal_str(w->files[i].path, path))
			return i;
	fail_msg("no file %s", path);
	return 0;
}

static void do_create(struct world *w, const char *path, const char *id)
{
	w->files[w->count++] = (struct settle_file){ text(path), w->next_ino++, text(id) };
}

static void do_write(struct world *w, const char *path, const char *id)
{
	w->files[at(w, path)].text_id = text(id);
}

static void do_unlink(struct world *w, const char *path)
{
	size_t i = at(w, path);

	w->files[i] = w->files[--w->count];
}

static void do_rename(struct world *w, const char *from, const char *to)
{
	for (size_t i = 0; i < w->count; i++)
		if (bytes_equal_str(w->files[i].path, to)) {
			do_unlink(w, to);
			break;
		}
	w->files[at(w, from)].path = text(to);
}

static void do_exchange(struct world *w, const char *a, const char *b)
{
	size_t i = at(w, a), j = at(w, b);

	w->files[i].path = text(b);
	w->files[j].path = text(a);
}

static void do_copy(struct world *w, const char *from, const char *to)
{
	struct bytes id = w->files[at(w, from)].text_id;

	w->files[w->count++] = (struct settle_file){ text(to), w->next_ino++, id };
}

/* Documents A, B, C at a, b, c, with their ids in their texts (or, for text kinds, not). */
static void start(struct world *w, struct settle_agreed agreed[3], bool with_ids)
{
	static const char *paths[] = { "a.json", "b.json", "c.json" }, *ids[] = { "A", "B", "C" };

	*w = (struct world){ .next_ino = 10 };
	for (size_t i = 0; i < 3; i++) {
		do_create(w, paths[i], with_ids ? ids[i] : NULL);
		agreed[i] = (struct settle_agreed){ text(ids[i]), text(paths[i]),
						    w->files[i].ino, with_ids };
	}
}

/* Where each of A, B, C went (NULL: nowhere). */
static void expect(const struct world *w, const struct settle_agreed agreed[3], const char *a,
		   const char *b, const char *c)
{
	const char *want[] = { a, b, c };
	struct settle_file listed[16];
	int64_t got[3];

	/* The order in which files are listed must not matter. */
	for (int reversed = 0; reversed < 2; reversed++) {
		for (size_t i = 0; i < w->count; i++)
			listed[i] = w->files[reversed ? w->count - 1 - i : i];
		assert_ok(settle_match(agreed, 3, listed, w->count, got));
		for (size_t i = 0; i < 3; i++) {
			if (want[i] == NULL) {
				assert_int_equal(got[i], -1);
				continue;
			}
			assert_true(got[i] >= 0);
			assert_bytes_str(listed[got[i]].path, want[i]);
		}
	}
}

static void nothing_moves(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	start(&w, d, true);
	expect(&w, d, "a.json", "b.json", "c.json");
	start(&w, d, false);
	expect(&w, d, "a.json", "b.json", "c.json");
}

static void swaps_carry_the_document(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	for (int ids = 0; ids < 2; ids++) {
		start(&w, d, ids);
		do_exchange(&w, "a.json", "b.json");
		expect(&w, d, "b.json", "a.json", "c.json");

		start(&w, d, ids);
		do_rename(&w, "a.json", "tmp.json");
		do_rename(&w, "b.json", "a.json");
		do_rename(&w, "tmp.json", "b.json");
		expect(&w, d, "b.json", "a.json", "c.json");

		start(&w, d, ids);
		do_rename(&w, "c.json", "tmp.json");
		do_rename(&w, "b.json", "c.json");
		do_rename(&w, "a.json", "b.json");
		do_rename(&w, "tmp.json", "a.json");
		expect(&w, d, "b.json", "c.json", "a.json");
	}
}

static void editors_keep_the_document(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	for (int ids = 0; ids < 2; ids++) {
		const char *id = ids ? "A" : NULL;

		/* In place: vim with backupcopy=yes. */
		start(&w, d, ids);
		do_write(&w, "a.json", id);
		expect(&w, d, "a.json", "b.json", "c.json");

		/* Backup renamed away, new file in its place: vim with backupcopy=no, emacs. */
		start(&w, d, ids);
		do_rename(&w, "a.json", "a.json~");
		do_create(&w, "a.json", id);
		do_unlink(&w, "a.json~");
		expect(&w, d, "a.json", "b.json", "c.json");

		/* Temporary file renamed over: sed -i, gedit, most others. */
		start(&w, d, ids);
		do_create(&w, "sedA1b2", id);
		do_rename(&w, "sedA1b2", "a.json");
		expect(&w, d, "a.json", "b.json", "c.json");

		/* Removed and written anew: git checkout. */
		start(&w, d, ids);
		do_unlink(&w, "a.json");
		do_create(&w, "a.json", id);
		expect(&w, d, "a.json", "b.json", "c.json");
	}
}

static void a_backup_beside_is_new(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	start(&w, d, true);
	do_rename(&w, "a.json", "a.bak.json");
	do_create(&w, "a.json", "A");
	expect(&w, d, "a.json", "b.json", "c.json");

	/* A rotation of two backups, the newest text in the plain name. */
	start(&w, d, true);
	do_rename(&w, "b.json", "c.json");
	do_rename(&w, "a.json", "b.json");
	do_create(&w, "a.json", "A");
	expect(&w, d, "a.json", "c.json", NULL);
}

static void copies_are_new(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	for (int ids = 0; ids < 2; ids++) {
		start(&w, d, ids);
		do_copy(&w, "a.json", "copy.json");
		expect(&w, d, "a.json", "b.json", "c.json");

		/* The original edited without its `_id`: still the one on its inode. */
		start(&w, d, ids);
		do_copy(&w, "a.json", "copy.json");
		do_write(&w, "a.json", NULL);
		expect(&w, d, "a.json", "b.json", "c.json");

		/* Copied over another: the other keeps its own identity. */
		start(&w, d, ids);
		do_write(&w, "b.json", ids ? "A" : NULL);
		expect(&w, d, "a.json", "b.json", "c.json");
	}
}

static void moves_carry_the_document(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	for (int ids = 0; ids < 2; ids++) {
		start(&w, d, ids);
		do_rename(&w, "a.json", "d.json");
		expect(&w, d, "d.json", "b.json", "c.json");

		/* Over another: that one is gone. */
		start(&w, d, ids);
		do_rename(&w, "a.json", "b.json");
		expect(&w, d, "b.json", NULL, "c.json");

		/* Away, and something else in its place. */
		start(&w, d, ids);
		do_rename(&w, "a.json", "d.json");
		do_create(&w, "a.json", NULL);
		expect(&w, d, "d.json", "b.json", "c.json");
	}
	/* Copied and the original removed: a move across file systems. */
	start(&w, d, true);
	do_copy(&w, "a.json", "sub/a.json");
	do_unlink(&w, "a.json");
	expect(&w, d, "sub/a.json", "b.json", "c.json");
}

static void branch_switch(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	/* The other branch has A elsewhere, B changed and C not at all. */
	start(&w, d, true);
	do_unlink(&w, "a.json");
	do_unlink(&w, "b.json");
	do_unlink(&w, "c.json");
	do_create(&w, "moved/a.json", "A");
	do_create(&w, "b.json", "B");
	do_create(&w, "new.json", "N");
	expect(&w, d, "moved/a.json", "b.json", NULL);
}

static void oldest_inode_wins_among_copies(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	start(&w, d, true);
	do_copy(&w, "a.json", "z-first.json");
	do_copy(&w, "a.json", "d-second.json");
	do_unlink(&w, "a.json");
	expect(&w, d, "z-first.json", "b.json", "c.json");
}

static void hard_links_stand_once(void **state)
{
	struct world w;
	struct settle_agreed d[3];

	(void)state;
	start(&w, d, false);
	w.files[w.count] = w.files[0];
	w.files[w.count++].path = text("link.json");
	expect(&w, d, "a.json", "b.json", "c.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_moves),
		cmocka_unit_test(swaps_carry_the_document),
		cmocka_unit_test(editors_keep_the_document),
		cmocka_unit_test(a_backup_beside_is_new),
		cmocka_unit_test(copies_are_new),
		cmocka_unit_test(moves_carry_the_document),
		cmocka_unit_test(branch_switch),
		cmocka_unit_test(oldest_inode_wins_among_copies),
		cmocka_unit_test(hard_links_stand_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
