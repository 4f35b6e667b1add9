/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a '%' in a file name means.  The rule that makes names one-to-one: an
 * escape is one only where the encoder would write it.
 *
 *	basic escapes	%2F, %00-%1F, %7F anywhere; %2E first, or as the dot of a
 *			reserved last segment; %EDxxxx of a lone surrogate; "%" alone (the
 *			empty name); and "%~mark" at the end of more, which is no escape
 *			but must not appear by itself
 *	%25		only where '%' and what follows would be a basic escape, or
 *			again such a %25: so '%', any number of "25", then a basic escape
 *
 * A low surrogate right behind a high one would be one character in JSON and is
 * never escaped: there its escape is literal text.
 */
#include "model/name_escape.h"

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte of two upper-case digits at text[at], or -1. */
static int hex_byte(struct bytes text, size_t at)
{
	int high, low;

	if (text.n < 2 || at > text.n - 2)
		return -1;
	high = hex_digit(text.p[at]);
	low = hex_digit(text.p[at + 1]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool name_is_mark_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '-';
}

bool name_is_mark(struct bytes mark)
{
	if (mark.n < NAME_MARK_MIN || mark.n > DOC_ID_MAX)
		return false;
	for (size_t i = 0; i < mark.n; i++)
		if (!name_is_mark_char(mark.p[i]))
			return false;
	return true;
}

bool name_is_mark_tail(struct bytes tail)
{
	return tail.n > 0 && tail.p[0] == '~' && name_is_mark(name_from(tail, 1));
}

bool name_is_type(struct bytes type)
{
	if (type.n < 1 || type.n > NAME_TYPE_MAX || kind_of_type(type) != KIND_OTHER)
		return false;
	for (size_t i = 0; i < type.n; i++)
		if (!name_is_mark_char(type.p[i]) || type.p[i] == '-')
			return false;
	return true;
}

bool name_is_type_segment(struct bytes segment)
{
	return segment.n > 0 && segment.p[0] == '@' && name_is_type(name_from(segment, 1));
}

size_t name_last_dot(struct bytes text)
{
	for (size_t i = text.n; i > 0; i--)
		if (text.p[i - 1] == '.')
			return i - 1;
	return text.n;
}

/* Whether "." segment end is this text. */
static bool is_dotted(const char *text, struct bytes segment, const char *end)
{
	size_t n = strlen(end);

	return strlen(text) == 1 + segment.n + n && segment.n > 0 &&
	       memcmp(text + 1, segment.p, segment.n) == 0 &&
	       memcmp(text + 1 + segment.n, end, n) == 0;
}

bool name_is_reserved(struct bytes segment, enum name_place place)
{
	if (place == NAME_PLACE_FREE || memchr(segment.p, '.', segment.n))
		return false;
	if (place == NAME_PLACE_REQUEST && name_is_type_segment(segment))
		return true;
	for (int k = 0; k < KIND_OTHER; k++) {
		const struct kind_info *info = kind_info((enum kind)k);

		if (place == NAME_PLACE_REQUEST) {
			if (is_dotted(info->suffix, segment, ".json"))
				return true;
		} else if (is_dotted(info->suffix, segment, "") ||
			   (info->children_suffix && is_dotted(info->children_suffix, segment, ""))) {
			return true;
		}
	}
	return false;
}

/* A lone surrogate's three bytes behind the first '%': "EDxxxx" with two more '%'. */
static bool surrogate_at(struct bytes tail, bool after_high, struct name_escape *out)
{
	int second, third;

	if (tail.n < 8 || tail.p[2] != '%' || tail.p[5] != '%')
		return false;
	second = hex_byte(tail, 3);
	third = hex_byte(tail, 6);
	if (second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf)
		return false;
	if (after_high && second >= 0xb0)
		return false;
	*out = (struct name_escape){ 9, { 0xed, (uint8_t)second, (uint8_t)third }, 3 };
	return true;
}

/* Whether '%' and tail is a basic escape; *out is set for those that stand for something. */
static bool basic_at(struct bytes tail, bool first, bool after_high, enum name_place place,
		     struct name_escape *out)
{
	int c;

	if (first && tail.n == 0) {
		*out = (struct name_escape){ .used = 1 };
		return true;
	}
	if (!first && name_is_mark_tail(tail))
		return true;
	c = hex_byte(tail, 0);
	if (c == 0xed)
		return surrogate_at(tail, after_high, out);
	if (c < 0 || (c > 0x1f && c != 0x2f && c != 0x7f && c != '.'))
		return false;
	if (c == '.' && !first && !name_is_reserved(name_from(tail, 2), place))
		return false;
	*out = (struct name_escape){ 3, { (uint8_t)c }, 1 };
	return true;
}

bool name_escape_at(struct bytes body, size_t at, bool after_high, enum name_place place,
		    struct name_escape *out)
{
	struct name_escape found = { .used = 0 };
	size_t i = at + 1;

	while (i + 1 < body.n && body.p[i] == '2' && body.p[i + 1] == '5')
		i += 2;
	if (!basic_at(name_from(body, i), at == 0, after_high, place, &found))
		return false;
	if (i > at + 1)
		found = (struct name_escape){ 3, { '%' }, 1 };
	*out = found;
	return true;
}
