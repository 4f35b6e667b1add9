/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include <stdbool.h>

#include "base/buf.h"

/* "2026-11-20T10:00:00.123Z", as base/clock.h writes it, back to milliseconds since 1970. */
bool moment_read(struct bytes text, int64_t *wall_ms_out);

#endif
