/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/request.h"

/*
 * Finds the route of a request, its session and whether it may be asked at all.
 * Answers the request itself when there is nothing for a handler to do.
 */
void routes_begin(struct request *r, const char *method, const char *url);

#endif
