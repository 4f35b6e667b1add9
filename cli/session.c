/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing the account and opening its store. */
#include "cli/session.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/say.h"
#include "cli/text.h"
#include "net/http.h"

void session_fini(struct session *s)
{
	if (s->store) {
		enum wk_status st = store_close(s->store);

		if (st != WK_OK)
			(void)say_status(st, "store what was changed here");
		s->store = NULL;
	}
	loop_free(s->loop);
	s->loop = NULL;
	passphrase_fini(&s->passphrase);
}

static int check_server(const char *url)
{
	const char *why = "";

	if (http_url_is_valid(url, &why))
		return SAY_DONE;
	say_error("the server's address cannot be used: %s.", why);
	return SAY_USAGE;
}

static int finish_choice(struct session *s)
{
	enum wk_status st = config_store_dir(&s->account, s->dir);

	if (st != WK_OK)
		return say_status(st, "find the place of the local store");
	return check_server(s->account.server);
}

int session_name(const struct session_options *o, const char *email, struct session *s)
{
	struct config known = { .count = 0 };
	struct config_account typed;
	const struct config_account *found;
	enum wk_status st;

	st = config_account_init(&typed, email, o->server ? o->server : CONFIG_SERVER);
	if (st == WK_INVALID) {
		say_error("that is not an e-mail address.");
		return SAY_USAGE;
	}
	if (st == WK_OK)
		st = config_load(&known);
	if (st != WK_OK)
		return say_status(st, "read the remembered accounts");
	/* A known address goes to its own server; a new one to the one used last. */
	found = o->server ? NULL : config_find(&known, typed.email, NULL);
	if (!o->server && !found)
		found = config_find(&known, NULL, NULL);
	if (found)
		(void)snprintf(typed.server, sizeof typed.server, "%s", found->server);
	s->account = typed;
	return finish_choice(s);
}

int session_choose(const struct session_options *o, struct session *s)
{
	struct config known = { .count = 0 };
	struct config_account typed;
	const struct config_account *found;
	enum wk_status st = config_load(&known);

	if (st != WK_OK)
		return say_status(st, "read the remembered accounts");
	st = config_account_init(&typed, o->account ? o->account : "nobody@example.com",
				 o->server ? o->server : CONFIG_SERVER);
	if (st != WK_OK) {
		say_error("that is not an e-mail address, or the server's URL is too long.");
		return SAY_USAGE;
	}
	found = config_find(&known, o->account ? typed.email : NULL,
			    o->server ? typed.server : NULL);
	if (!found) {
		say_error("nobody%s is logged in here.  Run: wakefs login EMAIL  (or, for a new "
			  "account: wakefs signup EMAIL)",
			  o->account || o->server ? " like that" : "");
		return SAY_LOCKED;
	}
	s->account = *found;
	return finish_choice(s);
}

int session_require_store(const struct session *s)
{
	if (store_exists(s->dir))
		return SAY_DONE;
	say_error("%s has nothing on this device yet.  Run: wakefs login %s", s->account.email,
		  s->account.email);
	return SAY_LOCKED;
}

int session_ask(const struct session_options *o, struct session *s)
{
	char prompt[EMAIL_MAX + 32], safe[TEXT_MAX];

	if (s->passphrase.p)
		return SAY_DONE;
	(void)snprintf(prompt, sizeof prompt, "Passphrase of %s",
		       text_safe(bytes_str(s->account.email), safe));
	return passphrase_get(&o->source, prompt, false, &s->passphrase);
}

void session_owner_line(const char *what, char out[256])
{
	(void)snprintf(out, 256, "wakefs %.200s (process %ld)", what, (long)getpid());
}

int session_say_busy(const struct session *s, const char *owner)
{
	char safe[TEXT_MAX];

	say_error("the local store of %s is in use by %s.  Leave that first (for a mount: wakefs "
		  "umount DIR).", s->account.email,
		  owner[0] ? text_safe(bytes_str(owner), safe) : "another process");
	return SAY_FAILED;
}

int session_open(struct session *s, const char *verb)
{
	char line[256], owner[256] = "";
	struct store_params p = {
		.dir = s->dir,
		.passphrase = bytes_of(s->passphrase.p, s->passphrase.n),
		.owner_line = line,
	};
	enum wk_status st;

	session_owner_line(verb, line);
	st = s->loop ? WK_OK : loop_new(&s->loop);
	p.loop = s->loop;
	if (st == WK_OK)
		st = store_open(&p, owner, sizeof owner, &s->store);
	switch (st) {
	case WK_OK:
		return SAY_DONE;
	case WK_BUSY:
		return session_say_busy(s, owner);
	case WK_DENIED:
		say_error("that is not the passphrase of %s on this device.", s->account.email);
		return SAY_LOCKED;
	case WK_NOT_FOUND:
		return session_require_store(s);
	case WK_UNSUPPORTED:
		say_error("the local store was made by a newer wakefs.  Update wakefs.");
		return SAY_FAILED;
	default:
		return say_status(st, "open the local store in %s", s->dir);
	}
}

int session_start(const struct session_options *o, const char *verb, struct session *s)
{
	int code = session_choose(o, s);

	if (code == SAY_DONE)
		code = session_require_store(s);
	if (code == SAY_DONE)
		code = session_ask(o, s);
	return code == SAY_DONE ? session_open(s, verb) : code;
}
