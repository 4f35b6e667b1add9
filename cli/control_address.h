/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONTROL_ADDRESS_H
#define CLI_CONTROL_ADDRESS_H

#include <sys/un.h>

#include "base/scoped.h"
#include "base/status.h"

/*
 * The address of a store's control socket, DIR/control.sock.  A path too long for a socket address
 * goes through a descriptor of the directory, which must stay open while the address is used.
 */
struct control_address {
	struct sockaddr_un un;
	int dir_fd;		/* -1: not needed */
};
#define CONTROL_ADDRESS_INIT { .dir_fd = -1 }
#define CONTROL_ADDRESS_NAME "control.sock"

/* WK_NOT_FOUND: no such directory. */
enum wk_status control_address_make(const char *store_dir, struct control_address *out);
void control_address_fini(struct control_address *a);

#endif
