/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that apps make and that a server of one's own has nothing to say to. */
#include "server/handlers.h"

static void reply_constant(struct request *r, const char *text)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(64);

	if (buf_append_str(&json, text) == WK_OK)
		reply_json(r, 200, &json);
}

/* Anything but null would pop up in the app. */
void stubs_notification(struct request *r)
{
	reply_constant(r, "null");
}

void stubs_teams(struct request *r)
{
	reply_constant(r, "[]");
}

void stubs_billing(struct request *r)
{
	reply_constant(r, "{}");
}
