/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs version */
#include <stdio.h>

#include "base/scoped.h"
#include "cli/options.h"
#include "cli/say.h"

int version_verb(const struct verb *verb, int argc, char **argv)
{
	bool json = false;
	const struct option_entry entries[] = {
		{ 0, "json", NULL, "print JSON", &json, NULL, NULL },
	};
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	if (json)
		(void)printf("{\"version\":\"%s\"}\n", WK_VERSION);
	else
		(void)printf("wakefs %s\n", WK_VERSION);
	return SAY_DONE;
}
