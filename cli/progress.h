/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/*
 * One line that is drawn over while something takes long: on a terminal only, at most 20
 * times a second.  On anything else nothing is drawn.
 */
struct progress {
	int fd;			/* -1: not a terminal */
	int64_t drawn_ms;
	char frame;		/* of the spinner */
	char label[256];
};

/* On standard error. */
void progress_start(struct progress *p);
/* total 0: not known. */
void progress_show(struct progress *p, const char *label, uint64_t done, uint64_t total);
/* Takes the line away again. */
void progress_end(struct progress *p);

#endif
