/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "base/buf.h"
#include "base/log.h"

/* What a wakefsd is told: from the command line and the configuration file, which have the same names. */
struct options {
	char listen[128];	/* ADDR:PORT; [ADDR]:PORT for IPv6 */
	char db[4096];
	enum log_level log_level;
	bool behind_proxy;	/* other than loopback may be listened on; X-Forwarded-For counts */
	bool metrics_all;	/* /metrics and /healthz answer everybody */
	unsigned login_rate;	/* login and signup calls a second and address; 0: no limit */
	unsigned per_address;	/* connections of one address; 0: no limit */
	unsigned session_idle_days, session_max_days;
	bool help, version;
};

void options_init(struct options *o);
/*
 * Reads the arguments (and the file that --config names, whose settings the
 * arguments overrule).  WK_INVALID: `message` says in one sentence what is wrong.
 */
enum wk_status options_read(struct options *o, int argc, char **argv, char *message,
			    size_t message_size);
/* One "name = value" of a file, or "--name value".  WK_INVALID. */
enum wk_status options_set(struct options *o, const char *name, const char *value);

/*
 * Takes listen apart: a numeric address and a port.  is_loopback_out says whether
 * only this machine can reach it.  WK_INVALID.
 */
struct sockaddr_storage;
enum wk_status options_address(const struct options *o, struct sockaddr_storage *address_out,
			       bool *is_loopback_out);

extern const char options_usage[];

#endif
