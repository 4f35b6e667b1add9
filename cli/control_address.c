/* SPDX-License-Identifier: Apache-2.0 */
/* Where the control socket is. */
#include "cli/control_address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/files.h"

enum wk_status control_address_make(const char *store_dir, struct control_address *out)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int n = snprintf(un.sun_path, sizeof un.sun_path, "%s/" CONTROL_ADDRESS_NAME, store_dir);
	int fd = -1;

	if (n < 0 || (size_t)n >= sizeof un.sun_path) {
		fd = open(store_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return files_errno_status(errno);
		(void)snprintf(un.sun_path, sizeof un.sun_path,
			       "/proc/self/fd/%d/" CONTROL_ADDRESS_NAME, fd);
	}
	out->un = un;
	out->dir_fd = fd;
	return WK_OK;
}

void control_address_fini(struct control_address *a)
{
	scoped_close(&a->dir_fd);
	a->dir_fd = -1;
}
