/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_FOLD_H
#define CRYPTO_FOLD_H

#include "base/buf.h"

/*
 * ECMAScript's String operations on what a person types, on UTF-8 that is valid
 * but for lone surrogates (WTF-8); a lone surrogate comes out as U+FFFD, as it
 * does when such a string becomes UTF-8.
 */

/* trim(): a part of the text. */
struct bytes fold_trim(struct bytes text);
/* toLowerCase(): the full default mapping with Final_Sigma; appends. */
enum wk_status fold_lower(struct bytes text, struct buf *out);
/* normalize("NFKD"); appends to a secret buffer. */
enum wk_status fold_nfkd(struct bytes text, struct buf *out);

#endif
