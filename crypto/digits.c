/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hex by table: one look-up a byte written, two a byte read.  Bad characters
 * read as BAD, whose high bits survive the or of all values, so that the loop
 * has no branch.
 */
#include "crypto/digits.h"

#include <pthread.h>

#define BAD 0x100

static const char digit[] = "0123456789abcdef";
static uint8_t pairs[256][2];
static uint16_t values[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void)
{
	for (unsigned i = 0; i < 256; i++) {
		pairs[i][0] = (uint8_t)digit[i >> 4];
		pairs[i][1] = (uint8_t)digit[i & 15];
		values[i] = BAD;
	}
	for (unsigned i = 0; i < 16; i++)
		values[(uint8_t)digit[i]] = (uint16_t)i;
	for (unsigned i = 0; i < 6; i++)
		values['A' + i] = (uint16_t)(10 + i);
}

void digits_write(struct bytes data, uint8_t *text_out)
{
	(void)pthread_once(&once, fill);
	for (size_t i = 0; i < data.n; i++)
		memcpy(text_out + 2 * i, pairs[data.p[i]], 2);
}

bool digits_read(struct bytes text, uint8_t *data_out)
{
	unsigned seen = 0;

	(void)pthread_once(&once, fill);
	for (size_t i = 0; i + 1 < text.n; i += 2) {
		unsigned high = values[text.p[i]], low = values[text.p[i + 1]];

		seen |= high | low;
		data_out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return (seen & BAD) == 0;
}
