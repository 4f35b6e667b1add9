/* SPDX-License-Identifier: Apache-2.0 */
/* Resource groups, where their feeds stand, polls, and errors of /v1. */
#include "wire/head.h"

#include "base/scoped.h"

#define GROUP_KEY_MAX 1024
#define ERROR_WORD_MAX 64
#define ERROR_MESSAGE_MAX 1024

static const struct field group_fields[] = {
	{ "id", offsetof(struct wire_group, id), WIRE_ID_MAX, FIELD_TEXT },
	{ "name", offsetof(struct wire_group, name), WIRE_NAME_MAX, FIELD_TEXT },
	{ "parentResourceId", offsetof(struct wire_group, parent_resource_id), WIRE_ID_MAX,
	  FIELD_NULLABLE },
	{ "encSymmetricKey", offsetof(struct wire_group, enc_symmetric_key), GROUP_KEY_MAX,
	  FIELD_TEXT },
	{ "teamId", offsetof(struct wire_group, team_id), WIRE_ID_MAX, FIELD_NULLABLE },
	{ "teamName", offsetof(struct wire_group, team_name), WIRE_NAME_MAX, FIELD_NULLABLE },
};

static const struct field error_fields[] = {
	{ "error", offsetof(struct wire_error, error), ERROR_WORD_MAX, FIELD_TEXT },
	{ "message", offsetof(struct wire_error, message), ERROR_MESSAGE_MAX, FIELD_TEXT },
};

enum wk_status wire_group_read(const struct json *v, struct wire_group *out)
{
	struct wire_group m = { 0 };
	const struct json *head = json_get(v, "head");
	enum wk_status st = field_read(v, group_fields, ARRAY_LEN(group_fields), &m);

	if (st != WK_OK)
		return st;
	if (json_get(v, "isDisabled") && !json_get_bool(v, "isDisabled", &m.is_disabled))
		return WK_CORRUPT;
	m.head.mark = bytes_of("", 0);
	if (head) {
		st = head_read(head, &m.head);
		if (st != WK_OK)
			return st;
	}
	*out = m;
	return WK_OK;
}

enum wk_status wire_group_write(const struct wire_group *m, bool v1, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	writer_fields(&w, group_fields, ARRAY_LEN(group_fields), m);
	writer_bool(&w, "isDisabled", m->is_disabled);
	if (v1)
		head_write(&w, "head", &m->head);
	writer_close(&w, '}');
	return writer_end(&w);
}

enum wk_status wire_poll_read(struct arena *arena, const struct json *v, struct wire_poll *out)
{
	struct wire_poll m = { 0 };
	const struct json *heads;
	enum wk_status st = field_read_array(v, "heads", WIRE_GROUPS_MAX, &heads);

	if (st != WK_OK)
		return st;
	st = field_alloc(arena, heads->count, sizeof *m.heads, &m.heads);
	if (st != WK_OK)
		return st;
	for (; m.count < heads->count; m.count++) {
		const struct json *item = &heads->items[m.count];

		st = field_read_text(item, "id", FIELD_TEXT, WIRE_ID_MAX,
				     &m.heads[m.count].group_id);
		if (st == WK_OK)
			st = head_read(item, &m.heads[m.count].head);
		if (st != WK_OK)
			return st;
	}
	if (json_get(v, "timeoutMs")) {
		st = field_read_int(v, "timeoutMs", &m.timeout_ms);
		if (st != WK_OK)
			return st;
		if (m.timeout_ms < 0)
			return WK_CORRUPT;
	}
	*out = m;
	return WK_OK;
}

enum wk_status wire_poll_write(const struct wire_poll *m, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	writer_open(&w, "heads", '[');
	for (size_t i = 0; i < m->count; i++) {
		writer_open(&w, NULL, '{');
		writer_text(&w, "id", m->heads[i].group_id);
		head_members(&w, &m->heads[i].head);
		writer_close(&w, '}');
	}
	writer_close(&w, ']');
	if (m->timeout_ms > 0)
		writer_int(&w, "timeoutMs", m->timeout_ms);
	writer_close(&w, '}');
	return writer_end(&w);
}

enum wk_status wire_error_read(const struct json *v, struct wire_error *out)
{
	struct wire_error m = { 0 };
	enum wk_status st = field_read(v, error_fields, ARRAY_LEN(error_fields), &m);

	if (st == WK_OK)
		*out = m;
	return st;
}

enum wk_status wire_error_write(const char *error, const char *message, struct buf *out)
{
	struct writer w;

	writer_begin(&w, out);
	writer_open(&w, NULL, '{');
	writer_str(&w, "error", error);
	writer_str(&w, "message", message);
	writer_close(&w, '}');
	return writer_end(&w);
}
