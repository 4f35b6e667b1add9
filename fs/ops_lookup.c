/* SPDX-License-Identifier: Apache-2.0 */
/* LOOKUP and FORGET: how the kernel comes to know a node, and lets it go. */
#include <errno.h>
#include <string.h>

#include "fs/entry.h"
#include "fs/ops.h"
#include "fs/virtual.h"

void ops_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct mount *m = mount_of(req);
	struct node *dir, *node;

	/* Not one to remember as missing: the kernel leaves the limit to us. */
	if (strlen(name) > TREE_NAME_MAX) {
		(void)fuse_reply_err(req, ENAMETOOLONG);
		return;
	}
	if (virtual_is(parent) ||
	    (parent == TREE_ROOT_INO && strcmp(name, VIRTUAL_DIR_NAME) == 0)) {
		virtual_lookup(req, parent, name);
		return;
	}
	dir = entry_node(req, parent);
	if (!dir)
		return;
	node = tree_lookup(m->tree, dir, bytes_str(name));
	if (!node)
		entry_reply_none(req, true);
	else if (!entry_is_there(node))
		entry_reply_none(req, false);
	else
		entry_reply(req, dir, node);
}

static void forget(struct mount *m, uint64_t ino, uint64_t count)
{
	struct node *node = virtual_is(ino) ? NULL : tree_node(m->tree, ino);

	if (node && ino != TREE_ROOT_INO)
		entry_drop(m, node, count);
}

void ops_lookup_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	forget(mount_of(req), ino, count);
	fuse_reply_none(req);
}

void ops_lookup_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		forget(mount_of(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}
