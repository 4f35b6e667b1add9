/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_HEAD_H
#define WIRE_HEAD_H

#include "wire/message.h"
#include "wire/writer.h"

/* Heads as parts of other messages.  Private to wire/. */

enum wk_status head_read(const struct json *v, struct wire_head *out);
void head_write(struct writer *w, const char *key, const struct wire_head *m);
/* "seq" and "mark" inside an object that is open. */
void head_members(struct writer *w, const struct wire_head *m);

#endif
