/* SPDX-License-Identifier: Apache-2.0 */
/* Where documents stand and what their files are called. */
#include "store/place.h"

#include "model/name.h"

static bool greater(const struct doc *a, const struct doc *b)
{
	if (a->modified_ms != b->modified_ms)
		return a->modified_ms > b->modified_ms;
	return strcmp(a->id, b->id) > 0;
}

static struct doc *parent_of(struct docs *d, const struct doc *doc)
{
	struct doc *parent;

	if (doc->parent_id == NULL)
		return NULL;
	parent = docs_find(d, doc->group, bytes_str(doc->parent_id));
	return parent == NULL || parent->removed ? NULL : parent;
}

/* The member at which the cycle through `doc` is cut. */
static const struct doc *cut_of(struct docs *d, const struct doc *doc)
{
	const struct doc *best = doc;

	for (const struct doc *at = parent_of(d, doc); at != NULL && at != doc;
	     at = parent_of(d, at))
		if (greater(at, best))
			best = at;
	return best;
}

enum chain { CHAIN_ENDS, CHAIN_CYCLE, CHAIN_DEEP };

/* Walks up; CHAIN_CYCLE only when `doc` itself is on the cycle. */
static enum chain walk(struct docs *d, struct doc *doc)
{
	struct doc *at = doc;

	d->visit++;
	for (int depth = 0; at != NULL; depth++) {
		if (at->visit == d->visit)
			return at == doc ? CHAIN_CYCLE : CHAIN_ENDS;
		if (depth > PLACE_DEPTH_MAX)
			return CHAIN_DEEP;
		at->visit = d->visit;
		at = parent_of(d, at);
	}
	return CHAIN_ENDS;
}

enum place_where place_of(struct docs *d, struct doc *doc, struct doc **parent_out,
			  const char **why_out)
{
	struct doc *parent = parent_of(d, doc);

	if (doc->kind == KIND_WORKSPACE) {
		*why_out = "there is another workspace in this group";
		return doc->group->workspace == doc ? PLACE_ROOT : PLACE_NOWHERE;
	}
	*why_out = doc->parent_id == NULL ? "it has no parent"
					  : "its parent is not in this workspace";
	if (parent == NULL)
		return PLACE_UNPLACED;
	*why_out = "its parent cannot hold it";
	if (!kind_may_contain(parent->kind, doc->kind))
		return PLACE_UNPLACED;
	switch (walk(d, doc)) {
	case CHAIN_CYCLE:
		if (cut_of(d, doc) == doc)
			return PLACE_TOP;
		break;
	case CHAIN_DEEP:
		*why_out = "it lies deeper than 128 folders";
		return PLACE_UNPLACED;
	case CHAIN_ENDS:
		break;
	}
	if (parent->kind == KIND_WORKSPACE)
		return parent->group->workspace == parent ? PLACE_TOP : PLACE_UNPLACED;
	if (!kind_is_directory(parent->kind) && kind_info(parent->kind)->children_suffix == NULL)
		return PLACE_UNPLACED;
	*parent_out = parent;
	return PLACE_BELOW;
}

static enum wk_status encode(const struct doc *doc, struct bytes name, const char *mark,
			     char out[TREE_NAME_MAX + 1], bool *cut_out)
{
	return name_encode(doc->kind, bytes_str(doc->type), name, mark,
			   doc->kind == KIND_WORKSPACE, out, cut_out);
}

/* The mark that a file name ends in, "" when none. */
static void mark_of(const struct doc *doc, struct bytes file_name, char out[DOC_ID_MAX + 1])
{
	SCOPED(name_parts_fini) struct name_parts parts = NAME_PARTS_INIT;
	bool children = false;
	enum wk_status st = kind_is_directory(doc->kind)
				    ? name_decode_dir(file_name, &parts, &children)
				    : name_decode_file(file_name, &parts);

	out[0] = '\0';
	if (st == WK_OK)
		memcpy(out, parts.mark, strlen(parts.mark) + 1);
}

bool place_name_fits(const struct doc *doc, struct bytes name, struct bytes file_name)
{
	char mark[DOC_ID_MAX + 1], wanted[TREE_NAME_MAX + 1];
	bool cut = false;

	mark_of(doc, file_name, mark);
	if (encode(doc, name, mark[0] == '\0' ? NULL : mark, wanted, &cut) != WK_OK)
		return false;
	return bytes_equal_str(file_name, wanted) && (!cut || mark[0] != '\0');
}

static bool is_free(struct docs *d, const struct doc *doc, struct node *dir, const char *name)
{
	const struct node *there =
		dir == NULL ? NULL : tree_lookup(d->tree, dir, bytes_str(name));

	return there == NULL || there == doc->node;
}

enum wk_status place_name(struct docs *d, const struct doc *doc, struct bytes name,
			  struct node *dir, char out[TREE_NAME_MAX + 1])
{
	/* A group without a Workspace is marked by its own id. */
	struct bytes id = bytes_str(doc->kind == KIND_WORKSPACE ? doc->group->id : doc->id);
	char mark[DOC_ID_MAX + 1];
	bool cut = false;
	enum wk_status st = encode(doc, name, NULL, out, &cut);

	if (st != WK_OK)
		return st;
	if (!cut && is_free(d, doc, dir, out))
		return WK_OK;
	for (size_t n = 4; n <= DOC_ID_MAX; n++) {
		name_mark(id, n, mark);
		st = encode(doc, name, mark, out, &cut);
		if (st != WK_OK)
			return st;
		if (is_free(d, doc, dir, out))
			return WK_OK;
		if (n > id.n && n > 4)
			break;
	}
	return WK_EXISTS;
}

bool place_children_name(const struct doc *doc, struct bytes file_name,
			 char out[TREE_NAME_MAX + 1])
{
	const struct kind_info *info = kind_info(doc->kind);
	size_t suffix = strlen(info->suffix), n;

	if (info->children_suffix == NULL || file_name.n < suffix)
		return false;
	n = file_name.n - suffix;
	if (n + strlen(info->children_suffix) > TREE_NAME_MAX)
		return false;
	memcpy(out, file_name.p, n);
	memcpy(out + n, info->children_suffix, strlen(info->children_suffix) + 1);
	return true;
}

enum wk_status place_doc_name(struct docs *d, const struct doc *doc, struct buf *name_out)
{
	struct json *json = NULL;
	struct doc_head head;
	enum wk_status st = docs_tree(d, d->arena, doc, DOCS_LOCAL, &json);

	if (st == WK_OK)
		st = doc_read_head(json, &head);
	if (st == WK_OK)
		st = buf_append(name_out, head.name.p, head.name.n);
	arena_reset(d->arena);
	return st;
}
