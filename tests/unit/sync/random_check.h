/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RANDOM_CHECK_H
#define RANDOM_CHECK_H

/* What must hold when all is quiet: equal documents everywhere, files that mean them, and nothing
 * lost. */
#include "random_lab.h"

/* Its file's text, parsed, is the document. */
static inline void check_file(struct lab *l, struct device *d, const struct doc *doc)
{
	struct buf file = BUF_SECRET_INIT(1 << 24), path = BUF_INIT(1 << 16);
	struct doc_place place = { .kind = doc->kind, .created_ms = doc->created_ms,
				   .modified_ms = doc->modified_ms, .id = bytes_str(doc->id) };
	struct json *local = lab_local(l, d, doc), *parsed = NULL;

	lab_check(l, doc->file && doc->file->doc == doc, "%s has no file", doc->id);
	lab_ok(l, tree_path(store_tree(d->store), doc->file, &path));
	lab_ok(l, tree_read_all(store_tree(d->store), doc->file, &file));
	if (doc->parent_id)
		place.parent_id = bytes_str(doc->parent_id);
	lab_ok(l, doc_parse(l->arena, buf_bytes(&file), &place, local, &parsed, NULL));
	lab_check(l, json_equal(parsed, local), "the file of %s means something else", doc->id);
	buf_fini(&file);
	buf_fini(&path);
}

static inline size_t check_count_files(struct device *d, struct node *dir)
{
	struct tree_entry e = { 0 };
	size_t n = 0;

	while (tree_next(store_tree(d->store), dir, e.cookie, &e)) {
		if (S_ISDIR(e.node->mode))
			n += check_count_files(d, e.node);
		else
			n += e.node->doc && e.node->doc->file == e.node;
	}
	return n;
}

/* A group has one Workspace; a copy of it, after a conflict, has no directory to be. */
static inline bool check_has_place(const struct group *g, const struct doc *doc)
{
	return doc->kind != KIND_WORKSPACE || g->workspace == doc;
}

/* Documents of one device: settled, sent, and as its files say. */
static inline void check_device(struct lab *l, int which)
{
	struct device *d = &l->devices[which];
	struct group *g = lab_group(l, d);
	struct doc *doc;
	size_t placed = 0;

	lab_check(l, g != NULL, "device %d has no group", which);
	lab_check(l, g->pending == 0, "device %d: %zu still pending", which, g->pending);
	for (size_t i = 0; (doc = docs_at(lab_docs(d), g, i)); i++)
		lab_check(l, docs_state(doc) != DOCS_INVALID, "device %d: %s is invalid: %s",
			  which, doc->id, doc->problem);
	lab_check(l, settle_is_idle(store_settle(d->store)), "device %d settles", which);
	lab_check(l, view_is_idle(store_view(d->store)), "device %d shows", which);
	for (size_t i = 0; (doc = docs_at(lab_docs(d), g, i)); i++) {
		if (doc->removed) {
			lab_check(l, !doc->file, "device %d: %s removed with file", which, doc->id);
		} else if (check_has_place(g, doc)) {
			check_file(l, d, doc);
			placed++;
		}
	}
	lab_check(l, check_count_files(d, g->dir) == placed, "device %d: %zu files of %zu", which,
		  check_count_files(d, g->dir), placed);
	arena_reset(l->arena);
}

static inline void check_equal(struct lab *l, int which)
{
	struct device *a = &l->devices[0], *b = &l->devices[which];
	struct group *g = lab_group(l, a);
	struct doc *x, *y;

	lab_check(l, g->live == lab_group(l, b)->live, "%zu documents and %zu", g->live,
		  lab_group(l, b)->live);
	for (size_t i = 0; (x = docs_at(lab_docs(a), g, i)); i++) {
		y = docs_find(lab_docs(b), lab_group(l, b), bytes_str(x->id));
		if (x->removed && x->agreed.n == 0)
			continue;	/* never sent */
		lab_check(l, y != NULL, "%s is not on device %d", x->id, which);
		lab_check(l, x->removed == y->removed, "%s is removed on one", x->id);
		lab_check(l, memcmp(x->agreed.digest, y->agreed.digest, DIGEST_SIZE) == 0,
			  "%s: other digests", x->id);
		lab_check(l, strcmp(x->agreed.version, y->agreed.version) == 0,
			  "%s: other versions", x->id);
		if (!x->removed)
			lab_check(l, json_equal(lab_local(l, a, x), lab_local(l, b, y)),
				  "%s: other texts", x->id);
	}
	arena_reset(l->arena);
}

/* For people who look where one went: each place it stands. */
static inline void check_tell(struct lab *l, unsigned token)
{
	for (int i = 0; i < DEVICES; i++) {
		struct device *d = &l->devices[i];
		struct group *g = lab_group(l, d);
		struct doc *doc;

		for (size_t k = 0; g && (doc = docs_at(lab_docs(d), g, k)); k++) {
			struct buf text = BUF_SECRET_INIT(1 << 24);
			bool in[TOKENS_MAX] = { false }, in_file[TOKENS_MAX] = { false };

			if (docs_text(lab_docs(d), doc, DOCS_LOCAL, &text) == WK_OK)
				lab_mark(buf_bytes(&text), in, true);
			buf_clear(&text);
			if (doc->file &&
			    tree_read_all(store_tree(d->store), doc->file, &text) == WK_OK)
				lab_mark(buf_bytes(&text), in_file, true);
			if (in[token] || in_file[token])
				print_message("   token %u: device %d, %s%s%s%s n %d%s\n", token, i,
					      doc->id, in[token] ? ", text" : "",
					      in_file[token] ? ", file" : "",
					      doc->pending ? ", pending" : "", (int)doc->agreed.n,
					      doc->removed ? ", removed" : "");
			buf_fini(&text);
		}
	}
}

static inline void check_tokens(struct lab *l)
{
	static bool there[TOKENS_MAX];
	struct device *d = &l->devices[0];
	struct buf text = BUF_SECRET_INIT(1 << 28);
	struct doc *doc;

	memset(there, 0, sizeof there);
	for (size_t i = 0; (doc = docs_at(lab_docs(d), lab_group(l, d), i)); i++) {
		if (doc->removed)
			continue;
		buf_clear(&text);
		lab_ok(l, docs_text(lab_docs(d), doc, DOCS_LOCAL, &text));
		lab_mark(buf_bytes(&text), there, true);
	}
	buf_fini(&text);
	for (unsigned i = 0; i < l->tokens; i++)
		lab_check(l, there[i] || l->excused[i], "token %u is lost", i);
}

static inline void check_all(struct lab *l)
{
	for (int i = 0; i < DEVICES; i++)
		check_device(l, i);
	for (int i = 1; i < DEVICES; i++)
		check_equal(l, i);
	check_tokens(l);
}

#endif
