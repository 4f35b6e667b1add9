/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, and the one table from statuses to sentences and exit codes. */
#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>

static const struct meaning {
	int exit_code;
	const char *what;
	const char *next;
} meanings[WK_STATUS_COUNT] = {
	[WK_OK] = { SAY_DONE, "nothing went wrong", "" },
	[WK_NOMEM] = { SAY_FAILED, "there is not enough memory",
		       "Close other programs and try again." },
	[WK_IO] = { SAY_FAILED, "a file or device could not be read or written",
		    "Check the disk and the rights, and try again." },
	[WK_FULL] = { SAY_FAILED, "there is no space left",
		      "Make room and try again; nothing was lost." },
	[WK_NOT_FOUND] = { SAY_FAILED, "there is no such thing", "Check the name." },
	[WK_EXISTS] = { SAY_FAILED, "it is there already", "Choose another name." },
	[WK_INVALID] = { SAY_FAILED, "it is not of the right form", "Check what was given." },
	[WK_CORRUPT] = { SAY_FAILED, "what was read is damaged", "Try again; if it stays, tell "
			 "the one who runs the server or look at the disk." },
	[WK_TAMPERED] = { SAY_FAILED, "a seal is wrong: it was altered, or it is another's",
			  "Nothing of it was used." },
	[WK_LIMIT] = { SAY_FAILED, "it is over a limit", "See LIMITS in wakefs(1)." },
	[WK_DENIED] = { SAY_LOCKED, "it was refused", "Log in again: wakefs login" },
	[WK_CONFLICT] = { SAY_DECIDE, "somebody else changed it first", "Look at it and try "
			  "again." },
	[WK_OFFLINE] = { SAY_UNREACHED, "the server was not reached",
			 "Check its address and the network, and try again." },
	[WK_BUSY] = { SAY_FAILED, "something else is using it", "Wait a little and try again." },
	[WK_CANCELLED] = { SAY_FAILED, "it was broken off", "Try again." },
	[WK_UNSUPPORTED] = { SAY_FAILED, "this version cannot do that", "A newer wakefs may." },
};

static const struct meaning *meaning_of(enum wk_status st)
{
	return &meanings[st < WK_STATUS_COUNT ? st : WK_IO];
}

int say_exit_of(enum wk_status st)
{
	return meaning_of(st)->exit_code;
}

void say_error(const char *format, ...)
{
	va_list args;

	(void)fflush(stdout);
	(void)fputs("wakefs: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
}

void say_note(const char *format, ...)
{
	va_list args;

	(void)fflush(stdout);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
}

void say_format(enum wk_status st, const char *doing, char *text_out, unsigned size)
{
	const struct meaning *m = meaning_of(st);

	(void)snprintf(text_out, size, "cannot %s: %s.%s%s", doing, m->what,
		       m->next[0] ? "  " : "", m->next);
}

int say_status(enum wk_status st, const char *doing, ...)
{
	char what[512], text[1024];
	va_list args;

	va_start(args, doing);
	(void)vsnprintf(what, sizeof what, doing, args);
	va_end(args);
	say_format(st, what, text, sizeof text);
	say_error("%s", text);
	return say_exit_of(st);
}

int say_server(enum wk_status st, const char *server, const char *problem, const char *doing)
{
	const struct meaning *m = meaning_of(st);

	if (st == WK_OFFLINE)
		say_error("cannot %s: %s was not reached (%s).  Is the server running, and is that "
			  "its address?", doing, server, problem[0] ? problem : "no answer");
	else if (problem[0])
		say_error("cannot %s: %s says: %s.", doing, server, problem);
	else
		say_error("cannot %s at %s: %s.  %s", doing, server, m->what, m->next);
	return m->exit_code;
}
