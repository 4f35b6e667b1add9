/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder TARGET_PORT RECORD ANSWER
 *
 * A TCP proxy on 127.0.0.1 before the server at TARGET_PORT there.  Prints "listening on PORT", and appends
 * all bytes of both directions to the file RECORD (up to 512 MiB).  While a file ANSWER exists, requests
 * are not passed on: each gets the bytes of that file as its answer, and the connection ends.  While a file
 * named ANSWER with ".cut" behind it exists, a connection is cut as soon as the server has answered, before
 * the answer is passed on: the request was carried out, and nobody knows.
 * Ends with SIGTERM, or with the shell that it belongs to.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS_MAX 64
#define CHUNK 65536
#define RECORD_MAX (512L << 20)

struct pair {
	int client, server;	/* -1: free; server alone -1: answered by us */
};

static struct pair pairs[PAIRS_MAX];
static int record;
static long recorded;
static const char *answer_path, *cut_path;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static void keep(const char *p, size_t n)
{
	if (recorded + (long)n > RECORD_MAX)
		return;
	recorded += (long)n;
	if (!write_all(record, p, n))
		die("record");
}

static struct sockaddr_in local(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int listen_here(void)
{
	struct sockaddr_in a = local(0);
	socklen_t size = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) != 0)
		die("listen");
	(void)printf("listening on %d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void end(struct pair *p)
{
	if (p->client >= 0)
		(void)close(p->client);
	if (p->server >= 0)
		(void)close(p->server);
	p->client = p->server = -1;
}

static void welcome(int listener, uint16_t target)
{
	const struct sockaddr_in a = local(target);
	int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct pair *p = NULL;

	if (client < 0)
		return;
	for (size_t i = 0; i < PAIRS_MAX && !p; i++)
		if (pairs[i].client < 0)
			p = &pairs[i];
	if (!p) {
		(void)close(client);
		return;
	}
	p->client = client;
	if (access(answer_path, F_OK) == 0)
		return;
	p->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->server < 0 || connect(p->server, (const struct sockaddr *)&a, sizeof a) != 0)
		end(p);
}

/* One answer, whatever was asked. */
static void answer(struct pair *p)
{
	char chunk[CHUNK];
	int fd = open(answer_path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0)
		if (!write_all(p->client, chunk, (size_t)n))
			break;
	if (fd >= 0)
		(void)close(fd);
	/* What was not read yet would turn the answer into a reset. */
	(void)shutdown(p->client, SHUT_WR);
	while (recv(p->client, chunk, sizeof chunk, MSG_DONTWAIT) > 0)
		;
	end(p);
}

static void pass(struct pair *p, bool from_client)
{
	char chunk[CHUNK];
	int from = from_client ? p->client : p->server;
	int to = from_client ? p->server : p->client;
	ssize_t n = read(from, chunk, sizeof chunk);

	if (n <= 0) {
		end(p);
		return;
	}
	keep(chunk, (size_t)n);
	if (from_client && (p->server < 0 || access(answer_path, F_OK) == 0))
		answer(p);
	else if (!from_client && access(cut_path, F_OK) == 0)
		end(p);
	else if (!write_all(to, chunk, (size_t)n))
		end(p);
}

int main(int argc, char **argv)
{
	struct pollfd fds[1 + 2 * PAIRS_MAX];
	static char cut[4096];
	uint16_t target;
	int listener;

	if (argc != 4)
		return 2;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)signal(SIGPIPE, SIG_IGN);
	target = (uint16_t)atoi(argv[1]);
	record = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (record < 0)
		die("record");
	answer_path = argv[3];
	(void)snprintf(cut, sizeof cut, "%s.cut", argv[3]);
	cut_path = cut;
	for (size_t i = 0; i < PAIRS_MAX; i++)
		pairs[i] = (struct pair){ -1, -1 };
	listener = listen_here();
	for (;;) {
		fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
		for (size_t i = 0; i < PAIRS_MAX; i++) {
			fds[1 + 2 * i] = (struct pollfd){ .fd = pairs[i].client, .events = POLLIN };
			fds[2 + 2 * i] = (struct pollfd){ .fd = pairs[i].server, .events = POLLIN };
		}
		if (poll(fds, 1 + 2 * PAIRS_MAX, -1) < 0)
			continue;
		for (size_t i = 0; i < PAIRS_MAX; i++) {
			if (pairs[i].client >= 0 && fds[1 + 2 * i].fd >= 0 && fds[1 + 2 * i].revents)
				pass(&pairs[i], true);
			if (pairs[i].server >= 0 && fds[2 + 2 * i].fd >= 0 && fds[2 + 2 * i].revents)
				pass(&pairs[i], false);
		}
		if (fds[0].revents)
			welcome(listener, target);
	}
}
