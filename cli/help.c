/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs help */
#include <stdio.h>

#include "cli/options.h"
#include "cli/say.h"

static void print_list(void)
{
	const struct verb *v;

	(void)printf("wakefs shows synced, end-to-end encrypted API workspaces as files.\n\n"
		     "usage: wakefs VERB [ARGUMENT]...\n\n");
	for (size_t i = 0; (v = verb_at(i)); i++)
		(void)printf("  %-10s %s\n", v->name, v->summary);
	(void)printf("\nwakefs VERB --help tells more of each; wakefs(1) tells all.\n"
		     "Exit codes: 0 done, 1 failed, 2 wrong use, 3 not logged in or locked,\n"
		     "4 server not reached, 5 something needs a decision.\n");
}

int help_verb(const struct verb *verb, int argc, char **argv)
{
	char ask[] = "--help", *asked[] = { NULL, ask, NULL };
	struct operands operands;
	const struct verb *about;
	int code = options_read(verb, NULL, 0, argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	if (operands.count == 0) {
		print_list();
		return SAY_DONE;
	}
	about = verb_find(operands.items[0]);
	if (!about) {
		say_error("there is no such verb.  See: wakefs help");
		return SAY_USAGE;
	}
	asked[0] = operands.items[0];
	return about->run(about, 2, asked);
}
