/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that sends notifications.
 *
 * 1. `first`, `last` and `stopping` are under `lock`; nothing is sent under it.
 * 2. All signals are blocked in the thread: they are the loop's.
 */
#include "fs/notify.h"

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"

struct message {
	struct message *next;
	uint64_t ino;
	size_t name_n; /* 0: the inode itself */
	char name[];
};

struct notify {
	struct fuse_session *session;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct message *first, *last;
	bool stopping;
};

static struct message *next_message(struct notify *n)
{
	struct message *msg;

	(void)pthread_mutex_lock(&n->lock);
	while (!n->first && !n->stopping)
		(void)pthread_cond_wait(&n->wake, &n->lock);
	msg = n->stopping ? NULL : n->first;
	if (msg) {
		n->first = msg->next;
		if (!n->first)
			n->last = NULL;
	}
	(void)pthread_mutex_unlock(&n->lock);
	return msg;
}

static void *run(void *arg)
{
	struct notify *n = arg;
	struct message *msg;

	while ((msg = next_message(n))) {
		/* ENOENT: the kernel does not know it, which is as good. */
		if (msg->name_n > 0)
			(void)fuse_lowlevel_notify_inval_entry(n->session, msg->ino, msg->name,
							       msg->name_n);
		else
			(void)fuse_lowlevel_notify_inval_inode(n->session, msg->ino, 0, 0);
		free(msg);
	}
	return NULL;
}

enum wk_status notify_new(struct fuse_session *session, struct notify **notify_out)
{
	struct notify *n = calloc(1, sizeof *n);
	sigset_t all, before;
	int error;

	if (!n)
		return WK_NOMEM;
	n->session = session;
	(void)pthread_mutex_init(&n->lock, NULL);
	(void)pthread_cond_init(&n->wake, NULL);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&n->thread, NULL, run, n);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		log_error("the notifying thread does not start (errno %d)", error);
		free(n);
		return WK_NOMEM;
	}
	*notify_out = n;
	return WK_OK;
}

void notify_free(struct notify *n)
{
	if (!n)
		return;
	(void)pthread_mutex_lock(&n->lock);
	n->stopping = true;
	(void)pthread_cond_signal(&n->wake);
	(void)pthread_mutex_unlock(&n->lock);
	(void)pthread_join(n->thread, NULL);
	while (n->first) {
		struct message *msg = n->first;

		n->first = msg->next;
		free(msg);
	}
	(void)pthread_cond_destroy(&n->wake);
	(void)pthread_mutex_destroy(&n->lock);
	free(n);
}

static void send(struct notify *n, uint64_t ino, struct bytes name)
{
	struct message *msg = malloc(sizeof *msg + name.n + 1);

	if (!msg)
		return;
	*msg = (struct message){.ino = ino, .name_n = name.n};
	if (name.n > 0)
		memcpy(msg->name, name.p, name.n);
	msg->name[name.n] = '\0';
	(void)pthread_mutex_lock(&n->lock);
	if (n->last)
		n->last->next = msg;
	else
		n->first = msg;
	n->last = msg;
	(void)pthread_cond_signal(&n->wake);
	(void)pthread_mutex_unlock(&n->lock);
}

void notify_entry(struct notify *n, uint64_t dir_ino, struct bytes name)
{
	if (name.n > 0)
		send(n, dir_ino, name);
}

void notify_inode(struct notify *n, uint64_t ino)
{
	send(n, ino, bytes_of(NULL, 0));
}
