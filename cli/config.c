/* SPDX-License-Identifier: Apache-2.0 */
/* The remembered accounts. */
#include "cli/config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/files.h"
#include "base/json.h"
#include "cli/paths.h"

#define FILE_LIMIT 65536
#define TREE_LIMIT (1u << 20)
#define FNV_OFFSET 0xcbf29ce484222325u	/* FNV-1a, 64 bits */
#define FNV_PRIME 0x100000001b3u

static enum wk_status copy_text(struct bytes text, char *out, size_t size)
{
	if (!text.p || text.n == 0 || text.n >= size || memchr(text.p, 0, text.n))
		return WK_CORRUPT;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return WK_OK;
}

static enum wk_status read_list(const struct json *list, struct config *out)
{
	struct config c = { .count = 0 };

	if (!list || list->type != JSON_ARRAY || list->count > CONFIG_ACCOUNTS_MAX)
		return WK_CORRUPT;
	for (uint32_t i = 0; i < list->count; i++) {
		struct config_account *a = &c.items[c.count];
		enum wk_status st = copy_text(json_get_str(&list->items[i], "email"), a->email,
					      sizeof a->email);

		if (st == WK_OK)
			st = copy_text(json_get_str(&list->items[i], "server"), a->server,
				       sizeof a->server);
		if (st != WK_OK)
			return st;
		c.count++;
	}
	*out = c;
	return WK_OK;
}

static enum wk_status config_path(char out[PATH_MAX])
{
	char dir[PATH_MAX];
	enum wk_status st = paths_config(dir);

	return st == WK_OK ? paths_join(dir, "config", out) : st;
}

enum wk_status config_load(struct config *out)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(FILE_LIMIT);
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(TREE_LIMIT);
	struct json *root = NULL;
	char path[PATH_MAX];
	enum wk_status st = config_path(path);

	if (!arena)
		return WK_NOMEM;
	if (st == WK_OK)
		st = files_read(path, &text);
	if (st == WK_NOT_FOUND) {
		out->count = 0;
		return WK_OK;
	}
	if (st == WK_OK)
		st = json_parse(arena, buf_bytes(&text), &root, NULL);
	if (st == WK_INVALID)
		return WK_CORRUPT;
	return st == WK_OK ? read_list(json_get(root, "accounts"), out) : st;
}

static enum wk_status save(const struct config *c)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(FILE_LIMIT);
	char dir[PATH_MAX], path[PATH_MAX];
	enum wk_status st = paths_config(dir);

	if (st == WK_OK)
		st = config_path(path);
	if (st == WK_OK)
		st = files_mkdirs(dir);
	if (st == WK_OK)
		st = buf_append_str(&text, "{\"accounts\":[");
	for (size_t i = 0; i < c->count && st == WK_OK; i++) {
		st = buf_append_str(&text, i ? ",\n{\"email\":" : "\n{\"email\":");
		if (st == WK_OK)
			st = json_write_string(bytes_str(c->items[i].email), &text);
		if (st == WK_OK)
			st = buf_append_str(&text, ",\"server\":");
		if (st == WK_OK)
			st = json_write_string(bytes_str(c->items[i].server), &text);
		if (st == WK_OK)
			st = buf_append_str(&text, "}");
	}
	if (st == WK_OK)
		st = buf_append_str(&text, "\n]}\n");
	return st == WK_OK ? files_write(path, buf_bytes(&text), 0600) : st;
}

static bool is_same(const struct config_account *a, const struct config_account *b)
{
	return strcmp(a->email, b->email) == 0 && strcmp(a->server, b->server) == 0;
}

static void take_out(struct config *c, const struct config_account *account)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->count; i++)
		if (!is_same(&c->items[i], account))
			c->items[kept++] = c->items[i];
	c->count = kept;
}

enum wk_status config_remember(const struct config_account *account)
{
	struct config c;
	enum wk_status st = config_load(&c);

	if (st != WK_OK)
		return st;
	take_out(&c, account);
	if (c.count == CONFIG_ACCOUNTS_MAX)
		c.count--;
	memmove(&c.items[1], &c.items[0], c.count * sizeof c.items[0]);
	c.items[0] = *account;
	c.count++;
	return save(&c);
}

enum wk_status config_forget(const struct config_account *account)
{
	struct config c;
	enum wk_status st = config_load(&c);

	if (st != WK_OK)
		return st;
	take_out(&c, account);
	return save(&c);
}

const struct config_account *config_find(const struct config *c, const char *email,
					 const char *server)
{
	for (size_t i = 0; i < c->count; i++) {
		if (email && strcmp(c->items[i].email, email) != 0)
			continue;
		if (server && strcmp(c->items[i].server, server) != 0)
			continue;
		return &c->items[i];
	}
	return NULL;
}

enum wk_status config_account_init(struct config_account *out, const char *email,
				   const char *server)
{
	SCOPED(buf_fini) struct buf clean = BUF_INIT(EMAIL_MAX);
	struct config_account a;
	size_t n = strlen(server);
	enum wk_status st = kdf_email(bytes_str(email), &clean);

	if (st == WK_OK)
		st = copy_text(buf_bytes(&clean), a.email, sizeof a.email);
	if (st == WK_OK && !strchr(a.email, '@'))
		st = WK_INVALID;
	if (st == WK_CORRUPT)
		st = WK_INVALID;
	while (n > 0 && server[n - 1] == '/')
		n--;
	if (st == WK_OK && n > CONFIG_URL_MAX)
		st = WK_LIMIT;
	if (st != WK_OK)
		return st;
	memcpy(a.server, server, n);
	a.server[n] = '\0';
	*out = a;
	return WK_OK;
}

/* A name for a directory, no secret and no seal: hence no cryptographic hash, which would have to be
 * started before a mount's process is forked. */
static uint64_t hash_name(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
	return hash;
}

enum wk_status config_store_dir(const struct config_account *account, char out[PATH_MAX])
{
	uint64_t forth = hash_name(hash_name(FNV_OFFSET, account->server), account->email);
	uint64_t back = hash_name(hash_name(~FNV_OFFSET, account->email), account->server);
	char name[33], state[PATH_MAX];
	enum wk_status st = paths_state(state);

	if (st != WK_OK)
		return st;
	(void)snprintf(name, sizeof name, "%016" PRIx64 "%016" PRIx64, forth, back);
	return paths_join(state, name, out);
}
