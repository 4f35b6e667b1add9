/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "base/buf.h"
#include "base/scoped.h"

/*
 * Where a passphrase comes from: a file, a descriptor, a command, or (none of them given) the
 * terminal.  Never from arguments or the environment.  The first line counts, without its line feed.
 */
struct passphrase_source {
	const char *file;	/* NULL: not given */
	const char *command;	/* for /bin/sh -c; NULL: not given */
	int fd;			/* -1: not given */
};

/* Sanitized (crypto/kdf.h), in locked memory. */
struct passphrase {
	uint8_t *p;
	size_t n;
};
void passphrase_fini(struct passphrase *p);

/*
 * Asks once, or twice for a new one.  SAY_DONE, or the exit code after saying what is wrong.
 */
int passphrase_get(const struct passphrase_source *source, const char *prompt, bool twice,
		   struct passphrase *out);

/* Between two processes of ours, through a pipe: everything until its end. */
enum wk_status passphrase_receive(int fd, struct passphrase *out);

#endif
