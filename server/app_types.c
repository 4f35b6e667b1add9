/* SPDX-License-Identifier: Apache-2.0 */
/* Types by the first version of the app that has them; anything else none has. */
#include "server/app_types.h"

#include "base/scoped.h"

#define VERSION(major, minor) ((major) * 10000u + (minor))

static const struct {
	const char *type;
	unsigned since;
} types[] = {
	{ "Workspace", VERSION(4, 0) },		{ "Request", VERSION(4, 0) },
	{ "RequestGroup", VERSION(4, 0) },	{ "Environment", VERSION(4, 0) },
	{ "CookieJar", VERSION(4, 0) },		{ "ClientCertificate", VERSION(5, 10) },
	{ "ApiSpec", VERSION(2020, 1) },	{ "UnitTestSuite", VERSION(2020, 3) },
	{ "UnitTest", VERSION(2020, 3) },	{ "ProtoFile", VERSION(2020, 5) },
	{ "GrpcRequest", VERSION(2020, 5) },	{ "ProtoDirectory", VERSION(2021, 1) },
	{ "WebSocketRequest", VERSION(2022, 6) }, { "WebSocketPayload", VERSION(2022, 6) },
	{ "CaCertificate", VERSION(2022, 7) },
};

/* Reads digits at *at and moves it behind them; false: there are none, or too many. */
static bool read_number(struct bytes text, size_t *at, unsigned *out)
{
	size_t from = *at;
	unsigned n = 0;

	while (*at < text.n && text.p[*at] >= '0' && text.p[*at] <= '9' && *at - from < 5)
		n = n * 10 + (unsigned)(text.p[(*at)++] - '0');
	*out = n;
	return *at > from;
}

unsigned app_types_version(struct bytes client_header)
{
	unsigned colons = 0, major, minor;
	size_t at = 0;

	for (; at < client_header.n && colons < 4; at++)
		if (client_header.p[at] == ':')
			colons++;
	if (colons < 4 || !read_number(client_header, &at, &major) || at == client_header.n ||
	    client_header.p[at++] != '.' || !read_number(client_header, &at, &minor))
		return 0;
	/* After 2023.5 the app counts from 8 again. */
	if (major >= 8 && major < 2000)
		major += 2100;
	return VERSION(major, minor);
}

bool app_types_is_known(unsigned version, struct bytes type)
{
	if (version == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (bytes_equal_str(type, types[i].type))
			return version >= types[i].since;
	return false;
}
