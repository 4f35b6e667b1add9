/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs selftest */
#include "crypto/selftest.h"

#include <stdio.h>

#include "base/scoped.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/text.h"

static void report(void *arg, const char *line)
{
	char safe[TEXT_MAX];

	(void)fprintf(arg, "%s\n", text_safe(bytes_str(line), safe));
}

int selftest_verb(const struct verb *verb, int argc, char **argv)
{
	const char *dir = NULL;
	bool json = false;
	const struct option_entry entries[] = {
		{ 0, "vectors", "DIR", "run the vector files (*.json) in DIR", NULL, &dir, NULL },
		{ 0, "json", NULL, "print JSON", &json, NULL, NULL },
	};
	struct selftest_result r = { 0 };
	struct operands operands;
	enum wk_status st;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	st = selftest_run(dir, &r, report, json ? stderr : stdout);
	if (st == WK_NOT_FOUND) {
		say_error("there is no directory of vector files at %s.", dir ? dir : "");
		return SAY_FAILED;
	}
	if (st != WK_OK)
		return say_status(st, "run the known answers");
	if (json)
		(void)printf("{\"passed\":%u,\"failed\":%u,\"skipped\":%u}\n", r.passed, r.failed,
			     r.skipped);
	else
		(void)printf("%u passed, %u failed, %u skipped\n", r.passed, r.failed, r.skipped);
	return r.failed ? SAY_FAILED : SAY_DONE;
}
