/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs umount */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/control_client.h"
#include "cli/mounts.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "cli/say.h"
#include "cli/text.h"

extern char **environ;

struct leaving {
	char path[PATH_MAX];
	char shown[TEXT_MAX];
	struct buf holders;
};

static int say_busy(const struct leaving *l)
{
	char safe[TEXT_MAX];

	say_error("%s is in use%s%s.  Close that, or leave that directory, and try again.",
		  l->shown, l->holders.n ? " by " : "",
		  text_safe(buf_bytes(&l->holders), safe));
	return SAY_FAILED;
}

/* Through its process: until that has ended, everything is written. */
static int ask_process(const struct leaving *l, struct control_client *c)
{
	const struct json *answer = NULL;
	char changes[64], safe[TEXT_MAX];
	int64_t pending = 0;
	enum wk_status st = control_client_ask(c, bytes_str("{\"op\":\"umount\"}"), NULL);

	if (st == WK_OK)
		st = control_client_next(c, &answer);
	if (st == WK_NOT_FOUND)
		st = WK_OFFLINE;
	if (st != WK_OK)
		return control_client_say(c, st, "leave the mount in good order");
	(void)json_get_int64(answer, "pending", &pending);
	if (control_client_next(c, &answer) != WK_NOT_FOUND)
		return say_status(WK_CORRUPT, "hear the end of the mount's process");
	(void)printf("Left %s.", l->shown);
	if (pending)
		(void)printf("  %s wait%s here for the next mount.",
			     text_count((uint64_t)pending, "change", changes),
			     pending == 1 ? "s" : "");
	(void)printf("\n");
	if (l->holders.n)
		say_note("Still in it: %s.  What was not saved there is not kept.",
			 text_safe(buf_bytes(&l->holders), safe));
	return SAY_DONE;
}

/* Without its process: a mount that a killed one left, or one of another state directory. */
static int detach(const struct leaving *l)
{
	char name[] = "fusermount3", flag[] = "-u", dashes[] = "--", path[PATH_MAX];
	char *argv[] = { name, flag, dashes, path, NULL };
	posix_spawn_file_actions_t quiet;
	pid_t child;
	int state = 0, failed;

	memcpy(path, l->path, sizeof path);
	if (posix_spawn_file_actions_init(&quiet) != 0)
		return say_status(WK_NOMEM, "run fusermount3");
	(void)posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	failed = posix_spawnp(&child, name, &quiet, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&quiet);
	if (failed) {
		say_error("fusermount3 is not installed, or cannot be run.  Install the package "
			  "fuse3.");
		return SAY_FAILED;
	}
	while (waitpid(child, &state, 0) < 0 && errno == EINTR)
		;
	if (mounts_is_mounted(l->path))
		return say_busy(l);
	(void)printf("Left %s.\n", l->shown);
	return SAY_DONE;
}

static void leaving_fini(struct leaving *l)
{
	buf_fini(&l->holders);
}

int umount_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(control_client_fini) struct control_client c = CONTROL_CLIENT_INIT;
	SCOPED(leaving_fini) struct leaving l = { .holders = BUF_INIT(4096) };
	char dir[PATH_MAX];
	const char *inside = "";
	struct operands operands;
	enum wk_status st;
	int code = options_read(verb, NULL, 0, argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	st = paths_absolute(operands.items[0], l.path);
	if (st != WK_OK)
		return say_status(st, "find %s", text_path(operands.items[0], l.shown));
	(void)text_path(l.path, l.shown);
	st = mounts_holders(l.path, &l.holders);
	if (st == WK_OK)
		st = mounts_find(l.path, dir, &inside);
	if (st == WK_OK && inside[0] == '\0' && control_client_open(dir, &c) == WK_OK)
		return ask_process(&l, &c);
	if (mounts_is_mounted(l.path))
		return detach(&l);
	say_error("nothing of wakefs is mounted at %s.", l.shown);
	return SAY_FAILED;
}
