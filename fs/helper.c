/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the helper, and talking to it. */
#include "fs/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "fs/helper_process.h"
#include "fs/incoming.h"
#include "fs/watch.h"

#define KIND_SHIFT 24 /* a job's id tells its kind, and counts below that */
/* Between two starts; twice as long each time that it did not live for as long. */
#define RESTART_FIRST_MS 500
#define RESTART_LAST_MS 60000

struct mount_helper {
	pid_t pid; /* -1: it has ended */
	int socket;
	uint32_t count;
	struct mount *mount; /* NULL: not attached */
	struct loop_timer *restart; /* while attached */
	int64_t started_ms, pause_ms;
};

void mount_helper_main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[0], HELPER_PROGRAM) == 0)
		helper_process_run((int)strtol(argv[1], NULL, 10));
}

static void scoped_actions(posix_spawn_file_actions_t *actions)
{
	(void)posix_spawn_file_actions_destroy(actions);
}

static enum wk_status spawn(struct mount_helper *h)
{
	SCOPED(scoped_close) int ours = -1, theirs = -1;
	SCOPED(scoped_actions) posix_spawn_file_actions_t actions;
	char program[] = HELPER_PROGRAM, parent[16];
	char *argv[] = {program, parent, NULL};
	int pair[2];

	(void)posix_spawn_file_actions_init(&actions);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return files_errno_status(errno);
	ours = pair[0];
	theirs = pair[1];
	(void)snprintf(parent, sizeof parent, "%d", (int)getpid());
	if (posix_spawn_file_actions_adddup2(&actions, theirs, HELPER_SOCKET) != 0 ||
	    posix_spawn(&h->pid, "/proc/self/exe", &actions, NULL, argv, environ) != 0) {
		h->pid = -1;
		return WK_NOMEM;
	}
	h->socket = ours;
	ours = -1;
	h->started_ms = clock_mono_ms();
	return WK_OK;
}

enum wk_status mount_helper_start(struct mount_helper **helper_out)
{
	SCOPED(scoped_free) struct mount_helper *h = malloc(sizeof *h);
	enum wk_status st;

	if (!h)
		return WK_NOMEM;
	*h = (struct mount_helper){.socket = -1, .pid = -1, .pause_ms = RESTART_FIRST_MS};
	st = spawn(h);
	if (st == WK_OK)
		*helper_out = take(&h);
	return st;
}

static void end(struct mount_helper *h)
{
	int status;

	if (h->pid < 0)
		return;
	if (h->mount)
		loop_remove_fd(h->mount->loop, h->socket);
	(void)close(h->socket);
	(void)kill(h->pid, SIGKILL);
	(void)waitpid(h->pid, &status, 0);
	h->socket = -1;
	h->pid = -1;
}

void mount_helper_free(struct mount_helper *h)
{
	if (!h)
		return;
	end(h);
	free(h);
}

bool helper_is_alive(const struct mount_helper *h)
{
	return h && h->pid >= 0;
}

bool helper_is(const struct mount_helper *h, const struct fuse_ctx *who)
{
	return h && h->pid > 0 && who->pid == h->pid;
}

static void dispatch(struct mount *m, struct helper_reply *reply)
{
	reply->name[sizeof reply->name - 1] = '\0';
	switch (reply->kind) {
	case HELPER_CLOSED:
		watch_closed(m->watch, reply->wd, bytes_str(reply->name));
		return;
	case HELPER_UNWATCHED:
		watch_ended(m->watch, reply->wd);
		return;
	case HELPER_DONE:
		break;
	default:
		return;
	}
	switch (reply->id >> KIND_SHIFT) {
	case HELPER_WATCH:
		watch_answered(m->watch, reply);
		break;
	case HELPER_SYNC:
	case HELPER_UNMOUNT:
	case HELPER_DETACH:
		mount_unmount_answered(m, (int)(reply->id >> KIND_SHIFT), reply->error);
		break;
	default:
		incoming_answered(m->incoming, reply);
	}
}

static void restart_later(struct mount_helper *h)
{
	if (clock_mono_ms() - h->started_ms > h->pause_ms)
		h->pause_ms = RESTART_FIRST_MS;
	loop_timer_set(h->restart, h->pause_ms);
	h->pause_ms = h->pause_ms * 2 < RESTART_LAST_MS ? h->pause_ms * 2 : RESTART_LAST_MS;
}

static void readable(void *arg, short revents)
{
	struct mount_helper *h = arg;
	struct helper_reply reply;
	ssize_t n;

	(void)revents;
	while ((n = recv(h->socket, &reply, sizeof reply, MSG_DONTWAIT)) == (ssize_t)sizeof reply) {
		dispatch(h->mount, &reply);
		if (h->pid < 0 || !h->mount)
			return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	log_warn("the helper process has ended: changes by others show without events for now");
	end(h);
	restart_later(h);
	watch_helper_gone(h->mount->watch);
	incoming_helper_gone(h->mount->incoming);
	mount_unmount_answered(h->mount, HELPER_DETACH, ESRCH);
}

static enum wk_status set_up(struct mount_helper *h)
{
	struct helper_request setup = {.kind = HELPER_SETUP, .path = h->mount->mountpoint};
	enum wk_status st = loop_add_fd(h->mount->loop, h->socket, POLLIN, readable, h);
	uint32_t id;

	return st == WK_OK ? helper_send(h, &setup, &id) : st;
}

static void restart(void *arg)
{
	struct mount_helper *h = arg;

	if (h->pid >= 0 || h->mount->stopping || h->mount->ended)
		return;
	if (spawn(h) == WK_OK && set_up(h) == WK_OK) {
		watch_again(h->mount->watch);
		return;
	}
	end(h);
	restart_later(h);
}

enum wk_status helper_attach(struct mount_helper *h, struct mount *m)
{
	enum wk_status st = loop_timer_new(m->loop, restart, h, &h->restart);

	if (st != WK_OK)
		return st;
	h->mount = m;
	st = set_up(h);
	if (st != WK_OK)
		helper_detach(h);
	return st;
}

void helper_detach(struct mount_helper *h)
{
	if (!h || !h->mount)
		return;
	if (h->pid >= 0)
		loop_remove_fd(h->mount->loop, h->socket);
	loop_timer_free(h->restart);
	h->restart = NULL;
	h->mount = NULL;
}

static bool put_text(struct helper_message *message, size_t *at, const char *text)
{
	size_t n = text ? strlen(text) + 1 : 1;

	if (n > sizeof message->texts - *at || n > PATH_MAX)
		return false;
	memcpy(message->texts + *at, text ? text : "", n);
	*at += n;
	return true;
}

enum wk_status helper_send(struct mount_helper *h, const struct helper_request *request,
			   uint32_t *id_out)
{
	struct helper_message message;
	size_t n = 0;

	if (!helper_is_alive(h))
		return WK_OFFLINE;
	h->count = (h->count + 1) & ((1u << KIND_SHIFT) - 1);
	message.job = (struct helper_job){.kind = (uint32_t)request->kind,
					  .id = (uint32_t)request->kind << KIND_SHIFT | h->count,
					  .device = h->mount->device};
	if (!put_text(&message, &n, request->path) || !put_text(&message, &n, request->name) ||
	    !put_text(&message, &n, request->from_path) ||
	    !put_text(&message, &n, request->from_name) || !put_text(&message, &n, request->hidden))
		return WK_LIMIT;
	if (send(h->socket, &message, sizeof message.job + n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno == EAGAIN ? WK_BUSY : WK_OFFLINE;
	*id_out = message.job.id;
	return WK_OK;
}
