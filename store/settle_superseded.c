/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Old versions that somebody has open still, and saves.
 *
 * What is a document is an edit of the version that it shows.  What is none cannot be merged, and
 * the inode has no name any more: it gets one again, beside its document, so that it is not freed
 * with what was written; from there on it is a file like any other.
 */
#include "store/settle_private.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/view.h"

#define NS_PER_MS 1000000
#define STEM_MAX 150	/* with all that is added, still short enough for a document's name */
#define TRIES_MAX 1000

/* A name like "List pets (unsaved, 2022-03-01).json", which nobody has. */
static bool free_name(struct settle *s, struct node *dir, struct bytes stem, const char *suffix,
		      char out[TREE_NAME_MAX + 1])
{
	size_t n = stem.n;
	char when[25];

	if (n > STEM_MAX)
		for (n = STEM_MAX; n > 0 && (stem.p[n] & 0xc0) == 0x80;)
			n--;
	clock_iso8601(clock_wall_ms(), when);
	when[10] = '\0';
	for (int i = 1; i < TRIES_MAX; i++) {
		char number[16] = "";

		if (i > 1)
			(void)snprintf(number, sizeof(number), ", %d", i);
		(void)snprintf(out, TREE_NAME_MAX + 1, "%.*s (unsaved, %s%s)%s", (int)n,
			       (const char *)stem.p, when, number, suffix);
		if (tree_lookup(s->tree, dir, bytes_str(out)) == NULL)
			return true;
	}
	return false;
}

static void keep(struct settle *s, struct doc *doc, struct node *file)
{
	const struct kind_info *info = kind_info(doc->kind);
	const char *suffix = kind_is_directory(doc->kind) ? ".json" : info->suffix;
	struct node *dir = doc->group->dir != NULL ? doc->group->dir : tree_root(s->tree);
	struct bytes stem = bytes_str(doc->type), name;
	char kept[TREE_NAME_MAX + 1];
	struct settle_node *e;

	if (doc->file != NULL && tree_place(s->tree, doc->file, &dir, &name) == WK_OK &&
	    name.n > strlen(suffix)) {
		/* The dot of a directory's own file would hide it. */
		stem = name.p[0] == '.' ? bytes_of(name.p + 1, name.n - 1) : name;
		stem.n -= strlen(suffix);
	}
	if (!free_name(s, dir, stem, suffix, kept) ||
	    tree_attach(s->tree, file, dir, bytes_str(kept), false, TREE_QUIET) != WK_OK) {
		log_error("a save of a replaced version of document %lld is lost",
			  (long long)doc->number);
		return;
	}
	file->doc = NULL;
	e = settle_note(s, file);
	if (e != NULL)
		e->complete = true;
	view_tell_name(s->store->view, dir, kept);
}

void settle_save_superseded(struct settle *s, struct node *file, bool last)
{
	struct doc *doc = file->doc;
	struct settle_doc was = { .doc = doc, .stale = true, .fetched = true };
	struct doc_place place = { .kind = doc->kind, .type = bytes_str(doc->type),
				   .created_ms = doc->created_ms,
				   .modified_ms = file->mtime_ns / NS_PER_MS,
				   .id = bytes_str(doc->id) };
	struct json_error error;
	enum wk_status st = WK_INVALID;

	/* Emptied, by somebody who is about to write; if not, there is nothing to keep. */
	if (file->size == 0)
		return;
	if (!doc->removed)
		st = settle_save(s, doc, file, &was, &place, &error);
	if (st == WK_INVALID || st == WK_LIMIT || (st != WK_OK && last))
		keep(s, doc, file);
	if (st != WK_OK)
		return;
	file->written = false;
	/* What was saved through the old file must come into the one that is shown. */
	if (doc->file != NULL) {
		doc->stale = true;
		doc->shown = false;
		(void)view_queue(s->store->view, doc, bytes_of(NULL, 0));
	}
}
