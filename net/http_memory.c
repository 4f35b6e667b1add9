/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory libcurl works in.  Each request it builds holds the session id in plain, and
 * freed memory keeps its content until somebody else needs it: so what libcurl frees is wiped.
 */
#include "net/http_private.h"

#include <curl/curl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode started = CURLE_FAILED_INIT;

static void wipe_and_free(void *p)
{
	if (!p)
		return;
	explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

/* realloc() may move, and leaves the old place as it was. */
static void *move_and_wipe(void *p, size_t n)
{
	void *moved = malloc(n);
	size_t had = p ? malloc_usable_size(p) : 0;

	if (!moved)
		return NULL;
	if (p)
		memcpy(moved, p, had < n ? had : n);
	wipe_and_free(p);
	return moved;
}

static void start(void)
{
	started = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, move_and_wipe,
				       strdup, calloc);
}

enum wk_status http_memory_start(void)
{
	return pthread_once(&once, start) == 0 && started == CURLE_OK ? WK_OK : WK_NOMEM;
}
