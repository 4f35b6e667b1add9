/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "base/buf.h"

/*
 * Text for terminals.  Names come from other people: control characters and direction marks in
 * them could move the cursor or disguise a line, so they are shown as \u{..}.
 */
#define TEXT_MAX 2048

/* Replaces *out (NUL-terminated, cut with "..." where it does not fit); returns out. */
const char *text_safe(struct bytes text, char out[TEXT_MAX]);
/* Columns that a text takes. */
size_t text_width(struct bytes text);
/* Cuts text that takes more columns, at a character, with "..." at its end (columns >= 3); returns it. */
char *text_shorten(char text[TEXT_MAX], size_t columns);
/* Prints on standard output, padded with blanks to `columns`. */
void text_put_padded(const char *safe, size_t columns);
/* A path as a person would write it: ~ for the home directory. */
const char *text_path(const char *path, char out[TEXT_MAX]);
/* "2 s", "5 min", "3 h", "4 days". */
const char *text_age(int64_t ms, char out[32]);
/* Columns of the terminal at `fd`, 80 when it is none. */
size_t text_columns(int fd);
/* "1 document", "118 documents" (plain plurals only). */
const char *text_count(uint64_t n, const char *thing, char out[64]);

#endif
