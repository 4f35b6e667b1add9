/* SPDX-License-Identifier: Apache-2.0 */
/* getopt_long() driven by a verb's table. */
#include "cli/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/say.h"

#define HELP_VALUE 1000		/* beyond every letter and index */
#define INDEX_BASE 2000

static void print_entry(const struct option_entry *e)
{
	char left[64], letter[8] = "    ";

	if (e->letter)
		(void)snprintf(letter, sizeof letter, "-%c, ", e->letter);
	(void)snprintf(left, sizeof left, "  %s--%s%s%s", letter, e->name,
		       e->argument ? " " : "", e->argument ? e->argument : "");
	(void)printf("%-32s%s%s\n", left, strlen(left) > 30 ? "  " : "", e->help);
}

void options_help(const struct verb *verb, const struct option_entry *entries, size_t count)
{
	static const struct option_entry help = { .letter = 'h', .name = "help",
						  .help = "show this help" };

	(void)printf("usage: wakefs %s %s\n\n%s\n\noptions:\n", verb->name, verb->usage,
		     verb->about);
	for (size_t i = 0; i < count; i++)
		print_entry(&entries[i]);
	print_entry(&help);
}

static int hint(const struct verb *verb)
{
	say_note("See: wakefs %s --help", verb->name);
	return SAY_USAGE;
}

/* Names the option alone: what stands behind '=' may be a secret in the wrong place. */
static int refuse_option(const struct verb *verb, const char *word, char letter)
{
	if (letter)
		say_error("%s has no option -%c, or it lacks its value.", verb->name, letter);
	else
		say_error("%s has no option %.*s, or its value is missing or not wanted.",
			  verb->name, (int)strcspn(word, "="), word);
	return hint(verb);
}

static bool take_value(const struct option_entry *e, const char *value)
{
	char *end;
	long number;

	if (e->flag) {
		*e->flag = true;
		return true;
	}
	if (e->text) {
		*e->text = value;
		return true;
	}
	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || end == value || *end || number < 0 || number > INT_MAX)
		return false;
	*e->number = (int)number;
	return true;
}

static void build(const struct option_entry *entries, size_t count, struct option *longs,
		  char *shorts)
{
	size_t n = 0;

	shorts[n++] = ':';
	shorts[n++] = 'h';
	for (size_t i = 0; i < count; i++) {
		longs[i] = (struct option){ entries[i].name,
					    entries[i].argument ? required_argument : no_argument,
					    NULL, INDEX_BASE + (int)i };
		if (!entries[i].letter)
			continue;
		shorts[n++] = entries[i].letter;
		if (entries[i].argument)
			shorts[n++] = ':';
	}
	longs[count] = (struct option){ "help", no_argument, NULL, HELP_VALUE };
	longs[count + 1] = (struct option){ NULL, 0, NULL, 0 };
	shorts[n] = '\0';
}

static const struct option_entry *entry_of(const struct option_entry *entries, size_t count,
					   int value)
{
	if (value >= INDEX_BASE)
		return &entries[value - INDEX_BASE];
	for (size_t i = 0; i < count; i++)
		if (entries[i].letter == value)
			return &entries[i];
	return NULL;
}

static int check_operands(const struct verb *verb, int count)
{
	if (count < verb->operands_min)
		say_error("%s needs more: wakefs %s %s", verb->name, verb->name, verb->usage);
	else if (verb->operands_max >= 0 && count > verb->operands_max)
		say_error("%s takes less: wakefs %s %s", verb->name, verb->name, verb->usage);
	else
		return OPTIONS_GO;
	return hint(verb);
}

int options_read(const struct verb *verb, const struct option_entry *entries, size_t count,
		 int argc, char **argv, struct operands *operands_out)
{
	struct option longs[OPTIONS_MAX + 2];
	char shorts[2 * OPTIONS_MAX + 3];
	int value;

	assert(count <= OPTIONS_MAX);
	build(entries, count, longs, shorts);
	opterr = 0;
	optind = 0;		/* the GNU way to begin anew */
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_entry *e;

		if (value == 'h' || value == HELP_VALUE) {
			options_help(verb, entries, count);
			return SAY_DONE;
		}
		if (value == '?' || value == ':')
			return refuse_option(verb, argv[optind - 1],
					     optopt > 0 && optopt < HELP_VALUE ? (char)optopt : 0);
		e = entry_of(entries, count, value);
		if (!take_value(e, optarg)) {
			say_error("--%s wants a number.", e->name);
			return hint(verb);
		}
	}
	*operands_out = (struct operands){ argv + optind, argc - optind };
	return check_operands(verb, operands_out->count);
}
