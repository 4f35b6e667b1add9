/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New directories in the root become resource groups; what came in with a directory, or left with
 * one, is noted.
 */
#include "store/settle_private.h"

#include "base/hex.h"
#include "base/rand.h"
#include "model/name.h"

static enum wk_status make_group(struct settle *s, struct node *dir, struct bytes name)
{
	SCOPED(scoped_free) char *shown = bytes_dup(name);
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();
	uint8_t random[16];
	char id[3 + 32 + 1] = "rg_";
	struct group *g = NULL;
	struct doc *doc;
	enum wk_status st;

	if (shown == NULL || key == NULL)
		return WK_NOMEM;
	rand_bytes(random, sizeof(random));
	hex_encode(random, sizeof(random), id + 3);
	secret_random(key->k, KEY_SIZE);
	st = docs_group_add(s->docs, id, shown, key, false, &g);
	if (st != WK_OK)
		return st;
	key = NULL;
	g->dir = dir;
	dir->group = g;
	st = settle_make_dir(s, g, dir, KIND_WORKSPACE, NULL, &doc);
	return st == WK_OK ? docs_row_save_group(s->docs, g) : st;
}

/* The same name made again while its group's directory was missed. */
static bool give_back(struct settle *s, struct node *dir, struct bytes name)
{
	for (size_t i = 0; i < s->docs->group_count; i++) {
		struct group *g = s->docs->groups[i];
		struct doc *doc = g->workspace;

		if (g->dir != NULL || doc == NULL || doc->settling == NULL ||
		    !bytes_equal_str(name, doc->settling->name))
			continue;
		g->dir = dir;
		dir->group = g;
		settle_bind(s, doc, dir, settle_dir_file(s, dir, KIND_WORKSPACE));
		return docs_row_save_group(s->docs, g) == WK_OK;
	}
	return false;
}

static bool holds_document(struct settle *s, struct node *dir)
{
	struct tree_entry e = { 0 };

	while (tree_next(s->tree, dir, e.cookie, &e))
		if (S_ISREG(e.node->mode) && e.node->size > 0 &&
		    name_is_document_like(e.name))
			return true;
	return false;
}

bool settle_has_waited(const struct settle *s, const struct settle_node *e)
{
	return s->force || s->now_ms - e->named_ms >= SETTLE_GRACE_MS;
}

/* A group's directory that left the root, or is gone: its documents are looked for elsewhere. */
static void release_group(struct settle *s, struct group *g)
{
	for (size_t i = 0; i < g->doc_count; i++) {
		struct doc *doc = g->docs[i];
		struct node *dir;
		struct bytes name;

		if (!doc->removed && doc->node != NULL &&
		    tree_place(s->tree, doc->node, &dir, &name) == WK_OK)
			settle_note_doc(s, doc, dir, name);
	}
	g->dir->group = NULL;
	g->dir = NULL;
	g->unplaced = NULL;
}

/* Everything in a directory that came whole and is no document of its group yet. */
static void expand(struct settle *s, struct group *g, struct node *dir)
{
	struct tree_entry at = { 0 };

	while (tree_next(s->tree, dir, at.cookie, &at)) {
		struct node *node = at.node;
		struct settle_node *e = NULL;
		bool ours = node->doc != NULL && node->doc->group == g;

		if (S_ISDIR(node->mode)) {
			if (settle_is_scratch_dir(s, node, at.name))
				continue;
			if (!ours && (e = settle_note(s, node)) != NULL) {
				e->named_ms = s->now_ms;
				e->expanded = true;
			}
			expand(s, g, node);
		} else if (S_ISREG(node->mode) && !ours && name_is_document_like(at.name) &&
			   settle_find(s, node) == NULL) {
			e = settle_note(s, node);
			if (e != NULL)
				e->complete = true;
		}
	}
}

void settle_new_groups(struct settle *s)
{
	struct node *root = tree_root(s->tree), *dir;
	struct bytes name;

	for (size_t i = 0; i < s->docs->group_count; i++) {
		struct group *g = s->docs->groups[i];

		if (g->dir != NULL && g->dir->parent != root)
			release_group(s, g);
	}
	for (size_t i = 0; i < s->node_count; i++) {
		struct settle_node *e = s->nodes[i];

		if (e->settled || !S_ISDIR(e->node->mode) || e->node->parent != root ||
		    e->node->group != NULL ||
		    tree_place(s->tree, e->node, &dir, &name) != WK_OK)
			continue;
		if (name.p[0] == '.') {
			e->settled = true;
			continue;
		}
		if (give_back(s, e->node, name) ||
		    ((settle_has_waited(s, e) || holds_document(s, e->node)) &&
		     make_group(s, e->node, name) == WK_OK)) {
			e->settled = true;
			expand(s, e->node->group, e->node);
		}
	}
}

/* Documents below a folder that left its group are looked for. */
static void miss(struct settle *s, struct group *g, struct node *dir)
{
	struct tree_entry at = { 0 };

	while (tree_next(s->tree, dir, at.cookie, &at)) {
		struct doc *doc = at.node->doc;

		if (doc != NULL && doc->group == g && doc->node == at.node)
			settle_note_doc(s, doc, dir, at.name);
		if (S_ISDIR(at.node->mode))
			miss(s, g, at.node);
	}
}

void settle_miss(struct settle *s)
{
	for (size_t i = 0; i < s->doc_count; i++) {
		struct doc *doc = s->list[i]->doc;

		if (doc->node != NULL && S_ISDIR(doc->node->mode) &&
		    settle_area(s, doc->node) != doc->group)
			miss(s, doc->group, doc->node);
	}
}

void settle_expand(struct settle *s, struct group *g)
{
	for (size_t i = 0; i < s->node_count; i++) {
		struct settle_node *e = s->nodes[i];

		if (S_ISDIR(e->node->mode) && !e->expanded && settle_area(s, e->node) == g) {
			e->expanded = true;
			expand(s, g, e->node);
		}
	}
	for (size_t i = 0; i < s->doc_count; i++) {
		const struct doc *doc = s->list[i]->doc;

		if (doc->group == g && doc->node != NULL && S_ISDIR(doc->node->mode) &&
		    settle_area(s, doc->node) == g && settle_find(s, doc->node) == NULL)
			(void)settle_note(s, doc->node);
	}
}
