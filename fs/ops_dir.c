/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories.  The offset of an entry is its cookie, which grows and is never used again, moved
 * up by a little for ".", ".." and `.wakefs`: a reader that deletes as it goes misses nothing.
 */
#include <errno.h>

#include "fs/entry.h"
#include "fs/errno.h"
#include "fs/incoming.h"
#include "fs/ops.h"
#include "fs/virtual.h"
#include "fs/watch.h"

#define OFFSET_DOT 1
#define OFFSET_DOT_DOT 2
#define OFFSET_VIRTUAL 3
#define OFFSET_TREE 16 /* a cookie's offset is the cookie and this */

struct listing {
	fuse_req_t req;
	struct mount *m;
	struct node *dir;
	char *room;
	size_t size, used;
	bool plus;
};

/* False when there is no room for it.  `e` with ino 0 in a plus listing: not an entry to keep. */
static bool add(struct listing *l, const char *name, const struct fuse_entry_param *e, off_t offset)
{
	size_t left = l->size - l->used, need;

	if (l->plus)
		need = fuse_add_direntry_plus(l->req, l->room + l->used, left, name, e, offset);
	else
		need = fuse_add_direntry(l->req, l->room + l->used, left, name, &e->attr, offset);
	if (need > left)
		return false;
	l->used += need;
	return true;
}

/* What stands before the tree's own entries. */
static bool add_first(struct listing *l, off_t offset)
{
	struct node *up = l->dir->parent ? l->dir->parent : l->dir;
	struct fuse_entry_param e = {.attr = {.st_mode = S_IFDIR}};

	e.attr.st_ino = l->dir->ino;
	if (offset < OFFSET_DOT && !add(l, ".", &e, OFFSET_DOT))
		return false;
	e.attr.st_ino = up->ino;
	if (offset < OFFSET_DOT_DOT && !add(l, "..", &e, OFFSET_DOT_DOT))
		return false;
	if (offset >= OFFSET_VIRTUAL || l->dir->ino != TREE_ROOT_INO)
		return true;
	e = (struct fuse_entry_param){.ino = VIRTUAL_DIR_INO,
				      .generation = 1,
				      .attr_timeout = FS_FOREVER,
				      .entry_timeout = FS_FOREVER};
	if (virtual_stat(l->m->virtual, VIRTUAL_DIR_INO, &e.attr) != WK_OK)
		return true;
	return add(l, VIRTUAL_DIR_NAME, &e, OFFSET_VIRTUAL);
}

static bool add_entry(struct listing *l, const struct tree_entry *entry)
{
	char name[TREE_NAME_MAX + 1];
	struct fuse_entry_param e;

	if (entry->name.n > TREE_NAME_MAX || !entry_is_there(entry->node))
		return true;
	memcpy(name, entry->name.p, entry->name.n);
	name[entry->name.n] = '\0';
	if (l->plus)
		entry_fill(l->m, entry->node, &e);
	else
		e = (struct fuse_entry_param){
		    .attr = {.st_ino = entry->node->ino, .st_mode = entry->node->mode}};
	if (!add(l, name, &e, (off_t)(entry->cookie + OFFSET_TREE)))
		return false;
	if (l->plus)
		entry_hold(entry->node);
	return true;
}

static uint64_t cookie_of(off_t offset)
{
	return offset > OFFSET_TREE ? (uint64_t)offset - OFFSET_TREE : 0;
}

/* The reply did not arrive (or did): takes the counts back (or watches new directories). */
static void settle_counts(struct listing *l, off_t offset, uint64_t last, bool arrived)
{
	struct tree_entry entry = {.cookie = cookie_of(offset)};

	while (entry.cookie < last && tree_next(l->m->tree, l->dir, entry.cookie, &entry)) {
		if (!arrived)
			entry_drop(l->m, entry.node, 1);
		else if (S_ISDIR(entry.node->mode))
			watch_directory(l->m->watch, l->dir, entry.node);
	}
}

static void list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus)
{
	struct mount *m = mount_of(req);
	struct listing l = {.req = req, .m = m, .size = size, .plus = plus};
	struct tree_entry entry = {.cookie = cookie_of(offset)};
	uint64_t last = 0;
	uint8_t *room;
	bool arrived;

	if (virtual_is(ino)) {
		virtual_list(req, ino, size, offset, plus);
		return;
	}
	l.dir = entry_node(req, ino);
	if (!l.dir)
		return;
	if (!S_ISDIR(l.dir->mode) || buf_reserve(&m->reply, size, &room) != WK_OK) {
		(void)fuse_reply_err(req, S_ISDIR(l.dir->mode) ? ENOMEM : ENOTDIR);
		return;
	}
	l.room = (char *)room;
	l.dir->listed = true;
	if (add_first(&l, offset))
		while (tree_next(m->tree, l.dir, entry.cookie, &entry) && add_entry(&l, &entry))
			last = entry.cookie;
	m->reply.n = l.used;
	arrived = fuse_reply_buf(req, l.room, l.used) == 0;
	buf_clear(&m->reply);
	if (plus)
		settle_counts(&l, offset, last, arrived);
}

void ops_dir_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		  struct fuse_file_info *fi)
{
	(void)fi;
	list(req, ino, size, offset, false);
}

void ops_dir_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	(void)fi;
	list(req, ino, size, offset, true);
}

void ops_dir_make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct mount *m = mount_of(req);
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct node *dir, *node;
	struct tree_new what = {
	    .mode = S_IFDIR | (mode & 07777u), .uid = who->uid, .gid = who->gid};
	enum wk_status st;

	if (incoming_mkdir(req, parent, name))
		return;
	dir = entry_node(req, parent);
	if (!dir)
		return;
	if (dir->mode & S_ISGID) {
		what.gid = dir->gid;
		what.mode |= S_ISGID;
	}
	st = tree_make(m->tree, dir, bytes_str(name), &what, 0, &node);
	if (st == WK_OK)
		entry_reply(req, dir, node);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_NAME, st));
}

void ops_dir_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *dir;

	if (incoming_remove(req, parent, name, true))
		return;
	dir = entry_node(req, parent);
	if (dir)
		(void)fuse_reply_err(
		    req, errno_of(ERRNO_REMOVE,
				  tree_rmdir(mount_of(req)->tree, dir, bytes_str(name), 0)));
}
