/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_PRIVATE_H
#define NET_HTTP_PRIVATE_H

#include "net/http.h"

/* What the files of net/ share beside their contracts. */

/* Whether a URL that http_url_is_valid() takes names this machine. */
bool http_url_is_loopback(const char *base_url);

/* Starts libcurl with an allocator that wipes what it frees: its request buffers hold the session.
 * Any later call does nothing.  WK_NOMEM. */
enum wk_status http_memory_start(void);

/*
 * What a stranger said, made fit for a terminal: printable ASCII, one line, no
 * white space around it, cut at HTTP_PROBLEM_MAX.
 */
void http_plain_text(struct bytes said, char text_out[HTTP_PROBLEM_MAX]);

/* Whether the text holds the session id, or the first half of it. */
bool http_has_session_in(const struct http *h, struct bytes text);

#endif
