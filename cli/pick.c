/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a workspace by what a person typed. */
#include "cli/pick.h"

#include <stdio.h>

#include "cli/say.h"

/* By its own name, or as its directory is called. */
static bool is_named(struct store *store, const struct group *g, struct bytes named)
{
	struct node *root;
	struct bytes shown;

	if (g->name && bytes_equal_str(named, g->name))
		return true;
	return g->dir && tree_place(store_tree(store), g->dir, &root, &shown) == WK_OK &&
	       bytes_equal(named, shown);
}

int pick_group(struct store *store, struct bytes named, struct group **group_out,
	       char message_out[PICK_MESSAGE])
{
	struct group *g, *found = NULL;

	for (size_t i = 0; (g = docs_group_at(store_docs(store), i)); i++) {
		if (bytes_equal_str(named, g->id)) {
			*group_out = g;
			return SAY_DONE;
		}
		if (g->live == 0 || !is_named(store, g, named))
			continue;
		if (found) {
			(void)snprintf(message_out, PICK_MESSAGE, "several workspaces have that "
				       "name.  Give the id of one: %s, %s ...  (wakefs status "
				       "--json shows them)", found->id, g->id);
			return SAY_DECIDE;
		}
		found = g;
	}
	if (!found) {
		(void)snprintf(message_out, PICK_MESSAGE, "there is no workspace of that name or "
			       "id.  See: wakefs status");
		return SAY_FAILED;
	}
	*group_out = found;
	return SAY_DONE;
}
