/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_DIGITS_H
#define CRYPTO_DIGITS_H

#include "base/buf.h"

/*
 * Hex by table, for envelopes only: a pushed workspace is megabytes of digits.
 * Not for secrets (the table look-ups depend on the data).
 */

/* Writes 2*data.n lower-case digits, no NUL. */
void digits_write(struct bytes data, uint8_t *text_out);
/* text.n is even; writes text.n / 2 bytes.  False: a character that is no digit. */
bool digits_read(struct bytes text, uint8_t *data_out);

#endif
