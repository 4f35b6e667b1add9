/* SPDX-License-Identifier: Apache-2.0 */
/* The words for each status. */
#include "base/status.h"

static const char *const texts[WK_STATUS_COUNT] = {
	[WK_OK] = "done",
	[WK_NOMEM] = "out of memory",
	[WK_IO] = "input/output error",
	[WK_FULL] = "no space left",
	[WK_NOT_FOUND] = "not found",
	[WK_EXISTS] = "exists already",
	[WK_INVALID] = "not valid",
	[WK_CORRUPT] = "damaged data",
	[WK_TAMPERED] = "authentication of the data failed",
	[WK_LIMIT] = "over a limit",
	[WK_DENIED] = "not permitted",
	[WK_CONFLICT] = "changed by somebody else",
	[WK_OFFLINE] = "server not reached",
	[WK_BUSY] = "in use",
	[WK_CANCELLED] = "cancelled",
	[WK_UNSUPPORTED] = "not supported",
};

const char *wk_status_text(enum wk_status st)
{
	if ((unsigned)st >= WK_STATUS_COUNT)
		return "unknown status";
	return texts[st];
}
