/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/verb.h"

/*
 * Options from a table, which is also the text of --help.  Exactly one of flag, text and number is
 * set and says what the option takes.  --help is there for every verb.
 */
struct option_entry {
	char letter;		/* 0: long form only */
	const char *name;
	const char *argument;	/* "FILE"; NULL for flags */
	const char *help;
	bool *flag;
	const char **text;
	int *number;		/* 0 or more */
};
#define OPTIONS_MAX 24

struct operands {
	char **items;
	int count;
};

/*
 * Reads a verb's arguments.  OPTIONS_GO: go on; anything else is the exit code (0 after --help, 2 with a
 * hint on standard error).  Values are never repeated in messages: a mistyped line may hold a secret.
 */
#define OPTIONS_GO (-1)
int options_read(const struct verb *verb, const struct option_entry *entries, size_t count,
		 int argc, char **argv, struct operands *operands_out);

/* Prints a verb's help. */
void options_help(const struct verb *verb, const struct option_entry *entries, size_t count);

#endif
