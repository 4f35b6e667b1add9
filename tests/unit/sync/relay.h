/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RELAY_H
#define RELAY_H

/* What stands between a device and its server, and lets an answer or the server itself be lost. */
#include "device.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

struct relay {
	int listener;
	unsigned port, to_port;
	_Atomic bool drop_push;		/* the next answer to a push is swallowed */
	_Atomic pid_t kill_at_push;	/* the server is killed once it has the next push; 0: no */
	_Atomic bool stop;
	_Atomic int dropped;
	pthread_t thread;
};

static inline int relay_connect(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Now or a little later: the push may be committed by then or not. */
static inline void relay_kill(struct relay *r)
{
	pid_t pid = atomic_exchange(&r->kill_at_push, 0);

	if (pid == 0)
		return;
	(void)poll(NULL, 0, (int)rand_below(4));
	(void)kill(pid, SIGKILL);
}

/* One connection, both ways, until either end closes or an answer is to be dropped. */
static inline void relay_carry(struct relay *r, int client)
{
	int server = relay_connect(r->to_port);
	bool is_push = false;

	while (server >= 0 && !atomic_load(&r->stop)) {
		struct pollfd p[2] = { { .fd = client, .events = POLLIN },
				       { .fd = server, .events = POLLIN } };
		char data[65536];
		ssize_t n;
		int from;

		if (poll(p, 2, 50) <= 0)
			continue;
		from = p[0].revents ? 0 : 1;
		n = read(p[from].fd, data, sizeof data);
		if (n <= 0)
			break;
		/* Requests come one after the other, each beginning with its line. */
		if (from == 0 && n > 5 && (memcmp(data, "GET ", 4) == 0 ||
					   memcmp(data, "POST ", 5) == 0))
			is_push = memmem(data, (size_t)n, "/push HTTP", 10) != NULL;
		if (from == 1 && is_push && atomic_exchange(&r->drop_push, false)) {
			atomic_fetch_add(&r->dropped, 1);
			/* All but its end, else libcurl itself would ask again on a new connection. */
			(void)!write(client, data, (size_t)n - 5);
			break;
		}
		if (write(p[!from].fd, data, (size_t)n) != n)
			break;
		if (from == 0 && is_push)
			relay_kill(r);
	}
	if (server >= 0)
		(void)close(server);
}

static inline void *relay_run(void *arg)
{
	struct relay *r = arg;

	while (!atomic_load(&r->stop)) {
		struct pollfd p = { .fd = r->listener, .events = POLLIN };
		int client;

		if (poll(&p, 1, 50) <= 0)
			continue;
		client = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		relay_carry(r, client);
		(void)close(client);
	}
	return NULL;
}

static inline void relay_start(struct relay *r, unsigned to_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;

	r->to_port = to_port;
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(r->listener >= 0);
	assert_int_equal(bind(r->listener, (const struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(r->listener, 8), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&a, &n), 0);
	r->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, relay_run, r), 0);
}

static inline void relay_stop(struct relay *r)
{
	atomic_store(&r->stop, true);
	(void)pthread_join(r->thread, NULL);
	(void)close(r->listener);
}

#endif
