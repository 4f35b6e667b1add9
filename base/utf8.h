/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

/*
 * Text in memory is UTF-8 in which a lone UTF-16 surrogate, which JSON can
 * write as \ud800, stands as its three-byte form (WTF-8).  Files and file names
 * are strict UTF-8.
 */

/* Reads one code point at *at (< text.n) and moves *at behind it; -1 if malformed. */
int32_t utf8_next(struct bytes text, size_t *at);
bool utf8_is_valid(struct bytes text);		/* strict: no surrogates */
bool utf8_is_valid_wtf8(struct bytes text);	/* lone surrogates allowed */
/* Writes 1-4 bytes, returns how many.  cp <= 0x10FFFF; surrogates are written as they are. */
size_t utf8_encode(uint32_t cp, uint8_t out[4]);

#endif
