/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving end of the control socket.  A connection is either read or written, never both: while an
 * answer waits to go out no further request is taken, so that neither side can make the other's
 * buffers grow.
 */
#include "cli/control.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "cli/answer.h"
#include "cli/control_address.h"
#include "cli/control_private.h"
#include "cli/paths.h"
#include "cli/say.h"

#define PEERS_MAX 16
#define CHUNK 65536
#define READ_AT_ONCE (1u << 20)
#define TREE_MAX (512u * 1024 * 1024)

static void on_peer(void *arg, short revents);

static void peer_free(struct control_peer *p)
{
	struct control_peer **at = &p->control->peers;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->control->peer_count--;
	if (p->events && p->control->loop)
		loop_remove_fd(p->control->loop, p->fd);
	control_import_fini(p);
	(void)close(p->fd);
	buf_fini(&p->in);
	buf_fini(&p->out);
	free(p);
}

/* Asks the loop for what this connection waits for now. */
static void watch_peer(struct control_peer *p)
{
	short wanted = POLLIN;

	if (p->out.n)
		wanted = POLLOUT;
	else if (p->busy)
		wanted = 0;
	if (wanted == p->events)
		return;
	if (p->events)
		loop_remove_fd(p->control->loop, p->fd);
	p->events = 0;
	if (wanted && loop_add_fd(p->control->loop, p->fd, wanted, on_peer, p) == WK_OK)
		p->events = wanted;
	else if (wanted)
		p->ended = true;
}

static void send_out(struct control_peer *p)
{
	size_t at = 0;

	while (at < p->out.n) {
		ssize_t sent = send(p->fd, p->out.p + at, p->out.n - at,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != EAGAIN)
			p->ended = true;
		if (sent < 0)
			break;
		at += (size_t)sent;
	}
	if (at == p->out.n) {
		buf_clear(&p->out);
	} else if (at) {
		memmove(p->out.p, p->out.p + at, p->out.n - at);
		p->out.n -= at;
	}
}

static enum wk_status tell_info(struct control_peer *p)
{
	enum wk_status st = buf_printf(&p->out, "{\"ok\":true,\"pid\":%ld,\"mountpoint\":",
				       (long)getpid());

	if (st == WK_OK)
		st = json_write_string(bytes_str(p->control->host.mountpoint), &p->out);
	return st == WK_OK ? buf_append_char(&p->out, '}') : st;
}

static enum wk_status take_session(struct control_peer *p, const struct json *request)
{
	const struct control_host *host = &p->control->host;
	enum wk_status st = host->renew(host->arg, json_get_str(request, "session"),
					json_get_str(request, "account_id"));

	if (st == WK_OK)
		return buf_append_str(&p->out, "{\"ok\":true}");
	if (st == WK_CONFLICT)
		return answer_refuse(&p->out, SAY_DECIDE, "the mounted store is another account's "
				     "than the one that logged in.  Leave the mount first.");
	return answer_refuse_status(&p->out, st, "renew the session of the mount");
}

static enum wk_status run(struct control_peer *p, const struct json *request)
{
	struct bytes op = json_get_str(request, "op");
	enum wk_status st;

	if (!op.p)
		return WK_INVALID;
	if (bytes_equal_str(op, "info"))
		return tell_info(p);
	if (bytes_equal_str(op, "session"))
		return take_session(p, request);
	if (bytes_equal_str(op, "umount")) {
		p->waits_for_end = true;
		p->control->host.stop(p->control->host.arg);
		return buf_append_str(&p->out, "{\"ok\":true}");
	}
	st = control_import_run(p, request, &p->out);
	if (st == WK_NOT_FOUND)
		st = answer_question(p->control->host.store, request, &p->out);
	return st;
}

static void take_line(struct control_peer *p, struct bytes line)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(TREE_MAX);
	struct json *request = NULL;
	enum wk_status st = arena ? json_parse(arena, line, &request, NULL) : WK_NOMEM;

	if (st == WK_OK)
		st = run(p, request);
	if (st == WK_OK && p->out.n)
		st = buf_append_char(&p->out, '\n');
	if (st != WK_OK) {
		log_warn("control: %s", wk_status_text(st));
		p->ended = true;
	}
}

/* Takes requests until one is under way or an answer waits. */
static void take_lines(struct control_peer *p)
{
	size_t at = 0;

	while (!p->busy && !p->ended && p->out.n == 0 && at < p->in.n) {
		const uint8_t *end = memchr(p->in.p + at, '\n', p->in.n - at);

		if (!end)
			break;
		take_line(p, bytes_of(p->in.p + at, (size_t)(end - p->in.p) - at));
		at = (size_t)(end - p->in.p) + 1;
		send_out(p);
	}
	if (at) {
		memmove(p->in.p, p->in.p + at, p->in.n - at);
		p->in.n -= at;
	}
	if (p->in.n == 0)
		buf_fini(&p->in);
}

static void read_in(struct control_peer *p)
{
	for (size_t taken = 0; taken < READ_AT_ONCE;) {
		uint8_t *room;
		ssize_t got;

		if (buf_reserve(&p->in, CHUNK, &room) != WK_OK) {
			p->ended = true;
			return;
		}
		got = recv(p->fd, room, CHUNK, MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			p->ended = true;
			return;
		}
		p->in.n += (size_t)got;
		taken += (size_t)got;
	}
}

void control_peer_go_on(struct control_peer *p)
{
	send_out(p);
	if (p->out.n == 0)
		take_lines(p);
	/* What is under way is brought to its end even if nobody listens any more. */
	if (p->ended && p->busy) {
		buf_clear(&p->out);
		watch_peer(p);
	} else if (p->ended) {
		peer_free(p);
	} else {
		watch_peer(p);
		if (p->ended)
			peer_free(p);
	}
}

static void on_peer(void *arg, short revents)
{
	struct control_peer *p = arg;

	if (revents & (POLLERR | POLLNVAL))
		p->ended = true;
	else if (p->events == POLLIN)
		read_in(p);
	control_peer_go_on(p);
}

static void on_listener(void *arg, short revents)
{
	struct control *c = arg;
	struct control_peer *p;
	struct ucred peer;
	socklen_t size = sizeof peer;
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd < 0)
		return;
	p = calloc(1, sizeof *p);
	if (!p || c->peer_count >= PEERS_MAX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
		free(p);
		(void)close(fd);
		return;
	}
	p->control = c;
	p->fd = fd;
	p->in = (struct buf)BUF_SECRET_INIT(CONTROL_LINE_MAX);
	p->out = (struct buf)BUF_SECRET_INIT(ANSWER_MAX);
	p->next = c->peers;
	c->peers = p;
	c->peer_count++;
	control_peer_go_on(p);
}

static enum wk_status listen_at(struct control *c)
{
	SCOPED(control_address_fini) struct control_address a = CONTROL_ADDRESS_INIT;
	enum wk_status st = control_address_make(c->host.dir, &a);

	if (st != WK_OK)
		return st;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return files_errno_status(errno);
	(void)unlink(a.un.sun_path);
	if (bind(c->fd, (const struct sockaddr *)&a.un, sizeof a.un) != 0 ||
	    listen(c->fd, PEERS_MAX) != 0)
		return files_errno_status(errno);
	return loop_add_fd(c->loop, c->fd, POLLIN, on_listener, c);
}

enum wk_status control_open(const struct control_host *host, struct control **out)
{
	struct control *c = calloc(1, sizeof *c);
	enum wk_status st;

	if (!c)
		return WK_NOMEM;
	c->host = *host;
	c->loop = store_loop(host->store);
	c->fd = -1;
	st = listen_at(c);
	if (st != WK_OK) {
		scoped_close(&c->fd);
		free(c);
		return st;
	}
	*out = c;
	return WK_OK;
}

void control_detach(struct control *c)
{
	char path[PATH_MAX];

	if (!c || !c->loop)
		return;
	if (paths_join(c->host.dir, CONTROL_ADDRESS_NAME, path) == WK_OK)
		(void)unlink(path);
	loop_remove_fd(c->loop, c->fd);
	(void)close(c->fd);
	for (struct control_peer *p = c->peers; p; p = p->next) {
		if (p->events)
			loop_remove_fd(c->loop, p->fd);
		p->events = 0;
		control_import_fini(p);
	}
	c->loop = NULL;
}

void control_finish(struct control *c, size_t pending, bool failed)
{
	if (!c)
		return;
	while (c->peers) {
		struct control_peer *p = c->peers;
		enum wk_status st = WK_OK;

		if (p->waits_for_end && !p->ended && failed)
			st = answer_refuse(&p->out, SAY_FAILED, "the mount is gone, but what was "
					   "changed last could not be stored.  The log in the "
					   "store's directory says why.");
		else if (p->waits_for_end && !p->ended)
			st = buf_printf(&p->out, "{\"ok\":true,\"pending\":%zu}", pending);
		if (st == WK_OK && p->out.n && buf_append_char(&p->out, '\n') == WK_OK)
			send_out(p);
		peer_free(p);
	}
	free(c);
}
