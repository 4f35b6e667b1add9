/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_STORAGE_SQLITE_H
#define SERVER_STORAGE_SQLITE_H

#include "server/storage.h"

/*
 * The embedded default: everything in one SQLite file (WAL, synchronous=FULL).
 * Makes the file when it is missing.  One process at a time: WK_BUSY, and the
 * owner's line is in owner_out.  WK_UNSUPPORTED: the file was written by a newer
 * wakefsd.  WK_CORRUPT: it is not a database of ours.
 */
enum wk_status storage_sqlite_open(const char *path, char *owner_out, size_t owner_size,
				   struct storage **storage_out);

#endif
