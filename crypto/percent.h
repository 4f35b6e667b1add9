/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_PERCENT_H
#define CRYPTO_PERCENT_H

#include <sys/types.h>

#include "base/buf.h"

/* Percent-encoding as ECMAScript's encodeURIComponent and decodeURIComponent know it. */

/* Only '%' is escaped: what our envelopes hold.  n such bytes, written by percent_write(). */
size_t percent_size(struct bytes text);
void percent_write(struct bytes text, uint8_t *out);
/* Everything is escaped but A-Z a-z 0-9 - _ . ! ~ * ' ( ); appends. */
enum wk_status percent_append_full(struct bytes text, struct buf *out);
/* Undoes any escaping, in place; returns the new length, or -1 when an escape is malformed or
 * text before or after is not UTF-8 (as decodeURIComponent throws). */
ssize_t percent_undo(uint8_t *text, size_t n);
/* Strict UTF-8, fast for ASCII. */
bool percent_is_text(struct bytes text);

#endif
