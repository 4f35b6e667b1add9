/* SPDX-License-Identifier: Apache-2.0 */
/* The command line and the configuration file of wakefsd. */
#include "server/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/files.h"
#include "base/scoped.h"

#define CONFIG_MAX 65536

const char options_usage[] =
	"usage: wakefsd [--listen ADDR:PORT] --db FILE [options]\n"
	"\n"
	"The wakefs sync server.  It keeps what clients have sealed, and cannot read it.\n"
	"\n"
	"  --listen ADDR:PORT       where to listen (default 127.0.0.1:8743; port 0: any free one)\n"
	"  --db FILE                the database, made when it is missing\n"
	"  --config FILE            settings, one `name = value` a line, named as here\n"
	"  --behind-proxy           allow an ADDR that other machines reach: a proxy in front does TLS\n"
	"  --log-level LEVEL        debug, info, warn or error (default info)\n"
	"  --login-rate N           login and signup calls a second from one address (default 20)\n"
	"  --per-address N          connections from one address (default 512; 0: no limit)\n"
	"  --session-idle-days N    a session ends when unused for this long (default 30)\n"
	"  --session-max-days N     and this long after login in any case (default 180)\n"
	"  --metrics-all            /metrics and /healthz answer not only this machine\n"
	"  --version, --help\n";

void options_init(struct options *o)
{
	*o = (struct options){ .listen = "127.0.0.1:8743", .log_level = LOG_INFO,
			       .login_rate = 20, .per_address = 512, .session_idle_days = 30,
			       .session_max_days = 180 };
}

static enum wk_status set_text(char *to, size_t size, const char *value)
{
	if (!*value || strlen(value) >= size)
		return WK_INVALID;
	memcpy(to, value, strlen(value) + 1);
	return WK_OK;
}

static enum wk_status set_number(unsigned *to, const char *value, unsigned min)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || n > 1000000 || n < min)
		return WK_INVALID;
	*to = (unsigned)n;
	return WK_OK;
}

static enum wk_status set_bool(bool *to, const char *value)
{
	bool is_yes = strcmp(value, "yes") == 0 || strcmp(value, "true") == 0;

	if (!is_yes && strcmp(value, "no") != 0 && strcmp(value, "false") != 0)
		return WK_INVALID;
	*to = is_yes;
	return WK_OK;
}

static enum wk_status set_level(enum log_level *to, const char *value)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			*to = (enum log_level)i;
			return WK_OK;
		}
	}
	return WK_INVALID;
}

enum wk_status options_set(struct options *o, const char *name, const char *value)
{
	if (strcmp(name, "listen") == 0)
		return set_text(o->listen, sizeof o->listen, value);
	if (strcmp(name, "db") == 0)
		return set_text(o->db, sizeof o->db, value);
	if (strcmp(name, "log-level") == 0)
		return set_level(&o->log_level, value);
	if (strcmp(name, "behind-proxy") == 0)
		return set_bool(&o->behind_proxy, value);
	if (strcmp(name, "metrics-all") == 0)
		return set_bool(&o->metrics_all, value);
	if (strcmp(name, "login-rate") == 0)
		return set_number(&o->login_rate, value, 0);
	if (strcmp(name, "per-address") == 0)
		return set_number(&o->per_address, value, 0);
	if (strcmp(name, "session-idle-days") == 0)
		return set_number(&o->session_idle_days, value, 1);
	if (strcmp(name, "session-max-days") == 0)
		return set_number(&o->session_max_days, value, 1);
	return WK_INVALID;
}

/* Cuts white space off both ends, in place. */
static char *trim(char *text)
{
	size_t n;

	while (*text == ' ' || *text == '\t')
		text++;
	n = strlen(text);
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t' || text[n - 1] == '\r'))
		text[--n] = 0;
	return text;
}

static enum wk_status read_config(struct options *o, const char *path, char *message, size_t size)
{
	SCOPED(buf_fini) struct buf content = BUF_INIT(CONFIG_MAX);
	SCOPED(scoped_free) char *text = NULL;
	char *rest, *line;
	unsigned number = 0;
	enum wk_status st = files_read(path, &content);

	if (st != WK_OK) {
		snprintf(message, size, "%s cannot be read: %s", path, wk_status_text(st));
		return WK_INVALID;
	}
	rest = text = bytes_dup(buf_bytes(&content));
	if (!text)
		return WK_NOMEM;
	while ((line = strsep(&rest, "\n"))) {
		char *equals, *name = trim(line);

		number++;
		if (!*name || *name == '#')
			continue;
		equals = strchr(name, '=');
		if (equals)
			*equals = 0;
		if (!equals || options_set(o, trim(name), trim(equals + 1)) != WK_OK) {
			snprintf(message, size, "%s, line %u: not a setting of wakefsd", path,
				 number);
			return WK_INVALID;
		}
	}
	return WK_OK;
}

static bool is_flag(const char *name)
{
	return strcmp(name, "behind-proxy") == 0 || strcmp(name, "metrics-all") == 0;
}

/* The value of argument i, which may follow in the next one; *i moves with it. */
static const char *value_of(int argc, char **argv, int *i, char name[64])
{
	const char *arg = argv[*i] + 2, *equals = strchr(arg, '=');
	size_t n = equals ? (size_t)(equals - arg) : strlen(arg);

	if (n >= 64)
		n = 63;
	memcpy(name, arg, n);
	name[n] = 0;
	if (equals)
		return equals + 1;
	if (is_flag(name))
		return "yes";
	return *i + 1 < argc ? argv[++*i] : NULL;
}

/* One pass over the arguments: only --config, or all but it. */
static enum wk_status pass(struct options *o, int argc, char **argv, bool is_config,
			   char *message, size_t size)
{
	for (int i = 1; i < argc; i++) {
		char name[64];
		const char *value;
		enum wk_status st = WK_OK;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			o->help = true;
			continue;
		}
		if (strcmp(argv[i], "--version") == 0) {
			o->version = true;
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0) {
			snprintf(message, size, "%s is not an option", argv[i]);
			return WK_INVALID;
		}
		value = value_of(argc, argv, &i, name);
		if (!value) {
			snprintf(message, size, "--%s is not an option, or its value is missing", name);
			return WK_INVALID;
		}
		if (strcmp(name, "config") == 0) {
			if (is_config)
				st = read_config(o, value, message, size);
		} else if (!is_config) {
			st = options_set(o, name, value);
			if (st != WK_OK)
				snprintf(message, size, "--%s %s is not an option or has a wrong "
							"value", name, value);
		}
		if (st != WK_OK)
			return st;
	}
	return WK_OK;
}

enum wk_status options_read(struct options *o, int argc, char **argv, char *message,
			    size_t message_size)
{
	struct options read = *o;
	enum wk_status st = pass(&read, argc, argv, true, message, message_size);

	if (st == WK_OK)
		st = pass(&read, argc, argv, false, message, message_size);
	if (st == WK_OK && !read.help && !read.version && !read.db[0]) {
		snprintf(message, message_size, "--db FILE is missing");
		st = WK_INVALID;
	}
	if (st == WK_OK)
		*o = read;
	return st;
}

enum wk_status options_address(const struct options *o, struct sockaddr_storage *address_out,
			       bool *is_loopback_out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address_out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address_out;
	char host[sizeof o->listen];
	char *colon;
	unsigned port;

	memcpy(host, o->listen, sizeof host);
	colon = strrchr(host, ':');
	if (!colon || set_number(&port, colon + 1, 0) != WK_OK || port > 65535)
		return WK_INVALID;
	*colon = 0;
	memset(address_out, 0, sizeof *address_out);
	if (strcmp(host, "localhost") == 0)
		memcpy(host, "127.0.0.1", 10);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*is_loopback_out = (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
		return WK_OK;
	}
	if (host[0] != '[' || colon == host || colon[-1] != ']')
		return WK_INVALID;
	colon[-1] = 0;
	if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1)
		return WK_INVALID;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	*is_loopback_out = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	return WK_OK;
}
