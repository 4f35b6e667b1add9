/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal shows, and how wide it is. */
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "base/utf8.h"

static bool is_shown_as_it_is(int32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return false;
	if (cp == 0x061c || cp == 0x200e || cp == 0x200f || cp == 0x2028 || cp == 0x2029)
		return false;
	if ((cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069))
		return false;
	return !(cp >= 0xd800 && cp <= 0xdfff) && cp != 0xfeff;
}

const char *text_safe(struct bytes text, char out[TEXT_MAX])
{
	size_t n = 0;

	for (size_t at = 0; at < text.n;) {
		const size_t from = at;
		int32_t cp = utf8_next(text, &at);
		size_t used = at - from;

		if (n + 16 > TEXT_MAX) {
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		if (cp < 0) {
			at = from + 1;
			out[n++] = '?';
		} else if (is_shown_as_it_is(cp)) {
			memcpy(out + n, text.p + from, used);
			n += used;
		} else {
			n += (size_t)snprintf(out + n, TEXT_MAX - n, "\\u{%" PRIx32 "}",
					      (uint32_t)cp);
		}
	}
	out[n] = '\0';
	return out;
}

size_t text_width(struct bytes text)
{
	size_t columns = 0;

	for (size_t at = 0; at < text.n;) {
		const size_t from = at;
		int32_t cp = utf8_next(text, &at);
		int width = cp < 0 ? 1 : wcwidth((wchar_t)cp);

		if (cp < 0)
			at = from + 1;
		columns += width < 0 ? 1 : (size_t)width;
	}
	return columns;
}

char *text_shorten(char text[TEXT_MAX], size_t columns)
{
	const struct bytes whole = bytes_str(text);
	size_t at = 0, used = 0;

	if (text_width(whole) <= columns)
		return text;
	while (at < whole.n) {
		size_t next = at, width;

		if (utf8_next(whole, &next) < 0)
			next = at + 1;
		width = text_width(bytes_of(whole.p + at, next - at));
		if (used + width + 3 > columns)
			break;
		used += width;
		at = next;
	}
	if (at + 4 <= TEXT_MAX)
		memcpy(text + at, "...", 4);
	return text;
}

void text_put_padded(const char *safe, size_t columns)
{
	size_t width = text_width(bytes_str(safe));

	(void)fputs(safe, stdout);
	for (; width < columns; width++)
		(void)fputc(' ', stdout);
}

const char *text_path(const char *path, char out[TEXT_MAX])
{
	char whole[TEXT_MAX];
	const char *home = getenv("HOME");
	const size_t n = home ? strlen(home) : 0;

	if (n > 1 && strncmp(path, home, n) == 0 && (path[n] == '/' || path[n] == '\0'))
		(void)snprintf(whole, sizeof whole, "~%s", path + n);
	else
		(void)snprintf(whole, sizeof whole, "%s", path);
	return text_safe(bytes_str(whole), out);
}

const char *text_age(int64_t ms, char out[32])
{
	const int64_t s = ms < 0 ? 0 : ms / 1000;

	if (s < 120)
		(void)snprintf(out, 32, "%" PRId64 " s", s);
	else if (s < 120 * 60)
		(void)snprintf(out, 32, "%" PRId64 " min", s / 60);
	else if (s < 48 * 3600)
		(void)snprintf(out, 32, "%" PRId64 " h", s / 3600);
	else
		(void)snprintf(out, 32, "%" PRId64 " days", s / 86400);
	return out;
}

size_t text_columns(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

const char *text_count(uint64_t n, const char *thing, char out[64])
{
	(void)snprintf(out, 64, "%" PRIu64 " %s%s", n, thing, n == 1 ? "" : "s");
	return out;
}
