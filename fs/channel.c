/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests from the kernel: received, counted, handed to libfuse, and wiped, because a written
 * file's content and every name went through the buffer.
 */
#include "fs/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "fs/helper.h"
#include "fs/ops.h"
#include "fs/virtual.h"

#define OPCODE_STATX 52 /* since protocol 7.39: newer than the header may be */
/* Other descriptors of the loop get their turn after so many requests. */
#define REQUESTS_A_TURN 64
/* Programs that go on asking do not keep a mount from ending. */
#define DRAIN_MS 1000

static void count(struct mount *m, const struct fuse_in_header *in)
{
	const struct fuse_ctx who = {.pid = (pid_t)in->pid};

	if (in->nodeid == VIRTUAL_FILE_INO + VIRTUAL_STATS ||
	    (in->nodeid == VIRTUAL_DIR_INO && in->opcode == FUSE_LOOKUP))
		return;
	stats_count(&m->stats, in->opcode, helper_is(m->helper, &who));
	virtual_changed(m->virtual, VIRTUAL_STATS);
}

static void process(struct mount *m, size_t size)
{
	struct fuse_in_header in;
	bool was_ready = m->ready;

	memcpy(&in, m->request.mem, sizeof in);
	count(m, &in);
	m->request.size = size;
	if (in.opcode == OPCODE_STATX)
		ops_attr_statx(m, bytes_of(m->request.mem, size));
	else
		fuse_session_process_buf(m->session, &m->request);
	explicit_bzero(m->request.mem, size);
	if (m->ready && !was_ready && m->on_ready)
		m->on_ready(m->on_ready_arg);
}

/* Whether there was a request. */
static bool receive_one(void *arg)
{
	struct mount *m = arg;
	int n;

	if (m->ended || !m->in_channel)
		return false;
	n = fuse_session_receive_buf(m->session, &m->request);
	if (n == -EAGAIN || n == -EINTR)
		return false;
	if (n < (int)sizeof(struct fuse_in_header)) {
		/* At unmount poll says POLLERR and there is nothing to receive: that is how it
		 * ends. */
		if (n != 0 && !fuse_session_exited(m->session))
			log_error("the kernel's requests cannot be read (%d)", n);
		mount_ended(m);
		return false;
	}
	process(m, (size_t)n);
	return true;
}

static void readable(void *arg, short revents)
{
	(void)revents;
	for (int i = 0; i < REQUESTS_A_TURN; i++)
		if (!receive_one(arg))
			return;
}

enum wk_status channel_open(struct mount *m)
{
	int fd = fuse_session_fd(m->session);
	int flags = fcntl(fd, F_GETFL);
	enum wk_status st;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return files_errno_status(errno);
	st = loop_add_fd(m->loop, fd, POLLIN, readable, m);
	if (st != WK_OK)
		return st;
	m->in_channel = true;
	loop_set_spin(m->loop, CHANNEL_SPIN_US, receive_one, m);
	return WK_OK;
}

void channel_drain(struct mount *m)
{
	int64_t until_ms = clock_mono_ms() + DRAIN_MS;

	while (receive_one(m) && clock_mono_ms() < until_ms)
		;
}

void channel_close(struct mount *m)
{
	if (!m->in_channel)
		return;
	m->in_channel = false;
	loop_set_spin(m->loop, 0, NULL, NULL);
	loop_remove_fd(m->loop, fuse_session_fd(m->session));
}
