/* SPDX-License-Identifier: Apache-2.0 */
/* Times in JSON. */
#include "cli/moment.h"

#include <stdio.h>
#include <time.h>

#define WRITTEN 24	/* characters */

bool moment_read(struct bytes text, int64_t *wall_ms_out)
{
	char copy[WRITTEN + 1];
	struct tm tm = { 0 };
	int ms;

	if (!text.p || text.n != WRITTEN)
		return false;
	memcpy(copy, text.p, WRITTEN);
	copy[WRITTEN] = '\0';
	if (sscanf(copy, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) != 7)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*wall_ms_out = (int64_t)timegm(&tm) * 1000 + ms;
	return true;
}
