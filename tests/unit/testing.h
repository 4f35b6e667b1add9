/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTING_H
#define TESTING_H

/* What every unit test includes: cmocka with the headers it wants, and short checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/status.h"

#define assert_ok(call) assert_int_equal((int)(call), (int)WK_OK)
#define assert_status(call, want) assert_int_equal((int)(call), (int)(want))

static inline void assert_bytes_str_(struct bytes got, const char *want, const char *file, int line)
{
	if (!bytes_equal_str(got, want)) {
		print_error("got  \"%.*s\"\nwant \"%s\"\n", (int)got.n, (const char *)got.p, want);
		_fail(file, line);
	}
}
#define assert_bytes_str(got, want) assert_bytes_str_((got), (want), __FILE__, __LINE__)

#endif
