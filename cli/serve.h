/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "cli/session.h"
#include "fs/mount.h"

/*
 * The process behind a mount, from the opened store to the last commit.
 */
enum serve_kind {
	SERVE_PROGRESS,		/* done of total, text names what */
	SERVE_READY,		/* the mount answers; text is its summary */
	SERVE_FAILED		/* text says why, exit_code how */
};
struct serve_report {		/* travels through a pipe in one piece (PIPE_BUF) */
	enum serve_kind kind;
	int exit_code;
	uint64_t done, total;
	char text[1024];
};

struct serve_params {
	struct session *session;	/* account, dir, passphrase; its store is opened here */
	const char *mountpoint;		/* absolute */
	const char *options;		/* for -o; NULL */
	bool noperm, offline, debug;
	struct mount_helper *helper;	/* taken over */
	/* Tells whoever started the mount; SERVE_READY or SERVE_FAILED comes last, once. */
	void (*report)(void *arg, const struct serve_report *r);
	void *arg;
};

/*
 * The signals that ask the mount to leave are taken by the loop alone: before the store is opened, whose
 * threads would else inherit them and die of them, and the process with them.
 */
void serve_block_signals(void);

/* Returns when the mount is gone; the exit code of the process. */
int serve_run(const struct serve_params *params);

/* Name of the file in the store's directory that holds the mountpoint while there is a mount. */
#define SERVE_MOUNTPOINT "mountpoint"
#define SERVE_LOG "log"

#endif
