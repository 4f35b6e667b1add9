/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trim, lower case and NFKD.  utf8proc maps one code point to one; the full
 * mapping differs for U+0130 and for capital sigma (Unicode, SpecialCasing.txt).
 */
#include "crypto/fold.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/scoped.h"
#include "base/utf8.h"

#define REPLACEMENT 0xfffd

static bool is_space(int32_t cp)
{
	return (cp >= 0x09 && cp <= 0x0d) || cp == 0x20 || cp == 0xa0 || cp == 0x1680 ||
	       (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f ||
	       cp == 0x205f || cp == 0x3000 || cp == 0xfeff;
}

static size_t start_before(struct bytes text, size_t at)
{
	do
		at--;
	while (at > 0 && (text.p[at] & 0xc0) == 0x80);
	return at;
}

struct bytes fold_trim(struct bytes text)
{
	size_t from = 0, to = text.n, at;

	for (at = 0; at < to && is_space(utf8_next(text, &at));)
		from = at;
	while (to > from) {
		size_t last = start_before(text, to);

		at = last;
		if (!is_space(utf8_next(text, &at)))
			break;
		to = last;
	}
	return bytes_of(text.p + from, to - from);
}

/* Case_Ignorable: categories, and Word_Break MidLetter, MidNumLet and Single_Quote. */
static bool is_ignorable(int32_t cp)
{
	static const int32_t points[] = { 0x27,	  0x2e,	  0x3a,	  0xb7,	  0x387,  0x55f,
					  0x5f4,  0x2018, 0x2019, 0x2024, 0x2027, 0xfe13,
					  0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a };

	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_SK:
		return true;
	default:
		for (size_t i = 0; i < ARRAY_LEN(points); i++)
			if (points[i] == cp)
				return true;
		return false;
	}
}

/* Cased, of those that are not Case_Ignorable: Lu, Ll, Lt, Other_Lowercase, Other_Uppercase. */
static bool is_cased(int32_t cp)
{
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
		return true;
	default:
		return cp == 0xaa || cp == 0xba || (cp >= 0x2160 && cp <= 0x217f) ||
		       (cp >= 0x24b6 && cp <= 0x24e9) || (cp >= 0x1f130 && cp <= 0x1f149) ||
		       (cp >= 0x1f150 && cp <= 0x1f169) || (cp >= 0x1f170 && cp <= 0x1f189);
	}
}

static bool is_cased_after(struct bytes text, size_t at)
{
	while (at < text.n) {
		int32_t cp = utf8_next(text, &at);

		if (!is_ignorable(cp))
			return is_cased(cp);
	}
	return false;
}

static bool is_cased_before(struct bytes text, size_t at)
{
	while (at > 0) {
		size_t start = start_before(text, at), end = start;
		int32_t cp = utf8_next(text, &end);

		if (!is_ignorable(cp))
			return is_cased(cp);
		at = start;
	}
	return false;
}

static enum wk_status append_point(struct buf *out, int32_t cp)
{
	uint8_t utf8[4];

	return buf_append(out, utf8, utf8_encode((uint32_t)cp, utf8));
}

static bool is_surrogate(int32_t cp)
{
	return cp >= 0xd800 && cp <= 0xdfff;
}

enum wk_status fold_lower(struct bytes text, struct buf *out)
{
	enum wk_status st = WK_OK;

	for (size_t at = 0; at < text.n && st == WK_OK;) {
		size_t start = at;
		int32_t cp = utf8_next(text, &at);

		if (cp == 0x130)
			st = buf_append(out, "i\xcc\x87", 3);
		else if (cp == 0x3a3)
			st = append_point(out, is_cased_before(text, start) &&
						       !is_cased_after(text, at)
						       ? 0x3c2 : 0x3c3);
		else
			st = append_point(out, is_surrogate(cp) ? REPLACEMENT :
								  utf8proc_tolower(cp));
	}
	return st;
}

static enum wk_status replace_surrogates(struct bytes text, struct buf *out)
{
	enum wk_status st = WK_OK;

	for (size_t at = 0; at < text.n && st == WK_OK;) {
		int32_t cp = utf8_next(text, &at);

		st = append_point(out, is_surrogate(cp) ? REPLACEMENT : cp);
	}
	return st;
}

/* utf8proc_map() would leave copies of the passphrase in freed memory. */
enum wk_status fold_nfkd(struct bytes text, struct buf *out)
{
	const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE;
	SCOPED(buf_fini) struct buf clean = BUF_SECRET_INIT(text.n + 1);
	SCOPED(buf_fini) struct buf points = BUF_SECRET_INIT(SIZE_MAX);
	utf8proc_ssize_t n;
	uint8_t *room;
	enum wk_status st = replace_surrogates(text, &clean);

	if (st != WK_OK)
		return st;
	n = utf8proc_decompose(clean.p, (utf8proc_ssize_t)clean.n, NULL, 0, how);
	if (n < 0)
		return WK_INVALID;
	st = buf_reserve(&points, ((size_t)n + 1) * sizeof(utf8proc_int32_t), &room);
	if (st != WK_OK)
		return st;
	n = utf8proc_decompose(clean.p, (utf8proc_ssize_t)clean.n, (void *)room, n, how);
	if (n >= 0)
		n = utf8proc_reencode((void *)room, n, how);
	return n < 0 ? WK_INVALID : buf_append(out, room, (size_t)n);
}
