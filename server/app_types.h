/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_APP_TYPES_H
#define SERVER_APP_TYPES_H

#include "base/buf.h"

/*
 * Which types of documents a version of the Insomnia app knows.  Some versions
 * hang for good on a type that they do not know.
 */

/* major * 10000 + minor of `X-Insomnia-Client: env::platform::version`; 0: not an app's header. */
unsigned app_types_version(struct bytes client_header);
/* For version 0 (no app) every type is known. */
bool app_types_is_known(unsigned version, struct bytes type);

#endif
