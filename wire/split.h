/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SPLIT_H
#define WIRE_SPLIT_H

#include "base/json.h"
#include "base/scoped.h"

/*
 * Takes a JSON body apart while it arrives, so that a body of any length needs
 * the memory of one element.  The body is an array, whose elements are handed
 * out with key ""; or an object: of a member that is an array each element is
 * handed out, any other member as a whole, both with the member's key.
 *
 * It finds where values begin and end; whether a value is JSON is for the
 * receiver to find out, with json_parse().
 */
struct split;

/* key and text are borrowed until it returns.  Any status but WK_OK ends the splitting. */
typedef enum wk_status split_fn(void *arg, struct bytes key, bool is_element, struct bytes text);

/* No element (its text) may be longer than element_max.  WK_NOMEM. */
enum wk_status split_new(size_t element_max, split_fn *fn, void *arg, struct split **split_out);
void split_free(struct split *s);
DEFINE_SCOPED_FREE(struct split, split_free)

/*
 * The next bytes of the body.  WK_INVALID: not JSON of this form.  WK_LIMIT: an
 * element is too long or too deep.  A status from `fn`: as it gave it.  After any
 * of them the splitter only says the same again.
 */
enum wk_status split_feed(struct split *s, struct bytes part);
/* The body ends here.  WK_INVALID: it is not complete. */
enum wk_status split_end(struct split *s);

#endif
