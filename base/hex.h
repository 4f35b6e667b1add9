/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/buf.h"

/*
 * Hex (written in lower case, read in either) and base64url without padding
 * (RFC 4648 section 5), as the wire formats use them.
 */

/* Writes 2*n digits and a NUL: text_out has room for 2*n + 1. */
void hex_encode(const uint8_t *data, size_t n, char *text_out);
enum wk_status hex_append(struct buf *b, const uint8_t *data, size_t n);
/* Reads exactly 2*n digits; WK_CORRUPT for any other length or character. */
enum wk_status hex_decode(struct bytes text, uint8_t *data_out, size_t n);
/* Reads any even number of digits, appending; WK_CORRUPT, WK_LIMIT, WK_NOMEM. */
enum wk_status hex_decode_append(struct bytes text, struct buf *out);

enum wk_status base64url_append(struct buf *b, const uint8_t *data, size_t n);
/* Reads canonical unpadded base64url, appending; WK_CORRUPT for anything else. */
enum wk_status base64url_decode_append(struct bytes text, struct buf *out);

#endif
