/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs logout */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "cli/control_client.h"
#include "cli/say.h"
#include "cli/session.h"
#include "cli/text.h"
#include "net/api.h"
#include "store/docs.h"

struct logout {
	struct session_options options;
	struct session session;
	bool force, forget;
};

static void logout_fini(struct logout *l)
{
	session_fini(&l->session);
}

static int check_not_mounted(const struct logout *l)
{
	SCOPED(control_client_fini) struct control_client c = CONTROL_CLIENT_INIT;
	const struct json *info = NULL;
	char where[TEXT_MAX];

	if (control_client_open(l->session.dir, &c) != WK_OK ||
	    control_client_ask(&c, bytes_str("{\"op\":\"info\"}"), &info) != WK_OK)
		return SAY_DONE;
	(void)text_safe(json_get_str(info, "mountpoint"), where);
	say_error("%s is mounted at %s.  Leave that first: wakefs umount %s",
		  l->session.account.email, where, where);
	return SAY_FAILED;
}

static int check_nothing_waits(const struct logout *l)
{
	struct docs *docs = store_docs(l->session.store);
	const struct group *g;
	size_t pending = 0;
	char count[64];

	for (size_t i = 0; (g = docs_group_at(docs, i)); i++)
		pending += g->pending;
	if (pending == 0 || l->force)
		return SAY_DONE;
	say_error("not sent yet: %s.  Mount once with the server in reach, or add --force%s.",
		  text_count(pending, "change", count),
		  l->forget ? " to lose them" : "; they stay here, sealed");
	return SAY_DECIDE;
}

/* A session that the server ended already is as good as one we end. */
static int end_session(struct logout *l)
{
	SCOPED(api_free_scoped) struct api *api = NULL;
	SCOPED(buf_fini) struct buf session = BUF_SECRET_INIT(256);
	const char *text;
	enum wk_status st = store_setting_get(l->session.store, SETTING_SESSION, &session);

	if (st == WK_NOT_FOUND || (st == WK_OK && session.n == 0))
		return SAY_DONE;
	if (st == WK_OK)
		st = api_new(l->session.account.server, &api);
	if (st == WK_OK)
		st = buf_cstr(&session, &text);
	if (st == WK_OK)
		st = http_set_session(api_http(api), text);
	if (st != WK_OK)
		return say_status(st, "end the session");
	st = api_logout(api);
	if (st == WK_OK || st == WK_DENIED)
		return SAY_DONE;
	if (l->force) {
		say_note("The server was not told: the session ends there by itself in time.");
		return SAY_DONE;
	}
	(void)say_server(st, l->session.account.server, api_problem(api), "end the session");
	say_note("To log out here alone, add --force.");
	return say_exit_of(st);
}

static int clear_session(struct logout *l)
{
	enum wk_status st = store_setting_put(l->session.store, SETTING_SESSION, bytes_str(""));

	if (st == WK_OK)
		st = rows_flush_wait(store_rows(l->session.store));
	return st == WK_OK ? SAY_DONE : say_status(st, "forget the session here");
}

/* A store's directory has no subdirectories. */
static enum wk_status remove_store(const char *path)
{
	SCOPED(scoped_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	const struct dirent *e;
	DIR *dir;
	int copy;

	if (fd < 0)
		return files_errno_status(errno);
	copy = dup(fd);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return files_errno_status(errno);
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(fd, e->d_name, 0);
	(void)closedir(dir);
	return rmdir(path) == 0 ? WK_OK : files_errno_status(errno);
}

static int forget(struct logout *l)
{
	enum wk_status st;

	session_fini(&l->session);	/* gives the lock up */
	st = remove_store(l->session.dir);
	if (st == WK_OK)
		st = config_forget(&l->session.account);
	if (st != WK_OK)
		return say_status(st, "remove the local store %s", l->session.dir);
	(void)printf("Logged out; nothing of %s is left on this device.\n",
		     l->session.account.email);
	return SAY_DONE;
}

int logout_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(logout_fini) struct logout l = { .options = SESSION_OPTIONS_INIT };
	const struct option_entry entries[] = {
		{ 0, "force", NULL, "even with unsent changes, or without the server", &l.force,
		  NULL, NULL },
		{ 0, "forget", NULL, "remove the local store, scratch files included", &l.forget,
		  NULL, NULL },
		SESSION_ENTRY_ACCOUNT(&l.options),
		SESSION_ENTRY_SERVER(&l.options),
		SESSION_ENTRIES_PASSPHRASE(&l.options),
	};
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	code = session_choose(&l.options, &l.session);
	if (code == SAY_DONE)
		code = check_not_mounted(&l);
	if (code == SAY_DONE)
		code = session_start(&l.options, "logout", &l.session);
	if (code == SAY_DONE)
		code = check_nothing_waits(&l);
	if (code == SAY_DONE)
		code = end_session(&l);
	if (code == SAY_DONE)
		code = clear_session(&l);
	if (code != SAY_DONE)
		return code;
	if (l.forget)
		return forget(&l);
	(void)printf("Logged out.  What is here stays sealed; it opens again with: wakefs login\n");
	return SAY_DONE;
}
