/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for names that mean documents. */
#include "fs/names.h"

#include <errno.h>

#include "base/utf8.h"
#include "model/name.h"

static bool holds_documents(struct mount *m, struct node *dir)
{
	while (dir && dir->ino != TREE_ROOT_INO) {
		struct bytes name;
		struct node *up;

		if (tree_place(m->tree, dir, &up, &name) != WK_OK || name.p[0] == '.')
			return false;
		if (up->ino == TREE_ROOT_INO)
			return true;
		dir = up;
	}
	return false;
}

/* WK_OK: it means a document; WK_INVALID: it would, were it UTF-8; WK_NOT_FOUND: it is free. */
static enum wk_status meaning(struct mount *m, struct node *dir, const char *name)
{
	SCOPED(name_parts_fini) struct name_parts parts = NAME_PARTS_INIT;
	enum wk_status st = name_decode_file(bytes_str(name), &parts);

	if ((st == WK_OK || st == WK_INVALID) && !holds_documents(m, dir))
		return WK_NOT_FOUND;
	return st;
}

int names_check_file(struct mount *m, struct node *dir, const char *name)
{
	if (utf8_is_valid(bytes_str(name)))
		return 0;
	return meaning(m, dir, name) == WK_INVALID ? EILSEQ : 0;
}

int names_check_link(struct mount *m, struct node *dir, const char *name)
{
	switch (meaning(m, dir, name)) {
	case WK_OK:
		return EPERM;
	case WK_INVALID:
		return EILSEQ;
	default:
		return 0;
	}
}

int names_check_move(struct mount *m, const struct node *node, struct node *dir, const char *name)
{
	if (S_ISLNK(node->mode) || (S_ISREG(node->mode) && node->nlink > 1))
		return names_check_link(m, dir, name);
	return S_ISREG(node->mode) ? names_check_file(m, dir, name) : 0;
}
