/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs signup */
#include <stdio.h>

#include "cli/enrol.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "net/api.h"

struct signup {
	struct session_options options;
	const char *first_name, *last_name, *names;
	struct session session;
	struct account_material material;
	struct account_keys keys;
};

static void signup_fini(struct signup *s)
{
	account_keys_fini(&s->keys);
	account_material_fini(&s->material);
	session_fini(&s->session);
}

static int make_keys(struct signup *s)
{
	const struct passphrase *p = &s->session.passphrase;
	struct progress bar;
	enum wk_status st;

	progress_start(&bar);
	progress_show(&bar, "Making keys...", 0, 0);
	st = account_make(bytes_str(s->session.account.email), bytes_of(p->p, p->n), &s->material,
			  &s->keys);
	progress_end(&bar);
	return st == WK_OK ? SAY_DONE : say_status(st, "make the keys");
}

static int tell_server(struct signup *s, struct api *api)
{
	const struct account_material *m = &s->material;
	const struct wire_signup message = {
		.email = bytes_str(s->session.account.email),
		.first_name = bytes_str(s->first_name),
		.last_name = bytes_str(s->last_name),
		.id = bytes_str(m->id),
		.salt_enc = bytes_str(m->salt_enc),
		.salt_auth = bytes_str(m->salt_auth),
		.salt_key = bytes_str(m->salt_key),
		.verifier = bytes_str(m->verifier),
		.public_key = buf_bytes(&m->public_jwk),
		.enc_private_key = buf_bytes(&m->enc_private),
		.enc_symmetric_key = buf_bytes(&m->enc_symmetric),
	};
	enum wk_status st = api_signup(api, &message);

	if (st == WK_OK)
		return SAY_DONE;
	if (st == WK_CONFLICT) {
		say_error("there is an account of %s at %s already.  Run: wakefs login %s",
			  s->session.account.email, s->session.account.server,
			  s->session.account.email);
		return SAY_FAILED;
	}
	return say_server(st, s->session.account.server, api_problem(api), "make the account");
}

/* A server must not tell strangers which addresses have accounts: only a login shows. */
static int prove(struct signup *s, struct api *api, char session_id[65])
{
	const struct passphrase *p = &s->session.passphrase;
	enum wk_status st = api_login(api, bytes_str(s->session.account.email),
				      bytes_of(p->p, p->n), session_id);

	if (st == WK_DENIED) {
		say_error("the new account does not open: the address %s may be taken already.  "
			  "Run: wakefs login %s", s->session.account.email,
			  s->session.account.email);
		return SAY_FAILED;
	}
	if (st != WK_OK)
		return say_server(st, s->session.account.server, api_problem(api), "log in");
	return SAY_DONE;
}

static int run(struct signup *s)
{
	SCOPED(api_free_scoped) struct api *api = NULL;
	char session_id[65] = "";
	struct enrol e = {
		.first_name = bytes_str(s->first_name),
		.last_name = bytes_str(s->last_name),
		.keys = &s->keys,
		.session_id = session_id,
		.names = s->names,
	};
	enum wk_status st = api_new(s->session.account.server, &api);
	int code;

	if (st != WK_OK)
		return say_status(st, "prepare the connection");
	code = make_keys(s);
	if (code == SAY_DONE)
		code = tell_server(s, api);
	if (code == SAY_DONE)
		code = prove(s, api, session_id);
	if (code != SAY_DONE)
		return code;
	e.account_id = bytes_str(s->material.id);
	return enrol_store(&s->session, &e);
}

int signup_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(signup_fini) struct signup s = {
		.options = SESSION_OPTIONS_INIT, .first_name = "", .last_name = "",
	};
	const struct option_entry entries[] = {
		SESSION_ENTRY_SERVER(&s.options),
		{ 0, "first-name", "NAME", "shown to people you share with", NULL, &s.first_name,
		  NULL },
		{ 0, "last-name", "NAME", "shown to people you share with", NULL, &s.last_name,
		  NULL },
		ENROL_ENTRY_NAMES(&s.names),
		SESSION_ENTRIES_PASSPHRASE(&s.options),
	};
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	code = enrol_check_names(s.names);
	if (code == SAY_DONE)
		code = session_name(&s.options, operands.items[0], &s.session);
	if (code != SAY_DONE)
		return code;
	if (store_exists(s.session.dir)) {
		say_error("%s is used on this device already.  Run: wakefs login %s",
			  s.session.account.email, s.session.account.email);
		return SAY_FAILED;
	}
	code = passphrase_get(&s.options.source, "Passphrase (it cannot be reset, keep it safe)",
			      true, &s.session.passphrase);
	if (code == SAY_DONE)
		code = run(&s);
	if (code == SAY_DONE)
		(void)printf("Made the keys of %s.  The passphrase cannot be reset: without it "
			     "nobody can read what you keep.\nNext: wakefs import FILE, or "
			     "wakefs mount DIR.\n", s.session.account.email);
	return code;
}
