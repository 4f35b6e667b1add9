/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIAR_H
#define LIAR_H

/* Stands between a device and its server and exchanges texts of the same length in what that says. */
#include "device.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define LIES_MAX 4

struct liar {
	int listener;
	unsigned port, to_port;
	_Atomic bool stop;
	pthread_t thread;
	pthread_mutex_t lock;		/* guards the lies */
	const char *truth[LIES_MAX], *lie[LIES_MAX];
	size_t count;
};

/* One more lie; NULL: the truth again. */
static inline void liar_say(struct liar *l, const char *truth, const char *lie)
{
	(void)pthread_mutex_lock(&l->lock);
	if (truth) {
		assert_int_equal(strlen(truth), strlen(lie));
		assert_true(l->count < LIES_MAX);
		l->truth[l->count] = truth;
		l->lie[l->count++] = lie;
	} else {
		l->count = 0;
	}
	(void)pthread_mutex_unlock(&l->lock);
}

static inline void liar_change(struct liar *l, char *data, size_t n)
{
	(void)pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->count; i++) {
		size_t size = strlen(l->truth[i]);
		char *at = data;

		while ((at = memmem(at, n - (size_t)(at - data), l->truth[i], size)))
			memcpy(at, l->lie[i], size);
	}
	(void)pthread_mutex_unlock(&l->lock);
}

static inline void liar_carry(struct liar *l, int client)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)l->to_port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static char data[1 << 20];

	if (connect(server, (const struct sockaddr *)&a, sizeof a) != 0) {
		(void)close(server);
		return;
	}
	while (!atomic_load(&l->stop)) {
		struct pollfd p[2] = { { .fd = client, .events = POLLIN },
				       { .fd = server, .events = POLLIN } };
		ssize_t n;
		int from;

		if (poll(p, 2, 50) <= 0)
			continue;
		from = p[0].revents ? 0 : 1;
		n = read(p[from].fd, data, sizeof data);
		if (n <= 0)
			break;
		if (from == 1)
			liar_change(l, data, (size_t)n);
		if (write(p[!from].fd, data, (size_t)n) != n)
			break;
	}
	(void)close(server);
}

static inline void *liar_run(void *arg)
{
	struct liar *l = arg;

	while (!atomic_load(&l->stop)) {
		struct pollfd p = { .fd = l->listener, .events = POLLIN };
		int client;

		if (poll(&p, 1, 50) <= 0)
			continue;
		client = accept(l->listener, NULL, NULL);
		if (client < 0)
			continue;
		liar_carry(l, client);
		(void)close(client);
	}
	return NULL;
}

static inline void liar_start(struct liar *l, unsigned to_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;

	l->to_port = to_port;
	(void)pthread_mutex_init(&l->lock, NULL);
	l->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(l->listener >= 0);
	assert_int_equal(bind(l->listener, (const struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(l->listener, 8), 0);
	assert_int_equal(getsockname(l->listener, (struct sockaddr *)&a, &n), 0);
	l->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&l->thread, NULL, liar_run, l), 0);
}

static inline void liar_stop(struct liar *l)
{
	atomic_store(&l->stop, true);
	(void)pthread_join(l->thread, NULL);
	(void)close(l->listener);
}

#endif
