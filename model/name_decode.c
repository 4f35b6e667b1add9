/* SPDX-License-Identifier: Apache-2.0 */
/* File names to kinds and document names: the way back of name.c. */
#include "model/name.h"

#include "base/scoped.h"
#include "base/utf8.h"
#include "model/name_escape.h"

static const char *const extensions[] = { ".json", ".yaml", ".proto" };

void name_parts_fini(struct name_parts *p)
{
	buf_fini(&p->name);
}

static bool ends_in(struct bytes text, const char *end)
{
	size_t n = strlen(end);

	return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

/* The kind whose document this file is in its directory, or KIND_COUNT. */
static enum kind kind_of_dir_file(struct bytes file_name)
{
	for (int k = 0; k < KIND_OTHER; k++) {
		const char *dir_file = kind_info((enum kind)k)->dir_file;

		if (dir_file && bytes_equal_str(file_name, dir_file))
			return (enum kind)k;
	}
	return KIND_COUNT;
}

bool name_is_document_like(struct bytes file_name)
{
	if (file_name.n == 0)
		return false;
	if (file_name.p[0] == '.')
		return kind_of_dir_file(file_name) != KIND_COUNT;
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
		if (ends_in(file_name, extensions[i]))
			return true;
	return false;
}

/* Only what an encoder could have written: strict UTF-8 without what it escapes. */
static enum wk_status check_text(struct bytes file_name)
{
	if (!utf8_is_valid(file_name))
		return WK_INVALID;
	for (size_t i = 0; i < file_name.n; i++)
		if (file_name.p[i] < 0x20 || file_name.p[i] == '/' || file_name.p[i] == 0x7f)
			return WK_INVALID;
	return file_name.n > NAME_FILE_MAX ? WK_LIMIT : WK_OK;
}

/* Finds the kind and leaves body and mark in *stem. */
static enum kind strip_suffix(struct bytes *stem, struct bytes *type)
{
	struct bytes segment;
	size_t dot;

	for (int k = 0; k < KIND_OTHER; k++) {
		const struct kind_info *info = kind_info((enum kind)k);

		if (k != KIND_REQUEST && info->suffix[0] && ends_in(*stem, info->suffix)) {
			stem->n -= strlen(info->suffix);
			return (enum kind)k;
		}
	}
	stem->n -= strlen(kind_info(KIND_REQUEST)->suffix);
	dot = name_last_dot(*stem);
	if (dot == stem->n)
		return KIND_REQUEST;
	segment = name_from(*stem, dot + 1);
	if (!name_is_type_segment(segment))
		return KIND_REQUEST;
	*type = name_from(segment, 1);
	stem->n = dot;
	return KIND_OTHER;
}

/* Takes "%~mark" off the end of *stem. */
static struct bytes strip_mark(struct bytes *stem)
{
	for (size_t i = stem->n; i > 1; i--) {
		if (stem->p[i - 1] != '~' || stem->p[i - 2] != '%')
			continue;
		if (i < 3 || !name_is_mark_tail(name_from(*stem, i - 1)))
			break;
		struct bytes mark = name_from(*stem, i);

		stem->n = i - 2;
		return mark;
	}
	return bytes_str("");
}

static enum wk_status decode_body(struct bytes body, enum name_place place, struct buf *name)
{
	bool after_high = false;
	enum wk_status st;

	for (size_t i = 0; i < body.n;) {
		struct name_escape e = { 1, { body.p[i] }, 1 };

		if (body.p[i] == '%') {
			struct name_escape seen;

			if (name_escape_at(body, i, after_high, place, &seen) && seen.used > 0)
				e = seen;
		}
		st = buf_append(name, e.bytes, e.n);
		if (st != WK_OK)
			return st;
		after_high = e.n == 3 && e.bytes[1] < 0xb0;
		i += e.used;
	}
	return WK_OK;
}

static enum wk_status decode_stem(struct bytes stem, enum kind k, struct bytes type,
				  enum name_place place, struct name_parts *out)
{
	SCOPED(buf_fini) struct buf name = BUF_INIT(3 * NAME_FILE_MAX);
	struct bytes mark = strip_mark(&stem);
	enum wk_status st;

	if (stem.n > NAME_BYTES_MAX)
		return WK_LIMIT;
	st = decode_body(stem, place, &name);
	if (st != WK_OK)
		return st;
	if (k != KIND_OTHER)
		type = bytes_str(kind_info(k)->type);
	out->kind = k;
	memcpy(out->type, type.p, type.n);
	out->type[type.n] = '\0';
	memcpy(out->mark, mark.p, mark.n);
	out->mark[mark.n] = '\0';
	buf_move(&out->name, &name);
	return WK_OK;
}

enum wk_status name_decode_file(struct bytes file_name, struct name_parts *out)
{
	struct bytes stem = file_name, type = bytes_str("");
	enum kind k;
	enum wk_status st;

	if (!name_is_document_like(file_name))
		return WK_NOT_FOUND;
	k = kind_of_dir_file(file_name);
	if (k != KIND_COUNT)
		return decode_stem(bytes_str(""), k, type, NAME_PLACE_FREE, out);
	st = check_text(file_name);
	if (st != WK_OK)
		return st;
	k = strip_suffix(&stem, &type);
	return decode_stem(stem, k, type,
			   k == KIND_REQUEST ? NAME_PLACE_REQUEST : NAME_PLACE_FREE, out);
}

enum wk_status name_decode_dir(struct bytes dir_name, struct name_parts *out, bool *children_out)
{
	struct bytes stem = dir_name, none = bytes_str("");
	enum wk_status st;

	if (dir_name.n == 0 || dir_name.p[0] == '.' || name_is_document_like(dir_name))
		return WK_NOT_FOUND;
	st = check_text(dir_name);
	if (st != WK_OK)
		return st;
	for (int k = 0; k < KIND_OTHER; k++) {
		const char *suffix = kind_info((enum kind)k)->children_suffix;

		if (!suffix || !ends_in(dir_name, suffix))
			continue;
		stem.n -= strlen(suffix);
		st = decode_stem(stem, (enum kind)k, none, NAME_PLACE_FREE, out);
		if (st == WK_OK)
			*children_out = true;
		return st;
	}
	st = decode_stem(stem, KIND_FOLDER, none, NAME_PLACE_DIRECTORY, out);
	if (st == WK_OK)
		*children_out = false;
	return st;
}
