/* SPDX-License-Identifier: Apache-2.0 */
/* wakefs login */
#include <stdio.h>

#include "base/json.h"
#include "cli/control_client.h"
#include "cli/enrol.h"
#include "cli/say.h"
#include "net/api.h"

#define ANSWER_ARENA (4u * 1024 * 1024)

struct login {
	struct session_options options;
	struct session session;
	struct arena *arena;
	struct wire_whoami who;
	struct account_keys keys;
	char session_id[65];
	const char *names;
};

static void login_fini(struct login *l)
{
	account_keys_fini(&l->keys);
	session_fini(&l->session);
	arena_free(l->arena);
	explicit_bzero(l->session_id, sizeof l->session_id);
}

static struct bytes passphrase_of(const struct login *l)
{
	return bytes_of(l->session.passphrase.p, l->session.passphrase.n);
}

/* The server's part: a session, and the account as the server tells it. */
static int log_in(struct login *l, struct api *api)
{
	const char *server = l->session.account.server;
	enum wk_status st = api_login(api, bytes_str(l->session.account.email), passphrase_of(l),
				      l->session_id);

	if (st == WK_DENIED) {
		say_error("the address or the passphrase is wrong.  New here?  Run: wakefs signup "
			  "%s", l->session.account.email);
		return SAY_LOCKED;
	}
	if (st == WK_TAMPERED) {
		say_error("%s could not prove that it knows this account: it may not be your "
			  "server.  Nothing was sent but the address.", server);
		return SAY_FAILED;
	}
	if (st == WK_OK)
		st = api_whoami(api, l->arena, &l->who);
	if (st != WK_OK)
		return say_server(st, server, api_problem(api), "log in");
	return SAY_DONE;
}

static int open_keys(struct login *l)
{
	SCOPED(enc_key_free_scoped) struct enc_key *key = NULL;
	enum wk_status st = kdf_enc_key(passphrase_of(l), bytes_str(l->session.account.email),
					l->who.salt_enc, &key);

	if (st == WK_OK)
		st = account_open(key, l->who.account_id, l->who.enc_symmetric_key,
				  l->who.enc_private_key, l->who.public_key, &l->keys);
	if (st == WK_TAMPERED || st == WK_CORRUPT) {
		say_error("the keys that the server keeps for this account do not open with its "
			  "passphrase: they were damaged or exchanged.  Nothing of them was used.");
		return SAY_FAILED;
	}
	return st == WK_OK ? SAY_DONE : say_status(st, "open the account's keys");
}

/* The passphrase was changed elsewhere: the account's key opens the store, and the slot is renewed. */
static int open_by_account(struct login *l, const struct store_params *params)
{
	struct store_params p = *params;
	char owner[256] = "";
	enum wk_status st;

	p.account = l->keys.symmetric;
	st = store_open(&p, owner, sizeof owner, &l->session.store);
	if (st == WK_OK)
		st = store_set_passphrase(l->session.store, passphrase_of(l), 0);
	if (st == WK_DENIED) {
		say_error("the store on this device opens with neither this passphrase nor this "
			  "account's keys.  To give up what is in it, run: wakefs logout --forget");
		return SAY_LOCKED;
	}
	if (st != WK_OK)
		return say_status(st, "open the local store");
	say_note("The passphrase was changed elsewhere; it opens the store on this device now.");
	return SAY_DONE;
}

static int open_store(struct login *l)
{
	char line[256], owner[256] = "";
	struct store_params p = {
		.dir = l->session.dir, .passphrase = passphrase_of(l), .owner_line = line,
	};
	enum wk_status st;

	if (!store_exists(l->session.dir))
		return SAY_DONE;
	session_owner_line("login", line);
	st = loop_new(&l->session.loop);
	p.loop = l->session.loop;
	if (st == WK_OK)
		st = store_open(&p, owner, sizeof owner, &l->session.store);
	if (st == WK_DENIED)
		return open_by_account(l, &p);
	if (st == WK_BUSY)
		return session_say_busy(&l->session, owner);
	return st == WK_OK ? SAY_DONE : say_status(st, "open the local store");
}

/* A store made for an account that the server now says is another one stays as it is. */
static int check_same_account(struct login *l)
{
	SCOPED(buf_fini) struct buf id = BUF_INIT(CONTEXT_ID_MAX);

	if (!l->session.store ||
	    store_setting_get(l->session.store, SETTING_ACCOUNT_ID, &id) != WK_OK ||
	    bytes_equal(buf_bytes(&id), l->who.account_id))
		return SAY_DONE;
	say_error("%s is another account at the server now than the one kept here.  To give up "
		  "what is here, run: wakefs logout --forget", l->session.account.email);
	return SAY_DECIDE;
}

/* Gives a running mount the new session; *taken_out: there is one. */
static int hand_to_mount(struct login *l, bool *taken_out)
{
	SCOPED(control_client_fini) struct control_client c = CONTROL_CLIENT_INIT;
	SCOPED(buf_fini) struct buf request = BUF_SECRET_INIT(4096);
	enum wk_status st = control_client_open(l->session.dir, &c);

	*taken_out = st == WK_OK;
	if (st == WK_NOT_FOUND)
		return SAY_DONE;
	if (st != WK_OK)
		return say_status(st, "reach the mount of this account");
	st = buf_printf(&request, "{\"op\":\"session\",\"session\":\"%s\",\"account_id\":",
			l->session_id);
	if (st == WK_OK)
		st = json_write_string(l->who.account_id, &request);
	if (st == WK_OK)
		st = buf_append_str(&request, "}");
	if (st == WK_OK)
		st = control_client_ask(&c, buf_bytes(&request), NULL);
	return st == WK_OK ? SAY_DONE : control_client_say(&c, st, "renew the session");
}

static int run(struct login *l)
{
	SCOPED(api_free_scoped) struct api *api = NULL;
	struct enrol e = { .keys = &l->keys, .session_id = l->session_id, .names = l->names };
	bool mounted = false;
	enum wk_status st = api_new(l->session.account.server, &api);
	int code;

	l->arena = arena_new(ANSWER_ARENA);
	if (st != WK_OK || !l->arena)
		return say_status(st == WK_OK ? WK_NOMEM : st, "prepare the connection");
	code = log_in(l, api);
	if (code == SAY_DONE)
		code = open_keys(l);
	if (code == SAY_DONE)
		code = hand_to_mount(l, &mounted);
	if (code == SAY_DONE && mounted && l->names) {
		say_error("a mount uses this account now.  Leave it first, then run: wakefs login "
			  "--names %s", l->names);
		return SAY_FAILED;
	}
	if (code != SAY_DONE || mounted)
		return code;
	code = open_store(l);
	if (code == SAY_DONE)
		code = check_same_account(l);
	if (code != SAY_DONE)
		return code;
	e.account_id = l->who.account_id;
	e.first_name = l->who.first_name;
	e.last_name = l->who.last_name;
	return enrol_store(&l->session, &e);
}

static int print_json(const struct login *l)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(65536);
	enum wk_status st = buf_append_str(&out, "{\"account\":");

	if (st == WK_OK)
		st = json_write_string(bytes_str(l->session.account.email), &out);
	if (st == WK_OK)
		st = buf_append_str(&out, ",\"id\":");
	if (st == WK_OK)
		st = json_write_string(l->who.account_id, &out);
	if (st == WK_OK)
		st = buf_append_str(&out, ",\"server\":");
	if (st == WK_OK)
		st = json_write_string(bytes_str(l->session.account.server), &out);
	if (st != WK_OK)
		return say_status(st, "write the output");
	(void)printf("%.*s}\n", (int)out.n, (const char *)out.p);
	return SAY_DONE;
}

int login_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(login_fini) struct login l = { .options = SESSION_OPTIONS_INIT };
	const struct option_entry entries[] = {
		SESSION_ENTRY_SERVER(&l.options),
		ENROL_ENTRY_NAMES(&l.names),
		SESSION_ENTRIES_PASSPHRASE(&l.options),
		SESSION_ENTRY_JSON(&l.options),
	};
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	code = enrol_check_names(l.names);
	if (code != SAY_DONE)
		return code;
	if (operands.count)
		code = session_name(&l.options, operands.items[0], &l.session);
	else
		code = session_choose(&l.options, &l.session);
	if (code == SAY_DONE)
		code = session_ask(&l.options, &l.session);
	if (code == SAY_DONE)
		code = run(&l);
	if (code != SAY_DONE)
		return code;
	if (l.options.json)
		return print_json(&l);
	(void)printf("Logged in as %s at %s.  See your workspaces: wakefs mount ~/Workspaces\n",
		     l.session.account.email, l.session.account.server);
	return SAY_DONE;
}
