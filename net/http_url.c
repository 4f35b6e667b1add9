/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which server URLs are taken.  libcurl's own parser says what the host is, so
 * that what is checked here and what is connected to cannot differ.
 */
#include "net/http_private.h"

#include <curl/curl.h>

static void drop_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void drop_text(char **text)
{
	curl_free(*text);
}

static bool is_plain_url(const char *url)
{
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || strchr("@?#\\", *p))
			return false;
	return true;
}

/* The host as libcurl will use it; NULL when it would refuse the URL. */
static char *host_of(const char *base_url)
{
	SCOPED(drop_url) CURLU *url = curl_url();
	char *host = NULL;

	if (!url || curl_url_set(url, CURLUPART_URL, base_url, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return NULL;
	return host;
}

bool http_url_is_loopback(const char *base_url)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
	SCOPED(drop_text) char *host = host_of(base_url);

	for (size_t i = 0; host && i < ARRAY_LEN(names); i++)
		if (strcasecmp(host, names[i]) == 0)
			return true;
	return false;
}

bool http_url_is_valid(const char *base_url, const char **why_out)
{
	SCOPED(drop_text) char *host = NULL;
	bool is_https = strncasecmp(base_url, "https://", 8) == 0;

	if (!is_plain_url(base_url)) {
		*why_out = "it must be like https://sync.example.com";
		return false;
	}
	if (!is_https && strncasecmp(base_url, "http://", 7) != 0) {
		*why_out = "it must begin with https://";
		return false;
	}
	host = host_of(base_url);
	if (!host || !*host) {
		*why_out = "it names no host, or no port that there is";
		return false;
	}
	*why_out = "plain http:// is only for a server on this machine; use https://";
	return is_https || http_url_is_loopback(base_url);
}
