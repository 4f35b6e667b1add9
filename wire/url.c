/* SPDX-License-Identifier: Apache-2.0 */
/* Ids in paths and queries. */
#include "base/hex.h"
#include "wire/message.h"

static bool is_plain(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

bool wire_is_group_id(struct bytes id)
{
	if (id.n == 0 || id.n > WIRE_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!is_plain(id.p[i]))
			return false;
	return true;
}

enum wk_status wire_url_append(struct buf *url, struct bytes text)
{
	size_t start = url->n;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		enum wk_status st = is_plain(c) || c == '.' ? buf_append_char(url, (char)c)
							    : buf_printf(url, "%%%02X", c);

		if (st != WK_OK) {
			url->n = start;
			return st;
		}
	}
	return WK_OK;
}

enum wk_status wire_url_decode(struct bytes text, struct buf *out)
{
	size_t start = out->n;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		enum wk_status st = WK_OK;

		if (c == '%') {
			st = text.n - i < 3 ? WK_CORRUPT
					    : hex_decode(bytes_of(text.p + i + 1, 2), &c, 1);
			i += 2;
		}
		if (st == WK_OK)
			st = buf_append(out, &c, 1);
		if (st != WK_OK) {
			out->n = start;
			return st;
		}
	}
	return WK_OK;
}
