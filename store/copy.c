/* SPDX-License-Identifier: Apache-2.0 */
/* Conflict copies. */
#include "store/copy.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/hex.h"
#include "store/docs_private.h"

#define AUTHOR_SHOWN 24	/* of an account id, which is long */

static enum wk_status copy_id(const struct doc *doc, const struct json *lost,
			      char id_out[DOC_ID_MAX + 1])
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT((size_t)DOC_MAX * 2);
	const char *prefix = kind_info(doc->kind)->id_prefix;
	uint8_t sub[HASH_SIZE], value[HASH_SIZE], mac[HASH_SIZE];
	struct bytes written;
	char hex[33];
	enum wk_status st = json_write(lost, &text);

	if (st != WK_OK)
		return st;
	hash_hmac_sha256(sub, bytes_of(doc->group->key->k, KEY_SIZE),
			 bytes_str("wakefs conflict copy"));
	written = buf_bytes(&text);
	hash_sha256(value, &written, 1);
	buf_clear(&text);
	st = buf_append_str(&text, doc->id);
	if (st == WK_OK)
		st = buf_append(&text, value, sizeof value);
	if (st == WK_OK) {
		hash_hmac_sha256(mac, bytes_of(sub, sizeof sub), buf_bytes(&text));
		hex_encode(mac, 16, hex);
		(void)snprintf(id_out, DOC_ID_MAX + 1, "%s_%s", prefix ? prefix : "doc", hex);
	}
	explicit_bzero(sub, sizeof sub);
	return st;
}

/* Oneself is known by address, others by the beginning of their account id. */
static enum wk_status append_author(struct store *s, struct bytes author, struct buf *out)
{
	SCOPED(buf_fini) struct buf own = BUF_INIT(CONTEXT_ID_MAX);
	size_t shown = author.n < AUTHOR_SHOWN ? author.n : AUTHOR_SHOWN;
	enum wk_status st = store_setting_get(s, SETTING_ACCOUNT_ID, &own);

	if (st == WK_OK && bytes_equal(buf_bytes(&own), author)) {
		st = store_setting_get(s, SETTING_EMAIL, out);
		if (st != WK_NOT_FOUND)
			return st;
	}
	return st == WK_OK || st == WK_NOT_FOUND ? buf_append(out, author.p, shown) : st;
}

static enum wk_status copy_name(struct store *s, const struct doc_head *head, struct bytes author,
				struct buf *name_out)
{
	char when[25];
	enum wk_status st;

	clock_iso8601(head->modified_ms, when);
	when[10] = '\0';	/* the day is enough in a name */
	st = buf_append(name_out, head->name.p, head->name.n);
	if (st == WK_OK)
		st = buf_append_str(name_out, " (conflict, ");
	if (st == WK_OK)
		st = append_author(s, author, name_out);
	if (st == WK_OK)
		st = buf_printf(name_out, ", %s)", when);
	return st;
}

enum wk_status copy_add(struct docs *d, struct arena *arena, const struct doc *doc,
			const struct merge_result *merged, struct bytes author)
{
	SCOPED(buf_fini) struct buf name = BUF_SECRET_INIT(65536);
	const struct json *lost = merged->lost_values ? merged->lost_values : merged->loser;
	const char *name_key = kind_info(doc->kind)->name_key;
	struct json *copy = json_copy(arena, merged->loser);
	char id[DOC_ID_MAX + 1];
	struct doc_head head;
	struct doc *made = NULL;
	enum wk_status st;

	if (!copy)
		return WK_NOMEM;
	st = doc_read_head(copy, &head);
	if (st == WK_OK)
		st = copy_id(doc, lost, id);
	if (st != WK_OK)
		return st;
	/* Never made twice, not even after it was deleted. */
	if (docs_find(d, doc->group, bytes_str(id)))
		return WK_OK;
	st = copy_name(d->store, &head, author, &name);
	if (st == WK_OK)
		st = json_set_str(arena, copy, "_id", arena_copy(arena, bytes_str(id)));
	if (st == WK_OK && name_key)
		st = json_set_str(arena, copy, name_key, arena_copy(arena, buf_bytes(&name)));
	/* The older one is the group's Workspace, or its base environment: never the copy. */
	if (st == WK_OK && head.created_ms < INT64_MAX)
		st = json_set_int(arena, copy, "created", head.created_ms + 1);
	if (st == WK_OK)
		st = docs_add(d, doc->group, copy, &made);
	if (st != WK_OK)
		return st;
	made->conflict = true;
	return docs_row_save(d, made);
}
