/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOSTILE_H
#define HOSTILE_H

/*
 * An HTTP server inside the test: a thread on a port of its own that reads one request after the
 * other and lets the test's function say anything at all.  One connection at a time.
 */
#include "testing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scoped.h"

#define ASKED_MAX (1024 * 1024)

struct asked {
	const char *text;	/* request line, headers, empty line, body; ends in NUL */
	const char *path;	/* in text, followed by a blank */
	struct bytes body;
};

struct hostile;
/* Returns whether the connection stays open. */
typedef bool hostile_fn(struct hostile *h, int fd, const struct asked *asked);

struct hostile {
	hostile_fn *fn;		/* NULL: closes every connection as soon as it is there */
	const void *arg;
	int listener;
	unsigned port;
	char url[64];
	pthread_t thread;
	pthread_mutex_t speaking;	/* held while fn runs */
	_Atomic bool stopping;
	_Atomic unsigned connections, requests;
	_Atomic int current;
	struct buf log;		/* every request as it came; read it after hostile_stop() */
	char text[ASKED_MAX + 1];
};

static inline void wait_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* False when the client has gone, or the test is over. */
static inline bool say_bytes(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static inline bool say(int fd, const char *text)
{
	return say_bytes(fd, text, strlen(text));
}

/* A whole, proper answer. */
static inline bool say_answer(int fd, int status, const char *headers, struct bytes body)
{
	char head[1024];

	(void)snprintf(head, sizeof head,
		       "HTTP/1.1 %d Word\r\nContent-Type: application/json\r\n%s"
		       "Content-Length: %zu\r\n\r\n",
		       status, headers, body.n);
	return say(fd, head) && say_bytes(fd, body.p, body.n);
}

static inline bool say_json(int fd, int status, const char *json)
{
	return say_answer(fd, status, "", bytes_str(json));
}

static inline bool is_path(const struct asked *a, const char *path)
{
	size_t n = strlen(path);

	return strncmp(a->path, path, n) == 0 && a->path[n] == ' ';
}

/* Waits until the client closes, or the test is over. */
static inline void wait_for_close(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		continue;
}

static inline size_t content_length(const char *text)
{
	const char *at = strcasestr(text, "\r\nContent-Length:");

	return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* One request into h->text; false: the connection ended. */
static inline bool hear(struct hostile *h, int fd, struct asked *out)
{
	size_t n = 0, want = 0;
	char *end = NULL;

	while (!end || n < want) {
		ssize_t got = n < ASKED_MAX ? recv(fd, h->text + n, ASKED_MAX - n, 0) : 0;

		if (got <= 0)
			return false;
		n += (size_t)got;
		h->text[n] = '\0';
		end = strstr(h->text, "\r\n\r\n");
		if (end)
			want = (size_t)(end + 4 - h->text) + content_length(h->text);
	}
	out->text = h->text;
	out->path = strchr(h->text, ' ');
	out->path = out->path ? out->path + 1 : h->text;
	out->body = bytes_of(end + 4, n - (size_t)(end + 4 - h->text));
	if (buf_append(&h->log, h->text, n) != WK_OK)
		return false;
	(void)atomic_fetch_add(&h->requests, 1);
	return true;
}

static inline bool speak(struct hostile *h, int fd, const struct asked *asked)
{
	bool stays;

	(void)pthread_mutex_lock(&h->speaking);
	stays = h->fn(h, fd, asked);
	(void)pthread_mutex_unlock(&h->speaking);
	return stays;
}

/* After an exchange: the server has said all of its answer too, and what it was made from may go. */
static inline void hostile_settle(struct hostile *h)
{
	(void)pthread_mutex_lock(&h->speaking);
	(void)pthread_mutex_unlock(&h->speaking);
}

static inline void *hostile_run(void *arg)
{
	struct hostile *h = arg;
	struct asked asked;
	int fd, yes = 1;

	while (!atomic_load(&h->stopping) && (fd = accept(h->listener, NULL, NULL)) >= 0) {
		atomic_store(&h->current, fd);
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		(void)atomic_fetch_add(&h->connections, 1);
		while (h->fn && !atomic_load(&h->stopping) && hear(h, fd, &asked) &&
		       speak(h, fd, &asked))
			continue;
		atomic_store(&h->current, -1);
		(void)close(fd);
	}
	return NULL;
}

static inline struct hostile *hostile_new(hostile_fn *fn, const void *arg)
{
	struct hostile *h = calloc(1, sizeof *h);
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;

	assert_non_null(h);
	h->fn = fn;
	h->arg = arg;
	atomic_store(&h->current, -1);
	(void)pthread_mutex_init(&h->speaking, NULL);
	h->log = (struct buf)BUF_INIT(64 * ASKED_MAX);
	h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(h->listener >= 0);
	assert_int_equal(bind(h->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(h->listener, 16), 0);
	assert_int_equal(getsockname(h->listener, (struct sockaddr *)&at, &n), 0);
	h->port = ntohs(at.sin_port);
	(void)snprintf(h->url, sizeof h->url, "http://127.0.0.1:%u", h->port);
	assert_int_equal(pthread_create(&h->thread, NULL, hostile_run, h), 0);
	return h;
}

/* Ends the thread; what was asked stays readable. */
static inline void hostile_stop(struct hostile *h)
{
	int fd;

	if (atomic_exchange(&h->stopping, true))
		return;
	(void)shutdown(h->listener, SHUT_RDWR);
	fd = atomic_load(&h->current);
	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
	assert_int_equal(pthread_join(h->thread, NULL), 0);
	assert_ok(buf_append_char(&h->log, '\0'));
}

static inline bool hostile_heard(const struct hostile *h, const char *text)
{
	return strcasestr((const char *)h->log.p, text) != NULL;
}

static inline void hostile_free(struct hostile *h)
{
	hostile_stop(h);
	(void)close(h->listener);
	(void)pthread_mutex_destroy(&h->speaking);
	buf_fini(&h->log);
	free(h);
}

/* A port that nothing listens on. */
static inline unsigned closed_port(void)
{
	struct hostile *h = hostile_new(NULL, NULL);
	unsigned port = h->port;

	hostile_free(h);
	return port;
}

static inline bool is_plain_ascii(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

#endif
