/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_PRIVATE_H
#define BASE_JSON_PRIVATE_H

#include "base/json.h"

/* What json*.c share and nobody else needs. */

/*
 * Reads the text once more, without making a tree, to find the first thing that
 * is wrong with it.  WK_INVALID and WK_LIMIT as json_parse; WK_OK when it finds
 * nothing, and `error` is then untouched.  `error` may be NULL.
 */
enum wk_status json_explain(struct bytes text, struct json_error *error);

#endif
