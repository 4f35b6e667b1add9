/* SPDX-License-Identifier: Apache-2.0 */
/* The wakefs command: what holds for every verb, then the verb. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "crypto/secret.h"
#include "fs/mount.h"

static void harden(void)
{
	const struct rlimit none = { 0, 0 };

	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setlocale(LC_CTYPE, "");
	/* A verb says itself what went wrong; the mount's process logs more, to its file. */
	log_setup("wakefs", LOG_ERROR);
}

static int no_such_verb(const char *typed)
{
	const struct verb *near = verb_near(typed);

	if (near)
		say_error("there is no such verb.  Did you mean: wakefs %s", near->name);
	else
		say_error("there is no such verb.  See: wakefs help");
	return SAY_USAGE;
}

/* What was printed must have arrived somewhere. */
static int finish(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	return code == SAY_DONE ? say_status(WK_IO, "write the output") : code;
}

int main(int argc, char **argv)
{
	const struct verb *verb;
	enum wk_status st;

	mount_helper_main(argc, argv);
	harden();
	if (argc < 2) {
		char *help[] = { (char[]){ "help" }, NULL };

		(void)help_verb(verb_find("help"), 1, help);
		return finish(SAY_USAGE);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		verb = verb_find("help");
	else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		verb = verb_find("version");
	else
		verb = verb_find(argv[1]);
	if (!verb)
		return no_such_verb(argv[1]);
	if (!verb->starts_crypto) {
		st = crypto_init();
		if (st != WK_OK)
			return say_status(st, "start libgcrypt (1.10 or newer is needed)");
	}
	return finish(verb->run(verb, argc - 1, argv + 1));
}
