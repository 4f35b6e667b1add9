/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a format-4 export: what exchange_docs.c did to the members `type` and `_type`,
 * backwards; everything else as it stands in the document.
 */
#include "model/exchange_parts.h"

#include <stdio.h>
#include <time.h>

#define DATE_SIZE 96
/* Years 0 to 9999: what the ISO form of the client's dates can hold. */
#define DATE_MIN_MS INT64_C(-62167219200000)
#define DATE_MAX_MS INT64_C(253402300799999)

static void format_date(int64_t date_ms, char out[DATE_SIZE])
{
	struct tm tm;
	time_t seconds;
	int ms;

	if (date_ms < DATE_MIN_MS || date_ms > DATE_MAX_MS)
		date_ms = 0;
	ms = (int)(((date_ms % 1000) + 1000) % 1000);
	seconds = (time_t)((date_ms - ms) / 1000);
	if (!gmtime_r(&seconds, &tm))
		memset(&tm, 0, sizeof tm);
	(void)snprintf(out, DATE_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
		       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
}

static enum wk_status write_type(const struct json *type, struct buf *out)
{
	SCOPED(buf_fini) struct buf name = BUF_INIT(2 * type->text.n + EXCHANGE_TYPE_MAX);
	enum wk_status st;

	if (type->type != JSON_STRING)
		return json_write(type, out);
	st = exchange_type_export(type->text, &name);
	return st == WK_OK ? json_write_string(buf_bytes(&name), out) : st;
}

static enum wk_status write_member(const struct json_member *m, struct buf *out)
{
	bool is_type = bytes_equal_str(m->key, "type");
	struct bytes key = m->key;
	enum wk_status st;

	if (is_type)
		key = bytes_str("_type");
	else if (bytes_equal_str(m->key, "_type"))
		key = bytes_str("type");
	st = json_write_string(key, out);
	if (st == WK_OK)
		st = buf_append_char(out, ':');
	if (st != WK_OK)
		return st;
	return is_type ? write_type(&m->value, out) : json_write(&m->value, out);
}

static enum wk_status write_doc(const struct json *doc, struct buf *out)
{
	enum wk_status st;

	if (doc->type != JSON_OBJECT)
		return json_write(doc, out);
	st = buf_append_char(out, '{');
	for (uint32_t i = 0; st == WK_OK && i < doc->count; i++) {
		if (i > 0)
			st = buf_append_char(out, ',');
		if (st == WK_OK)
			st = write_member(&doc->members[i], out);
	}
	return st == WK_OK ? buf_append_char(out, '}') : st;
}

static enum wk_status write_export(const struct json *const *docs, size_t count, int64_t date_ms,
				   struct buf *out)
{
	char date[DATE_SIZE];
	enum wk_status st;

	format_date(date_ms, date);
	st = buf_printf(out, "{\"_type\":\"export\",\"__export_format\":4,\"__export_date\":\"%s\","
			"\"__export_source\":\"wakefs:v%s\",\"resources\":[", date, WK_VERSION);
	for (size_t i = 0; st == WK_OK && i < count; i++) {
		if (i > 0)
			st = buf_append_char(out, ',');
		if (st == WK_OK)
			st = write_doc(docs[i], out);
	}
	return st == WK_OK ? buf_append_str(out, "]}\n") : st;
}

enum wk_status exchange_write(struct arena *arena, const struct json *const *docs, size_t count,
			      int64_t date_ms, struct buf *out)
{
	size_t before = out->n;
	enum wk_status st = write_export(docs, count, date_ms, out);

	(void)arena;
	if (st != WK_OK)
		out->n = before;
	return st;
}
