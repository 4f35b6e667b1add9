/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which waiting documents are sent: creations parents first, then changes
 * and moves, deletions last and children first, so that no state on the server has a child without its
 * parent or loses what was moved out of a folder with the folder.
 */
#include "store/docs_private.h"

#include <stdlib.h>

#define DEPTH_MAX 128

enum rank { CREATION, CHANGE, DELETION };

struct waiting {
	struct doc *doc;
	enum rank rank;
	int depth;
};

static enum rank rank_of(const struct doc *doc)
{
	if (doc->removed)
		return DELETION;
	return doc->agreed.n == 0 && doc->agreed.version[0] == '\0' ? CREATION : CHANGE;
}

/* Of a cycle it is only bounded, which is enough: its members have no first. */
static int depth_of(struct docs *d, const struct doc *doc)
{
	int depth = 0;

	while (doc->parent_id != NULL && depth < DEPTH_MAX) {
		doc = docs_find(d, doc->group, bytes_str(doc->parent_id));
		if (doc == NULL)
			break;
		depth++;
	}
	return depth;
}

static int compare(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->depth != y->depth) {
		bool shallow = x->depth < y->depth;

		return shallow == (x->rank != DELETION) ? -1 : 1;
	}
	return x->doc->number < y->doc->number ? -1 : x->doc->number > y->doc->number;
}

size_t docs_outgoing(struct docs *d, struct group *g, struct docs_outgoing *out, size_t max)
{
	SCOPED(scoped_free) struct waiting *list = NULL;
	size_t count = 0;

	if (g->pending == 0 || max == 0)
		return 0;
	list = calloc(g->pending, sizeof(*list));
	if (list == NULL)
		return 0;
	for (size_t i = 0; i < g->doc_count && count < g->pending; i++) {
		struct doc *doc = g->docs[i];
		enum rank rank = rank_of(doc);

		if (doc->pending && !doc->held)
			list[count++] = (struct waiting){
				doc, rank, rank == CHANGE ? 0 : depth_of(d, doc) };
	}
	qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0; i < count && i < max; i++)
		out[i] = (struct docs_outgoing){ list[i].doc, list[i].doc->generation,
						 list[i].doc->removed };
	return count < max ? count : max;
}
