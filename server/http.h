/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "server/server.h"

/* The HTTP side: libmicrohttpd's threads, from bytes to requests and back. */
struct http;
struct sockaddr_storage;

/* Listens and serves.  port_out: the one that is listened on.  message: on failure. */
enum wk_status http_start(struct server *server, const struct sockaddr_storage *address,
			  struct http **http_out, unsigned *port_out, char *message,
			  size_t message_size);
/* Takes no new connections, ends long polls, waits (at most 10 s) for running requests, ends. */
void http_stop(struct http *http);

#endif
