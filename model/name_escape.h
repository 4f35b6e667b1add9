/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_NAME_ESCAPE_H
#define MODEL_NAME_ESCAPE_H

#include "model/name.h"

/*
 * Private to name*.c: which escapes mean something at which place.  Encoder and
 * decoder both ask name_escape_at(), which is why they cannot disagree.
 *
 * A file name is a body, perhaps a mark ("%~" and characters of an id), and a suffix.
 */

/* Which last segments of a body ("ws" in "a.ws") would be read as something else. */
enum name_place {
	NAME_PLACE_REQUEST,	/* before ".json" */
	NAME_PLACE_DIRECTORY,	/* before nothing */
	NAME_PLACE_FREE		/* before a suffix that says the kind: none */
};

#define NAME_MARK_MIN 4
#define NAME_TYPE_MAX 64	/* of an unknown type in a file name */

struct name_escape {
	size_t used;		/* bytes of the body it takes */
	uint8_t bytes[3];	/* what it stands for */
	size_t n;
};

/*
 * Whether the decoder sees an escape in body[at], which is a '%'.  after_high: the
 * character before, decoded, is a lone high surrogate.
 */
bool name_escape_at(struct bytes body, size_t at, bool after_high, enum name_place place,
		    struct name_escape *out);
/* Whether a body of this place must not end in '.' and this segment. */
bool name_is_reserved(struct bytes segment, enum name_place place);
/* "@TYPE" of a type without a kind of its own. */
bool name_is_type_segment(struct bytes segment);
bool name_is_type(struct bytes type);
/* "~" and a mark, to the end. */
bool name_is_mark_tail(struct bytes tail);
bool name_is_mark(struct bytes mark);
bool name_is_mark_char(uint8_t c);
/* Position of the last '.', or n when there is none. */
size_t name_last_dot(struct bytes text);

static inline struct bytes name_from(struct bytes text, size_t at)
{
	return bytes_of(text.p + at, text.n - at);
}

#endif
