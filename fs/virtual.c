/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `.wakefs/`: two directories and a few files, none of which is in the tree.
 *
 * A file is in one of three states: not made; made (`content` is the snapshot); made and served,
 * which means that the kernel holds its size or its bytes, so that a change must be told.
 */
#include "fs/virtual.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "fs/errno.h"
#include "fs/notify.h"
#include "fs/virtual_text.h"
#include "store/status.h"

#define TOLD_EVERY_MS 50   /* 20 times a second */
#define COMMIT_SOON_MS 150 /* when what waits for the disk now has got there */
#define CONTENT_MAX ((size_t)16 << 20)

static const char *const names[VIRTUAL_FILES] = {
    [VIRTUAL_STATUS] = "status",
    [VIRTUAL_STATS] = "stats",
    [VIRTUAL_CONFLICTS] = "conflicts",
    [VIRTUAL_LOG] = "log",
};

struct file {
	struct buf content;
	int64_t made_ns;
	int64_t told_ms;
	bool made, served, changed;
};

struct virtual
{
	struct mount *m;
	struct loop_timer *timer;
	int64_t started_ns;
	struct file files[VIRTUAL_FILES];
};

static enum wk_status make_content(struct virtual *v, enum virtual_file which, struct buf *out)
{
	switch (which) {
	case VIRTUAL_STATUS:
		return status_write(v->m->store, out);
	case VIRTUAL_STATS:
		return stats_write(&v->m->stats, v->m->rows, out);
	case VIRTUAL_CONFLICTS:
		return virtual_text_conflicts(v->m->store, out);
	default:
		return virtual_text_log(v->m->store, out);
	}
}

static enum wk_status make(struct virtual *v, enum virtual_file which)
{
	struct file *f = &v->files[which];
	enum wk_status st;

	if (f->made)
		return WK_OK;
	buf_clear(&f->content);
	st = make_content(v, which, &f->content);
	if (st != WK_OK)
		return st;
	f->made = true;
	f->made_ns = clock_wall_ns();
	if (which == VIRTUAL_STATS && rows_dirty_bytes(v->m->rows) > 0) {
		f->changed = true;
		if (!loop_timer_is_set(v->timer))
			loop_timer_set(v->timer, COMMIT_SOON_MS);
	}
	return WK_OK;
}

static void tell(struct virtual *v, enum virtual_file which)
{
	struct file *f = &v->files[which];

	f->made = f->served = f->changed = false;
	f->told_ms = clock_mono_ms();
	notify_inode(v->m->notify, VIRTUAL_FILE_INO + which);
	v->m->stats.inodes_invalidated++;
}

static void timer_ran(void *arg)
{
	struct virtual *v = arg;

	for (unsigned i = 0; i < VIRTUAL_FILES; i++)
		if (v->files[i].changed)
			tell(v, i);
}

void virtual_changed(struct virtual *v, enum virtual_file which)
{
	struct file *f = &v->files[which];
	int64_t since_ms;

	if (!f->made)
		return;
	if (!f->served) {
		f->made = false;
		return;
	}
	since_ms = clock_mono_ms() - f->told_ms;
	if (since_ms >= TOLD_EVERY_MS) {
		tell(v, which);
		return;
	}
	f->changed = true;
	if (!loop_timer_is_set(v->timer))
		loop_timer_set(v->timer, TOLD_EVERY_MS - since_ms);
}

static void status_has_changed(void *arg)
{
	struct virtual *v = arg;

	virtual_changed(v, VIRTUAL_STATUS);
	virtual_changed(v, VIRTUAL_CONFLICTS);
	virtual_changed(v, VIRTUAL_LOG);
}

enum wk_status virtual_new(struct mount *m, struct virtual **virtual_out)
{
	struct virtual *v = calloc(1, sizeof *v);
	enum wk_status st;

	if (!v)
		return WK_NOMEM;
	v->m = m;
	v->started_ns = clock_wall_ns();
	for (size_t i = 0; i < VIRTUAL_FILES; i++)
		v->files[i].content = (struct buf)BUF_SECRET_INIT(CONTENT_MAX);
	st = loop_timer_new(m->loop, timer_ran, v, &v->timer);
	if (st != WK_OK) {
		free(v);
		return st;
	}
	status_on_change(m->store, status_has_changed, v);
	*virtual_out = v;
	return WK_OK;
}

void virtual_free(struct virtual *v)
{
	if (!v)
		return;
	status_on_change(v->m->store, NULL, NULL);
	loop_timer_free(v->timer);
	for (size_t i = 0; i < VIRTUAL_FILES; i++)
		buf_fini(&v->files[i].content);
	free(v);
}

enum wk_status virtual_stat(struct virtual *v, uint64_t ino, struct stat *out)
{
	uint64_t i = ino - VIRTUAL_FILE_INO;
	int64_t time_ns = v->started_ns;
	enum wk_status st;

	*out = (struct stat){.st_ino = ino,
			     .st_uid = geteuid(),
			     .st_gid = getegid(),
			     .st_blksize = 4096,
			     .st_nlink = 2};
	if (ino == VIRTUAL_DIR_INO) {
		out->st_mode = S_IFDIR | 0555;
	} else if (ino == VIRTUAL_HIDDEN_INO) {
		out->st_mode = S_IFDIR | 0700;
	} else if (ino >= VIRTUAL_FILE_INO && i < VIRTUAL_FILES) {
		st = make(v, (enum virtual_file)i);
		if (st != WK_OK)
			return st;
		v->files[i].served = true;
		out->st_mode = S_IFREG | 0444;
		out->st_nlink = 1;
		out->st_size = (off_t)v->files[i].content.n;
		out->st_blocks = (out->st_size + 511) / 512;
		time_ns = v->files[i].made_ns;
	} else {
		return WK_NOT_FOUND;
	}
	out->st_mtim =
	    (struct timespec){.tv_sec = time_ns / 1000000000, .tv_nsec = time_ns % 1000000000};
	out->st_atim = out->st_ctim = out->st_mtim;
	return WK_OK;
}

static uint64_t ino_of(uint64_t parent, const char *name)
{
	if (parent == TREE_ROOT_INO)
		return VIRTUAL_DIR_INO;
	if (parent != VIRTUAL_DIR_INO)
		return 0;
	if (strcmp(name, VIRTUAL_HIDDEN_NAME) == 0)
		return VIRTUAL_HIDDEN_INO;
	for (unsigned i = 0; i < VIRTUAL_FILES; i++)
		if (strcmp(name, names[i]) == 0)
			return VIRTUAL_FILE_INO + i;
	return 0;
}

void virtual_lookup(fuse_req_t req, uint64_t parent, const char *name)
{
	struct mount *m = mount_of(req);
	struct fuse_entry_param entry = {.ino = ino_of(parent, name),
					 .generation = 1,
					 .attr_timeout = FS_FOREVER,
					 .entry_timeout = FS_FOREVER};
	enum wk_status st = virtual_stat(m->virtual, entry.ino, &entry.attr);

	if (st == WK_OK)
		(void)fuse_reply_entry(req, &entry);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_ATTR, st));
}

/* Plain entries even where more is asked for: whoever wants one's size asks for it, and only
 * then is it made. */
void virtual_list(fuse_req_t req, uint64_t ino, size_t size, off_t offset, bool plus)
{
	struct mount *m = mount_of(req);
	size_t count = ino == VIRTUAL_DIR_INO ? 2 + VIRTUAL_FILES : 2, used = 0;
	uint8_t *room;

	if (buf_reserve(&m->reply, size, &room) != WK_OK) {
		(void)fuse_reply_err(req, ENOMEM);
		return;
	}
	for (size_t i = offset < 0 ? 0 : (size_t)offset; i < count; i++) {
		struct fuse_entry_param e = {
		    .attr = {.st_ino = i < 2 ? ino : VIRTUAL_FILE_INO + i - 2,
			     .st_mode = i < 2 ? S_IFDIR : S_IFREG}};
		const char *name = i == 0 ? "." : i == 1 ? ".." : names[i - 2];
		char *at = (char *)room + used;
		size_t need =
		    plus ? fuse_add_direntry_plus(req, at, size - used, name, &e, (off_t)i + 1)
			 : fuse_add_direntry(req, at, size - used, name, &e.attr, (off_t)i + 1);

		if (need > size - used)
			break;
		used += need;
	}
	(void)fuse_reply_buf(req, (const char *)room, used);
}

void virtual_read(fuse_req_t req, uint64_t ino, size_t size, off_t offset)
{
	struct virtual *v = mount_of(req)->virtual;
	uint64_t i = ino - VIRTUAL_FILE_INO;
	enum wk_status st = WK_NOT_FOUND;
	struct bytes content;

	if (ino >= VIRTUAL_FILE_INO && i < VIRTUAL_FILES)
		st = make(v, (enum virtual_file)i);
	if (st != WK_OK || offset < 0) {
		(void)fuse_reply_err(req, st == WK_NOT_FOUND ? EISDIR : EIO);
		return;
	}
	v->files[i].served = true;
	content = buf_bytes(&v->files[i].content);
	if ((uint64_t)offset >= content.n)
		content.n = 0;
	else
		content = bytes_of(content.p + offset, content.n - (size_t)offset);
	(void)fuse_reply_buf(req, (const char *)content.p, content.n < size ? content.n : size);
}
