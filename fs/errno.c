/* SPDX-License-Identifier: Apache-2.0 */
/* From status to errno: what most operations mean by each, and where one means something else. */
#include "fs/errno.h"

#include <errno.h>

static const int common[WK_STATUS_COUNT] = {
    [WK_NOMEM] = ENOMEM,
    [WK_IO] = EIO,
    [WK_FULL] = ENOSPC,
    [WK_NOT_FOUND] = ENOENT,
    [WK_EXISTS] = EEXIST,
    [WK_INVALID] = EINVAL,
    [WK_CORRUPT] = EIO,
    [WK_TAMPERED] = EIO,
    [WK_LIMIT] = EFBIG,
    [WK_DENIED] = EACCES,
    [WK_CONFLICT] = ECANCELED,
    [WK_OFFLINE] = EIO,
    [WK_BUSY] = EBUSY,
    [WK_CANCELLED] = ECANCELED,
    [WK_UNSUPPORTED] = EOPNOTSUPP,
};

/* 0: as in `common`. */
static const int special[ERRNO_OPS][WK_STATUS_COUNT] = {
    [ERRNO_NAME] = {[WK_LIMIT] = ENAMETOOLONG, [WK_UNSUPPORTED] = EPERM},
    [ERRNO_REMOVE] = {[WK_LIMIT] = ENAMETOOLONG, [WK_EXISTS] = ENOTEMPTY},
    [ERRNO_RENAME] = {[WK_LIMIT] = ENAMETOOLONG},
    [ERRNO_SEEK] = {[WK_NOT_FOUND] = ENXIO},
};

int errno_of(enum errno_op op, enum wk_status st)
{
	if (st == WK_OK)
		return 0;
	if ((unsigned)st >= WK_STATUS_COUNT)
		return EIO;
	return special[op][st] ? special[op][st] : common[st];
}
