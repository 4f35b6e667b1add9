/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The verbs of the command, each in a file of its own: `wakefs NAME ...` calls run() with argv[0] =
 * NAME and exits with what it returns (cli/say.h).
 */
struct verb {
	const char *name;
	int (*run)(const struct verb *verb, int argc, char **argv);
	const char *usage;	/* "DIR [OPTION]..." */
	const char *summary;	/* one line, for the list of verbs */
	const char *about;	/* a paragraph or more, wrapped, for --help */
	int operands_min, operands_max;	/* max -1: any number */
	bool starts_crypto;	/* main() need not: it forks first */
};

/* NULL: there is none of that name. */
const struct verb *verb_find(const char *name);
/* The verbs in the order of the list, NULL past the end. */
const struct verb *verb_at(size_t index);
/* The verb whose name is nearest to what was typed; NULL: none is near. */
const struct verb *verb_near(const char *typed);

int signup_verb(const struct verb *verb, int argc, char **argv);
int login_verb(const struct verb *verb, int argc, char **argv);
int logout_verb(const struct verb *verb, int argc, char **argv);
int whoami_verb(const struct verb *verb, int argc, char **argv);
int mount_verb(const struct verb *verb, int argc, char **argv);
int umount_verb(const struct verb *verb, int argc, char **argv);
int status_verb(const struct verb *verb, int argc, char **argv);
int stat_verb(const struct verb *verb, int argc, char **argv);
int import_verb(const struct verb *verb, int argc, char **argv);
int export_verb(const struct verb *verb, int argc, char **argv);
int selftest_verb(const struct verb *verb, int argc, char **argv);
int version_verb(const struct verb *verb, int argc, char **argv);
int help_verb(const struct verb *verb, int argc, char **argv);

#endif
