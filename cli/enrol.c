/* SPDX-License-Identifier: Apache-2.0 */
/* An account into its store on this device. */
#include "cli/enrol.h"

#include "base/files.h"
#include "cli/paths.h"
#include "cli/say.h"

#define JWK_LIMIT 16384

static enum wk_status create(struct session *s, char *owner, size_t owner_size)
{
	char line[256], state[PATH_MAX];
	struct store_params p = {
		.dir = s->dir,
		.passphrase = bytes_of(s->passphrase.p, s->passphrase.n),
		.owner_line = line,
	};
	enum wk_status st = paths_state(state);

	session_owner_line("login", line);
	if (st == WK_OK)
		st = files_mkdirs(state);
	if (st == WK_OK && !s->loop)
		st = loop_new(&s->loop);
	p.loop = s->loop;
	return st == WK_OK ? store_create(&p, owner, owner_size, &s->store) : st;
}

static enum wk_status put(struct store *store, enum store_setting key, const char *text)
{
	return store_setting_put(store, key, bytes_str(text));
}

static enum wk_status put_keys(struct store *store, const struct account_keys *keys)
{
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(JWK_LIMIT);
	enum wk_status st = rsa_private_write(keys->private_key, &jwk);

	if (st == WK_OK)
		st = store_setting_put(store, SETTING_PRIVATE_KEY, buf_bytes(&jwk));
	if (st == WK_OK)
		st = store_setting_put(store, SETTING_ACCOUNT_KEY,
				       bytes_of(keys->symmetric->k, KEY_SIZE));
	return st;
}

static enum wk_status fill(struct session *s, const struct enrol *e, bool fresh)
{
	enum wk_status st = store_setting_put(s->store, SETTING_ACCOUNT_ID, e->account_id);

	if (st == WK_OK)
		st = put(s->store, SETTING_EMAIL, s->account.email);
	if (st == WK_OK)
		st = put(s->store, SETTING_SERVER_URL, s->account.server);
	if (st == WK_OK)
		st = put(s->store, SETTING_SESSION, e->session_id);
	if (st == WK_OK && (fresh || e->names))
		st = put(s->store, SETTING_HIDE_NAMES,
			 e->names && strcmp(e->names, "show") == 0 ? "0" : "1");
	if (st == WK_OK)
		st = store_setting_put(s->store, SETTING_FIRST_NAME, e->first_name);
	if (st == WK_OK)
		st = store_setting_put(s->store, SETTING_LAST_NAME, e->last_name);
	if (st == WK_OK)
		st = put_keys(s->store, e->keys);
	return st;
}

int enrol_check_names(const char *names)
{
	if (!names || strcmp(names, "show") == 0 || strcmp(names, "hide") == 0)
		return SAY_DONE;
	say_error("--names is show or hide.");
	return SAY_USAGE;
}

int enrol_store(struct session *s, const struct enrol *e)
{
	const bool fresh = !s->store;
	char owner[256] = "";
	enum wk_status st = WK_OK;

	if (fresh)
		st = create(s, owner, sizeof owner);
	if (st == WK_BUSY)
		return session_say_busy(s, owner);
	if (st == WK_OK) {
		rows_begin(store_rows(s->store));
		st = fill(s, e, fresh);
		rows_end(store_rows(s->store));
	}
	if (st == WK_OK)
		st = store_set_account_key(s->store, e->keys->symmetric);
	if (st == WK_OK)
		st = rows_flush_wait(store_rows(s->store));
	if (st != WK_OK)
		return say_status(st, "make the local store in %s", s->dir);
	st = config_remember(&s->account);
	if (st != WK_OK)
		return say_status(st, "remember the account");
	return SAY_DONE;
}
