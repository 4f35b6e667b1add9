/* SPDX-License-Identifier: Apache-2.0 */
/* Entries and attributes as the kernel gets them, and the count of how often it did. */
#include "fs/entry.h"

#include <errno.h>

#include "fs/watch.h"
#include "store/docs.h"

static struct timespec timespec_of(int64_t ns)
{
	int64_t seconds = ns / 1000000000, rest = ns % 1000000000;

	if (rest < 0) {
		seconds--;
		rest += 1000000000;
	}
	return (struct timespec){.tv_sec = seconds, .tv_nsec = rest};
}

void entry_stat(const struct mount *m, const struct node *node, struct stat *out)
{
	*out = (struct stat){
	    .st_ino = node->ino,
	    .st_mode = node->mode,
	    .st_nlink = node->nlink,
	    .st_uid = node->uid,
	    .st_gid = node->gid,
	    .st_rdev = node->rdev,
	    .st_size = (off_t)node->size,
	    .st_blksize = 4096,
	    .st_atim = timespec_of(node->atime_ns),
	    .st_mtim = timespec_of(node->mtime_ns),
	    .st_ctim = timespec_of(node->ctime_ns),
	};
	if (S_ISREG(node->mode))
		out->st_blocks = (blkcnt_t)((tree_allocated(m->tree, node) + 511) / 512);
}

void entry_fill(const struct mount *m, const struct node *node, struct fuse_entry_param *out)
{
	*out = (struct fuse_entry_param){
	    .ino = node->ino,
	    .generation = 1,
	    .attr_timeout = FS_FOREVER,
	    .entry_timeout = FS_FOREVER,
	};
	entry_stat(m, node, &out->attr);
}

struct node *entry_node(fuse_req_t req, fuse_ino_t ino)
{
	struct node *node = NULL;

	if (ino < FS_VIRTUAL_BASE)
		node = tree_node(mount_of(req)->tree, ino);
	if (!node)
		(void)fuse_reply_err(req, ino < FS_VIRTUAL_BASE ? ENOENT : EPERM);
	return node;
}

bool entry_is_there(const struct node *node)
{
	const struct doc *doc = node->doc;

	return !node->rendered || node->lookups > 0 || !doc || doc->file != node || !doc->removed;
}

void entry_hold(struct node *node)
{
	node->lookups++;
}

void entry_drop(struct mount *m, struct node *node, uint64_t count)
{
	node->lookups -= count < node->lookups ? count : node->lookups;
	if (node->lookups == 0)
		tree_release(m->tree, node);
}

static void watch_if_directory(struct mount *m, struct node *dir, struct node *node)
{
	if (S_ISDIR(node->mode))
		watch_directory(m->watch, dir, node);
}

void entry_reply(fuse_req_t req, struct node *dir, struct node *node)
{
	struct mount *m = mount_of(req);
	struct fuse_entry_param entry;

	entry_fill(m, node, &entry);
	entry_hold(node);
	if (fuse_reply_entry(req, &entry) != 0)
		entry_drop(m, node, 1);
	else
		watch_if_directory(m, dir, node);
}

void entry_reply_none(fuse_req_t req, bool forever)
{
	struct fuse_entry_param none = {.entry_timeout = FS_FOREVER};

	if (forever)
		(void)fuse_reply_entry(req, &none);
	else
		(void)fuse_reply_err(req, ENOENT);
}

void entry_reply_create(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	struct mount *m = mount_of(req);
	struct fuse_entry_param entry;

	entry_fill(m, node, &entry);
	/* Not noflush: close() would then not write back what was stored through a mapping. */
	fi->keep_cache = 1;
	fi->noflush = 0;
	entry_hold(node);
	if (fuse_reply_create(req, &entry, fi) != 0)
		entry_drop(m, node, 1);
}

static void drop_below(struct mount *m, struct node *top)
{
	struct node *dir = top;
	struct tree_entry entry = {.cookie = 0};

	/*
	 * Without recursion and without a list: after a directory's last entry the walk goes on in
	 * its parent behind the directory itself, whose cookie is found again by looking.
	 */
	for (;;) {
		uint64_t after = entry.cookie;
		struct node *left = dir;

		if (tree_next(m->tree, dir, after, &entry)) {
			entry.node->lookups = 0;
			entry.node->listed = false;
			if (S_ISDIR(entry.node->mode)) {
				dir = entry.node;
				entry.cookie = 0;
			}
			continue;
		}
		if (dir == top)
			return;
		dir = dir->parent;
		entry.cookie = 0;
		while (tree_next(m->tree, dir, entry.cookie, &entry))
			if (entry.node == left)
				break;
	}
}

void entry_drop_all(struct mount *m)
{
	drop_below(m, tree_root(m->tree));
	tree_root(m->tree)->lookups = 0;
}

bool entry_is_known(const struct node *dir)
{
	return dir && (dir->ino == TREE_ROOT_INO || dir->lookups > 0);
}
