/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_VIRTUAL_TEXT_H
#define FS_VIRTUAL_TEXT_H

#include "base/buf.h"

struct store;

/* What stands in the virtual files that are about documents: JSON, each with a final newline. */

/* [{"path","id","group"}…]: conflict copies that somebody should look at. */
enum wk_status virtual_text_conflicts(struct store *s, struct buf *json_out);
/* [{"time","path","id","state","author"}…]: the documents changed last, newest first. */
enum wk_status virtual_text_log(struct store *s, struct buf *json_out);

#endif
