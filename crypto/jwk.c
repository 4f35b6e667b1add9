/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys as JWK text. */
#include "crypto/jwk.h"

#include <stddef.h>

#include "base/hex.h"

#define TEXT_MAX 16384
#define NUMBER_MAX 512

/* Chrome writes members in the order of their names. */
static const struct number {
	const char *name;
	size_t offset;
	bool is_private;
} numbers[] = {
	{ "d", offsetof(struct jwk_rsa, d), true },
	{ "dp", offsetof(struct jwk_rsa, dp), true },
	{ "dq", offsetof(struct jwk_rsa, dq), true },
	{ "e", offsetof(struct jwk_rsa, e), false },
	{ "n", offsetof(struct jwk_rsa, n), false },
	{ "p", offsetof(struct jwk_rsa, p), true },
	{ "q", offsetof(struct jwk_rsa, q), true },
	{ "qi", offsetof(struct jwk_rsa, qi), true },
};

static gcry_mpi_t *slot_of(struct jwk_rsa *k, const struct number *number)
{
	return (gcry_mpi_t *)(void *)((char *)k + number->offset);
}

void jwk_rsa_fini(struct jwk_rsa *k)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		gcry_mpi_release(*slot_of(k, &numbers[i]));
		*slot_of(k, &numbers[i]) = NULL;
	}
}

enum wk_status jwk_parse(struct arena *arena, struct bytes text, struct json **out)
{
	enum wk_status st;

	if (!arena)
		return WK_NOMEM;
	if (text.n > TEXT_MAX)
		return WK_CORRUPT;
	st = json_parse(arena, text, out, NULL);
	return st == WK_INVALID || st == WK_LIMIT ? WK_CORRUPT : st;
}

static bool has_operation(const struct json *jwk, const char *operation)
{
	const struct json *list = json_get(jwk, "key_ops");

	if (!list || list->type != JSON_ARRAY)
		return false;
	for (uint32_t i = 0; i < list->count; i++)
		if (list->items[i].type == JSON_STRING &&
		    bytes_equal_str(list->items[i].text, operation))
			return true;
	return false;
}

bool jwk_has_text(const struct json *jwk, const char *member, const char *text)
{
	struct bytes found = json_get_str(jwk, member);

	return found.p && bytes_equal_str(found, text);
}

static enum wk_status read_number(const struct json *jwk, const struct number *number,
				  gcry_mpi_t *out)
{
	SCOPED(buf_fini) struct buf raw = BUF_SECRET_INIT(NUMBER_MAX);
	struct bytes text = json_get_str(jwk, number->name);
	enum wk_status st;

	if (!text.p || text.n == 0)
		return WK_CORRUPT;
	st = base64url_decode_append(text, &raw);
	if (st != WK_OK)
		return st == WK_NOMEM ? st : WK_CORRUPT;
	*out = number->is_private ? mpi_secret(raw.p, raw.n) : mpi_public(raw.p, raw.n);
	return *out ? WK_OK : WK_NOMEM;
}

enum wk_status jwk_rsa_read(struct bytes text, bool is_private, struct jwk_rsa *out)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(JWK_TREE_MAX);
	SCOPED(jwk_rsa_fini) struct jwk_rsa k = { NULL };
	struct json *jwk;
	enum wk_status st = jwk_parse(arena, text, &jwk);

	if (st != WK_OK)
		return st;
	if (!jwk_has_text(jwk, "alg", "RSA-OAEP-256") || !jwk_has_text(jwk, "kty", "RSA") ||
	    !has_operation(jwk, is_private ? "decrypt" : "encrypt"))
		return WK_CORRUPT;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (numbers[i].is_private && !is_private)
			continue;
		st = read_number(jwk, &numbers[i], slot_of(&k, &numbers[i]));
		if (st != WK_OK)
			return st;
	}
	*out = k;
	k = (struct jwk_rsa){ NULL };
	return WK_OK;
}

static enum wk_status write_number(struct jwk_rsa *k, const struct number *number, struct buf *out)
{
	gcry_mpi_t m = *slot_of(k, number);
	size_t n = (gcry_mpi_get_nbits(m) + 7) / 8;
	SCOPED(secret_free_local) uint8_t *raw = secret_alloc(n ? n : 1);
	enum wk_status st = raw ? mpi_write(m, raw, n) : WK_NOMEM;

	if (st == WK_OK)
		st = buf_append_str(out, "\"");
	if (st == WK_OK)
		st = buf_append_str(out, number->name);
	if (st == WK_OK)
		st = buf_append_str(out, "\":\"");
	if (st == WK_OK)
		st = base64url_append(out, raw, n);
	return st == WK_OK ? buf_append_str(out, "\",") : st;
}

/* The constant members that stand between "e" and "n". */
static const char middle_public[] = "\"ext\":true,\"key_ops\":[\"encrypt\"],\"kty\":\"RSA\",";
static const char middle_private[] = "\"ext\":true,\"key_ops\":[\"decrypt\"],\"kty\":\"RSA\",";

enum wk_status jwk_rsa_write(const struct jwk_rsa *k, bool is_private, struct buf *out)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(TEXT_MAX);
	struct jwk_rsa view = *k;
	enum wk_status st = buf_append_str(&text, "{\"alg\":\"RSA-OAEP-256\",");

	for (size_t i = 0; i < ARRAY_LEN(numbers) && st == WK_OK; i++) {
		if (numbers[i].is_private && !is_private)
			continue;
		st = write_number(&view, &numbers[i], &text);
		if (st == WK_OK && strcmp(numbers[i].name, "e") == 0)
			st = buf_append_str(&text, is_private ? middle_private : middle_public);
	}
	if (st != WK_OK)
		return st;
	text.p[text.n - 1] = '}';
	return buf_append(out, text.p, text.n);
}
