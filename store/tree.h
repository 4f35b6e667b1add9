/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include <sys/types.h>
#include <time.h>

#include "store/store.h"

/*
 * Inodes, names and bytes: a POSIX file tree held in memory, every change of which is
 * written to rows in one transaction.  It knows documents only through hooks: a
 * file may be *rendered* (its bytes are made from its document when read) until the first write
 * turns it into blocks.
 *
 * Inode numbers and readdir cookies grow and are never used again; both survive a restart.
 * A node lives while it has a name or the kernel knows it (lookups > 0); what has neither is
 * freed, its blocks in steps on the loop.  Orphans left by a kill are removed at load.
 *
 * Names are 1 to 255 bytes without '/' and NUL.  Owner thread only.
 */
#define TREE_ROOT_INO 1
#define TREE_NAME_MAX 255
#define TREE_BLOCK_SIZE 32768
#define TREE_FILE_MAX ((uint64_t)1 << 43)

struct doc;
struct group;
struct dentry;

struct node {
	uint64_t ino;
	uint64_t size;
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
	uint32_t mode;		/* with the file type */
	uint32_t uid, gid;
	uint32_t nlink;		/* directories: 2 and one for each subdirectory */
	uint32_t rdev;		/* always 0 so far: devices are refused */
	bool rendered;		/* the bytes are its document's rendering */
	bool fetched;		/* the kernel has read its bytes since it became current */
	bool written;		/* by a user since it was last settled */
	bool listed;		/* directories: the kernel may hold its entries */
	uint64_t lookups;	/* references the kernel holds; kept by fs/ */
	struct doc *doc;	/* of document files and directories of documents; store/docs.h */
	struct group *group;	/* of the top directory of a resource group */
	struct node *parent;	/* directories: where it hangs; NULL for the root and orphans */
	union {
		struct dir *dir;	/* directories: entries; private */
		struct span *span;	/* others: holes and what is being freed; private */
	};
	struct dentry *names;	/* its names (one but for hard links); private */
	struct node *chain;	/* private */
	int64_t touched_ms;	/* monotonic time of the last write by a user */
};

enum tree_touch {
	TREE_WRITTEN,		/* content changed */
	TREE_NAMED,		/* got a name: created, linked, or moved here */
	TREE_UNNAMED,		/* lost a name: unlinked, replaced, or moved away */
	TREE_ATTRIBUTES
};

/* What the documents' side is told and asked.  All on the owner thread. */
struct tree_hooks {
	void *arg;
	/* After a user's change; `dir` and `name` say which name (NULL for writes).
	 * Not called for changes made with TREE_QUIET. */
	void (*touched)(void *arg, enum tree_touch what, struct node *node, struct node *dir,
			struct bytes name);
	/* Appends the rendering of node->doc, which is the same as long as the node is rendered and
	 * its `doc` and `size` are: a big one is kept for a moment while it is read in pieces. */
	enum wk_status (*render)(void *arg, struct node *node, struct buf *out);
	/* The node is about to be freed; unless it is given a name now. */
	void (*forgotten)(void *arg, struct node *node);
};
void tree_set_hooks(struct tree *t, const struct tree_hooks *hooks);

struct node *tree_root(struct tree *t);
struct node *tree_node(struct tree *t, uint64_t ino);		/* NULL: unknown */
struct node *tree_lookup(struct tree *t, struct node *dir, struct bytes name);	/* NULL: none */
uint64_t tree_count(const struct tree *t);
/* Where a node stands (its first name); WK_NOT_FOUND: nowhere.  name borrows until the next
 * change. */
enum wk_status tree_place(struct tree *t, struct node *node, struct node **dir_out,
			  struct bytes *name_out);
/* Appends "Group/Folder/file" from the root, without a leading '/'. */
enum wk_status tree_path(struct tree *t, struct node *node, struct buf *path_out);
/* By path from the root, '/' between; WK_NOT_FOUND. */
enum wk_status tree_resolve(struct tree *t, struct bytes path, struct node **node_out);

/* The first entry with a cookie greater than `after` (0: from the start); false at the end.
 * "." and ".." are not among them. */
struct tree_entry {
	struct bytes name;	/* borrows until the next change of the directory */
	struct node *node;
	uint64_t cookie;
};
bool tree_next(struct tree *t, struct node *dir, uint64_t after, struct tree_entry *out);
bool tree_is_empty(const struct node *dir);

struct tree_new {
	uint32_t mode;		/* S_IFREG, S_IFDIR or S_IFLNK; WK_UNSUPPORTED for others */
	uint32_t uid, gid;
	struct bytes target;	/* symlinks */
	int64_t time_ns;	/* 0: now */
};
#define TREE_QUIET 0x100u	/* flag: the change is the view's, hooks are not called */

/* WK_EXISTS, WK_LIMIT (name too long), WK_FULL.  The names' meaning is not checked here. */
enum wk_status tree_make(struct tree *t, struct node *dir, struct bytes name,
			 const struct tree_new *what, unsigned flags, struct node **node_out);
/* A node without a name yet (lookups 0): give it one with tree_attach, or tree_release it. */
enum wk_status tree_make_unnamed(struct tree *t, const struct tree_new *what,
				 struct node **node_out);
/* Names an unnamed (or, for links, any non-directory) node; replaces what stands there when
 * `replace`. */
enum wk_status tree_attach(struct tree *t, struct node *node, struct node *dir, struct bytes name,
			   bool replace, unsigned flags);
enum wk_status tree_unlink(struct tree *t, struct node *dir, struct bytes name, unsigned flags);
/* WK_EXISTS: not empty. */
enum wk_status tree_rmdir(struct tree *t, struct node *dir, struct bytes name, unsigned flags);
/* RENAME_NOREPLACE and RENAME_EXCHANGE as in renameat2(2), or'ed with TREE_QUIET.  WK_EXISTS:
 * NOREPLACE, or the target is a directory that is not empty, or not of the same kind.  WK_INVALID: into its own subtree.  WK_NOT_FOUND. */
enum wk_status tree_rename(struct tree *t, struct node *from_dir, struct bytes from,
			   struct node *to_dir, struct bytes to, unsigned flags);
/* Writes the row of a node whose `written` the caller has changed (that flag, the attributes and
 * `rendered` survive a restart; fetched, listed, lookups and touched_ms start from 0). */
enum wk_status tree_save(struct tree *t, struct node *node);
/* Drops a node that neither a name nor the kernel holds; does nothing otherwise. */
void tree_release(struct tree *t, struct node *node);

struct tree_attributes {	/* what setattr may change; a bit in `set` for each */
	unsigned set;
	uint32_t mode, uid, gid;	/* mode: permission bits only */
	uint64_t size;
	int64_t atime_ns, mtime_ns, ctime_ns;
};
#define TREE_SET_MODE 1u
#define TREE_SET_UID 2u
#define TREE_SET_GID 4u
#define TREE_SET_SIZE 8u
#define TREE_SET_ATIME 16u
#define TREE_SET_MTIME 32u
#define TREE_SET_CTIME 64u
/* WK_LIMIT: over TREE_FILE_MAX. */
enum wk_status tree_set(struct tree *t, struct node *node, const struct tree_attributes *a,
			unsigned flags);

/* Appends up to n bytes from offset to a secret buffer (fewer at the end of the file). */
enum wk_status tree_read(struct tree *t, struct node *node, uint64_t offset, size_t n,
			 struct buf *out);
enum wk_status tree_write(struct tree *t, struct node *node, uint64_t offset, struct bytes data,
			  unsigned flags);
/* The whole content; WK_LIMIT when it does not fit in out. */
enum wk_status tree_read_all(struct tree *t, struct node *node, struct buf *out);
/* Replaces the whole content (by blocks), or makes it rendered with this size. */
enum wk_status tree_write_all(struct tree *t, struct node *node, struct bytes data,
			      unsigned flags);
enum wk_status tree_set_rendered(struct tree *t, struct node *node, uint64_t size,
				 int64_t mtime_ns);
/* Keeps the present bytes of a rendered node as blocks (its document is about to change). */
enum wk_status tree_freeze(struct tree *t, struct node *node);
/* mode: 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE with it, FALLOC_FL_ZERO_RANGE with or without;
 * WK_UNSUPPORTED: any other.  WK_LIMIT. */
enum wk_status tree_fallocate(struct tree *t, struct node *node, int mode, uint64_t offset,
			      uint64_t length);
/* SEEK_DATA / SEEK_HOLE; WK_NOT_FOUND: past the end. */
enum wk_status tree_seek(struct tree *t, struct node *node, uint64_t offset, bool data,
			 uint64_t *found_out);
/* Bytes allocated, for st_blocks. */
uint64_t tree_allocated(struct tree *t, const struct node *node);
/* Symlinks: appends the target. */
enum wk_status tree_target(struct tree *t, struct node *node, struct buf *out);

#endif
