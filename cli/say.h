/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include "base/status.h"

/*
 * What people are told.  A message is one or two sentences: what happened, to what, what to do next.
 */
enum say_exit {		/* exit codes, for scripts */
	SAY_DONE = 0,
	SAY_FAILED = 1,
	SAY_USAGE = 2,		/* wrong use */
	SAY_LOCKED = 3,		/* not logged in, or locked */
	SAY_UNREACHED = 4,	/* server not reached */
	SAY_DECIDE = 5		/* something needs a decision */
};

/* "wakefs: ..." and a line feed on standard error. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with no prefix: something to know, no failure. */
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "wakefs: cannot DOING: what the status means.  What to do next."  Returns the exit code. */
int say_status(enum wk_status st, const char *doing, ...) __attribute__((format(printf, 2, 3)));
/* The same for an exchange with a server; `problem` is api_problem(). */
int say_server(enum wk_status st, const char *server, const char *problem, const char *doing);
/* The exit code alone. */
int say_exit_of(enum wk_status st);
/* "cannot DOING: ..." without prefix, for a message that another process will show. */
void say_format(enum wk_status st, const char *doing, char *text_out, unsigned size);

#endif
