/* SPDX-License-Identifier: Apache-2.0 */
/* The asking end of the control socket. */
#include "cli/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/files.h"
#include "cli/control_address.h"
#include "cli/say.h"

#define TREE_MAX (512u * 1024 * 1024)
#define CHUNK 65536

enum wk_status control_client_open(const char *store_dir, struct control_client *c)
{
	SCOPED(scoped_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SCOPED(control_address_fini) struct control_address a = CONTROL_ADDRESS_INIT;
	struct ucred peer;
	socklen_t size = sizeof peer;
	enum wk_status st;

	if (fd < 0)
		return files_errno_status(errno);
	st = control_address_make(store_dir, &a);
	if (st != WK_OK)
		return st;
	if (connect(fd, (const struct sockaddr *)&a.un, sizeof a.un) != 0)
		return errno == ECONNREFUSED ? WK_NOT_FOUND : files_errno_status(errno);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid())
		return WK_DENIED;
	c->arena = arena_new(TREE_MAX);
	if (!c->arena)
		return WK_NOMEM;
	c->fd = fd;
	fd = -1;
	return WK_OK;
}

void control_client_fini(struct control_client *c)
{
	scoped_close(&c->fd);
	c->fd = -1;
	buf_fini(&c->line);
	arena_free(c->arena);
	c->arena = NULL;
}

static enum wk_status send_all(int fd, struct bytes data)
{
	for (size_t at = 0; at < data.n;) {
		ssize_t sent = send(fd, data.p + at, data.n - at, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return WK_OFFLINE;
		at += (size_t)sent;
	}
	return WK_OK;
}

/* Drops the line that was given out, and reads until there is a whole one. */
static enum wk_status read_line(struct control_client *c, struct bytes *line_out)
{
	size_t searched = 0;

	if (c->line_end) {
		c->line.n -= c->line_end;
		memmove(c->line.p, c->line.p + c->line_end, c->line.n);
		c->line_end = 0;
	}
	for (;;) {
		const uint8_t *end = c->line.n > searched ? memchr(c->line.p + searched, '\n',
								   c->line.n - searched) : NULL;
		uint8_t *room;
		ssize_t got;
		enum wk_status st;

		if (end) {
			*line_out = bytes_of(c->line.p, (size_t)(end - c->line.p));
			c->line_end = line_out->n + 1;
			return WK_OK;
		}
		searched = c->line.n;
		st = buf_reserve(&c->line, CHUNK, &room);
		if (st != WK_OK)
			return st;
		got = recv(c->fd, room, CHUNK, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return WK_NOT_FOUND;
		c->line.n += (size_t)got;
	}
}

enum wk_status control_client_next(struct control_client *c, const struct json **answer_out)
{
	struct json *root = NULL;
	struct bytes line, message;
	int64_t code;
	bool ok = false;
	enum wk_status st = read_line(c, &line);

	if (st != WK_OK)
		return st;
	arena_reset(c->arena);
	st = json_parse(c->arena, line, &root, NULL);
	if (st == WK_INVALID || (st == WK_OK && !json_get_bool(root, "ok", &ok)))
		return WK_CORRUPT;
	if (st != WK_OK)
		return st;
	if (!ok) {
		message = json_get_str(root, "message");
		(void)snprintf(c->message, sizeof c->message, "%.*s", (int)(message.n & 0xffff),
			       message.p ? (const char *)message.p : "");
		c->exit_code = json_get_int64(root, "exit", &code) && code > 0 && code < 126
				       ? (int)code : SAY_FAILED;
		return WK_DENIED;
	}
	if (answer_out)
		*answer_out = root;
	return WK_OK;
}

enum wk_status control_client_ask(struct control_client *c, struct bytes request,
				  const struct json **answer_out)
{
	enum wk_status st = send_all(c->fd, request);

	if (st == WK_OK)
		st = send_all(c->fd, bytes_of("\n", 1));
	if (st == WK_OK)
		st = control_client_next(c, answer_out);
	return st == WK_NOT_FOUND ? WK_OFFLINE : st;
}

int control_client_say(const struct control_client *c, enum wk_status st, const char *doing)
{
	if (st == WK_DENIED) {
		say_error("%s", c->message);
		return c->exit_code;
	}
	if (st == WK_OFFLINE) {
		say_error("cannot %s: the mount's process ended meanwhile.  Its log says why.",
			  doing);
		return SAY_FAILED;
	}
	return say_status(st, "%s", doing);
}
