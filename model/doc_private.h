/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_DOC_PRIVATE_H
#define MODEL_DOC_PRIVATE_H

#include "model/doc.h"

/* What doc*.c share and nobody else needs. */

/* Whether path or stat say this member, so that the file does not. */
bool doc_is_hidden(enum kind k, struct bytes key);
/* The type that a document at this place has. */
struct bytes doc_place_type(const struct doc_place *place);
/* Gives all that place says to a document that is there already; equal values keep their form. */
enum wk_status doc_apply(struct arena *arena, struct json *doc, const struct doc_place *place);
/* {_id, type, parentId, modified, created} */
enum wk_status doc_start(struct arena *arena, const struct doc_place *place, struct json **doc_out);

#endif
