/* SPDX-License-Identifier: Apache-2.0 */
/* Replies that wait for the disk: a list, so that none is answered behind its session's end. */
#include "fs/held.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/errno.h"
#include "fs/virtual.h"
#include "store/rows.h"

struct held {
	struct mount *mount; /* NULL: given up, and only memory is left to be freed */
	fuse_req_t req;
	int64_t written;
	struct held *next, *prev;
};

static void unchain(struct held *h)
{
	if (h->prev)
		h->prev->next = h->next;
	else
		h->mount->held = h->next;
	if (h->next)
		h->next->prev = h->prev;
}

static void answer(fuse_req_t req, int64_t written, enum wk_status st)
{
	if (st == WK_OK && written >= 0)
		(void)fuse_reply_write(req, (size_t)written);
	else
		(void)fuse_reply_err(req, errno_of(ERRNO_DATA, st));
}

static void committed(void *arg, enum wk_status st)
{
	struct held *h = arg;

	if (h->mount) {
		unchain(h);
		virtual_changed(h->mount->virtual, VIRTUAL_STATS);
		answer(h->req, h->written, st);
	}
	free(h);
}

void held_until_durable(fuse_req_t req, int64_t written)
{
	struct mount *m = mount_of(req);
	struct held *h = malloc(sizeof *h);
	enum wk_status st;

	if (!h) {
		answer(req, written, WK_NOMEM);
		return;
	}
	*h = (struct held){.mount = m, .req = req, .written = written, .next = m->held};
	if (m->held)
		m->held->prev = h;
	m->held = h;
	st = rows_flush(m->rows, committed, h);
	if (st != WK_OK) {
		unchain(h);
		free(h);
		answer(req, written, st);
	}
}

void held_give_up(struct mount *m)
{
	for (struct held *h = m->held; h; h = h->next) {
		(void)fuse_reply_err(h->req, EIO);
		h->mount = NULL;
	}
	m->held = NULL;
}
