/* SPDX-License-Identifier: Apache-2.0 */
/* Clean-ups for locals of the C library's own kinds. */
#include "base/scoped.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void scoped_free(void *pointer_to_pointer)
{
	void *p = NULL;

	memcpy(&p, pointer_to_pointer, sizeof p);
	free(p);
}

void scoped_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
