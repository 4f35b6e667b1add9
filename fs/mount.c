/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount from its beginning to its end.
 *
 * Unmounting is the helper's work: umount(2) may wait for pages to be written back, which this
 * thread then answers.  In steps, each begun by the answer to the one before: unmount; if
 * programs still hold files, write back what their mappings hold, and detach.  However it comes
 * about, the end is mount_ended(), once.
 *
 * When parts are torn down, the connection goes first: whatever the notifying thread waits for in
 * the kernel then ends, so that it can be joined.
 */
#include "fs/mount.h"

#include <errno.h>
#include <fuse_log.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fs/channel.h"
#include "fs/entry.h"
#include "fs/held.h"
#include "fs/helper.h"
#include "fs/incoming.h"
#include "fs/mountpoint.h"
#include "fs/notify.h"
#include "fs/ops.h"
#include "fs/virtual.h"
#include "fs/watch.h"

/* libfuse's own words: what matters of them is said here in ours. */
static void log_libfuse(enum fuse_log_level level, const char *format, va_list args)
{
	char text[256];

	(void)level;
	(void)vsnprintf(text, sizeof text, format, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("libfuse: %s", text);
}

static void scoped_args(struct fuse_args *args)
{
	fuse_opt_free_args(args);
}

static bool add_option(struct fuse_args *args, const char *option)
{
	return fuse_opt_add_arg(args, "-o") == 0 && fuse_opt_add_arg(args, option) == 0;
}

static enum wk_status make_session(struct mount *m, const struct mount_params *p, char *reason,
				   size_t reason_size)
{
	SCOPED(scoped_args) struct fuse_args args = FUSE_ARGS_INIT(0, NULL);

	if (!p->debug)
		fuse_set_log_func(log_libfuse);
	if (fuse_opt_add_arg(&args, "wakefs") != 0 ||
	    !add_option(&args, "fsname=wakefs,subtype=wakefs") ||
	    (!p->noperm && !add_option(&args, "default_permissions")) ||
	    (p->allow_other && !add_option(&args, "allow_other")) ||
	    (p->debug && !add_option(&args, "debug")) ||
	    (p->options && *p->options && !add_option(&args, p->options)))
		return WK_NOMEM;
	m->session = fuse_session_new(&args, &ops_table, sizeof ops_table, m);
	if (m->session)
		return WK_OK;
	(void)snprintf(reason, reason_size, "the mount options are not understood");
	return WK_INVALID;
}

static enum wk_status make_parts(struct mount *m, const struct mount_params *p)
{
	enum wk_status st = notify_new(m->session, &m->notify);

	if (st == WK_OK)
		st = virtual_new(m, &m->virtual);
	if (st == WK_OK) {
		m->watch = watch_new(m);
		st = m->watch ? incoming_new(m, &m->incoming) : WK_NOMEM;
	}
	if (st == WK_OK && p->helper) {
		st = helper_attach(p->helper, m);
		if (st == WK_OK)
			m->helper = p->helper;
	}
	if (st == WK_OK)
		st = channel_open(m);
	return st;
}

static enum wk_status start(struct mount *m, const struct mount_params *p, char *reason,
			    size_t reason_size)
{
	enum wk_status st = mountpoint_prepare(p->mountpoint, &m->mountpoint, reason, reason_size);

	if (st == WK_OK)
		st = make_session(m, p, reason, reason_size);
	if (st != WK_OK)
		return st;
	if (fuse_session_mount(m->session, m->mountpoint) != 0)
		return mountpoint_explain(p->mountpoint, reason, reason_size);
	m->device = mountpoint_device(m->mountpoint);
	st = make_parts(m, p);
	if (st != WK_OK)
		(void)snprintf(reason, reason_size, "the mount cannot be served: %s",
			       wk_status_text(st));
	return st;
}

enum wk_status mount_start(const struct mount_params *p, struct mount **mount_out, char *reason,
			   size_t reason_size)
{
	struct mount *m = calloc(1, sizeof *m);
	enum wk_status st;

	(void)snprintf(reason, reason_size, "out of memory");
	if (!m)
		return WK_NOMEM;
	m->store = p->store;
	m->tree = store_tree(p->store);
	m->rows = store_rows(p->store);
	m->loop = store_loop(p->store);
	m->reply = (struct buf)BUF_SECRET_INIT(FS_MAX_WRITE + 65536);
	m->noperm = p->noperm;
	st = start(m, p, reason, reason_size);
	if (st != WK_OK) {
		/* The helper stays the caller's. */
		helper_detach(m->helper);
		m->helper = NULL;
		mount_free(m);
		return st;
	}
	m->on_unmounted = p->on_unmounted;
	m->arg = p->arg;
	reason[0] = '\0';
	*mount_out = m;
	return WK_OK;
}

bool mount_is_ready(const struct mount *m)
{
	return m->ready && !m->ended;
}

void mount_on_ready(struct mount *m, void (*fn)(void *arg), void *arg)
{
	m->on_ready = fn;
	m->on_ready_arg = arg;
	if (m->ready && fn)
		fn(arg);
}

static void settle_all(struct mount *m)
{
	enum wk_status st = settle_now(store_settle(m->store), true);

	if (st == WK_OK)
		st = rows_flush_wait(m->rows);
	if (st != WK_OK)
		log_error("what was written last is not all stored: %s", wk_status_text(st));
}

void mount_ended(struct mount *m)
{
	if (m->ended)
		return;
	m->ended = true;
	channel_close(m);
	settle_all(m);
	if (m->on_unmounted)
		m->on_unmounted(m->arg);
}

static bool ask_helper(struct mount *m, enum helper_kind kind)
{
	struct helper_request request = {.kind = kind};
	uint32_t id;

	return helper_send(m->helper, &request, &id) == WK_OK;
}

void mount_stop(struct mount *m)
{
	if (m->stopping || m->ended)
		return;
	m->stopping = true;
	if (!ask_helper(m, HELPER_UNMOUNT)) {
		mount_unmount_answered(m, HELPER_DETACH, ESRCH);
		return;
	}
}

static void cut_connection(struct mount *m)
{
	struct pollfd fd = {.fd = m->session ? fuse_session_fd(m->session) : -1};

	if (fd.fd < 0)
		return;
	channel_close(m);
	/*
	 * Closing alone does not end it while the notifying thread is in a call on the descriptor.
	 * While poll shows no error the connection lives, and so the number is ours.
	 */
	if (m->device != 0 && poll(&fd, 1, 0) == 0)
		mountpoint_abort(m->mountpoint, m->device);
	fuse_session_unmount(m->session);
	if (m->device != 0 && mountpoint_device(m->mountpoint) == m->device)
		(void)mountpoint_detach(m->mountpoint);
}

void mount_unmount_answered(struct mount *m, int step, int error)
{
	if (!m->stopping || m->ended)
		return;
	switch (step) {
	case HELPER_UNMOUNT:
		/* EINVAL: somebody else was faster. */
		if (error == 0 || error == EINVAL)
			break;
		log_info("programs still hold files open: the mount is detached");
		if (ask_helper(m, HELPER_SYNC))
			return;
		break;
	case HELPER_SYNC:
		if (ask_helper(m, HELPER_DETACH))
			return;
		break;
	default:
		if (error != 0)
			cut_connection(m);
		break;
	}
	/* Where the kernel does not wait for what sync has begun to write, it has asked by now. */
	channel_drain(m);
	mount_ended(m);
}

static void drop_replies(struct mount *m)
{
	if (m->request.mem)
		explicit_bzero(m->request.mem, m->request.size);
	free(m->request.mem);
	buf_fini(&m->reply);
}

void mount_free(struct mount *m)
{
	if (!m)
		return;
	m->on_unmounted = NULL;
	if (m->virtual && !m->ended)
		mount_ended(m);
	m->ended = true;
	incoming_free(m->incoming);
	held_give_up(m);
	cut_connection(m);
	notify_free(m->notify);
	helper_detach(m->helper);
	mount_helper_free(m->helper);
	watch_free(m->watch);
	virtual_free(m->virtual);
	if (m->session) {
		fuse_session_destroy(m->session);
		entry_drop_all(m);
	}
	drop_replies(m);
	free(m->mountpoint);
	free(m);
}
