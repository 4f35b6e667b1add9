/* SPDX-License-Identifier: Apache-2.0 */
/* wakefsd: options, start, and a clean end on SIGTERM or SIGINT. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"
#include "crypto/secret.h"
#include "server/http.h"

#define EXIT_WRONG_USE 2

static int complain(const char *message, int code)
{
	fprintf(stderr, "wakefsd: %s\n", message);
	return code;
}

/* "ADDR:" as it was given, with the port that it became. */
static void announce(const struct options *o, unsigned port)
{
	const char *colon = strrchr(o->listen, ':');

	printf("wakefsd: listening on http://%.*s:%u (data in %s; e-mail verification off)\n",
	       (int)(colon - o->listen), o->listen, port, o->db);
	fflush(stdout);
}

/* All threads inherit the blocked signals; this one waits for them. */
static int wait_for_signal(const sigset_t *signals)
{
	int got = 0;

	while (sigwait(signals, &got) != 0)
		continue;
	return got;
}

static int serve(const struct options *o, const struct sockaddr_storage *address)
{
	static struct server server;
	struct http *http;
	sigset_t signals;
	unsigned port;
	char message[5000];

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	if (server_open(&server, o, message, sizeof message) != WK_OK)
		return complain(message, EXIT_FAILURE);
	if (http_start(&server, address, &http, &port, message, sizeof message) != WK_OK) {
		server_close(&server);
		return complain(message, EXIT_FAILURE);
	}
	announce(o, port);
	log_info("listening on port %u", port);
	log_info("signal %d: stopping", wait_for_signal(&signals));
	http_stop(http);
	server_close(&server);
	log_info("stopped");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage address;
	struct options options;
	bool is_loopback;
	char message[5000];

	options_init(&options);
	if (options_read(&options, argc, argv, message, sizeof message) != WK_OK) {
		fprintf(stderr, "wakefsd: %s\nTry: wakefsd --help\n", message);
		return EXIT_WRONG_USE;
	}
	if (options.help || options.version) {
		printf("%s", options.help ? options_usage : "wakefsd " WK_VERSION "\n");
		return EXIT_SUCCESS;
	}
	log_setup("wakefsd", options.log_level);
	if (options_address(&options, &address, &is_loopback) != WK_OK)
		return complain("--listen wants ADDR:PORT, as in 127.0.0.1:8743 or [::1]:8743",
				EXIT_WRONG_USE);
	if (!is_loopback && !options.behind_proxy)
		return complain("that address is reached from other machines, and wakefsd itself "
				"does no TLS: put a proxy in front and say --behind-proxy",
				EXIT_WRONG_USE);
	if (crypto_init() != WK_OK)
		return complain("libgcrypt 1.10 or newer is needed", EXIT_FAILURE);
	return serve(&options, &address);
}
